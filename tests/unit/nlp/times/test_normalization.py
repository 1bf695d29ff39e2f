"""Time expressions in a text, and their days."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from spacy.tokens import Doc

from newslake.pipeline.nlp.events.extraction import extract_events
from newslake.pipeline.nlp.languages.en.times import TIMES
from newslake.pipeline.nlp.times.extraction import find_times
from newslake.pipeline.nlp.times.values import LENGTH, NO_ANTECEDENT, NO_RULE, REPETITION, UNANCHORED, UNRESOLVED, VAGUE
from newslake.pipeline.nlp.tokens import gather_tokens
from tests.processor_time import is_linear, processor_seconds
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
        ("He left last Tuesday.", "last Tuesday", "2026-03-03"),
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
        ("He left last spring.", "last spring", "2025-SP"),
        ("He was jailed for a 2019 attack.", "2019", "2019"),
        ("He condemned its 2022 invasion of Spain.", "2022", "2022"),
        ("He missed a 2022/23 title.", "2022", "2022"),
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
        ("He left the day before yesterday.", "the day before yesterday", "2026-03-09"),
        ("He will leave on Friday the 13th.", "Friday the 13th", "2026-03-13"),
        ("He left on Monday last week.", "Monday last week", "2026-03-02"),
        ("He will leave a week on Friday.", "a week on Friday", "2026-03-20"),
        ("He left a year ago today.", "a year ago today", "2025-03-11"),
        ("He died on the second of August 1990.", "the second of August 1990", "1990-08-02"),
        ("He will leave on the 5th of next month.", "the 5th of next month", "2026-04-05"),
        ("He died in the 19th century.", "the 19th century", "18"),
        ("He has slept for weeks.", "weeks", "PXW"),
        ("He left in recent days.", "recent days", "PXD"),
        ("He has slept here for the past few weeks.", "the past few weeks", "PXW"),
        ("They met twice a month.", "twice a month", "P1M"),
        ("They meet every other day.", "every other day", "P2D"),
        ("They meet on Tuesdays.", "Tuesdays", "XXXX-WXX-2"),
        ("They meet every morning.", "every morning", "XXXX-XX-XXTMO"),
        ("He resigned in the summer.", "the summer", "2025-SU"),
        ("He waited a quarter of an hour.", "a quarter of an hour", "PT15M"),
        ('He wrote (date="March 9, 2016")', "March 9, 2016", "2016-03-09"),
        ("He left on Jan. 15.", "Jan. 15", "2026-01-15"),
    ],
)
def test_value_of_an_expression(nlp, text, words, value):
    """Common forms are normalized by the published day and the tense of the clause."""
    assert [(time.timex_text, time.value) for time in read(nlp, text).times] == [(words, value)]


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("He left on Christmas Eve.", "Christmas Eve", "2025-12-24"),
        ("He will leave on Good Friday.", "Good Friday", "2026-04-03"),
        ("He left last Thanksgiving.", "last Thanksgiving", "2025-11-27"),
        ("He left on Valentine’s Day in 2019.", "Valentine’s Day in 2019", "2019-02-14"),
    ],
)
def test_named_day(nlp, text, words, value):
    """A named day is resolved by its rule, on the side of the tense."""
    assert [(time.timex_text, time.value) for time in read(nlp, text).times] == [(words, value)]


@pytest.mark.parametrize(
    "text",
    [
        "He wrote about Bloody Sunday.",
        "They bought a Christmas tree.",
        "They prayed in thanksgiving.",
        "He scored in the third quarter.",
        "They rose from 1200 to 1500.",
        "It was his third century.",
    ],
)
def test_words_that_name_no_day(nlp, text):
    """Names of events, modifiers, quarters of a match and plain numbers are not dates."""
    assert read(nlp, text).times == ()


def test_quarter_of_a_business_year(nlp):
    """A quarter without a year needs a word about business near it."""
    assert [time.value for time in read(nlp, "Profit fell in the third quarter.").times] == ["2025-Q3"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("He arrived on 3 March. That day he left.", "2026-03-03"),
        ("He arrived on 3 March. He left the same evening.", "2026-03-03TEV"),
        ("He arrived on 3 March. He left the same week.", "2026-W10"),
        ("He arrived on 3 March. He left that same month.", "2026-03"),
        ("He arrived on 3 March. The next day he left.", "2026-03-04"),
        ("He arrived on 3 March. Two weeks earlier he was ill.", "2026-W08"),
        ("He arrived in 2019. A year later he left.", "2020"),
        ("He arrived in 2019. He left the same day.", None),
        ("He arrived. He left the same day.", None),
    ],
)
def test_time_that_counts_from_the_one_before(nlp, text, value):
    """ "That day" and "two days later" count from the time named shortly before, if that is precise enough."""
    assert read(nlp, text).times[-1].value == value


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("He left the same day.", NO_ANTECEDENT),
        ("He left during Ramadan.", NO_RULE),
        ("He left for years.", LENGTH),
        ("He left daily.", REPETITION),
        ("He left recently.", VAGUE),
        ("He left on 31 June.", UNRESOLVED),
        ("He left on 10 March.", None),
    ],
)
def test_note_of_a_time_without_a_day(nlp, text, note):
    """A time without days says why; one with days has no note."""
    assert [time.note for time in read(nlp, text).times] == [note]


def test_year_at_the_end_of_a_title(nlp):
    """A title may end with the year of the report after a name; no other number is one."""
    assert [t.value for t in read(nlp, "It rained.", title="Brito opens Orrin Cup 2026").times] == ["2026"]
    assert read(nlp, "It rained.", title="Brito drives the Orrin Gale 2008").times == ()


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
    assert (time.timex_text, time.value, time.first_day, time.basis) == ("later", None, None, None)


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


LISTED = """
on the 15th of last month, the third of May, the last week of June, in the 19th century, on Friday of last week, last
week on Friday, a week on Tuesday, Tuesday fortnight, a week today, two days from tomorrow, earlier today, the past
decade, earlier this month, the end of the week, the same period last year, that very day, the entire year, for the
month, later in the week, that night, the following week, the next day, the previous night, three days ago, two weeks
later, the last ten years, the next weeks, the past century, for decades, in days, recent months, half an hour, a
quarter of an hour, every other week, twice a year, each Monday, Mondays, every night, every summer, each May, the first
quarter, week 7 of 2021
"""


def test_letters_of_a_pattern_leave_out_no_match(nlp):
    """The letters that a pattern lists only save time: without them the same times are found."""
    bare = replace(TIMES, patterns=tuple((reading, kind.split()[0], text) for reading, kind, text in TIMES.patterns))
    for phrase in LISTED.replace("\n", " ").split(","):
        article = article_of(f"They said {phrase.strip()} was wrong.")
        tokens = gather_tokens(nlp(article.text), article)
        assert find_times(tokens, article, (), ENGLISH) == find_times(tokens, article, (), SimpleNamespace(times=bare))


RELATIVE = (
    "Police arrested a man on Monday, 29 February, last week, in the fourth fiscal quarter, next winter, "
    "9999 years ago, nine hundred decades later, this century, in May, in week 1 of 2000 and on 29 February next year."
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
    def read():
        tokens = gather_tokens(doc, article)
        times = find_times(tokens, article, (), ENGLISH)
        extract_events(tokens, article, (), (), times, ENGLISH)

    return processor_seconds(read)


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        ("3 May 2020, ", 10_000),
        ("31 June, ", 10_000),
        ("attacked the town in Spain and killed a man on Monday and ", 1000),
    ],
    ids=["dates", "impossible dates", "one sentence"],
)
def test_time_is_linear(blank_parse, piece, count):
    """The time is linear in the number of dates and in the words of a sentence, for ten thousand of each."""
    doc, article = blank_parse(piece * count)
    assert len(find_times(gather_tokens(doc, article), article, (), ENGLISH)) == count
    assert is_linear(lambda times: _seconds(*blank_parse(piece * times)), count // 8)
