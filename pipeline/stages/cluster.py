"""Relate articles to their neighbours: the cluster tables of the days that a change can reach."""

from collections.abc import Iterable
from datetime import date, timedelta

import pyarrow as pa

from pipeline.clusters import days_reached, find_copies
from pipeline.stages.workspace import Workspace

_WINDOW = timedelta(days=7)
_COLUMNS = ("article_id", "revision_id", "published_at", "fetched_at", "content_hash")


def cluster(workspace: Workspace, *, days: Iterable[date]) -> int:
    """Write the copies of every day that a change of ``days`` can reach; return how many files changed."""
    stored = set(workspace.lake.days())
    reached = sorted({day for changed in days for day in days_reached(changed)} & stored)
    return workspace.lake.replace(
        "copies", {day: find_copies(_window(workspace, day, stored), day=day) for day in reached}
    )


def _window(workspace: Workspace, day: date, stored: set[date]) -> pa.Table:
    """Return the articles of the seven days before and the day itself, with their published_date."""
    pieces = []
    for each in sorted(each for each in stored if day - _WINDOW <= each <= day):
        rows = workspace.lake.read("articles", days=[each], columns=list(_COLUMNS))
        pieces.append(rows.append_column("published_date", pa.array([each] * rows.num_rows, pa.date32())))
    return pa.concat_tables(pieces)
