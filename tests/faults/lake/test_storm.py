"""Writers and compaction are repeatedly killed at any moment, while readers of several kinds read."""

import multiprocessing
import random
from collections import Counter
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lake.newsdesk import (
    ARTICLES,
    HOURS,
    begin,
    close_months,
    months_of,
    open_lake,
    publish_all,
    publish_hour,
)
from tests.faults.lake.promises import (
    NONE,
    Version,
    assert_tidy,
    assert_whole,
    losses,
    public_files,
    touched_files,
    written_versions,
)
from tests.faults.lake.readers import PLAIN, STRICT, Observation
from tests.faults.lake.storm import KINDS, PATIENCE_SECONDS, blow, exchange_on
from tests.faults.lake.tally import SEED, form
from tests.faults.sample_run import Worker, say, wait_for_exit
from tests.long_form import LONG

STORMS, KILLS = (17, 30) if LONG else (1, 8)  # of each kind of writer
RACES = 100 if LONG else 3
READS = 200 if LONG else 5  # of each engine during exchanges
PLAIN_AT_ONCE = 3 if LONG else 2  # engines in one storm, next to the strict readers


def assert_seen_right(seen: Observation, written: set[Version], seed: int) -> None:
    """Each result of a reader equals, day by day and cell by cell, one commit; strict readers had no errors."""
    assert seen.reads > 0, seen.engine
    assert seen.faults == [], seen.engine
    assert seen.versions - written == set(), seen.engine
    if seen.engine in STRICT:
        assert seen.errors == Counter(), seen.engine
        counted = form(f"strict reads meanwhile: {seen.engine}", seed)
        counted.counts["reads"] += seen.reads
        counted.counts["errors"] += 0
        counted.counts["wrong"] += 0
    else:
        counted = form(f"plain reads meanwhile: {seen.engine}", seed)
        counted.counts["reads"] += seen.reads
        counted.counts["loud errors"] += seen.errors.total()
        counted.counts["wrong"] += 0


@pytest.mark.timeout(3600)
def test_storm(tmp_path: Path, clean: dict[str, bytes]) -> None:
    """No row is lost, doubled, stale or orphaned, results of readers are correct, and the bytes equal a clean run."""
    for seed in range(SEED, SEED + STORMS):
        say(f"storm of seed {seed}")
        root = tmp_path / str(seed) / "lake"
        begin(root)
        kept = root.parent / "confirmed"
        kept.touch()
        audience = in_small_process(blow, root, kept, seed, KILLS, engines_of(seed))
        written = written_versions(root)
        for seen in audience:
            say(f"{seen.engine}: {seen.reads} reads, {dict(seen.errors)}, {dict(seen.between)}")
            assert_seen_right(seen, written, seed)
        open_lake(root).recover()
        assert_whole(open_lake(root))
        confirmed = [(int(each), int(hour)) for each, hour in map(str.split, kept.read_text().splitlines())]
        assert losses(root, set(confirmed)) == NONE
        assert_ends_like(root, clean)
        counted = form(f"killed at any moment: {', '.join(KINDS)}", seed)
        counted.counts["kills"] += KILLS * len(KINDS)
        counted.counts["storms"] += 1
        counted.counts["articles confirmed"] += len(confirmed)
        counted.counts["versions of a table's day"] += len(written)
        for loss, count in NONE.items():
            counted.counts[loss] += count


def engines_of(seed: int) -> list[str]:
    """Return the strict readers, and some engines, others with each seed."""
    names, some = list(PLAIN), PLAIN_AT_ONCE
    return [*STRICT, *(names[(seed * some + number) % len(names)] for number in range(some))]


def in_small_process(task: Any, *given: Any) -> Any:
    """Do one task in a process with few modules; return its result."""
    worker = Worker(multiprocessing.get_context("spawn"), task, *given)
    return wait_for_exit(worker, seconds=PATIENCE_SECONDS).result


@pytest.mark.timeout(3600)
def test_readers_during_exchanges(tmp_path: Path) -> None:
    """While folders are exchanged, each engine gets the rows of a commit or an error: no day twice, none missing."""
    root = tmp_path / "lake"
    begin(root)
    audience, exchanged = in_small_process(exchange_on, root, SEED, READS, [*PLAIN, *STRICT])
    written = written_versions(root)
    assert exchanged > READS
    for seen in audience:
        say(f"{seen.engine}: {seen.reads} reads during {exchanged} exchanges of a month, {dict(seen.errors)}")
        assert_seen_right(seen, written, SEED)
    form("months closed and opened while every engine reads", SEED).counts["exchanges"] += exchanged
    assert_whole(open_lake(root))


def assert_ends_like(root: Path, clean: dict[str, bytes]) -> None:
    """Publishing the final archive gives the bytes of a clean lake; a second time changes no file."""
    publish_all(open_lake(root), hour=HOURS)
    open_lake(root).compact(months=months_of(open_lake(root)))
    assert public_files(root) == clean
    before = touched_files(root)
    assert publish_all(open_lake(root), hour=HOURS) == 0
    assert touched_files(root) == before
    assert_tidy(root)
    assert public_files(root) == clean


def test_racing_processes_commit_once(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """Two that publish an hour at once, while two close the months, each without an error: it is committed once."""
    chance = random.Random(SEED)
    publish_all(open_lake(tmp_path), hour=0)
    for hour in [*(chance.randrange(HOURS) for _ in range(RACES)), HOURS]:
        start = processes.Barrier(4)
        racing = [Worker(processes, publish_hour, tmp_path, hour, start) for _ in range(2)]
        racing += [Worker(processes, close_months, tmp_path, start) for _ in range(2)]
        closed = [wait_for_exit(worker).result for worker in racing][2:]
        assert len(set().union(*closed)) == sum(map(len, closed))  # each month was closed by one of them
        assert open_lake(tmp_path).verify() == ()
    assert public_files(tmp_path) == clean
    assert open_lake(tmp_path).read("articles").num_rows == ARTICLES
