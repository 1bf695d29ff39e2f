"""Listings: the request to a reader, its result, and the local files that it reads."""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import urlsplit

from newslake.pipeline.archive import Validators
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenListingError, ConfigError, NewsError
from newslake.pipeline.fetch import Fetcher
from newslake.pipeline.model import Page, Ref, Source
from newslake.pipeline.unicode import to_well_formed

_FIRST_WEB_PAGE = datetime(1991, 8, 6, tzinfo=UTC)
_PAGE_MAX_BYTES = 10_000_000  # without a fetcher, which has its own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePosition:
    """A place in a file where a later slice reads on.

    ``number`` counts the lines, rows or records before the byte ``offset``, and ``passed`` those after it that are read
    already: a file that is compressed as a whole can only be entered at its start. ``broken`` is the reason and the
    cause of the line or record that the place is inside; for a row of a CSV file, the reason and where in a field the
    place is. ``is_plain`` is a WARC file that is not compressed, whatever bytes are at the place.
    """

    offset: int = 0
    number: int = 0
    passed: int = 0
    damages: int = 0
    has_entries: bool = False
    is_plain: bool = False
    broken: tuple[str, str] | None = None

    @property
    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return a place that was stored as a JSON object. Raises: KeyError or TypeError for one with other fields."""
        broken = stored["broken"]
        return cls(**{**stored, "broken": None if broken is None else tuple(broken)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingEntry:
    """One entry: a page to fetch (neither page nor problem), a local page (``page``), or a broken entry (``problem``).

    If a broken entry has no URL, ``ref.file`` is its place, such as "inbox.jsonl#12". An entry with ``finished`` is not
    a page: it marks the end of a large file, after all its pages. A broken entry with ``ends_listing`` is the
    listing itself: it is incomplete, and entries after this place are missing. ``ignored`` are values for a page
    that cannot be read, as text: the page is read without them. An entry with ``position`` ends a slice of a file: with
    ``finished``, the file is read up to there. One with ``unfinished`` ends a slice of the listing: it is the ETag of
    the next request, which reads on; in an inbox, the name of a file that a later slice reads, from ``position`` on if
    this one has begun it. None of these is a page.
    """

    ref: Ref
    page: Page | None = None
    problem: NewsError | None = None
    finished: str | None = None
    ends_listing: bool = False
    ignored: tuple[str, ...] = ()
    position: FilePosition | None = None
    unfinished: str | None = None

    @property
    def is_item(self) -> bool:
        """Whether it is an item of the listing: a page or a broken entry, no mark of where a file or a slice ends.

        A mark is not set aside after processes died: what comes after it would be lost.
        """
        return self.finished is None and self.unfinished is None and not self.ends_listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The entries of one source. ``entries`` can be read once; local kinds and sitemap indexes stream.

    A feed and a sitemap have no repeated URLs; files give every entry.

    Send ``validators`` with the next request for this listing, after every entry has an outcome. ``is_unchanged`` means
    that the source has not changed, and nothing is listed. ``is_continued`` means that earlier slices had the first
    entries. ``day`` is set if only that day was listed: entries without
    a date belong to it.
    """

    entries: Iterable[ListingEntry]
    validators: Validators | None = None
    is_unchanged: bool = False
    is_continued: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file; ``name`` is its printable path inside the source's folder, with "/"."""

    path: Path
    name: str

    @property
    def place(self) -> str:
        """Its path from the source's folder on: "pages/2026/a.html"."""
        parts = self.name.count("/") + 2
        return "/".join(self.path.parts[-parts:])


FILE_START = FilePosition()
BeginFile = Callable[[str], NewsError | None]
PlaceOf = Callable[[str], FilePosition]


def read_any_file(_: str) -> None:
    """Refuse no file."""


def start_of(_: str) -> FilePosition:
    """Read every file from its start."""
    return FILE_START


