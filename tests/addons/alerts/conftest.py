"""A data root with the small lake of the questions, and a function that writes its alerts.toml."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.alerts.settings import AlertSettings
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.unit.query.conftest import small_lake, write_rows  # noqa: F401 - fixtures

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WriteAlerts = Callable[[str], Workspace]


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with one feed, on the day after the small lake's last article."""
    sources = tmp_path / "sources.toml"
    sources.write_text("[sources.harbour]\nkind = 'feed'\nurl = 'http://harbour.example/feed'\n")
    return Workspace(
        Settings.load(
            data_dir=tmp_path,
            sources_file=sources,
            alerts_file=tmp_path / "alerts.toml",
            frozen_now=NOW,
            durability="process",
        )
    )


@pytest.fixture
def write_alerts(space: Workspace) -> WriteAlerts:
    """Write alerts.toml; return the workspace."""

    def write(text: str) -> Workspace:
        space.settings.of(AlertSettings).alerts_file.write_text(text)
        return space

    return write
