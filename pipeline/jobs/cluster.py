"""Relate articles to their neighbours: the cluster tables of the days that a change can reach."""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa

from pipeline.clusters import WINDOW, affected_days, drop_site_boilerplate, find_copies
from pipeline.jobs.co_mentions import co_mentions_of
from pipeline.jobs.events import relate_events_of
from pipeline.jobs.quote_groups import quote_groups_of
from pipeline.jobs.revisions import relate_revisions
from pipeline.jobs.sketches import sketch_articles
from pipeline.jobs.workspace import Workspace
from pipeline.lake import Lake


def cluster(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> int:
    """Write the cluster tables of every day that a change can reach; return how many files changed.

    Changed are the published ``days``, and those on which articles of the news day stand: a run that was killed
    between commit and cluster is made good by the next one of its day.
    """
    with workspace.at_work():
        return relate(workspace, news_day=news_day, days=days)


def relate(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> int:
    """Do what ``cluster`` does; called while no takedown can be under way, or by it."""
    lake, given = workspace.lake, tuple(days)

    def changed() -> set[date]:
        ids = {capture.article_id for capture in workspace.archive.captures_of_day(news_day)}
        return {*given, *(article.published_date for article in lake.index.stored(ids).values())}

    copies = lake.replace("copies", lambda: _copies(lake, changed()))
    groups = lake.replace("quote_groups", lambda: quote_groups_of(lake, changed()))
    events = lake.replace_all(lambda: relate_events_of(lake, changed()))
    pairs = lake.replace("co_mentions", lambda: co_mentions_of(lake, changed()))
    return copies + groups + events + pairs + relate_revisions(workspace, news_day=news_day, days=given)


def _copies(lake: Lake, changed: Iterable[date]) -> dict[date, pa.Table]:
    return dict(copies_of(lake, {day for each in changed for day in affected_days(each)}))


def copies_of(lake: Lake, days: Iterable[date]) -> Iterator[tuple[date, pa.Table]]:
    """Yield the copies of those of some days that have articles, in order; no more than a window is in memory."""
    stored = lake.days()
    window: dict[date, pa.Table] = {}
    for day in sorted({*days}.intersection(stored)):
        near = [each for each in stored if day - WINDOW <= each <= day]
        window = {
            each: window[each] if each in window else drop_site_boilerplate(sketch_articles(lake, each))
            for each in near
        }
        yield day, find_copies(pa.concat_tables(window.values()), day=day)
