"""What newslake tells those who keep a copy."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.jobs.changes import changes_since
from pipeline.jobs.tasks import relate
from pipeline.jobs.workspace import Workspace
from tests.unit.jobs.test_derive import DAY, MORNING, archive, extract, space, story
from tests.unit.reports.test_page_history import gone

__all__ = ["space"]

pytestmark = [pytest.mark.model]

BEFORE = MORNING - timedelta(days=1)


def test_article_s_life_is_told(space: Workspace) -> None:
    """New, other content, another day, gone from the web, back: each is told once, with what the row says now."""
    told = []
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
        told.append([(each.kind, each.title, (each.day - DAY).days) for each in found.articles])
        since = found.until
    assert told == [
        [("new", "Harbour to be deepened", 0)],
        [("changed", "Harbour to be widened", 0)],
        [("moved", "Harbour to be sold", -1)],
        [("withdrawn", "Harbour to be sold", -1)],
        [("returned", "Harbour to be sold", -1)],
        [],
    ]


def test_command_prints_what_to_ask_next(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command lists the changes with the days to copy, and from when to ask next; a wrong time is a wrong call."""
    archive(space, story("deepened"))
    extract(space, "1")
    for name, value in (("DATA_DIR", tmp_path), ("SOURCES_FILE", tmp_path / "sources.toml"), ("FROZEN_NOW", MORNING)):
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    shown = CliRunner().invoke(app, ["changes", "--since", "2026-03-01"])
    assert shown.exit_code == 0
    assert "Harbour to be deepened" in shown.output
    told = json.loads(CliRunner().invoke(app, ["changes", "--since", "2026-03-01T10:00:00+02:00", "--json"]).stdout)
    assert (told["since"], told["days"]) == ("2026-03-01T10:00:00+02:00", ["2026-03-02"])
    assert [each["kind"] for each in told["articles"]] == ["new"]
    again = json.loads(CliRunner().invoke(app, ["changes", "--since", told["until"], "--json"]).stdout)
    assert (again["articles"], again["days"]) == ([], [])
    wrong = CliRunner().invoke(app, ["changes", "--since", "yesterday"])
    assert isinstance(wrong.exception, ConfigError)
    assert "yesterday" in str(wrong.exception)


def test_daily_upkeep_notes_what_is_gone(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that went is stamped when the upkeep finds it, not when somebody asks."""
    archive(space, story("deepened"))
    extract(space, "1")
    since = changes_since(space, BEFORE).until
    gone(space, hours=1)
    for name, value in (("DATA_DIR", tmp_path), ("SOURCES_FILE", tmp_path / "sources.toml"), ("FROZEN_NOW", MORNING)):
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    relate()
    assert [each.kind for each in space.lake.index.changes(since).articles] == ["withdrawn"]
