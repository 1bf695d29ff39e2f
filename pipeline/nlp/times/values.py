"""Values of time expressions: TIMEX3 value, first and last day, precision and basis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pipeline.model import Article
from pipeline.model.annotation import DateBasis, DatePrecision, TimexType
from pipeline.nlp.languages.spec_events import TimeData

Parts = Mapping[str, str]  # the named groups of a match
Tense = Literal["past", "present", "future", "none"]
DAY = timedelta(days=1)
EARLIEST, LATEST = 1500, 2099  # years that a number may stand for
UNRESOLVED = "no day: impossible, contradictory or ambiguous"
UNANCHORED = "no day: the article has no publication date to resolve it from"
SEASON_STARTS = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}


@dataclass(frozen=True, slots=True)
class TimeContext:
    """The context of an expression: the published day of the report (None: unknown) and the tense of its clause."""

    anchor: date | None
    tense: Tense
    times: TimeData


@dataclass(frozen=True, slots=True)
class TimeValue:
    """A resolved expression. Days are inclusive; None if unresolved."""

    timex_type: TimexType = "DATE"
    value: str | None = None
    first: date | None = None
    last: date | None = None
    precision: DatePrecision = "unknown"
    basis: DateBasis | None = None


def reference_date(article: Article) -> date | None:
    """Return the reference date of expressions: the published day; None if its year is implausible for a newspaper."""
    day = article.published_at.date() if article.published_at else None
    return day if day and EARLIEST <= day.year <= LATEST else None


def day_value(day: date, basis: DateBasis, suffix: str = "") -> TimeValue:
    """Return one day; ``suffix`` is the TIMEX3 code of a part of the day."""
    return TimeValue("TIME" if suffix else "DATE", day.isoformat() + suffix, day, day, "day", basis)


def month_value(year: int, month: int, basis: DateBasis) -> TimeValue:
    """Return a whole month."""
    first = date(year, month, 1)
    return TimeValue("DATE", f"{year:04}-{month:02}", first, month_start(first, 1) - DAY, "month", basis)


def year_value(year: int, basis: DateBasis) -> TimeValue:
    """Return a whole year."""
    return TimeValue("DATE", f"{year:04}", date(year, 1, 1), date(year, 12, 31), "year", basis)


def month_start(day: date, months: int) -> date:
    """Return the first day of the month this many months later."""
    number = day.year * 12 + day.month - 1 + months
    return date(min(max(number // 12, 1), 9998), number % 12 + 1, 1)


def week_value(monday: date, *, weekend: bool = False, basis: DateBasis = "relative") -> TimeValue:
    """Return the week, or the weekend of the week, that begins on a Monday."""
    year, number, _ = monday.isocalendar()
    first, suffix = (monday + 5 * DAY, "-WE") if weekend else (monday, "")
    return TimeValue("DATE", f"{year}-W{number:02}{suffix}", first, monday + 6 * DAY, "week", basis)


def quarter_value(year: int, number: int, basis: DateBasis) -> TimeValue:
    """Return a quarter of a calendar year, 1 to 4."""
    first = date(year, 3 * number - 2, 1)
    return TimeValue("DATE", f"{year}-Q{number}", first, month_start(first, 3) - DAY, "quarter", basis)


def season_value(year: int, code: str, basis: DateBasis) -> TimeValue:
    """Return a season by its TIMEX3 code; winter begins in December."""
    first = date(year, SEASON_STARTS[code], 1)
    return TimeValue("DATE", f"{year}-{code}", first, month_start(first, 3) - DAY, "quarter", basis)
