"""Every kind of source: how its listing is read, and which days it can list. ``KIND_OPTIONS`` has its keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pipeline.archive import Validators
from pipeline.fetch import Fetcher, NotModified
from pipeline.model import Page, Source
from pipeline.model.source import SourceKind
from pipeline.sources.cc_news import read_cc_news
from pipeline.sources.feeds import read_feed
from pipeline.sources.folder import folder_listing, inbox_listing
from pipeline.sources.listing import Listing, ListingRequest, validators_of
from pipeline.sources.sitemaps import SitemapWalk, fill_template, read_root
from pipeline.sources.wayback import read_cdx


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """The publication days that a listing covers in full, first and last included; None means no bound on that side.

    ``note`` is for a person.
    """

    first: date | None
    last: date | None
    note: str

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdapter:
    """One kind of source. ``read`` returns a listing, or raises as ``discover``; ``days``: those listed on a day (UTC).

    ``tries`` limits the tries per page in one run; None means the setting.
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
    is_probe: bool = False,
) -> Listing:
    """Return the current listing of a source. A feed and a news sitemap give every entry, whatever its day.

    ``day`` is for kinds that list a single day. ``validators`` are those of the last listing; ``is_done`` and
    ``is_probe`` are described in ``ListingRequest``. Local sources need no fetcher; they only use its page limit.
    Raises: BrokenListingError if the source as a whole cannot be read; TransientFetchError and RefusedFetchError
    if it cannot be fetched; ConfigError for an online kind without a fetcher.
    """
    request = ListingRequest(
        source=source,
        day=day,
        fetcher=fetcher,
        known=validators or Validators(),
        now=now(),
        is_done=is_done,
        is_probe=is_probe,
    )
    return SOURCE_ADAPTERS[source.kind].read(request)


def listable_days(source: Source, *, now: datetime) -> DayRange:
    """Return the days that a source lists in full at ``now`` (UTC)."""
    return SOURCE_ADAPTERS[source.kind].days(source, now.date())


# Readers.


def _if_new(read: Callable[[Page, ListingRequest], Listing]) -> Callable[[ListingRequest], Listing]:
    """Return a reader that fetches the listing, and returns it as unchanged if the server says so."""

    def reads(request: ListingRequest) -> Listing:
        source, known = request.source, request.known
        got = request.online().fetch(
            source.location,
            etag=known.etag,
            last_modified=known.last_modified,
            is_listing=True,
            interval_seconds=source.interval_seconds,
        )
        if isinstance(got, NotModified):
            return Listing(entries=(), validators=known, is_unchanged=True)
        return read(got, request)

    return reads


def _feed(page: Page, request: ListingRequest) -> Listing:
    return Listing(entries=read_feed(page, request.source, now=request.now), validators=validators_of(page))


def _sitemap(page: Page, request: ListingRequest) -> Listing:
    source, fetcher = request.source, request.online()
    root = read_root(page, source, now=request.now, max_bytes=fetcher.limits.listing_max_bytes)
    found = SitemapWalk(source, fetcher, now=request.now).pages(root, url=source.location)
    # An index may stay the same while its children change, so it is always requested in full.
    return Listing(entries=found, validators=validators_of(page) if root.kind == "urlset" else None)


def _sitemap_archive(request: ListingRequest) -> Listing:
    """Return the day's entries of a dated sitemap or an index of them. Nothing is cached for the next day."""
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


# Days.


def _newest_days(source: Source, today: date) -> DayRange:
    """Return today and yesterday.

    A news sitemap keeps articles of two days by its protocol. A feed has its newest entries, also around midnight.
    """
    first = today - timedelta(days=1)
    return DayRange(first=first, last=today, note=f"a {source.kind} lists its newest pages only")


def _past_days(_: Source, today: date) -> DayRange:
    """Return every past day. How far back an index goes is known only from its response."""
    return DayRange(
        first=None, last=today - timedelta(days=1), note="any day that is over, as far back as its index goes"
    )


def _crawled_days(source: Source, today: date) -> DayRange:
    """Return all days for a folder; else the days whose files are in the list by now."""
    if not source.is_online:
        return DayRange(first=None, last=None, note="the days that its files have in their names")
    note = "days of crawling since August 2016, two days after they ended"
    return DayRange(first=date(2016, 8, 26), last=today - timedelta(days=3), note=note)


def _any_day(_: Source, __: date) -> DayRange:
    """Return all days: the days of files are known only after reading them."""
    return DayRange(first=None, last=None, note="whatever days its files hold")


SOURCE_ADAPTERS: Mapping[SourceKind, SourceAdapter] = {
    "feed": SourceAdapter(read=_if_new(_feed), days=_newest_days),
    "news_sitemap": SourceAdapter(read=_if_new(_sitemap), days=_newest_days),
    "sitemap_archive": SourceAdapter(read=_sitemap_archive, days=_past_days),
    "cdx": SourceAdapter(read=read_cdx, days=_past_days, tries=1),
    "cc_news": SourceAdapter(read=read_cc_news, days=_crawled_days),
    "folder": SourceAdapter(read=_folder, days=_any_day),
    "inbox": SourceAdapter(read=_inbox, days=_any_day),
}
