"""What runs in the processes that the lake's fault tests start and kill."""

import os
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

# pyarrow imports these at first use: here once, not again in every process that is killed.
import pandas  # noqa: F401
import pyarrow.dataset  # noqa: F401

from pipeline.lake import Lake
from pipeline.stages.cluster import copies_of
from pipeline.stages.events import relate_events_of
from pipeline.stages.quote_groups import quote_groups_of
from tests.unit.lake.rows import Story, batch_keys, batch_tables

REPORT = " ".join(f"The ferry of {hour} o'clock was late by {hour * 7 % 60} minutes." for hour in range(20))
ARTICLES, BATCHES, DAYS = 8, 2, 3
# Each is a moment at which a file system changes, or is about to.
_WRITES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}


def open_lake(root: Path) -> Lake:
    return Lake(root, durability="process", gc_grace_hours=0, now=lambda: datetime.now(UTC))


def edition(number: int) -> list[Story]:
    """Return all stories as one edition tells them: other words, and every third on another day than before.

    Every fourth repeats the same long report under another number.
    """
    return [
        Story(
            n,
            f"Edition {number}, story {n}. {REPORT if n % 4 == 0 else ''}",
            day=(n + (number if n % 3 == 0 else 0)) % DAYS,
            seen=number,
        )
        for n in range(ARTICLES)
    ]


def publish_edition(root: Path, number: int) -> None:
    """Stage and commit an edition in several batches, then relate it."""
    lake, stories = open_lake(root), edition(number)
    names = [f"{number}-{place}" for place in range(BATCHES)]
    for place, name in enumerate(names):
        part = stories[place::BATCHES]
        lake.stage(name, batch_tables(part), batch_keys(part))
    lake.commit(names[:-1], is_current=lambda *_: True)
    lake.commit(names[-1:], is_current=lambda *_: True)
    days = [date(2026, 2, 3 + number) for number in range(DAYS)]
    lake.replace("copies", lambda: dict(copies_of(lake, days)))
    lake.replace("quote_groups", lambda: quote_groups_of(lake, days))
    lake.replace_all(lambda: relate_events_of(lake, days))


def publish_and_die(root: Path, number: int, die_at: int) -> None:
    """Publish an edition, killed at its ``die_at``-th write; exits 0 when it has fewer."""
    left = die_at

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        is_write = event in _WRITES or (event == "open" and isinstance(arguments[1], str) and "w" in arguments[1])
        left -= is_write
        if is_write and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    publish_edition(root, number)


def publish_forever(root: Path, number: int) -> None:
    """Publish editions until somebody kills the process."""
    while True:
        publish_edition(root, number)
        number += 1


def race(root: Path, number: int, start: Any) -> None:
    """Publish an edition at the same moment as others do."""
    start.wait()
    publish_edition(root, number)
