"""Event clusters: the row of an event from all its reports, and the plan that it carried out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from newslake.pipeline.clusters import (
    REPORTED_COLUMNS,
    ChangedPlans,
    Plans,
    cluster_rows,
    event_cluster_member_rows,
    plans_of,
    relate_events,
)
from newslake.pipeline.tables import check_batch
from tests.unit.clusters.builders import DAY, EventArticle, build_event_day, build_tables

MET = EventArticle(article="a", names=("Vessmouth",))
PLAN = replace(MET, article="p", modality="planned", trigger="will meet", day=-9, when=date(2026, 2, 9))


def rows_of(articles: Sequence[EventArticle], *, copies: dict[str, str] | None = None) -> Any:
    """Return the event clusters of some articles, all on one day."""
    day = build_event_day(articles, day=DAY, copies=copies)
    reports = event_cluster_member_rows(day, relate_events(day, []))
    events = build_tables(sorted(articles, key=lambda each: each.article))["events"].select(REPORTED_COLUMNS)
    for name in REPORTED_COLUMNS[3:]:
        reports = reports.sort_by("article_id").append_column(name, events[name])
    table = cluster_rows(reports)
    assert check_batch({"event_clusters": table}) == ()
    return table


def test_reports_are_counted_and_duplicates_once() -> None:
    """Every article counts as a report; duplicates count once as independent."""
    articles = [MET, replace(MET, article="b", hour=13), replace(MET, article="c", hour=15)]
    [row] = rows_of(articles, copies={"c": "b"}).to_pylist()
    assert (row["event_cluster_id"], row["report_count"], row["independent_count"]) == ("a:0", 3, 2)
    assert (row["first_reported_at"].hour, row["last_reported_at"].hour) == (12, 15)


def test_the_fullest_report_gives_the_values() -> None:
    """Date, place and sentence are from the fullest report that is not a duplicate; the earliest of equals."""
    full = replace(MET, article="b", hour=13, place="Vessmouth", when=date(2026, 2, 9))
    articles = [MET, full, replace(full, article="c", hour=14), replace(MET, article="d", hour=15)]
    [row] = rows_of(articles).to_pylist()
    assert (row["article_id"], row["place_text"], row["event_date"]) == ("b", "Vessmouth", date(2026, 2, 9))
    [row] = rows_of(articles, copies={"b": "a"}).to_pylist()
    assert (row["article_id"], row["sentence_end_char"]) == ("c", len(full.text))


def test_published_day_does_not_date_a_cluster() -> None:
    """A report whose date is only its published day does not date the event."""
    reports = [replace(MET, when=date(2026, 2, 10), basis="publication"), replace(MET, article="b", hour=13)]
    [row] = rows_of(reports).to_pylist()
    assert (row["event_date"], row["event_date_end"], row["event_date_precision"]) == (None, None, "unknown")
    [row] = rows_of([*reports, replace(MET, article="c", hour=14, when=date(2026, 2, 9))]).to_pylist()
    assert row["event_date"] == date(2026, 2, 9)


def test_latest_report_gives_the_modality() -> None:
    """A plan that a later report cancels is negated."""
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
    """A meeting and its announcement are two events, linked if type, day and a participant agree."""
    plans, happenings = rows_of([plan]), rows_of([happened])
    found = Plans({DAY: plans_of(plans)}).put_into(happenings, day=DAY)["planned_cluster_id"].to_pylist()
    assert found == ["p:0" if is_linked else None]


PLANS = (
    PLAN,
    replace(PLAN, article="q", recipient="Cora Weld"),
    replace(PLAN, article="r", when=None),
    replace(PLAN, article="q", when=None),
)


@pytest.mark.parametrize("before", range(1 << len(PLANS)))
def test_changed_plans_give_the_links_of_all_plans(before: int) -> None:
    """Whatever plans were known before, an event that did not change gets the plan that a comparison with all gives."""
    subsets = [[plan for at, plan in enumerate(PLANS) if bits >> at & 1] for bits in range(1 << len(PLANS))]
    known = [{DAY: [row for plan in plans for row in plans_of(rows_of([plan]))]} for plans in subsets]
    met, old = rows_of([MET]), known[before]
    linked = Plans(old).put_into(met, day=DAY)
    for now in known:
        every = Plans(now)
        changed = ChangedPlans(every, now, old)
        assert changed.put_into(linked, day=DAY).equals(every.put_into(met, day=DAY))


@pytest.mark.parametrize(("days", "is_linked"), [(-1, False), (0, True), (28, True), (29, False)])
def test_plans_are_of_four_weeks(days: int, is_linked: bool) -> None:
    """Plans of the day and of the four weeks before are compared; later and older plans are not."""
    known = Plans({DAY: plans_of(rows_of([PLAN]))})
    found = known.put_into(rows_of([MET]), day=DAY + timedelta(days=days))["planned_cluster_id"].to_pylist()
    assert found == ["p:0" if is_linked else None]


def test_undated_article_has_no_report_time() -> None:
    """Without a dated report, first and last are null; an undated report names its cluster only without others."""
    [row] = rows_of([replace(MET, is_dated=False)]).to_pylist()
    assert (row["first_reported_at"], row["last_reported_at"], row["report_count"]) == (None, None, 1)
    [row] = rows_of([replace(MET, is_dated=False), replace(MET, article="b")]).to_pylist()
    assert (row["event_cluster_id"], row["report_count"]) == ("b:0", 2)
