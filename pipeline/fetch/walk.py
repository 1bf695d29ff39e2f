"""A page's way as steps between which no thread is held: what the schedule and a single fetch both drive."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from pipeline.fetch.rate_limit import RateLimiter
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.transport import Reply


@dataclass(frozen=True, slots=True)
class WalkStep:
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
Walk = Generator[WalkStep, FetchFailure | None, Reply | FetchFailure]
Gate = Generator[WalkStep, FetchFailure | None, FetchFailure | None]


def ahead_of_others(walk: Walk) -> Walk:
    """Return a walk of which no step lets another page of the host go first."""
    refusal: FetchFailure | None = None
    while True:
        try:
            step = walk.send(refusal)
        except StopIteration as end:
            got: Reply | FetchFailure = end.value
            return got
        refusal = yield replace(step, is_alone=True)


def run_walk(walk: Walk, limiter: RateLimiter) -> Reply | FetchFailure:
    """Return where a walk ends; the calling thread sleeps wherever it must wait."""
    refusal: FetchFailure | None = None
    while True:
        try:
            step = walk.send(refusal)
        except StopIteration as end:
            got: Reply | FetchFailure = end.value
            return got
        time.sleep(max(0.0, step.not_before - time.monotonic()))
        refusal = limiter.wait_for_start(step.host, step.interval_seconds) if step.is_request else None
