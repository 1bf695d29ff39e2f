"""The only files that SQL can open: those of the lake's tables, for reading.

DuckDB can allow a folder of the disk for reading and writing both, or not at all. So it gets no folder of the disk, but
a file system of ours that knows some names and has no way to write.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq
from fsspec import AbstractFileSystem

from pipeline.ask.views import table_files
from pipeline.lake import committed_files
from pipeline.tables import LOG_TABLES, TABLES, TableSpec

SCHEME = "lake"
Files = Mapping[str, tuple[str, ...]]


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files by name, as DuckDB asks for them. What is not among them does not exist; none can be made or changed."""

    protocol = SCHEME
    cachable = False

    def __init__(self) -> None:
        super().__init__()  # given the files, it would make a token of each
        self.files: Mapping[str, Path | bytes] = {}

    def open(self, path: str, mode: str = "rb", **_: Any) -> IO[bytes]:
        if mode != "rb":
            raise PermissionError(f"{path}: the lake's files can only be read")
        file = self._file(path)
        return BytesIO(file) if isinstance(file, bytes) else file.open("rb")

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


def lake_files(lake: Path, *, since: date | None, until: date | None) -> tuple[LakeFiles, Files]:
    """Return a file system of every table's files, and their names by table; of readers' tables only those in a range.

    They are the committed files, each day of one commit; in a folder without manifests, such as a copy of the tables,
    the public ones. The log is read as it stands, whole. First of each table is a file without rows that has the
    contract's columns: DuckDB takes them from the first.
    """
    committed = committed_files(lake)
    files: dict[str, Path | bytes] = {}
    names: dict[str, tuple[str, ...]] = {}
    for spec in TABLES:
        is_log = spec in LOG_TABLES
        found = _public(lake, spec) if is_log or committed is None else sorted(committed[spec.name].items())
        wanted = found if is_log else [(day, path) for day, path in found if _is_within(day, since, until)]
        mine: dict[str, Path | bytes] = {_name(spec, date.min, 0): _without_rows(spec)}
        mine |= {_name(spec, day, number): path for number, (day, path) in enumerate(wanted)}
        files |= mine
        names[spec.name] = tuple(mine)
    opened = LakeFiles()
    opened.files = files
    return opened, names


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
