"""Times that two neighbouring expressions give together: a clock time with its day, the two ends of a range."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from newslake.pipeline.model.annotation import DatePrecision
from newslake.pipeline.nlp.times.normalization import read_time
from newslake.pipeline.nlp.times.values import Tense, TimeContext, TimeValue, day_value

_THE = "the "
_LONGEST = 16  # characters between two expressions that belong together
_PRECISIONS: tuple[DatePrecision, ...] = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class TimeMatch:
    """A span matched as a time. Offsets are those of the text; ``parts`` are the named groups, in lower case."""

    start: int
    end: int
    reading: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time expression: its span, its value, and the (last) match and context that gave it."""

    start: int
    end: int
    match: TimeMatch
    value: TimeValue
    context: TimeContext


def join_times(text: str, first: FoundTime, second: FoundTime, floor: int) -> FoundTime | None:
    """Return the one expression that two neighbours form; None if they are two.

    ``text`` is in lower case; the expression does not begin before ``floor``.
    """
    gap = text[first.end : second.start]
    if len(gap) > _LONGEST or "\n" in gap:
        return None
    link = gap.strip(" ,\u00a0")
    before = text[max(floor, first.start - _LONGEST) : first.start]
    return _join_clock(first, second, link) or _join_range(before, first, second, link)


def add_daypart(text: str, time: FoundTime, floor: int) -> FoundTime:
    """Return a day together with the part of it before it: "the evening of 3 May".

    ``text`` is in lower case; the expression does not begin before ``floor``.
    """
    times, day = time.context.times, time.value.first
    if time.value.timex_type != "DATE" or time.value.precision != "day" or day is None or day != time.value.last:
        return time
    before = text[max(time.start - _LONGEST, floor) : time.start]
    if not before.endswith(times.daypart_link):
        return time
    before = before.removesuffix(times.daypart_link)
    word = before.rsplit(" ", 1)[-1]
    if word not in times.dayparts:
        return time
    start = time.start - len(times.daypart_link) - len(word)
    start -= len(_THE) if before.removesuffix(word).endswith(_THE) else 0
    return replace(time, start=start, value=day_value(day, time.value.basis, times.dayparts[word]))


# A clock time and its day.


def _join_clock(first: FoundTime, second: FoundTime, link: str) -> FoundTime | None:
    clock, day = (first, second) if first.match.reading == "clock" else (second, first)
    if clock.match.reading != "clock" or link not in clock.context.times.clock_links or _is_range(day):
        return None
    if day.value.precision != "day" or day.value.first is None or day.match.reading == "clock":
        return None
    value = day_value(day.value.first, day.value.basis, clock.value.value or "")
    return FoundTime(first.start, second.end, day.match, value, day.context)


def _is_range(time: FoundTime) -> bool:
    return time.value.first != time.value.last


# The ends of a range.


def _join_range(before: str, first: FoundTime, second: FoundTime, link: str) -> FoundTime | None:
    times = first.context.times
    if not any(link in links for links in times.range_links.values()) or not (_is_end(first) and _is_end(second)):
        return None
    word = before.rsplit(maxsplit=1)[-1] if before.strip() and before[-1].isspace() else ""
    start = first.start - len(before) + before.rfind(word)
    if not word or link not in times.range_links.get(word, ()):
        if link not in times.range_links[""] or "weekday" in first.match.parts:
            return None
        start = first.start
    ends = _order(first, second)
    if ends is None:
        return None
    return FoundTime(start, second.end, second.match, _range_value(*ends), second.context)


def _is_end(time: FoundTime) -> bool:
    return time.value.timex_type == "DATE" and time.value.precision in _PRECISIONS and time.match.reading != "days"


def _order(first: FoundTime, second: FoundTime) -> tuple[TimeValue, TimeValue] | None:
    """Return the values of both ends, the earlier one first: a bare end counts from the other one."""
    one, other = first.value, second.value
    if other.basis == "explicit" and one.basis != "explicit":
        one = _reread(first, other.first, "past")
    elif one.basis == "explicit" and other.basis != "explicit":
        other = _reread(second, one.first, "future")
    if one.first is None or other.first is None or one.first >= other.first:
        if first.context.tense in ("future", "present"):
            other = _reread(second, one.first, "future")
        else:
            one = _reread(first, other.first, "past")
    if one.first is None or other.last is None or one.first >= other.last:
        return None
    return one, other


def _reread(time: FoundTime, anchor: date | None, tense: Tense) -> TimeValue:
    context = replace(time.context, anchor=anchor, tense=tense)
    return read_time(time.match.reading, time.match.parts, context) or TimeValue()


def _range_value(first: TimeValue, last: TimeValue) -> TimeValue:
    is_explicit = "explicit" in (first.basis, last.basis)
    finest = min(first.precision, last.precision, key=_PRECISIONS.index)
    return TimeValue(
        "DATE",
        f"{first.value}/{last.value}",
        first.first,
        last.last,
        finest,
        "explicit" if is_explicit else "relative",
    )
