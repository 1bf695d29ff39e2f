"""News sitemaps, plain sitemaps, and sitemap indexes."""

import gzip
from datetime import UTC, datetime

import pytest

from newslake.pipeline.errors import BrokenListingError
from newslake.pipeline.model import Hints
from newslake.pipeline.sources import sitemaps
from tests.faults.hostile import fetcher_for, gzip_bomb, hostile_server
from tests.unit.sources.listings import BOMB, entries_of, listing_of, source_at

NEWS = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- invented -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><image:image><image:loc>http://courier.example/pic.jpg</image:loc></image:image>
<loc> http://courier.example/news/pier </loc><lastmod>2026-03-02T09:00:00+01:00</lastmod>
<news:news>
<news:publication><news:name>Tidewater Courier</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-03-01T18:00:00.250Z</news:publication_date>
<news:title>Pier &amp; pilots</news:title></news:news>
</url>
<url><loc>/news/plain</loc><lastmod>2026-03-01</lastmod></url>
<url><lastmod>2026-03-01</lastmod></url>
<url><loc>javascript:void(0)</loc></url>
<url><loc>/news/plain</loc></url>
</urlset>"""


def _index(*urls: str) -> bytes:
    children = "".join(f"<sitemap><loc>{url}</loc><lastmod>2026-03-01</lastmod></sitemap>" for url in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'.encode()


def _urlset(*urls: str) -> bytes:
    return f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>".encode()


@pytest.fixture
def server():
    """A server with a news sitemap."""
    with hostile_server() as hostile:
        hostile.says("/news.xml", 200, NEWS, ETag='"s"')
        yield hostile


def _sitemap(server, path: str):
    return source_at(server, path, kind="news_sitemap")


def test_every_url_is_listed_once(server):
    """The loc of the page counts, not the loc of an image; each entry without a page is one problem."""
    assert entries_of(server, _sitemap(server, "/news.xml")) == [
        ("http://courier.example/news/pier", None),
        (server.url("/news/plain"), None),
        (server.url("/news.xml#entry-3"), "entry_without_link"),
        (server.url("/news.xml#entry-4"), "bad_url"),
    ]


def test_hints(server):
    """The news element gives title, date, publisher and language; lastmod is the modification time."""
    with fetcher_for(server) as fetcher:
        listing = listing_of(_sitemap(server, "/news.xml"), fetcher)
        hints = [found.ref.hints for found in listing.entries]

    assert hints[0] == Hints(
        title="Pier & pilots",
        published_at=datetime(2026, 3, 1, 18, 0, 0, 250_000, tzinfo=UTC),
        published_precision="second",
        modified_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        publisher="Tidewater Courier",
        language="en",
    )
    assert (hints[1].published_at, hints[1].modified_at) == (None, datetime(2026, 3, 1, tzinfo=UTC))
    assert listing.validators.etag == '"s"'


def test_gzipped_sitemap(server):
    """A .gz sitemap is decompressed."""
    server.says("/news.xml.gz", 200, gzip.compress(NEWS), Content_Type="application/gzip")

    assert len(entries_of(server, _sitemap(server, "/news.xml.gz"))) == 4


def test_index_is_followed(server):
    """An index gives the pages of its children, each page once; a failed child is one problem."""
    server.says("/one.xml", 200, _urlset("/a", "/b"))
    server.says("/two.xml", 200, _urlset("/b", "/c"))
    server.says("/bad.xml", 200, b"<html/>")
    server.says("/index.xml", 200, _index("/one.xml", "/gone.xml", "/bad.xml", "/two.xml"), ETag='"i"')

    assert entries_of(server, _sitemap(server, "/index.xml")) == [
        (server.url("/a"), None),
        (server.url("/b"), None),
        (server.url("/gone.xml"), "http_404"),
        (server.url("/bad.xml"), "not_a_sitemap"),
        (server.url("/c"), None),
    ]
    with fetcher_for(server) as fetcher:
        assert listing_of(_sitemap(server, "/index.xml"), fetcher).validators is None


def test_looping_and_deep_indexes_end(server):
    """An index that contains itself is read once, and the fourth level is not read."""
    server.says("/1.xml", 200, _index("/1.xml", "/2.xml"))
    server.says("/2.xml", 200, _index("/3.xml", "/1.xml"))
    server.says("/3.xml", 200, _index("/4.xml"))
    server.says("/4.xml", 200, _index("/5.xml"))

    assert entries_of(server, _sitemap(server, "/1.xml")) == [(server.url("/4.xml"), "sitemap_too_deep")]
    assert (server.seen["/1.xml"], server.seen["/5.xml"]) == (1, 0)


LOOPS = {
    "an endless chain": lambda at: [f"/loop.xml?{at + 1}"],
    "a tree without an end": lambda at: [f"/loop.xml?{at * 30 + child}" for child in range(1, 30)],
    "itself in other spellings": lambda at: ["/loop.xml?0", "/./loop.xml?0", "/x/../loop.xml?0", "/loop.xml?0#a"],
}


class Endless(dict):
    """Routes in which every path below /loop.xml is an index."""

    def __init__(self, routes, children):
        super().__init__(routes)
        self._children = children

    def get(self, path, default=None):
        if not path.startswith("/loop.xml"):
            return super().get(path, default)
        at = int(path.partition("?")[2])
        return lambda answer: answer.say(200, _index("/one.xml", *self._children(at)))


@pytest.mark.parametrize("kind", LOOPS)
def test_hostile_index_ends(server, kind):
    """However an index refers to itself, the requests of one listing are limited, and each article is listed once."""
    server.routes = Endless(server.routes, LOOPS[kind])
    server.says("/one.xml", 200, _urlset("/a", "/b"))

    entries = entries_of(server, _sitemap(server, "/loop.xml?0"))

    assert [url for url, reason in entries if reason is None] == [server.url("/a"), server.url("/b")]
    assert server.seen["/one.xml"] == 1
    assert server.seen.total() <= 503  # robots.txt, the root and 501 children


def test_indexes_of_many_names_end(server, monkeypatch):
    """What all indexes of a listing name together is limited: 500 indexes of 50,000 names took most of an hour."""
    monkeypatch.setattr(sitemaps, "_LISTED_MAX", 1000)
    server.routes = Endless(server.routes, lambda at: [f"/loop.xml?{child}" for child in range(1, 300)])
    server.says("/one.xml", 200, _urlset("/a"))

    entries = entries_of(server, _sitemap(server, "/loop.xml?0"))

    assert (server.url("/a"), None) in entries
    assert "too_many_sitemaps" in {reason for _, reason in entries}
    assert server.seen.total() < 10


def test_children_that_redirect_to_their_index_end(server):
    """Children that redirect to the index, directly or by each other, end at the limits of depth and of redirects."""
    server.says("/index.xml", 200, _index(*(f"/to/{number}" for number in range(4)), "/round/1", "/one.xml"))
    for number in range(4):
        server.says(f"/to/{number}", 302, Location="/index.xml")
    server.says("/round/1", 302, Location="/round/2")
    server.says("/round/2", 302, Location="/round/1")
    server.says("/one.xml", 200, _urlset("/a"))

    entries = entries_of(server, _sitemap(server, "/index.xml"))

    assert [url for url, reason in entries if reason is None] == [server.url("/a")]
    assert (server.url("/round/1"), "redirect_loop") in entries
    assert server.seen.total() < 20


def test_index_of_other_hosts_reaches_no_private_one(server):
    """Children on a private host, by name, number or redirect, are problems, and get no request."""
    with hostile_server() as inner:
        inner.says("/secret.xml", 200, _urlset("http://courier.example/secret"))
        port = inner.server.server_port
        server.says("/out.xml", 302, Location=inner.url("/secret.xml"))
        children = [f"http://{host}:{port}/secret.xml" for host in ("127.0.0.1", "localhost", "2130706433", "[::1]")]
        server.says("/index.xml", 200, _index(*children, "/out.xml", "file:///etc/passwd", "ftp://127.0.0.1/x"))

        entries = entries_of(server, _sitemap(server, "/index.xml"))

    reasons = [reason for _, reason in entries]
    assert (len(reasons), reasons.count("private_address"), None in reasons) == (7, 5, False)
    assert inner.seen.total() == 0


def test_too_many_urls(server):
    """The 50,001st URL ends the listing with a problem."""
    server.says("/many.xml", 200, _urlset(*(f"/{number}" for number in range(50_001))))

    entries = entries_of(server, _sitemap(server, "/many.xml"), listing_max_bytes=5_000_000)

    assert (len(entries), entries[-1]) == (50_001, (server.url("/many.xml"), "too_many_urls"))


def test_truncated_sitemap_gives_its_entries(server):
    """Well-formed entries before the truncation count, and the truncation is reported."""
    server.says("/cut.xml", 200, NEWS[: NEWS.index(b"<url><lastmod>")])

    assert [reason for _, reason in entries_of(server, _sitemap(server, "/cut.xml"))] == [None, None, "broken_sitemap"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_a_sitemap"),
        (b"We moved.", "not_a_sitemap"),
        (b"<html><body/></html>", "not_a_sitemap"),
        (b"<undeclared:urlset/>", "not_a_sitemap"),
        (BOMB + b"<urlset><url><loc>http://courier.example/&c;</loc></url></urlset>", "hostile_xml"),
        (b'<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd"><urlset/>', "hostile_xml"),
        ((BOMB + b"<urlset/>").decode().encode("utf-16"), "hostile_xml"),
        (gzip.compress(NEWS)[:-20], "broken_gzip"),
        (gzip_bomb(60), "too_large"),
    ],
)
def test_other_content_is_refused(server, body, reason):
    """Pages, hostile XML and bombs are refused with a reason; nothing is loaded or expanded."""
    server.says("/bad.xml", 200, body)
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError) as caught:
        listing_of(_sitemap(server, "/bad.xml"), fetcher)

    assert (caught.value.reason, caught.value.key) == (reason, "courier")


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_empty_sitemap_is_called_empty(server, body):
    """An empty body is refused as empty."""
    server.says("/nothing", 200, body)
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError, match="it is empty"):
        listing_of(source_at(server, "/nothing", kind="news_sitemap"), fetcher)


def test_sitemap_that_ends_early_is_incomplete(server):
    """A sitemap that is cut off gives its entries, ends the listing with its reason, and has no validators."""
    server.says("/cut", 200, b"<urlset><url><loc>/a b</loc></url><url><lo", ETag='"cut"')
    with fetcher_for(server) as fetcher:
        listing = listing_of(source_at(server, "/cut", kind="news_sitemap"), fetcher)
        found = list(listing.entries)

    assert [(each.ref.url, each.problem and each.problem.reason, each.ends_listing) for each in found] == [
        (server.url("/a%20b"), None, False),
        (server.url("/cut"), "broken_sitemap", True),
    ]
    assert listing.validators is None


def test_tag_of_a_sitemap_has_a_limit(server):
    """A sitemap with a tag longer than any real one is refused before it is parsed."""
    server.says("/long", 200, b"<urlset " + b"a='>' " * 200_000 + b"><url><loc>/a</loc></url></urlset>")
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError) as caught:
        listing_of(source_at(server, "/long", kind="news_sitemap"), fetcher)

    assert caught.value.reason == "too_complex"


def test_entry_of_a_sitemap_has_a_limit(server):
    """An entry with more elements than any real one ends the reading before it fills the memory."""
    server.says("/wide", 200, b"<urlset><url><loc>/a</loc></url><url>" + b"<a/>" * 30_000 + b"</url></urlset>")

    assert entries_of(server, source_at(server, "/wide", kind="news_sitemap")) == [
        (server.url("/a"), None),
        (server.url("/wide"), "too_complex"),
    ]


def test_defect_in_one_child_stops_no_other(server, monkeypatch):
    """An exception while reading a child of an index is the problem of this child; the listing is incomplete."""
    for name in "abc":
        server.says(f"/{name}.xml", 200, _urlset(f"/{name}"))
    server.says("/index.xml", 200, _index("/a.xml", "/b.xml", "/b.xml", "/c.xml"))

    def failing(body, *given, url, **named):
        if url.endswith("/b.xml"):
            raise KeyError("half")
        return read(body, *given, url=url, **named)

    read = sitemaps.read_sitemap
    monkeypatch.setattr(sitemaps, "read_sitemap", failing)
    with fetcher_for(server) as fetcher:
        found = list(listing_of(_sitemap(server, "/index.xml"), fetcher).entries)

    assert [(each.ref.url, each.problem and each.problem.reason, each.ends_listing) for each in found] == [
        (server.url("/a"), None, False),
        (server.url("/b.xml"), "broken_item", True),
        (server.url("/c"), None, False),
    ]


@pytest.mark.parametrize(
    ("limit", "reason"), [("_LISTING_URLS_MAX", "too_many_urls"), ("_CHILDREN_MAX", "too_many_sitemaps")]
)
def test_listing_over_a_limit_is_incomplete(server, monkeypatch, limit, reason):
    """A listing whose rest is skipped says that it is incomplete."""
    server.says("/index.xml", 200, _index("/a.xml", "/b.xml"))
    server.says("/a.xml", 200, _urlset("/1", "/2"))
    monkeypatch.setattr(sitemaps, limit, 1)
    with fetcher_for(server) as fetcher:
        found = list(listing_of(_sitemap(server, "/index.xml"), fetcher).entries)

    assert reason in [each.problem.reason for each in found if each.problem is not None and each.ends_listing]
