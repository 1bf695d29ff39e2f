"""Pages that are broken in one way each, through the whole job: each result is as in the table of ``bad_pages``.

| row of the bad-input table | test |
|---|---|
| malformed HTML, deep nesting | /unclosed, /nested-*, /elements-200k; test_slow_pages_fuzz; test_clean_fuzz |
| empty body, non-HTML type | /blank, /pdf, /pdf-as-html, /nulls; test_bad_input /empty-body, /undecodable |
| paywall stub | /paywall-* |
| section, tag, video, live, consent, login, soft 404 | /tag/harbour to /soft-404; test_bad_input /no-article |
| charset wrong or missing | /koi8-r to /utf-8-twice; the matrix of test_decoding |
| hostile XML, bombs, nested index | test_sitemaps, test_feeds, test_listings_fuzz |
| bad or future date, year 1, no zone | /date-* |
| JSON-LD broken, array, @graph, HTML in articleBody | /jsonld-*; test_clean_fuzz |
| duplicate entries, changed GUID, tracking links | test_one_article_under_many_links |
| file half-written, broken lines, WARC, sidecars | test_inbox; test_bad_input INBOX; test_files_fuzz |
| HTTP: caps, redirects, 429, drip, robots, kill -9 | test_hostile_server; test_bad_input; test_resume |
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.faults.bad_pages import BAD_PAGES, HTML
from tests.faults.hostile import Hostile, hostile_server, page
from tests.faults.test_bad_input import LISTED, outcome_rows

pytestmark = [pytest.mark.model]

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SAME = ("/same?utm_source=feed", "/same?fbclid=x1", "/same#top", "/same/", "/same")


def _feed(server: Hostile) -> bytes:
    items = "".join(
        f"<item><title>{number}</title><guid>{number}</guid><link>{server.url(path)}</link>"
        f"<pubDate>{LISTED}</pubDate></item>"
        for number, path in enumerate((*BAD_PAGES, *SAME))
    )
    return f"<rss version='2.0'><channel><title>Tarnwick Post</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    """A newsroom of bad pages, and one good page with many links."""
    with hostile_server() as hostile:
        for path, bad in BAD_PAGES.items():
            hostile.says(path, 200, bad.body, Content_Type=bad.content_type)
        for path in SAME:
            hostile.says(path.split("#")[0], 200, page(30), Content_Type=HTML)
        hostile.says("/rss.xml", 200, _feed(hostile), Content_Type="application/rss+xml")
        yield hostile


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, server: Hostile) -> tuple[dict[str, dict], dict[str, dict]]:
    """The job, run once: the last outcome of each page and the articles, both by path."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "sources.toml").write_text(
        f'private_hosts = ["{server.host}"]\n[sources.post]\nkind = "feed"\nurl = "{server.url("/rss.xml")}"\n'
    )
    space = Workspace(
        Settings.load(
            data_dir=folder,
            sources_file=folder / "sources.toml",
            frozen_now=NOW,
            durability="process",
            host_interval_seconds=0,
            quarantine_max_ratio=0.5,
        )
    )
    ingest_sources(space, source_keys=["post"], day=NOW.date(), run_id="in", report_progress=lambda _: None)
    extract_day(space, day=NOW.date(), run_id="out", report_progress=lambda _: None)
    rows = space.lake.read("articles").to_pylist()
    return outcome_rows(space, "in", "out"), {"/" + row["url"].split("/", 3)[3]: row for row in rows}


@pytest.mark.parametrize("path", BAD_PAGES)
def test_bad_page_has_the_expected_result(job, path: str) -> None:
    """Outcome and reason are the expected ones; a kept page has its text and its flag, and no U+FFFD."""
    outcomes, articles = job
    bad, row = BAD_PAGES[path], outcomes[path]
    assert (row["outcome"], row["reason"]) == (bad.outcome, bad.reason), row["detail"]
    if bad.outcome != "kept":
        assert row["detail"]
        assert path not in articles
        return
    article = articles[path]
    assert bad.says is None or bad.says in article["text"]
    assert bad.flag is None or bad.flag in article["flags"] or (bad.flag == "is_paywalled" and article["is_paywalled"])
    assert "\ufffd" not in article["text"]


@pytest.mark.parametrize("path", [path for path in BAD_PAGES if path.startswith("/date-")])
def test_impossible_date_is_null_or_a_day(job, path: str) -> None:
    """An impossible date is replaced by the listing's date or kept as a day, never replaced by the fetch time."""
    article = job[1][path]
    listed = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    without_zone = datetime(2026, 3, 1, tzinfo=UTC)
    assert article["published_at"] in (listed, without_zone)
    assert (article["published_at"] == without_zone) == (path == "/date-without-zone")


def test_one_article_under_many_links(job) -> None:
    """Entries with tracking parameters, fragments and other GUIDs are one article."""
    assert len([path for path in job[1] if path.startswith("/same")]) == 1
