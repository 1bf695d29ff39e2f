"""A source: a publisher's feed, sitemap, archive or folder."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

OnlineKind = Literal["feed", "news_sitemap"]
LocalKind = Literal["folder", "inbox"]
SourceKind = Literal[OnlineKind, LocalKind]


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
    """One entry of ``sources.toml``. ``location`` is the URL of an online kind, the folder of a local one.

    ``interval_seconds`` is the least time between two starts at the source's host, ``poll_seconds`` the time between
    two looks of the feed trigger at its listing; None means the setting's.
    """

    key: str
    kind: SourceKind
    location: str
    publisher: str | None = None
    language: str | None = None
    interval_seconds: float | None = None
    poll_seconds: float | None = None
    rules: tuple[LayoutRule, ...] = ()

    @property
    def is_online(self) -> bool:
        """Whether its listing is fetched, not read from a folder."""
        return self.kind in get_args(OnlineKind)
