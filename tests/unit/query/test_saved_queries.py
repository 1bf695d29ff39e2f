"""Files of saved questions, and the denominators of their answers."""

from datetime import UTC, date, datetime

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.chart_data import ChartLine
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import (
    Denominators,
    Question,
    answer,
    count_denominators,
    describe_period,
    list_questions,
    parse_question,
    question_named,
    set_options,
    sql_of,
)

# The denominators of each chart, and the numbers counted by hand in the files.

DRAWN = [question.slug for question in list_questions() if question.chart]
DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)
EXPECTED = {
    "top-speakers": (
        {"quotes by named people (distinct)": 2, "people": 2, "articles": 3},
        {"quotes without a named person": 1},
    ),
    "gender-of-sources": (
        {"quotes by people": 3, "articles": 3, "quotes by people of unknown gender": 1},
        {"quotes by people in rows with fewer than the minimum": 0, "quotes without a person as speaker": 1},
    ),
    "source-diversity": (
        {"quotes by named people": 3, "people": 2, "articles": 3},
        {"quotes of outlets with fewer than the minimum": 0, "quotes without a named person": 1},
    ),
    "new-voices": (
        {"quotes by named people": 3, "people": 2, "articles": 3},
        {"quotes without a named person": 1},
    ),
    "silent-edits": ({"articles": 1, "revisions": 2, "revisions that lost a quote": 1}, {}),
    "trust-check": ({"articles": 3, "sources": 1, "articles with a guessed date": 0}, {}),
    "country-pairs": (
        {"events": 3, "reports": 6},
        {"events that did not happen, have no kind, are between no two countries, or are below the confidence": 2},
    ),
    "syndication": (
        {"articles": 3, "outlets": 2},
        {"articles of outlets with fewer than the minimum": 0, "articles without an outlet": 0},
    ),
    "coverage": ({"pages": 6, "sources": 1}, {}),
    "why-rejected": ({"pages seen": 6, "sources": 1}, {}),
    "unnamed-sources": (
        {"quotes": 4, "articles": 3, "quotes without a speaker": 0},
        {"quotes in rows with fewer than the minimum": 0},
    ),
    "who-speaks-first": (
        {"articles with a quote": 2},
        {
            "articles of outlets with fewer than the minimum": 0,
            "duplicates of another article": 1,
            "articles without a quote": 0,
        },
    ),
    "top-people": (
        {"articles (duplicates once)": 2, "people": 2, "mentions": 6},
        {"mentions without an entity": 0},
    ),
    "reporting-lag": (
        {"reports of dated events": 2, "events": 1},
        {
            "reports of planned or future events, of events without a day in the text, or of events below the "
            "confidence": 1
        },
    ),
}


def test_every_drawn_question_is_checked():
    """Each new chart needs expected denominators."""
    assert set(DRAWN) == set(EXPECTED)


@pytest.mark.parametrize("slug", DRAWN)
def test_denominator_is_what_was_counted_by_hand(slug, small_lake):
    """On three articles with known rows, every denominator is the known number."""
    connection = connect(small_lake)
    connection.execute("SET VARIABLE minimum = '1'")
    found = count_denominators(connection, question_named(slug))

    assert (dict(found.counts), dict(found.excluded)) == EXPECTED[slug]


@pytest.mark.parametrize("slug", DRAWN)
def test_denominator_of_an_empty_lake_is_zero(slug, tmp_path):
    """Before the first article every count is 0, without a period."""
    found = count_denominators(connect(tmp_path), question_named(slug))

    assert {number for _, number in (*found.counts, *found.excluded)} == {0}
    assert (found.first, found.last, found.gaps) == (None, None, ())


@pytest.mark.parametrize("minimum", ["1", "2"])
@pytest.mark.parametrize(
    ("slug", "column", "noun"),
    [
        ("gender-of-sources", "quotes", "quotes by people"),
        ("syndication", "articles", "articles"),
        ("coverage", "discovered", "pages"),
        ("unnamed-sources", "quotes", "quotes"),
        ("who-speaks-first", "first_quotes", "articles with a quote"),
        ("reporting-lag", "events", "reports of dated events"),
        ("country-pairs", "events", "events"),
        ("silent-edits", "revisions", "revisions"),
    ],
)
def test_denominator_is_the_sum_of_the_rows(slug, column, noun, minimum, small_lake):
    """The sum of the rows of an answer is the denominator below its chart, also of those with enough rows."""
    connection = connect(small_lake)
    connection.execute("SET VARIABLE minimum = ?", [minimum])
    rows = answer(connection, slug).records()
    # An unavailable listing counts as a page until its source is read again.
    over = 1 if slug == "coverage" else 0

    assert (
        sum(row[column] for row in rows)
        == dict(count_denominators(connection, question_named(slug)).counts)[noun] - over
    )


