"""Event clusters: one row per event from all its reports, and the plan that it carried out.

Entry points: ``cluster_rows``, ``plans_of``, ``Plans``, ``ChangedPlans``.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.clusters.name_matching import NameIndex, may_be_one, shared_count
from newslake.pipeline.clusters.text import rows_by, rows_of_table
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.spec import Row

REPORTED_COLUMNS = (
    "article_id",
    "revision_id",
    "event_index",
    "event_type",
    "event_subtype",
    "event_mode",
    "quad_class",
    "plover_type",
    "modality",
    "actor_text",
    "actor_name",
    "actor_country",
    "recipient_text",
    "recipient_name",
    "recipient_country",
    "actors",
    "recipients",
    "event_date",
    "event_date_end",
    "event_date_precision",
    "event_date_basis",
    "place_text",
    "place_country",
    "is_main",
    "salience",
    "confidence",
)
PLAN_WINDOW = timedelta(days=28)  # an older plan is usually reported again
_AT_ONCE = 2000
_UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_FULLEST_COLUMNS = (
    "event_type",
    "event_subtype",
    "event_mode",
    "quad_class",
    "plover_type",
    "article_id",
    "revision_id",
)
_SENTENCE_COLUMNS = ("event_index", "sentence_start_char", "sentence_end_char")
_DATE_COLUMNS = ("event_date", "event_date_end", "event_date_precision")

PLAN_COLUMNS = (
    "event_cluster_id",
    "event_type",
    "event_subtype",
    "modality",
    "actors",
    "recipients",
    "event_date",
    "event_date_end",
    "place_country",
    "first_reported_at",
    "last_reported_at",
)


def cluster_rows(reports: pa.Table) -> pa.Table:
    """Return the rows of ``event_clusters``, one per event, without their plans.

    ``reports`` has all rows of ``event_cluster_members`` of some events, with ``REPORTED_COLUMNS`` from events.
    """
    schema = TABLE_SPECS["event_clusters"].schema
    events = (
        _cluster_row(rows[0]["event_cluster_id"], sorted(rows, key=_age))
        for rows in rows_by(reports.sort_by("event_cluster_id"), "event_cluster_id")
    )
    tables = [pa.Table.from_pylist(part, schema=schema) for part in batched(events, _AT_ONCE)]
    return pa.concat_tables([schema.empty_table(), *tables])


def _age(row: Row) -> tuple[datetime, str, int]:
    return row["published_at"] or _UNKNOWN_TIME, row["article_id"], row["event_index"]


def _cluster_row(cluster_id: str, reports: Sequence[Row]) -> dict[str, Any]:
    """Return the row of an event. Its reports are in order, earliest first."""
    reports = [_drop_published_day(row) for row in reports]
    fullest = sorted(reports, key=_fullness, reverse=True)
    dated = _first_with(fullest, "event_date")
    placed = _first_with(fullest, "place_text")
    times = [row["published_at"] for row in reports if row["published_at"]]
    latest = max(reports, key=lambda row: (row["published_at"] or datetime.min.replace(tzinfo=UTC), row["salience"]))
    return {
        "event_cluster_id": cluster_id,
        **{name: fullest[0][name] for name in (*_FULLEST_COLUMNS, *_SENTENCE_COLUMNS)},
        **{name: dated[name] for name in _DATE_COLUMNS},
        **{name: placed[name] for name in ("place_text", "place_country")},
        **_participants(fullest, "actor"),
        **_participants(fullest, "recipient"),
        "modality": latest["modality"],
        "first_reported_at": min(times, default=None),
        "last_reported_at": max(times, default=None),
        "report_count": len({row["article_id"] for row in reports}),
        "independent_count": len({row["dup_group_id"] for row in reports}),
        "is_main": any(row["is_main"] for row in reports),
        "confidence": max(row["confidence"] for row in reports),
        "planned_cluster_id": None,
    }


def _drop_published_day(row: Row) -> Row:
    """Return a report without the date that is only its published day: reports of one event have several."""
    is_stated = row["event_date"] is None or row["event_date_basis"] != "publication"
    return row if is_stated else {**row, **dict.fromkeys(_DATE_COLUMNS[:2]), "event_date_precision": "unknown"}


def _fullness(row: Row) -> tuple[bool, int, float]:
    """Return a sort key for the fullest report. The sort is stable: of equal reports, the earliest stays first."""
    said = (row["actor_name"], row["recipient_name"], row["event_date"], row["place_text"])
    named = (row["actor_text"], row["recipient_text"])
    return not row["is_duplicate"], 2 * sum(map(bool, said)) + sum(map(bool, named)), row["salience"]


def _first_with(fullest: Sequence[Row], name: str) -> Row:
    return next((row for row in fullest if row[name]), fullest[0])


def _participants(fullest: Sequence[Row], role: str) -> dict[str, Any]:
    named = [row for row in fullest if row[f"{role}s"] or row[f"{role}_name"]]
    row = named[0] if named else _first_with(fullest, f"{role}_text")
    one = row[f"{role}_name"] or row[f"{role}_text"]
    return {f"{role}s": row[f"{role}s"] or [each for each in (one,) if each], f"{role}_country": row[f"{role}_country"]}


def plans_of(clusters: pa.Table) -> list[Row]:
    """Return the planned and hypothetical rows of ``event_clusters``, with ``PLAN_COLUMNS``."""
    is_open = pc.is_in(clusters["modality"], pa.array(["planned", "hypothetical"]))
    return list(clusters.select(PLAN_COLUMNS).filter(is_open).to_pylist())


type Fit = tuple[int, str]
"""Minus the number of participants that an event and its plan share, and the plan's id: the least is the best."""


