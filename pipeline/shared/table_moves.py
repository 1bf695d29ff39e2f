"""The tables of a data root as parts of its move: a month in one commit, as its files are or written again.

Both ways give the same rows in the same order. A registered month keeps the bytes of its files, without the field ids
of the catalog, so its tables get a name mapping. Log tables have a column more in the catalog: they are always written.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

import pyarrow as pa
from pyiceberg.table import Table

from newslake.pipeline.lake.log_files import has_current_columns
from newslake.pipeline.lake.log_tables import LogTables
from newslake.pipeline.lake.storage import month_of, rows_by_day
from newslake.pipeline.shared.data_files import name_mapping, register_file, spec_of, write_rows
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.migration import MovePiece
from newslake.pipeline.shared.snapshot_writer import FileChange
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.tables import Tables, TablesVersion
from newslake.pipeline.tables import TABLE_SPECS

_ROWS = 200_000  # of a table, in memory at once on each side; a day has more if it must


@dataclass
class TableMove:
    """The annotation and cluster tables, by month.

    ``folder`` is that of the lake whose files are registered; without it, rows are written again.
    """

    source: Tables
    target: SharedTables
    folder: Path | None = None
    name: str = "the tables"
    unit: str = "rows"
    _counts: dict[str, int] = field(default_factory=dict)

    def pieces(self) -> list[MovePiece]:
        version = self.source.present()
        self._counts = dict.fromkeys(LAKE_NAMES, 0)
        return [self._piece(version, month, days) for month, days in _days_by_month(version).items()]

    def _piece(self, version: TablesVersion, month: str, days: Sequence[date]) -> MovePiece:
        rows = _counts_by_day(version, days)
        for name in LAKE_NAMES:
            self._counts[name] += sum(rows[name].values())
        return MovePiece(
            name=month,
            size=sum(self._counts_of(rows)),
            is_equal=partial(self._is_equal, version, month, rows),
            copy=partial(self._copy, version, month, rows),
        )

    @staticmethod
    def _counts_of(rows: Mapping[str, Mapping[date, int]]) -> Iterator[int]:
        return chain.from_iterable(each.values() for each in rows.values())

    def is_begun(self) -> bool:
        return bool(self.target.days())

    def extras(self) -> Iterator[str]:
        yield from (f"rows of {day}" for day in sorted({*self.target.days()} - {*self.source.days()}))

    def drop_extras(self) -> None:
        version = self.source.present()
        there = _days_by_month(version)
        for month in sorted({month_of(day) for day in {*self.target.days()} - {*version.days()}}):
            self._copy(version, month, _counts_by_day(version, there.get(month, [])))

    def counts(self) -> Mapping[str, int]:
        return self._counts

    def _is_equal(self, version: TablesVersion, month: str, rows: Mapping[str, Mapping[date, int]]) -> bool:
        there = self.target.present()
        for name, by_day in rows.items():
            wanted = {day for day, count in by_day.items() if count}
            if {*there.day_versions(name, month=month)} != wanted:
                return False
        return all(
            version.read(name, days=days).equals(there.read(name, days=days))
            for name, by_day in rows.items()
            for days in _spans(by_day)
        )

    def _copy(self, version: TablesVersion, month: str, rows: Mapping[str, Mapping[date, int]]) -> None:
        write = partial(self._write, version, month, rows)
        with self.target.hold() as committer:
            committer.put_month(month, write)

    def _write(
        self, version: TablesVersion, month: str, rows: Mapping[str, Mapping[date, int]], table: Table
    ) -> FileChange:
        """Return the change that gives a table the rows of a month."""
        by_day = rows[spec_of(table).name]
        if not any(by_day.values()):
            return FileChange()
        paths = self._files(table, month)
        if paths and all(has_current_columns(path, spec_of(table)) for path in paths):
            added = tuple(register_file(table, path.read_bytes(), month=min(by_day)) for path in paths)
            return FileChange(added=added, properties=name_mapping(table))
        groups = chain.from_iterable(_groups(version, spec_of(table).name, days) for days in _spans(by_day))
        return FileChange(added=(write_rows(table, groups, month=min(by_day)),))

    def _files(self, table: Table, month: str) -> list[Path]:
        """Return the files of a table and month that are registered; none if rows are written."""
        spec = spec_of(table)
        folder = None if self.folder is None else self.folder / "tables" / spec.name / f"{spec.month_column}={month}"
        return [] if folder is None else sorted(folder.glob("*.parquet"))


def _days_by_month(version: TablesVersion) -> Mapping[str, list[date]]:
    months: dict[str, list[date]] = defaultdict(list)
    for day in version.days():
        months[month_of(day)].append(day)
    return months


def _counts_by_day(version: TablesVersion, days: Sequence[date]) -> dict[str, dict[date, int]]:
    """Return how many rows each table has on each of some days."""
    return {name: {day: version.count(name, day) for day in days} for name in LAKE_NAMES}


def _spans(counts: Mapping[date, int]) -> Iterator[list[date]]:
    """Yield the days that have rows, in order, in lists that are read at once."""
    days, held = list[date](), 0
    for day, count in sorted(counts.items()):
        if count and days and held + count > _ROWS:
            yield days
            days, held = [], 0
        if count:
            days.append(day)
            held += count
    if days:
        yield days


def _groups(version: TablesVersion, name: str, days: Sequence[date]) -> Iterator[pa.Table]:
    """Yield the rows of each day, with the day."""
    spec = TABLE_SPECS[name]
    rows = version.read(name, days=days, columns=spec.file_schema.names)
    yield from rows_by_day(rows, spec).values()


@dataclass
class LogMove:
    """The log tables, by table and month, and from which day on each is whole."""

    source: LogTables
    target: SharedTables
    name: str = "the log tables"
    unit: str = "months"
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def pieces(self) -> list[MovePiece]:
        months = [
            MovePiece(
                name=f"{name} {month}",
                size=1,
                is_equal=partial(self._is_equal, name, month),
                copy=partial(self._copy, name, month),
            )
            for name in LOG_NAMES
            for month in self.source.month_names(name)
        ]
        return [*months, self._whole_from()]

    def _whole_from(self) -> MovePiece:
        return MovePiece(
            name="the days before which it was removed",
            size=0,
            is_equal=lambda: self.target.log.whole_from() == self.source.whole_from(),
            copy=lambda: self.target.log.set_whole_from(self.source.whole_from()),
        )

    def is_begun(self) -> bool:
        return any(self.target.log.month_names(name) for name in LOG_NAMES)

    def extras(self) -> Iterator[str]:
        yield from (f"rows of the log table {name} of {month}" for name, month in self._more())

    def drop_extras(self) -> None:
        for name, month in tuple(self._more()):
            self.target.log.put_month(name, month, {})

    def _more(self) -> Iterator[tuple[str, str]]:
        """Yield the log tables and months that only the shared store has."""
        for name in LOG_NAMES:
            more = {*self.target.log.month_names(name)} - {*self.source.month_names(name)}
            yield from ((name, month) for month in sorted(more))

    def counts(self) -> Mapping[str, int]:
        return {name: sum(rows for (each, _), rows in self._counts.items() if each == name) for name in LOG_NAMES}

    def _is_equal(self, name: str, month: str) -> bool:
        batches = self.source.by_batch(name, month)
        self._counts[name, month] = sum(each.num_rows for each in batches.values())
        there = self.target.log.by_batch(name, month)
        return batches.keys() == there.keys() and all(_is_same(rows, there[each]) for each, rows in batches.items())

    def _copy(self, name: str, month: str) -> None:
        self.target.log.put_month(name, month, self.source.by_batch(name, month))


def _is_same(rows: pa.Table, others: pa.Table) -> bool:
    """Return whether two tables have the same rows; the order of the contract has ties in a log."""
    return rows.equals(others) or sorted(map(repr, rows.to_pylist())) == sorted(map(repr, others.to_pylist()))
