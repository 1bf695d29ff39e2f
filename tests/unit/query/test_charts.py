"""Charts of answers: their specification, and the validity of their files."""

import base64
import hashlib
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.chart_data import ChartLine, merge_single_period, parse_chart_line, plot, wilson
from newslake.pipeline.query.charts import PAGE_LAYOUT, PHONE_LAYOUT, ChartLayout, draw, picture_bytes
from newslake.pipeline.query.connection import QueryResult, connect
from newslake.pipeline.query.saved_queries import (
    Denominators,
    Question,
    answer,
    count_denominators,
    list_questions,
    question_named,
)

ROOT = Path(__file__).parents[3]
DRAWN = [question.slug for question in list_questions() if question.chart]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg><script>alert(1)</script>",
    "a\x00b\x1bc",
    "\u202eevil\u2066",
    "שלום",
    "{{7*7}} ${x} datum['y']",
    "https://evil.example/x.png",
    "]]>&amp;<!--",
    "",
    None,
)
COUNTED = Denominators(
    counts=(("quotes", 1234),),
    excluded=(("quotes without a speaker", 5),),
    first=date(2026, 3, 2),
    last=date(2026, 3, 15),
    gaps=((date(2026, 3, 7), date(2026, 3, 9)),),
)


def _question(chart: ChartLine, title: str = "How many?") -> Question:
    return Question(
        slug="q", title=title, about="All of them.", sql="SELECT 1", chart=chart, denominator_sql="SELECT 1"
    )


def _parts(spec: object) -> Iterator[Mapping[str, object]]:
    """Yield every object of a specification."""
    if isinstance(spec, Mapping):
        yield spec
        for each in spec.values():
            yield from _parts(each)
    elif isinstance(spec, list):
        for each in spec:
            yield from _parts(each)


def _marks(spec: object) -> list[str]:
    return [part["mark"]["type"] for part in _parts(spec) if isinstance(part.get("mark"), Mapping)]


def _file(name: str, question: Question, found: QueryResult, denominators: Denominators) -> bytes:
    chart = draw(question, found, denominators)
    return picture_bytes(Path(name), chart, question=question, answer=found, denominators=denominators)


@pytest.mark.parametrize("slug", DRAWN)
def test_every_chart_line_draws(slug, small_lake, tmp_path):
    """On a small and on an empty lake, a chart has the question above it and its denominators below it.

    Its specification is valid Vega-Lite.
    """
    for lake in (small_lake, tmp_path / "none"):
        connection, question = connect(lake), question_named(slug)
        found, denominators = answer(connection, slug), count_denominators(connection, question)
        spec = draw(question, found, denominators)
        svg = _file("a.svg", question, found, denominators).decode()

        alt.VConcatChart.from_dict(spec, validate=True)
        texts = " ".join(ElementTree.fromstring(svg).itertext())
        assert spec["vconcat"][0]["title"]["text"] == [question.title]
        assert not re.search(r"<style|\sstyle=", svg)  # a page's policy would block it
        assert " ".join(denominators.sentences()[0].split()[:4]) in texts
        assert ("No rows." in texts) == (not found.rows)


def test_text_below_a_chart():
    """The text has counts, exclusions, missing days, the shade and the thin lines."""
    line = ChartLine(kind="stack", parts=("share_women", "share_unknown", "share_men"), x="week", n="quotes")
    found = QueryResult(
        ("week", "quotes", "share_women", "share_unknown", "share_men"), ((date(2026, 3, 2), 10, 0.5, 0.1, 0.4),)
    )
    spec = draw(_question(line), found, COUNTED)

    assert spec["title"]["text"] == [
        "Counted: 1,234 quotes, 2 to 15 March 2026.",
        "Excluded: 5 quotes without a speaker.",
        "Missing days: 3 of 14 (7 to 9 March 2026).",
        "Shaded: missing days.",
        'Thin lines: 95 % interval (Wilson) of "women", if the quotes are independent.',
    ]


def test_missing_days_are_shaded():
    """On an axis of days each gap is one rectangle, from its first day to the end of its last."""
    line = ChartLine(kind="line", x="week", y="events", colour="what")
    found = QueryResult(
        ("week", "events", "what"), ((date(2026, 3, 2), 3, "conflict"), (date(2026, 3, 9), 4, "conflict"))
    )
    spec = draw(_question(line), found, COUNTED)

    assert {"x": "2026-03-07", "x_end": "2026-03-10"} in list(_parts(spec))
    assert _marks(spec) == ["rect", "line"]


