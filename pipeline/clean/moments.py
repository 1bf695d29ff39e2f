"""Dates as pages write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|"
    r"[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$")
_EPOCH_SECONDS = re.compile(r"\d{10}(?:\d{3})?$")
_SLASHED_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b")
_DOTTED = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK_SLACK = timedelta(hours=24)  # a publisher's clock and zone may be wrong by no more
_FIRST_YEAR = 1800


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, UTC. With precision "day" it is midnight of the day as written.

    ``has_lost_zone``: a time of day was written without its zone and is not kept.
    """

    when: datetime
    precision: Literal["second", "day"]
    has_lost_zone: bool = False


def parse_moment(text: str) -> Moment | None:
    """Return the moment that a date's text states, None where it states none.

    Midnight sharp with a zone is a day that a template dressed as a time: the day as written is kept.
    """
    text = text.strip()[:80]
    try:
        return _iso(text) or _mail(text) or _compact(text) or _written_day(text)
    except (ValueError, OverflowError):  # 31 February, year 0, hour 25
        return None


def _iso(text: str) -> Moment | None:
    found = _ISO.match(text)
    if found is None:
        return None
    year, month, day, clock, zone = found.groups()
    return _moment(int(year), int(month), int(day), clock=clock, zone=zone)


def _moment(year: int, month: int, day: int, *, clock: str | None = None, zone: str | None = None) -> Moment:
    midnight = datetime(year, month, day, tzinfo=UTC)
    if clock is None or zone is None or clock in ("00:00", "00:00:00", "0:00"):
        return Moment(
            midnight, "day", has_lost_zone=clock is not None and zone is None and not clock.startswith("00:00")
        )
    hour, minute, second = (int(part) for part in f"{clock}:0".split(":")[:3])
    local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return Moment(local - _offset(zone), "second")


def _offset(zone: str) -> timedelta:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if zone[0] == "-" else size


def _mail(text: str) -> Moment | None:
    """Read "Tue, 13 Jun 2017 10:00:00 +0200" and the like."""
    if text.count(":") == 0 or not re.match(r"[A-Za-z]{3,9},?\s+\d|\d{1,2}\s+[A-Za-z]{3}", text):
        return None
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        return Moment(datetime(when.year, when.month, when.day, tzinfo=UTC), "day", has_lost_zone=True)
    return Moment(when.astimezone(UTC), "second")


def _compact(text: str) -> Moment | None:
    if _EPOCH_SECONDS.match(text):
        return Moment(datetime.fromtimestamp(int(text[:10]), UTC), "second")
    found = _COMPACT.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    clock = f"{hour}:{minute}:{second or '00'}" if hour else None
    return _moment(int(year), int(month), int(day), clock=clock, zone=zone)


def _written_day(text: str) -> Moment | None:
    if found := _SLASHED_YEAR_FIRST.search(text):
        return _moment(int(found[1]), int(found[2]), int(found[3]))
    if found := _DOTTED.search(text):
        return _moment(int(found[3]), int(found[2]), int(found[1]))
    if (found := _DAY_FIRST.search(text)) and (month := _month(found[2])):
        return _moment(int(found[3]), month, int(found[1]))
    if (found := _MONTH_FIRST.search(text)) and (month := _month(found[1])):
        return _moment(int(found[3]), month, int(found[2]))
    return None


def _month(name: str) -> int | None:
    return _MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else None


def doubt_of(moment: Moment, *, fetched_at: datetime) -> str | None:
    """Return why a moment cannot be when a page was published: "date_in_future", "date_implausible", or None."""
    if moment.when - fetched_at > _CLOCK_SLACK:
        return "date_in_future"
    if moment.when.year < _FIRST_YEAR or moment.when.date().isoformat() in ("1970-01-01", "1900-01-01"):
        return "date_implausible"
    return None
