"""Search the articles of a lake: matches of the index, ranked, read again from the head of the lake."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from heapq import nsmallest
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.addons.search.excerpts import Matches, Segment, find_matches, segments, snippet
from newslake.pipeline.addons.search.index import (
    REBUILD,
    MemoryIndex,
    SearchPlace,
    SearchTarget,
    broken_index,
    check_version,
    is_current,
    place_of,
    words_table,
)
from newslake.pipeline.addons.search.ranking import Frequencies, count_frequencies, score_query
from newslake.pipeline.addons.search.syntax import SearchTerms, parse_search_text
from newslake.pipeline.addons.search.word_forms import LANGUAGE as FORMS_LANGUAGE
from newslake.pipeline.addons.search.word_forms import word_forms
from newslake.pipeline.errors import ConfigError, LakeError, LimitError
from newslake.pipeline.sqlite import Database, open_for_reading, repeat_on_change
from newslake.pipeline.store.tables import TablesVersion

PAGE_SIZE = 20
MOST_HITS, LAST_OFFSET = 100, 1000
RANKED = 20_000  # of more matches, the articles that were added last are ranked
_STEPS = 10_000  # of SQLite, between two looks at the clock
_COLUMNS = (
    "article_id",
    "revision_id",
    "title",
    "text",
    "url",
    "publisher",
    "source_key",
    "language",
    "published_at",
)
_DUPLICATE_COLUMNS = ("article_id", "revision_id", "dup_group_id", "is_duplicate")


type Rows = Mapping[str, Mapping[str, Any]]
"""Rows of a table, by ``article_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """An article that matches. ``score`` is higher for a better match.

    ``start_char`` and ``end_char`` are the first match in ``articles.text``, in code points; None if only a title
    matches with which the text does not begin. ``dup_group_id`` is the earlier article that it repeats, or this one;
    an article that is not clustered yet repeats none.
    """

    article_id: str
    revision_id: str
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    url: str | None
    publisher: str | None
    source_key: str
    language: str | None
    published_date: date
    published_at: datetime | None
    dup_group_id: str
    is_duplicate: bool
    score: float
    start_char: int | None
    end_char: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A page of hits, best first. ``total`` counts the matches of the index, on all pages.

    ``is_current``: whether the index has all articles of the head. If not, new articles are missing from the hits.
    Articles that the head no longer has are never among the hits.
    """

    hits: tuple[SearchHit, ...]
    total: int
    offset: int
    is_current: bool


class _Match(NamedTuple):
    """A match of the index. ``rank`` is lower for a better match; ``number`` is higher for a later article."""

    rank: float
    number: int
    article_id: str
    published_date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Which articles are searched: published days, inclusive, a source and a language. None means all."""

    first: date | None = None
    last: date | None = None
    source: str | None = None
    language: str | None = None

    def parameters(self) -> dict[str, object]:
        """Return the parameters of ``conditions``."""
        days = {"first": str(self.first or date.min), "last": str(self.last or date.max)}
        return {"source": self.source, "language": self.language, **days}

    def conditions(self) -> str:
        """Return conditions on the rows of ``articles`` in the index, each after AND."""
        parts = ["articles.published_date BETWEEN :first AND :last"] if self.first or self.last else []
        parts += ["articles.language = :language"] if self.language is not None else []
        parts += ["articles.source_key = :source"] if self.source is not None else []
        return "".join(f" AND {part}" for part in parts)

    def has_month(self, month: str) -> bool:
        """Return whether days of a month, YYYY-MM, are searched."""
        return str(self.first or date.min)[:7] <= month <= str(self.last or date.max)[:7]


_ALL_ARTICLES = SearchFilter()


@dataclass(frozen=True, slots=True)
class _Search:
    """The terms of a search and the articles to search, with the frequencies of the terms in these months."""

    terms: SearchTerms
    chosen: SearchFilter
    frequencies: Frequencies

    def expression(self, language: str | None) -> str:
        """Return the FTS5 expression for the articles of a language: the forms of words are English."""
        return self.terms.expression(self.frequencies.forms if language == FORMS_LANGUAGE else {})

    def matching(self, month: str) -> tuple[str, dict[str, object]]:
        """Return a query for the matches of a month, and its parameters."""
        words, conditions = words_table(month), self.chosen.conditions()
        number = "articles.id AS number, articles.language IS :forms AS has_forms"
        joined = f"FROM {words} CROSS JOIN articles ON articles.id = {words}.rowid WHERE {words} MATCH"
        english, other = self.expression(FORMS_LANGUAGE), self.expression(None)
        parameters = {"english": english, "other": other, "forms": FORMS_LANGUAGE, **self.chosen.parameters()}
        if self.chosen.language is not None:
            is_english = self.chosen.language == FORMS_LANGUAGE
            return f"SELECT {number} {joined} {':english' if is_english else ':other'}{conditions}", parameters
        if english == other:
            return f"SELECT {number} {joined} :other{conditions}", parameters
        parts = (f":english{conditions} AND language = :forms", f":other{conditions} AND language IS NOT :forms")
        return " UNION ALL ".join(f"SELECT {number} {joined} {part}" for part in parts), parameters


