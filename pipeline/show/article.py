"""The page of an article: the values that its templates show."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newslake.pipeline.model.provenance import ProvenanceStep
from newslake.pipeline.show.annotations import (
    MODALITIES,
    EntityCard,
    EventView,
    QuoteView,
    build_entity_cards,
    build_events,
    build_quotes,
)
from newslake.pipeline.show.page_history import PageRevision
from newslake.pipeline.show.rendering import TEMPLATES, make_json_visible, web_link
from newslake.pipeline.show.text_markup import BlockView, build_blocks
from newslake.pipeline.tables.spec import Row

# Columns of ``articles`` in the order of the page, with their labels there.
_EXTRACTED_FIELDS = {
    "authors": "authors",
    "credits": "credits",
    "publisher": "publisher",
    "outlet_key": "outlet",
    "section": "section",
    "tags": "tags",
    "language": "language",
    "page_type": "page type",
    "wire_agency": "news agency",
    "is_paywalled": "paywalled",
    "is_opinion": "opinion",
    "tdm_reserved": "text and data mining reserved",
    "license": "terms of use",
    "license_evidence": "terms of use read in",
    "flags": "flags",
}
_FETCH_FIELDS = {"source_key": "source", "http_status": "HTTP status", "payload_digest": "payload digest"}
_VERSION_FIELDS = {
    "extractor": "extractor",
    "model_name": "NLP model",
    "pipeline_version": "pipeline version",
    "kb_version": "knowledge-base version",
}
_ID_FIELDS = {"article_id": "article_id", "revision_id": "revision_id"}
_URL_FIELDS = {"canonical_url": "canonical URL", "url": "URL"}
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Field:
    """A fact about the whole article: its label, its value as text, and ``how`` it is known, "" if unknown.

    ``href`` is the web page that the value is the URL of; "" for any other value.
    """

    name: str
    value: str
    how: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A mention of several entities: its text, its block, and the cluster and name of each member."""

    name: str
    words: str
    block: int
    members: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TableJson:
    """All rows of one table as a JSON list, one row per line."""

    table: str
    count: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """All values of the page of an article. ``origin`` says where its rows come from.

    ``web_url`` is the publisher's page, "" if there is none. ``published_date`` is the day under which the lake has its
    rows; None for an article that is not in the lake.

    ``unlisted_quotes`` have a speaker who is not among ``entities``. ``provenance`` (provenance) and ``versions``
    (revisions) are empty if the archive was not read.
    """

    title: str
    byline: str
    web_url: str
    published_date: date | None
    origin: str
    is_read: bool
    blocks: tuple[BlockView, ...]
    quotes: tuple[QuoteView, ...]
    events: tuple[EventView, ...]
    entities: tuple[EntityCard, ...]
    groups: tuple[GroupCard, ...]
    unlisted_quotes: tuple[QuoteView, ...]
    fields: tuple[Field, ...]
    provenance: tuple[ProvenanceStep, ...]
    versions: tuple[PageRevision, ...]
    rows: tuple[TableJson, ...]


def article_page(
    rows: Mapping[str, Sequence[Row]],
    *,
    origin: str,
    published_date: date | None = None,
    provenance: Sequence[ProvenanceStep] = (),
    versions: Sequence[PageRevision] = (),
) -> ArticlePage:
    """Return the page of one article. ``rows`` are all of its rows by table name, with one row of ``articles``.

    ``published_date`` is the day of its rows in the lake. ``provenance`` is its provenance as in `newslake why`,
    ``versions`` its revisions as in `newslake history`.
    """
    [article] = rows["articles"]
    entities = rows["entities"]
    quotes, events = build_quotes(article, rows["quotes"]), build_events(rows["events"])
    entity_cards = build_entity_cards(article, entities, quotes, events, links=rows.get("person_links", ()))
    known = {each.cluster: each.name for each in entity_cards}
    return ArticlePage(
        title=article["title"] or "Untitled",
        byline=_byline(article),
        web_url=web_link(article["url"]),
        published_date=published_date,
        origin=origin,
        is_read=article["entity_count"] is not None,
        blocks=build_blocks(article, entities, quotes, events),
        quotes=quotes,
        events=events,
        entities=entity_cards,
        groups=tuple(_group_card(row, known) for row in entities if row["group_cluster_indexes"]),
        unlisted_quotes=tuple(quote for quote in quotes if quote.speaker_cluster not in known),
        fields=build_fields(article, rows.get("near_duplicates", ())),
        provenance=tuple(provenance),
        versions=tuple(versions),
        rows=tuple(TableJson(table, len(each), _json_lines(each)) for table, each in rows.items() if each),
    )


