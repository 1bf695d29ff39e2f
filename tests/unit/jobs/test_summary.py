"""The summary at the end of a run: what is counted, and how it reads."""

from datetime import UTC, date, datetime

import pytest

from newslake.pipeline.jobs.outcomes import OutcomeRecorder
from newslake.pipeline.jobs.summary import summarize, summary_lines, unlisted_lines
from newslake.pipeline.model import Outcome
from newslake.pipeline.model.outcome import OutcomeKind

DAY = date(2026, 3, 2)
HINT = "  for one page: `newslake why URL`; for all reasons: `newslake ask why-rejected`"


def outcome(kind: OutcomeKind, url: str, reason: str | None = None, **facts: str) -> Outcome:
    """Return the outcome of a page; its article has the same name unless ``article_id`` is given."""
    recorder = OutcomeRecorder(run_id="r", stage="fetch", now=datetime(2026, 3, 2, 20, tzinfo=UTC))
    given = {"source_key": "post", "article_id": f"article of {url}", **facts}
    recorder.record(kind, url=url, news_day=DAY, reason=reason, **given)
    return recorder.outcomes[0]


def archived(*urls: str) -> list[Outcome]:
    """Return the outcomes of an ingest that archived pages."""
    return [outcome("pending", url, "archived") for url in urls]


def lines(*, took: str = "", **given: object) -> list[str]:
    """Return the summary of outcomes as lines."""
    return list(summary_lines(summarize(**given), label="2026-03-02", took=took))


def test_a_good_run_is_one_line() -> None:
    """Pages that were archived and then committed are not waiting."""
    kept = [outcome("kept", url, stage="commit") for url in ("/1", "/2", "/3")]
    assert lines(ingested=archived("/1", "/2", "/3"), extracted=kept, fetched=3, took="34 s") == [
        "2026-03-02: 3 pages fetched, 3 articles committed (34 s)"
    ]


def test_a_run_without_news_says_so() -> None:
    """Pages that did not change are counted, and nothing else is; pages that the run did not find have a line."""
    same = [outcome("unchanged", "/1", "not_modified"), outcome("unchanged", "/2", "committed", stage="derive")]
    assert lines(ingested=same, extracted=same) == ["2026-03-02: nothing new, 2 pages unchanged"]
    assert lines(ingested=same[:1], extracted=same) == [
        "2026-03-02: nothing new, 1 page unchanged",
        "  other pages of the same days: 1 unchanged",
    ]
    assert lines(ingested=[], extracted=[]) == ["2026-03-02: nothing new"]


def test_pages_that_are_not_checked_are_counted() -> None:
    """A page that was not requested counts as not checked, also if its rows are current; a failed recheck has a row.

    A page that a push left to its own source counts only there.
    """
    known = [outcome("not_checked", url, "already_fetched") for url in ("/1", "/2")]
    ingested = [*known, outcome("not_checked", "/3", "left_to_source"), outcome("not_checked", "/4", "http_503")]
    current = [outcome("unchanged", "/1", "committed", stage="derive")]
    assert lines(ingested=ingested, extracted=current) == [
        "2026-03-02: nothing new, 3 pages not checked",
        "  not checked: 1 page",
        "    1  http_503  /4",
        HINT,
    ]
    later = [outcome("unchanged", "/2", "not_modified")]
    assert lines(ingested=[*known, *later], extracted=[]) == [
        "2026-03-02: nothing new, 1 page unchanged, 1 page not checked"
    ]


def test_reasons_have_counts_and_one_example() -> None:
    """Rejected, quarantined and waiting pages are grouped by reason; the most frequent reason is first."""
    ingested = [
        *archived("/1", "/2"),
        outcome("rejected", "/4", "http_404", detail="the server answers 404"),
        outcome("rejected", "/5", "robots_refused"),
        outcome("rejected", "/6", "robots_refused", source_key="echo"),
        outcome("pending", "/7", "timeout", detail="the server is silent"),
    ]
    extracted = [outcome("kept", "/1"), outcome("quarantined", "/2", "undecodable", detail="no text")]
    assert lines(ingested=ingested, extracted=extracted, fetched=2) == [
        "2026-03-02: 2 pages fetched, 1 article committed",
        "  rejected: 3 pages",
        "    2  robots_refused  2 sources  e.g. /5",
        "    1  http_404        post       /4: the server answers 404",
        "  quarantined: 1 page",
        "    1  undecodable     post       /2: no text",
        "  pending: 1 page",
        "    1  timeout         post       /7: the server is silent",
        HINT,
    ]


