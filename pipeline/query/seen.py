"""Pages that a source gave on some news days, each with the last word on it, a page of them at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.query.connection import connect, query
from pipeline.query.verdicts import OUTCOME_PRECEDENCE

PAGE_SIZE = 100
LATE = "late"  # beside the outcomes: seen first more than a day after its news day was over
_CONDITIONS = {
    "outcome": "last.outcome = getvariable('outcome')",
    "reason": "last.reason = getvariable('reason')",
    "after": "url > getvariable('after')",
}
_LATE = "first_seen_at >= last.news_day + INTERVAL 2 DAY"
# As coverage counts them, but that a listing which could not be had is a page here: it has a reason, too.
_PAGES = """\
WITH pages AS (
  SELECT url, min(seen_at) AS first_seen_at, count(*) AS looks, arg_max({{'news_day': news_day, 'stage': stage,
    'outcome': outcome, 'reason': reason, 'detail': detail, 'article_id': article_id, 'at': seen_at}},
    {last_word}) AS last
  FROM outcomes
  WHERE source_key = getvariable('source') AND seen_date >= getvariable('first') - 2
    AND news_day BETWEEN getvariable('first') AND getvariable('last')
  GROUP BY url
)
SELECT url, last.news_day, last.stage, last.outcome, last.reason, last.detail, last.article_id, last.at, first_seen_at,
  looks::INTEGER
FROM pages{conditions} ORDER BY url LIMIT {limit}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFilter:
    """Pages of a source and of the news days ``first`` to ``last``; ``outcome`` may be ``LATE``, too."""

    source: str
    first: date
    last: date
    outcome: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """A page and the last word on it. ``looks`` is how many outcomes it has."""

    url: str
    news_day: date
    stage: str
    outcome: str
    reason: str | None
    detail: str | None
    article_id: str | None
    seen_at: datetime
    first_seen_at: datetime
    looks: int


def find_page_outcomes(
    lake: Path, filters: PageFilter, *, after: str | None = None
) -> tuple[tuple[PageOutcome, ...], bool]:
    """Return the next ``PAGE_SIZE`` pages behind a URL, by URL, and whether there are more."""
    outcome = None if filters.outcome == LATE else filters.outcome
    given: dict[str, object] = {"source": filters.source, "first": filters.first, "last": filters.last}
    given |= {"outcome": outcome, "reason": filters.reason, "after": after}
    conditions = [*_conditions(given), *([_LATE] if filters.outcome == LATE else [])]
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    with connect(lake) as connection:
        for name, value in given.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        rows = query(
            connection, _PAGES.format(last_word=OUTCOME_PRECEDENCE, conditions=where, limit=PAGE_SIZE + 1)
        ).rows
    found = tuple(PageOutcome(*row) for row in rows)  # type: ignore[arg-type]
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def _conditions(given: dict[str, object]) -> Iterator[str]:
    yield from (sql for name, sql in _CONDITIONS.items() if given[name] is not None)
