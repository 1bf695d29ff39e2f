"""Days of the calendar: days of a month, days counted in units, named days of a year."""

from collections.abc import Mapping
from datetime import date, timedelta

from newslake.pipeline.nlp.languages.spec_events import HolidayRule

DAY = timedelta(days=1)
DAY_STEPS: Mapping[str, int] = {"D": 1, "W": 7, "F": 14}  # days of a TIMEX3 unit
MONTH_STEPS: Mapping[str, int] = {"M": 1, "Q": 3, "Y": 12, "DE": 120, "CE": 1200}  # months of a unit


def month_start(day: date, months: int) -> date:
    """Return the first day of the month this many months later."""
    number = day.year * 12 + day.month - 1 + months
    return date(min(max(number // 12, 1), 9998), number % 12 + 1, 1)


def valid_day(year: int, month: int, day: int) -> date | None:
    """Return a day; None if the month or year has no such day."""
    if not 1 <= month <= 12 or day < 1:
        return None
    last = (month_start(date(year, month, 1), 1) - DAY).day
    return date(year, month, day) if day <= last else None


def day_after(day: date, unit: str, count: int) -> date:
    """Return a day in the unit that is ``count`` units later: the first of a month for months and years."""
    if unit in MONTH_STEPS:
        return month_start(day, count * MONTH_STEPS[unit]) if count else day
    return day + count * DAY_STEPS.get(unit, 7) * DAY


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the nth weekday (Monday is 0) of a month, for ``nth`` -1 the last one."""
    first = date(year, month, 1)
    if nth < 0:
        first = month_start(first, 1)
        nth += 1
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * DAY


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the western churches, for years from 1583.

    The anonymous Gregorian algorithm, Nature 13 (1876), p. 487.
    """
    century, rest = divmod(year, 100)
    golden = year % 19
    leaps = century // 4
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def holiday_of(rule: HolidayRule, year: int) -> date:
    """Return the day of a year that a rule names."""
    if rule.month is None:
        base = easter_sunday(year)
    elif rule.nth:
        base = nth_weekday(year, rule.month, rule.weekday, rule.nth)
    else:
        base = date(year, rule.month, rule.day)
    return base + rule.shift * DAY
