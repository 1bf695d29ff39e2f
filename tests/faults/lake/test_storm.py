"""Four kinds of writers are killed at any moment, again and again, while five kinds of readers look on."""

import multiprocessing
import random
from collections import Counter
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.lake.newsdesk import (
    ARTICLES,
    HOURS,
    WRITERS,
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
from tests.faults.lake.readers import STRICT, Observation
from tests.faults.lake.storm import blow
from tests.faults.lake.tally import SEED, form
from tests.faults.sample_run import LONG, Worker, say, wait_for_exit

STORMS, KILLS = (17, 30) if LONG else (1, 12)  # of each of the four kinds of writers
RACES = 100 if LONG else 4


def assert_seen_right(seen: Observation, written: set[Version], seed: int) -> None:
    """Whatever a reader got was, day by day and cell by cell, what one commit wrote; who reads strictly, got it."""
    assert seen.reads > 0, seen.engine
    assert seen.faults == [], seen.engine
    assert seen.versions - written == set(), seen.engine
    if seen.engine in STRICT:
        assert seen.errors == Counter(), seen.engine
        told = form(f"strict reads meanwhile: {seen.engine}", seed)
        told.counts["reads"] += seen.reads
        told.counts["errors"] += 0
        told.counts["wrong"] += 0
        told.counts["saw an article twice as it moved day"] += seen.between["twice"]
        told.counts["saw it nowhere"] += seen.between["nowhere"]
    else:
        told = form(f"plain reads meanwhile: {seen.engine}", seed)
        told.counts["reads"] += seen.reads
        told.counts["loud errors"] += seen.errors.total()
        told.counts["wrong"] += 0


@pytest.mark.timeout(3600)
def test_storm(tmp_path: Path, clean: dict[str, bytes]) -> None:
    """No row is lost, doubled, stale or orphaned, what readers got was right, and the end has a clean run's bytes."""
    for seed in range(SEED, SEED + STORMS):
        say(f"storm of seed {seed}")
        root = tmp_path / str(seed) / "lake"
        publish_all(open_lake(root), hour=0)
        kept = root.parent / "confirmed"
        kept.touch()
        audience = wait_for_exit(Worker(multiprocessing.get_context("spawn"), blow, root, kept, seed, KILLS)).result
        written = written_versions(root)
        for seen in audience:
            say(f"{seen.engine}: {seen.reads} reads, {dict(seen.errors)}, {dict(seen.between)}")
            assert_seen_right(seen, written, seed)
        open_lake(root).recover()
        assert_whole(open_lake(root))
        confirmed = [(int(each), int(hour)) for each, hour in map(str.split, kept.read_text().splitlines())]
        assert losses(root, set(confirmed)) == NONE
        assert_ends_like(root, clean)
        told = form("writers killed at any moment: scheduled, signal, update, backfill", seed)
        told.counts["kills"] += KILLS * len(WRITERS)
        told.counts["storms"] += 1
        told.counts["articles confirmed"] += len(confirmed)
        told.counts["versions of a table's day"] += len(written)
        for loss, count in NONE.items():
            told.counts[loss] += count


def assert_ends_like(root: Path, clean: dict[str, bytes]) -> None:
    """The archive read to its end gives the bytes of a lake that saw nothing else; again it touches no file."""
    publish_all(open_lake(root), hour=HOURS)
    assert public_files(root) == clean
    before = touched_files(root)
    assert publish_all(open_lake(root), hour=HOURS) == 0
    assert touched_files(root) == before
    assert_tidy(root)
    assert public_files(root) == clean


def test_racing_processes_commit_once(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """Two processes that publish the same hour at once end in one hour, each without an error."""
    chance = random.Random(SEED)
    for hour in [*(chance.randrange(HOURS) for _ in range(RACES)), HOURS]:
        start = processes.Barrier(2)
        both = [Worker(processes, publish_hour, tmp_path, hour, start) for _ in range(2)]
        for worker in both:
            wait_for_exit(worker)
        assert open_lake(tmp_path).verify() == ()
    assert public_files(tmp_path) == clean
    assert open_lake(tmp_path).read("articles").num_rows == ARTICLES
