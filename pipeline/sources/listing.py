"""What discovery gives."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from pipeline.archive import Validators
from pipeline.errors import BrokenListingError, ConfigError, NewsError
from pipeline.fetch import Fetcher
from pipeline.model import Page, Ref, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingEntry:
    """One entry: a page to fetch (neither page nor problem), a local page (``page``), or a broken entry (``problem``).

    Where a broken entry has no URL, ``ref.file`` says where it stands, "inbox.jsonl#12". One with ``finished`` is no
    page but the mark of a large file all of whose pages came before.
    """

    ref: Ref
    page: Page | None = None
    problem: NewsError | None = None
    finished: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The entries of one source. ``entries`` can be read once; local kinds and sitemap indexes stream.

    A feed and a sitemap give no URL twice; files give all that they hold.

    ``validators`` go into the next request for this listing, once every entry has an outcome. ``is_unchanged`` means
    that the server said so, and nothing is listed. ``day`` is set where only that day was listed: what has no date of
    its own is of it.
    """

    entries: Iterable[ListingEntry]
    validators: Validators | None = None
    is_unchanged: bool = False
    day: date | None = None


def broken_entry(source_key: str, where: str, *, reason: str, detail: str) -> ListingEntry:
    """Return a broken entry at ``where``: a URL, or a file with "#" and the number of the line or record."""
    is_url = where.startswith(("http://", "https://"))
    ref = Ref(source_key=source_key, url=where if is_url else None, file=None if is_url else where)
    return ListingEntry(ref=ref, problem=BrokenListingError(f"{where}: {detail}", key=where, reason=reason))


# What every reader of local files is given.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """One reading of a source: ``now`` is the fetch time of pages that state none, UTC.

    ``hosts`` are those whose pages are taken from WARC files, with all below them; none means every host.
    """

    source_key: str
    now: datetime
    page_max_bytes: int
    hosts: tuple[str, ...] = ()

    def takes(self, url: str) -> bool:
        """Return whether a page's host is wanted."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        return not self.hosts or any(host == each or host.endswith(f".{each}") for each in self.hosts)

    def broken(self, where: str, *, reason: str, detail: str) -> ListingEntry:
        return broken_entry(self.source_key, where, reason=reason, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file; ``name`` is its path inside the source's folder, with "/"."""

    path: Path
    name: str


def open_file(path: Path) -> BinaryIO:
    """Return a file opened for reading; OSError where the name is a symlink, even one set just now."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


# What a reader of listings is asked.

_PAGE_MAX_BYTES = 10_000_000  # where no fetcher says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A source, and what is wanted of it. ``day`` matters to dated kinds alone; ``known`` are the last validators.

    ``is_done`` says whether another run has read a large file to its end, by its mark. A probe wants to know what there
    is: it gets such files themselves, unread.
    """

    source: Source
    day: date
    fetcher: Fetcher | None
    known: Validators
    now: datetime
    is_done: Callable[[str], bool] = field(default=lambda mark: False)
    is_probe: bool = False

    def online(self) -> Fetcher:
        """Return the fetcher. Raises: ConfigError where there is none."""
        if self.fetcher is None:
            key = self.source.key
            raise ConfigError(f"source {key!r} is online and needs a fetcher", key=key)
        return self.fetcher

    def context(self) -> ReadContext:
        """Return what readers of local files are given."""
        limit = self.fetcher.limits.page_max_bytes if self.fetcher is not None else _PAGE_MAX_BYTES
        return ReadContext(source_key=self.source.key, now=self.now, page_max_bytes=limit, hosts=self.source.hosts)


def validators_of(page: Page) -> Validators:
    """Return what a server said of the version of a listing."""
    return Validators(etag=page.headers.get("etag"), last_modified=page.headers.get("last-modified"))
