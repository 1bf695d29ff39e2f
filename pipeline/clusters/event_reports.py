"""Which events of different articles are one."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.clusters.blocking import earlier_sharing
from pipeline.clusters.event_linking import agreement
from pipeline.clusters.event_mentions import EventDay, EventUnit
from pipeline.tables import table_named


def relate_events(day: EventDay, before: Sequence[tuple[EventDay, Sequence[str]]]) -> list[str]:
    """Return the cluster of each row of a day: that of the event of another article which it agrees with most.

    ``before`` are the days before it in the window, in order, each with the clusters of its rows. All that a unit is
    compared with is earlier; of equal agreement the earliest counts. Where none agrees, a unit's cluster is its own id.
    """
    known = [*before, (day, day.ids)]
    units = [unit for each, _ in known for unit in each.units]
    clusters = [ids[unit.row] for each, ids in known for unit in each.units]
    clues = np.concatenate([each.clues for each, _ in known])
    owners = np.repeat(np.arange(len(units), dtype=np.uint32), np.concatenate([each.counts for each, _ in known]))
    first = len(units) - len(day.units)
    number_of: dict[str, int] = {}
    articles = np.array([number_of.setdefault(unit.article_id, len(number_of)) for unit in units], np.uint32)
    for number, others in earlier_sharing(clues, owners, articles, first=first):
        best = _best(units[number], [(other, units[other]) for other in others])
        if best is not None:
            clusters[number] = clusters[best]
    return [clusters[first + number] for number in day.unit_of]


def _best(unit: EventUnit, others: Sequence[tuple[int, EventUnit]]) -> int | None:
    found = [(-value, number) for number, other in others if (value := agreement(unit, other)) is not None]
    return min(found)[1] if found else None


def event_report_rows(day: EventDay, clusters: Sequence[str]) -> pa.Table:
    """Return the ``event_reports`` rows of a day."""
    schema = table_named("event_reports").schema
    return day.keys.append_column("event_cluster_id", pa.array(clusters, pa.string())).select(schema.names).cast(schema)
