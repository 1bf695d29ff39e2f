"""Every kind of source: how its listing is read, and which days it promises. Its keys are in ``KIND_OPTIONS``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.fetch import NotModified
from pipeline.model import Page, Source
from pipeline.model.source import SourceKind
from pipeline.sources.asked import ListingRequest, validators_of
from pipeline.sources.cc_news import read_cc_news
from pipeline.sources.days import DayRange, any_day, crawled_days, newest_days, past_days
from pipeline.sources.feeds import read_feed
from pipeline.sources.folder import folder_listing, inbox_listing
from pipeline.sources.listing import Listing
from pipeline.sources.sitemap_days import fill_template
from pipeline.sources.sitemap_walk import SitemapWalk, read_root
from pipeline.sources.wayback import read_cdx


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdapter:
    """``read`` gives a listing, or raises as ``discover`` says; ``days`` what a source promises on a day (UTC).

    ``tries`` bounds those for one page in one run; None means the setting's.
    """

    read: Callable[[ListingRequest], Listing]
    days: Callable[[Source, date], DayRange]
    tries: int | None = None


def listable_days(source: Source, *, now: datetime) -> DayRange:
    """Return the days that a source promises to list at ``now`` (UTC)."""
    return SOURCE_ADAPTERS[source.kind].days(source, now.date())


def _if_new(read: Callable[[Page, ListingRequest], Listing]) -> Callable[[ListingRequest], Listing]:
    """Return a reader that fetches the listing and leaves it unread where the server says that nothing changed."""

    def reads(request: ListingRequest) -> Listing:
        source, known = request.source, request.known
        got = request.online().fetch(
            source.location,
            etag=known.etag,
            last_modified=known.last_modified,
            is_listing=True,
            interval_seconds=source.interval_seconds,
        )
        return (
            Listing(entries=(), validators=known, is_unchanged=True)
            if isinstance(got, NotModified)
            else read(got, request)
        )

    return reads


def _feed(page: Page, request: ListingRequest) -> Listing:
    return Listing(entries=read_feed(page, request.source, now=request.now), validators=validators_of(page))


def _sitemap(page: Page, request: ListingRequest) -> Listing:
    source, fetcher = request.source, request.online()
    root = read_root(page, source, now=request.now, max_bytes=fetcher.limits.listing_max_bytes)
    found = SitemapWalk(source, fetcher, now=request.now).pages(root, url=source.location)
    # An index may stay as it is while its children change: it is always asked for anew.
    return Listing(entries=found, validators=validators_of(page) if root.kind == "urlset" else None)


def _sitemap_archive(request: ListingRequest) -> Listing:
    """Return what a dated sitemap, or an index of some, has of the day; nothing of it is kept for the next day's."""
    source, fetcher = request.source, request.online()
    url, window = fill_template(source.location, request.day)
    page = fetcher.fetch(url, is_listing=True, interval_seconds=source.interval_seconds)
    assert isinstance(page, Page)  # no validators were sent
    root = read_root(page, source, now=request.now, max_bytes=fetcher.limits.listing_max_bytes)
    walk = SitemapWalk(source, fetcher, now=request.now, day=request.day)
    return Listing(entries=walk.pages(root, url=url, window=window), day=request.day)


def _folder(request: ListingRequest) -> Listing:
    return folder_listing(Path(request.source.location), request.context(), known=request.known)


def _inbox(request: ListingRequest) -> Listing:
    return inbox_listing(Path(request.source.location), request.context())


SOURCE_ADAPTERS: Mapping[SourceKind, SourceAdapter] = {
    "feed": SourceAdapter(read=_if_new(_feed), days=newest_days),
    "news_sitemap": SourceAdapter(read=_if_new(_sitemap), days=newest_days),
    "sitemap_archive": SourceAdapter(read=_sitemap_archive, days=past_days),
    "cdx": SourceAdapter(read=read_cdx, days=past_days, tries=1),
    "cc_news": SourceAdapter(read=read_cc_news, days=crawled_days),
    "folder": SourceAdapter(read=_folder, days=any_day),
    "inbox": SourceAdapter(read=_inbox, days=any_day),
}
