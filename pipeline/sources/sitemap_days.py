"""Which days a sitemap, or an entry of one, can be of."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from pipeline.model import Ref

_BETWEEN = r"(?:[-_./]|&[a-z]+=)?"  # 2026-03-02, 20260302, 2026/03/02, yyyy=2026&mm=03&dd=02
_YEAR, _MONTH, _DAY = r"((?:19|20)\d\d)", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_DATED = re.compile(rf"(?<!\d){_YEAR}(?:{_BETWEEN}{_MONTH}(?:{_BETWEEN}{_DAY})?)?(?!\d)", re.ASCII | re.IGNORECASE)
_DATED_PATH = re.compile(rf"/{_YEAR}[-/]?{_MONTH}[-/]?{_DAY}/", re.ASCII)
# Zones differ, and what is published at midnight stands in its neighbour.
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, year: int, month: int | None = None, day: int | None = None) -> Self:
        """Return a year, a month or a day. Raises: ValueError for one that no calendar has."""
        last_month = month or 12
        last = date(year, last_month, day or monthrange(year, last_month)[1])
        return cls(date(year, month or 1, day or 1), last)

    def can_hold(self, day: date) -> bool:
        """Return whether something of a day may stand in a sitemap of these days."""
        return self.first - _MARGIN <= day <= self.last + _MARGIN


def window_of(url: str) -> Window | None:
    """Return the days that a sitemap's path or query names, the shortest stretch of several; None without any."""
    parts = urlsplit(url)
    found = []
    for match in _DATED.finditer(f"{parts.path}?{parts.query}"):
        try:
            found.append(Window.of(*(int(each) for each in match.groups() if each)))
        except ValueError:  # 30 February
            continue
    return min(found, key=lambda window: window.last - window.first, default=None)


def fill_template(template: str, day: date) -> tuple[str, Window | None]:
    """Return a URL with {year}, {month} and {day} filled in, and the days that it is of; None without placeholders."""
    url = template.replace("{year}", f"{day:%Y}").replace("{month}", f"{day:%m}").replace("{day}", f"{day:%d}")
    if url == template:
        return url, None
    finest = day.day if "{day}" in template else None
    return url, Window.of(day.year, day.month if finest or "{month}" in template else None, finest)


def can_hold(url: str, changed_at: datetime | None, *, day: date, around: Window | None) -> bool:
    """Return whether a sitemap may hold entries of a day: by its name, else by that of the index ``around`` it.

    Where no name says anything, its last change is a hint: what changed last before the day holds nothing of it.
    """
    window = window_of(url) or around
    if window is not None:
        return window.can_hold(day)
    return changed_at is None or changed_at.date() >= day - _MARGIN


def day_of(ref: Ref) -> date | None:
    """Return the day of an entry: as published, else as its path says, else of its last change; None without any."""
    if ref.hints.published_at is not None:
        return ref.hints.published_at.date()
    for match in _DATED_PATH.finditer(urlsplit(ref.url or "").path):
        try:
            return date(*(int(each) for each in match.groups()))
        except ValueError:
            continue
    return ref.hints.modified_at.date() if ref.hints.modified_at is not None else None
