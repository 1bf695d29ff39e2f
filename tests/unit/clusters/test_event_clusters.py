"""Event clusters: what all reports of an event say together, and which plan it carried out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipeline.clusters import (
    REPORTED_COLUMNS,
    Plans,
    cluster_rows,
    event_cluster_member_rows,
    plans_of,
    relate_events,
)
from pipeline.tables import check_batch
from tests.unit.clusters.builders import DAY, EventArticle, build_event_day, build_tables

MET = EventArticle(article="a", names=("Vessmouth",))
PLAN = replace(MET, article="p", modality="planned", trigger="will meet", day=-9, when=date(2026, 2, 9))


def rows_of(told: Sequence[EventArticle], *, copies: dict[str, str] | None = None) -> Any:
    """Return the clusters of some articles' events, as of one day."""
    day = build_event_day(told, day=DAY, copies=copies)
    reports = event_cluster_member_rows(day, relate_events(day, []))
    events = build_tables(sorted(told, key=lambda each: each.article))["events"].select(REPORTED_COLUMNS)
    for name in REPORTED_COLUMNS[3:]:
        reports = reports.sort_by("article_id").append_column(name, events[name])
    table = cluster_rows(reports)
    assert check_batch({"event_clusters": table}) == ()
    return table


def test_reports_are_counted_and_copies_once() -> None:
    """Every article counts as a report; those of one copied story count once as independent."""
    told = [MET, replace(MET, article="b", hour=13), replace(MET, article="c", hour=15)]
    [row] = rows_of(told, copies={"c": "b"}).to_pylist()
    assert (row["event_cluster_id"], row["report_count"], row["independent_count"]) == ("a:0", 3, 2)
    assert (row["first_reported_at"].hour, row["last_reported_at"].hour) == (12, 15)


def test_the_fullest_report_speaks_for_all() -> None:
    """Date, place and sentence are those of the report that says most, not of a copy; the earliest of equals."""
    full = replace(MET, article="b", hour=13, place="Vessmouth", when=date(2026, 2, 9))
    told = [MET, full, replace(full, article="c", hour=14), replace(MET, article="d", hour=15)]
    [row] = rows_of(told).to_pylist()
    assert (row["article_id"], row["place_text"], row["event_date"]) == ("b", "Vessmouth", date(2026, 2, 9))
    [row] = rows_of(told, copies={"b": "a"}).to_pylist()
    assert (row["article_id"], row["sentence_end_char"]) == ("c", len(full.text))


def test_what_the_latest_report_says_stands() -> None:
    """A plan that a later report calls off is negated."""
    off = replace(PLAN, article="q", modality="negated", hour=20)
    assert [row["modality"] for row in rows_of([PLAN, off]).to_pylist()] == ["negated"]


@pytest.mark.parametrize(
    ("plan", "happened", "is_linked"),
    [
        (PLAN, replace(MET, when=date(2026, 2, 9)), True),
        (PLAN, MET, True),
        (replace(PLAN, when=None), MET, True),
        (replace(PLAN, when=None, recipient=None), MET, False),
        (replace(PLAN, when=None, actor="Quill", recipient=None), replace(MET, recipient="Cora Quill"), False),
        (replace(PLAN, when=date(2026, 2, 20)), MET, False),
        (replace(PLAN, actor="Dov Marsh", recipient="Cora Weld"), MET, False),
        (replace(PLAN, kind="AID"), MET, False),
        (replace(PLAN, place_country="PRT"), replace(MET, place_country="MAR"), False),
        (replace(PLAN, modality="negated"), MET, False),
        (replace(PLAN, day=3), MET, False),
    ],
)
def test_what_happened_is_linked_to_its_plan(plan: EventArticle, happened: EventArticle, is_linked: bool) -> None:
    """A meeting and its announcement are two events, linked where type, day and somebody agree."""
    plans, happenings = rows_of([plan]), rows_of([happened])
    found = Plans({DAY: plans_of(plans)}).put_into(happenings, day=DAY)["planned_cluster_id"].to_pylist()
    assert found == ["p:0" if is_linked else None]


@pytest.mark.parametrize(("days", "is_linked"), [(-1, False), (0, True), (28, True), (29, False)])
def test_plans_are_of_four_weeks(days: int, is_linked: bool) -> None:
    """A plan of the day or of the four weeks before it is looked at, a later or an older one is not."""
    known = Plans({DAY: plans_of(rows_of([PLAN]))})
    found = known.put_into(rows_of([MET]), day=DAY + timedelta(days=days))["planned_cluster_id"].to_pylist()
    assert found == ["p:0" if is_linked else None]


def test_undated_article_has_no_report_time() -> None:
    """Where no report has a date, first and last are null; an undated report is the last to name its event."""
    [row] = rows_of([replace(MET, is_dated=False)]).to_pylist()
    assert (row["first_reported_at"], row["last_reported_at"], row["report_count"]) == (None, None, 1)
    [row] = rows_of([replace(MET, is_dated=False), replace(MET, article="b")]).to_pylist()
    assert (row["event_cluster_id"], row["report_count"]) == ("b:0", 2)
