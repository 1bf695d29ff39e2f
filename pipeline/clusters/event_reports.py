"""Which events of different articles are one."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest

import pyarrow as pa

from pipeline.clusters.event_matching import agreement
from pipeline.clusters.event_units import EventDay, EventUnit
from pipeline.tables import table_named

_MOST_OF_A_KEY = 300  # units of a day that share a key, the earliest; more only share who is always in the news
_MOST_COMPARED = 30  # of a unit, those that share most keys


def relate_events(day: EventDay, before: Sequence[tuple[EventDay, Sequence[str]]]) -> list[str]:
    """Return the cluster of each row of a day: that of the event of another article which it agrees with most.

    ``before`` are the days before it in the window, in order, each with the clusters of its rows. All that a unit is
    compared with is earlier; of equal agreement the earliest counts. Where none agrees, a unit's cluster is its own id.
    """
    days, mine = [*(each for each, _ in before), day], list(day.ids)
    clusters = [*(known for _, known in before), mine]
    for number, unit in enumerate(day.units):
        best = _best(unit, _likely(unit, number, days))
        if best is not None:
            mine[unit.row] = clusters[best[0]][days[best[0]].units[best[1]].row]
    return [mine[day.units[number].row] for number in day.unit_of]


def _likely(unit: EventUnit, number: int, days: Sequence[EventDay]) -> Iterator[tuple[tuple[int, int], EventUnit]]:
    """Yield the earlier units that share most keys with one, each with its day and number in it."""
    last = len(days) - 1
    hits: Counter[tuple[int, int]] = Counter()
    for place, day in enumerate(days):
        for key in unit.keys:
            having = day.having.get(key, ())
            end = bisect_left(having, number) if place == last else len(having)
            hits.update((place, each) for each in having[: min(end, _MOST_OF_A_KEY)])
    for (place, each), _ in nsmallest(_MOST_COMPARED, hits.items(), key=lambda item: (-item[1], item[0])):
        other = days[place].units[each]
        if other.article_id != unit.article_id:
            yield (place, each), other


def _best(unit: EventUnit, likely: Iterator[tuple[tuple[int, int], EventUnit]]) -> tuple[int, int] | None:
    found = [(-value, at) for at, other in likely if (value := agreement(unit, other)) is not None]
    return min(found)[1] if found else None


def event_report_rows(day: EventDay, clusters: Sequence[str]) -> pa.Table:
    """Return the ``event_reports`` rows of a day."""
    schema = table_named("event_reports").schema
    return day.keys.append_column("event_cluster_id", pa.array(clusters, pa.string())).select(schema.names).cast(schema)
