"""Every kind of source: how its listing is read, and which days it promises. Its keys are in ``KIND_OPTIONS``."""

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

# Which days a source can be asked for.


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """Publication days that a listing promises in full, both included; None means no bound on that side.

    ``note`` is for a person.
    """

    first: date | None
    last: date | None
    note: str

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def newest_days(source: Source, today: date) -> DayRange:
    """Return today and yesterday.

    The news sitemap protocol keeps articles of two days; a feed its newest entries, asked for at midnight as well.
    """
    first = today - timedelta(days=1)
    return DayRange(first=first, last=today, note=f"a {source.kind} lists its newest pages only")


def past_days(_: Source, today: date) -> DayRange:
    """Return every day that is over; how far back an index goes is seen only when it is asked."""
    return DayRange(
        first=None, last=today - timedelta(days=1), note="any day that is over, as far back as its index goes"
    )


def crawled_days(source: Source, today: date) -> DayRange:
    """Return the days of a folder's files; else those whose files are in the list by now, from the first ones on."""
    if not source.is_online:
        return DayRange(first=None, last=None, note="the days that its files have in their names")
    note = "days of crawling since August 2016, two days after they ended"
    return DayRange(first=date(2016, 8, 26), last=today - timedelta(days=3), note=note)


def any_day(_: Source, __: date) -> DayRange:
    """Return all days: what files hold shows when they are read."""
    return DayRange(first=None, last=None, note="whatever days its files hold")


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


# From a source to its listing.


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
    """Return what a source lists now. A feed and a news sitemap give every entry, whatever its day.

    ``day`` is for kinds that list one day alone. ``validators`` are those of the last listing,
    ``is_done`` and ``is_probe`` what ``ListingRequest`` says.
    What lies on a disk needs no fetcher and takes only its cap of a page.
    Raises: BrokenListingError where the source as a whole cannot be read; TransientFetchError and RefusedFetchError
    where it cannot be fetched; ConfigError for an online kind without a fetcher.
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
