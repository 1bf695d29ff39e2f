"""From a source to its listing."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.fetch import Fetcher, NotModified
from pipeline.model import Page, Source
from pipeline.raw import Validators
from pipeline.sources.feeds import read_feed
from pipeline.sources.found import Listing
from pipeline.sources.local import folder_version, read_folder
from pipeline.sources.reading import Reading
from pipeline.sources.sitemap_walk import SitemapWalk, read_root

_PAGE_MAX_BYTES = 10_000_000  # where no fetcher says otherwise


def discover(
    source: Source,
    *,
    day: date,
    fetcher: Fetcher | None,
    validators: Validators | None,
    now: Callable[[], datetime],
) -> Listing:
    """Return what a source lists now. A feed and a news sitemap give every entry, whatever its day.

    ``day`` is for kinds that list one day alone; none of today's does. ``validators`` are those of the last listing.
    Local kinds need no fetcher and take only its cap of a page.
    Raises: BrokenListingError where the source as a whole cannot be read; TransientFetchError and RefusedFetchError
    where it cannot be fetched; ConfigError for an online kind without a fetcher.
    """
    known = validators or Validators()
    if not source.is_online:
        limit = fetcher.limits.page_max_bytes if fetcher is not None else _PAGE_MAX_BYTES
        return _local_listing(source, Reading(source_key=source.key, now=now(), page_max_bytes=limit), known)
    if fetcher is None:
        raise ConfigError(f"source {source.key!r} is online and needs a fetcher", key=source.key)
    got = fetcher.fetch(
        source.location,
        etag=known.etag,
        last_modified=known.last_modified,
        is_listing=True,
        interval_seconds=source.interval_seconds,
    )
    if isinstance(got, NotModified):
        return Listing(found=(), validators=known, is_unchanged=True)
    return LISTING_READERS[source.kind](got, source, fetcher, now())


def _local_listing(source: Source, reading: Reading, known: Validators) -> Listing:
    folder = Path(source.location)
    if source.kind == "inbox":
        return Listing(found=read_folder(folder, reading, is_deep=False))
    # A year of files is read once, not once for each day of a backfill. Looked at before it is read: what changes
    # meanwhile is read again.
    version = Validators(etag=folder_version(folder))
    if version == known:
        return Listing(found=(), validators=known, is_unchanged=True)
    return Listing(found=read_folder(folder, reading, is_deep=True), validators=version)


def _feed_listing(page: Page, source: Source, _: Fetcher, now: datetime) -> Listing:
    return Listing(found=read_feed(page, source, now=now), validators=_validators_of(page))


def _sitemap_listing(page: Page, source: Source, fetcher: Fetcher, now: datetime) -> Listing:
    root = read_root(page, source, now=now, max_bytes=fetcher.limits.listing_max_bytes)
    found = SitemapWalk(source, fetcher, now=now).pages(root, url=source.location)
    # An index may stay as it is while its children change: it is always asked for anew.
    return Listing(found=found, validators=_validators_of(page) if root.kind == "urlset" else None)


def _validators_of(page: Page) -> Validators:
    return Validators(etag=page.headers.get("etag"), last_modified=page.headers.get("last-modified"))


# What reads the listing of each online kind.
LISTING_READERS: Mapping[str, Callable[[Page, Source, Fetcher, datetime], Listing]] = {
    "feed": _feed_listing,
    "news_sitemap": _sitemap_listing,
}
