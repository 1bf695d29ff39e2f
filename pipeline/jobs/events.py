"""The tables ``event_reports`` and ``event_clusters``: one event, and all who tell of it."""

from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.clusters import (
    EVENT_COLUMNS,
    PLAN_WINDOW,
    REPORTED_COLUMNS,
    WINDOW,
    EventDay,
    Plans,
    cluster_rows,
    event_report_rows,
    events_of_day,
    plans_of,
    relate_events,
)
from pipeline.jobs.chains import IdPropagation, propagate_ids
from pipeline.lake import Lake

_REPORTS, _CLUSTERS = "event_reports", "event_clusters"
_EVENT_KEY = ("article_id", "revision_id", "event_index")


def relate_events_of(lake: Lake, days: Iterable[date]) -> dict[str, dict[date, pa.Table]]:
    """Return both tables on every day that a change of some days can reach, in the order in which to write them.

    The reports come last: until they stand, the run after a dead one sees which events have changed.
    """
    reports = propagate_ids(lake, _EVENT_PROPAGATION, days)
    return {_CLUSTERS: _clusters(lake, reports), _REPORTS: reports}


def _prepare_events(lake: Lake, day: date) -> EventDay:
    return events_of_day(
        lake.read("events", days=[day], columns=EVENT_COLUMNS),
        lake.read("articles", days=[day], columns=("article_id", "text", "blocks")),
        lake.read("entities", days=[day], columns=("article_id", "entity_id")),
        lake.read("copies", days=[day], columns=("article_id", "dup_group_id", "is_copy")),
        day=day,
    )


_EVENT_PROPAGATION = IdPropagation(
    source="events",
    table=_REPORTS,
    index="event_index",
    group="event_cluster_id",
    prepare=_prepare_events,
    relate=relate_events,
    rows=event_report_rows,
)


def _clusters(lake: Lake, reports: Mapping[date, pa.Table]) -> dict[date, pa.Table]:
    """Return the clusters that begin on the days of some reports, or that these tell of now or did before."""
    standing = {manifest.day for manifest in lake.partitions.manifests() if _REPORTS in manifest.entries}
    days = sorted({*standing, *reports})
    told = _Reports(lake, reports, days)
    first_days = sorted({*reports, *_first_days(lake, reports)})
    made = {day: cluster_rows(told.beginning_on(day)) for day in first_days}
    return _with_plans(lake, made)


def _first_days(lake: Lake, reports: Mapping[date, pa.Table]) -> set[date]:
    """Return the days of the articles that name the clusters of some days, as they are and as they were."""
    tables = [*reports.values(), lake.read(_REPORTS, days=reports)]
    articles = {each for table in tables for each in pc.unique(_articles_of(table)).to_pylist()}
    return {article.published_date for article in lake.index.stored(articles).values()}


def _articles_of(reports: pa.Table) -> pa.ChunkedArray:
    """Return for each report the article that names its cluster."""
    return pc.replace_substring_regex(reports["event_cluster_id"], ":[0-9]+$", "")


class _Reports:
    """The reports of a lake as they will stand: those given, else those that it has. Asked for by day, ascending."""

    def __init__(self, lake: Lake, given: Mapping[date, pa.Table], days: list[date]) -> None:
        self._lake, self._given, self._days = lake, given, days
        self._near: dict[date, pa.Table] = {}

    def beginning_on(self, first: date) -> pa.Table:
        """Return all reports of the clusters that are named by articles of a day, with what events say of them.

        The reports of a cluster are never further apart than the window: behind an empty one there are none.
        """
        self._near = {day: table for day, table in self._near.items() if day >= first}
        articles = self._lake.read("articles", days=[first], columns=("article_id",))["article_id"].combine_chunks()
        found, last = [], first
        for day in self._days:
            if first <= day <= last + WINDOW:
                reports = self._with_events(day, is_near=day <= first + WINDOW)
                reports = reports.filter(pc.is_in(_articles_of(reports), articles))
                found.append(reports)
                last = day if reports.num_rows else last
        return pa.concat_tables(found) if found else self._with_events(first, is_near=False)

    def _with_events(self, day: date, *, is_near: bool) -> pa.Table:
        if day in self._near:
            return self._near[day]
        reports = self._given[day] if day in self._given else self._lake.read(_REPORTS, days=[day])
        joined = _join_events(reports, self._lake.read("events", days=[day], columns=REPORTED_COLUMNS))
        if is_near:
            self._near[day] = joined
        return joined


def _join_events(reports: pa.Table, events: pa.Table) -> pa.Table:
    """Return reports with the columns of their events, in any order; those without are of a content that is gone."""
    numbered = events.select(_EVENT_KEY).append_column("at", pa.array(range(events.num_rows), pa.int64()))
    found = reports.join(numbered, list(_EVENT_KEY), join_type="inner")
    told = events.take(found["at"])
    for name in REPORTED_COLUMNS[len(_EVENT_KEY) :]:
        found = found.append_column(name, told[name])
    return found.drop("at")


def _with_plans(lake: Lake, made: Mapping[date, pa.Table]) -> dict[date, pa.Table]:
    """Return clusters with the plans that they carried out: those made, and those that a changed plan can reach."""
    days = sorted({*made, *(manifest.day for manifest in lake.partitions.manifests() if _CLUSTERS in manifest.entries)})
    plans = {day: plans_of(table) for day, table in made.items()}
    changed = [day for day in made if plans[day] != plans_of(lake.read(_CLUSTERS, days=[day]))]
    reached = [day for day in days if day in made or any(each <= day <= each + PLAN_WINDOW for each in changed)]
    near = [each for each in days if any(day - PLAN_WINDOW <= each <= day for day in reached)]
    plans |= {each: plans_of(lake.read(_CLUSTERS, days=[each])) for each in near if each not in plans}
    known = Plans(plans)
    tables = ((day, made[day] if day in made else lake.read(_CLUSTERS, days=[day])) for day in reached)
    return {day: known.put_into(table, day=day) for day, table in tables}
