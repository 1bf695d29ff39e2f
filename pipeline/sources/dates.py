"""Dates as listings write them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

Precision = Literal["second", "day"]
_DAY_ONLY = re.compile(r"\d{4}-?\d{2}-?\d{2}", re.ASCII)
_EARLIEST_YEAR = 1600  # the first newspapers; before it a date is a mistake


def parse_iso(text: str) -> tuple[datetime, Precision]:
    """Return an ISO 8601 date or time as UTC with its precision. A time without zone is taken as UTC.

    Raises: ValueError.
    """
    text = text.strip()
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the calendar") from error
    return moment, "day" if _DAY_ONLY.fullmatch(text) else "second"


def listed_date(text: str | None, *, now: datetime) -> tuple[datetime | None, Precision | None]:
    """Return the date that a listing gives, (None, None) where it gives none that can be meant."""
    if not text:
        return None, None
    try:
        moment, precision = parse_iso(text)
    except ValueError:
        return None, None
    return (moment, precision) if is_plausible(moment, now=now) else (None, None)


def is_plausible(moment: datetime, *, now: datetime) -> bool:
    """Return whether a publication date can be meant: not before newspapers, not later than tomorrow."""
    return moment.year >= _EARLIEST_YEAR and moment <= now + timedelta(days=1)
