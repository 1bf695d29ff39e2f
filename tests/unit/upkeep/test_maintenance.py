"""Which source has few pages, compared with similar days; which months are compacted each night, and on demand."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from news_airflow import tasks
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.jobs.pipeline_version import versions_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep import maintenance
from newslake.pipeline.upkeep.maintenance import compact_quiet, finish_upkeep
from tests.unit.lake.rows import Story
from tests.unit.lake.test_commit import commit
from tests.unit.lake.test_log_tables import append, outcome

NOW = datetime(2026, 3, 30, 3, 30, tzinfo=UTC)
SUNDAY = date(2026, 3, 29)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with one feed, an inbox and a folder."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        "[sources.post]\nkind = 'feed'\nurl = 'http://127.0.0.1:9/f'\n[sources.drop]\nkind = 'inbox'\npath = 'drop'\n"
        "[sources.year]\nkind = 'folder'\npath = 'year'\n"
    )
    return Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOW, durability="process"))


def test_maintenance_writes_one_row(space: Workspace) -> None:
    """A maintenance run is one row of runs with its work and warnings, also if it is repeated under its name."""
    given = {"done": {"mended": []}, "day": SUNDAY, "run_id": "news_maintain.1", "kind": "scheduled", "started_at": NOW}
    for _ in range(2):
        finish_upkeep(space, **given, late=["post: STALE"])
    (row,) = space.lake.log.read("runs").to_pylist()
    assert (row["run_id"], row["kind"], "day" in row["counts"]) == ("news_maintain.1", "scheduled", True)
    assert json.loads(row["counts"])["warnings"] == ["post: STALE"]
    assert json.loads(row["versions"]) == versions_of(space.settings)


# Compaction.


def space_at(root: Path, now: datetime, **given: object) -> Workspace:
    (root / "sources.toml").touch()
    given = {"sources_file": root / "sources.toml", "frozen_now": now, "durability": "process", **given}
    return Workspace(Settings.load(data_dir=root, **given))


def stems(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "lake/tables/quotes").rglob("*.parquet"))


@pytest.fixture
def months(tmp_path: Path) -> Path:
    """Return a data root with two months, which changed last on 8 March, and a log of February."""
    lake = space_at(tmp_path, datetime(2026, 3, 8, tzinfo=UTC)).lake
    commit(lake, [Story(1), Story(2, day=1), Story(3, day=30)])
    append(lake, "b1", outcome("https://post.example/1"))
    append(lake, "b2", outcome("https://post.example/2"))
    return tmp_path


def test_nightly_compaction_takes_what_is_quiet(months: Path) -> None:
    """Each night the months that are due become a file per table, also those of the log; the row of the run says so."""
    assert compact_quiet(space_at(months, datetime(2026, 3, 9, tzinfo=UTC), compact_after_days=2))["compacted"] == (
        "outcomes of 2026-02: 2 files became 1",
    )
    assert compact_quiet(space_at(months, datetime(2026, 3, 14, tzinfo=UTC)))["compacted"] == ()
    space = space_at(months, datetime(2026, 3, 15, tzinfo=UTC))
    done = compact_quiet(space)
    assert done == {"compacted": ("2026-02: 7 files of the tables became 4",), "log_removed": ()}
    assert stems(months) == ["2026-02", "2026-03-05"]
    counts = finish_upkeep(space, done=done, day=SUNDAY, run_id="news_maintain.1", kind="scheduled", started_at=NOW)
    assert counts["warnings"] == []
    (row,) = space.lake.log.read("runs").to_pylist()
    assert json.loads(row["counts"])["compacted"] == [*done["compacted"]]
    assert space.lake.verify() == ()


def test_nightly_compaction_removes_old_months_of_the_log(months: Path) -> None:
    """With a number of months to keep, older ones of the log are removed after they are one file."""
    done = compact_quiet(space_at(months, datetime(2026, 7, 1, tzinfo=UTC), log_keep_months=3))
    assert done["compacted"][-1] == "outcomes of 2026-02: 2 files became 1"
    assert len(done["log_removed"]) == 1
    assert stems(months) == ["2026-02", "2026-03"]


def test_file_system_without_exchange_is_a_warning(months: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot exchange folders does not fail the run each night: the run warns, and all stays."""
    from newslake.pipeline.lake import exchange

    monkeypatch.setattr(exchange, "_renameat2", lambda *_: 22)
    space = space_at(months, NOW)
    done = compact_quiet(space)
    [warning] = done["warnings"]
    assert (done["compacted"], "cannot be compacted" in warning) == ((), True)
    assert stems(months) == ["2026-02-03", "2026-02-04", "2026-03-05"]
    counts = finish_upkeep(space, done=done, day=SUNDAY, run_id="news_maintain.1", kind="scheduled", started_at=NOW)
    assert counts["warnings"] == [warning]
    with pytest.raises(LakeError, match="cannot be compacted"):
        maintenance.compact(space)


