"""The zone of a publication time: as written, or as other markup of the same page shows it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from pipeline.clean.moments import Moment, parse_moment, zone_text
from pipeline.clean.tree import Tree

_UTC_ZONE = "+00:00"
_SAME_MINUTE = timedelta(seconds=59)
_WIDEST = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)  # every zone of the world is a multiple of it
_NEAR = timedelta(days=7)  # within which a publisher's clocks are taken to have stood alike


def with_zone(moment: Moment, others: Iterable[Moment], root: Tree) -> Moment:
    """Return a moment with the zone that the page's other times show for it.

    A time of day without a zone becomes an instant where another statement gives the same time with its zone, or
    where a time within a week of it was written with an offset. A time written in UTC gets the offset with which the
    page writes the same instant elsewhere. Anything else stays as it is: a zone is never guessed.
    """
    others = tuple(others)
    if moment.clock is not None:
        zone = _same_clock(moment, others) or _near_offset(moment, others)
        written = parse_moment(f"{moment.clock:%Y-%m-%dT%H:%M:%S}{zone}") if zone else None
        return written or moment
    if moment.precision == "second" and moment.zone in (None, _UTC_ZONE):
        return replace(moment, zone=_local_spelling(moment, others, root) or moment.zone)
    return moment


def _same_clock(moment: Moment, others: Iterable[Moment]) -> str | None:
    """Return the offset that makes a zoneless time the instant that another statement gives, to the second."""
    clock = moment.clock
    for other in others:
        if clock is not None and other.precision == "second":
            offset = clock - other.when
            is_exact = other.zone == zone_text(offset) or clock.second != 0
            if abs(offset) <= _WIDEST and not offset % _QUARTER and is_exact:
                return zone_text(offset)
    return None


def _near_offset(moment: Moment, others: Iterable[Moment]) -> str | None:
    zones = {other.zone for other in others if other.zone and abs(other.when - moment.when) <= _NEAR} - {_UTC_ZONE}
    return zones.pop() if len(zones) == 1 else None


def _local_spelling(moment: Moment, others: Iterable[Moment], root: Tree) -> str | None:
    """Return the offset with which the page writes the instant in another place, its scripts included."""
    same = (other.zone for other in others if other.precision == "second" and _is_same(other, moment))
    stated = next((zone for zone in same if zone not in (None, _UTC_ZONE)), None)
    if stated is not None:
        return stated
    pattern = re.compile(rf"\d{{4}}-\d\d-\d\d[T ]\d\d:{moment.when:%M:%S}(?:\.\d+)?[+-]\d\d:?\d\d")
    for script in root.iter("script"):
        for found in pattern.finditer(script.text or ""):
            other = parse_moment(found.group())
            if other and other.zone != _UTC_ZONE and _is_same(other, moment):
                return other.zone
    return None


def _is_same(one: Moment, two: Moment) -> bool:
    return abs(one.when - two.when) <= _SAME_MINUTE
