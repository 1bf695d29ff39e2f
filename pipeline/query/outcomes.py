"""Queries of the log: the latest outcomes of pages, and what add-ons count them with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.query.connection import QueryResult, connect
from newslake.pipeline.store.table_files import LakePlace

# The largest outcome of a page by this key is its latest status. A visit that found the page unchanged, or did not
# check it, does not replace an earlier outcome; of two outcomes at one time, pending is the earlier. The questions
# `coverage` and `why-rejected` use the same order.
OUTCOME_PRECEDENCE = (
    "(outcome <> 'not_checked', outcome <> 'unchanged', decided_at, outcome <> 'pending', run_id, stage, outcome)"
)
# The status of a page that was archived is "unchanged" as soon as a run has decided its article, under any source.
# Another address of an article decides nothing about it. The same two questions have these conditions.
IS_DECISION = "stage IN ('derive', 'commit') AND outcome <> 'pending' AND coalesce(reason, '') <> 'duplicate_url'"
IS_SETTLED = "outcome = 'pending' AND reason = 'archived' AND decided_at <= article_decided_at"


@dataclass(frozen=True, slots=True)
class ListingFetch:
    """A row of ``listing_fetches``."""

    source_key: str
    listed_day: date | None
    requested_at: datetime
    result: str
    entries: int
    reason: str | None


def statuses(first_day: str) -> str:
    """Return common table expressions that end with ``statuses``: the outcomes, with settled pages as "unchanged".

    Decisions of files before ``first_day``, an SQL value, are not read.
    """
    return f"""\
decisions AS (
  SELECT article_id, max(decided_at) AS article_decided_at
  FROM outcomes WHERE {IS_DECISION} AND decided_date >= {first_day} GROUP BY article_id
),
statuses AS (
  SELECT outcomes.* REPLACE (
    CASE WHEN {IS_SETTLED} THEN 'unchanged' ELSE outcome END AS outcome,
    CASE WHEN {IS_SETTLED} THEN 'archived, and its article is processed' ELSE detail END AS detail
  )
  FROM outcomes LEFT JOIN decisions USING (article_id)
)"""  # noqa: S608 - constants


def on_days(sources: str) -> str:
    """Return a subquery: ``statuses``, in which the pages of some sources have the published day of their article.

    ``sources`` is an SQL condition. A page without an article keeps its news day.
    """
    return f"""\
(SELECT statuses.* REPLACE (coalesce(published_date, news_day) AS news_day)
FROM statuses LEFT JOIN (
  SELECT article_id, source_key, published_date FROM articles_stored WHERE {sources}
) USING (article_id, source_key))"""  # noqa: S608 - constants


_OF_PAGES = f"""\
WITH {statuses("$3")}
SELECT * EXCLUDE (decided_date) FROM statuses
WHERE decided_date >= $3 AND (list_contains($1, url) OR list_contains($2, article_id))
ORDER BY {OUTCOME_PRECEDENCE} DESC"""  # noqa: S608 - a constant
_OF_HOST = (
    "SELECT count(DISTINCT url), max(decided_at) FROM outcomes WHERE starts_with(url, $1) OR starts_with(url, $2)"
)


def outcomes_of(
    lake: LakePlace, *, urls: Collection[str], article_ids: Collection[str], since: date = date.min
) -> QueryResult:
    """Return the outcomes of some pages and articles with the columns of the table, latest status first.

    Files of days before ``since`` are not opened.
    """
    with connect(lake) as connection:
        result = connection.execute(_OF_PAGES, [list(urls), list(article_ids), since])
        return QueryResult(tuple(column[0] for column in result.description), tuple(result.fetchall()))


def pages_of_host(lake: LakePlace, host: str) -> tuple[int, object]:
    """Return the number of pages of a host with outcomes, and the time of the last outcome."""
    with connect(lake) as connection:
        [row] = connection.execute(_OF_HOST, [f"http://{host}/", f"https://{host}/"]).fetchall()
        return row[0], row[1]
