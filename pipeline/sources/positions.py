"""Where reading goes on in a later slice: the place in a file, and the file in its folder."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from newslake.pipeline.sources.listing import FilePosition, LocalFile, never_over

_PREFIX = "slice "  # no version of a folder has a space


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPosition:
    """A file of a folder and the place in it. It is stored as the ETag of the listing until the folder is through.

    ``version`` is that of the folder at its first slice, and ``filters`` is a hash of the source's ``page_filters``.
    ``file`` is a hash, so that a takedown has no name to remove here. ``state`` tells whether the file is the same.
    """

    version: str
    filters: str
    file: str
    state: str
    place: FilePosition

    @classmethod
    def of(cls, file: LocalFile, *, version: str, filters: Sequence[str]) -> Self:
        """Return the start of a file; call it before the file is read."""
        state = _state_of(file) or ""
        return cls(version=version, filters=_hash(*filters), file=_hash(file.name), state=state, place=FilePosition())

    @classmethod
    def parse(cls, etag: str | None, *, filters: Sequence[str]) -> Self | None:
        """Return the position in an ETag; None if it is a version, or a position under other filters.

        Also None if another version of newslake stored it, with other fields: then the folder is read from its start.
        """
        if etag is None or not etag.startswith(_PREFIX):
            return None
        stored = json.loads(etag.removeprefix(_PREFIX))
        try:
            place = stored.pop("place")
            broken = place.pop("broken")
            there = cls(**stored, place=FilePosition(**place, broken=None if broken is None else tuple(broken)))
        except (KeyError, TypeError):
            return None
        return there if there.filters == _hash(*filters) else None

    @property
    def etag(self) -> str:
        return f"{_PREFIX}{json.dumps(asdict(self))}"

    def files_from(self, files: Sequence[LocalFile]) -> tuple[Sequence[LocalFile], Self] | None:
        """Return the files from this position on, and the position; None if its file is gone.

        A file that changed begins again: the bytes before the place may be other ones.
        """
        first = next((number for number, file in enumerate(files) if _hash(file.name) == self.file), None)
        state = None if first is None else _state_of(files[first])
        if state is None:
            return None
        return files[first:], self if state == self.state else replace(self, state=state, place=FilePosition())


def slice_clock(seconds: float | None) -> Callable[[], bool]:
    """Return whether a slice that begins now is over, as a function; None means one slice for all."""
    if seconds is None:
        return never_over
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _state_of(file: LocalFile) -> str | None:
    try:
        state = file.path.lstat()
    except FileNotFoundError:  # removed meanwhile
        return None
    return f"{state.st_ino} {state.st_size} {state.st_ctime_ns}"
