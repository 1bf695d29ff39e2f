"""Search of articles: filtered, newest first, ``PAGE_SIZE`` at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.lake_folder import files_of
from newslake.pipeline.store.table_files import LakePlace

PAGE_SIZE = 50
# The sort key of an article: its publication time; if unknown, the beginning of its published_date.
_AT = "coalesce(published_at, published_date::TIMESTAMP AT TIME ZONE 'UTC')"
_LIST_SQL = """\
SELECT article_id, title, publisher, source_key, published_date, published_at, {at} AS listed_at,
  word_count, entity_count, quote_count, event_count, page_type
FROM articles_stored{conditions}
ORDER BY listed_at DESC, article_id LIMIT {limit}"""
_OF_PERSON = """\
(article_id, revision_id) IN (SELECT (article_id, revision_id) FROM entities
  WHERE entity_type = 'PERSON' AND (contains(lower(coalesce(entity_name, entity_text)), lower(getvariable('person')))
    OR contains(lower(person_name), lower(getvariable('person')))))"""
_OF_EVENT = """\
(article_id, revision_id) IN (SELECT (article_id, revision_id) FROM events_stored
  WHERE event_type = getvariable('event_type'))"""
_CONDITIONS = {
    "source": "source_key = getvariable('source')",
    "text": "(contains(lower(text), lower(getvariable('text'))) OR contains(lower(title), lower(getvariable('text'))))",
    "person": _OF_PERSON,
    "event_type": _OF_EVENT,
}
_AFTER_CURSOR = (
    "({at} < getvariable('listed_at') OR ({at} = getvariable('listed_at') AND article_id > getvariable('id')))"
)


_SOURCES_SQL = "SELECT DISTINCT source_key FROM articles_stored ORDER BY source_key LIMIT 1000"
_EVENT_TYPES_SQL = "SELECT DISTINCT event_type FROM events_stored WHERE event_type IS NOT NULL ORDER BY 1 LIMIT 100"
_PEOPLE_SQL = """\
SELECT speaker_name FROM quotes_stored WHERE speaker_kind = 'person' AND speaker_name IS NOT NULL
GROUP BY speaker_name ORDER BY count(*) DESC, speaker_name LIMIT 40"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Conditions on articles: published dates ``first`` to ``last``, and each other field that is not None.

    ``person`` is a part of the name of a person whom the article mentions, if only by surname; ``text`` is a part of
    title or text. Both ignore case.
    """

    first: date
    last: date
    source: str | None = None
    person: str | None = None
    event_type: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article of the list. ``listed_at`` is its sort key."""

    article_id: str
    title: str | None
    publisher: str | None
    source_key: str
    published_date: date
    published_at: datetime | None
    listed_at: datetime
    word_count: int
    entity_count: int | None
    quote_count: int | None
    event_count: int | None
    page_type: str


@dataclass(frozen=True, slots=True)
class ArticleCursor:
    """The last article of a page of the list."""

    listed_at: datetime
    article_id: str


def find_articles(
    lake: LakePlace, filters: ArticleFilter, *, after: ArticleCursor | None = None
) -> tuple[tuple[ArticleSummary, ...], bool]:
    """Return the next ``PAGE_SIZE`` articles after a cursor, newest first, and whether there are more."""
    last = filters.last if after is None else min(filters.last, after.listed_at.date())
    with connect(lake, since=filters.first, until=last) as connection:
        conditions = list(_conditions(filters))
        for name in _CONDITIONS:
            connection.execute(f"SET VARIABLE {name} = ?", [getattr(filters, name)])
        if after is not None:
            connection.execute("SET VARIABLE listed_at = ?", [after.listed_at])
            connection.execute("SET VARIABLE id = ?", [after.article_id])
            conditions.append(_AFTER_CURSOR.format(at=_AT))
        where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
        rows = query(connection, _LIST_SQL.format(at=_AT, conditions=where, limit=PAGE_SIZE + 1)).rows
    articles = tuple(ArticleSummary(*row) for row in rows)  # type: ignore[arg-type]
    return articles[:PAGE_SIZE], len(articles) > PAGE_SIZE


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What a period has: its sources and event types, sorted, and the people who are quoted most, in that order."""

    sources: tuple[str, ...]
    event_types: tuple[str, ...]
    people: tuple[str, ...]


def filter_choices(lake: LakePlace, *, first: date, last: date) -> FilterChoices:
    """Return what the articles of the published dates ``first`` to ``last`` have."""
    with connect(lake, since=first, until=last) as connection:
        columns = [query(connection, sql).rows for sql in (_SOURCES_SQL, _EVENT_TYPES_SQL, _PEOPLE_SQL)]
    return FilterChoices(*(tuple(str(value) for (value,) in rows) for rows in columns))


def _conditions(filters: ArticleFilter) -> Iterator[str]:
    yield from (sql for name, sql in _CONDITIONS.items() if getattr(filters, name) is not None)


def last_day(lake: LakePlace) -> date | None:
    """Return the last published date with an article; None for an empty lake."""
    return files_of(lake).last_day("articles")
