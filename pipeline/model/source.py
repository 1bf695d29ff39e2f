"""A source: a publisher's feed, sitemap, archive or folder."""

from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["feed", "news_sitemap", "folder", "inbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of ``sources.toml``. ``location`` is a URL (feed, news_sitemap) or a folder (folder, inbox).

    ``interval_seconds`` is the least time between two starts at the source's host; None means the setting's.
    """

    key: str
    kind: SourceKind
    location: str
    publisher: str | None = None
    language: str | None = None
    interval_seconds: float | None = None
