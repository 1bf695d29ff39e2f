"""A source: a publisher's feed, sitemap, archive or folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from newslake.pipeline.model.freshness import FreshnessLimits

SourceKind = Literal["feed", "news_sitemap", "sitemap_archive", "cdx", "cc_news", "folder", "inbox"]
LOCAL_KINDS: tuple[SourceKind, ...] = ("folder", "inbox")  # their pages are in files; people fill them
NEWEST_KINDS: tuple[SourceKind, ...] = ("feed", "news_sitemap")  # they list the newest pages; the others, past days
# Their listings have the day of a capture or a crawl, not of publication; the other archives list by publication.
CAPTURE_KINDS: tuple[SourceKind, ...] = ("cdx", "cc_news")
LocationKey = Literal["url", "path"]
# Edits of news are most frequent in the first hours and rare after three days.
RECHECK_HOURS = (1.0, 6.0, 24.0, 72.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOptions:
    """The extra keys of a kind in ``sources.toml``: exactly one of ``place``, optionally those in ``also``.

    ``interval_seconds`` is the minimum time between two requests that the host of the kind allows.
    """

    place: tuple[LocationKey, ...]
    also: tuple[str, ...] = ()
    interval_seconds: float | None = None


KIND_OPTIONS: Mapping[SourceKind, KindOptions] = {
    "feed": KindOptions(place=("url",)),
    "news_sitemap": KindOptions(place=("url",)),
    "sitemap_archive": KindOptions(place=("url",)),
    "cdx": KindOptions(place=("url",), also=("api",), interval_seconds=2.5),  # 24 per minute, as of 2026
    "cc_news": KindOptions(place=("url", "path"), also=("hosts",)),
    "folder": KindOptions(place=("path",), also=("hosts",)),
    "inbox": KindOptions(place=("path", "url")),
}


def is_bucket(location: str) -> bool:
    """Return whether a location is a prefix of a bucket, not a path or a URL of the web."""
    return location.startswith("s3://")


def share_prefix(first: str, second: str) -> bool:
    """Return whether one of two prefixes of buckets is the other one, or in it."""
    here, there = (f"{each.rstrip('/')}/" for each in (first, second))
    return here.startswith(there) or there.startswith(here)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutRule:
    """Extra rules for one layout of a source's pages, as checked CSS selectors.

    Elements of ``drop`` are removed. Then only the first element of ``keep`` is used for the body. ``since`` is the
    first day of the layout, ``until`` its last; None means no bound.
    """

    drop: tuple[str, ...] = ()
    keep: str | None = None
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class OutletKeys:
    """The user's keys of outlets: ``key`` for every page of a source, ``aliases`` by host.

    An alias also counts for the subdomains of its host, unless they have keys.
    """

    key: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)


NO_OUTLET_KEYS = OutletKeys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of ``sources.toml``. ``location`` is its URL, the path of a folder or file, or the bucket of an inbox.

    ``interval_seconds`` is the minimum time between two requests to the source's host, ``poll_seconds`` the time
    between two polls of its listing by the feed trigger; None means the setting. ``api`` is the web archive to use,
    None means the Wayback Machine. WARC files are filtered by ``hosts`` and their subdomains; empty means all hosts.
    ``recheck_hours`` are the times after its publication at which an archived page is requested again, ascending; empty
    means never.
    A page is taken if ``include`` is empty or one of its patterns is in the URL, and none of ``exclude`` is; patterns
    are regular expressions. ``max_pages_per_day`` limits the pages of one news day; None means no limit.
    ``outlet`` is the key of the outlet that published all its pages; None means by host.
    ``freshness`` are its configured limits; None means those of its history, for kinds that list the newest pages.
    """

    key: str
    kind: SourceKind
    location: str
    publisher: str | None = None
    outlet: str | None = None
    language: str | None = None
    interval_seconds: float | None = None
    poll_seconds: float | None = None
    api: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[LayoutRule, ...] = ()
    recheck_hours: tuple[float, ...] = RECHECK_HOURS
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_pages_per_day: int | None = None
    freshness: FreshnessLimits | None = None

    @property
    def page_filters(self) -> tuple[str, ...]:
        """What decides which pages of its files are read, as text: another value means to read the files again."""
        limit = () if self.max_pages_per_day is None else (f"at most {self.max_pages_per_day}",)
        return (*self.hosts, *(f"+{each}" for each in self.include), *(f"-{each}" for each in self.exclude), *limit)

    @property
    def is_online(self) -> bool:
        """Whether its listing is fetched over HTTP, not read from disk."""
        return self.location.startswith(("http://", "https://"))
