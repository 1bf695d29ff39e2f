"""Outcomes beside each other: which of them is the last word on a page."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

from pipeline.query.connection import QueryResult, connect

# By which one page's outcomes speak, the largest has the last word: a visit that found it unchanged leaves standing
# what was said before, and of two words of one moment the one that does not wait is the later. The questions `coverage`
# and `why-rejected` count by it too.
OUTCOME_PRECEDENCE = "(outcome <> 'unchanged', seen_at, outcome <> 'pending', run_id)"
_OF_PAGES = f"""\
SELECT * EXCLUDE (seen_date) FROM outcomes
WHERE seen_date >= $3 AND (list_contains($1, url) OR list_contains($2, article_id))
ORDER BY {OUTCOME_PRECEDENCE} DESC"""  # noqa: S608 - a constant
_OF_HOST = "SELECT count(DISTINCT url), max(seen_at) FROM outcomes WHERE starts_with(url, $1) OR starts_with(url, $2)"


def outcomes_of(
    lake: Path, *, urls: Collection[str], article_ids: Collection[str], since: date = date.min
) -> QueryResult:
    """Return the outcomes of some pages and articles with the columns of the table, the last word first.

    Files of days before ``since`` are not opened.
    """
    with connect(lake) as connection:
        result = connection.execute(_OF_PAGES, [list(urls), list(article_ids), since])
        return QueryResult(tuple(column[0] for column in result.description), tuple(result.fetchall()))


def pages_of_host(lake: Path, host: str) -> tuple[int, object]:
    """Return how many pages of a host have outcomes, and when the last of them was given."""
    with connect(lake) as connection:
        [row] = connection.execute(_OF_HOST, [f"http://{host}/", f"https://{host}/"]).fetchall()
        return row[0], row[1]
