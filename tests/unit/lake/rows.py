"""Invented articles as the rows of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from newslake.pipeline.lake import KEYS_SCHEMA
from newslake.pipeline.model import content_hash_of, revision_id_of
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES, TableSpec, rows_table

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
NAMES = ("Ada Quill", "Bram Toller", "Cora Weld", "Dov Marsh")


@dataclass(frozen=True, slots=True)
class Story:
    """One article as it may be staged. ``day`` counts days from 3 February 2026; None leaves it undated."""

    number: int
    words: str = "The ferry was late again."
    day: int | None = 0
    news_day: int = 0
    seen: int = 0
    version: str = "v1"
    language: str | None = None

    @property
    def article_id(self) -> str:
        return f"{self.number:032x}"

    @property
    def revision_id(self) -> str:
        return revision_id_of(self.content_hash)

    @property
    def content_hash(self) -> str:
        return content_hash_of(f"Story {self.number}", [self.words])

    @property
    def text(self) -> str:
        name = NAMES[self.number % len(NAMES)]
        return f"Story {self.number}\n\n{name} said: “{self.words}”"

    @property
    def published_at(self) -> datetime | None:
        return None if self.day is None else NOON + timedelta(days=self.day, minutes=self.number % 60)

    @property
    def published_date(self) -> date:
        return (NOON + timedelta(days=self.news_day if self.day is None else self.day)).date()

    @property
    def seen_at(self) -> datetime:
        return NOON + timedelta(hours=self.seen)


def blank(spec: TableSpec, **given: Any) -> dict[str, Any]:
    """Return a row that meets the contract: a column that is not given is null, its first allowed value, or zero."""
    row: dict[str, Any] = {}
    for column in spec.columns:
        kind = column.type
        if column.nullable:
            row[column.name] = None
        elif column.values:
            row[column.name] = column.values[0]
        elif pa.types.is_list(kind):
            row[column.name] = []
        else:
            row[column.name] = "" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0
    return row | given


def story_rows(story: Story) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a story by table: one entity, one quote, and an event in every second story."""
    articles, entities, quotes, events = ANNOTATION_TABLES
    keys = {"article_id": story.article_id, "revision_id": story.revision_id, "published_at": story.published_at}
    name = NAMES[story.number % len(NAMES)]
    start = story.text.index(name)
    quote = f"“{story.words}”"
    has_event = story.number % 2 == 0
    head = blank(
        articles,
        **keys,
        source_key="harbour",
        title=f"Story {story.number}",
        language=story.language,
        fetched_at=NOON,
        text=story.text,
        content_hash=story.content_hash,
        entity_count=1,
        quote_count=1,
        event_count=int(has_event),
        payload_digest=f"sha256:{story.content_hash}",
        extractor="test",
        pipeline_version=story.version,
    )
    span = {"start_char": start, "end_char": start + len(name)}
    said = {"start_char": story.text.index(quote), "end_char": story.text.index(quote) + len(quote)}
    speaker = {"speaker_text": name, "speaker_start_char": start, "speaker_end_char": start + len(name)}
    event = blank(events, **keys, event_type="OTHER", trigger_text="said", start_char=0, end_char=0)
    verb = story.text.index("said")
    return {
        "articles": [head],
        "entities": [blank(entities, **keys, **span, entity_text=name, entity_type="PERSON")],
        "quotes": [blank(quotes, **keys, **said, **speaker, quote_text=quote)],
        "events": [event | {"start_char": verb, "end_char": verb + 4}] if has_event else [],
    }


def batch_tables(stories: Sequence[Story]) -> dict[str, pa.Table]:
    rows = [story_rows(story) for story in stories]
    return {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }


def batch_keys(stories: Sequence[Story]) -> pa.Table:
    names = ("article_id", "revision_id", "published_date", "seen_at")
    return pa.Table.from_pylist([{name: getattr(s, name) for name in names} for s in stories], schema=KEYS_SCHEMA)


def near_duplicate_rows(stories: Sequence[Story], originals: Mapping[str, str] | None = None) -> pa.Table:
    """Return rows of near_duplicates; ``originals`` has the article that each duplicate repeats, by article."""
    names = ("article_id", "revision_id", "published_at")
    rows = []
    for story in stories:
        original = (originals or {}).get(story.article_id)
        facts = {"is_duplicate": original is not None, "similarity": 1.0, "method": "exact" if original else "none"}
        rows.append(
            {name: getattr(story, name) for name in names} | {"dup_group_id": original or story.article_id} | facts
        )
    return rows_table(CLUSTER_TABLES[0], rows)
