"""Time expressions in a text, and their days."""

from datetime import date

import pytest
from spacy.tokens import Doc

from pipeline.nlp.events.extraction import extract_events
from pipeline.nlp.times.extraction import find_times
from pipeline.nlp.times.values import UNANCHORED, UNRESOLVED
from pipeline.nlp.tokens import gather_tokens
from tests.processor_time import processor_seconds
from tests.unit.nlp.events_case import ENGLISH, article_of, read

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
        ("He will leave on Friday of next week.", "Friday of next week", "2026-03-20"),
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
        ("He died on 13/06/2019.", "13/06/2019", "2019-06-13"),
        ("He died on 06/13/2019.", "06/13/2019", "2019-06-13"),
        ("He left in March last year.", "March last year", "2025-03"),
        ("He left on 3 May last year.", "3 May last year", "2025-05-03"),
        ("He left on Tuesday, 3 March.", "Tuesday, 3 March", "2026-03-03"),
        ("Sales fell in the third quarter of last year.", "the third quarter of last year", "2025-Q3"),
        ("Sales fell in the second half of this year.", "the second half of this year", "2026-H2"),
        ("He grew up in the ’80s.", "the ’80s", "198"),
        ("He left in week 53 of 2026.", "week 53 of 2026", "2026-W53"),
        ("They hold an annual ball.", "annual", "P1Y"),
    ],
)
def test_value_of_an_expression(nlp, text, words, value):
    """Common forms are normalized by the published day and the tense of the clause."""
    assert [(time.timex_text, time.value) for time in read(nlp, text).times] == [(words, value)]


def test_bounds_precision_and_basis(nlp):
    """First and last day are inclusive; the basis says whether the text alone gave them."""
    month, day = read(nlp, "He left last month and came back on 3 March 2026.").times
    assert (month.first_day, month.last_day) == (date(2026, 2, 1), date(2026, 2, 28))
    assert (month.precision, month.basis) == ("month", "relative")
    assert (day.first_day, day.precision, day.basis) == (date(2026, 3, 3), "day", "explicit")


def test_later_in_a_same_day_report(nlp):
    """With a future verb "later" is the published day; with a past one it is not a date."""
    assert [t.value for t in read(nlp, "They will meet in Oslo later.").times] == ["2026-03-11"]
    assert read(nlp, "She later moved to Oslo.").times == ()


def test_later_without_a_published_day_stays_unresolved(nlp):
    """Without a published day the word has no value."""
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
    """Names, modals, verbs and plain numbers are not dates."""
    assert read(nlp, text, ("May", "PERSON", 0, None), ("Brandt", "PERSON", 1, None)).times == ()


def test_month_and_surname_in_one_sentence(nlp):
    """A month after a preposition stays a month next to a person of that name."""
    text = "Nora May resigned in June."
    assert [t.timex_text for t in read(nlp, text, ("Nora May", "PERSON", 0, None)).times] == ["June"]


def test_part_of_a_month(nlp):
    """The first and the last week of a month are its first and last seven days."""
    (time,) = read(nlp, "He left in the last week of February.").times
    assert (time.value, time.first_day, time.last_day) == ("2026-02", date(2026, 2, 22), date(2026, 2, 28))


@pytest.mark.parametrize(
    "words",
    ["31 June 2020", "February 30", "Monday, 3 March 2026", "03/04/2026", "week 53 of 2025", "9 to 4 May 2020"],
)
def test_impossible_day_stays_unresolved(nlp, words):
    """A day that is impossible, contradictory or ambiguous has no date; the note gives the reason."""
    case = read(nlp, f"Police arrested a man on {words}.")
    assert [(t.timex_text, t.value, t.first_day) for t in case.times] == [(words, None, None)]
    event = case.event("arrested")
    assert (event.event_date, event.event_date_text, event.event_date_note) == (None, words, UNRESOLVED)


def test_without_a_published_day_nothing_is_resolved(nlp):
    """Relative dates of an undated text keep their words; the note says why they have no day."""
    event = read(nlp, "Police arrested a man on Monday.", published=None).event("arrested")
    assert (event.event_date, event.event_date_text, event.event_date_note) == (None, "Monday", UNANCHORED)


RELATIVE = (
    "Police arrested a man on Monday, 29 February, last week, in the fourth quarter, next winter, 9999 years ago, "
    "nine hundred decades later, this century, in May, in week 1 of 2000 and on 29 February next year."
)


@pytest.mark.parametrize("published", [date(1, 1, 1), date(1500, 1, 1), date(2099, 12, 31), date(9999, 12, 31), None])
def test_any_published_day(nlp, published):
    """The ends of the calendar raise nothing; an implausible published day resolves nothing."""
    case = read(nlp, RELATIVE, published=published)
    relative = [time for time in case.times if time.basis == "relative"]
    assert len(case.times) >= 10
    assert bool(relative) == (published is not None and 1500 <= published.year <= 2099)


@pytest.fixture
def blank_parse(nlp):
    """Return a function from a text to its Doc and article: all verbs, one sentence, without the model."""

    def parse(text):
        article = article_of(text)
        tokens = nlp.make_doc(article.text)
        size = len(tokens)
        doc = Doc(
            nlp.vocab,
            words=[token.text for token in tokens],
            spaces=[bool(token.whitespace_) for token in tokens],
            pos=["VERB"] * size,
            tags=["VBD"] * size,
            lemmas=[token.lower_.removesuffix("ed") for token in tokens],
            deps=["ROOT"] + ["dobj"] * (size - 1),
            heads=[0, *range(size - 1)],
            sent_starts=[True] + [False] * (size - 1),
        )
        return doc, article

    return parse


def _seconds(doc, article):
    """Return the shorter of two durations, and the number of time expressions."""

    def read():
        times = find_times(doc, article, (), ENGLISH)
        extract_events(gather_tokens(doc, article), article, (), (), times, ENGLISH)

    return processor_seconds(read, tries=2), len(find_times(doc, article, (), ENGLISH))


@pytest.mark.parametrize(
    ("piece", "count"),
    [("3 May 2020, ", 5000), ("31 June, ", 5000), ("attacked the town in Spain and killed a man on Monday and ", 500)],
    ids=["dates", "impossible dates", "one sentence"],
)
def test_time_is_linear(blank_parse, piece, count):
    """Ten thousand dates, or a sentence of ten thousand words, take at most about twice the time of half of them."""
    (half, _), (whole, found) = (_seconds(*blank_parse(piece * n)) for n in (count, 2 * count))
    assert found == 2 * count
    assert whole < 3.5 * half + 0.05