def test_requested_days_are_counted(small_lake, write_rows):
    """A requested period is shown in full, with its missing days; rows outside it are not counted."""
    old = datetime(2026, 2, 26, 8, tzinfo=UTC)
    row = {"article_id": "d" * 32, "revision_id": "d" * 16, "published_at": old, "fetched_at": old}
    write_rows("articles", old.date(), [{**row, "publisher": "Post", "source_key": "other"}])
    since, until = date(2026, 2, 27), date(2026, 3, 4)

    connection = connect(small_lake, since=since, until=until)
    connection.execute("SET VARIABLE minimum = '1'")
    found = count_denominators(connection, question_named("syndication"), since=since, until=until)

    assert dict(found.counts)["articles"] == 3
    assert (found.first, found.last) == (since, until)
    assert found.gaps == ((since, date(2026, 3, 1)), (until, until))
    assert found.sentences()[-1] == "Missing days: 4 of 6 (27 February to 1 March 2026, 4 March 2026)."


def test_default_period_is_that_of_the_articles(small_lake, write_rows):
    """The period is from the first to the last day with an article; days without articles between them are gaps."""
    late = datetime(2026, 3, 6, 8, tzinfo=UTC)
    write_rows("articles", late.date(), [{"article_id": "d" * 32, "published_at": late, "fetched_at": late}])

    found = count_denominators(connect(small_lake), question_named("top-speakers"))

    assert (found.first, found.last) == (DAY, late.date())
    assert found.gaps == ((date(2026, 3, 4), date(2026, 3, 5)),)


def test_gaps_agree_with_a_calendar_in_sql(small_lake, write_rows):
    """The days of all gaps are the days that a calendar joined to the articles finds empty."""
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
    assert f"Missing days: {empty[0]} of {found.days} (" in found.sentences()[-1]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (DAY, DAY, "2 March 2026"),
        (DAY, NEXT_DAY, "2 to 3 March 2026"),
        (date(2026, 2, 28), DAY, "28 February to 2 March 2026"),
        (date(2025, 3, 2), DAY, "2 March 2025 to 2 March 2026"),
        (None, None, "no days"),
    ],
)
def test_period_is_written_as_people_write_it(first, last, words):
    """A month or year that both ends share is written once."""
    assert describe_period(first, last) == words


def test_sentences_have_singulars_thousands_and_the_source():
    """1 has a singular noun, thousands have a comma; the requested source and many gaps are shortened."""
    gaps = tuple((date(2026, 1, day), date(2026, 1, day)) for day in range(2, 22, 2))
    found = Denominators(
        counts=(("quotes by people", 1234), ("people", 1)),
        excluded=(("copies of an article", 1), ("quotes without a speaker", 0)),
        first=date(2026, 1, 1),
        last=date(2026, 1, 31),
        gaps=gaps,
        source="harbour",
    )

    assert found.sentences() == (
        "Counted: 1,234 quotes by people, 1 person, source harbour, 1 to 31 January 2026.",
        "Excluded: 1 copy of an article, 0 quotes without a speaker.",
        "Missing days: 10 of 31 (2 January 2026, 4 January 2026, 6 January 2026, 8 January 2026, "
        "10 January 2026, 12 January 2026, and 4 more ranges).",
    )


HEAD = "-- title: How many?\n-- about: All of them.\n"
CHART = "-- chart: bar x=n y=name\n"
COUNTED = "\n\n-- counted:\nSELECT 3 AS quotes;\n"


