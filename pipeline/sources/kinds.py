"""Every kind of source: what reads its listing, and which days it promises. Its keys are ``TAKES`` of the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.fetch import NotModified
from pipeline.model import Page, Source
from pipeline.model.source import SourceKind
from pipeline.sources.asked import Asked, validators_of
from pipeline.sources.cc_news import read_cc_news
from pipeline.sources.cdx import read_cdx
from pipeline.sources.days import DayRange, any_day, crawled_days, newest_days, past_days
from pipeline.sources.feeds import read_feed
from pipeline.sources.found import Listing
from pipeline.sources.local import folder_listing, inbox_listing
from pipeline.sources.sitemap_days import placed
from pipeline.sources.sitemap_walk import SitemapWalk, read_root


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``read`` gives a listing, or raises as ``discover`` says; ``days`` what a source promises on a day (UTC).

    ``tries`` bounds those for one page in one run; None means the setting's.
    """

    read: Callable[[Asked], Listing]
    days: Callable[[Source, date], DayRange]
    tries: int | None = None


def listable_days(source: Source, *, now: datetime) -> DayRange:
    """Return the days that a source promises to list at ``now`` (UTC)."""
    return KINDS[source.kind].days(source, now.date())


def _if_new(read: Callable[[Page, Asked], Listing]) -> Callable[[Asked], Listing]:
    """Return a reader that fetches the listing and leaves it unread where the server says that nothing changed."""

    def reads(asked: Asked) -> Listing:
        source, known = asked.source, asked.known
        got = asked.online().fetch(
            source.location,
            etag=known.etag,
            last_modified=known.last_modified,
            is_listing=True,
            interval_seconds=source.interval_seconds,
        )
        return (
            Listing(found=(), validators=known, is_unchanged=True) if isinstance(got, NotModified) else read(got, asked)
        )

    return reads


def _feed(page: Page, asked: Asked) -> Listing:
    return Listing(found=read_feed(page, asked.source, now=asked.now), validators=validators_of(page))


def _sitemap(page: Page, asked: Asked) -> Listing:
    source, fetcher = asked.source, asked.online()
    root = read_root(page, source, now=asked.now, max_bytes=fetcher.limits.listing_max_bytes)
    found = SitemapWalk(source, fetcher, now=asked.now).pages(root, url=source.location)
    # An index may stay as it is while its children change: it is always asked for anew.
    return Listing(found=found, validators=validators_of(page) if root.kind == "urlset" else None)


def _sitemap_archive(asked: Asked) -> Listing:
    """Return what a dated sitemap, or an index of some, has of the day; nothing of it is kept for the next day's."""
    source, fetcher = asked.source, asked.online()
    url, window = placed(source.location, asked.day)
    page = fetcher.fetch(url, is_listing=True, interval_seconds=source.interval_seconds)
    assert isinstance(page, Page)  # no validators were sent
    root = read_root(page, source, now=asked.now, max_bytes=fetcher.limits.listing_max_bytes)
    walk = SitemapWalk(source, fetcher, now=asked.now, day=asked.day)
    return Listing(found=walk.pages(root, url=url, window=window), day=asked.day)


def _folder(asked: Asked) -> Listing:
    return folder_listing(Path(asked.source.location), asked.reading(), known=asked.known)


def _inbox(asked: Asked) -> Listing:
    return inbox_listing(Path(asked.source.location), asked.reading())


KINDS: Mapping[SourceKind, Kind] = {
    "feed": Kind(read=_if_new(_feed), days=newest_days),
    "news_sitemap": Kind(read=_if_new(_sitemap), days=newest_days),
    "sitemap_archive": Kind(read=_sitemap_archive, days=past_days),
    "cdx": Kind(read=read_cdx, days=past_days, tries=1),
    "cc_news": Kind(read=read_cc_news, days=crawled_days),
    "folder": Kind(read=_folder, days=any_day),
    "inbox": Kind(read=_inbox, days=any_day),
}
