"""Relate articles to their neighbours: the cluster tables of the days that a change can reach."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

import pyarrow as pa

from pipeline.clusters import days_reached, find_copies
from pipeline.stages.revisions import relate_revisions
from pipeline.stages.workspace import Workspace

_WINDOW = timedelta(days=7)
_COLUMNS = ("published_date", "article_id", "revision_id", "published_at", "fetched_at", "content_hash")


def cluster(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> int:
    """Write the copies of every day that a change can reach, and the revisions; return how many files changed.

    Changed are the published ``days``, and those on which articles of the news day stand: a run that was killed
    between commit and cluster is made good by the next one of its day.
    """
    changed = tuple(days)
    copies = workspace.lake.replace("copies", partial(_copies, workspace, news_day=news_day, days=changed))
    return copies + relate_revisions(workspace, news_day=news_day, days=changed)


def _copies(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> dict[date, pa.Table]:
    ids = {capture.article_id for capture in workspace.archive.iterate(news_day)}
    changed = {*days, *(article.published_date for article in workspace.lake.stored(ids).values())}
    stored = workspace.lake.days()
    reached = {day for each in changed for day in days_reached(each)}.intersection(stored)
    articles = {
        day: workspace.lake.read("articles", days=[day], columns=_COLUMNS)
        for day in stored
        if any(each - _WINDOW <= day <= each for each in reached)
    }
    return {
        day: find_copies(pa.concat_tables(articles[each] for each in articles if day - _WINDOW <= each <= day), day=day)
        for day in sorted(reached)
    }
