"""Several processes write into one archive, and some of them are killed."""

import random
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from newslake.pipeline.archive import Archive
from tests.faults.archive_worker import page, write_forever, write_pages
from tests.faults.lake.tally import form
from tests.long_form import LONG, seed_or

KILLS = 60 if LONG else 6
SEED = seed_or(11)


@pytest.mark.parametrize("run_ids", [("run-1", "run-1"), ("run-1", "run-2")], ids=["same-run", "two-runs"])
def test_two_writers_lose_nothing(processes: ForkServerContext, tmp_path: Path, run_ids: tuple[str, str]) -> None:
    """Two processes store overlapping pages at once, even with the same run id; each keeps all its pages."""
    start = processes.Barrier(2)
    numbers = (range(60), range(30, 90))
    both = [
        processes.Process(target=write_pages, args=(tmp_path, run_id, own, start))
        for run_id, own in zip(run_ids, numbers, strict=True)
    ]
    for process in both:
        process.start()
    archive = Archive(tmp_path)
    while any(process.is_alive() for process in both):
        mended = archive.recover()
        # Either process may index a file that has just got its name; an unfinished file belongs to its writer.
        assert [each for each in mended if not each.startswith("indexed ")] == []
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    captures = archive.captures()
    assert sorted(int(capture.article_id[1:]) for capture in captures) == sorted([*range(60), *range(30, 90)])
    assert {archive.page(capture).body for capture in captures} == {page(number).body for number in range(90)}
    archive.rebuild_index()
    assert archive.captures() == captures


def test_killed_writers_leave_whole_records(processes: ForkServerContext, tmp_path: Path) -> None:
    """After each SIGKILL, recover finishes the torn file; then every capture can be read, and none is lost later."""
    chance, claim = random.Random(SEED), 0
    archive = Archive(tmp_path, durability="process")
    for number in range(KILLS):
        process = processes.Process(target=write_forever, args=(tmp_path, f"run-{number}"))
        process.start()
        time.sleep(0.15 + chance.random() * 0.2)
        process.kill()
        process.join()
        archive.recover()
        captures = archive.captures()
        assert len(captures) >= claim
        claim = len(captures)
        form("a writer of the archive is killed", SEED).counts["kills"] += 1
    assert claim > 0
    assert list(tmp_path.rglob("*.part")) == []
    for capture in archive.captures():
        assert archive.page(capture) == page(int(capture.article_id[1:]))
