"""The schedule of a fetcher ends when a signal ends its run, at whatever moment that comes."""

import gc
import signal
from collections import deque
from collections.abc import Iterator
from types import FrameType

import pytest

from newslake.pipeline.fetch.rate_limit import RateLimiter
from newslake.pipeline.fetch.redirects import Walk
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.fetch.scheduler import Schedule

FAILURE = FetchFailure("refuse", "bad_url", "no URL")
TRIALS = 100


class Ended(BaseException):
    """What the handler of the signal raises, as SystemExit in a run."""


def end(number: int, frame: FrameType | None) -> None:
    raise Ended


def refused() -> Walk:
    """Return a walk that ends at once: the page has no URL that can be requested."""
    return FAILURE
    yield  # type: ignore[unreachable]  # a generator


def endless() -> Iterator[tuple[int, Walk]]:
    number = 0
    while True:
        yield number, refused()
        number += 1


def read_until(results: Iterator[object], *, seconds: float) -> None:
    """Read results until the signal, which comes at once on a busy machine."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    deque(results, maxlen=0)


@pytest.mark.timeout(120)
def test_a_signal_leaves_no_lock() -> None:
    """A signal whose handler raises ends the schedule, also while the schedule takes its lock."""
    before = signal.signal(signal.SIGALRM, end)
    # Python ignores what a handler raises in a callback of the garbage collector, and Hypothesis has one.
    gc.disable()
    try:
        for trial in range(TRIALS):
            schedule: Schedule[int] = Schedule(RateLimiter(hold_max_seconds=1), threads=2, page_max_bytes=1_000)
            results = schedule.run(endless())
            next(results)  # its threads have started
            with pytest.raises(Ended):
                read_until(results, seconds=0.001 + trial * 0.000013)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.enable()
        signal.signal(signal.SIGALRM, before)
