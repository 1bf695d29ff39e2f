"""The facts of coverage: outcomes of pages, listings, visits and articles of the sources on some days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.query.connection import connect
from newslake.pipeline.query.outcomes import OUTCOME_PRECEDENCE, ListingFetch, on_days, statuses
from newslake.pipeline.store.table_files import LakePlace

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

        def rows(sql: str, parameters: list[object]) -> list[tuple]:  # type: ignore[type-arg]
            selection: list[tuple] = connection.execute(sql, parameters).fetchall()  # type: ignore[type-arg]
            return selection

        days_of = on_days("list_contains($3::VARCHAR[], source_key)") if by_publication else "statuses"
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
