"""Where reading goes on in a later slice: the place in a file, and the file in its folder."""

import hashlib
import json
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Self

from newslake.pipeline.sources.listing import FilePosition, LocalFile, never_over

_PREFIX = "slice "  # no version of a folder has a space
_INBOX_MARK = "inbox "  # no URL has a space
_EDGE_BYTES = 1024  # of a file, by which it is known again


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPosition:
    """A file of a folder and the place in it. It is stored as the ETag of the listing until the folder is through.

    ``version`` is that of the folder at its first slice, and ``filters`` is a hash of the source's ``page_filters``.
    ``file`` is a hash, so that a takedown has no name to remove here. ``head`` and ``tail`` are of the bytes at the
    start of the file, before it is read, and before the place: they tell whether the file is the same, or has grown.
    """

    version: str
    filters: str
    file: str
    head: str
    tail: str
    place: FilePosition

    @classmethod
    def of(cls, file: LocalFile, *, version: str, filters: Sequence[str]) -> Self:
        """Return the start of a file; call it before the file is read."""
        head = _bytes_of(file, end=_EDGE_BYTES)
        return cls(
            version=version, filters=_hash(*filters), file=_hash(file.name), head=head, tail="", place=FilePosition()
        )

    def at(self, file: LocalFile, place: FilePosition) -> Self:
        """Return the position at a place of the file."""
        return replace(self, tail=_bytes_of(file, end=place.offset), place=place)

    @classmethod
    def parse(cls, etag: str | None, *, filters: Sequence[str]) -> Self | None:
        """Return the position in an ETag; None if it is a version, or a position under other filters.

        Also None if another version of newslake stored it, with other fields: then the folder is read from its start.
        """
        if etag is None or not etag.startswith(_PREFIX):
            return None
        stored = json.loads(etag.removeprefix(_PREFIX))
        try:
            there = cls(**stored | {"place": FilePosition.of(stored["place"])})
        except (KeyError, TypeError):
            return None
        return there if there.filters == _hash(*filters) else None

    @property
    def etag(self) -> str:
        return f"{_PREFIX}{json.dumps(asdict(self))}"

    def files_from(self, files: Sequence[LocalFile]) -> tuple[Sequence[LocalFile], Self | None] | None:
        """Return the files from this position on, and the position if reading goes on in the first of them.

        Return None if its file is gone. A file that has only grown goes on at the place, else one that always grows
        would never end. Of one that has other bytes the rest is left out: the folder is read again after its end, and
        the other files are not to wait for it.
        """
        first = next((number for number, file in enumerate(files) if _hash(file.name) == self.file), None)
        if first is None:
            return None
        if self.place == FilePosition():  # nothing of it was read
            return files[first:], None
        return (files[first:], self) if self._is_in(files[first]) else (files[first + 1 :], None)

    def _is_in(self, file: LocalFile) -> bool:
        head = _bytes_of(file, end=int(self.head.partition(" ")[0]))
        return (head, _bytes_of(file, end=self.place.offset)) == (self.head, self.tail)


def inbox_mark(file: LocalFile) -> str:
    """Return under which name the place in a file of an inbox is stored.

    It is a hash, so that a takedown has no name to remove here. A file that has changed has another one.
    """
    with suppress(OSError):  # reading its entries names the problem
        state = file.path.lstat()
        return mark_of(file.name, state.st_size, changed_ns=state.st_mtime_ns)
    return f"{_INBOX_MARK}{_hash(file.name)}"


def mark_of(name: str, size: int, *, changed_ns: int) -> str:
    """Return the ``inbox_mark`` of a file with a printable name, a size in bytes and a time of its last change."""
    return f"{_INBOX_MARK}{_hash(name, str(size), str(changed_ns))}"


def is_inbox_mark(url: str) -> bool:
    """Return whether validators that are stored under this name are the place in a file of an inbox."""
    return url.startswith(_INBOX_MARK)


def slice_clock(seconds: float | None) -> Callable[[], bool]:
    """Return whether a slice that begins now is over, as a function; None means one slice for all."""
    if seconds is None:
        return never_over
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _bytes_of(file: LocalFile, *, end: int) -> str:
    """Return how many bytes a file has before ``end``, at most some, and a hash of them; none if it cannot be read."""
    start = max(0, end - _EDGE_BYTES)
    data = b""
    with suppress(OSError):  # reading its entries names the problem
        if stat.S_ISREG(file.path.lstat().st_mode):
            with file.path.open("rb") as stream:
                stream.seek(start)
                data = stream.read(end - start)
    return f"{len(data)} {hashlib.sha256(data).hexdigest()[:32]}"
