"""A read-only file system for DuckDB with the files of the lake's tables, the only files that SQL can open.

DuckDB can allow a folder only for both reading and writing. So it gets this file system instead of a folder: it has
only these files and cannot write.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from io import BytesIO
from threading import RLock, get_ident
from typing import Any

import pyarrow.parquet as pq
from fsspec import AbstractFileSystem

from newslake.pipeline.query.lake_folder import DiskFile, files_of
from newslake.pipeline.query.views import SCHEME, TableScan, table_name
from newslake.pipeline.store.table_files import FileBytes, LakePlace
from newslake.pipeline.tables import TABLES, TableSpec


class _MemoryFile:
    """A file in memory: that of a table without rows."""

    __slots__ = ("_data", "modified", "size")

    def __init__(self, data: bytes) -> None:
        self._data, self.size, self.modified = data, len(data), datetime.fromtimestamp(0, UTC)

    def read(self, size: int, place: int) -> bytes:
        return self._data[place : place + size]

    def close(self) -> None:
        """Return: there is nothing to end."""


class _SharedFile:
    """An open file and the number of its readers."""

    __slots__ = ("file", "modified", "read", "readers", "size")

    def __init__(self, file: FileBytes) -> None:
        self.file, self.readers = file, 0
        self.size, self.modified, self.read = file.size, file.modified, file.read


class LakeFile:
    """One open file. DuckDB's threads share it and seek before they read, so each thread has a position.

    ``done`` is called once: when the file is closed, or garbage-collected, which is how DuckDB closes files.
    """

    __slots__ = ("_done", "_places", "shared")

    def __init__(self, shared: _SharedFile, done: Callable[[], None]) -> None:
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
        data = self.shared.read(size, place)
        self._places[thread] = place + len(data)
        return data

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
        self.open_file: Callable[[str], FileBytes] = DiskFile
        self._open: dict[str, _SharedFile] = {}
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

    def _facts(self, path: str) -> _SharedFile:
        return self._open.get(path) or self.open(path).shared

    def _open_shared(self, path: str) -> _SharedFile:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not a file of the lake's tables")
        content = self.files[path]
        return _SharedFile(_MemoryFile(content) if isinstance(content, bytes) else self.open_file(content))

    def _close(self, path: str) -> None:
        with self._changing:
            shared = self._open[path]
            shared.readers -= 1
            if not shared.readers:
                del self._open[path]
                shared.file.close()


@dataclass(frozen=True, slots=True)
class FileSelection:
    """A file system with the files of all tables, and what is known about the files of each table."""

    files: LakeFileSystem
    scans: Mapping[str, TableScan]


def lake_files(place: LakePlace, *, since: date | None, until: date | None) -> FileSelection:
    """Return the files of all tables: the whole log, other tables only for days in a range.

    They are the committed files of one moment. A table without files has one without rows.
    """
    pinned = files_of(place).pin(since=since, until=until)
    files: dict[str, str | bytes] = {}
    tables: dict[str, Sequence[str]] = {}
    scans: dict[str, TableScan] = {}
    for spec in TABLES:
        table = pinned.tables[spec.name]
        scans[spec.name] = TableScan(table.is_current, table.rows)
        # The newest file comes first: a query without an order returns the newest rows.
        contents: list[str | bytes] = [*reversed(table.paths)] or [_empty_parquet(spec)]
        mine = {f"{table_name(spec)}/{_name_of(content, place)}": content for place, content in enumerate(contents)}
        tables[table_name(spec)] = tuple(mine)
        files |= mine
    filesystem = LakeFileSystem()
    filesystem.files, filesystem.tables, filesystem.open_file = files, tables, pinned.open
    return FileSelection(filesystem, scans)


def _name_of(content: str | bytes, place: int) -> str:
    """Return the name of a file for DuckDB, which sorts the names and prints them in its errors."""
    return f"{place:08}.{'parquet' if isinstance(content, bytes) else os.path.basename(content)}"


@cache
def _empty_parquet(spec: TableSpec) -> bytes:
    sink = BytesIO()
    # write_table would import pandas, which takes longer than a query
    pq.ParquetWriter(sink, spec.file_schema).close()
    return sink.getvalue()
