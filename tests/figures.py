"""Times of work, by the clock and of all processors, and figures with goals, for the benchmarks of the lake."""

import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from rich.console import Console

out = Console(highlight=False)
Clock = Literal["clock", "processor"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds by the clock, and processor seconds of this process and of its ended children."""

    seconds: float
    processor_seconds: float

    def __add__(self, other: "Timing") -> "Timing":
        return Timing(self.seconds + other.seconds, self.processor_seconds + other.processor_seconds)


def timed(work: Callable[[], object]) -> Timing:
    """Do some work; return its time."""
    wall, busy = time.perf_counter(), _processor_seconds()
    work()
    return Timing(time.perf_counter() - wall, _processor_seconds() - busy)


def best(timings: Iterable[Timing]) -> Timing:
    """Return the least of each kind of time: other work on the machine only adds to them."""
    found = list(timings)
    return Timing(min(each.seconds for each in found), min(each.processor_seconds for each in found))


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with a goal, and what was seen besides."""

    value: float
    seen: str = ""


def ratio_of(above: Timing, below: Timing, *, by: Clock = "clock") -> Figure:
    """Return the ratio of two times of one run; the ratio by the other clock and the seconds are shown with it."""
    ratios = {
        "clock": above.seconds / below.seconds,
        "processor": above.processor_seconds / below.processor_seconds,
    }
    other = "processor" if by == "clock" else "clock"
    seen = f"by the {other} {ratios[other]:.2f}; {_seconds(above)} / {_seconds(below)}"
    return Figure(ratios[by], seen)


def _seconds(timing: Timing) -> str:
    return f"{timing.seconds:.3g} s ({timing.processor_seconds:.3g} s CPU)"


def seconds_of(timing: Timing) -> Figure:
    """Return the seconds by the clock."""
    return Figure(timing.seconds, f"{timing.processor_seconds:.3g} s CPU")


def print_figure(name: str, sign: Literal["<=", ">="], goal: float, figure: Figure) -> None:
    """Print a figure and its goal."""
    is_met = figure.value <= goal if sign == "<=" else figure.value >= goal
    seen = figure.seen and f"; {figure.seen}"
    out.print(f"{'met ' if is_met else 'MISS'} {name}: {figure.value:.2f} (goal {sign} {goal:g}{seen})", soft_wrap=True)


def print_value(name: str, value: str) -> None:
    """Print a value without a goal."""
    out.print(f"     {name}: {value}", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A row of a table: what is compared, the values of both, such as of two stores, their ratio and its goal."""

    name: str
    shared: str
    local: str
    value: float
    sign: Literal["<=", ">="]
    goal: float

    @property
    def is_met(self) -> bool:
        return self.value <= self.goal if self.sign == "<=" else self.value >= self.goal
