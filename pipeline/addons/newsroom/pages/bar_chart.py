"""Bars over time as SVG without script: their places, and the numbers as text for readers who do not see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from newslake.pipeline.addons.newsroom.queries.people import PeriodCount, PeriodStep
from newslake.pipeline.model import pluralize

WIDTH, HEIGHT = 600.0, 80.0  # of the picture, in its units; a page stretches it
_GAP = 0.15  # of the width of one step


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in units of the picture, with its description."""

    x: float
    y: float
    width: float
    height: float
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars of the periods with a count above 0. ``numbers`` has period and count of each bar, as text.

    ``summary`` says what the bars are, and which is the largest. ``first`` and ``last`` label the ends of the axis.
    """

    width: float
    height: float
    bars: tuple[Bar, ...]
    numbers: tuple[tuple[str, str], ...]
    first: str
    last: str
    summary: str


def build_bars(counts: Sequence[PeriodCount], *, step: PeriodStep, noun: str) -> BarChart:
    """Return the bars of counts per day, week or month. There must be at least one period.

    The largest count fills the height; the axis begins at 0.
    """
    most = max(each.count for each in counts)
    pitch = WIDTH / len(counts)
    bars, numbers = [], []
    for at, each in enumerate(counts):
        if not each.count:
            continue
        name, height = describe_step(each, step), round(HEIGHT * each.count / most, 1)
        amount = pluralize(each.count, noun)
        left, width = round(pitch * (at + _GAP / 2), 1), round(pitch * (1 - _GAP), 1)
        bars.append(Bar(left, round(HEIGHT - height, 1), width, height, f"{name}: {amount}"))
        numbers.append((name, f"{each.count:,}"))
    largest = max(counts, key=lambda each: each.count)
    total = pluralize(sum(each.count for each in counts), noun)
    peak = f"; most in one {step}: {most:,} ({describe_step(largest, step)})" if most else ""
    return BarChart(
        width=WIDTH,
        height=HEIGHT,
        bars=tuple(bars),
        numbers=tuple(numbers),
        first=describe_step(counts[0], step),
        last=describe_step(counts[-1], step),
        summary=f"{total}, one bar per {step}{peak}",
    )


def describe_step(period: PeriodCount, step: PeriodStep) -> str:
    """Return a day as its date, a week as its first and last day, a month as its name and year."""
    if step == "month":
        return f"{period.first:%B %Y}"
    return str(period.first) if step == "day" else f"{period.first} to {period.first + timedelta(days=6)}"
