"""Which article repeats an earlier one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.clusters.candidates import earlier_candidates
from pipeline.clusters.lists import rows_of
from pipeline.clusters.matching import FEWEST_SHINGLES, ArticleShingles, DuplicateMatch, match_of
from pipeline.clusters.minhash import PERMUTATIONS
from pipeline.tables import table_named

WINDOW = timedelta(days=7)  # a copy follows its original within a week; later ones are a new story's archive reprint
_LAST = datetime.max.replace(tzinfo=UTC)
_KEYS = ("article_id", "revision_id", "published_at", "published_date", "content_hash", "fetched_at")
_EXACT = DuplicateMatch("exact", 1.0)


@dataclass(frozen=True, slots=True)
class _Window:
    """Articles of eight days, the earliest first: keys and what is compared, row by row.

    ``firsts`` is the earliest row of each content.
    """

    rows: list[dict[str, Any]]
    compared: list[ArticleShingles]
    firsts: Mapping[str, int]


def affected_days(day: date) -> tuple[date, ...]:
    """Return the days whose copies a change of one day's articles can touch: itself and the seven after."""
    return tuple(day + timedelta(days=number) for number in range(WINDOW.days + 1))


def find_copies(window: pa.Table, *, day: date) -> pa.Table:
    """Return the ``copies`` rows of a day's articles.

    ``window`` has the articles of the day and the seven before, in any order: article_id, revision_id, published_at,
    published_date, content_hash, fetched_at and the columns of a sketch, without boilerplate. Earlier is by
    published_date, published_at (unknown last), fetched_at, article_id. An article is compared with articles, never
    with groups: the earliest match names the group although it may itself repeat one that this article does not match.
    Of equal contents only the earliest is compared by shingles.
    """
    spec = table_named("copies")
    dates = window["published_date"]
    window = window.filter(pc.and_(pc.greater_equal(dates, day - WINDOW), pc.less_equal(dates, day)))
    if not window.num_rows:
        return spec.schema.empty_table()
    given = window.select(_KEYS).to_pylist()
    order = sorted(range(len(given)), key=lambda row: _age(given[row]))
    ordered = _order_window(window, [given[row] for row in order], order)
    mine = [row for row, keys in enumerate(ordered.rows) if keys["published_date"] == day]
    alike = _candidate_rows(window, ordered, order, mine)
    copies = [_copy(ordered, row, alike.get(row, ())) for row in mine]
    return pa.Table.from_pylist(sorted(copies, key=lambda copy: str(copy["article_id"])), schema=spec.schema)


def _age(row: dict[str, Any]) -> tuple[date, datetime, datetime, str]:
    return row["published_date"], row["published_at"] or _LAST, row["fetched_at"], row["article_id"]


def _order_window(window: pa.Table, rows: list[dict[str, Any]], order: list[int]) -> _Window:
    shingles, unquoted = rows_of(window["shingles"]), rows_of(window["own"])
    firsts: dict[str, int] = {}
    for number, row in enumerate(rows):
        firsts.setdefault(row["content_hash"], number)
    return _Window(rows, [ArticleShingles(shingles[row], unquoted[row]) for row in order], firsts)


def _candidate_rows(window: pa.Table, ordered: _Window, order: list[int], mine: list[int]) -> dict[int, list[int]]:
    """Return the rows that may match, the earliest first, for each row of the day that has any."""
    flat = window["signature"].combine_chunks().flatten().to_numpy()
    asking, firsts = set(mine), set(ordered.firsts.values())
    long_enough = [
        row
        for row, compared in enumerate(ordered.compared)
        if len(compared.shingles) >= FEWEST_SHINGLES and (row in asking or row in firsts)
    ]
    signatures = flat.reshape(-1, PERMUTATIONS)[[order[row] for row in long_enough]]
    askers = [place for place, row in enumerate(long_enough) if row in asking]
    alike = earlier_candidates(signatures, askers)
    return {
        long_enough[asker]: [long_enough[place] for place in places if long_enough[place] in firsts]
        for asker, places in alike.items()
    }


def _copy(window: _Window, row: int, alike: Iterable[int]) -> dict[str, object]:
    keys = window.rows[row]
    original, match = _earliest(window, row, alike)
    return {
        "article_id": keys["article_id"],
        "revision_id": keys["revision_id"],
        "published_at": keys["published_at"],
        "dup_group_id": window.rows[original]["article_id"],
        "is_copy": match is not None,
        "similarity": match.similarity if match else 1.0,
        "method": match.method if match else "own",
    }


def _earliest(window: _Window, row: int, alike: Iterable[int]) -> tuple[int, DuplicateMatch | None]:
    """Return the earliest article that matches one, and how; itself and None where none does."""
    first = window.firsts[window.rows[row]["content_hash"]]
    for other in alike:
        if other >= first:
            break
        match = match_of(window.compared[row], window.compared[other])
        if match is not None:
            return other, match
    return (first, _EXACT) if first != row else (row, None)
