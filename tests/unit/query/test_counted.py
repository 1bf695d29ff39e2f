"""What a picture says it rests on, beside the same counted by hand over the files."""

from datetime import UTC, date, datetime

import pytest

from pipeline.query import answer, connect, list_questions, query, question_named
from pipeline.query.counted import Denominators, count_denominators, period_in_words

DRAWN = [question.slug for question in list_questions() if question.chart]
DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)
EXPECTED = {
    "top-speakers": (
        {"quotations by named people": 2, "people": 2, "articles": 3},
        {"quotes without a named person": 1},
    ),
    "gender-of-sources": (
        {"quotes by people": 3, "articles": 3, "quotes by people of unknown gender": 1},
        {"quotes by no person": 1},
    ),
    "source-diversity": (
        {"quotes by named people": 3, "people": 2, "articles": 3},
        {"quotes without a named person": 1},
    ),
    "new-voices": (
        {"quotes by named people": 3, "people": 2, "articles": 3},
        {"quotes without a named person": 1},
    ),
    "silent-edits": ({"articles": 1, "contents": 2, "contents that lost a quotation": 1}, {}),
    "trust-check": ({"articles": 3, "sources": 1, "articles with a guessed date": 0}, {}),
    "country-pairs": (
        {"events": 3, "reports": 6},
        {"events that did not happen, have no kind, or are not between two countries": 2},
    ),
    "syndication": ({"articles": 3, "outlets": 2}, {"articles without an outlet": 0}),
    "coverage": ({"pages": 6, "sources": 1}, {}),
    "why-rejected": ({"pages seen": 6, "sources": 1}, {}),
    "unnamed-sources": ({"quotes": 4, "articles": 3, "quotes without any speaker": 0}, {}),
    "who-speaks-first": (
        {"articles with a quote": 2},
        {"copies of another article": 1, "articles without a quote": 0},
    ),
    "top-people": (
        {"articles without their copies": 2, "people": 2, "mentions": 6},
        {"mentions that name nobody": 0},
    ),
    "reporting-lag": (
        {"reports of dated events": 2, "events": 1},
        {"reports of events without a day in the text, planned, or yet to come": 1},
    ),
}


def test_every_drawn_question_is_checked():
    """A new chart comes with what it should rest on."""
    assert set(DRAWN) == set(EXPECTED)


@pytest.mark.parametrize("slug", DRAWN)
def test_denominator_is_what_was_counted_by_hand(slug, small_lake):
    """On three articles whose rows are known every denominator is the known one."""
    found = count_denominators(connect(small_lake), question_named(slug))

    assert (dict(found.counts), dict(found.left_out)) == EXPECTED[slug]


@pytest.mark.parametrize("slug", DRAWN)
def test_denominator_of_an_empty_lake_is_nothing(slug, tmp_path):
    """Before the first article everything counted is 0, on no day."""
    found = count_denominators(connect(tmp_path), question_named(slug))

    assert {number for _, number in (*found.counts, *found.left_out)} == {0}
    assert (found.first, found.last, found.gaps) == (None, None, ())


@pytest.mark.parametrize(
    ("slug", "column", "noun"),
    [
        ("gender-of-sources", "quotes", "quotes by people"),
        ("syndication", "articles", "articles"),
        ("coverage", "discovered", "pages"),
        ("unnamed-sources", "quotes", "quotes"),
        ("who-speaks-first", "openings", "articles with a quote"),
        ("reporting-lag", "events", "reports of dated events"),
        ("country-pairs", "events", "events"),
        ("silent-edits", "contents", "contents"),
    ],
)
def test_denominator_is_the_sum_of_the_rows(slug, column, noun, small_lake):
    """What the rows of an answer count together is what stands below its picture."""
    connection = connect(small_lake)
    rows = answer(connection, slug).records()
    # A listing that could not be read is a page of its own until its source is read again.
    over = 1 if slug == "coverage" else 0

    assert (
        sum(row[column] for row in rows)
        == dict(count_denominators(connection, question_named(slug)).counts)[noun] - over
    )