def test_the_summary_fits_one_screen() -> None:
    """Rare reasons are one line, and a long detail is cut."""
    many = [outcome("rejected", f"/{number}", f"reason_{number:02}", detail="x" * 500) for number in range(40)]
    found = lines(ingested=many, extracted=[])
    assert (len(found), max(map(len, found)) < 200) == (16, True)
    assert found[-2] == "  28 more pages for 28 other reasons"


def test_pages_of_earlier_runs_are_only_counted() -> None:
    """An extract decides again about all pages of its day; those that this run did not find need no example."""
    extracted = [outcome("kept", "/1"), outcome("rejected", "/2", "too_short"), outcome("rejected", "/3", "video_page")]
    assert lines(ingested=archived("/1", "/2"), extracted=extracted, fetched=2)[1:] == [
        "  rejected: 1 page",
        "    1  too_short  /2",
        "  other pages of the same days: 1 rejected",
        HINT,
    ]


def test_a_page_counts_once() -> None:
    """A page that two days of a range list is kept, also if the second time it is unchanged."""
    twice = [*archived("/1"), outcome("unchanged", "/1", "seen")]
    assert lines(ingested=twice, extracted=[outcome("kept", "/1")], fetched=1) == [
        "2026-03-02: 1 page fetched, 1 article committed"
    ]


def test_an_article_at_two_urls_is_not_waiting() -> None:
    """If another page has the outcome of its article, an archived page waits for nothing; without any, it waits."""
    ingested = [outcome("pending", url, "archived", article_id="a") for url in ("/1", "/2")]
    assert len(lines(ingested=ingested, extracted=[outcome("kept", "/1", article_id="a")], fetched=2)) == 1
    assert "  pending: 2 pages" in lines(ingested=ingested, extracted=[], fetched=2)


def test_new_bytes_of_the_same_article_are_unchanged() -> None:
    """An archived page whose article the run finds current waits for nothing, under whichever source that is logged."""
    current = [outcome("unchanged", "/1", "committed", stage="derive")]
    other = [outcome("unchanged", "/b", "committed", stage="derive", source_key="wire", article_id="article of /1")]
    same = ["2026-03-02: 1 new page, 0 articles committed, 1 page unchanged"]
    assert lines(ingested=archived("/1"), extracted=current) == same
    assert lines(ingested=archived("/1"), extracted=other) == same


def test_article_that_the_lake_has_is_not_waiting() -> None:
    """A page whose bytes the archive had already is of no day of the run; if its article is current, nothing waits."""
    given = {"ingested": archived("/1", "/2"), "extracted": [outcome("kept", "/1")]}
    assert "  pending: 1 page" in lines(**given)
    assert lines(**given, current={"article of /2"}) == [
        "2026-03-02: 2 new pages, 1 article committed, 1 page unchanged"
    ]


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ({"ingested": archived("/1", "/2"), "fetched": 2}, "2 pages fetched"),
        ({"ingested": archived("/1", "/2"), "fetched": 0}, "2 new pages"),
        ({"ingested": archived("/1"), "fetched": 1200}, "1 new page (1,200 fetched)"),
        ({"extracted": [outcome("kept", "/1")]}, "1 article committed"),
        ({"extracted": [outcome("rejected", "/1", "empty")]}, "0 articles committed"),
    ],
)
def test_each_step_counts_what_it_did(given: dict, head: str) -> None:
    """An ingest has no articles and an extract no pages; files are new pages that nobody fetched."""
    assert lines(**given)[0] == f"2026-03-02: {head}"


def test_unlisted_source_is_not_counted_as_a_page() -> None:
    """It has a line of its own, with its URL once."""
    failed = outcome(
        "rejected", "http://post.example/rss", "http_404", stage="discover", detail="the server answers 404"
    )
    found = summarize(ingested=[failed])
    assert summary_lines(found, label="r") == ("r: nothing new",)
    assert list(unlisted_lines(found)) == [
        "source post not listed (http_404): http://post.example/rss: the server answers 404"
    ]
