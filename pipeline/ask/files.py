"""The only files that SQL can open: those of the lake's tables, for reading.

DuckDB can allow a folder of the disk for reading and writing both, or not at all. So it gets no folder of the disk, but
a file system of ours that knows some names and has no way to write.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from threading import get_ident
from typing import Any

import pyarrow.parquet as pq
from fsspec import AbstractFileSystem

from pipeline.ask.views import table_files
from pipeline.lake import committed_files
from pipeline.tables import LOG_TABLES, TABLES, TableSpec

SCHEME = "lake"


class LakeFile:
    """One open file. DuckDB's threads share it, and each seeks before it reads: every thread has a place of its own."""

    def __init__(self, file: Path | bytes) -> None:
        self._file = BytesIO(file) if isinstance(file, bytes) else file.open("rb", buffering=0)
        self._places: dict[int, int] = {}

    def seek(self, place: int) -> int:
        self._places[get_ident()] = place
        return place

    def tell(self) -> int:
        return self._places.get(get_ident(), 0)

    def read(self, size: int) -> bytes:
        place = self.tell()
        if isinstance(self._file, BytesIO):
            found = self._file.getvalue()[place : place + size]
        else:
            found = os.pread(self._file.fileno(), size, place)
        self._places[get_ident()] = place + len(found)
        return found

    def close(self) -> None:
        self._file.close()


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files by name, as DuckDB asks for them. What is not among them does not exist; none can be made or changed."""

    protocol = SCHEME
    cachable = False

    def __init__(self) -> None:
        super().__init__()  # given the files, it would make a token of each
        self.files: Mapping[str, Path | bytes] = {}

    def open(self, path: str, mode: str = "rb", **_: Any) -> LakeFile:
        if mode != "rb":
            raise PermissionError(f"{path}: the lake's files can only be read")
        return LakeFile(self._file(path))

    def exists(self, path: str, **_: Any) -> bool:
        return path in self.files

    def isfile(self, path: str) -> bool:
        return path in self.files

    def isdir(self, path: str) -> bool:
        return False

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if path in self.files else []

    def info(self, path: str, **_: Any) -> dict[str, object]:
        file = self._file(path)
        size = len(file) if isinstance(file, bytes) else file.stat().st_size
        return {"name": path, "size": size, "type": "file"}

    def modified(self, path: str) -> datetime:
        file = self._file(path)
        return datetime.fromtimestamp(0 if isinstance(file, bytes) else file.stat().st_mtime, UTC)

    def _file(self, path: str) -> Path | bytes:
        if path not in self.files:
            raise FileNotFoundError(f"{path} is no file of the lake's tables")
        return self.files[path]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file system of every table's files, their names by table, and whether one of the newest lacks a column."""

    files: LakeFiles
    names: Mapping[str, Sequence[str]]
    is_older: bool


def lake_files(lake: Path, *, since: date | None, until: date | None) -> Opened:
    """Return the files of every table; of readers' tables only those of days in a range.

    They are the committed files, each day of one commit; in a folder without manifests, such as a copy of the tables,
    the public ones. The log is read as it stands, whole. The newest file is named first: DuckDB takes from it the
    columns, and how many rows to expect of each. Last is one without rows that has all columns of the contract.
    """
    committed = committed_files(lake)
    files: dict[str, Path | bytes] = {}
    names: dict[str, list[str]] = {}
    is_older = False
    for spec in TABLES:
        is_log = spec in LOG_TABLES
        found = _public(lake, spec) if is_log or committed is None else sorted(committed[spec.name].items())
        wanted = found if is_log else [(day, path) for day, path in found if _is_within(day, since, until)]
        mine = {_name(spec, day, number): path for number, (day, path) in reversed([*enumerate(wanted)])}
        is_older |= bool(wanted) and _lacks_a_column(wanted[-1][1], spec)
        none = _name(spec, date.min, 0)
        names[spec.name] = [*mine, none]
        files |= {**mine, none: _without_rows(spec)}
    opened = LakeFiles()
    opened.files = files
    return Opened(opened, names, is_older)


def table_days(lake: Path, spec: TableSpec) -> tuple[date, ...]:
    """Return the days of which a readers' table has rows. Raises: LakeError for a broken manifest."""
    committed = committed_files(lake)
    return tuple(day for day, _ in _public(lake, spec)) if committed is None else tuple(committed[spec.name])


def _lacks_a_column(path: Path, spec: TableSpec) -> bool:
    return not {*spec.schema.names} <= {*pq.read_schema(path).names}


def _public(lake: Path, spec: TableSpec) -> list[tuple[date, Path]]:
    return [(date.fromisoformat(path.parent.name.partition("=")[2]), path) for path in table_files(lake, spec)]


def _is_within(day: date, since: date | None, until: date | None) -> bool:
    return (since is None or since <= day) and (until is None or day <= until)


def _name(spec: TableSpec, day: date, number: int) -> str:
    """Return the name of a file; DuckDB reads the day in it as a column."""
    return f"{SCHEME}://{spec.name}/{spec.partition}={day}/{number}.parquet"


def _without_rows(spec: TableSpec) -> bytes:
    sink = BytesIO()
    pq.write_table(spec.schema.empty_table(), sink)
    return sink.getvalue()