type Kind = tuple[str, str | None]
"""Type and subtype of an event."""


class Plans:
    """Index of the plans of some days: type and participant are the blocking keys."""

    def __init__(self, by_day: Mapping[date, Sequence[Row]]) -> None:
        self._of_name: dict[Kind, dict[str, tuple[list[date], list[Row]]]] = defaultdict(
            lambda: defaultdict(lambda: ([], []))
        )
        for day, plan in [(each, plan) for each in sorted(by_day) for plan in by_day[each]]:
            for name in {*plan["actors"], *plan["recipients"]}:
                days, plans = self._of_name[plan["event_type"], plan["event_subtype"]][name]
                days.append(day)
                plans.append(plan)
        self._names = {kind: NameIndex(of_name) for kind, of_name in self._of_name.items()}

    def put_into(self, clusters: pa.Table, *, day: date) -> pa.Table:
        """Return a day's rows of ``event_clusters``, each with the plan that it carried out, if there is one.

        A plan is from the day or ``PLAN_WINDOW`` before it, was reported earlier, has the same type, and shares a
        participant with the event. It has the same day, or is undated and shares two participants.
        """
        fits = [self.fit(row, day=day) for row in rows_of_table(clusters.select(PLAN_COLUMNS))]
        return _set_plans(clusters, [None if fit is None else fit[1] for fit in fits])

    def fit(self, row: Row, *, day: date) -> Fit | None:
        """Return how the best plan of an event of a day fits it; None without a plan."""
        is_any = row["event_type"] == "OTHER" and row["event_subtype"] is None  # such a plan may be of anything
        if row["modality"] != "happened" or is_any:
            return None
        return min((fit for plan in self._near(row, day) if (fit := _fit_of(row, plan))), default=None)

    def _near(self, row: Row, day: date) -> Iterator[Row]:
        """Yield the plans that may fit an event, each once: those that may share enough participants with it."""
        kind = row["event_type"], row["event_subtype"]
        if kind not in self._names:
            return
        plans: dict[str, Row] = {}
        shared: Counter[str] = Counter()
        for name in (*row["actors"], *row["recipients"]):
            near = self._of_day(kind, name, day)
            plans |= near
            shared.update(near.keys())
        yield from (plan for key, plan in plans.items() if shared[key] >= _fewest_shared(plan))

    def _of_day(self, kind: Kind, name: str, day: date) -> dict[str, Row]:
        """Return the plans that an event of a day may carry out and that may name a participant."""
        by_cluster: dict[str, Row] = {}
        for each in self._names[kind].near(name):
            days, plans = self._of_name[kind][each]
            for plan in plans[bisect_left(days, day - PLAN_WINDOW) : bisect_right(days, day)]:
                by_cluster[plan["event_cluster_id"]] = plan
        return by_cluster


