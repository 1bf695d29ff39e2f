"""The pages of a source on some news days, each with its latest status, ``PAGE_SIZE`` at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.outcomes import OUTCOME_PRECEDENCE, on_days, statuses
from newslake.pipeline.store.table_files import LakePlace

PAGE_SIZE = 100
LATE = "late"  # a filter in addition to the outcomes: first seen more than one day after the end of its news day
_CONDITIONS = {
    "outcome": "last.outcome = getvariable('outcome')",
    "reason": "last.reason = getvariable('reason')",
    "after": "url > getvariable('after')",
}
_LATE = "first_seen_at >= last.news_day + INTERVAL 2 DAY"
# The pages of coverage, and unavailable listings, which also have a reason.
_PAGES = """\
WITH {statuses},
pages AS (
  SELECT url, min(decided_at) AS first_seen_at, count(*) AS checks, arg_max({{'news_day': news_day, 'stage': stage,
    'outcome': outcome, 'reason': reason, 'detail': detail, 'article_id': article_id, 'at': decided_at}},
    {precedence}) AS last
  FROM {days} AS statuses
  WHERE source_key = getvariable('source') AND decided_date >= getvariable('first') - 2
    AND news_day BETWEEN getvariable('first') AND getvariable('last')
  GROUP BY url
)
SELECT url, last.news_day, last.stage, last.outcome, last.reason, last.detail, last.article_id, last.at, first_seen_at,
  checks::INTEGER
FROM pages{conditions} ORDER BY url LIMIT {limit}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFilter:
    """Pages of a source on the news days ``first`` to ``last``; ``outcome`` may also be ``LATE``.

    ``is_by_publication``: the days are those of publication, for an archive that lists pages by the day of a capture.
    """

    source: str
    first: date
    last: date
    outcome: str | None = None
    reason: str | None = None
    is_by_publication: bool = False


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """A page and its latest status. ``checks`` is the number of its outcomes."""

    url: str
    news_day: date
    stage: str
    outcome: str
    reason: str | None
    detail: str | None
    article_id: str | None
    decided_at: datetime
    first_seen_at: datetime
    checks: int


def find_page_outcomes(
    lake: LakePlace, filters: PageFilter, *, after: str | None = None
) -> tuple[tuple[PageOutcome, ...], bool]:
    """Return the next ``PAGE_SIZE`` pages after a URL, by URL, and whether there are more."""
    outcome = None if filters.outcome == LATE else filters.outcome
    variables: dict[str, object] = {"source": filters.source, "first": filters.first, "last": filters.last}
    variables |= {"outcome": outcome, "reason": filters.reason, "after": after}
    conditions = [*_conditions(variables), *([_LATE] if filters.outcome == LATE else [])]
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    with connect(lake) as connection:
        for name, value in variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        sql = _PAGES.format(
            statuses=statuses("getvariable('first') - 2"),
            precedence=OUTCOME_PRECEDENCE,
            days=on_days("source_key = getvariable('source')") if filters.is_by_publication else "statuses",
            conditions=where,
            limit=PAGE_SIZE + 1,
        )
        rows = query(connection, sql).rows
    pages = tuple(PageOutcome(*row) for row in rows)  # type: ignore[arg-type]
    return pages[:PAGE_SIZE], len(pages) > PAGE_SIZE


def _conditions(variables: dict[str, object]) -> Iterator[str]:
    yield from (sql for name, sql in _CONDITIONS.items() if variables[name] is not None)
