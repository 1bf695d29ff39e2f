"""A page's way as steps between which no thread is held: what the schedule and a single fetch both drive."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from pipeline.fetch.pace import Pace
from pipeline.fetch.transport import Reply
from pipeline.fetch.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Step:
    """What a walk waits for: to go on at a host, not before a time of time.monotonic.

    With ``is_request`` it needs the host's start, which whoever drives the walk takes from the pace; without, it only
    looks up what is known. ``is_alone``: no other page of the host can go on before this one.
    """

    host: str
    interval_seconds: float
    not_before: float = 0.0
    is_request: bool = False
    is_alone: bool = False


# Yields its steps; is sent None to go on, or why the start cannot be had.
Walk = Generator[Step, Trouble | None, Reply | Trouble]
Gate = Generator[Step, Trouble | None, Trouble | None]


def before_all_others(walk: Walk) -> Walk:
    """Return a walk of which no step lets another page of the host go first."""
    held: Trouble | None = None
    while True:
        try:
            step = walk.send(held)
        except StopIteration as end:
            got: Reply | Trouble = end.value
            return got
        held = yield replace(step, is_alone=True)


def walked(walk: Walk, pace: Pace) -> Reply | Trouble:
    """Return where a walk ends; the calling thread sleeps wherever it must wait."""
    held: Trouble | None = None
    while True:
        try:
            step = walk.send(held)
        except StopIteration as end:
            got: Reply | Trouble = end.value
            return got
        time.sleep(max(0.0, step.not_before - time.monotonic()))
        held = pace.wait_for_start(step.host, step.interval_seconds) if step.is_request else None
