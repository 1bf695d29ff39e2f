"""Generated days of articles, made from the sample newsroom, for benchmarks of the lake.

Each article is enciphered with its own alphabet, so that compression gains no more than for real articles.
"""

import hashlib
import random
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.kb import load_kb
from newslake.pipeline.lake import KEYS_SCHEMA
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES, annotation_rows, rows_table
from tests.bench import articles

NOW = datetime(2026, 3, 20, tzinfo=UTC)
# Columns with text of the article; the others have closed vocabularies or ids.
_WORDS = ("text", "title", "standfirst", "entity_text", "entity_name", "role_text", "quote_text", "speaker_text")
_MORE = ("speaker_name", "speaker_role", "cue_text", "trigger_text", "actor_text", "actor_name", "recipient_text")
_ENCIPHERED = frozenset((*_WORDS, *_MORE, "recipient_name", "place_text", "event_date_text"))
Tables = Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class DayTables:
    """Generated articles of one day, and their batch."""

    tables: Tables
    keys: pa.Table


@cache
def _read() -> list[dict[str, list[Mapping[str, object]]]]:
    """Return the rows of each sample article."""
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None), infer_gender=True)
    return [
        annotation_rows(article, annotator.annotate(article, doc), model_name="m", pipeline_version="v")
        for article, doc in annotator.docs(articles(times=1))
        if doc is not None
    ]


def make_day(day: date, numbers: Iterable[int], *, edition: int = 0) -> DayTables:
    """Return numbered articles of a day with the child rows of the sample articles; each edition differs."""
    rows: dict[str, list[dict[str, object]]] = {spec.name: [] for spec in ANNOTATION_TABLES}
    for number in numbers:
        made: dict[str, object] = {
            "article_id": _id(number),
            "revision_id": _id(edition)[:16],
            "published_at": _midnight(day),
        }
        cipher = _cipher(number + edition * 7_919)
        for name, found in _read()[number % len(_read())].items():
            rows[name] += [{**_encipher(row, cipher), **made} for row in found]
    tables = {spec.name: rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES}
    return DayTables(tables, _keys(tables["articles"], day))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _id(number: int) -> str:
    """Return an unordered id, like the hash of a URL."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def _cipher(number: int) -> dict[int, int]:
    letters = list(string.ascii_lowercase)
    random.Random(number).shuffle(letters)
    return str.maketrans(string.ascii_letters, "".join(letters) + "".join(letters).upper())


def _encipher(row: Mapping[str, object], cipher: Mapping[int, int]) -> dict[str, object]:
    return {
        name: value.translate(cipher) if name in _ENCIPHERED and isinstance(value, str) else value
        for name, value in row.items()
    }


def _keys(table: pa.Table, day: date) -> pa.Table:
    count = table.num_rows
    columns = (table["article_id"], table["revision_id"], [day] * count, [NOW] * count)
    return pa.table(
        [pa.array(c, f.type) if isinstance(c, list) else c for c, f in zip(columns, KEYS_SCHEMA, strict=True)],
        schema=KEYS_SCHEMA,
    )


def join_days(days: Sequence[DayTables]) -> DayTables:
    """Return the articles of several days as one batch."""
    tables = {spec.name: pa.concat_tables([day.tables[spec.name] for day in days]) for spec in ANNOTATION_TABLES}
    return DayTables(tables, pa.concat_tables([day.keys for day in days]))


def move_article(made: DayTables, day: date, number: int) -> DayTables:
    """Return the same articles with numbers from ``number`` on, on another day."""
    old = made.keys["article_id"]
    new = pa.array([_id(number + place) for place in range(len(old))])
    at = pa.scalar(_midnight(day), pa.timestamp("us", tz="UTC"))
    tables = {}
    for name, table in made.tables.items():
        ids = new.take(pc.index_in(table["article_id"], value_set=old.combine_chunks()).combine_chunks())
        whole = {"article_id": ids, "published_at": pa.repeat(at, table.num_rows)}
        columns = [whole.get(field.name, table[field.name]) for field in table.schema]
        tables[name] = pa.Table.from_arrays(columns, schema=table.schema)
    return DayTables(tables, _keys(tables["articles"], day))
