"""Where a text names a time, and which days that is."""

from datetime import date

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("He died on 4 June 2019.", "4 June 2019", "2019-06-04"),
        ("He died on June 4, 2019.", "June 4, 2019", "2019-06-04"),
        ("He died on the 4th of June 2019.", "the 4th of June 2019", "2019-06-04"),
        ("He died on 2019-06-04.", "2019-06-04", "2019-06-04"),
        ("He died on 4 June.", "4 June", "2025-06-04"),
        ("He will leave on 19 June.", "19 June", "2026-06-19"),
        ("He left on 4 March.", "4 March", "2026-03-04"),
        ("He left on Monday.", "Monday", "2026-03-09"),
        ("He will leave on Monday.", "Monday", "2026-03-16"),
        ("He left last Friday.", "last Friday", "2026-03-06"),
        ("He left on Tuesday morning.", "Tuesday morning", "2026-03-10TMO"),
        ("He left yesterday.", "yesterday", "2026-03-10"),
        ("He will leave tomorrow.", "tomorrow", "2026-03-12"),
        ("He left in January.", "January", "2026-01"),
        ("He left in May.", "May", "2025-05"),
        ("He left last month.", "last month", "2026-02"),
        ("He will leave next year.", "next year", "2027"),
        ("He left earlier this week.", "earlier this week", "2026-W11"),
        ("He left three days ago.", "three days ago", "2026-03-08"),
        ("He left two months ago.", "two months ago", "2026-01"),
        ("Sales fell in the first quarter of 2025.", "the first quarter of 2025", "2025-Q1"),
        ("He left last summer.", "last summer", "2025-SU"),
        ("He grew up in the 1990s.", "the 1990s", "199"),
        ("He was born in 1955.", "1955", "1955"),
        ("He stayed for three weeks.", "three weeks", "P3W"),
        ("They meet every week.", "every week", "P1W"),
        ("They met at 10:30.", "10:30", "T10:30"),
        ("He now lives in Oslo.", "now", "PRESENT_REF"),
    ],
)
def test_value_of_an_expression(nlp, text, words, value):
    """Common forms are read against the publication day and the tense of the clause."""
    assert [(time.timex_text, time.value) for time in read(nlp, text).times] == [(words, value)]


def test_bounds_precision_and_basis(nlp):
    """Days bound an expression inclusively, and the basis says whether the text alone gave them."""
    month, day = read(nlp, "He left last month and came back on 3 March 2026.").times
    assert (month.first_day, month.last_day) == (date(2026, 2, 1), date(2026, 2, 28))
    assert (month.precision, month.basis) == ("month", "relative")
    assert (day.first_day, day.precision, day.basis) == (date(2026, 3, 3), "day", "explicit")


def test_later_in_a_same_day_report(nlp):
    """Beside a future verb "later" is the publication day; beside a past one it dates nothing."""
    assert [t.value for t in read(nlp, "They will meet in Oslo later.").times] == ["2026-03-11"]
    assert read(nlp, "She later moved to Oslo.").times == ()


def test_later_without_an_anchor_stays_open(nlp):
    """Without a publication day the word is kept without a value."""
    (time,) = read(nlp, "They will meet in Oslo later.", published=None).times
    assert (time.timex_text, time.value, time.first_day, time.basis) == ("later", None, None, "none")


@pytest.mark.parametrize(
    "text",
    [
        "Mrs May met the chancellor.",
        "May and Brandt were there.",
        "It may rain.",
        "Thousands march through the city.",
        "He sat down in the sun.",
        "Officers second the motion.",
        "The bridge cost 1999 crowns.",
    ],
)
def test_words_that_only_look_like_times(nlp, text):
    """Names, modals, verbs and plain numbers are no dates."""
    assert read(nlp, text, ("May", "PERSON", 0, None), ("Brandt", "PERSON", 1, None)).times == ()


def test_month_and_surname_in_one_sentence(nlp):
    """The month after a preposition stays a month beside a person of that name."""
    text = "Nora May resigned in June."
    assert [t.timex_text for t in read(nlp, text, ("Nora May", "PERSON", 0, None)).times] == ["June"]


def test_impossible_day_is_no_date(nlp):
    """A day that no calendar has is not bent into another one."""
    assert [t.value for t in read(nlp, "He left on 31 June 2020.").times] == []
