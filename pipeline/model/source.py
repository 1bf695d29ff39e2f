"""A source: a publisher's feed, sitemap, archive or folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

SourceKind = Literal["feed", "news_sitemap", "sitemap_archive", "cdx", "cc_news", "folder", "inbox"]
LocationKey = Literal["url", "path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOptions:
    """What a kind's entry in ``sources.toml`` says beside the keys of all kinds: one of ``place``, maybe ``also``.

    ``interval_seconds`` is the least time between two requests that the host of the kind allows.
    """

    place: tuple[LocationKey, ...]
    also: tuple[str, ...] = ()
    interval_seconds: float | None = None


KIND_OPTIONS: Mapping[SourceKind, KindOptions] = {
    "feed": KindOptions(place=("url",)),
    "news_sitemap": KindOptions(place=("url",)),
    "sitemap_archive": KindOptions(place=("url",)),
    "cdx": KindOptions(place=("url",), also=("api",), interval_seconds=2.5),  # 24 a minute, as of 2026
    "cc_news": KindOptions(place=("url", "path"), also=("hosts",)),
    "folder": KindOptions(place=("path",), also=("hosts",)),
    "inbox": KindOptions(place=("path",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutRule:
    """What a layout of a source's pages needs beside the general rules, as CSS selectors that were checked.

    ``drop`` is left out; of the rest only the first element of ``keep`` is read for the body. ``since`` is the first
    day of the layout, ``until`` its last; None means that it has none.
    """

    drop: tuple[str, ...] = ()
    keep: str | None = None
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of ``sources.toml``. ``location`` is its URL, or the path of a folder or file.

    ``interval_seconds`` is the least time between two starts at the source's host, ``poll_seconds`` the time between
    two looks of the feed trigger at its listing; None means the setting's. ``api`` is the web archive that a kind asks,
    None the Wayback Machine. ``hosts`` are those whose pages are taken from WARC files, with all below them; none means
    all.
    """

    key: str
    kind: SourceKind
    location: str
    publisher: str | None = None
    language: str | None = None
    interval_seconds: float | None = None
    poll_seconds: float | None = None
    api: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[LayoutRule, ...] = ()

    @property
    def is_online(self) -> bool:
        """Whether its listing is fetched, not read from a disk."""
        return self.location.startswith(("http://", "https://"))
