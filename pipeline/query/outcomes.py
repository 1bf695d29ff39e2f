"""Queries of the log: latest outcomes of pages, lists of pages by outcome, and the facts of coverage."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.addons.operate.coverage_values import ListingFetch
from newslake.pipeline.query.connection import QueryResult, connect, query
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


def _on_days(sources: str) -> str:
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


# The pages of a source on some news days, each with its latest status, ``PAGE_SIZE`` at a time.

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
    given: dict[str, object] = {"source": filters.source, "first": filters.first, "last": filters.last}
    given |= {"outcome": outcome, "reason": filters.reason, "after": after}
    conditions = [*_conditions(given), *([_LATE] if filters.outcome == LATE else [])]
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    with connect(lake) as connection:
        for name, value in given.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        sql = _PAGES.format(
            statuses=statuses("getvariable('first') - 2"),
            precedence=OUTCOME_PRECEDENCE,
            days=_on_days("source_key = getvariable('source')") if filters.is_by_publication else "statuses",
            conditions=where,
            limit=PAGE_SIZE + 1,
        )
        rows = query(connection, sql).rows
    found = tuple(PageOutcome(*row) for row in rows)  # type: ignore[arg-type]
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def _conditions(given: dict[str, object]) -> Iterator[str]:
    yield from (sql for name, sql in _CONDITIONS.items() if given[name] is not None)


# The facts of coverage.

# Read once for three queries. No page is seen long before its news day, so older files are not opened.
_SEEN_TABLE = """\
CREATE TEMP TABLE seen AS WITH {statuses}
SELECT * EXCLUDE (article_id, detail, payload_digest) FROM {days} AS statuses
WHERE decided_date >= $1 - 2 AND (len($2::VARCHAR[]) = 0 OR list_contains($2::VARCHAR[], source_key))"""
# The pages that the question `coverage` counts, by latest status; an unavailable listing counts until its source is
# read again. Here also by reason, with the number of late pages.
# Groups keep the number of the row of the latest status, not its values: DuckDB copies those for each new maximum.
_OUTCOME_COUNTS = f"""\
WITH pages AS (
  SELECT min(decided_at) AS first_seen_at, arg_max(rowid, {OUTCOME_PRECEDENCE}) AS last_row
  FROM seen WHERE news_day BETWEEN $1 AND $2 GROUP BY source_key, url
),
visits AS (SELECT source_key, max(decided_at) AS visited_at FROM seen WHERE stage <> 'discover' GROUP BY source_key)
SELECT source_key, news_day, stage = 'discover' AS is_listing, outcome, reason, count(*) AS pages,
  count(*) FILTER (WHERE first_seen_at >= news_day + INTERVAL 2 DAY) AS late
FROM pages JOIN seen ON seen.rowid = last_row LEFT JOIN visits USING (source_key)
WHERE stage <> 'discover' OR visited_at IS NULL OR decided_at > visited_at
GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - a constant
_LISTINGS = """\
SELECT source_key, listed_day, requested_at, result, entries, reason FROM listing_fetches
WHERE requested_date >= $1 AND coalesce(listed_day, $1) BETWEEN $1 AND $2 ORDER BY source_key, requested_at"""
# Sources without a listing have no row in `listing_fetches`; an outcome on a day shows that the source was read then.
_VISITS = """\
SELECT DISTINCT source_key, decided_date FROM seen
WHERE stage IN ('discover', 'fetch') AND decided_date >= $1 ORDER BY ALL"""
_LAST_SEEN = "SELECT source_key, max(decided_at) FROM seen WHERE stage <> 'discover' GROUP BY ALL ORDER BY ALL"
# Up to the last day with articles: the newest article of a source may be after the requested days.
_DATED = """\
SELECT source_key, published_date, count(*),
  count(*) FILTER (WHERE published_at_method IN ('unknown', 'url', 'htmldate')),
  max(published_at) FILTER (WHERE published_at <= $2)
FROM articles_stored WHERE published_date >= $1 AND (len($3::VARCHAR[]) = 0 OR list_contains($3::VARCHAR[], source_key))
GROUP BY ALL ORDER BY ALL"""
# Reads all days, so it is used only for sources without newer articles.
_NEWEST = """\
SELECT source_key, max(published_at) FROM articles_stored
WHERE published_at <= $1 AND list_contains($2::VARCHAR[], source_key) GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """Number of pages of a source's news day with one latest status.

    ``late`` counts those first seen a day or more after the end of the day. If ``is_listing``, it counts unavailable
    listings, not pages.
    """

    source_key: str
    news_day: date
    is_listing: bool
    outcome: str
    reason: str | None
    pages: int
    late: int


@dataclass(frozen=True, slots=True)
class DatedArticles:
    """Number of articles of a source and day, and of those with a date only from the URL or a guess."""

    source_key: str
    day: date
    articles: int
    guessed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFacts:
    """All facts of some days. ``visits`` are the days on which a source had an outcome of fetching.

    ``newest`` has the publication time of each source's newest article, ``last_seen`` when a page was last checked.
    """

    outcome_counts: tuple[OutcomeCount, ...]
    listings: tuple[ListingFetch, ...]
    visits: tuple[tuple[str, date], ...]
    dated: tuple[DatedArticles, ...]
    newest: Mapping[str, datetime]
    last_seen: Mapping[str, datetime]


def coverage_facts(  # noqa: PLR0913 - which days, and which sources
    lake: LakePlace,
    *,
    first: date,
    last: date,
    now: datetime,
    listed: Collection[str],
    source_keys: Sequence[str] = (),
    by_publication: Collection[str] = (),
) -> CoverageFacts:
    """Return the facts of the days from first to last. ``newest`` covers all days, without dates in the future.

    ``listed`` are the expected sources. ``source_keys`` limits the facts to these sources; the default is all. The days
    of the sources ``by_publication`` are the published days of their articles, those of all others are news days.
    """
    days, keys = [first, last], [*source_keys]
    with connect(lake) as connection:

        def rows(sql: str, given: list[object]) -> list[tuple]:  # type: ignore[type-arg]
            found: list[tuple] = connection.execute(sql, given).fetchall()  # type: ignore[type-arg]
            return found

        days_of = _on_days("list_contains($3::VARCHAR[], source_key)") if by_publication else "statuses"
        seen = _SEEN_TABLE.format(statuses=statuses("$1 - 2"), days=days_of)
        connection.execute(seen, [first, keys, *([[*by_publication]] if by_publication else [])])
        outcome_counts = tuple(OutcomeCount(*row) for row in rows(_OUTCOME_COUNTS, [*days]))
        dated = rows(_DATED, [first, now, keys])
        newest = _newest(dated)
        older = {*(keys or listed), *(each.source_key for each in outcome_counts)} - newest.keys()
        newest |= dict(rows(_NEWEST, [now, sorted(older)])) if older else {}
        return CoverageFacts(
            outcome_counts=outcome_counts,
            listings=tuple(ListingFetch(*row) for row in rows(_LISTINGS, [*days])),
            visits=tuple((key, day) for key, day in rows(_VISITS, [first])),
            dated=tuple(DatedArticles(*row[:-1]) for row in dated if row[1] <= last),
            newest=newest,
            last_seen=dict(rows(_LAST_SEEN, [])),
        )


def _newest(dated: Iterable[tuple]) -> dict[str, datetime]:  # type: ignore[type-arg]
    """Return the latest time per source."""
    newest: dict[str, datetime] = {}
    for key, *_, at in dated:
        if at is not None:
            newest[key] = max(at, newest.get(key, at))
    return newest
