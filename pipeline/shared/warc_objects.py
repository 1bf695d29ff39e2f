"""The WARC files of an archive as objects: each is written in memory, and put once, whole, when it is sealed."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pipeline.archive.writer import SUFFIX
from pipeline.errors import StoreError
from pipeline.model import Attempt, Capture, file_name_of
from pipeline.store.objects import Objects

FOLDER = "warc"
SEAL_BYTES = 32_000_000
SEAL_SECONDS = 300.0
WINDOW_BYTES = 1_000_000
_WINDOWS = 8  # files that are read at the same time
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
        self, objects: Objects, *, sealing: Sealing | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._objects = objects
        self._sealing = sealing or Sealing()
        self._clock = clock
        self._ahead = ReadAhead(objects)

    def create(self, *, news_day: date, source_key: str, run_id: str) -> "WarcObject":
        folder = f"{folder_of(source_key)}/{news_day.isoformat()}"
        name = f"{folder}/{file_name_of(run_id)}{_MARK}{uuid.uuid4().hex}{SUFFIX}"
        return WarcObject(self._objects, name, sealing=self._sealing, clock=self._clock)

    def exists(self, name: str) -> bool:
        return self._objects.info(name) is not None

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        return self._ahead.read(name, offset=offset, length=length)

    def place(self, name: str) -> str:
        return name


class ReadAhead:
    """Reads ranges of objects that never change: with one request for many, where a reader goes through a file.

    The first range of a file is read alone. A range that begins soon after the last one is read with what follows it,
    in a window that serves the next ranges. The windows of the last files are in memory, also of a deleted file.
    """

    def __init__(self, objects: Objects, *, window_bytes: int = WINDOW_BYTES) -> None:
        self._objects = objects
        self._window_bytes = window_bytes
        self._windows: dict[str, tuple[int, bytes, bool]] = {}  # its offset, its bytes, and whether the file ends there

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        """Return a range of bytes, fewer at the end of the object; None if there is no such object."""
        start, data, is_end = self._windows.get(name, (0, b"", False))
        skipped = offset - start
        if skipped >= 0 and (skipped + length <= len(data) or (is_end and data)):
            return data[skipped : skipped + length]
        is_next = bool(data) and 0 <= offset - start - len(data) + length <= self._window_bytes
        wanted = max(length, self._window_bytes) if is_next else length
        found = self._objects.get_range(name, offset=offset, length=wanted)
        if found is None:
            self._windows.pop(name, None)
            return None
        self._keep(name, (offset, found, len(found) < wanted))
        return found[:length]

    def _keep(self, name: str, window: tuple[int, bytes, bool]) -> None:
        windows = {each: kept for each, kept in self._windows.items() if each != name}
        self._windows = {**dict(list(windows.items())[1 - _WINDOWS :]), name: window}


class WarcObject:
    """A file of one writer, for all news days: its name has the day of the first record."""

    def __init__(self, objects: Objects, name: str, *, sealing: Sealing, clock: Callable[[], float]) -> None:
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

    def finish(self) -> None:
        if self.records:
            put_whole(self._objects, self.name, bytes(self._data))


def put_whole(objects: Objects, name: str, data: bytes) -> None:
    """Put a WARC file, whose name no other file has. Raises: StoreError (store_conflict) if one has it."""
    if not objects.put_new(name, data):
        message = f"{name} exists with other bytes: two processes wrote it; find the other one, and run this again"
        raise StoreError(message, key=name, reason="store_conflict")


def folder_of(source_key: str) -> str:
    """Return the folder of the files of a source."""
    return f"{FOLDER}/{file_name_of(source_key)}"


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