def test_a_file_is_parsed():
    """Title, about, options, chart and both statements are parsed from the file's text."""
    text = f"{HEAD}-- option: about: a name\n{CHART}SELECT 'a' AS name, 1 AS n;{COUNTED}"

    assert parse_question("how-many", text) == Question(
        slug="how-many",
        title="How many?",
        about="All of them.",
        sql="SELECT 'a' AS name, 1 AS n;",
        options={"about": "a name"},
        chart=ChartLine(kind="bar", x="n", y="name"),
        denominator_sql="SELECT 3 AS quotes;",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1;", "q.sql: has 0 lines '-- title: ...'; write one"),
        (f"{HEAD}-- title: Again?\nSELECT 1;", "q.sql: has 2 lines '-- title: ...'"),
        (f"{HEAD}-- sorted: by name\nSELECT 1;", "q.sql: has the header line '-- sorted: by name'; use one of title, "),
        (f"{HEAD}-- a remark\nSELECT 1;", "q.sql: has the header line '-- a remark'"),
        (HEAD, "q.sql: lacks SQL"),
        (f"{HEAD}-- option: About X\nSELECT 1;", "q.sql: has the option 'About X'"),
        (f"{HEAD}{CHART}SELECT 1;", "q.sql: has a chart but no SQL after '-- counted:'"),
        (f"{HEAD}-- chart: pie x=n\nSELECT 1;{COUNTED}", "q.sql: the chart line begins with 'pie'; kinds are bar, "),
        (f"{HEAD}-- chart: bar x=n z=a\nSELECT 1;{COUNTED}", "q.sql: the chart line has 'z=a'"),
        (f"{HEAD}-- chart: bar x=n x=m y=a\nSELECT 1;{COUNTED}", "q.sql: the chart line has 'x=m'"),
        (f"{HEAD}-- chart: bar x=n\nSELECT 1;{COUNTED}", "q.sql: the chart line lacks y for a bar"),
        (f"{HEAD}-- chart: stack parts=a,b n=c\nSELECT 1;{COUNTED}", "q.sql: the chart line lacks one of x and y"),
    ],
)
def test_errors_of_a_file_are_reported(text, message):
    """The error names the file and the header line that is missing, repeated, unknown or misspelled."""
    with pytest.raises(ConfigError) as caught:
        parse_question("q", text)

    assert (caught.value.key, message in str(caught.value)) == ("q", True), caught.value


def test_a_limit_replaces_the_questions_own():
    """The requested limit applies, whether or not the question has its own limit."""
    for sql in (
        "SELECT n FROM t\nORDER BY n\nLIMIT 20;",
        "SELECT n FROM t\nORDER BY n;",
        "SELECT n FROM t\nORDER BY n",
    ):
        question = Question(slug="q", title="Q?", about="A.", sql=sql)
        assert sql_of(question, limit=3) == "SELECT n FROM t\nORDER BY n\nLIMIT 3;"
        assert sql_of(question) == sql


def test_a_limit_keeps_the_first_rows(small_lake):
    """A limited answer has the first of all rows."""
    connection = connect(small_lake)
    assert answer(connection, "top-speakers", limit=1).rows == answer(connection, "top-speakers").rows[:1]


def test_an_option_reaches_the_sql_as_a_value(tmp_path):
    """User input is a value, whatever it contains; an option without a value is null."""
    question = Question(slug="q", title="Q?", about="A.", sql="", options={"about": "a name", "other": "a name"})
    connection = connect(tmp_path)
    hostile = "x'); DROP TABLE quotes; --"

    set_options(connection, question, {"about": hostile})

    found = connection.execute("SELECT getvariable('about'), getvariable('other')").fetchall()
    assert found == [(hostile, None)]


def test_an_unknown_option_is_refused_with_the_known_ones(tmp_path):
    """The error for an unknown option lists the question's options."""
    question = Question(slug="q", title="Q?", about="A.", sql="", options={"about": "a name"})
    with pytest.raises(ConfigError, match=r"q has no option --abuot; did you mean --about\?"):
        set_options(connect(tmp_path), question, {"abuot": "x"})


@pytest.mark.parametrize("value", ["x", "0", "-1", "1.5", "", "9" * 30])
def test_a_number_is_one_or_more(value, small_lake):
    """A minimum that is no integer from 1 on is refused by its name."""
    with pytest.raises(ConfigError, match=r"--minimum .* an integer, 1 or more") as caught:
        answer(connect(small_lake), "syndication", options={"minimum": value})

    assert caught.value.key == "minimum"
    assert answer(connect(small_lake), "syndication", options={"minimum": "1"}).rows
