"""What every reader of local files is given."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.sources.found import Found, broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of a source: ``now`` is the fetch time of pages that state none, UTC."""

    source_key: str
    now: datetime
    page_max_bytes: int

    def broken(self, where: str, *, reason: str, detail: str) -> Found:
        return broken(self.source_key, where, reason=reason, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file; ``name`` is its path inside the source's folder, with "/"."""

    path: Path
    name: str


def open_file(path: Path) -> BinaryIO:
    """Return a file opened for reading; OSError where the name is a symlink, even one set just now."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