def never_over() -> bool:
    """Read all in one slice."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """The input of a reader of local files. ``now`` is the time of reading, UTC.

    Only pages of ``hosts`` and their subdomains are read from WARC files; empty means every host. ``filters`` are
    ``page_filters`` of the source. ``begin_file`` is
    called before each step of reading a file on disk, with a name of that step; it returns an error if the rest must
    not be read. ``file`` is the file that is read now. Page files in ``indexed``, by name, are read where a line of an
    index names them. A reader of a file that may be large begins at ``start``, calls ``is_over`` after each
    step, and ends its slice.
    """

    source_key: str
    now: datetime
    page_max_bytes: int
    hosts: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    begin_file: BeginFile = read_any_file
    file: LocalFile | None = None
    indexed: Collection[str] = ()
    start: FilePosition = FILE_START
    is_over: Callable[[], bool] = never_over

    @property
    def file_time(self) -> datetime:
        """When the present file was last changed, UTC; ``now`` if that is in the future, before the web, or unknown."""
        if self.file is None:
            return self.now
        changed = datetime.fromtimestamp(self.file.path.lstat().st_mtime, UTC)
        return changed if _FIRST_WEB_PAGE <= changed <= self.now else self.now

    def takes(self, url: str) -> bool:
        """Return whether the page's host is one of ``hosts``."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        return not self.hosts or any(host == each or host.endswith(f".{each}") for each in self.hosts)

    def broken(self, where: str, *, reason: str, detail: str) -> ListingEntry:
        return broken_entry(self.source_key, where, reason=reason, detail=detail)

    def slice_end(self, name: str, position: FilePosition) -> ListingEntry:
        return ListingEntry(ref=Ref(source_key=self.source_key, url=None, file=name), position=position)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A request for a source's listing. ``day`` is for dated kinds only; ``known`` are the last validators.

    ``is_done`` says by the mark of a large file whether another run has read it to its end, and ``place_of`` where
    reading goes on in it. A probe gets such files as entries without reading them. ``begin_file`` and ``is_over`` are
    those of ``ReadContext``.
    """

    source: Source
    day: date
    fetcher: Fetcher | None
    known: Validators
    now: datetime
    is_done: Callable[[str], bool] = field(default=lambda mark: False)
    place_of: PlaceOf = start_of
    is_probe: bool = False
    begin_file: BeginFile = read_any_file
    is_over: Callable[[], bool] = never_over

    def online(self) -> Fetcher:
        """Return the fetcher. Raises: ConfigError without a fetcher."""
        if self.fetcher is None:
            key = self.source.key
            raise ConfigError(f"source {key!r} is online and needs a fetcher", key=key)
        return self.fetcher

    def context(self) -> ReadContext:
        """Return the context for readers of local files."""
        limit = self.fetcher.limits.page_max_bytes if self.fetcher is not None else _PAGE_MAX_BYTES
        return ReadContext(
            source_key=self.source.key,
            now=self.now,
            page_max_bytes=limit,
            hosts=self.source.hosts,
            filters=self.source.page_filters,
            begin_file=self.begin_file,
        )


def isolated_entries(
    entries: Iterable[ListingEntry], source_key: str, *, where: str, ends_listing: bool = False
) -> Iterator[ListingEntry]:
    """Yield the entries of one listing or file; an exception while reading becomes the last one, a broken entry."""
    unread = iter(entries)
    while (entry := run_isolated(partial(next, unread, None), key=where)) is not None:
        if isinstance(entry, NewsError):
            yield replace(failed_entry(source_key, where, entry), ends_listing=ends_listing)
            return
        yield entry


def entries_in_turn(
    entries: Iterable[ListingEntry], context: ReadContext, *, name: str, ends_listing: bool = False
) -> Iterator[ListingEntry]:
    """Yield ``isolated_entries`` of the file ``name`` on disk, up to a step of reading that must not be taken.

    Each step is a turn: a process that dies far into a long file says nothing about its other entries.
    """
    unread = isolated_entries(entries, context.source_key, where=name, ends_listing=ends_listing)
    for number in count(context.start.number + context.start.passed):
        if (refusal := context.begin_file(f"{name} after {number}")) is not None:
            yield replace(failed_entry(context.source_key, name, refusal), ends_listing=ends_listing)
            return
        if (entry := next(unread, None)) is None:
            return
        yield entry


def failed_entry(source_key: str, where: str, problem: NewsError) -> ListingEntry:
    """Return the broken entry at ``where``: a URL, or a file with "#" and the line or record number."""
    is_url = where.startswith(("http://", "https://"))
    ref = Ref(source_key=source_key, url=where if is_url else None, file=None if is_url else where)
    return ListingEntry(ref=ref, problem=problem)


def broken_entry(source_key: str, where: str, *, reason: str, detail: str) -> ListingEntry:
    """Return ``failed_entry`` with a BrokenListingError."""
    message = f"{where}: {to_well_formed(detail)}"
    return failed_entry(source_key, where, BrokenListingError(message, key=where, reason=reason))


def broken_link(source_key: str, where: str, link: str | None) -> ListingEntry:
    """Return the broken entry of a listing for a link that is missing or not an http(s) URL."""
    if not link:
        return broken_entry(source_key, where, reason="entry_without_link", detail="the entry has no link; skipped")
    detail = f"{link[:200]!r} is not an http(s) URL; skipped"
    return broken_entry(source_key, where, reason="bad_url", detail=detail)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading. Raises: OSError if it is a symlink, even one created just before."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def validators_of(page: Page) -> Validators:
    """Return the validators of a listing."""
    return Validators(etag=page.headers.get("etag"), last_modified=page.headers.get("last-modified"))
