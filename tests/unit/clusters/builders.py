"""Invented articles, each with one event, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from newslake.pipeline.clusters import EVENT_COLUMNS, EventDay, events_of_day
from newslake.pipeline.lake import KEYS_SCHEMA
from newslake.pipeline.model import content_hash_of, revision_id_of
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from tests.unit.lake.rows import blank

DAY = date(2026, 2, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArticle:
    """An article of one sentence, ``before`` the trigger and ``after`` it. ``day`` counts from 10 February 2026.

    ``names`` are entities other than actor and recipient, ``people`` those that are known to be people. ``twice`` adds
    a second mention, with the same trigger.
    """

    article: str
    before: str = "Ada Quill and Bram Toller"
    trigger: str = "met"
    after: str = "in Vessmouth over the harbour ramp and its missing lamps."
    kind: str = "CONSULT"
    subtype: str | None = None
    modality: str = "happened"
    rule: str = "meet>consult"
    actor: str | None = "Ada Quill"
    recipient: str | None = "Bram Toller"
    countries: tuple[str | None, str | None] = (None, None)
    when: date | None = None
    basis: str = "relative"
    place: str | None = None
    place_country: str | None = None
    names: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    day: int = 0
    hour: int = 12
    twice: bool = False
    is_dated: bool = True
    seen: int = 0

    @property
    def text(self) -> str:
        return f"{self.before} {self.trigger} {self.after}"

    @property
    def published_at(self) -> datetime:
        return datetime(2026, 2, 10, self.hour, tzinfo=UTC) + timedelta(self.day)

    @property
    def content_hash(self) -> str:
        return content_hash_of(None, [self.text, str(self)])

    @property
    def keys(self) -> dict[str, Any]:
        revision = revision_id_of(self.content_hash)
        published = self.published_at if self.is_dated else None
        return {"article_id": self.article, "revision_id": revision, "published_at": published}


def build_tables(articles: Sequence[EventArticle]) -> dict[str, pa.Table]:
    """Return the annotation tables of some articles."""
    rows = {
        "articles": [_article(each) for each in articles],
        "entities": [row for each in articles for row in _entities(each)],
        "quotes": [],
        "events": [_event(each, index) for each in articles for index in range(1 + each.twice)],
    }
    return {spec.name: rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES}


def build_keys(articles: Sequence[EventArticle]) -> pa.Table:
    rows = [
        {
            "article_id": each.article,
            "revision_id": each.keys["revision_id"],
            "published_date": each.published_at.date(),
            "seen_at": datetime(2026, 2, 1, each.seen, tzinfo=UTC),
        }
        for each in articles
    ]
    return pa.Table.from_pylist(rows, schema=KEYS_SCHEMA)


def build_event_day(
    articles: Sequence[EventArticle], *, day: date = DAY, copies: Mapping[str, str] | None = None
) -> EventDay:
    """Return the events of some articles of a day, ready to compare. ``copies`` maps duplicates to originals."""
    tables = build_tables(articles)
    groups = [{**each.keys, "dup_group_id": (copies or {}).get(each.article, each.article)} for each in articles]
    rows = [row | {"is_duplicate": row["dup_group_id"] != row["article_id"]} for row in groups]
    repeated = pa.Table.from_pylist(
        [row | {"similarity": 1.0, "method": "none"} for row in rows], schema=TABLE_SPECS["near_duplicates"].schema
    )
    return events_of_day(
        tables["events"].select(EVENT_COLUMNS), tables["articles"], tables["entities"], repeated, day=day
    )


def _article(article: EventArticle) -> dict[str, Any]:
    end = len(article.text)
    return blank(
        TABLE_SPECS["articles"],
        **article.keys,
        fetched_at=datetime(2026, 2, 1, article.seen, tzinfo=UTC),
        text=article.text,
        blocks=[{"kind": "paragraph", "start_char": 0, "end_char": end}],
        content_hash=article.content_hash,
        entity_count=len(_all_names(article)) + len(article.people),
        quote_count=0,
        event_count=1 + article.twice,
        payload_digest=f"sha256:{article.content_hash}",
    )


def _all_names(article: EventArticle) -> list[str]:
    return [name for name in (article.actor, article.recipient, *article.names) if name]


def _entities(article: EventArticle) -> list[dict[str, Any]]:
    spec, names = TABLE_SPECS["entities"], _all_names(article)
    things = [
        blank(spec, **article.keys, entity_index=index, entity_id=f"id-{name}", entity_name=name)
        for index, name in enumerate(names)
    ]
    person = blank(spec, entity_type="PERSON", **article.keys)
    return things + [
        person | {"entity_index": index, "cluster_index": index, "entity_id": f"id-{name}", "entity_name": name}
        for index, name in enumerate(article.people, len(names))
    ]


def _event(article: EventArticle, index: int) -> dict[str, Any]:
    start = len(article.before) + 1
    return blank(
        TABLE_SPECS["events"],
        **article.keys,
        event_index=index,
        event_type=article.kind,
        event_subtype=article.subtype,
        modality=article.modality,
        trigger_text=article.trigger,
        start_char=start,
        end_char=start + len(article.trigger),
        rule_id=article.rule,
        **_participant("actor", article.actor, article.countries[0]),
        **_participant("recipient", article.recipient, article.countries[1]),
        event_date=article.when,
        event_date_end=article.when,
        event_date_precision="unknown" if article.when is None else "day",
        event_date_basis=None if article.when is None else article.basis,
        place_text=article.place,
        place_country=article.place_country,
    )


def _participant(role: str, name: str | None, country: str | None) -> dict[str, Any]:
    named = {f"{role}_{column}": name for column in ("text", "name")}
    return named | {f"{role}_entity_id": None if name is None else f"id-{name}", f"{role}_country": country}
