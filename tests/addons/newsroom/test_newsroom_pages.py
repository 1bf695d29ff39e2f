"""The pages of Newsroom on a small lake: counts, links, and escaping of untrusted text."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.articles import articles_page
from newslake.pipeline.addons.newsroom.pages.outcomes import pages_page, why_form, why_page
from newslake.pipeline.addons.newsroom.pages.saved_queries import (
    parse_question_request,
    question_csv,
    question_page,
    question_svg,
    questions_page,
)
from newslake.pipeline.addons.newsroom.rendering import chart_policy, error_page, parse_period, parse_text
from newslake.pipeline.addons.operate.coverage_page import coverage_page, describe_age, parse_coverage_period
from newslake.pipeline.addons.operate.coverage_values import Anomaly, Cell, Coverage, SourceCoverage, SourceDay
from newslake.pipeline.errors import ConfigError, LimitError
from newslake.pipeline.model.freshness import SourceFreshness
from newslake.pipeline.model.provenance import AnswerKind, Check, Excerpt, Fact, Provenance, ProvenanceStep
from newslake.pipeline.query import palette
from newslake.pipeline.show.rendering import link, web_link
from tests.unit.query.conftest import WriteRows, small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

DAY, TODAY = date(2026, 3, 2), date(2026, 3, 4)
HOSTILE = "<script>alert(1)</script>\"'\u202e"


def _links(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a [^>]*?href="([^"]*)"', html)]


def _coverage(key: str = "post") -> Coverage:
    facts = SourceDay(
        day=DAY,
        outcomes={"kept": 3, "rejected": 2, "unchanged": 1},
        reasons={("kept", ""): 3, ("rejected", "video_page"): 2, ("unchanged", ""): 1},
        late=1,
    )
    odd = Anomaly("few", "pipeline", "6 pages, usually 20: no run asked for it")
    cell = Cell(facts=facts, usual=20.0, is_known=True, anomalies=(odd,))
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    source = SourceCoverage(
        key=key,
        kind="feed",
        newest_at=at,
        hours_since_newest=5,
        last_seen_at=at,
        hours_since_seen=2,
        cells=(cell,),
    )
    return Coverage(first=DAY, last=DAY, sources=(source, source))


def test_coverage_links_to_pages_and_reasons():
    """Each cell, anomaly, source and reason links to its pages; a description explains the colour and the sign."""
    html = coverage_page(_coverage(), root="")

    assert "pages?source=post&day=2026-03-02" in _links(html)
    assert "pages?source=post&day=2026-03-02&outcome=rejected&reason=video_page" in _links(html)
    assert "2 rejected: video_page" in html
    assert (
        '<td><a class="alarm" href="pages?source=post&amp;day=2026-03-02" title="2026-03-02: 6 pages, usually 20:'
        in html
    )
    assert '<i aria-hidden="true">6<sup>-</sup></i>' in html
    assert "2 h ago" in html
    assert "5 h ago" in html
    assert ">pipeline</td>" in html


@pytest.mark.parametrize(
    ("hours", "age"),
    [
        (0.0, "less than 1 h ago"),
        (0.5, "less than 1 h ago"),
        (1.0, "1 h ago"),
        (71.4, "71 h ago"),
        (72.0, "3 days ago"),
    ],
)
def test_age_has_whole_hours(hours: float, age: str):
    """An age is in hours, from three days on in days; it is never 0."""
    assert describe_age(hours, otherwise="none") == age


def test_coverage_begins_with_key_figures():
    """The strip has the number of pages on the last day and of anomalies; sources without freshness have no figure."""
    html = coverage_page(_coverage(), root="")
    figures = re.findall(r'<li class="(\w*)"><strong>(\d+)</strong> ([^<]*)</li>', html)

    assert figures == [("", "12", "pages on 2 Mar"), ("warn", "2", "anomalies")]


def test_coverage_counts_fresh_stale_and_failing_sources():
    """A source counts by its status, and as failing by the cause."""
    quiet, failing = (
        SourceFreshness(
            source_key=key,
            status=status,
            cause=cause,
            basis="configured",
            newest_at=None,
            last_polled_at=None,
            warn_after_hours=2.0,
            error_after_hours=4.0,
            since=None,
            message="",
        )
        for key, status, cause in (("post", "ok", None), ("echo", "stale", "failing"))
    )
    [source, _] = _coverage().sources
    found = Coverage(
        first=DAY, last=DAY, sources=(replace(source, freshness=quiet), replace(source, key="echo", freshness=failing))
    )
    html = coverage_page(found, root="")

    for look, figure in (("good", "1</strong> fresh"), ("bad", "1</strong> stale"), ("bad", "1</strong> failing")):
        assert f'<li class="{look}"><strong>{figure}' in html


def test_coverage_offers_the_sources_that_exist():
    """The filter is a list of the known sources, with the selected one."""
    html = coverage_page(_coverage(), root="", source_key="post", choices=("echo", "post"))

    assert re.findall(r"<option(?: selected)?>(\w+)", html) == ["echo", "post"]
    assert "<option selected>post" in html


@pytest.mark.parametrize(
    ("today", "query", "last"),
    [
        ("2026-03-04", {}, "2026-03-04"),
        ("2026-05-01", {}, "2026-03-03"),
        ("2026-05-01", {"to": "2026-04-30"}, "2026-04-30"),
    ],
)
def test_coverage_opens_where_there_is_data(small_lake: Path, today: str, query: dict[str, str], last: str):
    """The default period ends today; without an article in it, on the newest day with one. Given days are kept."""
    _, end = parse_coverage_period(small_lake, query, today=date.fromisoformat(today))

    assert str(end) == last


def test_the_bar_marks_the_current_page(small_lake: Path):
    """The bar links to the pages of Newsroom, marks the current one, and has a search field."""
    html = articles_page(small_lake, {}, today=TODAY, root="")
    labels = re.findall(r'<li><a href="(\w+)"( aria-current="page")?>(\w+)</a></li>', html)

    assert [label for _, _, label in labels] == ["Coverage", "Articles", "People", "Events", "Questions", "Why"]
    assert [path for path, current, _ in labels if current] == ["articles"]
    assert '<form action="search" role="search"><input type="search" name="q"' in html


def test_coverage_as_a_file_is_self_contained():
    """A standalone file links only to itself, and contains its policy."""
    html = coverage_page(_coverage())

    assert [each for each in _links(html) if not each.startswith("#")] == []
    assert "http-equiv" in html
    assert "<form" not in html


def test_names_of_sources_are_escaped():
    """Markup in a source key stays text, in cells, links and titles."""
    html = coverage_page(_coverage(HOSTILE), root="")

    assert "<script" not in html
    assert "\u202e" not in html


def test_pages_have_their_reasons(small_lake: Path):
    """Each page of a cell has its latest status, the reason, and a link to its provenance."""
    html = pages_page(small_lake, {"source": "harbour", "day": "2026-03-02"}, today=TODAY, root="")

    assert "why?url=https%3A%2F%2Fa.example%2F2" in _links(html)
    row = re.search(r"<tr>(?:(?!</tr>).)*a\.example/2<(?:(?!</tr>).)*</tr>", html, re.DOTALL)[0]
    assert "<td>rejected</td><td>video_page</td>" in row
    assert "a player and no text" in row


def test_pages_of_one_outcome(small_lake: Path):
    """Only pages with the requested outcome and reason are listed."""
    query = {"source": "harbour", "day": "2026-03-02", "outcome": "quarantined"}
    html = pages_page(small_lake, query, today=TODAY, root="")

    assert re.findall(r"a\.example/(\d)</bdi>", html) == ["3"]
    assert '<option value="quarantined" selected>' in html or "<option selected>quarantined" in html


def test_pages_need_a_source(small_lake: Path):
    """Without a source, the message says what to give."""
    with pytest.raises(ConfigError, match="source is missing: give the key"):
        pages_page(small_lake, {}, today=TODAY, root="")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["Bridge talks", "Harbour reopens", "Harbour reopens"]),
        ({"day": "2026-03-03"}, ["Bridge talks"]),
        ({"text": "REOPENED"}, ["Harbour reopens", "Harbour reopens"]),
        ({"text": "bridge"}, ["Bridge talks"]),
        ({"person": "nobody at all"}, []),
        ({"event_type": "protest"}, []),
        ({"source": "elsewhere"}, []),
    ],
)
def test_articles_are_filtered(small_lake: Path, query: dict[str, str], titles: list[str]):
    """Day, source, person, event type and text each select the matching articles, newest first."""
    html = articles_page(small_lake, query, today=TODAY, root="")

    assert re.findall(r'<th scope="row" class="text"><a href="articles/\w+"><bdi>([^<]*)', html) == titles


def test_the_filter_offers_what_exists(small_lake: Path):
    """Sources and event types are lists of what exists, with the selected value; people are suggestions."""
    html = articles_page(small_lake, {"source": "elsewhere", "event_type": "protest"}, today=TODAY, root="")
    options = re.findall(r"<option(?: selected)?>([^<]+)", html)

    assert {"elsewhere", "CONSULT", "OTHER", "PROTEST", "Ada Okoro"} <= set(options)
    assert re.findall(r"<option selected>([^<]+)", html) == ["elsewhere", "PROTEST"]
    assert '<datalist id="people">' in html


def test_articles_are_paged(write_rows: WriteRows):
    """50 per page; each article once, also those with equal times; the last page has no link to more."""
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    rows = [
        {
            "article_id": f"{n:032x}",
            "revision_id": f"{n:016x}",
            "published_at": at if n % 2 else None,
            "title": f"No {n}",
            "fetched_at": at,
        }
        for n in range(120)
    ]
    lake = write_rows("articles", DAY, rows)
    query, seen = {}, []
    for _ in range(3):
        html = articles_page(lake, query, today=TODAY, root="")
        seen.append(re.findall(r"articles/(\w{32})", html))
        [more] = [each for each in _links(html) if "after=" in each] or [""]
        query = {"from": "2026-02-01", "to": "2026-03-02", "after": _value(more, "after")} if more else {}

    assert [len(each) for each in seen] == [50, 50, 20]
    assert len({each for some in seen for each in some}) == 120
    assert query == {}


def _value(href: str, name: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(href).query)[name][0]


@pytest.mark.parametrize("after", ["x", "2026-03-02", "9999-99-99T00:00:00,a", "0001-01-01T00:00:00+14:00,a"])
def test_an_invalid_cursor_is_refused(small_lake: Path, after: str):
    """A value that is not a position in the list is an error that says what to do."""
    with pytest.raises(ConfigError, match="after="):
        articles_page(small_lake, {"after": after}, today=TODAY, root="")


def test_titles_are_escaped(write_rows: WriteRows):
    """Markup and direction overrides in a title are shown as text."""
    row = {
        "article_id": "d" * 32,
        "revision_id": "d" * 16,
        "published_at": None,
        "title": HOSTILE,
        "fetched_at": datetime(2026, 3, 2, tzinfo=UTC),
        "publisher": HOSTILE,
    }
    html = articles_page(write_rows("articles", DAY, [row]), {}, today=TODAY, root="")

    assert "<script" not in html
    assert "[U+202E]" in html


def test_question_states_its_denominators(small_lake: Path):
    """A question has its answer, chart, denominators, SQL, its rows as a file, and the equivalent command."""
    request = parse_question_request("top-speakers", {"from": "2026-03-01", "to": "2026-03-04"})
    html = question_page(small_lake, request, root="../")

    assert "../questions/top-speakers.csv?from=2026-03-01&to=2026-03-04" in _links(html)
    assert '<img src="../questions/top-speakers.svg?from=2026-03-01&amp;to=2026-03-04" alt="Who is quoted most?' in html
    assert "Counted:" in html
    assert "Missing days:" in html
    assert "SELECT" in html
    assert "newslake ask top-speakers --from 2026-03-01 --to 2026-03-04" in html


def test_question_as_files(small_lake: Path):
    """The chart is SVG without scripts, its only style is that of a dark page; the rows are those of `ask --csv`."""
    request = parse_question_request("top-speakers", {})
    picture, rows = question_svg(small_lake, request).decode(), question_csv(small_lake, request).decode()

    assert picture.startswith("<svg ")
    assert picture.count(f"<style>{palette.DARK_STYLE}</style>") == 1
    assert not re.search(r"<script|href|<style|<image|on\w+=", picture.replace(f"<style>{palette.DARK_STYLE}", ""))
    assert chart_policy().startswith("default-src 'none'; style-src 'sha256-")
    assert rows.splitlines()[0].startswith("speaker,")


def test_the_size_of_a_file_is_limited(small_lake: Path, monkeypatch: pytest.MonkeyPatch):
    """A file larger than the limit of the api-server is refused; the message names the command without a limit."""
    rows = question_csv(small_lake, parse_question_request("top-speakers", {}))
    monkeypatch.setattr("newslake.pipeline.addons.newsroom.pages.saved_queries.MOST_BYTES", len(rows) - 1)

    with pytest.raises(LimitError, match="newslake ask --csv"):
        question_csv(small_lake, parse_question_request("top-speakers", {}))


def test_every_question_is_listed_and_answered(small_lake: Path):
    """The list links to every saved question, and each has a page."""
    slugs = re.findall(r'href="questions/([a-z-]+)"', questions_page(root=""))

    assert len(slugs) >= 15
    for slug in slugs:
        assert "<summary>SQL" in question_page(small_lake, parse_question_request(slug, {}), root="../")


def test_why_begins_with_a_form():
    """Without a subject, the page has a form for a URL, an article or a row; a result has it, too, with its subject."""
    start = why_form(root="../")
    result = why_page(Provenance(query="https://a.example/1", answer="kept", steps=()), root="")

    assert '<form action="../why"' in start
    assert '<input name="url" value=""' in start
    assert '<input name="url" value="https://a.example/1"' in result


@pytest.mark.parametrize(
    ("answer", "holds", "look", "sentence"),
    [
        ("kept", (True, True), "yes", "In the lake. Checks that hold: 2."),
        ("kept", (True, False, None), "no", "In the lake. Checks that hold: 1, failed: 1, undecided: 1."),
        ("not_kept", (None,), "open", "Not in the lake. Checks undecided: 1."),
        ("unknown", (), "open", "Unknown page. No checks."),
    ],
)
def test_why_begins_with_its_verdict(answer: AnswerKind, holds: tuple[bool | None, ...], look: str, sentence: str):
    """One sentence says whether the page is in the lake, and how many checks hold, failed or cannot be decided."""
    step = ProvenanceStep(name="text", headline="", checks=tuple(Check(each, "a check") for each in holds))
    html = why_page(Provenance(query="d" * 32, answer=answer, steps=(step,)), root="")

    assert f'<li class="{look}">{sentence}</li>' in html


def test_an_error_page_leads_on():
    """The error page has links to all pages, and its message as it is: its first word may be a name or a parameter."""
    html = error_page(404, "no such person", root="../")

    assert "<bdi>no such person</bdi>" in html
    assert html.count('<li><a href="../events">Events</a></li>') == 2  # in the bar and on the page


def test_why_leads_to_the_page():
    """The URL of an article in the steps is a link that opens outside of the frame; other values are text."""
    facts = (Fact("url", "https://a.example/1"), Fact("listed as", "https://b.example/"), Fact("url", "file:///c"))
    step = ProvenanceStep(name="article", headline="Harbour reopens", facts=facts)
    html = why_page(Provenance(query="d" * 32, answer="kept", steps=(step,)), root="")

    assert '<a href="https://a.example/1" target="_blank" rel="noopener noreferrer">' in html
    assert [each for each in _links(html) if "b.example" in each or "file" in each] == []


def test_why_shows_each_step():
    """Facts with their method, checks with their result, and the span marked in its sentence."""
    step = ProvenanceStep(
        name="text",
        headline="paragraph 1",
        facts=(Fact("speaker", HOSTILE, "by pronoun"),),
        checks=(Check(False, "text[1:2] is not quote_text"),),
        excerpt=Excerpt(before="a ", span="b", after=" c", start_char=2, end_char=3),
    )
    html = why_page(Provenance(query="javascript:alert(1)", answer="kept", steps=(step,)), root="")

    assert "a <mark>b</mark> c" in html
    assert '<li class="no"><bdi>text[1:2] is not quote_text' in html
    assert "<script" not in html
    assert [each for each in _links(html) if "javascript" in each] == []


@pytest.mark.parametrize(
    ("query", "period"),
    [
        ({}, ("2026-02-26", "2026-03-04")),
        ({"day": "2026-01-01"}, ("2026-01-01", "2026-01-01")),
        ({"from": "2026-03-03"}, ("2026-03-03", "2026-03-04")),
        ({"from": "2026-01-01"}, ("2026-01-01", "2026-01-07")),
        ({"to": "2026-01-07"}, ("2026-01-01", "2026-01-07")),
        ({"from": "2027-01-01"}, ("2027-01-01", "2027-01-01")),
    ],
)
def test_periods(query: dict[str, str], period: tuple[str, str]):
    """A missing end is a week from the other, and never after the last day."""
    assert tuple(map(str, parse_period(query, last=TODAY, days=7))) == period


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"to": "0001-01-01"},
        {"day": "9999-12-31"},
        {"day": "x" * 999},
    ],
)
def test_invalid_periods(query: dict[str, str]):
    """An invalid date or a period that is too long is an error that names the parameter."""
    with pytest.raises(ConfigError, match=next(iter(query))):
        parse_period(query, last=TODAY, days=7)


def test_links():
    """Links are relative and quoted; external links lead only to web pages."""
    assert link("../", "pages", source="a&b", from_=DAY, after=None) == "../pages?source=a%26b&from=2026-03-02"
    assert web_link("HTTPS://a.example/") == "HTTPS://a.example/"
    assert {web_link(each) for each in ("javascript:alert(1)", "data:text/html,x", "file:///x", "", None)} == {""}
    assert parse_text({"a": "  "}, "a") is None