def test_days_and_source_that_were_asked_for_are_counted(small_lake, write_rows):
    """A period that was asked for is told whole, with its empty days; rows outside it are not counted."""
    old = datetime(2026, 2, 26, 8, tzinfo=UTC)
    row = {"article_id": "d" * 32, "revision_id": "d" * 16, "published_at": old, "fetched_at": old}
    write_rows("articles", old.date(), [{**row, "publisher": "Post", "source_key": "other"}])
    since, until = date(2026, 2, 27), date(2026, 3, 4)

    found = count_denominators(
        connect(small_lake, since=since, until=until), question_named("syndication"), since=since, until=until
    )

    assert dict(found.counts)["articles"] == 3
    assert (found.first, found.last) == (since, until)
    assert found.gaps == ((since, date(2026, 3, 1)), (until, until))
    assert found.sentences()[-1] == ("Without an article: 4 of 6 days (27 February to 1 March 2026, 4 March 2026).")


def test_period_without_a_wish_is_that_of_the_articles(small_lake, write_rows):
    """From the first day with an article to the last, days between them that have none are gaps."""
    late = datetime(2026, 3, 6, 8, tzinfo=UTC)
    write_rows("articles", late.date(), [{"article_id": "d" * 32, "published_at": late, "fetched_at": late}])

    found = count_denominators(connect(small_lake), question_named("top-speakers"))

    assert (found.first, found.last) == (DAY, late.date())
    assert found.gaps == ((date(2026, 3, 4), date(2026, 3, 5)),)


def test_gaps_agree_with_a_calendar_in_sql(small_lake, write_rows):
    """The days of all gaps are those that a calendar joined to the articles finds empty."""
    for day in (date(2026, 1, 30), date(2026, 2, 3), date(2026, 2, 4), date(2026, 2, 20)):
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        write_rows("articles", day, [{"article_id": f"{day:%d}" * 16, "published_at": at, "fetched_at": at}])
    connection = connect(small_lake)
    found = count_denominators(connection, question_named("top-speakers"))

    (empty,) = query(
        connection,
        """SELECT count(*) FROM generate_series(DATE '2026-01-30', DATE '2026-03-03', INTERVAL 1 DAY) AS c(day)
        WHERE day::DATE NOT IN (SELECT published_date FROM articles)""",
    ).rows
    assert (sum((last - first).days + 1 for first, last in found.gaps),) == empty
    assert f"{empty[0]} of {found.days} days" in found.sentences()[-1]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (DAY, DAY, "2 March 2026"),
        (DAY, NEXT_DAY, "2 to 3 March 2026"),
        (date(2026, 2, 28), DAY, "28 February to 2 March 2026"),
        (date(2025, 3, 2), DAY, "2 March 2025 to 2 March 2026"),
        (None, None, "no day"),
    ],
)
def test_period_is_written_as_people_write_it(first, last, words):
    """What two days share is said once."""
    assert period_in_words(first, last) == words


def test_sentences_have_singulars_thousands_and_the_source():
    """One is a person, many have a comma; the source that was asked for and many gaps are told in short."""
    gaps = tuple((date(2026, 1, day), date(2026, 1, day)) for day in range(2, 22, 2))
    found = Denominators(
        counts=(("quotes by people", 1234), ("people", 1)),
        left_out=(("copies of an article", 1), ("quotes without a speaker", 0)),
        first=date(2026, 1, 1),
        last=date(2026, 1, 31),
        gaps=gaps,
        source="harbour",
    )

    assert found.sentences() == (
        "Counted: 1,234 quotes by people, 1 person, source harbour, 1 to 31 January 2026.",
        "Left out: 1 copy of an article, 0 quotes without a speaker.",
        "Without an article: 10 of 31 days (2 January 2026, 4 January 2026, 6 January 2026, 8 January 2026, "
        "10 January 2026, 12 January 2026, and 4 more stretches).",
    )
