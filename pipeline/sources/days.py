"""Which days a source can be asked for."""

from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """Publication days that a listing promises in full, both included; None means no bound on that side.

    ``note`` is for a person.
    """

    first: date | None
    last: date | None
    note: str

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def newest_days(source: Source, today: date) -> DayRange:
    """Return today and yesterday.

    The news sitemap protocol keeps articles of two days; a feed its newest entries, asked for at midnight as well.
    """
    first = today - timedelta(days=1)
    return DayRange(first=first, last=today, note=f"a {source.kind} lists its newest pages only")


def past_days(_: Source, today: date) -> DayRange:
    """Return every day that is over; how far back an index goes is seen only when it is asked."""
    return DayRange(
        first=None, last=today - timedelta(days=1), note="any day that is over, as far back as its index goes"
    )


def crawled_days(source: Source, today: date) -> DayRange:
    """Return the days of a folder's files; else those whose files are in the list by now, from the first ones on."""
    if not source.is_online:
        return DayRange(first=None, last=None, note="the days that its files have in their names")
    note = "days of crawling since August 2016, two days after they ended"
    return DayRange(first=date(2016, 8, 26), last=today - timedelta(days=3), note=note)


def any_day(_: Source, __: date) -> DayRange:
    """Return all days: what files hold shows when they are read."""
    return DayRange(first=None, last=None, note="whatever days its files hold")
