"""A read-only file system for DuckDB with the files of the lake's tables, the only files that SQL can open.

DuckDB can allow a folder only for both reading and writing. So it gets this file system instead of a folder: it has
only these files and cannot write.
"""

import os
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from glob import glob
from io import BytesIO
from pathlib import Path
from threading import RLock, get_ident
from typing import Any

import pyarrow.parquet as pq
from fsspec import AbstractFileSystem

from pipeline.lake import committed_files
from pipeline.query.views import SCHEME, TableScan, table_dir, table_name
from pipeline.tables import LOG_TABLES, TABLES, TableSpec

# Read when a file is opened: it contains the footer of a Parquet file, which DuckDB reads in pieces.
_END_BYTES = 32_768
VERIFY = "run `newslake lake verify`, which says what to do"


class _OpenFile:
    """A file's size, time and last bytes, and the file itself, open while it has readers.

    DuckDB opens each file twice at once. System calls are kept few, because threads wait for each other at each call.
    """

    __slots__ = ("_end", "_end_place", "_file", "modified", "readers", "size")

    def __init__(self, file: str | bytes) -> None:
        self.readers = 0
        self._file: int | None = None
        if isinstance(file, bytes):
            self.size, self.modified = len(file), datetime.fromtimestamp(0, UTC)
            self._end, self._end_place = file, 0
            return
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            state = os.fstat(self._file)
            self.size, self.modified = state.st_size, datetime.fromtimestamp(state.st_mtime, UTC)
            self._end_place = max(0, self.size - _END_BYTES)
            self._end = os.pread(self._file, _END_BYTES, self._end_place)
        except OSError:
            self.close()
            raise

    def read(self, size: int, place: int) -> bytes:
        if self._file is None or place >= self._end_place:
            place -= self._end_place
            return self._end[place : place + size]
        return os.pread(self._file, size, place)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)


