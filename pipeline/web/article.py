"""The page of one article, as values: what is on it, before anybody draws it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.provenance import ProvenanceStep
from pipeline.tables.spec import Row
from pipeline.web.about import Field, build_fields, describe_published
from pipeline.web.annotations import EntityCard, build_entity_cards
from pipeline.web.events import EventView, build_events
from pipeline.web.quotes import QuoteView, build_quotes
from pipeline.web.text_markup import BlockView, build_blocks
from pipeline.web.told import RevisionView
from pipeline.web.visible import make_json_visible

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A mention of several entities: its words, its block, and cluster and name of each member."""

    name: str
    words: str
    block: int
    members: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TableJson:
    """All rows of one table, a JSON list with a row on a line."""

    table: str
    count: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """All that the page of an article shows. ``origin`` says where its rows are from.

    ``unlisted_quotes`` have a speaker that is not among ``entities``. ``receipt`` and ``versions`` are empty where
    nobody looked at the archive.
    """

    title: str
    byline: str
    origin: str
    is_read: bool
    blocks: tuple[BlockView, ...]
    quotes: tuple[QuoteView, ...]
    events: tuple[EventView, ...]
    entities: tuple[EntityCard, ...]
    groups: tuple[GroupCard, ...]
    unlisted_quotes: tuple[QuoteView, ...]
    fields: tuple[Field, ...]
    receipt: tuple[ProvenanceStep, ...]
    versions: tuple[RevisionView, ...]
    rows: tuple[TableJson, ...]


def article_page(
    rows: Mapping[str, Sequence[Row]],
    *,
    origin: str,
    receipt: Sequence[ProvenanceStep] = (),
    versions: Sequence[RevisionView] = (),
) -> ArticlePage:
    """Return the page of one article. ``rows`` are all of its rows by table name, one of ``articles``.

    ``receipt`` is what `newslake why` tells of it, ``versions`` what `newslake history` does.
    """
    [article] = rows["articles"]
    entities = rows["entities"]
    quotes, events = build_quotes(article, rows["quotes"]), build_events(rows["events"])
    entity_cards = build_entity_cards(article, entities, quotes, events)
    known = {each.cluster: each.name for each in entity_cards}
    return ArticlePage(
        title=article["title"] or "Without a title",
        byline=_byline(article),
        origin=origin,
        is_read=article["entity_count"] is not None,
        blocks=build_blocks(article, entities, quotes, events),
        quotes=quotes,
        events=events,
        entities=entity_cards,
        groups=tuple(_group_card(row, known) for row in entities if row["group_cluster_indexes"]),
        unlisted_quotes=tuple(quote for quote in quotes if quote.speaker_cluster not in known),
        fields=build_fields(article, rows.get("copies", ())),
        receipt=tuple(receipt),
        versions=tuple(versions),
        rows=tuple(TableJson(table, len(found), _json_lines(found)) for table, found in rows.items() if found),
    )


def _byline(article: Row) -> str:
    parts = [", ".join(article["authors"]), article["publisher"], describe_published(article) or "without a date"]
    return " · ".join(filter(None, parts))


def _group_card(row: Row, known: Mapping[int, str]) -> GroupCard:
    entity_cards = tuple((each, known[each]) for each in row["group_cluster_indexes"] if each in known)
    return GroupCard(f"g{row['entity_index']}", row["entity_text"], row["paragraph_index"] + 1, entity_cards)


def _json_lines(rows: Sequence[Row]) -> str:
    return make_json_visible("[\n" + ",\n".join(map(_JSON.encode, rows)) + "\n]")
