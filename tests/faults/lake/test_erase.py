"""An article is erased from open and closed months, in a lake and its snapshots, although the process is killed."""

import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from newslake.pipeline.clusters import co_mention_rows
from tests.faults.lake.newsdesk import open_lake, relate, stage
from tests.faults.lake.promises import assert_whole, public_files
from tests.faults.sample_run import Worker, wait_for_exit
from tests.long_form import LONG, seed_or
from tests.traces import Traces
from tests.unit.lake.rows import Story

KILLS = 120 if LONG else 3
SNAPSHOTS = ("snapshots/closed", "snapshots/open")
REVISIONS = [Story(2, words, seen=seen) for seen, words in enumerate(("A quaint lantern sank.", "It was salvaged."))]
OTHERS = [Story(number, day=day) for number, day in ((1, 0), (3, 1), (4, 1), (6, 40))]


@dataclass(frozen=True, slots=True)
class Erased:
    """Data roots before and after an undisturbed erasure, and its steps."""

    before: Path
    after: Path
    steps: int


def write(root: Path) -> None:
    """Commit an article in two revisions, the second before its month is closed, and keep both; then a late article."""
    lake = open_lake(root)
    for name, stories in {"open": [*OTHERS, REVISIONS[0]], "closed": [REVISIONS[1]], "late": [Story(8)]}.items():
        if name == "late":
            lake.compact(months=["2026-02"])
            lake.snapshots.take("closed")
        stage(lake, {name: stories})
        lake.commit([name], is_current=lambda *_: True)
        relate(lake)
        if name == "open":
            lake.snapshots.take("open")


def erase(root: Path) -> None:
    """Erase the article as a takedown does."""
    started_at, lake = time.time(), open_lake(root)
    ids = [REVISIONS[0].article_id]
    lake.erasure.rows(ids)
    relate(lake)
    lake.erasure.traces(days=[REVISIONS[0].published_date], older_than=started_at)
    lake.erasure.snapshots(ids, count=co_mention_rows)


@pytest.fixture(scope="module")
def erased(processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Erased:
    before, after = (tmp_path_factory.mktemp(name) / "data" for name in ("before", "after"))
    write(before / "lake")
    copy_with_links(before, after)
    return Erased(before, after, wait_for_exit(Worker(processes, erase, after / "lake")).steps)


def copy_with_links(source: Path, target: Path) -> None:
    """Copy a data root with its hard links: snapshots share files with the lake."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@pytest.mark.timeout(1800)
def test_killed_erasure_is_finished(processes: ForkServerContext, erased: Erased, tmp_path: Path) -> None:
    """An erasure that is killed at a seeded step, twice, and done again leaves no byte of the article, and the same
    tables in the lake and in snapshots of open and closed months as an undisturbed one."""
    traces, chance = Traces(each.words for each in REVISIONS), random.Random(seed_or(20260206))
    assert len(traces.under(erased.before)) > 10
    assert traces.under(erased.after) == {}
    for number in range(KILLS):
        folder = tmp_path / str(number)
        copy_with_links(erased.before, folder)
        steps = chance.randint(1, erased.steps), chance.randint(1, erased.steps)
        first, _ = (Worker(processes, erase, folder / "lake", at=step).done() for step in steps)
        wait_for_exit(Worker(processes, erase, folder / "lake"))
        assert first.ended_by(steps[0])
        assert traces.under(folder) == {}, steps
        lake = open_lake(folder / "lake")
        for name in ("lake", *SNAPSHOTS):
            assert public_files(folder / name) == public_files(erased.after / name), (steps, name)
        assert [lake.snapshots.verify(Path(name).name) for name in SNAPSHOTS] == [(), ()], steps
        assert_whole(lake)
        shutil.rmtree(folder)