class LakeFile:
    """One open file. DuckDB's threads share it and seek before they read, so each thread has its own position.

    ``done`` is called once: when the file is closed, or garbage-collected, which is how DuckDB closes files.
    """

    __slots__ = ("_done", "_places", "shared")

    def __init__(self, shared: _OpenFile, done: Callable[[], None]) -> None:
        self.shared = shared
        self._done: Callable[[], None] | None = done
        self._places: dict[int, int] = {}

    def seek(self, place: int) -> int:
        self._places[get_ident()] = place
        return place

    def tell(self) -> int:
        return self._places.get(get_ident(), 0)

    def read(self, size: int) -> bytes:
        if self._done is None:
            raise ValueError("the file is closed")
        thread = get_ident()
        place = self._places.get(thread, 0)
        found = self.shared.read(size, place)
        self._places[thread] = place + len(found)
        return found

    def close(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()

    __del__ = close


class LakeFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files by name, as DuckDB requests them. Other files do not exist; no file can be created or changed.

    The name of a table is a pattern for all of its files, in order.
    """

    protocol = SCHEME
    cachable = False

    def __init__(self) -> None:
        super().__init__()  # no arguments: fsspec would compute a token of each file
        self.files: Mapping[str, str | bytes] = {}
        self.tables: Mapping[str, Sequence[str]] = {}
        self.is_committed: Callable[[str], bool] = lambda file: False
        self._open: dict[str, _OpenFile] = {}
        self._changing = RLock()

    def open(self, path: str, mode: str = "rb", **_: Any) -> LakeFile:
        if mode != "rb":
            raise PermissionError(f"{path}: the lake's files can only be read")
        with self._changing:
            if path not in self._open:
                self._open[path] = self._open_shared(path)
            shared = self._open[path]
            shared.readers += 1
        return LakeFile(shared, partial(self._close, path))

    def exists(self, path: str, **_: Any) -> bool:
        return path in self.files

    def isfile(self, path: str) -> bool:
        return path in self.files

    def isdir(self, path: str) -> bool:
        return False

    def glob(self, path: str, **_: Any) -> list[str]:
        return list(self.tables.get(path) or ([path] if path in self.files else []))

    def unstrip_protocol(self, name: str) -> str:
        return name

    def info(self, path: str, **_: Any) -> dict[str, object]:
        return {"name": path, "size": self.size(path), "type": "file"}

    def size(self, path: str) -> int:
        return self._facts(path).size

    def modified(self, path: str) -> datetime:
        return self._facts(path).modified

    def _facts(self, path: str) -> _OpenFile:
        return self._open.get(path) or self.open(path).shared

    def _open_shared(self, path: str) -> _OpenFile:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not a file of the lake's tables")
        try:
            return _OpenFile(self.files[path])
        except FileNotFoundError as error:
            file = str(self.files[path])
            # Else it was replaced: by a takedown, or as a month of the log was closed.
            is_lost = self.is_committed(file)
            what = f"is missing; {VERIFY}" if is_lost else "was replaced since the lake was opened; run the query again"
            raise FileNotFoundError(f"{file!r} {what}") from error

    def _close(self, path: str) -> None:
        with self._changing:
            shared = self._open[path]
            shared.readers -= 1
            if not shared.readers:
                del self._open[path]
                shared.close()


@dataclass(frozen=True, slots=True)
class FileSelection:
    """A file system with the files of all tables, and what is known about the files of each table."""

    files: LakeFileSystem
    scans: Mapping[str, TableScan]


def lake_files(lake: Path, *, since: date | None, until: date | None) -> FileSelection:
    """Return the files of all tables: the whole log, other tables only for days in a range.

    They are the committed files of one moment; in a folder without a head, such as a copy of the tables, and in the
    log, the public files. A table without files has one without rows.
    """
    committed = committed_files(lake, since=since, until=until)
    files: dict[str, str | bytes] = {}
    tables: dict[str, Sequence[str]] = {}
    scans: dict[str, TableScan] = {}
    for spec in TABLES:
        if committed is None or spec in LOG_TABLES:
            paths, scans[spec.name] = _public_files(lake, spec, since, until), TableScan()
        else:
            wanted = [file for file in committed[spec.name] if _is_within(file.first_day, file.last_day, since, until)]
            paths = [file.path for file in wanted]
            scans[spec.name] = TableScan(all(file.is_current for file in wanted), sum(file.rows for file in wanted))
        # The newest file comes first: a query without an order returns the newest rows.
        contents: list[str | bytes] = [*reversed(paths)] or [_empty_parquet(spec)]
        mine = {f"{table_name(spec)}/{_name_of(content, place)}": content for place, content in enumerate(contents)}
        tables[table_name(spec)] = tuple(mine)
        files |= mine
    filesystem = LakeFileSystem()
    filesystem.files, filesystem.tables = files, tables
    filesystem.is_committed = partial(_is_committed, lake)
    return FileSelection(filesystem, scans)


def _name_of(content: str | bytes, place: int) -> str:
    """Return the name of a file for DuckDB, which sorts the names and prints them in its errors."""
    return f"{place:08}.{'parquet' if isinstance(content, bytes) else os.path.basename(content)}"


def _is_committed(lake: Path, path: str) -> bool:
    """Return whether the present head names a file."""
    committed = committed_files(lake) or {}
    return any(file.path == path for files in committed.values() for file in files)


def last_day_of(lake: Path, spec: TableSpec) -> date | None:
    """Return the last published date in a table other than the log's; None for an empty one.

    Raises: LakeError for a broken manifest.
    """
    committed = committed_files(lake)
    if committed is not None:
        return max((file.last_day for file in committed[spec.name]), default=None)
    paths = _public_files(lake, spec, None, None)
    return _last_day_in(paths[-1], spec) if paths else None


def _last_day_in(path: str, spec: TableSpec) -> date:
    """Return the last day of a file, from its statistics."""
    footer = pq.read_metadata(path)
    column = footer.schema.names.index(spec.day_column)
    groups = (footer.row_group(number).column(column) for number in range(footer.num_row_groups))
    day: date = max(group.statistics.max for group in groups)
    return day


def _public_files(lake: Path, spec: TableSpec, since: date | None, until: date | None) -> list[str]:
    """Return a table's public files by day; those of other tables than the log's only for days in a range.

    They are strings, because a log has many thousands.
    """
    folder = str(table_dir(lake, spec))
    names = sorted(glob(f"{spec.month_column}=*/*.parquet", root_dir=folder))
    if spec not in LOG_TABLES:
        names = [name for name in names if _is_within(*_days_of(name), since, until)]
    return [os.path.join(folder, name) for name in names]


def _days_of(name: str) -> tuple[date, date]:
    """Return the first and last day that a public file can have: its name is a month or a day."""
    stem = name.rpartition("/")[2].removesuffix(".parquet")
    if len(stem) == len("2026-10-31"):
        return (date.fromisoformat(stem),) * 2
    year, month = map(int, stem.split("-"))
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _is_within(first: date, last: date, since: date | None, until: date | None) -> bool:
    """Return whether a file with these first and last days may have rows of a range."""
    return (since is None or since <= last) and (until is None or first <= until)


@cache
def _empty_parquet(spec: TableSpec) -> bytes:
    sink = BytesIO()
    # write_table would import pandas, which takes longer than a query
    pq.ParquetWriter(sink, spec.file_schema).close()
    return sink.getvalue()
