"""New rows of tables and days as changes of data files.

A data file has the rows of one or more days of a month. A day that changes rewrites its file; a day without one
gets a new one. Equal rows change nothing.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from newslake.pipeline.lake.storage import month_of, rows_by_day
from newslake.pipeline.shared.data_files import days_of, plan, read_files, spec_of, write_days
from newslake.pipeline.shared.heads import Heads
from newslake.pipeline.shared.snapshot_writer import FileChange

Content = Callable[[date, str, Callable[[], pa.Table]], pa.Table]
"""Returns the new rows of a table and day, sorted and without the day. The last argument reads the present ones."""

_THREADS = 4
_MEMORY_BYTES = 256 * 1024**2  # of rows of data files in memory: a hot day is read from there


@dataclass(frozen=True, slots=True)
class _FileGroup:
    """Data files of one table that change together, and the days that change in them."""

    files: tuple[DataFile, ...]
    days: tuple[date, ...]


class RowMemory:
    """Rows of data files by path and day, those that were put last, up to ``limit_bytes``. Threads share it."""

    def __init__(self, *, limit_bytes: int = _MEMORY_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._rows: OrderedDict[str, Mapping[date, pa.Table]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> Mapping[date, pa.Table] | None:
        """Return the rows of a file; None if they are not in memory."""
        with self._lock:
            return self._rows.get(path)

    def put(self, path: str, rows: Mapping[date, pa.Table]) -> None:
        """Keep the rows of a file; those of earlier files go when there are too many."""
        with self._lock:
            self._held += _bytes_of(rows) - _bytes_of(self._rows.pop(path, {}))
            self._rows[path] = rows
            while self._held > self._limit_bytes:
                self._held -= _bytes_of(self._rows.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget all rows."""
        with self._lock:
            self._rows.clear()
            self._held = 0


def _bytes_of(rows: Mapping[date, pa.Table]) -> int:
    return sum(each.nbytes for each in rows.values())


@dataclass
class Rewriter:
    """Writes data files with new rows. Those that an earlier try wrote from the same rows are used again.

    Clear ``written`` before the committer's lease is released: its files are in no version, so others delete them.
    """

    written: dict[tuple[object, ...], FileChange] = field(default_factory=dict)
    rows: RowMemory = field(default_factory=RowMemory)

    def changes(
        self, heads: Heads, names_of: Mapping[date, Iterable[str]], content: Content, *, key: object = None
    ) -> dict[str, FileChange]:
        """Return the changes of files that give tables their new rows on some days.

        ``key`` names the new rows: with an equal key, and equal present files, files of an earlier call are used.
        """
        days_by_name: dict[str, list[date]] = defaultdict(list)
        for day in sorted(names_of):
            for name in names_of[day]:
                days_by_name[name].append(day)
        with ThreadPoolExecutor(_THREADS) as pool:
            parts = {
                name: [
                    pool.submit(self._rewrite, heads.tables[name], group, content, key)
                    for group in _groups(heads.tables[name], heads.id_of(name), days)
                ]
                for name, days in days_by_name.items()
            }
            merged = {name: _joined([each.result() for each in futures]) for name, futures in parts.items()}
        return {name: change for name, change in merged.items() if change.removed or change.added}

    def _rewrite(self, table: Table, group: _FileGroup, content: Content, key: object) -> FileChange:
        """Write the file of a group of days again, unless its rows are equal."""
        known = (table.name(), group.days, tuple(each.file_path for each in group.files), key)
        if key is not None and known in self.written:
            return self.written[known]
        spec = spec_of(table)
        present = self._present(table, group.files)
        rows = dict(present)
        for day in group.days:
            there = present.get(day, spec.schema.empty_table())
            rows[day] = content(day, spec.name, partial(_same, there)).select(spec.schema.names)
        rows = {day: each for day, each in rows.items() if each.num_rows}
        if rows.keys() == present.keys() and all(rows[day].equals(present[day]) for day in group.days if day in rows):
            return FileChange()
        added = [write_days(table, rows)] if rows else []
        for each in added:
            self.rows.put(each.file_path, rows)
        change = FileChange(group.files, tuple(added))
        if key is not None:
            self.written[known] = change
        return change

    def _present(self, table: Table, files: Collection[DataFile]) -> Mapping[date, pa.Table]:
        """Return the rows of data files by day, without the day."""
        if len(files) == 1 and (known := self.rows.get(next(iter(files)).file_path)) is not None:
            return known
        spec = spec_of(table)
        whole = read_files(table.io, files, spec).sort_by([(spec.day_column, "ascending")])
        return {day: rows.select(spec.schema.names) for day, rows in rows_by_day(whole, spec).items()}


def _same(rows: pa.Table) -> pa.Table:
    return rows


def _joined(parts: Iterable[FileChange]) -> FileChange:
    parts = list(parts)
    return FileChange(tuple(f for each in parts for f in each.removed), tuple(f for each in parts for f in each.added))


def _groups(table: Table, snapshot_id: int | None, days: Collection[date]) -> Iterator[_FileGroup]:
    """Yield the data files that have some days, those with common days together, and the days without a file."""
    left = set(days)
    spans: list[tuple[date, date, list[DataFile]]] = []
    for file in plan(table, snapshot_id, days=days):
        first, last = days_of(file, table)
        if spans and first <= spans[-1][1]:
            start, end, files = spans[-1]
            spans[-1] = (start, max(end, last), [*files, file])
        else:
            spans.append((first, last, [file]))
    for first, last, files in spans:
        mine = {day for day in left if first <= day <= last}
        left -= mine
        yield _FileGroup(tuple(files), tuple(sorted(mine)))
    yield from (_FileGroup((), (day,)) for day in sorted(left))


def files_in(heads: Heads, name: str, month: str) -> list[DataFile]:
    """Return the data files of a table in a month."""
    table = heads.tables[name]
    return [each for each in plan(table, heads.id_of(name), days=None) if month_of(days_of(each, table)[0]) == month]


def merged_month(heads: Heads, name: str, month: str) -> FileChange:
    """Return the change that gives a table one file in a month; none if it has one."""
    table, files = heads.tables[name], files_in(heads, name, month)
    if len(files) < 2:
        return FileChange()
    spec = spec_of(table)
    rows = read_files(table.io, files, spec).sort_by([(spec.day_column, "ascending")])
    days = {day: each.select(spec.schema.names) for day, each in rows_by_day(rows, spec).items()}
    return FileChange(tuple(files), (write_days(table, days),)) if days else FileChange(tuple(files))
