"""Broken feeds, sitemaps and robots.txt: entries or one reason; no duplicate URL, no impossible date."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.errors import BrokenListingError, NewsError
from newslake.pipeline.model import Source
from newslake.pipeline.sources.feeds import read_feed
from newslake.pipeline.sources.listing import ListingEntry
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.sources.sitemaps import read_sitemap
from tests.faults.hostile import Hostile, fetcher_for, hostile_server
from tests.properties.fuzzing import NOW, broken, examples, page_of

DAY_1 = Path("samples/newsroom/day-1")
FEEDS = [(DAY_1 / "courier/rss.xml").read_bytes(), (DAY_1 / "lantern/atom.xml").read_bytes()]
SITEMAP = (DAY_1 / "gazette/news-sitemap.xml").read_bytes()
INDEX = b"<sitemapindex><sitemap><loc>https://post.example/a.xml</loc></sitemap></sitemapindex>"
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
_ITEMS = [{"url": f"/news/{n}", "title": "Ferry", "date_published": "2031-05-03T10:00:00Z"} for n in range(4)]
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Post", "items": _ITEMS}
).encode()
TYPES = st.sampled_from(("application/rss+xml", "text/xml; charset=utf-16", "application/feed+json", "text/html", ""))
SOURCE = Source(key="post", kind="feed", location="https://post.example/feed")
# Without Crawl-delay: one changed digit of it, and each request waits for seconds. test_robots_rules.py reads it.
ROBOTS = b"""User-agent: *
Disallow: /private/*x*y$
Allow: /private/open
Sitemap: https://post.example/s.xml
Request-rate: 1/0
Visit-time: 0000-2500
"""
_MAX_BYTES = 2_000_000
_ENDS = ("broken_feed", "too_complex", "too_many_urls")


def _facts(found: tuple[ListingEntry, ...] | list[ListingEntry]) -> list[tuple[object, ...]]:
    return [(each.ref, each.problem and (each.problem.reason, str(each.problem))) for each in found]


def _check(found: tuple[ListingEntry, ...] | list[ListingEntry]) -> None:
    """Each entry is a page with a valid URL and a possible date, or a problem with its reason."""
    for each in found:
        if each.problem is not None:
            reasons = _ENDS if each.ends_listing else ("entry_without_link", "bad_url")
            assert each.problem.reason in reasons
            continue
        for text in (each.ref.url, each.ref.hints.title, each.ref.hints.publisher, each.ref.hints.language):
            assert "\0" not in (text or "")
            (text or "").encode()
        assert each.ref.url is not None
        assert absolute_url(each.ref.url) == each.ref.url
        for when in (each.ref.hints.published_at, each.ref.hints.modified_at):
            assert when is None or when <= NOW + timedelta(days=1)


def _feed(body: bytes, content_type: str) -> tuple[ListingEntry, ...] | str:
    try:
        return read_feed(page_of(body, content_type), SOURCE, now=NOW)
    except BrokenListingError as error:
        return error.reason


@examples(100)
@given(body=broken(*FEEDS, JSON_FEED), content_type=TYPES)
def test_broken_feed(body: bytes, content_type: str) -> None:
    """Damaged RSS, Atom and JSON Feed."""
    got = _feed(body, content_type)
    if isinstance(got, str):
        assert got == _feed(body, content_type)
        assert got in ("not_a_feed", "hostile_xml", "too_complex")
        return
    again = _feed(body, content_type)
    assert not isinstance(again, str)
    assert _facts(got) == _facts(again)
    _check(got)
    urls = [each.ref.url for each in got if each.problem is None]
    assert len(urls) == len(set(urls))


@examples(80)
@given(
    items=st.recursive(
        st.none() | st.integers() | st.floats() | ANY_TEXT,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(("version", "items", "url", "external_url", "title", "date_published", "language")),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    version=st.sampled_from(("https://jsonfeed.org/version/1", 1, None)),
)
def test_json_feed_of_any_types(items: object, version: object) -> None:
    """A JSON Feed with the wrong type in every field."""
    got = _feed(json.dumps({"version": version, "items": items}).encode("utf-8", "surrogatepass"), "application/json")
    assert got == "not_a_feed" if isinstance(got, str) else _check(got) is None


@examples(150)
@given(titles=st.lists(ANY_TEXT, min_size=1, max_size=4), link=ANY_TEXT, date=ANY_TEXT)
def test_json_feed_of_any_code_points(titles: list[str], link: str, date: str) -> None:
    """Every item of a JSON Feed is an entry that can be stored, whatever its neighbours are."""
    items = [{"url": f"/{number}", "title": title, "date_published": date} for number, title in enumerate(titles)]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": link, "items": [*items, {"url": link}, *_ITEMS]}
    got = _feed(json.dumps(feed).encode(), "application/feed+json")
    assert not isinstance(got, str)
    _check(got)
    assert sum(each.problem is None for each in got) >= len(titles) + len(_ITEMS)


@examples(100)
@given(pieces=st.lists(ANY_TEXT | st.sampled_from(("<url>", "</url>", "<loc>", "</loc>", "/a")), max_size=12))
def test_sitemap_of_any_code_points(pieces: list[str]) -> None:
    """An entry before any text is read, and every entry can be stored."""
    text = f"<urlset><url><loc>https://post.example/a</loc></url>{''.join(pieces)}"
    body = text.encode("utf-8", "surrogatepass")
    got = read_sitemap(body, SOURCE, url="https://post.example/s.xml", now=NOW, max_bytes=_MAX_BYTES)
    _check(got.entries)
    assert got.entries[0].ref.url == "https://post.example/a"


@examples(100)
@given(body=broken(SITEMAP, INDEX, gzip.compress(SITEMAP)), is_packed=st.booleans())
def test_broken_sitemap(body: bytes, is_packed: bool) -> None:
    """Damaged sitemaps and sitemap indexes, plain or compressed: entries before the damage count."""
    body = gzip.compress(body) if is_packed else body
    url = "https://post.example/s.xml"
    got, again = (read_sitemap(body, SOURCE, url=url, now=NOW, max_bytes=_MAX_BYTES) for _ in range(2))
    assert (got.kind, got.children, got.failure, _facts(got.entries)) == (
        again.kind, again.children, again.failure, _facts(again.entries)
    )  # fmt: skip
    _check(got.entries)
    assert got.kind is not None or got.failure is not None


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    """A host whose robots.txt is rewritten by each example."""
    with hostile_server() as hostile:
        hostile.says("/private/a", 200, b"page")
        yield hostile


@examples(30)
@given(body=broken(ROBOTS, most=8))
def test_broken_robots(server: Hostile, body: bytes) -> None:
    """With any robots.txt, a page is fetched or refused because of it, repeatably."""
    url = server.url("/private/a")
    server.says("/robots.txt", 200, body)
    answers = []
    for _ in range(2):
        with fetcher_for(server) as fetcher:
            got = fetcher.try_fetch(url)
            answers.append(got.reason if isinstance(got, NewsError) else None)
    assert answers[0] == answers[1]
    assert answers[0] in (None, "robots_refused")
