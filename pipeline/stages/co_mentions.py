"""The table ``co_mentions``: pairs of people by day, so that a question over years need not look at every mention."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from pipeline.clusters import MENTION_COLUMNS, co_mention_rows, days_reached
from pipeline.lake import Lake

_COPIES = ("article_id", "revision_id", "is_copy")


def co_mentions_of(lake: Lake, days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the pairs of every day whose copies a change of some days can reach. Copies stand already."""
    reached = {each for day in days for each in days_reached(day)}
    return {day: _pairs(lake, day) for day in sorted(reached.intersection(lake.days()))}


def _pairs(lake: Lake, day: date) -> pa.Table:
    entities = lake.read("entities", days=[day], columns=MENTION_COLUMNS)
    return co_mention_rows(entities, lake.read("copies", days=[day], columns=_COPIES))
