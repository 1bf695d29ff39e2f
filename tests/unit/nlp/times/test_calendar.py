"""Days of the calendar."""

from datetime import date

import pytest

from newslake.pipeline.nlp.languages.spec_events import HolidayRule
from newslake.pipeline.nlp.times.calendar import day_after, easter_sunday, holiday_of, nth_weekday, valid_day


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1583, date(1583, 4, 10)),
        (1818, date(1818, 3, 22)),
        (1943, date(1943, 4, 25)),
        (2024, date(2024, 3, 31)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_sunday(year, day):
    """The earliest and the latest Easter are right, and those between."""
    assert easter_sunday(year) == day


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        (HolidayRule(month=12, day=24), date(2026, 12, 24)),
        (HolidayRule(month=11, weekday=3, nth=4), date(2026, 11, 26)),
        (HolidayRule(month=11, weekday=3, nth=4, shift=1), date(2026, 11, 27)),
        (HolidayRule(month=5, weekday=0, nth=-1), date(2026, 5, 25)),
        (HolidayRule(month=12, weekday=3, nth=-1), date(2026, 12, 31)),
        (HolidayRule(shift=-2), date(2026, 4, 3)),
    ],
)
def test_holiday_of_a_year(rule, day):
    """A rule names a fixed day, the nth or last weekday of a month, or a day counted from Easter."""
    assert holiday_of(rule, 2026) == day


def test_nth_weekday_that_begins_the_month():
    """The first weekday of a month may be its first day."""
    assert nth_weekday(2026, 6, 0, 1) == date(2026, 6, 1)


def test_valid_day():
    """A day that a month or year does not have is None."""
    assert [valid_day(2024, 2, 29), valid_day(2025, 2, 29), valid_day(2025, 13, 1)] == [date(2024, 2, 29), None, None]


@pytest.mark.parametrize(
    ("unit", "count", "day"),
    [("D", 2, date(2026, 2, 2)), ("W", -1, date(2026, 1, 24)), ("M", 1, date(2026, 2, 1)), ("Y", 0, date(2026, 1, 31))],
)
def test_day_after_units(unit, count, day):
    """Days and weeks are counted from the day; a later month or year gives its first day."""
    assert day_after(date(2026, 1, 31), unit, count) == day
