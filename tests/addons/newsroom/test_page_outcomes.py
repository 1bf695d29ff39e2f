"""The latest status of a page is the same in the list of pages, in coverage, in the questions and in `why`."""

from datetime import UTC, date, datetime

import pytest

from newslake.pipeline.addons.newsroom.queries.page_outcomes import PageFilter, find_page_outcomes
from newslake.pipeline.addons.operate.coverage_facts import coverage_facts
from newslake.pipeline.query.connection import connect
from newslake.pipeline.query.outcomes import outcomes_of
from newslake.pipeline.query.saved_queries import answer
from newslake.pipeline.tables.spec import Row

DAY = date(2026, 3, 2)
URL = "https://a.example/1"


def row(hour: int, stage: str, outcome: str, reason: str | None = None, **facts: object) -> Row:
    """Return an outcome of a page of the source harbour."""
    given = {"run_id": f"r{hour}", "source_key": "harbour", "news_day": DAY, "url": URL, "article_id": "a" * 32}
    decided = {
        "stage": stage,
        "outcome": outcome,
        "reason": reason,
        "decided_at": datetime(2026, 3, 2, hour, tzinfo=UTC),
    }
    return {**given, **decided, **facts}


ARCHIVED = [row(7, "fetch", "pending", "archived"), row(8, "commit", "kept"), row(9, "fetch", "pending", "archived")]
CURRENT = row(10, "derive", "unchanged", "committed")
# The rows of a log, and the latest status of each source's page.
LOGS: dict[str, tuple[list[Row], dict[str, str]]] = {
    "new bytes wait": (ARCHIVED, {"harbour": "pending"}),
    "new bytes with the same article are processed": ([*ARCHIVED, CURRENT], {"harbour": "kept"}),
    "an article is processed at the moment of its capture": (
        [*ARCHIVED, {**CURRENT, "decided_at": ARCHIVED[-1]["decided_at"]}],
        {"harbour": "kept"},
    ),
    "the article is decided as a page of another source": (
        [*ARCHIVED[:1], row(8, "commit", "kept", source_key="wire", url="https://b.example/1")],
        {"harbour": "unchanged", "wire": "kept"},
    ),
    "another address of the article decides nothing": (
        [*ARCHIVED, row(10, "derive", "unchanged", "duplicate_url", url="https://a.example/2", source_key="wire")],
        {"harbour": "pending", "wire": "unchanged"},
    ),
    "another article is decided": (
        [*ARCHIVED, {**CURRENT, "article_id": "b" * 32, "url": "https://b.example/1", "source_key": "wire"}],
        {"harbour": "pending", "wire": "unchanged"},
    ),
    "the newer payload waits for the next run": (
        [*ARCHIVED, row(10, "commit", "pending", "superseded", source_key="wire")],
        {"harbour": "pending", "wire": "pending"},
    ),
    "a page that failed still waits": (
        [*ARCHIVED[:1], CURRENT, row(11, "fetch", "pending", "http_503")],
        {"harbour": "pending"},
    ),
}


@pytest.mark.parametrize("case", LOGS)
def test_archived_page_waits_until_its_article_is_decided(case: str, write_rows) -> None:
    """An archived page is pending until a run decides its article, whichever source the decision is logged under."""
    rows, statuses = LOGS[case]
    lake = write_rows("outcomes", DAY, rows)
    kinds = ("kept", "unchanged", "pending")

    covered = {
        each["source_key"]: next(k for k in kinds if each[k]) for each in answer(connect(lake), "coverage").records()
    }
    waiting = {each["source_key"] for each in answer(connect(lake), "why-rejected").records()}
    listed = {
        key: find_page_outcomes(lake, PageFilter(source=key, first=DAY, last=DAY))[0][0].outcome for key in statuses
    }
    facts = coverage_facts(lake, first=DAY, last=DAY, now=datetime(2026, 3, 3, tzinfo=UTC), listed=())
    [latest, *_] = outcomes_of(lake, urls=[URL], article_ids=[]).records()

    assert covered == statuses
    assert waiting == {key for key, kind in statuses.items() if kind == "pending"}
    assert listed == statuses
    assert {each.source_key: each.outcome for each in facts.outcome_counts} == statuses
    assert (latest["outcome"] == "pending") == ("pending" in statuses.values())
