"""Reading the tables of a lake as one commit left them, without its article index."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.lake.partitions import LakeState, Partitions, partitions_of
from newslake.pipeline.lake.storage import Month, month_of
from newslake.pipeline.tables import TABLE_SPECS


@dataclass(frozen=True, slots=True)
class LakeVersion:
    """The tables at one head. Its files stay for the retention time of ``gc`` after they are replaced."""

    partitions: Partitions
    state: LakeState

    @property
    def name(self) -> str:
        """A text that no other commit has."""
        return str(self.state.head.generation)

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        return tuple(day for day, state in self.state.days.items() if state.tables)

    def month_versions(self) -> dict[Month, str]:
        """Return, for each month with rows, a text that differs when any of them differ; in order."""
        return dict(self.state.head.months)

    def day_versions(self, table: str, *, month: Month | None = None) -> dict[date, str]:
        """Return, for each day on which a table has rows, a text that differs when its rows differ; in order."""
        days = self.state.days if month is None else self.state.month(month).days
        return {day: state.tables[table].digest for day, state in days.items() if table in state.tables}

    def count(self, table: str, day: date) -> int:
        """Return how many rows a table has on a day."""
        stored = self.state.day(day).tables.get(table)
        return 0 if stored is None else stored.rows

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows by day, sorted as the contract says.

        ``columns`` may name ``published_date``; the default is the columns of the contract.
        Raises: LakeError for a damaged data file, or one that was removed after a newer commit.
        """
        spec = TABLE_SPECS[table]
        names = spec.schema.names if columns is None else list(columns)
        if days is None:
            return self.partitions.whole_table(self.state, table, columns=names)
        chosen, parts = sorted(set(days)), list[pa.Table]()
        if len(chosen) == 1:
            return self.partitions.table(self.state, table, chosen[0], columns=names)
        for month, wanted in groupby(chosen, key=month_of):
            rows = self.partitions.days(self.state.month(month), spec, days=frozenset(wanted), columns=names)
            parts += (each for _, each in rows)
        return pa.concat_tables([spec.file_schema.empty_table().select(names), *parts])


@dataclass(frozen=True, slots=True)
class LakeVersions:
    """Reads the versions of one lake."""

    partitions: Partitions

    def version_name(self) -> str:
        """Return the name of the present version."""
        return str(self.partitions.head().generation)

    def present(self) -> LakeVersion:
        """Return the present version. Raises: LakeError for a broken or missing head."""
        return LakeVersion(self.partitions, self.partitions.state())

    def read_at_once[T](self, read: Callable[[LakeVersion], T]) -> T:
        """Return the result of ``read`` at one version; read again if a file was removed after a newer commit."""
        return self.partitions.read(lambda state: read(LakeVersion(self.partitions, state)))

    def closed_months(self) -> frozenset[Month]:
        """Return the months with one file per table, which each commit to them writes again."""
        return frozenset(month for month, manifest in self.partitions.state().months.items() if manifest.is_closed)


def versions_of(root: Path) -> LakeVersions:
    """Return what reads the lake in a folder, without its article index."""
    return LakeVersions(partitions_of(root))
