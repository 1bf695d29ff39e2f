"""Moments between two steps of a commit, a compaction, a repair or a reader, one by one, and files that were lost."""

import os
import shutil
import signal
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.manifests import parse_head
from newslake.pipeline.lake.storage import Layout
from tests.faults.lake.calls import KILL, Calls, Strike
from tests.faults.lake.newsdesk import (
    ALL_DAYS,
    CLOSED,
    CLOSING,
    MONTHS,
    begin,
    open_lake,
    publish_all,
    stage,
    work_struck,
)
from tests.faults.lake.promises import assert_tidy, assert_whole, public_files
from tests.faults.lake.undisturbed import copy_lake
from tests.faults.sample_run import Worker
from tests.unit.lake.rows import NOON, Story


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A lake with one closed month, in a folder of its own."""
    begin(tmp_path / "lake")
    return tmp_path / "lake"


def manifests_in(root: Path) -> set[str]:
    return {path.relative_to(root / "_state").as_posix() for path in (root / "_state" / "months").glob("*/*")}


def named_manifests(root: Path) -> set[str]:
    path = root / "_state" / "head.json"
    return set(parse_head(path.read_bytes(), key=str(path)).months.values())


def commit_story(root: Path, story: Story) -> None:
    lake = open_lake(root)
    stage(lake, {f"story-{story.number}": [story]})
    lake.commit([f"story-{story.number}"], is_current=lambda article, at: True)


@pytest.mark.parametrize("has_index", [True, False])
def test_lost_head_stops_readers_and_writers(root: Path, has_index: bool) -> None:
    """Without its head, a lake is neither read as empty nor written nor cleaned, until a repair restores the head."""
    before = public_files(root)
    (root / "_state" / "head.json").unlink()
    if not has_index:
        (root / "_state" / "index.sqlite").unlink()
    new = Story(99, day=400)
    for work_on in (
        lambda: commit_story(root, new),
        lambda: open_lake(root, grace_hours=0).gc(),
        lambda: open_lake(root).recover(),
        lambda: open_lake(root).read("articles"),
        lambda: open_lake(root).compact(),
    ):
        with pytest.raises(LakeError, match=r"head\.json is missing"):
            work_on()
    assert [problem for problem in open_lake(root).verify() if "head.json is missing" in problem]
    assert public_files(root) == before
    open_lake(root).recover(drops_damaged=True)
    assert public_files(root) == before
    assert_whole(open_lake(root))


def test_first_commit_that_died_is_no_lost_head(processes: ForkServerContext, tmp_path: Path) -> None:
    """A lake whose first commit died before it could replace the head is empty, and can be written."""
    root = tmp_path / "lake"
    assert Worker(processes, work_struck, root, Strike("replace head.json", 2, KILL)).done().code == -signal.SIGKILL
    assert manifests_in(root)
    assert open_lake(root).read("articles").num_rows == 0
    publish_all(open_lake(root), hour=0)
    assert_tidy(root)


def test_manifest_of_a_dead_commit_is_not_named_later(processes: ForkServerContext, root: Path) -> None:
    """If the index with the intent is lost, too, no manifest of a dead commit stays for a later loss of the head."""
    assert Worker(processes, work_struck, root, Strike("replace head.json", 1, KILL)).done().code == -signal.SIGKILL
    assert len(manifests_in(root) - named_manifests(root)) >= 2
    (root / "_state" / "index.sqlite").unlink()
    commit_story(root, Story(72, day=0))
    before = public_files(root)
    (root / "_state" / "head.json").unlink()
    open_lake(root).recover(drops_damaged=True)
    assert public_files(root) == before


@pytest.mark.parametrize("is_lost", [True, False])
def test_damaged_older_manifest_does_not_stop_a_commit(root: Path, is_lost: bool) -> None:
    """A manifest that no reader needs may be damaged or missing: commits and gc go on."""
    publish_all(open_lake(root), hour=1)
    for name in manifests_in(root) - named_manifests(root):
        path = root / "_state" / name
        path.unlink() if is_lost else path.write_bytes(b"{}")
    publish_all(open_lake(root, grace_hours=0), hour=2)
    open_lake(root, grace_hours=0).gc()
    assert_whole(open_lake(root))


def test_file_of_another_month_is_foreign(root: Path) -> None:
    """A file in the folder of the wrong month is named, and the right file of that day stays."""
    right = root / "tables" / "articles" / f"published_month={MONTHS[2]}" / f"{ALL_DAYS[3]}.parquet"
    before = right.read_bytes()
    wrong = right.parent.with_name(f"published_month={CLOSING}") / right.name
    shutil.copyfile(right, wrong)
    commit_story(root, Story(71, day=27))
    assert right.read_bytes() == before
    lake = open_lake(root)
    [problem] = lake.verify()
    assert f"published_month={CLOSING}/{right.name}" in problem
    with pytest.raises(LakeError, match=f"published_month={CLOSING}/{right.name} is not a file of newslake"):
        lake.compact(months=[CLOSING])
    lake.recover()
    lake.gc()
    assert wrong.read_bytes() == before  # it is of others, so it is never removed
    assert right.read_bytes() == before
    wrong.unlink()
    assert_whole(lake)


def test_file_of_others_survives_an_exchange(processes: ForkServerContext, root: Path) -> None:
    """A file that somebody adds after the compaction has looked for it stays in the month's folder."""
    folders = list((root / "tables").glob(f"*/published_month={CLOSING}"))
    strike = Strike("exchange tables", len(folders) + 1, KILL)  # each is first exchanged for a copy of itself
    assert Worker(processes, work_struck, root, strike).done().code == -signal.SIGKILL
    for folder in folders:
        assert not (folder / f"{CLOSING}.parquet").exists()
        (folder / "notes.txt").write_text("mine")
    open_lake(root).recover()
    open_lake(root, grace_hours=0).gc()
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == [f"{CLOSING}.parquet", "notes.txt"]
        (folder / "notes.txt").unlink()
    assert_tidy(root)


