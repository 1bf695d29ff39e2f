"""Changes that newslake reports to those who keep a copy."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from news_airflow.tasks import report
from typer.testing import CliRunner

from newslake.pipeline.addons.share.changes import changes_since
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from tests.unit.jobs.test_derive import DAY, MORNING, archive, extract, space, story
from tests.unit.show.test_page_history import gone

__all__ = ["space"]

pytestmark = [pytest.mark.model]

BEFORE = MORNING - timedelta(days=1)


def test_each_change_of_an_article_is_reported(space: Workspace) -> None:
    """New, changed, moved, withdrawn, returned: each is reported once, with the current title."""
    kinds = []
    since = BEFORE
    for number, act in enumerate(
        (
            lambda: archive(space, story("deepened")),
            lambda: archive(space, story("widened"), start=1),
            lambda: archive(space, story("sold", published="2026-03-01T07:00:00Z"), start=2),
            lambda: gone(space, hours=3),
            lambda: archive(space, story("sold", published="2026-03-01T07:00:00Z"), start=4),
            lambda: None,
        )
    ):
        act()
        extract(space, str(number))
        found = changes_since(space, since)
        kinds.append([(each.kind, each.title, (each.day - DAY).days) for each in found.articles])
        since = found.until
    assert kinds == [
        [("new", "Harbour to be deepened", 0)],
        [("changed", "Harbour to be widened", 0)],
        [("moved", "Harbour to be sold", -1)],
        [("withdrawn", "Harbour to be sold", -1)],
        [("returned", "Harbour to be sold", -1)],
        [],
    ]


def test_command_prints_the_next_start_time(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command lists the changes, the days to copy and the next start time; an invalid time is an invalid call."""
    archive(space, story("deepened"))
    extract(space, "1")
    for name, value in (("DATA_DIR", tmp_path), ("SOURCES_FILE", tmp_path / "sources.toml"), ("FROZEN_NOW", MORNING)):
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    shown = CliRunner().invoke(app, ["changes", "--since", "2026-03-01"])
    assert shown.exit_code == 0
    assert "Harbour to be deepened" in shown.output
    listed = json.loads(CliRunner().invoke(app, ["changes", "--since", "2026-03-01T10:00:00+02:00", "--json"]).stdout)
    assert (listed["since"], listed["days"]) == ("2026-03-01T10:00:00+02:00", ["2026-03-02"])
    assert [each["kind"] for each in listed["articles"]] == ["new"]
    again = json.loads(CliRunner().invoke(app, ["changes", "--since", listed["until"], "--json"]).stdout)
    assert (again["articles"], again["days"]) == ([], [])
    wrong = CliRunner().invoke(app, ["changes", "--since", "yesterday"])
    assert isinstance(wrong.exception, ConfigError)
    assert "yesterday" in str(wrong.exception)


def test_daily_maintenance_records_gone_pages(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gone page has the time of the maintenance that found it, not the time of a query."""
    archive(space, story("deepened"))
    extract(space, "1")
    since = changes_since(space, BEFORE).until
    gone(space, hours=1)
    for name, value in (("DATA_DIR", tmp_path), ("SOURCES_FILE", tmp_path / "sources.toml"), ("FROZEN_NOW", MORNING)):
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    report(done=[], run_id="news_maintain.1", kind="scheduled", started_at=MORNING)
    assert [each.kind for each in space.lake.index.changes(since).articles] == ["withdrawn"]
