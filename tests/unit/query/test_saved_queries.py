"""How the file of a saved question is read."""

import pytest

from pipeline.errors import ConfigError
from pipeline.query import answer, connect
from pipeline.query.chart_line import ChartLine
from pipeline.query.saved_queries import Question, parse_question, set_options, sql_of

HEAD = "-- title: How many?\n-- about: All of them.\n"
CHART = "-- chart: bar x=n y=name\n"
COUNTED = "\n\n-- counted:\nSELECT 3 AS quotes;\n"


def test_a_file_is_read_whole():
    """Title, about, options, chart and both statements come out of the file's text."""
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
    ("text", "told"),
    [
        ("SELECT 1;", "q.sql: has 0 lines '-- title: ...'; write one"),
        (f"{HEAD}-- title: Again?\nSELECT 1;", "q.sql: has 2 lines '-- title: ...'"),
        (f"{HEAD}-- sorted: by name\nSELECT 1;", "q.sql: has the header line '-- sorted: by name'; known are title, "),
        (f"{HEAD}-- a remark\nSELECT 1;", "q.sql: has the header line '-- a remark'"),
        (HEAD, "q.sql: has no SQL"),
        (f"{HEAD}-- option: About X\nSELECT 1;", "q.sql: has the option 'About X'"),
        (f"{HEAD}{CHART}SELECT 1;", "q.sql: has a chart and no SQL below '-- counted:'"),
        (f"{HEAD}-- chart: pie x=n\nSELECT 1;{COUNTED}", "q.sql: the chart line begins with 'pie'; kinds are bar, "),
        (f"{HEAD}-- chart: bar x=n z=a\nSELECT 1;{COUNTED}", "q.sql: the chart line has 'z=a'"),
        (f"{HEAD}-- chart: bar x=n x=m y=a\nSELECT 1;{COUNTED}", "q.sql: the chart line has 'x=m'"),
        (f"{HEAD}-- chart: bar x=n\nSELECT 1;{COUNTED}", "q.sql: the chart line lacks y for a bar"),
        (f"{HEAD}-- chart: stack parts=a,b n=c\nSELECT 1;{COUNTED}", "q.sql: the chart line lacks one of x and y"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(text, told):
    """A header line that is missing, doubled, unknown or misspelled is named with its file."""
    with pytest.raises(ConfigError) as caught:
        parse_question("q", text)

    assert (caught.value.key, told in str(caught.value)) == ("q", True), caught.value


def test_a_limit_replaces_the_questions_own():
    """What is asked for holds, whether the question ends with a limit or not."""
    for sql in (
        "SELECT n FROM t\nORDER BY n\nLIMIT 20;",
        "SELECT n FROM t\nORDER BY n;",
        "SELECT n FROM t\nORDER BY n",
    ):
        question = Question(slug="q", title="Q?", about="A.", sql=sql)
        assert sql_of(question, limit=3) == "SELECT n FROM t\nORDER BY n\nLIMIT 3;"
        assert sql_of(question) == sql


def test_a_limit_leaves_the_first_rows(small_lake):
    """Fewer rows are the first of all rows."""
    connection = connect(small_lake)
    assert answer(connection, "top-speakers", limit=1).rows == answer(connection, "top-speakers").rows[:1]


def test_an_option_reaches_the_sql_as_a_value(tmp_path):
    """What a person types is a value, whatever stands in it; an option that was not given is null."""
    question = Question(slug="q", title="Q?", about="A.", sql="", options={"about": "a name", "other": "a name"})
    connection = connect(tmp_path)
    hostile = "x'); DROP TABLE quotes; --"

    set_options(connection, question, {"about": hostile})

    found = connection.execute("SELECT getvariable('about'), getvariable('other')").fetchall()
    assert found == [(hostile, None)]


def test_an_unknown_option_is_refused_with_the_known_ones(tmp_path):
    """A question that has no such option names those it has."""
    question = Question(slug="q", title="Q?", about="A.", sql="", options={"about": "a name"})
    with pytest.raises(ConfigError, match="q has no option --abuot; its own are: --about"):
        set_options(connect(tmp_path), question, {"abuot": "x"})
