"""Four kinds of writers are repeatedly killed at any moment, while five kinds of readers read."""

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
from tests.faults.sample_run import Worker, say, wait_for_exit
from tests.long_form import LONG

STORMS, KILLS = (17, 30) if LONG else (1, 12)  # of each of the four kinds of writers
RACES = 100 if LONG else 4


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
        counted.counts["saw an article twice as it moved day"] += seen.between["twice"]
        counted.counts["saw it nowhere"] += seen.between["nowhere"]
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
        counted = form("writers killed at any moment: scheduled, signal, update, backfill", seed)
        counted.counts["kills"] += KILLS * len(WRITERS)
        counted.counts["storms"] += 1
        counted.counts["articles confirmed"] += len(confirmed)
        counted.counts["versions of a table's day"] += len(written)
        for loss, count in NONE.items():
            counted.counts[loss] += count


def assert_ends_like(root: Path, clean: dict[str, bytes]) -> None:
    """Publishing the final archive gives the bytes of a clean lake; a second time changes no file."""
    publish_all(open_lake(root), hour=HOURS)
    assert public_files(root) == clean
    before = touched_files(root)
    assert publish_all(open_lake(root), hour=HOURS) == 0
    assert touched_files(root) == before
    assert_tidy(root)
    assert public_files(root) == clean


def test_racing_processes_commit_once(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """Two processes that publish the same hour at once commit it once, each without an error."""
    chance = random.Random(SEED)
    for hour in [*(chance.randrange(HOURS) for _ in range(RACES)), HOURS]:
        start = processes.Barrier(2)
        both = [Worker(processes, publish_hour, tmp_path, hour, start) for _ in range(2)]
        for worker in both:
            wait_for_exit(worker)
        assert open_lake(tmp_path).verify() == ()
    assert public_files(tmp_path) == clean
    assert open_lake(tmp_path).read("articles").num_rows == ARTICLES
