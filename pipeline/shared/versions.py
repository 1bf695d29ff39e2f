"""The shared tables as one commit left them, read at its snapshots. A table is loaded when it is first read."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from newslake.pipeline.lake.storage import month_of
from newslake.pipeline.shared.data_files import days_of, plan, read_files, spec_of
from newslake.pipeline.shared.heads import HeadReader, Heads
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES
from newslake.pipeline.tables import TABLE_SPECS

_MANY_DAYS = 4096  # files whose days are in memory


@dataclass(slots=True)
class SharedVersion:
    """The tables at some heads. Raises: FileNotFoundError for what was removed after newer commits, StoreError."""

    heads: Heads
    reader: HeadReader
    _tables: dict[str, Table] = field(default_factory=dict)
    _files: dict[str, list[DataFile]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables.update(self.heads.tables)

    @property
    def name(self) -> str:
        return str(self.heads.sequence)

    def table(self, name: str) -> Table:
        """Return a table that has the snapshot of the version."""
        if name not in self._tables:
            self._tables[name] = self.reader.load(name)
        table, wanted = self._tables[name], self.heads.id_of(name)
        if wanted is not None and table.metadata.snapshot_by_id(wanted) is None:
            raise FileNotFoundError(f"snapshot {wanted} of {name}")
        return table

    def files(self, name: str) -> list[DataFile]:
        """Return the data files of a table, by day."""
        if name not in self._files:
            self._files[name] = plan(self.table(name), self.heads.id_of(name))
        return self._files[name]

    def _files_with(self, name: str, days: Collection[date] | None) -> list[DataFile]:
        """Return the files that may have rows of some days, or all; manifests of other months are not read for it."""
        return self.files(name) if days is None else plan(self.table(name), self.heads.id_of(name), days=days)

    def days(self) -> tuple[date, ...]:
        return tuple(sorted({day for name in LAKE_NAMES for day in self.day_versions(name)}))

    def month_versions(self) -> dict[str, str]:
        files: dict[str, list[str]] = {}
        table = self.table("articles")
        for file in self.files("articles"):
            files.setdefault(month_of(days_of(file, table)[0]), []).append(file.file_path)
        return {month: sha256(" ".join(sorted(paths)).encode()).hexdigest() for month, paths in sorted(files.items())}

    def day_versions(self, table: str, *, month: str | None = None) -> dict[date, str]:
        texts, of = dict[date, str](), self.table(table)
        for file in self.files(table):
            if month is None or month_of(days_of(file, of)[0]) == month:
                for day in days_in(of, file):
                    texts[day] = f"{texts[day]} {file.file_path}" if day in texts else file.file_path
        return dict(sorted(texts.items()))

    def split_months(self) -> frozenset[str]:
        """Return the months in which some table has more than one data file."""
        months = [month_of(days_of(file, self.table(name))[0]) for name in LAKE_NAMES for file in self.files(name)]
        tables = [name for name in LAKE_NAMES for _ in self.files(name)]
        counts = Counter(zip(tables, months, strict=True))
        return frozenset(month for (_, month), count in counts.items() if count > 1)

    def closed_months(self) -> frozenset[str]:
        """Return the months with a data file of several days: a commit to one of them writes all of them again."""
        spans = [days_of(file, self.table("articles")) for file in self.files("articles")]
        return frozenset(month_of(first) for first, last in spans if first < last)

    def count(self, table: str, day: date) -> int:
        count: int = self.read(table, days=[day], columns=[TABLE_SPECS[table].day_column]).num_rows
        return count

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        spec, of = TABLE_SPECS[table], self.table(table)
        chosen = None if days is None else frozenset(days)
        names = spec.schema.names if columns is None else list(columns)
        wanted = [*names, *([] if spec.day_column in names else [spec.day_column])]
        rows = read_files(of.io, self._files_with(table, chosen), spec, columns=wanted, days=chosen)
        if chosen is not None:
            rows = rows.filter(pc.is_in(rows[spec.day_column], value_set=pa.array(sorted(chosen), pa.date32())))
        return rows.select(names)


def days_in(table: Table, file: DataFile) -> tuple[date, ...]:
    """Return the days that have rows in a data file; a file of more than two days is read for it, once."""
    first, last = days_of(file, table)
    if (last - first).days < 2:
        return tuple(sorted({first, last}))
    return _ManyDays(file.file_path, table, file).days()


@dataclass(frozen=True, slots=True)
class _ManyDays:
    """The days of a data file, equal to those of another one by its path: a file never changes."""

    path: str
    table: Table = field(compare=False)
    file: DataFile = field(compare=False)

    @lru_cache(maxsize=_MANY_DAYS)  # noqa: B019 - a value, which lives as long as the cache keeps it
    def days(self) -> tuple[date, ...]:
        spec = spec_of(self.table)
        rows = read_files(self.table.io, [self.file], spec, columns=[spec.day_column])
        return tuple(sorted(pc.unique(rows[spec.day_column]).to_pylist()))
