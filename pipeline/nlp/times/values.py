"""Values of time expressions: TIMEX3 value, first and last day, precision and basis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from newslake.pipeline.model import Article
from newslake.pipeline.model.annotation import DateBasis, DatePrecision, TimexType
from newslake.pipeline.nlp.languages.spec_events import TimeData
from newslake.pipeline.nlp.times.calendar import DAY, month_start

Parts = Mapping[str, str]  # the named groups of a match
Tense = Literal["past", "present", "future", "none"]
EARLIEST, LATEST = 1500, 2099  # years that a number may stand for
UNRESOLVED = "no day: impossible, contradictory or ambiguous"
UNANCHORED = "no day: the article has no publication date to resolve it from"
NO_ANTECEDENT = "no day: counted from a day that the text does not name shortly before"
NO_RULE = "no day: the named day depends on the country, the church or the moon"
OPEN_END = "no day: the end of something that began before the report may be before or after it"
LENGTH = "no day: a length of time"
REPETITION = "no day: a time that repeats"
VAGUE = "no day: a vague time"
SEASON_STARTS = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}


@dataclass(frozen=True, slots=True)
class TimeContext:
    """The context of an expression: the published day of the report (None: unknown) and the tense of its clause.

    ``antecedent`` is the time named shortly before, from which "that day" and "two days later" count.
    """

    anchor: date | None
    tense: Tense
    times: TimeData
    antecedent: "TimeValue | None" = None


@dataclass(frozen=True, slots=True)
class TimeValue:
    """A resolved expression. Days are inclusive; None if unresolved. ``note`` is a reason why they are None."""

    timex_type: TimexType = "DATE"
    value: str | None = None
    first: date | None = None
    last: date | None = None
    precision: DatePrecision = "unknown"
    basis: DateBasis | None = None
    note: str | None = None


def reference_date(article: Article) -> date | None:
    """Return the reference date of expressions: the published day; None if its year is implausible for a newspaper."""
    day = article.published_at.date() if article.published_at else None
    return day if day and EARLIEST <= day.year <= LATEST else None


def day_value(day: date, basis: DateBasis | None, suffix: str = "") -> TimeValue:
    """Return one day; ``suffix`` is the TIMEX3 code of a part of the day."""
    return TimeValue("TIME" if suffix else "DATE", day.isoformat() + suffix, day, day, "day", basis)


def unit_value(day: date, unit: str, basis: DateBasis = "relative") -> TimeValue:
    """Return the day, week, weekend, month, quarter or year with a day, by its TIMEX3 unit."""
    if unit in ("W", "WE"):
        return week_value(day - day.weekday() * DAY, weekend=unit == "WE", basis=basis)
    if unit == "M":
        return month_value(day.year, day.month, basis)
    if unit == "Q":
        return quarter_value(day.year, (day.month + 2) // 3, basis)
    return year_value(day.year, basis) if unit == "Y" else day_value(day, basis)


def month_value(year: int, month: int, basis: DateBasis) -> TimeValue:
    """Return a whole month."""
    first = date(year, month, 1)
    return TimeValue("DATE", f"{year:04}-{month:02}", first, month_start(first, 1) - DAY, "month", basis)


def year_value(year: int, basis: DateBasis) -> TimeValue:
    """Return a whole year."""
    return TimeValue("DATE", f"{year:04}", date(year, 1, 1), date(year, 12, 31), "year", basis)


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