def test_foreign_file_fails_the_step(months: Path) -> None:
    """A file of others in a folder of a due month is an error with its name: a person must move it. The log follows."""
    (months / "lake/tables/quotes/published_month=2026-02/notes.txt").touch()
    with pytest.raises(LakeError, match=r"notes\.txt is not a file of newslake"):
        compact_quiet(space_at(months, NOW))
    assert maintenance.compact(space_at(months, NOW)).log == ()


def test_task_returns_what_json_can_say(months: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step of news_maintain compacts with the settings of the environment."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(months))
    monkeypatch.setenv("NEWS_FROZEN_NOW", "2026-03-20T00:00:00Z")
    monkeypatch.setenv("NEWS_COMPACT_AFTER_DAYS", "30")
    assert json.loads(json.dumps(tasks.TASKS["compact"]())) == {"compacted": [], "log_removed": []}
    monkeypatch.setenv("NEWS_COMPACT_AFTER_DAYS", "7")
    assert len(tasks.TASKS["compact"]()["compacted"]) == 2


def test_command_takes_due_named_or_ended_months(months: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes the months that are due, named months, or all that ended; it prints a line per change."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(months))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(months / "sources.toml"))
    monkeypatch.setenv("NEWS_FROZEN_NOW", "2026-03-10T00:00:00Z")

    def called(*words: str) -> str:
        done = CliRunner().invoke(app, ["lake", "compact", *words])
        assert done.exit_code == 0, done.exception
        return done.stdout

    assert called() == "outcomes of 2026-02: 2 files became 1\n"
    assert called() == "no month is due\n"
    assert called("--all") == "2026-02: 7 files of the tables became 4\n"
    unended = CliRunner().invoke(app, ["lake", "compact", "2026-03"]).exception
    assert isinstance(unended, ConfigError)
    assert "2026-03 has not ended" in str(unended)
    monkeypatch.setenv("NEWS_FROZEN_NOW", "2026-04-01T00:00:00Z")
    assert json.loads(called("2026-03", "--json")) == {
        "tables": ["2026-03: 3 files of the tables became 3"],
        "log": [],
        "problems": [],
    }
    for wrong in (["2026-03", "--all"], ["2026-04"], ["March"]):
        assert isinstance(CliRunner().invoke(app, ["lake", "compact", *wrong]).exception, ConfigError)


def test_command_names_a_month_that_stays(months: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged month is named, the others are compacted, and the command exits with 1."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(months))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(months / "sources.toml"))
    monkeypatch.setenv("NEWS_FROZEN_NOW", "2026-05-10T00:00:00Z")
    for path in (months / "lake/_state/data/quotes/2026-02").iterdir():
        path.unlink()
    done = CliRunner().invoke(app, ["lake", "compact", "--all"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert "2026-03: 3 files of the tables became 3" in lines
    assert "_state/data/quotes/2026-02/" in "".join(lines)
    assert stems(months) == ["2026-02-03", "2026-02-04", "2026-03"]
