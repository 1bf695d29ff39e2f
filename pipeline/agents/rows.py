"""Rows for an agent: at most a number of rows and characters, each with its citation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from newslake.pipeline.agents.answers import (
    MOST_CHARS,
    Citation,
    Continuation,
    RowsOfArticles,
    ShortenedCell,
    plain,
    shorten,
    to_json,
)
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.connection import Connection, QueryResult, query

MOST_ROWS = 200
_ROOM = 1_000  # characters of an answer for all that is not a row
_ARTICLES = """\
SELECT article_id, revision_id, payload_digest, url FROM articles_stored
WHERE article_id IN (SELECT unnest(getvariable('cited')))"""
# Rows of questions have offsets, but not always the number of the row.
_NUMBERED = """\
SELECT article_id, 'quotes', quote_index, start_char, end_char FROM quotes_stored
WHERE article_id IN (SELECT unnest(getvariable('cited')))
UNION ALL
SELECT article_id, 'events', event_index, start_char, end_char FROM events_stored
WHERE article_id IN (SELECT unnest(getvariable('cited')))"""
_INDEXES = {"quote_index": "quotes", "event_index": "events", "entity_index": "entities"}

type _Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage:
    """The rows that fit into an answer, from row ``offset`` on. ``cut`` says how to get the rest, None without one."""

    columns: tuple[str, ...]
    offset: int
    rows: tuple[_Record, ...]
    shortened: tuple[ShortenedCell, ...]
    cut: Continuation | None

    def fields(self) -> dict[str, Any]:
        """Return the values of a ``RowsAnswer``."""
        return {
            "columns": list(self.columns),
            "offset": self.offset,
            "row_count": len(self.rows),
            "cut": self.cut,
            "shortened_cells": list(self.shortened) or None,
            "untrusted": RowsOfArticles(rows=[dict(row) for row in self.rows]),
        }


def page_of_rows(
    connection: Connection, found: QueryResult, *, offset: int, has_more: bool, advice: str = ""
) -> RowsPage:
    """Return the first rows of a result that fit into an answer. ``has_more`` is whether rows follow the result.

    ``advice`` is how to get more rows into an answer.
    Raises: ConfigError for two columns of one name, or a row that is larger than an answer.
    """
    twice = [name for name in dict.fromkeys(found.columns) if found.columns.count(name) > 1]
    if twice:
        raise ConfigError(f"two columns have the name {twice[0]}: rename one with AS", key="sql")
    shortened_rows, shortened = _shortened_rows(found)
    rows = tuple(_with_citations(connection, shortened_rows))
    fitting = _fitting(rows)
    if rows and not fitting:
        raise ConfigError(
            f"one row is larger than an answer ({MOST_CHARS:,} characters): select fewer columns", key="sql"
        )
    return RowsPage(
        columns=found.columns,
        offset=offset,
        rows=rows[:fitting],
        shortened=tuple(each for each in shortened if each.row < fitting),
        cut=_cut(fitting, is_small=fitting < len(rows), offset=offset, advice=advice)
        if fitting < len(rows) or has_more
        else None,
    )


def _fitting(rows: Sequence[_Record]) -> int:
    """Return how many of the first rows fit into an answer."""
    sizes = accumulate((len(to_json(row)) for row in rows), initial=_ROOM)
    return sum(size <= MOST_CHARS for size in sizes) - 1


def _cut(fitting: int, *, is_small: bool, offset: int, advice: str) -> Continuation:
    """Return how to get the rows that follow. ``is_small`` is whether the size of the answer cut it."""
    following = offset + fitting
    why = f"only {fitting} rows fit into an answer of {MOST_CHARS:,} characters" if is_small else "there are more rows"
    message = "; ".join(filter(None, [f"{why}: call again with offset={following}", advice]))
    return Continuation(reason="size" if is_small else "rows", next_offset=following, message=message)


def _shortened_rows(found: QueryResult) -> tuple[list[_Record], list[ShortenedCell]]:
    rows: list[_Record] = []
    shortened: list[ShortenedCell] = []
    for number, values in enumerate(found.rows):
        row = {}
        for column, value in zip(found.columns, values, strict=True):
            row[column], length = shorten(plain(value))
            if length is not None:
                shortened.append(ShortenedCell(row=number, column=column, characters=length))
        rows.append(row)
    return rows, shortened


def _with_citations(connection: Connection, rows: Sequence[_Record]) -> Iterator[_Record]:
    """Yield the rows; each with the id of a stored article also has what cites it."""
    ids = sorted({row["article_id"] for row in rows if isinstance(row.get("article_id"), str)})
    if not ids:
        yield from rows
        return
    connection.execute("SET VARIABLE cited = ?", [ids])
    articles = {row[0]: row[1:] for row in query(connection, _ARTICLES).rows}
    numbers = dict(_numbers(connection)) if any(_has_offsets(row) for row in rows) else {}
    for row in rows:
        citation = _citation(row, articles, numbers)
        yield row if citation is None else {**row, "_citation": citation.model_dump(exclude_none=True)}


def _has_offsets(row: _Record) -> bool:
    return {"start_char", "end_char"} <= row.keys() and not _INDEXES.keys() & row.keys()


def _numbers(connection: Connection) -> Iterator[tuple[tuple[object, ...], str]]:
    """Yield the row of each span of an article; the quote, if a quote and an event have the same span."""
    for article_id, table, number, start, end in reversed(query(connection, _NUMBERED).rows):
        yield (article_id, start, end), f"{article_id}:{table}:{number}"


def _citation(
    row: _Record, articles: Mapping[object, tuple[Any, ...]], numbers: Mapping[tuple[object, ...], str]
) -> Citation | None:
    article_id = row.get("article_id")
    if article_id not in articles:
        return None
    revision_id, digest, url = articles[article_id]
    named = [f"{article_id}:{table}:{row[name]}" for name, table in _INDEXES.items() if isinstance(row.get(name), int)]
    span = (article_id, row.get("start_char"), row.get("end_char"))
    return Citation(
        revision_id=revision_id,
        payload_digest=digest,
        url=None if row.get("url") == url else url,
        row=named[0] if len(named) == 1 else numbers.get(span) if not named else None,
    )