def search_articles(
    searched: SearchTarget,
    text: str,
    chosen: SearchFilter = _ALL_ARTICLES,
    *,
    limit: int = PAGE_SIZE,
    offset: int = 0,
    seconds: float = 10.0,
) -> SearchResult:
    """Return the articles that match a search text, best first; ``search.syntax`` describes the text.

    Nothing is written. ``searched`` has the tables and their index; a path is the folder of a lake.
    Raises: ConfigError for a text without a word to find, or an invalid filter; LakeError (search_missing) before the
    first update of the index, (search_broken) for a damaged one; LimitError after ``seconds``.
    """
    _check(chosen, limit=limit, offset=offset)
    terms = parse_search_text(text)
    place = place_of(searched)
    tables, path = place.tables, place.path
    if place.is_missing():
        if tables.present().month_versions():
            raise LakeError(f"{path} is missing; {REBUILD}", key=str(path), reason="search_missing")
        return SearchResult(hits=(), total=0, offset=offset, is_current=True)
    end = time.monotonic() + seconds

    def match() -> tuple[bool, _Search, int, list[_Match]]:
        with _open_for_search(place, end=end) as connection, _time_limit(connection, end=end, seconds=seconds):
            check_version(connection)
            has_head = tables.read_at_once(partial(is_current, connection))
            search = _prepare(connection, terms, chosen)
            return has_head, search, *_find(connection, search, count=offset + limit)

    has_head, search, total, matches = repeat_on_change(match)
    hits = tables.read_at_once(partial(_read_hits, search, matches[offset:]))
    return SearchResult(hits=tuple(hits), total=total, offset=offset, is_current=has_head)


def _check(chosen: SearchFilter, *, limit: int, offset: int) -> None:
    if chosen.first is not None and chosen.last is not None and chosen.last < chosen.first:
        raise ConfigError(f"to={chosen.last} is before from={chosen.first}: swap them", key="to")
    if not 1 <= limit <= MOST_HITS:
        raise ConfigError(f"limit={limit} is not between 1 and {MOST_HITS}", key="limit")
    if not 0 <= offset <= LAST_OFFSET:
        raise ConfigError(f"offset={offset} is not between 0 and {LAST_OFFSET}: add a word or a period", key="offset")


@contextmanager
def _open_for_search(place: SearchPlace, *, end: float) -> Iterator[Database]:
    """Yield a connection in a transaction: all that it reads is of one state of the index."""
    if place.memory is not None:
        with _turn_in_memory(place.memory, end=end) as connection:
            yield connection
        return
    with closing(open_for_reading(place.path, broken=partial(broken_index, place.path))) as connection:
        connection.execute("BEGIN")
        yield connection


@contextmanager
def _turn_in_memory(memory: MemoryIndex, *, end: float) -> Iterator[Database]:
    """Yield the connection of an index in memory, and leave it as it was: the next one may be an update.

    Raises: LimitError if other searches or an update have it until the end.
    """
    if not memory.lock.acquire(timeout=max(0.0, end - time.monotonic())):
        message = "other searches, or an update of the index, had no end in time: search again in a minute"
        raise LimitError(message, reason="too_slow")
    try:
        memory.connection.execute("PRAGMA query_only = ON")
        memory.connection.execute("BEGIN")
        yield memory.connection
    finally:
        memory.connection.set_progress_handler(None, 0)
        if memory.connection.in_transaction:
            memory.connection.execute("ROLLBACK")
        memory.connection.execute("PRAGMA query_only = OFF")
        memory.lock.release()


@contextmanager
def _time_limit(connection: Database, *, end: float, seconds: float) -> Iterator[None]:
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        message = f"the search exceeded {seconds:g} seconds: add a word, or give a period"
        raise LimitError(message, reason="too_slow") from error


