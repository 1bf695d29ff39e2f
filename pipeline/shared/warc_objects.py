"""The WARC files of an archive as objects: each is written in memory, and put once, whole, when it is sealed."""

import hashlib
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from newslake.pipeline.archive.writer import SUFFIX
from newslake.pipeline.errors import StoreError
from newslake.pipeline.model import Attempt, Capture, file_name_of
from newslake.pipeline.shared.bucket import Bucket

FOLDER = "warc"
SEAL_BYTES = 32_000_000
SEAL_SECONDS = 300.0
WINDOW_BYTES = 1_000_000
MEMORY_BYTES = 32_000_000
WINDOW_SECONDS = 60.0
_MARK = "~"  # file_name_of encodes it, so that no run id has it


@dataclass(frozen=True, slots=True)
class Sealing:
    """When a WARC file is sealed: at the first record after these bytes or seconds, and at the end of its writer.

    What a writer that dies has not sealed is lost, and fetched again.
    """

    max_bytes: int = SEAL_BYTES
    max_seconds: float = SEAL_SECONDS


class WarcObjects:
    """Implements ``RecordFiles`` on objects. ``clock`` returns seconds that never go back."""

    has_file_per_day = False

    def __init__(
        self, objects: Bucket, *, sealing: Sealing | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._objects = objects
        self._sealing = sealing or Sealing()
        self._clock = clock
        self._ahead = ReadAhead(objects, clock=clock)

    def create(self, *, news_day: date, source_key: str, run_id: str) -> "WarcObject":
        folder = f"{folder_of(source_key)}/{news_day.isoformat()}"
        name = f"{folder}/{file_name_of(run_id)}{_MARK}{uuid.uuid4().hex}{SUFFIX}"
        return WarcObject(self._objects, name, sealing=self._sealing, clock=self._clock)

    def exists(self, name: str) -> bool:
        is_there = self._objects.info(name) is not None
        if not is_there:
            self._ahead.drop(name)
        return is_there

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        return self._ahead.read(name, offset=offset, length=length)

    def place(self, name: str) -> str:
        return name


@dataclass(frozen=True, slots=True)
class _ReadWindow:
    """Bytes of an object from an offset on; ``is_end``: the object ends with them; ``read_at`` is a time in seconds."""

    offset: int
    data: bytes
    is_end: bool
    read_at: float

    def has(self, offset: int, length: int) -> bool:
        first = offset - self.offset
        return first >= 0 and (first + length <= len(self.data) or self.is_end)

    def ends_near(self, offset: int, *, bytes_away: int) -> bool:
        """Return whether a range that begins at ``offset`` is the next one of a reader that goes through the file."""
        return self.offset < offset <= self.offset + len(self.data) + bytes_away


class ReadAhead:
    """Reads ranges of objects that never change: with one request for many, where a reader goes through a file.

    The first range of a file is read alone. A range that begins soon after the last one is read with what follows it,
    in a window that serves the next ranges. The windows that were used last are in memory, up to ``memory_bytes``. One
    that was read more than ``WINDOW_SECONDS`` ago goes at the next read of any file, that of a deleted file when the
    store says so: a takedown may have deleted it. May be used by several threads.
    """

    def __init__(
        self,
        objects: Bucket,
        *,
        window_bytes: int = WINDOW_BYTES,
        memory_bytes: int = MEMORY_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._window_bytes = window_bytes
        self._memory_bytes = memory_bytes
        self._windows: OrderedDict[str, _ReadWindow] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        """Return a range of bytes, fewer at the end of the object; None if there is no such object."""
        window = self._take(name)
        if window is None or not window.has(offset, length):
            is_next = window is not None and window.ends_near(offset, bytes_away=self._window_bytes)
            wanted = max(length, self._window_bytes) if is_next else length
            began = self._clock()
            data = self._objects.get_range(name, offset=offset, length=wanted)
            if data is None:
                self.drop(name)  # what another thread keeps
                return None
            window = _ReadWindow(offset, data, len(data) < wanted, began)
        self._keep(name, window)
        first = offset - window.offset
        return window.data[first : first + length]

    def drop(self, name: str) -> None:
        """Forget the window of a file."""
        self._take(name)

    def _take(self, name: str) -> _ReadWindow | None:
        """Take the window of a file out of memory, and those that are too old; return it."""
        oldest = self._clock() - WINDOW_SECONDS
        with self._lock:
            for each in [each for each, window in self._windows.items() if window.read_at < oldest]:
                self._held -= len(self._windows.pop(each).data)
            window = self._windows.pop(name, None)
            self._held -= 0 if window is None else len(window.data)
            return window

    def _keep(self, name: str, window: _ReadWindow) -> None:
        with self._lock:
            other = self._windows.pop(name, None)  # of another thread
            self._windows[name] = window
            self._held += len(window.data) - (0 if other is None else len(other.data))
            while self._held > self._memory_bytes and len(self._windows) > 1:
                self._held -= len(self._windows.popitem(last=False)[1].data)


class WarcObject:
    """A file of one writer, for all news days: its name has the day of the first record."""

    def __init__(self, objects: Bucket, name: str, *, sealing: Sealing, clock: Callable[[], float]) -> None:
        self.name = name
        self.records: list[Capture | Attempt] = []
        self._objects = objects
        self._sealing = sealing
        self._clock = clock
        self._since = clock()
        self._data = bytearray()

    @property
    def size(self) -> int:
        return len(self._data)

    @property
    def is_due(self) -> bool:
        return self.size >= self._sealing.max_bytes or self._clock() - self._since >= self._sealing.max_seconds

    def append(self, *members: bytes) -> list[int]:
        offsets = []
        for member in members:
            offsets.append(len(self._data))
            self._data += member
        return offsets

    def read(self, *, offset: int, length: int) -> bytes:
        return bytes(self._data[offset : offset + length])

    def finish(self) -> None:
        if self.records:
            put_whole(self._objects, self.name, bytes(self._data))


def put_whole(objects: Bucket, name: str, data: bytes) -> None:
    """Put a WARC file, whose name no other file has. Raises: StoreError (store_conflict) if one has it."""
    if not objects.put_new(name, data):
        message = f"{name} exists with other bytes: two processes wrote it; find the other one, and run this again"
        raise StoreError(message, key=name, reason="store_conflict")


def folder_of(source_key: str) -> str:
    """Return the folder of the files of a source."""
    return f"{FOLDER}/{file_name_of(source_key)}"


def sealed_name(name: str) -> str:
    """Return the name of a sealed file for a file of the archive of one machine, whose names have the day first.

    It is always the same, and no other file has it. Retries of a run are numbered there, as versions are here: so
    the number becomes a part of the hash.
    """
    _, day, source, last = name.split("/")
    run = last.removesuffix(SUFFIX).partition(_MARK)[0]
    return f"{FOLDER}/{source}/{day}/{run}{_MARK}{hashlib.sha256(name.encode()).hexdigest()[:32]}{SUFFIX}"


def next_version(name: str) -> str:
    """Return the name of a file after records were erased from it: its version is one higher."""
    return f"{origin_of(name)}{_MARK}{version_of(name) + 1}{SUFFIX}"


def origin_of(name: str) -> str:
    """Return the name that all versions of a file have in common."""
    folder, _, last = name.removesuffix(SUFFIX).rpartition("/")
    return f"{folder}/{_MARK.join(last.split(_MARK)[:2])}"


def version_of(name: str) -> int:
    """Return the version of a file; 1 before any record was erased from it."""
    parts = name.removesuffix(SUFFIX).rpartition("/")[2].split(_MARK)
    return int(parts[2]) if len(parts) == 3 and parts[2].isdigit() else 1
