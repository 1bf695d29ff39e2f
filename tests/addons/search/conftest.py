"""A real lake with a search index, and a function that commits stories to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.lake import Lake
from tests.unit.lake.rows import Story, batch_keys, batch_tables
from tests.unit.upkeep.town import after_a_week, server, space, town  # noqa: F401 - fixtures

Commit = Callable[..., None]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", durability="process", now=lambda: datetime.now(UTC))


@pytest.fixture
def lake_dir(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def commit(lake: Lake) -> Commit:
    """Commit stories; each call is a batch of its own."""
    batches: list[str] = []

    def commit(*stories: Story) -> None:
        batches.append(f"b{len(batches)}")
        lake.stage(batches[-1], batch_tables(stories), batch_keys(stories))
        lake.commit(batches[-1:], is_current=lambda *_: True)

    return commit
