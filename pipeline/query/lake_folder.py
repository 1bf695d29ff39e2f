"""The data files of a lake in a folder of this machine."""

import os
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from glob import glob
from pathlib import Path

import pyarrow.parquet as pq

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.lake import committed_files
from newslake.pipeline.query.views import table_dir
from newslake.pipeline.store.table_files import FileBytes, LakePlace, PinnedFiles, PinnedTable, TableFiles
from newslake.pipeline.tables import LOG_TABLES, TABLE_SPECS, TABLES, TableSpec

# Read when a file is opened: it contains the footer of a Parquet file, which DuckDB reads in pieces.
_END_BYTES = 32_768
VERIFY = "run `newslake lake verify`, which says what to do"


class DiskFile:
    """A file of this machine: its size, its time, its last bytes.

    DuckDB opens each file twice at once. System calls are few, because threads wait for each other at each call.
    """

    __slots__ = ("_end", "_end_place", "_file", "modified", "size")

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            state = os.fstat(self._file)
            self.size, self.modified = state.st_size, datetime.fromtimestamp(state.st_mtime, UTC)
            self._end_place = max(0, self.size - _END_BYTES)
            self._end = os.pread(self._file, _END_BYTES, self._end_place)
        except OSError:
            self.close()
            raise

    def read(self, size: int, place: int) -> bytes:
        if place >= self._end_place:
            place -= self._end_place
            return self._end[place : place + size]
        return os.pread(self._file, size, place)

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class PinnedFolder:
    """The files of a folder at one instant."""

    root: Path
    tables: Mapping[str, PinnedTable]

    def open(self, path: str) -> FileBytes:
        try:
            return DiskFile(path)
        except FileNotFoundError as error:
            # Else it was replaced: by a takedown, or as a month of the log was closed.
            is_lost = _is_committed(self.root, path)
            what = f"is missing; {VERIFY}" if is_lost else "was replaced since the lake was opened; run the query again"
            raise FileNotFoundError(f"{path!r} {what}") from error


@dataclass(frozen=True, slots=True)
class LakeFolder:
    """A lake in a folder; implements ``TableFiles``.

    Its files are the committed files of one moment; in a folder without a head, such as a copy of the tables, and in
    the log, the public files.
    """

    root: Path

    def pin(self, *, since: date | None = None, until: date | None = None) -> PinnedFiles:
        committed = committed_files(self.root, since=since, until=until)
        tables: dict[str, PinnedTable] = {}
        for spec in TABLES:
            if committed is None or spec in LOG_TABLES:
                tables[spec.name] = PinnedTable(_public_files(self.root, spec, since, until))
                continue
            wanted = [file for file in committed[spec.name] if is_within(file.first_day, file.last_day, since, until)]
            tables[spec.name] = PinnedTable(
                [file.path for file in wanted],
                is_current=all(file.is_current for file in wanted),
                rows=sum(file.rows for file in wanted),
            )
        return PinnedFolder(self.root, tables)

    def last_day(self, table: str) -> date | None:
        committed = committed_files(self.root)
        if committed is not None:
            return max((file.last_day for file in committed[table]), default=None)
        spec = TABLE_SPECS[table]
        paths = _public_files(self.root, spec, None, None)
        return _last_day_in(paths[-1], spec) if paths else None

    def at(self, name: str) -> Path:
        """Return the folder of a named version, next to that of the lake."""
        folders = self.root.with_name("snapshots")
        there = (each for each in folders.iterdir() if each.is_dir()) if folders.is_dir() else ()
        known = sorted(each.name for each in there if not each.name.startswith("."))
        if name not in known:
            raise ConfigError(f"no snapshot {name}; existing: {', '.join(known) or 'none'}", key=name)
        return folders / name


def files_of(place: LakePlace) -> TableFiles:
    """Return the files of a lake."""
    return LakeFolder(place) if isinstance(place, Path) else place


def _is_committed(lake: Path, path: str) -> bool:
    """Return whether the present head names a file."""
    committed = committed_files(lake) or {}
    return any(file.path == path for files in committed.values() for file in files)


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
        names = [name for name in names if is_within(*_days_of(name), since, until)]
    return [os.path.join(folder, name) for name in names]


def _days_of(name: str) -> tuple[date, date]:
    """Return the first and last day that a public file can have: its name is a month or a day."""
    stem = name.rpartition("/")[2].removesuffix(".parquet")
    if len(stem) == len("2026-10-31"):
        return (date.fromisoformat(stem),) * 2
    year, month = map(int, stem.split("-"))
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def is_within(first: date, last: date, since: date | None, until: date | None) -> bool:
    """Return whether a file with these first and last days may have rows of a range."""
    return (since is None or since <= last) and (until is None or first <= until)
