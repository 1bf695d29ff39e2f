"""Autodiscovery: the feeds and sitemaps that a site declares, and the source kind of a listing."""

import re
from collections.abc import Iterator

from lxml import etree

from newslake.pipeline.errors import BrokenListingError
from newslake.pipeline.model import Page, Source
from newslake.pipeline.model.source import SourceKind
from newslake.pipeline.sources.feeds import read_feed
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.sources.sitemaps import Sitemap, read_sitemap, window_of

# Usual paths on sites without a declaration.
COMMON_PATHS = (
    "/feed",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/feed.json",
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap_index.xml",
    "/sitemap.xml",
)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


def linked_feeds(page: Page) -> tuple[str, ...]:
    """Return the feeds that a page's head links to, in document order."""
    return tuple(dict.fromkeys(_feed_links(page)))


def _feed_links(page: Page) -> Iterator[str]:
    root = etree.fromstring(page.body, etree.HTMLParser(no_network=True)) if page.body.strip() else None
    for link in root.iter("link") if root is not None else ():
        relations = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").split(";")[0].strip().lower()
        url = absolute_url(link.get("href") or "", base=page.final_url or page.url)
        if "alternate" in relations and kind in _FEED_TYPES and url is not None:
            yield url


def robots_sitemaps(page: Page) -> tuple[str, ...]:
    """Return the sitemaps in a robots.txt, in file order."""
    lines = _SITEMAP_LINE.findall(page.body.decode("utf-8-sig", "replace"))
    urls = (absolute_url(line, base=page.final_url or page.url) for line in lines)
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def kind_of_listing(page: Page, source: Source, *, max_bytes: int) -> SourceKind | None:
    """Return the source kind of a listing page; None if it is not a supported listing."""
    try:
        read_feed(page, source, now=page.fetched_at)
    except BrokenListingError:
        pass
    else:
        return "feed"
    url = page.final_url or source.location
    sitemap = read_sitemap(page.body, source, url=url, now=page.fetched_at, max_bytes=max_bytes)
    if sitemap.kind is None:
        return None
    return "sitemap_archive" if _is_archive(sitemap, url) else "news_sitemap"


def _is_archive(sitemap: Sitemap, url: str) -> bool:
    """Return whether a sitemap seems to list all published pages, not only the newest ones."""
    if sitemap.kind == "sitemapindex":
        return "news" not in url.lower() or any(window_of(child.url) for child in sitemap.children)
    return not any(found.ref.hints.published_at for found in sitemap.entries)
