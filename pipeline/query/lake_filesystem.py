"""A read-only file system for DuckDB with the files of the lake's tables, the only files that SQL can open.

DuckDB can allow a folder only for both reading and writing. So it gets this file system instead of a folder: it has
only these files and cannot write.
"""

import os
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
from pipeline.query.views import SCHEME, table_dir, table_name
from pipeline.tables import LOG_TABLES, TABLES, TableSpec

# Read when a file is opened: it contains the footer of a Parquet file, which DuckDB reads in pieces.
_END_BYTES = 32_768


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
        return _OpenFile(self.files[path])

    def _close(self, path: str) -> None:
        with self._changing:
            shared = self._open[path]
            shared.readers -= 1
            if not shared.readers:
                del self._open[path]
                shared.close()


@dataclass(frozen=True, slots=True)
class FileSelection:
    """A file system with the files of all tables, and whether the newest file of any table lacks a column."""

    files: LakeFileSystem
    needs_union_by_name: bool


def lake_files(lake: Path, *, since: date | None, until: date | None) -> FileSelection:
    """Return the files of all tables: the whole log, other tables only for days in a range.

    They are the committed files, one commit per day; in a folder without manifests, such as a copy of the tables, the
    public files. The newest file comes first, because DuckDB takes the columns and the expected number of rows per file
    from it. The last file has no rows, but all columns of the contract.
    """
    committed = committed_files(lake)
    files: dict[str, str | bytes] = {}
    tables: dict[str, Sequence[str]] = {}
    needs_union_by_name = False
    for spec in TABLES:
        is_log = spec in LOG_TABLES
        found = _public_files(lake, spec) if is_log or committed is None else sorted(committed[spec.name].items())
        wanted = found if is_log else [(day, path) for day, path in found if _is_within(day, since, until)]
        needs_union_by_name |= bool(wanted) and _lacks_a_column(wanted[-1][1], spec)
        newest_first: list[tuple[date, str | bytes]] = [*reversed(wanted), (date.min, _empty_parquet(spec))]
        mine = {_name(spec, day, place): file for place, (day, file) in enumerate(newest_first)}
        tables[table_name(spec)] = tuple(mine)
        files |= mine
    filesystem = LakeFileSystem()
    filesystem.files, filesystem.tables = files, tables
    return FileSelection(filesystem, needs_union_by_name)


def table_days(lake: Path, spec: TableSpec) -> tuple[date, ...]:
    """Return the days with rows of a table other than the log's. Raises: LakeError for a broken manifest."""
    committed = committed_files(lake)
    return tuple(day for day, _ in _public_files(lake, spec)) if committed is None else tuple(committed[spec.name])


def _lacks_a_column(path: str, spec: TableSpec) -> bool:
    return not {*spec.schema.names} <= {*pq.read_schema(path).names}


def _public_files(lake: Path, spec: TableSpec) -> list[tuple[date, str]]:
    """Return a table's public files by day; as strings, because a log has many thousands."""
    folder = str(table_dir(lake, spec))
    names = sorted(glob(f"{spec.day_column}=*/*.parquet", root_dir=folder))
    return [(_day_of(name), os.path.join(folder, name)) for name in names]


def _day_of(name: str) -> date:
    return date.fromisoformat(name.partition("/")[0].partition("=")[2])


def _is_within(day: date, since: date | None, until: date | None) -> bool:
    return (since is None or since <= day) and (until is None or day <= until)


def _name(spec: TableSpec, day: date, place: int) -> str:
    """Return the name of a file. DuckDB sorts a table's files by name, and reads the day from the name as a column."""
    return f"{table_name(spec)}/{place:08}/{spec.day_column}={day}/part.parquet"


@cache
def _empty_parquet(spec: TableSpec) -> bytes:
    sink = BytesIO()
    pq.ParquetWriter(sink, spec.schema).close()  # write_table would import pandas, which takes longer than a query
    return sink.getvalue()