def test_a_stack_lays_its_parts_end_to_end():
    """Each part begins at the end of the previous one; only the first has an interval, and unknown is grey."""
    line = ChartLine(kind="stack", parts=("share_women", "share_unknown", "share_men"), y="publisher", n="quotes")
    found = QueryResult(
        ("publisher", "quotes", "share_women", "share_unknown", "share_men"), (("Echo", 10, 0.5, 0.125, 0.375),)
    )
    chart_data = plot("q", line, found)
    spec = draw(_question(line), found, COUNTED)

    assert [(row["colour"], row["from"], row["to"], "low" in row) for row in chart_data.rows] == [
        ("women", 0.0, 0.5, True),
        ("unknown", 0.5, 0.625, False),
        ("men", 0.625, 1.0, False),
    ]
    colours = next(part["scale"] for part in _parts(spec) if part.get("field") == "colour")
    assert colours == {"domain": ["women", "unknown", "men"], "range": ["#0072B2", "#B3B3B3", "#D55E00"]}


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    # The first three from Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0, 0.1611),
        (1.0, 1, 0.2065, 1.0),
    ],
)
def test_interval_is_wilsons(share, n, low, high):
    """The interval of a share equals the published one, and is always within 0 to 1."""
    found = wilson(share, n)

    assert found is not None
    assert (round(found[0], 4), round(found[1], 4)) == (low, high)


def test_a_share_without_cases_has_no_interval():
    """There is no interval for 0 cases."""
    assert wilson(0.0, 0) is None


def test_shares_are_drawn_with_their_intervals_and_cases():
    """A bar of a share has whiskers, and its number of cases after its name; the axis ends at 100 %."""
    line = ChartLine(kind="bar", x="share_duplicates", y="publisher", n="articles")
    found = QueryResult(("publisher", "articles", "share_duplicates"), (("Echo", 20, 0.0), ("Post", 1234, 0.25)))
    chart_data, spec = plot("q", line, found), draw(_question(line), found, COUNTED)

    assert [row["y"] for row in chart_data.rows] == ["Echo (20)", "Post (1,234)"]
    assert _marks(spec) == ["bar", "rule"]
    assert [part["domain"] for part in _parts(spec) if part.get("domain", [None])[-1] == 1.0] == [[0, 1.0]]


def test_two_people_of_one_name_are_two_bars():
    """Rows with the same name are not merged."""
    line = ChartLine(kind="bar", x="words", y="speaker")
    found = QueryResult(("speaker", "words"), (("Jan Smit", 9), ("Ada Okoro", 8), ("Jan Smit", 7)))

    assert [(row["y"], row["x"]) for row in plot("q", line, found).rows] == [
        ("Jan Smit", 9),
        ("Ada Okoro", 8),
        ("Jan Smit [2]", 7),
    ]


def test_a_line_breaks_where_a_week_has_no_row():
    """A week without a row breaks the line between its neighbours."""
    line = ChartLine(kind="line", x="week", y="events")
    weeks = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 30)]
    found = QueryResult(("week", "events"), tuple((week, 5) for week in weeks))

    assert [(row["x_middle"], row["y"]) for row in plot("q", line, found).rows] == [
        ("2026-03-05T12:00:00Z", 5),
        ("2026-03-12T12:00:00Z", 5),
        ("2026-03-19T12:00:00Z", None),
        ("2026-04-02T12:00:00Z", 5),
    ]


def test_months_end_with_their_last_day():
    """A month step is as long as its month, also at the end of a year."""
    line = ChartLine(kind="heat", x="month", y="section", colour="quotes")
    found = QueryResult(
        ("month", "section", "quotes"), ((date(2025, 12, 1), "World", 1), (date(2026, 2, 1), "World", 2))
    )

    assert [row["x_end"] for row in plot("q", line, found).rows] == ["2026-01-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        (ChartLine(kind="bar", x="n", y="name"), "Shown: the first 30 of 500 rows."),
        (ChartLine(kind="line", x="day", y="n", colour="name"), "Shown: the 8 largest of 500 by name."),
        (ChartLine(kind="bar", x="n", y="day", facet="name"), "Shown: the 8 largest of 500 by name."),
        (ChartLine(kind="heat", x="day", y="name", colour="n"), "Shown: the 60 largest of 500 by name."),
    ],
)
def test_a_chart_says_what_it_does_not_show(line, remark):
    """If there are too many names for a chart, only the largest are shown, and the chart says so."""
    rows = tuple((f"name {n}", n, date(2026, 3, 2) + timedelta(days=n % 5)) for n in range(500))
    found = QueryResult(("name", "n", "day"), rows)
    chart_data = plot("q", line, found)
    spec = draw(_question(line), found, COUNTED)

    assert chart_data.remarks == (remark,)
    assert remark in spec["title"]["text"]
    if line.kind != "bar" or line.facet:
        assert "name 499" in {name for key in ("y", "colour", "facet") for name in chart_data.names(key)}


