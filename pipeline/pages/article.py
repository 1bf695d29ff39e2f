"""The page of one article, as values: what is on it, before anybody draws it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.model.receipt import Step
from pipeline.pages.about import Field, fields_of, published_told
from pipeline.pages.cast import Named, cast_of
from pipeline.pages.drawn import ShownBlock, drawn_blocks
from pipeline.pages.events import ShownEvent, shown_events
from pipeline.pages.quotes import ShownQuote, shown_quotes
from pipeline.pages.told import Version
from pipeline.pages.visible import visible_json

Row = Mapping[str, Any]
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Several:
    """A mention that means several of the named: its words, the block that it stands in, their clusters and names."""

    name: str
    words: str
    block: int
    named: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RowsAsText:
    """All rows of one table, a JSON list with a row on a line."""

    table: str
    count: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """All that the page of an article shows. ``origin`` says where its rows are from.

    ``unlisted`` are the quotations whose speaker is not among ``named``. ``receipt`` and ``versions`` are empty where
    nobody looked at the archive.
    """

    title: str
    byline: str
    origin: str
    is_read: bool
    blocks: tuple[ShownBlock, ...]
    quotes: tuple[ShownQuote, ...]
    events: tuple[ShownEvent, ...]
    named: tuple[Named, ...]
    several: tuple[Several, ...]
    unlisted: tuple[ShownQuote, ...]
    fields: tuple[Field, ...]
    receipt: tuple[Step, ...]
    versions: tuple[Version, ...]
    rows: tuple[RowsAsText, ...]


def article_page(
    rows: Mapping[str, Sequence[Row]], *, origin: str, receipt: Sequence[Step] = (), versions: Sequence[Version] = ()
) -> ArticlePage:
    """Return the page of one article. ``rows`` are all of its rows by table name, one of ``articles``.

    ``receipt`` is what `newslake why` tells of it, ``versions`` what `newslake history` does.
    """
    [article] = rows["articles"]
    entities = rows["entities"]
    quotes, events = shown_quotes(article, rows["quotes"]), shown_events(rows["events"])
    named = cast_of(article, entities, quotes, events)
    known = {each.cluster: each.name for each in named}
    return ArticlePage(
        title=article["title"] or "Without a title",
        byline=_byline(article),
        origin=origin,
        is_read=article["entity_count"] is not None,
        blocks=drawn_blocks(article, entities, quotes, events),
        quotes=quotes,
        events=events,
        named=named,
        several=tuple(_several(row, known) for row in entities if row["group_cluster_indexes"]),
        unlisted=tuple(quote for quote in quotes if quote.who not in known),
        fields=fields_of(article, rows.get("copies", ())),
        receipt=tuple(receipt),
        versions=tuple(versions),
        rows=tuple(RowsAsText(table, len(found), _json_lines(found)) for table, found in rows.items() if found),
    )


def _byline(article: Row) -> str:
    parts = [", ".join(article["authors"]), article["publisher"], published_told(article) or "without a date"]
    return " · ".join(filter(None, parts))


def _several(row: Row, known: Mapping[int, str]) -> Several:
    named = tuple((each, known[each]) for each in row["group_cluster_indexes"] if each in known)
    return Several(f"g{row['entity_index']}", row["entity_text"], row["paragraph_index"] + 1, named)


def _json_lines(rows: Sequence[Row]) -> str:
    return visible_json("[\n" + ",\n".join(map(_JSON.encode, rows)) + "\n]")
