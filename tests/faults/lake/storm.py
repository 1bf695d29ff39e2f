"""A storm: writers that are killed and replaced by others, with concurrent readers.

It runs in a process with few modules: a process that forks ten times per second should be small.
"""

import multiprocessing
import os
import random
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from signal import SIGKILL
from typing import Any

import psutil

from tests.faults.lake.newsdesk import (
    HOURS,
    MONTHS,
    WRITERS,
    is_last,
    months_of,
    open_lake,
    publish_all,
    relate,
    reopen,
    stage,
)
from tests.faults.lake.readers import Observation, read_on
from tests.faults.sample_run import Worker, wait_for_exit

COMPACTOR = len(WRITERS)
KINDS = (*(writer.__name__ for writer in WRITERS), "compaction")
# The maximum lifetime of a writer, in seconds of CPU time: about five commits, independent of the machine's load.
_LIFE_SECONDS = 0.25
PATIENCE_SECONDS = 3000  # on a busy machine, the long form of a test takes a quarter of an hour


def blow(root: Path, kept: Path, seed: int, kills: int, engines: Sequence[str]) -> list[Observation]:
    """Kill every kind of writer ``kills`` times while readers read; return their observations."""
    here = multiprocessing.get_context("fork")
    clock, stop = here.RawValue("i", 0), here.Event()  # the clock has no lock, because its holder may be killed
    readers = [Worker(here, read_on, root, engine, stop) for engine in engines]
    given = [(root, kept, kind, seed, clock, kills) for kind in range(len(KINDS))]
    for writers in [Worker(here, write_and_die, *each) for each in given]:
        wait_for_exit(writers, seconds=PATIENCE_SECONDS)
    stop.set()
    return [wait_for_exit(reader, seconds=PATIENCE_SECONDS).result for reader in readers]


def exchange_on(root: Path, seed: int, reads: int, engines: Sequence[str]) -> tuple[list[Observation], int]:
    """Close and open months, and commit, until each engine has read some times.

    Return the observations, and how many months were exchanged.
    """
    here = multiprocessing.get_context("fork")
    stop = here.Event()
    stop.set()  # each reader ends after its reads
    readers = [Worker(here, read_on, root, engine, stop, reads) for engine in engines]
    chance, lake, exchanged, hour = random.Random(seed), open_lake(root), 0, 0
    while not all(reader.has_ended() for reader in readers):
        for month in MONTHS:
            exchanged += close_or_open(lake, month)
        if chance.random() < 0.2:
            hour = min(hour + 1, HOURS)
            publish_all(lake, hour=hour)
    return [wait_for_exit(reader).result for reader in readers], exchanged


def close_or_open(lake: Any, month: str) -> bool:
    """Close an open month, open a closed one; return whether the lake has the month."""
    manifest = months_of(lake).get(month)
    if manifest is None:
        return False
    if manifest.is_closed:
        reopen(lake, month)
    else:
        lake.compact(months=[month])
    return True


def write_and_die(root: Path, kept: Path, kind: int, seed: int, clock: Any, kills: int) -> None:
    """Run writers of one kind one after the other; kill each after some seeded work. The first kind sets the clock."""
    chance = random.Random(f"{seed}-{kind}")
    for number in range(kills):
        if kind == 0:
            clock.value = number * HOURS // kills
        writer = os.fork()
        if writer == 0:
            try:
                write_forever(root, kept, kind, f"{seed}-{kind}-{number}", clock)
            finally:
                traceback.print_exc()
                os._exit(1)
        _let_work(writer, chance.uniform(0, _LIFE_SECONDS))
        os.kill(writer, SIGKILL)
        if os.waitpid(writer, 0)[1] != SIGKILL:
            raise OSError(f"writer {number} of {KINDS[kind]} ended by itself")


def _let_work(writer: int, seconds: float) -> None:
    """Wait until a process has used a number of seconds of CPU time, or has waited for a long time."""
    process, deadline = psutil.Process(writer), time.monotonic() + 20 * seconds
    while sum(process.cpu_times()[:2]) < seconds and time.monotonic() < deadline:
        time.sleep(0.002)


def write_forever(root: Path, kept: Path, kind: int, seed: str, clock: Any) -> None:
    """Write like one kind of writer. Each confirmed article of a commit is a line of ``kept``: article, hour."""
    lake, chance = open_lake(root), random.Random(seed)
    receipts = os.open(kept, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        if kind == COMPACTOR:
            close_or_open(lake, chance.choice(MONTHS))
            continue
        batches = WRITERS[kind](clock.value, chance)
        stage(lake, batches)
        report = lake.commit(sorted(batches), is_current=is_last(lambda: clock.value))
        stories = [story for batch in batches.values() for story in batch]
        confirmed = [each for each in stories if report.articles[each.article_id] != "superseded"]
        os.write(receipts, b"".join(b"%d %d\n" % (each.number, each.seen) for each in confirmed))
        if chance.random() < 0.3:
            relate(lake)
