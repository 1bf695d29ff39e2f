"""Times that two neighbouring expressions give together."""

from datetime import date

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model


def _times(nlp, text):
    return [(time.timex_text, time.value) for time in read(nlp, text).times]


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("He left at 3pm on Monday.", "3pm on Monday", "2026-03-09T15:00"),
        ("He will leave on Friday at 10:30.", "Friday at 10:30", "2026-03-13T10:30"),
        ("He left at 12:00 UTC Monday.", "12:00 UTC Monday", "2026-03-09T12:00Z"),
        ("He left on Monday evening at 8 p.m. and slept.", "Monday evening at 8 p.m.", "2026-03-09T20:00"),
        ("He left on the evening of 3 March.", "the evening of 3 March", "2026-03-03TEV"),
    ],
)
def test_clock_time_or_part_of_a_day_with_its_day(nlp, text, words, value):
    """A clock time or part of a day and the day next to it are one time of that day."""
    assert _times(nlp, text) == [(words, value)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He left at 3pm in March.", [("3pm", "T15:00"), ("March", "2026-03")]),
        ("He left on Monday. 3pm is too late.", [("Monday", "2026-03-09"), ("3pm", "T15:00")]),
        ("He said of 3 March that it was cold.", [("3 March", "2026-03-03")]),
    ],
)
def test_clock_time_without_its_day(nlp, text, found):
    """A clock time next to a month, or in the next sentence, stays alone."""
    assert _times(nlp, text) == found


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("He ruled from 1961 to 1979.", "from 1961 to 1979", "1961/1979"),
        ("Between June and August 2024 he slept.", "Between June and August 2024", "2024-06/2024-08"),
        ("He left from Monday to Tuesday.", "from Monday to Tuesday", "2026-03-09/2026-03-10"),
        ("He worked there from July to February.", "from July to February", "2025-07/2026-02"),
        ("He will work there from July to February.", "from July to February", "2026-07/2027-02"),
        ("He slept on 30 April - 5 May 2024.", "30 April - 5 May 2024", "2024-04-30/2024-05-05"),
    ],
)
def test_range(nlp, text, words, value):
    """The ends of a range are one expression; a bare end counts from the other one."""
    assert _times(nlp, text) == [(words, value)]


def test_days_of_a_range(nlp):
    """A range begins with the first day of its first end and ends with the last day of its last one."""
    (time,) = read(nlp, "He slept from November to January 2026.").times
    assert (time.first_day, time.last_day, time.precision) == (date(2025, 11, 1), date(2026, 1, 31), "month")


@pytest.mark.parametrize(
    "text",
    ["He left on Monday and Tuesday.", "He left in 2010 and 2012.", "He moved from 2012 to 2010.", "Monday to Friday."],
)
def test_two_times_that_are_no_range(nlp, text):
    """Two times without the words of a range, in the wrong order, or two bare weekdays, stay two."""
    assert len(_times(nlp, text)) == 2
