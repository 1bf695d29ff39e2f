"""Every kind of source: the reader of its listing, and the days that it can list. ``KIND_OPTIONS`` has its keys."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from newslake.pipeline.archive import Validators
from newslake.pipeline.fetch import Fetcher, NotModified
from newslake.pipeline.model import Page, Source
from newslake.pipeline.model.source import SourceKind
from newslake.pipeline.sources.cc_news import read_cc_news
from newslake.pipeline.sources.feeds import read_feed
from newslake.pipeline.sources.folder import folder_listing, inbox_listing
from newslake.pipeline.sources.listing import (
    BeginFile,
    Listing,
    ListingRequest,
    PlaceOf,
    never_over,
    read_any_file,
    start_of,
    validators_of,
)
from newslake.pipeline.sources.sitemaps import SitemapWalk, fill_template, read_root
from newslake.pipeline.sources.wayback import read_cdx


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """The published days that a listing covers completely, including first and last; None means no bound.

    ``note`` is for people.
    """

    first: date | None
    last: date | None
    note: str

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdapter:
    """One kind of source. ``read`` returns a listing, or raises like ``discover``; ``days`` are listed on a day (UTC).

    ``tries`` limits the tries per page and run; None means the setting.
    """

    read: Callable[[ListingRequest], Listing]
    days: Callable[[Source, date], DayRange]
    tries: int | None = None


def discover(  # noqa: PLR0913 - the fields of ListingRequest, by name
    source: Source,
    *,
    day: date,
    fetcher: Fetcher | None,
    validators: Validators | None,
    now: Callable[[], datetime],
    is_done: Callable[[str], bool] = lambda mark: False,
    place_of: PlaceOf = start_of,
    is_probe: bool = False,
    begin_file: BeginFile = read_any_file,
    is_over: Callable[[], bool] = never_over,
) -> Listing:
    """Return the current listing of a source. A feed and a news sitemap give every entry, of any day.

    ``day`` is for kinds that list a single day. ``validators`` are from the last listing; ``ListingRequest`` describes
    ``is_done``, ``place_of``, ``is_probe`` and ``begin_file``. Local sources need no fetcher, only its page limit.
    Raises: BrokenListingError if the whole source cannot be read; TransientFetchError and RefusedFetchError if it
    cannot be fetched; ConfigError for an online kind without a fetcher.
    """
    request = ListingRequest(
        source=source,
        day=day,
        fetcher=fetcher,
        known=validators or Validators(),
        now=now(),
        is_done=is_done,
        place_of=place_of,
        is_probe=is_probe,
        begin_file=begin_file,
        is_over=is_over,
    )
    return SOURCE_ADAPTERS[source.kind].read(request)


def listable_days(source: Source, *, now: datetime) -> DayRange:
    """Return the days that a source lists completely at ``now`` (UTC)."""
    return SOURCE_ADAPTERS[source.kind].days(source, now.date())


# Readers.


_FILTERS = "\nfilters "  # no ETag has a line break


def _if_new(read: Callable[[Page, ListingRequest], Listing]) -> Callable[[ListingRequest], Listing]:
    """Return a reader that fetches the listing, and returns it as unchanged after a 304.

    The ETag that it returns also has a hash of ``page_filters``: a 304 would hide the pages that other filters select.
    """

    def reads(request: ListingRequest) -> Listing:
        source = request.source
        known = _of_same_filters(request.known, source)
        got = request.online().fetch(
            source.location,
            etag=known.etag,
            last_modified=known.last_modified,
            is_listing=True,
            interval_seconds=source.interval_seconds,
        )
        if isinstance(got, NotModified):
            return Listing(entries=(), validators=request.known, is_unchanged=True)
        listing = read(got, request)
        return replace(listing, validators=listing.validators and _with_filters(listing.validators, source))

    return reads


def _of_same_filters(known: Validators, source: Source) -> Validators:
    """Return validators as the server gave them; none if the filters of the source have changed since."""
    etag, _, filters = (known.etag or "").partition(_FILTERS)
    return replace(known, etag=etag or None) if filters == _filters_hash(source) else Validators()


def _with_filters(validators: Validators, source: Source) -> Validators:
    if not source.page_filters or validators == Validators():
        return validators
    return replace(validators, etag=f"{validators.etag or ''}{_FILTERS}{_filters_hash(source)}")


def _filters_hash(source: Source) -> str:
    return hashlib.sha256("\n".join(source.page_filters).encode()).hexdigest()[:16] if source.page_filters else ""


def _feed(page: Page, request: ListingRequest) -> Listing:
    entries = read_feed(page, request.source, now=request.now)
    is_complete = not any(each.ends_listing for each in entries)
    return Listing(entries=entries, validators=validators_of(page) if is_complete else None)


def _sitemap(page: Page, request: ListingRequest) -> Listing:
    source, fetcher = request.source, request.online()
    root = read_root(page, source, now=request.now, max_bytes=fetcher.limits.listing_max_bytes)
    entries = SitemapWalk(source, fetcher, now=request.now).pages(root, url=source.location)
    # An index may be unchanged while its children change, so it is always requested without validators.
    is_complete = root.kind == "urlset" and root.failure is None
    return Listing(entries=entries, validators=validators_of(page) if is_complete else None)


def _sitemap_archive(request: ListingRequest) -> Listing:
    """Return the day's entries of a dated sitemap, or of an index of them. Nothing is cached for the next day."""
    source, fetcher = request.source, request.online()
    url, window = fill_template(source.location, request.day)
    page = fetcher.fetch(url, is_listing=True, interval_seconds=source.interval_seconds)
    assert isinstance(page, Page)  # no validators were sent
    root = read_root(page, source, now=request.now, max_bytes=fetcher.limits.listing_max_bytes)
    walk = SitemapWalk(source, fetcher, now=request.now, day=request.day)
    return Listing(entries=walk.pages(root, url=url, window=window), day=request.day)