def _fewest_shared(plan: Row) -> int:
    """Return how many participants an event shares with its plan at least. An undated plan fits any day."""
    return 2 if plan["event_date"] is None else 1


class ChangedPlans:
    """The plans of some days after some of them changed, for events that did not change.

    An event is compared only with the changed plans, unless the plan that it carried out is one of these.
    """

    def __init__(self, known: Plans, now: Mapping[date, Sequence[Row]], before: Mapping[date, Sequence[Row]]) -> None:
        """``known`` has the plans of ``now``; ``before`` has those of the days on which any changed."""
        old = {plan["event_cluster_id"]: plan for plans in before.values() for plan in plans}
        differing = {day: [plan for plan in now[day] if old.get(plan["event_cluster_id"]) != plan] for day in before}
        self._known, self._changed = known, Plans(differing)
        changed = {plan["event_cluster_id"] for plans in differing.values() for plan in plans}
        plans = (plan for plans in now.values() for plan in plans)
        self._same = {plan["event_cluster_id"]: plan for plan in plans if plan["event_cluster_id"] not in changed}

    def put_into(self, clusters: pa.Table, *, day: date) -> pa.Table:
        """Return what ``Plans.put_into`` does, for rows with their plans from before."""
        rows = zip(
            rows_of_table(clusters.select(PLAN_COLUMNS)), clusters["planned_cluster_id"].to_pylist(), strict=True
        )
        return _set_plans(clusters, [self._plan_of(row, current, day) for row, current in rows])

    def _plan_of(self, row: Row, current: str | None, day: date) -> str | None:
        better = self._changed.fit(row, day=day)
        if better is None and (current is None or current in self._same):
            return current
        mine = _fit_of(row, self._same[current]) if current in self._same else None
        if mine is None and current is not None:
            better = self._known.fit(row, day=day)
        return min((fit for fit in (mine, better) if fit is not None), default=(0, None))[1]


def _set_plans(clusters: pa.Table, plans: Sequence[str | None]) -> pa.Table:
    at = clusters.schema.get_field_index("planned_cluster_id")
    return clusters.set_column(at, clusters.schema.field(at), pa.array(plans, pa.string()))


def _fit_of(row: Row, plan: Row) -> Fit | None:
    shared = _participant_overlap(row, plan)
    return (-shared, plan["event_cluster_id"]) if shared else None


def _participant_overlap(row: Row, plan: Row) -> int:
    """Return how many participants an event and a plan share; 0 if it is not a plan of this event."""
    if (plan["first_reported_at"] or _UNKNOWN_TIME) >= (row["last_reported_at"] or _UNKNOWN_TIME):
        return 0
    if plan["place_country"] and row["place_country"] and plan["place_country"] != row["place_country"]:
        return 0
    if not _is_at_planned_time(row, plan):
        return 0
    theirs = (*plan["actors"], *plan["recipients"])
    shared = shared_count((*row["actors"], *row["recipients"]), theirs, may_be_one)
    return shared if shared >= _fewest_shared(plan) else 0


def _is_at_planned_time(row: Row, plan: Row) -> bool:
    """Return whether an event is within a day of its plan's date. An undated plan fits any day."""
    if plan["event_date"] is None:
        return True
    first, last = _days_of(row)
    return bool(plan["event_date"] - _DAY <= last and first <= (plan["event_date_end"] or plan["event_date"]) + _DAY)


def _days_of(row: Row) -> tuple[date, date]:
    """Return the first and last day of an event; if undated, the day before its first report and that day."""
    if row["event_date"] is not None:
        return row["event_date"], row["event_date_end"] or row["event_date"]
    reported = (row["first_reported_at"] or _UNKNOWN_TIME).date()
    return reported - _DAY, reported
