"""The feeds and sitemaps that a site declares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.setup.autodiscovery import kind_of_listing, linked_feeds, robots_sitemaps
from newslake.pipeline.model import Page, Source
from tests.faults.hostile import NOW
from tests.unit.sources.listings import ATOM, RSS

BASE = "http://post.example/"
SOURCE = Source(key="found", kind="feed", location=BASE)


def _page(body: bytes) -> Page:
    return Page(url=BASE, final_url=BASE, status=200, headers={}, body=body, fetched_at=NOW)


def test_feeds_of_a_head():
    """Links with the type of a feed count, once each and absolute; other alternates and broken links do not."""
    head = b"""<link rel="alternate" type="application/rss+xml; charset=utf-8" href="/rss"><link rel='ALTERNATE home'
    type='application/atom+xml' href='http://wire.example/atom'>
    <link rel="alternate" type="application/rss+xml" href="/rss">
    <link rel="alternate" hreflang="de" href="/de"><link rel="alternate" type="application/rss+xml" href="javascript:x">
    <link rel="stylesheet" type="application/rss+xml" href="/no"><link rel="alternate" type="application/feed+json">"""

    assert linked_feeds(_page(head)) == ("http://post.example/rss", "http://wire.example/atom")


def test_sitemaps_of_robots():
    """Every Sitemap line counts, in any case and place; other lines do not."""
    text = (
        b"\xef\xbb\xbfUser-agent: *\nsitemap: /a.xml\nDisallow: /b\n"
        b" SITEMAP : http://post.example/c.xml.gz # c\n#Sitemap: /d\n"
    )

    assert robots_sitemaps(_page(text)) == ("http://post.example/a.xml", "http://post.example/c.xml.gz")


NEWS = (
    b'<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>/a</loc><n:news>'
    b"<n:publication_date>2026-03-01</n:publication_date></n:news></url></urlset>"
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (RSS, "feed"),
        (ATOM, "feed"),
        (NEWS, "news_sitemap"),
        (b"<urlset><url><loc>/a</loc><lastmod>2020-01-01</lastmod></url></urlset>", "sitemap_archive"),
        (b"<sitemapindex><sitemap><loc>/p-2020.xml</loc></sitemap></sitemapindex>", "sitemap_archive"),
        (b"<html><p>Page</p></html>", None),
        (b"", None),
    ],
)
def test_kind_of_a_listing(body, kind):
    """A feed, a news sitemap and a sitemap of all pages are distinguished; a page is not a listing."""
    assert kind_of_listing(_page(body), SOURCE, max_bytes=1_000_000) == kind


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"<link rel=alternate {text}>".encode()))
def test_any_bytes_give_absolute_urls(body):
    """For any response of a site, only absolute URLs are found."""
    page = _page(body)

    assert all(url.startswith(("http://", "https://")) for url in (*linked_feeds(page), *robots_sitemaps(page)))