def test_a_missing_column_is_reported(tmp_path):
    """A chart line with an unknown column is an error that names the file and the column."""
    with pytest.raises(ConfigError, match=r"q\.sql: the chart line names words; columns are speaker, quotes"):
        plot("q", ChartLine(kind="bar", x="words", y="speaker"), QueryResult(("speaker", "quotes"), ()))


def test_a_question_without_a_chart_is_reported():
    """Only questions with a chart line are drawn."""
    with pytest.raises(ConfigError, match="who-said-what has no chart"):
        draw(question_named("who-said-what"), QueryResult((), ()), COUNTED)


@pytest.mark.parametrize("kind", ["bar", "line", "heat", "stack"])
def test_hostile_names_stay_text(kind):
    """No name adds an element, a URL or a control character to the SVG or the page."""
    lines = {
        "bar": ChartLine(kind="bar", x="n", y="name", facet="outlet"),
        "line": ChartLine(kind="line", x="day", y="n", colour="name"),
        "heat": ChartLine(kind="heat", x="day", y="name", colour="n"),
        "stack": ChartLine(kind="stack", y="name", parts=("share_a", "share_b"), n="n", facet="outlet"),
    }
    rows = tuple((name, name, n + 1, date(2026, 3, 2), 0.5, 0.5) for n, name in enumerate(HOSTILE))
    found = QueryResult(("name", "outlet", "n", "day", "share_a", "share_b"), rows)
    question = _question(lines[kind], title="<b>Who</b> & “what”\x07?")

    svg = _file("a.svg", question, found, COUNTED).decode()
    page = _file("a.html", question, found, COUNTED).decode()

    tags = {element.tag.rsplit("}", 1)[-1] for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {
        "svg",
        "title",
        "rect",
        "g",
        "path",
        "text",
        "tspan",
        "line",
        "defs",
        "clipPath",
        "linearGradient",
        "stop",
    }
    for text in (svg, page):
        assert not re.search(r"<(script|img|b|iframe|link|object)\b", text)
        assert not re.search(r"""(?:href|src|url)\s*[=(]\s*["']?(?!#|["']?#)\w*:?//""", text)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_files_are_complete_and_valid(small_lake):
    """The PNG has its size, the SVG is XML with a text for screen readers, the page has chart and table."""
    connection, question = connect(small_lake), question_named("top-speakers")
    found, denominators = answer(connection, "top-speakers"), count_denominators(connection, question)
    png, svg, page = (_file(f"a.{end}", question, found, denominators) for end in ("png", "svg", "html"))

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(struct.unpack(">II", png[16:24])) > 200
    root = ElementTree.fromstring(svg.decode())
    assert (root.get("role"), root.get("aria-label")) == (
        "img",
        "Who is quoted most? Counted: 2 quotes by named people (distinct), 2 people, 3 articles, 2 to 3 March 2026. "
        "Excluded: 1 quote without a named person. No missing days.",
    )
    html = page.decode()
    assert svg.decode().strip() in html
    assert '<th scope="col" class="number">words</th>' in html
    assert '<td dir="auto">Ada Okoro</td>' in html


@pytest.mark.parametrize("end", ["svg", "html"])
def test_files_have_no_external_references(end, small_lake):
    """Except for XML namespaces, no file has a URL, a script or an import."""
    connection, question = connect(small_lake), question_named("gender-of-sources")
    text = _file(
        f"a.{end}", question, answer(connection, question.slug), count_denominators(connection, question)
    ).decode()

    addresses = set(re.findall(r"[a-z]+://[^\s\"'<>)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<script|@import|url\((?!#)|\bsrc=", text)


def test_the_page_allows_only_its_own_style(small_lake):
    """Its policy names the stylesheet by hash, so a style in a value is blocked."""
    connection, question = connect(small_lake), question_named("top-speakers")
    found, denominators = answer(connection, "top-speakers"), count_denominators(connection, question)
    page = _file("a.html", question, found, denominators).decode()
    [sheet] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()

    assert f"content=\"default-src 'none'; style-src 'sha256-{digest}'\"" in page
    assert "$" not in sheet


def test_a_chart_is_the_same_bytes_in_another_process(small_lake):
    """An answer gives the same SVG and PNG each time, also in another process."""
    elsewhere = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import _drawn; print(*_drawn({str(small_lake)!r}))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "2", "TZ": "America/New_York"},
    )
    here = _drawn(small_lake)

    assert len(set(here)) == 6
    assert _drawn(small_lake) == here
    assert elsewhere.stdout.split() == here


