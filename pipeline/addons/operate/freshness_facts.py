"""Queries for freshness: when each source last published and was polled, and the usual gaps of both."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import duckdb

from newslake.pipeline.errors import LakeError
from newslake.pipeline.query.connection import Connection, connect
from newslake.pipeline.query.outcomes import OUTCOME_PRECEDENCE, statuses
from newslake.pipeline.store.table_files import LakePlace

WEEKS = 8  # of history before the newest article
_DAY = timedelta(days=1)
_HISTORY = timedelta(weeks=WEEKS)
# The time of an article is when it was published, but not after its first fetch. A date without a time of day ends with
# its day. One row per minute: more rows would not change a gap, but large sources have many.
_PUBLISHED = """\
SELECT source_key, published_date AS day, max(instant) AS instant, count(*) AS articles
FROM (
  SELECT source_key, published_date,
    least(fetched_at,
      published_at + CASE WHEN published_at_precision = 'day' THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END) AS instant
  FROM articles_stored WHERE published_date >= $1 AND list_contains($2::VARCHAR[], source_key)
) WHERE instant <= $3 GROUP BY source_key, published_date, date_trunc('minute', instant)"""
_POLLS = """\
SELECT source_key, max(requested_at) AS instant, max(requested_at) FILTER (WHERE result <> 'failed') AS answered_at,
  arg_max(reason, requested_at) FILTER (WHERE result = 'failed') AS reason
FROM listing_fetches
WHERE requested_date >= $1 AND list_contains($2::VARCHAR[], source_key) AND requested_at <= $3
GROUP BY source_key, date_trunc('minute', requested_at)"""
# Local sources have no row in `listing_fetches`; outcomes show that they were read.
_VISITS = """\
SELECT source_key, max(decided_at), max(decided_at) FILTER (WHERE stage <> 'discover'), NULL FROM outcomes
WHERE decided_date >= $1 AND list_contains($2::VARCHAR[], source_key) AND stage IN ('discover', 'fetch')
  AND decided_at <= $3 GROUP BY source_key"""
_NEWEST = "SELECT source_key, max(instant) FROM published GROUP BY source_key"
_LAST_POLLS = """\
SELECT source_key, max(instant), max(answered_at), arg_max(reason, instant) FILTER (WHERE reason IS NOT NULL) FROM polls
GROUP BY source_key"""
_DAYS = f"""\
SELECT source_key, day, sum(articles)::INTEGER FROM published
JOIN (SELECT source_key, max(day) AS last_day FROM published GROUP BY source_key) USING (source_key)
WHERE day >= last_day - {7 * WEEKS} GROUP BY source_key, day"""  # noqa: S608 - a constant
_FIRST_POLLS = "SELECT source_key, min(instant)::DATE FROM polls GROUP BY source_key"
_FIRST_ARTICLES = "SELECT source_key, min(day) FROM published GROUP BY source_key"
# The longest gap of each week before the newest article, by the end of the gap.
_GAPS = """\
WITH newest AS (SELECT source_key, max(instant) AS newest_at FROM published GROUP BY source_key),
times AS (
  SELECT source_key, newest_at, {at} AS instant FROM {table} JOIN newest USING (source_key)
  WHERE {at} <= newest_at AND {at} > newest_at - INTERVAL {weeks} WEEK
),
gaps AS (
  SELECT source_key, floor(epoch(newest_at - instant) / 604800) AS week,
    epoch(instant - lag(instant) OVER (PARTITION BY source_key ORDER BY instant)) / 3600 AS hours
  FROM times
)
SELECT source_key, max(hours) FROM gaps WHERE hours IS NOT NULL GROUP BY source_key, week ORDER BY source_key, week"""
# No page to read, or one that nobody wants: such outcomes say nothing about a site.
_NO_PAGE = ("entry_without_link", "bad_url", "excluded_url", "day_limit", "taken_down")
# Pages of the days since the newest article that neither became an article nor are known not to be one. A page that was
# listed no later than one that was read does not count: of the pages of that listing, some can be read.
_UNREAD = f"""\
WITH {statuses("$1")},
pages AS (
  SELECT min(decided_at) AS listed_at,
    arg_max({{'stage': stage, 'outcome': outcome, 'reason': reason, 'article_id': article_id}},
    {OUTCOME_PRECEDENCE}) AS last
  FROM statuses
  WHERE source_key = $2 AND decided_date >= $1 AND news_day >= $1 AND stage <> 'discover' AND decided_at > $3
  GROUP BY url
),
listed AS (
  SELECT listed_at, last, last.outcome = 'kept' OR coalesce(last.article_id IN (
    SELECT article_id FROM articles_stored WHERE published_date >= $1 AND source_key = $2), false) AS is_read
  FROM pages
)
SELECT count(*), mode(last.reason) FROM listed
WHERE NOT is_read AND coalesce(last.reason, '') NOT IN {_NO_PAGE}
  AND (last.outcome IN ('pending', 'quarantined') OR (last.outcome = 'rejected' AND last.stage = 'fetch'))
  AND listed_at > (SELECT coalesce(max(listed_at) FILTER (is_read), $3) FROM listed)"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessFacts:
    """What is known of a source. Gaps are the longest of each week with one, in hours, latest week first.

    ``polled_at`` is the last poll, ``answered_at`` the last that was answered; ``poll_error`` is the reason of the last
    that failed. ``articles`` counts those of each published day, from eight weeks before the last one on. ``first_day``
    is that of the first poll, or of the first article without polls, as far as they were read.
    """

    newest_at: datetime | None = None
    polled_at: datetime | None = None
    answered_at: datetime | None = None
    poll_error: str | None = None
    article_gaps: tuple[float, ...] = ()
    poll_gaps: tuple[float, ...] = ()
    articles: Mapping[date, int] = field(default_factory=dict)
    first_day: date | None = None


