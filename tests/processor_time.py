"""Measure how long a call takes, for tests that compare two durations."""

import gc
import time
from collections.abc import Callable

# A test compares two durations of one run: the machine may be slow or busy, but both calls meet the same machine.


def processor_seconds(call: Callable[[], object], *, tries: int = 1) -> float:
    """Return the processor seconds of a call, the shortest of ``tries``.

    Garbage collection is off meanwhile: a full collection visits all objects of the process, also those of other tests.
    """
    return min(_seconds(call) for _ in range(tries))


def is_linear(seconds_of: Callable[[int], float], size: int, *, tries: int = 5) -> bool:
    """Tell whether work on ``8 * size`` takes at most 20 times the processor seconds of work on ``size``.

    Linear work takes 8 times, quadratic work 64 times. Twice the size would take 2 or 4 times, and a busy machine blurs
    that. One of some tries is enough: noise passes, quadratic time never does.
    """
    return any(seconds_of(8 * size) <= 20 * seconds_of(size) + 0.05 for _ in range(tries))


def _seconds(call: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        call()
        return time.process_time() - start
    finally:
        gc.enable()
