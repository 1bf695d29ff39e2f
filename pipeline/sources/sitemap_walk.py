"""From a sitemap, or an index of sitemaps, to its pages."""

from collections.abc import Iterator
from datetime import date, datetime

from pipeline.errors import BrokenListingError, NewsError
from pipeline.fetch import Fetcher, NotModified
from pipeline.model import Page, Ref, Source
from pipeline.sources.listing import ListingEntry, broken_entry
from pipeline.sources.sitemap_days import Window, can_hold, day_of, window_of
from pipeline.sources.sitemaps import Child, Sitemap, read_sitemap

_DEPTH_MAX = 3  # indexes inside indexes
_CHILDREN_MAX = 500
_URLS_MAX = 50_000  # of one listing, as of one sitemap


def read_root(page: Page, source: Source, *, now: datetime, max_bytes: int) -> Sitemap:
    """Return the source's own sitemap.

    Raises: BrokenListingError where it is none; one that breaks off later keeps what came before.
    """
    url = page.final_url or source.location
    root = read_sitemap(page.body, source, url=url, now=now, max_bytes=max_bytes)
    if root.kind is None:
        reason, detail = root.trouble or ("not_a_sitemap", "it is empty")
        raise BrokenListingError(f"{url}: {detail}", key=source.key, reason=reason)
    return root


class SitemapWalk:
    """The pages of a sitemap and of those it leads to, no URL twice. A child that fails is one problem.

    With a ``day`` only sitemaps that may hold something of it are read, and only its entries given: those of that date,
    and those without any in a sitemap of that day alone.
    """

    def __init__(self, source: Source, fetcher: Fetcher, *, now: datetime, day: date | None = None) -> None:
        self._source = source
        self._fetcher = fetcher
        self._now = now
        self._day = day
        self._urls: set[str] = set()
        self._sitemaps: set[str] = set()

    def pages(
        self, sitemap: Sitemap, *, url: str, depth: int = 1, window: Window | None = None
    ) -> Iterator[ListingEntry]:
        """Yield what is found at and below a sitemap of some days, in the order of the documents."""
        self._sitemaps.add(url)
        yield from self._new(self._wanted(sitemap, url, window), url)
        if sitemap.trouble is not None:
            reason, detail = sitemap.trouble
            yield broken_entry(self._source.key, url, reason=reason, detail=detail)
        if sitemap.children and depth > _DEPTH_MAX:
            detail = f"an index inside {_DEPTH_MAX} others is not followed"
            yield broken_entry(self._source.key, url, reason="sitemap_too_deep", detail=detail)
            return
        for child in sitemap.children:
            if child.url in self._sitemaps or not self._is_followed(child, window):
                continue
            if len(self._sitemaps) > _CHILDREN_MAX:
                detail = f"more than {_CHILDREN_MAX} sitemaps; the rest is left out"
                yield broken_entry(self._source.key, url, reason="too_many_sitemaps", detail=detail)
                return
            yield from self._child(child.url, depth=depth + 1, window=window_of(child.url) or window)

    def _is_followed(self, child: Child, window: Window | None) -> bool:
        return self._day is None or can_hold(child.url, child.changed_at, day=self._day, around=window)

    def _wanted(self, sitemap: Sitemap, url: str, window: Window | None) -> Iterator[ListingEntry]:
        """Yield the entries of the day, and how many cannot be told to be of any."""
        if self._day is None:
            yield from sitemap.entries
            return
        is_of_one_day = window is not None and window.first == window.last
        undated = 0
        for found in sitemap.entries:
            day = day_of(found.ref)
            if day is None and is_of_one_day and window is not None:
                day = window.first
            if day == self._day:
                yield found
            undated += day is None
        if undated:
            detail = f"{undated} entries have no date and the sitemap is not of one day; left out"
            yield broken_entry(self._source.key, url, reason="undated_entries", detail=detail)

    def _new(self, entries: Iterator[ListingEntry], url: str) -> Iterator[ListingEntry]:
        for found in entries:
            if found.problem is None and found.ref.url in self._urls:
                continue
            if len(self._urls) >= _URLS_MAX:
                detail = f"the listing has more than {_URLS_MAX} URLs; the rest is left out"
                yield broken_entry(self._source.key, url, reason="too_many_urls", detail=detail)
                return
            self._urls.add(found.ref.url or "")
            yield found

    def _child(self, url: str, *, depth: int, window: Window | None) -> Iterator[ListingEntry]:
        got = self._fetcher.try_fetch(url, is_listing=True, interval_seconds=self._source.interval_seconds)
        if isinstance(got, NewsError):
            self._sitemaps.add(url)
            yield ListingEntry(ref=Ref(source_key=self._source.key, url=url), problem=got)
            return
        assert not isinstance(got, NotModified)  # no validators were sent
        limit = self._fetcher.limits.listing_max_bytes
        sitemap = read_sitemap(got.body, self._source, url=got.final_url or url, now=self._now, max_bytes=limit)
        yield from self.pages(sitemap, url=url, depth=depth, window=window)