def _drawn(lake: str | Path) -> list[str]:
    """Return the hashes of the charts of three questions, each as SVG and as PNG."""
    found = []
    for slug in ("top-speakers", "gender-of-sources", "coverage"):
        connection, question = connect(Path(lake)), question_named(slug)
        of_it = answer(connection, slug), count_denominators(connection, question)
        found += [hashlib.sha256(_file(f"a.{end}", question, *of_it)).hexdigest() for end in ("svg", "png")]
    return found


@pytest.mark.parametrize("name", ["a.gif", "a", "a.svg.txt"])
def test_other_extensions_are_refused(name):
    """The error names the file and the supported extensions."""
    with pytest.raises(ConfigError, match=r"use the extension \.png, \.svg, \.html"):
        picture_bytes(Path(name), None, question=None, answer=None, denominators=None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stack parts=share_a,share_b x=week facet=name n=cases", "stack parts=share_a,share_b y=name n=cases"),
        ("line x=week y=cases colour=name", "bar x=cases y=name"),
        ("line x=week y=cases colour=kind facet=name", "bar x=cases y=name colour=kind"),
        ("line x=week y=share_a colour=kind facet=name n=cases", "bar x=share_a y=kind facet=name n=cases"),
        ("heat x=week y=name colour=cases", "bar x=cases y=name"),
        ("bar x=cases y=name", "bar x=cases y=name"),
    ],
)
def test_one_period_is_drawn_as_bars(line: str, expected: str):
    """Lines, stacks and cells over days become bars if the answer has one period, which is then named."""
    columns = ("week", "name", "kind", "cases", "share_a", "share_b")
    one = QueryResult(columns=columns, rows=((date(2026, 3, 2), "a", "k", 3, 0.5, 0.5),) * 2)
    two = QueryResult(columns=columns, rows=(*one.rows, (date(2026, 3, 9), "a", "k", 3, 0.5, 0.5)))
    given = parse_chart_line("q", line)

    merged, sentence = merge_single_period(given, one)
    assert merged == parse_chart_line("q", expected)
    assert sentence == ("" if given.kind == "bar" else "Week: 2 March 2026.")
    assert merge_single_period(given, two) == (given, "")


def test_genders_are_words():
    """The legend names genders as docs/tables.md does, and so does the table of the file; null is (none), or empty."""
    line = parse_chart_line("q", "bar x=share y=speaker_kind colour=speaker_gender")
    found = QueryResult(
        columns=("share", "speaker_kind", "speaker_gender"),
        rows=tuple((0.25, "person", gender) for gender in ("F", "M", "U", None)),
    )

    assert plot("q", line, found).names("colour") == ["female", "male", "unknown", "(none)"]
    cells = re.findall(r'<td dir="auto">([^<]*)</td></tr>', _file("a.html", _question(line), found, COUNTED).decode())
    assert cells == ["female", "male", "unknown", ""]


@pytest.mark.parametrize("layout", [PAGE_LAYOUT, PHONE_LAYOUT])
def test_a_wider_font_does_not_cut_the_legend(layout: ChartLayout):
    """There is room for labels that are 17 % wider than measured; on a phone, long labels are below each other."""
    line = parse_chart_line("q", "bar x=events y=pair colour=kind")
    rows = ((4, "A and B", "verbal cooperation"), (1, "A and B", "material conflict"))
    found = QueryResult(columns=("events", "pair", "kind"), rows=rows)
    config = draw(_question(line), found, COUNTED, layout=layout)["config"]

    assert config["padding"]["right"] - 12 >= round(0.17 * len("verbal cooperation") * 6)
    assert config["legend"].get("columns", 1) == 1


@pytest.mark.parametrize(("layout", "ticks"), [(PHONE_LAYOUT, [0, 0.5, 1]), (PAGE_LAYOUT, [0, 0.25, 0.5, 0.75, 1])])
def test_percentages_do_not_touch(layout: ChartLayout, ticks: list[float]):
    """On a phone, the axis of a share has three ticks."""
    line = parse_chart_line("q", "bar x=share y=kind facet=publisher")
    found = QueryResult(columns=("share", "kind", "publisher"), rows=((0.5, "person", "The Post"),))
    spec = draw(_question(line), found, COUNTED, layout=layout)

    assert [part["values"] for part in _parts(spec) if "labelOverlap" in part] == [ticks]
