"""Ids that go from day to day: a row takes that of an earlier row of its window, which may have it from one before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

from pipeline.clusters import WINDOW, affected_days
from pipeline.lake import Lake


class DayRows(Protocol):
    """The rows of one day in order: their own ids, and the columns that identify them."""

    @property
    def ids(self) -> list[str]: ...

    @property
    def keys(self) -> pa.Table: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdPropagation[D: DayRows]:
    """How the rows of ``source`` get their ids in ``table``, a row a row.

    ``prepare`` reads a day, ``relate`` gives its ids beside the days before it and theirs, ``rows`` makes the table.
    ``index`` and ``group`` are the columns of the row's number in its article and of its id.
    """

    source: str
    table: str
    index: str
    group: str
    prepare: Callable[[Lake, date], D]
    relate: Callable[[D, Sequence[tuple[D, Sequence[str]]]], Sequence[str]]
    rows: Callable[[D, Sequence[str]], pa.Table]


def propagate_ids[D: DayRows](lake: Lake, propagation: IdPropagation[D], days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the table of every day that a change of some days can reach, and of those before them that lack it.

    A day whose ids change takes the days after it along; so what stands is the same as if all were made at once.
    No more than a window is in memory.
    """
    entries = {manifest.day: manifest.entries for manifest in lake.partitions.manifests()}
    stored = [day for day, names in entries.items() if propagation.source in names]
    reached = {each for day in days for each in affected_days(day)}
    first = min(reached, default=date.max) - WINDOW
    reached |= {
        each
        for each in entries
        if first <= each and (propagation.source in entries[each]) != (propagation.table in entries[each])
    }
    made: dict[date, pa.Table] = {}
    window: dict[date, D] = {}
    for day in sorted(entries):
        if day in reached:
            near = [each for each in stored if day - WINDOW <= each <= day]
            window = {each: window[each] if each in window else propagation.prepare(lake, each) for each in near}
            made[day] = _day_table(lake, propagation, day=day, window=window, made=made)
            if _ids_by_row(propagation, made[day]) != _ids_by_row(
                propagation, lake.read(propagation.table, days=[day])
            ):
                reached |= {*affected_days(day)}
    return made


def _day_table[D: DayRows](
    lake: Lake, propagation: IdPropagation[D], *, day: date, window: Mapping[date, D], made: Mapping[date, pa.Table]
) -> pa.Table:
    mine = window.get(day) or propagation.prepare(lake, day)
    before = [
        (
            rows,
            _current_ids(propagation, rows, made[each] if each in made else lake.read(propagation.table, days=[each])),
        )
        for each, rows in window.items()
        if each < day
    ]
    return propagation.rows(mine, propagation.relate(mine, before))


def _current_ids[D: DayRows](propagation: IdPropagation[D], rows: D, table: pa.Table) -> list[str]:
    """Return the ids that stand for some rows; their own where none does, until their day is related."""
    ids = _ids_by_row(propagation, table)
    keys = zip(rows.keys["article_id"].to_pylist(), rows.keys[propagation.index].to_pylist(), strict=True)
    return [ids.get(key, own) for key, own in zip(keys, rows.ids, strict=True)]


def _ids_by_row[D: DayRows](propagation: IdPropagation[D], table: pa.Table) -> dict[tuple[str, int], str]:
    names = ("article_id", propagation.index, propagation.group)
    return {
        (article, index): group for article, index, group in zip(*(table[n].to_pylist() for n in names), strict=True)
    }
