"""A page before it is processed: its listing entry, its bytes, and its records in the archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from newslake.pipeline.model.rights import RightsStatement

GONE = (404, 410)
UrlMethod = Literal["singlefile", "saved_from", "httrack", "canonical_link", "og_url", "folders"]
FetchTimeMethod = Literal["singlefile", "httrack", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the listing says about a page. Everything is a hint; the page itself has priority.

    ``published_at`` and ``modified_at`` are aware, UTC. ``published_precision`` is "day" if the listing gives no time.
    ``date_method`` is "feed" for feeds and sitemaps, "given" for the date of a local file. ``file`` is the
    local file of a page without a URL. ``tdm_reserved`` is true if the host's tdmrep.json or robots.txt reserves text
    and data mining of the page; ``rights`` are the statements of these files about the page when it was fetched.
    ``copy_url`` is the URL of a web archive's snapshot, which is fetched in place of the page; ``copy_digest`` is the
    web archive's digest of the snapshot. ``url_method`` says which mark of a saved page gave its URL,
    ``fetched_at_method`` which gave its fetch time: "file" is the time of the file, or of the run. Both are None if the
    URL or the time comes with the page, or is that of a request.
    """

    title: str | None = None
    published_at: datetime | None = None
    published_precision: Literal["second", "day"] | None = None
    date_method: Literal["feed", "given"] = "feed"
    modified_at: datetime | None = None
    publisher: str | None = None
    language: str | None = None
    file: str | None = None
    tdm_reserved: bool | None = None
    rights: tuple[RightsStatement, ...] | None = None
    copy_url: str | None = None
    copy_digest: str | None = None
    url_method: UrlMethod | None = None
    fetched_at_method: FetchTimeMethod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A page that a source lists: its URL (None for a local text without one) and the listing's hints.

    ``file`` names the local file that holds the bytes, for folder and inbox sources; None means fetch ``url``.
    ``refetch_after``, UTC, asks for a page that is archived already, unless it was fetched after that time.
    """

    source_key: str
    url: str | None
    hints: Hints = Hints()
    file: str | None = None
    refetch_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, as sent over the wire.

    ``request`` and ``head`` are the first line and the headers, including the empty line. ``body`` has its content
    codings, but no transfer coding. ``truncated`` says why a body is incomplete: the page's deadline ("time"), or the
    connection ("disconnect").
    """

    request: bytes
    head: bytes
    body: bytes
    truncated: Literal["time", "disconnect"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Bytes as they were fetched. ``body`` has no transfer and content codings; its charset is not decoded.

    ``url`` is the requested URL, ``final_url`` the URL after redirects; both None for a local text without a URL.
    ``headers`` have lower-case names. ``status`` is the HTTP status, 200 for local files. ``fetched_at`` is UTC.
    ``exchange`` is set only between fetching and archiving.
    """

    url: str | None
    final_url: str | None
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    hints: Hints = Hints()
    exchange: Exchange | None = field(default=None, compare=False, repr=False)

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if unknown."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One record of the archive: this URL had this content at this time.

    ``digest`` is the payload digest ("sha256:<64 hex>"), the ``payload_digest`` of tables. A capture with
    ``is_revisit`` has no bytes: an earlier record with the same digest has them.
    ``page_key`` identifies the page among captures: the canonical form of the requested URL, or the digest without
    a URL. ``article_id`` is the article of the page's canonical link. ``sent_digest`` is the digest of the body as
    the server sent it, if a content coding makes it differ.
    ``offset`` and ``length`` are bytes in ``file``, which is relative to the archive's root.
    """

    page_key: str
    url: str | None
    article_id: str
    source_key: str
    news_day: date
    run_id: str
    fetched_at: datetime
    status: int
    digest: str
    is_revisit: bool
    file: str
    offset: int
    length: int
    etag: str | None = None
    last_modified: str | None = None
    hints: Hints = field(default_factory=Hints)
    sent_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One record of the archive for a failed response: 404, 410, or a truncated body.

    ``reason`` is the reason of the page's outcome. ``article_id`` is from the page's last capture, None without one.
    """

    page_key: str
    url: str
    article_id: str | None
    source_key: str
    news_day: date
    run_id: str
    fetched_at: datetime
    status: int
    reason: str
    file: str
    offset: int
    length: int

    @property
    def is_tombstone(self) -> bool:
        """Whether the server says that the page is gone."""
        return self.status in GONE