def freshness_facts(
    lake: LakePlace, *, online: Collection[str], local: Collection[str], now: datetime
) -> Mapping[str, FreshnessFacts]:
    """Return the facts of some sources, by key. Nothing after ``now`` counts: a clock may have been wrong.

    Reads four months of the lake, and all of it only for sources without articles or polls in eight weeks.
    Raises: LakeError for a file that cannot be read.
    """
    keys, recent = [*online, *local], now - _HISTORY
    with _connection(lake) as connection:
        for name, sql, some in (("published", _PUBLISHED, keys), ("polls", _POLLS, [*online])):
            parameters: list[object] = [(now - 2 * _HISTORY).date(), some, now]
            connection.execute(f"CREATE TEMP TABLE {name} AS {sql}", parameters)
        newest = _times(connection, _NEWEST)
        if older := [key for key in keys if key not in newest or newest[key] < recent]:
            _read_all(connection, "published", _PUBLISHED, older, now)
        polled = {key for key, *_ in connection.execute("SELECT DISTINCT source_key FROM polls").fetchall()}
        if silent := [key for key in online if key not in polled]:
            connection.execute(f"INSERT INTO polls {_POLLS}", [date.min, silent, now])
        if local:
            connection.execute(f"INSERT INTO polls {_VISITS}", [date.min, [*local], now])
        return _facts(connection, online=online, local=local)


@contextmanager
def _connection(lake: LakePlace) -> Iterator[Connection]:
    with connect(lake) as connection:
        try:
            yield connection
        except duckdb.Error as error:
            message = f"{lake}: {error}; find the file with `newslake lake verify`"
            raise LakeError(message, key=str(lake), reason="file_broken") from error


def _read_all(connection: Connection, table: str, sql: str, keys: list[str], now: datetime) -> None:
    connection.execute(f"DELETE FROM {table} WHERE list_contains($1::VARCHAR[], source_key)", [keys])  # noqa: S608
    connection.execute(f"INSERT INTO {table} {sql}", [date.min, keys, now])


def _times(connection: Connection, sql: str) -> dict[str, datetime]:
    return {key: at.astimezone(UTC) for key, at in connection.execute(sql).fetchall()}


def _facts(connection: Connection, *, online: Collection[str], local: Collection[str]) -> dict[str, FreshnessFacts]:
    newest = _times(connection, _NEWEST)
    polls = {key: rest for key, *rest in connection.execute(_LAST_POLLS).fetchall()}
    first_articles = dict(connection.execute(_FIRST_ARTICLES).fetchall())
    first_polls = dict(connection.execute(_FIRST_POLLS).fetchall())
    first_days = first_articles | {key: day for key, day in first_polls.items() if key in online}
    gaps = {
        table: connection.execute(_GAPS.format(table=table, at=at, weeks=WEEKS)).fetchall()
        for table, at in (("published", "instant"), ("polls", "answered_at"))
    }
    days = connection.execute(_DAYS).fetchall()
    facts = {}
    for key in (*online, *local):
        polled_at, answered_at, error = polls.get(key, (None, None, None))
        facts[key] = FreshnessFacts(
            newest_at=newest.get(key),
            polled_at=_utc(polled_at),
            answered_at=_utc(answered_at),
            poll_error=error,
            article_gaps=tuple(hours for source, hours in gaps["published"] if source == key),
            poll_gaps=tuple(hours for source, hours in gaps["polls"] if source == key),
            articles={day: count for source, day, count in days if source == key},
            first_day=first_days.get(key),
        )
    return facts


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def unread_pages(lake: LakePlace, *, source_key: str, since: datetime) -> tuple[int, str | None]:
    """Return how many pages of a source were listed after a time but could not be read, and their most frequent reason.

    Zero if none was listed after the last that was read. Pages that are known to be no articles, such as videos, are
    not counted, nor are entries of a listing without a page, and pages that sources.toml or a takedown excludes.
    """
    with _connection(lake) as connection:
        [row] = connection.execute(_UNREAD, [since.date(), source_key, since]).fetchall()
        return row[0], row[1]
