"""Ids that go from day to day: a row takes that of an earlier row of its window, which may have it from one before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

from pipeline.clusters import WINDOW, days_reached
from pipeline.lake import Lake


class Compared(Protocol):
    """The rows of a day as they are compared, in order: their own ids, and the columns that name them."""

    @property
    def ids(self) -> list[str]: ...

    @property
    def keys(self) -> pa.Table: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain[D: Compared]:
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


def chained[D: Compared](lake: Lake, chain: Chain[D], days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the table of every day that a change of some days can reach, and of those before them that lack it.

    A day whose ids change takes the days after it along; so what stands is the same as if all were made at once.
    No more than a window is in memory.
    """
    entries = {manifest.day: manifest.entries for manifest in lake.partitions.manifests()}
    stored = [day for day, names in entries.items() if chain.source in names]
    reached = {each for day in days for each in days_reached(day)}
    first = min(reached, default=date.max) - WINDOW
    reached |= {
        each for each in entries if first <= each and (chain.source in entries[each]) != (chain.table in entries[each])
    }
    made: dict[date, pa.Table] = {}
    window: dict[date, D] = {}
    for day in sorted(entries):
        if day in reached:
            near = [each for each in stored if day - WINDOW <= each <= day]
            window = {each: window[each] if each in window else chain.prepare(lake, each) for each in near}
            made[day] = _made(lake, chain, day=day, window=window, made=made)
            if _ids(chain, made[day]) != _ids(chain, lake.read(chain.table, days=[day])):
                reached |= {*days_reached(day)}
    return made


def _made[D: Compared](
    lake: Lake, chain: Chain[D], *, day: date, window: Mapping[date, D], made: Mapping[date, pa.Table]
) -> pa.Table:
    mine = window.get(day) or chain.prepare(lake, day)
    before = [
        (rows, _known(chain, rows, made[each] if each in made else lake.read(chain.table, days=[each])))
        for each, rows in window.items()
        if each < day
    ]
    return chain.rows(mine, chain.relate(mine, before))


def _known[D: Compared](chain: Chain[D], rows: D, table: pa.Table) -> list[str]:
    """Return the ids that stand for some rows; their own where none does, until their day is related."""
    ids = _ids(chain, table)
    keys = zip(rows.keys["article_id"].to_pylist(), rows.keys[chain.index].to_pylist(), strict=True)
    return [ids.get(key, own) for key, own in zip(keys, rows.ids, strict=True)]


def _ids[D: Compared](chain: Chain[D], table: pa.Table) -> dict[tuple[str, int], str]:
    names = ("article_id", chain.index, chain.group)
    return {
        (article, index): group for article, index, group in zip(*(table[n].to_pylist() for n in names), strict=True)
    }