def test_folder_that_was_listed_before_an_exchange_has_its_files(root: Path) -> None:
    """A reader that opened a folder and lists it after the exchange finds all its files, not some or none."""
    folder = root / "tables" / "articles" / f"published_month={CLOSING}"
    opened = os.open(folder, os.O_RDONLY)
    before = set(os.listdir(folder))
    open_lake(root, grace_hours=1).compact(months=[CLOSING])
    open_lake(root, grace_hours=1).gc()
    assert set(os.listdir(opened)) == before
    assert os.listdir(folder) == [f"{CLOSING}.parquet"]
    os.close(opened)
    open_lake(root, grace_hours=0).gc()
    assert_tidy(root)


def test_closed_month_is_stored_once(root: Path) -> None:
    """After the retention time, nothing of a month's files per day is left."""
    lake = open_lake(root, grace_hours=0)
    lake.compact(months=MONTHS)
    lake.gc()
    objects = [path for path in (root / "_state" / "data").rglob("*.obj") if path.name[:7] == CLOSING]
    assert objects
    assert [path for path in objects if path.name.partition(".")[0] != CLOSING] == []
    assert_tidy(root)


def test_exchanged_folders_of_the_log_are_no_month(root: Path) -> None:
    """Closing a month of the log leaves no folder that repair or gc takes for a month of the tables."""
    lake = open_lake(root)
    assert lake.log.compact(now=NOON + timedelta(days=90))
    assert list((root / "_state" / "exchanged_log").iterdir())
    assert Layout(root).months_on_disk() == {*MONTHS}
    open_lake(root, grace_hours=0).gc()
    assert_tidy(root)


def damage(root: Path) -> None:
    """Flip a byte of two data files: one of an open month, one of a closed one."""
    for month, stem in ((CLOSING, ALL_DAYS[1]), (CLOSED, CLOSED)):
        path = root / "tables" / "quotes" / f"published_month={month}" / f"{stem}.parquet"  # the same inode
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        with path.open("r+b") as file:
            file.write(data)


def repair_struck(root: Path, strike: Strike | None) -> list[str]:
    calls = Calls(root, strike)
    calls.watch()
    open_lake(root).recover(drops_damaged=True)
    return calls.made


def test_killed_repair_loses_no_row(processes: ForkServerContext, root: Path, tmp_path: Path) -> None:
    """After a kill of a repair that drops days, the next commit does not take their articles for committed ones."""
    publish_all(open_lake(root), hour=0)
    before = public_files(root)
    damage(root)
    copy_lake(root, tmp_path / "whole")
    whole = Worker(processes, repair_struck, tmp_path / "whole" / "lake", None).done().result
    early = [Strike("replace head.json", nth, KILL) for nth in range(1, whole.count("replace head.json") + 1)]
    assert len(early) == 2
    last = ("unlink tables", "begin index", "commit index", "replace datapackage.json")
    late = [Strike(name, whole.count(name), KILL) for name in last]
    for number, strike in enumerate([*early, *late]):
        lake = copy_lake(root, tmp_path / str(number))
        assert Worker(processes, repair_struck, lake, strike).done().code == -signal.SIGKILL, strike
        if strike in early:  # not all damage is dropped, so that commits still find it
            open_lake(lake).recover(drops_damaged=True)
        publish_all(open_lake(lake), hour=0)
        open_lake(lake).compact(months=[CLOSED])
        assert public_files(lake) == before, strike


def test_file_without_a_successor_stays_for_the_retention_time(root: Path) -> None:
    """A reader may have a day's last file open, also if the day has no rows any more and its month changed since."""
    lake = open_lake(root, grace_hours=1)
    lake.compact(months=[])
    publish_all(lake, hour=0)
    [path] = (root / "_state" / "data" / "articles" / MONTHS[2]).glob(f"{ALL_DAYS[3]}.*")
    os.utime(path, (0, 0))
    commit_story(root, Story(70, day=61))
    for hour in (1, 2):
        publish_all(lake, hour=hour)
        commit_story(root, Story(70 + hour, day=61))
    lake.gc()
    assert pq.read_table(path).num_rows == 1
