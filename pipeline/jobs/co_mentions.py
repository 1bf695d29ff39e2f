"""The table ``co_mentions``: pairs of people by day, so that a question over years need not look at every mention."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from pipeline.clusters import MENTION_COLUMNS, affected_days, co_mention_rows
from pipeline.lake import Lake

_COPY_COLUMNS = ("article_id", "revision_id", "is_copy")


def co_mentions_of(lake: Lake, days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the pairs of every day whose copies a change of some days can reach. Copies stand already."""
    reached = {each for day in days for each in affected_days(day)}
    return {day: _co_mention_table(lake, day) for day in sorted(reached.intersection(lake.days()))}


def _co_mention_table(lake: Lake, day: date) -> pa.Table:
    entities = lake.read("entities", days=[day], columns=MENTION_COLUMNS)
    return co_mention_rows(entities, lake.read("copies", days=[day], columns=_COPY_COLUMNS))
