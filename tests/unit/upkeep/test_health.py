"""The checks of `newslake doctor`: what fails, what is a warning, and the one action of each."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.health import Finding, examine
from newslake.pipeline.upkeep.maintenance import compact
from tests.unit.lake.rows import Story
from tests.unit.lake.test_commit import commit

FEED = "[sources.post]\nkind = 'feed'\nurl = 'https://post.example/feed'\n"
CONTACT = "newslake/0.1 (desk@post.example)"


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


def space_at(root: Path, *, sources: str = FEED, **given: object) -> Workspace:
    file = root / "sources.toml"
    file.write_text(sources)
    overrides = root / "overrides.toml"
    values = {"user_agent": CONTACT, "durability": "process", **given}
    return Workspace(Settings.load(data_dir=root / "data", sources_file=file, overrides_file=overrides, **values))


def finding(space: Workspace, name: str) -> Finding:
    (found,) = (each for each in examine(space) if each.name == name)
    return found


@pytest.mark.addons
def test_only_what_is_wrong_has_an_action(tmp_path: Path) -> None:
    """A configured installation passes every check without an action; only a source without history has a warning."""
    found = [each for each in examine(space_at(tmp_path)) if each.name != "data_folder"]
    assert {each.name: each.action for each in found if each.name != "freshness"} == {
        each.name: None for each in found if each.name != "freshness"
    }
    assert {each.status for each in found if each.name != "freshness"} == {"ok"}
    assert {each.name for each in found if each.status == "warn"} == {"freshness"}


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (CONTACT, "ok"),
        ("desk/2 (+https://post.example/bot)", "ok"),
        ("newslake/0.1 (news archive; set NEWS_USER_AGENT to name your contact)", "warn"),
        ("newslake/0.1", "warn"),
    ],
)
def test_user_agent_needs_a_contact(tmp_path: Path, agent: str, status: str) -> None:
    """A mail address or a web page is a contact; the default setting is a warning."""
    found = finding(space_at(tmp_path, user_agent=agent), "user_agent")
    assert (found.status, "NEWS_USER_AGENT" in (found.action or "NEWS_USER_AGENT")) == (status, True)


@pytest.mark.parametrize(("free", "status"), [(20, "ok"), (9.9, "warn"), (1.9, "fail")])
def test_space_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, status: str) -> None:
    """Less than 10 GB is a warning, less than 2 GB a failure; both have the same action."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(0, 0, int(free * 1e9)))
    found = finding(space_at(tmp_path), "data_folder")
    assert (found.status, f"{free:.1f} GB free" in found.message) == (status, True)
    assert found.action == (None if status == "ok" else "free some space, or set NEWS_DATA_DIR")


def test_stopped_clock_is_a_warning(tmp_path: Path) -> None:
    """A frozen clock is named with its time."""
    found = finding(space_at(tmp_path, frozen_now=datetime(2026, 3, 2, 9, tzinfo=UTC)), "clock")
    assert (found.status, found.action) == ("warn", "unset NEWS_FROZEN_NOW")
    assert "2026-03-02 09:00 UTC" in found.message


def test_no_source_is_a_warning(tmp_path: Path) -> None:
    """A file without a source is a warning: rows that exist can be queried and processed again."""
    found = finding(space_at(tmp_path, sources="# empty\n"), "sources")
    assert (found.status, "`newslake sources add`" in (found.action or "")) == ("warn", True)


def test_wrong_sources_fail_with_all_their_keys(tmp_path: Path) -> None:
    """A message with several keys is kept whole; its action is to correct the file."""
    wrong = "[sources.a]\nkind = 'fed'\n[sources.b]\nkind = 'feed'\nulr = 'x'\n"
    found = finding(space_at(tmp_path, sources=wrong), "sources")
    assert (found.status, "sources.a.kind" in found.message, "ulr" in found.message) == ("fail", True, True)
    assert found.action == "correct that line of the file, then run `newslake sources check`"


def test_lost_store_has_its_own_action(tmp_path: Path) -> None:
    """For a lost archive, what to do is the action, and is not repeated in the message."""
    space = space_at(tmp_path)
    with space.at_work(), space.archive.writer(source_key="post", run_id="r"):
        (tmp_path / "data/archive/warc").mkdir(exist_ok=True)
        (tmp_path / "data/archive/warc/a").touch()
    shutil.rmtree(tmp_path / "data/archive/warc")
    found = finding(space_at(tmp_path), "archive")
    assert (found.status, found.message.endswith("was there before")) == ("fail", True)
    assert (found.action or "").startswith("restore it from a backup")


def test_late_months_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month that the nightly maintenance should have compacted is named, until it is compacted.

    Where the file system cannot exchange folders, the warning says that.
    """
    from newslake.pipeline.lake import exchange

    written = space_at(tmp_path, frozen_now=datetime(2026, 3, 8, tzinfo=UTC))
    commit(written.lake, [Story(1)])
    assert finding(space_at(tmp_path, frozen_now=datetime(2026, 3, 16, tzinfo=UTC)), "compaction").status == "ok"
    space = space_at(tmp_path, frozen_now=datetime(2026, 3, 17, tzinfo=UTC))
    found = finding(space, "compaction")
    assert (found.status, "1 month due, first 2026-02" in found.message) == ("warn", True)
    with monkeypatch.context() as patch:
        patch.setattr(exchange, "_renameat2", lambda *_: 22)
        refused = finding(space, "compaction")
    assert (refused.status, "cannot exchange two folders" in refused.message) == ("warn", True)
    assert (refused.action or "").startswith("go on without compaction")
    compact(space)
    assert finding(space, "compaction").status == "ok"