def article_html(article: ArticlePage) -> str:
    """Return the page of an article as self-contained HTML."""
    return TEMPLATES.page("article.html", page=article, modalities=MODALITIES)


def _byline(article: Row) -> str:
    credited = (credit["name"] for credit in article["credits"] or ())
    parts = [
        ", ".join((*article["authors"], *credited)),
        article["publisher"],
        describe_published(article) or "undated",
    ]
    return " · ".join(filter(None, parts))


def _group_card(row: Row, known: Mapping[int, str]) -> GroupCard:
    members = tuple((each, known[each]) for each in row["group_cluster_indexes"] if each in known)
    return GroupCard(f"g{row['entity_index']}", row["entity_text"], row["paragraph_index"] + 1, members)


def _json_lines(rows: Sequence[Row]) -> str:
    return make_json_visible("[\n" + ",\n".join(map(_JSON.encode, rows)) + "\n]")


def build_fields(article: Row, duplicates: Sequence[Row] = ()) -> tuple[Field, ...]:
    """Return the fields of an article that have a value; ``duplicates`` are its rows of that table, if any."""
    return tuple(each for each in (*_all_fields(article), *map(_duplicate_field, duplicates)) if each.value)


def _duplicate_field(row: Row) -> Field:
    if not row["is_duplicate"]:
        return Field("duplicate of", "", "")
    return Field("duplicate of", row["dup_group_id"], f"method {row['method']}, similarity {row['similarity']:.2f}")


def _all_fields(article: Row) -> Iterator[Field]:
    methods = {each["field"]: f"method {each['method']}" for each in article["field_methods"] or ()}
    yield Field("title", article["title"] or "", methods.get("title", ""))
    yield Field("published", describe_published(article) or "unknown", _dated_by(article, methods))
    yield Field("modified", _moment(article["modified_at"]), "stated by the page")
    for column, name in _EXTRACTED_FIELDS.items():
        yield Field(name, _value_text(article[column]), methods.get(column, ""))
    yield Field("text", f"{len(article['text']):,} characters", methods.get("body", ""))
    yield Field("words", f"{article['word_count']:,}", "")
    yield Field("fetched", _moment(article["fetched_at"]), "first fetch of this revision")
    for names in (_FETCH_FIELDS, _VERSION_FIELDS, _ID_FIELDS):
        yield from (Field(name, _value_text(article[column]), "") for column, name in names.items())
    for column, name in _URL_FIELDS.items():
        yield Field(name, article[column] or "", "", web_link(article[column]))


def describe_published(article: Row) -> str:
    """Return when an article was published, to the known precision; "" if unknown."""
    at = article["published_at"]
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if article["published_at_precision"] == "day" else _moment(at)


def _dated_by(article: Row, methods: Mapping[str, str]) -> str:
    precision, zone = article["published_at_precision"], article["published_at_zone"]
    parts = [
        f"method {article['published_at_method']}",
        precision and f"precision {precision}",
        zone and f"zone {zone}",
        (rival := methods.get("published_at_conflict")) and f"contradicted by {rival.removeprefix('method ')}",
    ]
    return ", ".join(filter(None, parts))


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(map(_item_text, value))
    return "" if value is None else str(value)


def _item_text(item: object) -> str:
    """Return an item of a list as text; a credit as its name and kind."""
    return f"{item['name']} ({item['kind']})" if isinstance(item, Mapping) else str(item)
