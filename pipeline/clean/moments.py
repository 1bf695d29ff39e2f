"""Moments: dates and times as pages write them, and the zone that other moments of the page give them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Literal

from newslake.pipeline.clean.html import Tree
from newslake.pipeline.clean.written_days import written_day

_ISO_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|"
    r"[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$")
_EPOCH_SECONDS = re.compile(r"\d{10}(?:\d{3})?$")
_CLOCK_SLACK = timedelta(hours=24)  # the largest error of a publisher's clock and zone
_FIRST_YEAR = 1800
_WIDEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, UTC. With precision "day" it is midnight of the written day.

    ``zone`` is the offset as written, such as "+02:00", or None. ``clock`` is the local time of a text without a zone;
    its UTC zone only makes it comparable.
    """

    when: datetime
    precision: Literal["second", "day"]
    zone: str | None = None
    clock: datetime | None = None


def parse_moment(text: str) -> Moment | None:
    """Return the moment in a text, or None.

    Exact midnight with a zone is a day that a template has formatted as a time: the result has the precision "day".
    """
    text = text.strip()[:80]
    try:
        return _parse_iso(text) or _parse_mail(text) or _parse_compact(text) or _parse_written(text)
    except (ValueError, OverflowError):  # 31 February, year 0, hour 25
        return None


def _parse_iso(text: str) -> Moment | None:
    match = _ISO_MOMENT.match(text)
    if match is None:
        return None
    year, month, day, clock, zone = match.groups()
    return moment_at(int(year), int(month), int(day), clock=clock, zone=zone)


def moment_at(year: int, month: int, day: int, *, clock: str | None = None, zone: str | None = None) -> Moment:
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
        raise ValueError(f"no time zone has the offset {zone}")
    return -size if zone[0] == "-" else size


def zone_text(offset: timedelta) -> str:
    """Return an offset from UTC as "+02:00"."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def in_zone(when: datetime, zone: str | None) -> datetime:
    """Return the same moment in a zone such as "+02:00"; unchanged without a zone."""
    return when.astimezone(timezone(_offset(zone))) if zone else when


def _parse_mail(text: str) -> Moment | None:
    """Return the moment of an e-mail date such as "Tue, 13 Jun 2017 10:00:00 +0200", or None."""
    if text.count(":") == 0 or not re.match(r"[A-Za-z]{3,9},?\s+\d|\d{1,2}\s+[A-Za-z]{3}", text):
        return None
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    zone = f"{when:%z}" or None
    return moment_at(when.year, when.month, when.day, clock=f"{when:%H:%M:%S}", zone=zone)


def _parse_compact(text: str) -> Moment | None:
    if _EPOCH_SECONDS.match(text):
        return Moment(datetime.fromtimestamp(int(text[:10]), UTC), "second")
    match = _COMPACT_MOMENT.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    clock = f"{hour}:{minute}:{second or '00'}" if hour else None
    return moment_at(int(year), int(month), int(day), clock=clock, zone=zone)


def _parse_written(text: str) -> Moment | None:
    day = written_day(text)
    return moment_at(day.year, day.month, day.day) if day else None


def doubt_of(moment: Moment, *, fetched_at: datetime) -> str | None:
    """Return why a moment cannot be a publication time: "date_in_future", "date_implausible", or None."""
    if moment.when - fetched_at > _CLOCK_SLACK:
        return "date_in_future"
    if moment.when.year < _FIRST_YEAR or moment.when.date().isoformat() in ("1970-01-01", "1900-01-01"):
        return "date_implausible"
    return None


# The zone of a publication time: as written, or from other markup of the page.

_UTC_ZONE = "+00:00"
_SAME_MINUTE = timedelta(seconds=59)
_QUARTER = timedelta(minutes=15)  # every offset in use is a multiple of this
_NEARBY = timedelta(days=7)  # a publisher's offset is assumed constant for this time


def with_zone(moment: Moment, others: Iterable[Moment], root: Tree) -> Moment:
    """Return a moment with the zone that other times of the page have.

    A time of day without a zone gets the zone of another statement of the same time, or the common offset of all times
    within a week. A time in UTC gets the offset of the same instant elsewhere on the page. If no statement confirms it,
    and another one has the same time of day with an offset, UTC is a template's label on a local time: the result is
    the other moment. Any other moment is unchanged: a zone is never guessed.
    """
    others = tuple(others)
    if moment.clock is not None:
        zone = _same_clock(moment, others) or _near_offset(moment, others)
        written = parse_moment(f"{moment.clock:%Y-%m-%dT%H:%M:%S}{zone}") if zone else None
        return written or moment
    if moment.precision == "second" and moment.zone in (None, _UTC_ZONE):
        if zone := _local_spelling(moment, others, root):
            return replace(moment, zone=zone)
        return _same_reading(moment, others) or moment
    return moment


def _same_clock(moment: Moment, others: Iterable[Moment]) -> str | None:
    """Return the offset between a time without a zone and another statement of the same instant."""
    clock = moment.clock
    for other in others:
        if clock is not None and other.precision == "second":
            offset = clock - other.when
            is_exact = other.zone == zone_text(offset) or clock.second != 0
            if abs(offset) <= _WIDEST_ZONE and not offset % _QUARTER and is_exact:
                return zone_text(offset)
    return None


def _near_offset(moment: Moment, others: Iterable[Moment]) -> str | None:
    zones = {other.zone for other in others if other.zone and abs(other.when - moment.when) <= _NEARBY} - {_UTC_ZONE}
    return zones.pop() if len(zones) == 1 else None


def _local_spelling(moment: Moment, others: Iterable[Moment], root: Tree) -> str | None:
    """Return the offset of the same instant elsewhere on the page, including scripts."""
    same = (other.zone for other in others if other.precision == "second" and _is_same_minute(other, moment))
    stated = next((zone for zone in same if zone not in (None, _UTC_ZONE)), None)
    if stated is not None:
        return stated
    pattern = re.compile(rf"\d{{4}}-\d\d-\d\d[T ]\d\d:{moment.when:%M:%S}(?:\.\d+)?[+-]\d\d:?\d\d")
    for script in root.iter("script"):
        for spelling in pattern.finditer(script.text or ""):
            other = parse_moment(spelling.group())
            if other and other.zone != _UTC_ZONE and _is_same_minute(other, moment):
                return other.zone
    return None


def _same_reading(moment: Moment, others: Iterable[Moment]) -> Moment | None:
    """Return the moment with an offset whose local time is the UTC time of ``moment``: "10:00-04:00" for "10:00Z"."""
    reading = moment.when.replace(tzinfo=None)
    return next(
        (
            other
            for other in others
            if other.precision == "second"
            and other.zone not in (None, _UTC_ZONE)
            and in_zone(other.when, other.zone).replace(tzinfo=None) == reading
        ),
        None,
    )


def _is_same_minute(one: Moment, two: Moment) -> bool:
    return abs(one.when - two.when) <= _SAME_MINUTE


def written_date(moment: Moment) -> date:
    """Return the local day of a moment. A day is at midnight UTC, whatever its zone."""
    return (moment.when if moment.precision == "day" else in_zone(moment.when, moment.zone)).date()


def as_day(moment: Moment) -> Moment:
    """Return the day that is written in a moment whose zone or time of day must be wrong."""
    return Moment(datetime.combine(written_date(moment), time.min, UTC), "day")
