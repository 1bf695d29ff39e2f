"""What every reader of local files is given."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from pipeline.sources.listing import ListingEntry, broken_entry


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