def _prepare(connection: Database, terms: SearchTerms, chosen: SearchFilter) -> _Search:
    months = [row[0] for row in connection.execute("SELECT month FROM months ORDER BY month DESC")]
    is_of_forms = chosen.language in (None, FORMS_LANGUAGE)
    forms = word_forms(terms.words()) if is_of_forms else {}
    return _Search(terms, chosen, count_frequencies(connection, terms, forms, [*filter(chosen.has_month, months)]))


def _find(connection: Database, search: _Search, *, count: int) -> tuple[int, list[_Match]]:
    """Return how many articles match, and the best ``count``; of many, those added last are ranked."""
    total, ranked = 0, list[_Match]()
    for month in search.frequencies.articles:
        matching, parameters = search.matching(month)
        scores, weights = score_query(search.terms, search.frequencies, month)
        if not scores:  # the month has none of the words
            continue
        if total < RANKED:
            best = (
                f"WITH chosen AS MATERIALIZED ({matching} ORDER BY number DESC LIMIT {RANKED - total}), "  # noqa: S608
                f"scores AS MATERIALIZED ({scores}), best AS (SELECT total(part) AS rank, number FROM scores "
                f"GROUP BY number ORDER BY rank, number DESC LIMIT {count}) "
                "SELECT rank, number, lower(hex(article_id)), published_date FROM best JOIN articles ON id = number"
            )
            ranked += [_Match(*row) for row in connection.execute(best, parameters | weights)]
        (month_total,) = connection.execute(f"SELECT count(*) FROM ({matching})", parameters).fetchone()  # noqa: S608
        total += month_total
    return total, nsmallest(count, ranked, key=lambda match: (match.rank, -match.number))


def _read_hits(search: _Search, ranked: Sequence[_Match], version: TablesVersion) -> list[SearchHit]:
    """Return the matches that the tables still have, in order."""
    rows = _rows(version, "articles", ranked, columns=_COLUMNS)
    groups = _groups(rows, _rows(version, "near_duplicates", ranked, columns=_DUPLICATE_COLUMNS))
    matches: dict[str, Matches] = {}
    for language in (FORMS_LANGUAGE, None):
        chosen = [key for key, row in rows.items() if (row["language"] == FORMS_LANGUAGE) == (language is not None)]
        texts = [(rows[key]["title"] or "", rows[key]["text"] or "") for key in chosen]
        marked = find_matches(search.expression(language), texts) if texts else {}
        matches |= {chosen[number]: each for number, each in marked.items()}
    there = [each for each in ranked if each.article_id in matches]
    return [
        _hit(each, rows[each.article_id], matches[each.article_id], group=groups.get(each.article_id)) for each in there
    ]


def _groups(rows: Rows, duplicates: Rows) -> dict[str, str]:
    """Return the article that each duplicate repeats, by article."""
    return {
        article_id: each["dup_group_id"]
        for article_id, each in duplicates.items()
        if each["is_duplicate"] and article_id in rows and each["revision_id"] == rows[article_id]["revision_id"]
    }


def _rows(version: TablesVersion, name: str, ranked: Sequence[_Match], *, columns: Sequence[str]) -> Rows:
    """Return the rows of a table of articles on their days, by article."""
    ids = pa.array([match.article_id for match in ranked], pa.string())
    rows: dict[str, Mapping[str, Any]] = {}
    for day in sorted({match.published_date for match in ranked}):
        table = version.read(name, days=[date.fromisoformat(day)], columns=columns)
        chosen = table.filter(pc.is_in(table["article_id"], value_set=ids))
        rows |= {row["article_id"]: row for row in chosen.to_pylist()}
    return rows


def _hit(match: _Match, row: Mapping[str, Any], marks: Matches, *, group: str | None) -> SearchHit:
    title, text = row["title"] or "", row["text"] or ""
    spans = marks.text or (marks.title if text.startswith(title) else ())
    start, end = spans[0] if spans else (None, None)
    return SearchHit(
        article_id=match.article_id,
        revision_id=row["revision_id"],
        title=segments(title, marks.title),
        snippet=snippet(text, marks.text, title=title),
        url=row["url"],
        publisher=row["publisher"],
        source_key=row["source_key"],
        language=row["language"],
        published_date=date.fromisoformat(match.published_date),
        published_at=row["published_at"],
        dup_group_id=group or match.article_id,
        is_duplicate=group is not None,
        score=-match.rank,
        start_char=start,
        end_char=end,
    )
