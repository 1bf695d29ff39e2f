"""Dates as pages write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Literal

from pipeline.clean.written_days import written_day

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|"
    r"[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$")
_EPOCH_SECONDS = re.compile(r"\d{10}(?:\d{3})?$")
_CLOCK_SLACK = timedelta(hours=24)  # a publisher's clock and zone may be wrong by no more
_FIRST_YEAR = 1800
_WIDEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, UTC. With precision "day" it is midnight of the day as written.

    ``zone`` is the offset as written, "+02:00", None where none is. ``clock`` is a time of day that was written
    without its zone: what the clock on that wall showed, marked UTC for counting only.
    """

    when: datetime
    precision: Literal["second", "day"]
    zone: str | None = None
    clock: datetime | None = None


def parse_moment(text: str) -> Moment | None:
    """Return the moment that a date's text states, None where it states none.

    Midnight sharp with a zone is a day that a template dressed as a time: the day as written is kept.
    """
    text = text.strip()[:80]
    try:
        return _iso(text) or _mail(text) or _compact(text) or _parse_written(text)
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
    hour, minute, second = (int(part) for part in f"{clock or '0'}:0:0".split(":")[:3])
    local = midnight.replace(hour=hour, minute=minute, second=second)
    if zone is None:
        return Moment(midnight, "day", clock=None if local == midnight else local)
    offset = _offset(zone)
    if (hour, minute) == (0, 0) and second == 0:
        return Moment(midnight, "day", zone_text(offset))
    return Moment(local - offset, "second", zone_text(offset))


def _offset(zone: str) -> timedelta:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if size > _WIDEST_ZONE:
        raise ValueError(f"no zone is {zone} from UTC")
    return -size if zone[0] == "-" else size


def zone_text(offset: timedelta) -> str:
    """Return an offset from UTC as "+02:00"."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def in_zone(when: datetime, zone: str | None) -> datetime:
    """Return the same moment on the clocks of a zone such as "+02:00"; as it is where none is known."""
    return when.astimezone(timezone(_offset(zone))) if zone else when


def _mail(text: str) -> Moment | None:
    """Read "Tue, 13 Jun 2017 10:00:00 +0200" and the like."""
    if text.count(":") == 0 or not re.match(r"[A-Za-z]{3,9},?\s+\d|\d{1,2}\s+[A-Za-z]{3}", text):
        return None
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    zone = f"{when:%z}" or None
    return _moment(when.year, when.month, when.day, clock=f"{when:%H:%M:%S}", zone=zone)


def _compact(text: str) -> Moment | None:
    if _EPOCH_SECONDS.match(text):
        return Moment(datetime.fromtimestamp(int(text[:10]), UTC), "second")
    found = _COMPACT.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    clock = f"{hour}:{minute}:{second or '00'}" if hour else None
    return _moment(int(year), int(month), int(day), clock=clock, zone=zone)


def _parse_written(text: str) -> Moment | None:
    day = written_day(text)
    return _moment(day.year, day.month, day.day) if day else None


def doubt_of(moment: Moment, *, fetched_at: datetime) -> str | None:
    """Return why a moment cannot be when a page was published: "date_in_future", "date_implausible", or None."""
    if moment.when - fetched_at > _CLOCK_SLACK:
        return "date_in_future"
    if moment.when.year < _FIRST_YEAR or moment.when.date().isoformat() in ("1970-01-01", "1900-01-01"):
        return "date_implausible"
    return None