def _folder(request: ListingRequest) -> Listing:
    context = replace(request.context(), is_over=request.is_over)
    return folder_listing(Path(request.source.location), context, known=request.known)


def _inbox(request: ListingRequest) -> Listing:
    context = replace(request.context(), is_over=request.is_over)
    return inbox_listing(Path(request.source.location), context, place_of=request.place_of)


# Days.


def _newest_days(_: Source, today: date) -> DayRange:
    """Return today and yesterday.

    By its protocol a news sitemap has the articles of two days. A feed has its newest entries, also around midnight.
    """
    first = today - timedelta(days=1)
    return DayRange(first=first, last=today, note="today and yesterday")


def _past_days(_: Source, today: date) -> DayRange:
    """Return every past day. The first day of an index is known only from its response."""
    return DayRange(first=None, last=today - timedelta(days=1), note="past days, as far back as its index goes")


def _crawled_days(source: Source, today: date) -> DayRange:
    """Return all days for a folder; else the days with files that are already in the list."""
    if not source.is_online:
        return DayRange(first=None, last=None, note="the days in the names of its files")
    note = "days of the crawl, from August 2016 to three days ago"
    return DayRange(first=date(2016, 8, 26), last=today - timedelta(days=3), note=note)


def _any_day(_: Source, __: date) -> DayRange:
    """Return all days: the days of files are known only after reading them."""
    return DayRange(first=None, last=None, note="the days of the pages in its files")


SOURCE_ADAPTERS: Mapping[SourceKind, SourceAdapter] = {
    "feed": SourceAdapter(read=_if_new(_feed), days=_newest_days),
    "news_sitemap": SourceAdapter(read=_if_new(_sitemap), days=_newest_days),
    "sitemap_archive": SourceAdapter(read=_sitemap_archive, days=_past_days),
    "cdx": SourceAdapter(read=read_cdx, days=_past_days, tries=1),
    "cc_news": SourceAdapter(read=read_cc_news, days=_crawled_days),
    "folder": SourceAdapter(read=_folder, days=_any_day),
    "inbox": SourceAdapter(read=_inbox, days=_any_day),
}
