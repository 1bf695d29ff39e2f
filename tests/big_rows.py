"""The stories of a large lake as rows of the tables, before they are assigned to articles."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.tables import TABLE_SPECS, TableSpec
from tests.big_news import COUNTRIES, EVENT_TYPES, PEOPLE, PLACES, QUAD_CLASSES, Ints, RandomDay, Vocabulary, kinds_of

KEYS = ("article_id", "revision_id", "published_at")
_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")
_SECTIONS = np.array(["news", "politics", "world", "business", "sport", "culture", "science", ""])
_MODALITIES = ("happened", "happened", "happened", "happened", "planned", "hypothetical", "negated")
_PLACES = 500  # half of the events are in one of them


@dataclass(frozen=True)
class Things:
    """People, bodies and places by number: the values of their mentions."""

    names: pa.Array
    ids: pa.Array
    qids: pa.Array
    genders: pa.Array
    countries: pa.Array


@dataclass(frozen=True)
class Stories:
    """Rows of stories by table, without the keys of an article; ``owner`` is the number of the story.

    ``edges`` has the row range of each story: the rows of story i are edges[i] to edges[i + 1].
    """

    tables: dict[str, pa.Table]
    edges: dict[str, Ints]


def hexes(numbers: npt.NDArray[np.uint64]) -> pa.Array:
    """Return each number as 16 hexadecimal digits."""
    digits = _HEX[numbers.astype(">u8").view(np.uint8)].reshape(-1, 8)
    return pa.array(np.ascontiguousarray(digits).view("S16").ravel()).cast(pa.string())


def things_of(words: Vocabulary, chance: np.random.Generator) -> Things:
    """Return the knowledge of every name: 30 % of people are linked, 3 % have an unknown gender."""
    numbers = np.arange(words.things)
    people = numbers < PEOPLE
    linked = (chance.random(words.things) < 0.3) | (numbers >= words.things - PLACES)
    qids = np.char.add("Q", (1_000 + numbers).astype(str))
    hashed = hexes(chance.integers(0, 2**63, words.things).astype(np.uint64)).to_numpy(zero_copy_only=False)
    genders = np.array(["F", "M", "U"])[np.searchsorted([0.38, 0.97], chance.random(words.things))]
    countries = np.array(COUNTRIES)[(len(COUNTRIES) * chance.random(words.things) ** 2).astype(int)]
    return Things(
        names=words.pieces.slice(0, words.things),
        ids=pa.array(np.where(linked, qids, hashed).astype(str)),
        qids=pa.array(qids, mask=~linked),
        genders=pa.array(genders, mask=~people),
        countries=pa.array(countries, mask=chance.random(words.things) < 0.3),
    )


def fill_table(spec: TableSpec, given: dict[str, Any], *, size: int) -> pa.Table:
    """Return a table with some columns of the contract: the given ones, and null or empty values for the others."""
    columns, fields = [], []
    for column in spec.columns:
        if column.name in KEYS and column.name not in given:
            continue
        value = given.get(column.name)
        if value is None:
            array = pa.nulls(size, column.type) if column.nullable or not size else pa.repeat(_empty(column.type), size)
        elif isinstance(value, str | int | float | bool):
            array = pa.repeat(pa.scalar(value, column.type), size)
        else:
            array = value if isinstance(value, pa.Array) else pa.array(value)
        columns.append(array.cast(column.type))
        fields.append(pa.field(column.name, column.type))
    return pa.table(columns, schema=pa.schema(fields))


def _empty(kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_list(kind):
        return pa.scalar([], kind)
    return pa.scalar("" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0, kind)


def stories_of(drawn: RandomDay, things: Things, chance: np.random.Generator, *, day: date) -> Stories:
    """Return the random choices of a day as rows."""
    tables = {
        "articles": _articles(drawn, chance),
        "entities": _entities(drawn, things),
        "quotes": _quotes(drawn, things),
        "events": _events(drawn, things, chance, day),
    }
    owners = {"entities": drawn.mentions, "quotes": drawn.quotes, "events": drawn.events}
    count = len(drawn.text)
    edges = {name: np.searchsorted(rows["owner"], np.arange(count + 1)) for name, rows in owners.items()}
    return Stories(tables, edges)


def _articles(drawn: RandomDay, chance: np.random.Generator) -> pa.Table:
    count, lengths = len(drawn.text), pc.utf8_length(drawn.text).to_numpy()
    starts, ends = np.zeros((count, 2), np.int32), np.zeros((count, 2), np.int32)
    starts[:, 1], ends[:, 0], ends[:, 1] = drawn.title_length + 2, drawn.title_length, lengths
    kind = pa.array(["title", "paragraph"] * count)
    block = pa.StructArray.from_arrays(
        [kind, pa.array(starts.ravel()), pa.array(ends.ravel())], ["kind", "start_char", "end_char"]
    )
    section = _SECTIONS[chance.integers(0, len(_SECTIONS), count)]
    given = {
        "title": drawn.title,
        "section": pa.array(section, mask=section == ""),
        "language": "en",
        "published_at_method": pa.array(np.where(chance.random(count) < 0.1, "htmldate", "jsonld")),
        "published_at_precision": "second",
        "text": drawn.text,
        "blocks": pa.ListArray.from_arrays(pa.array(np.arange(0, 2 * count + 1, 2), pa.int32()), block),
        "word_count": lengths // 6,
        "page_type": "article",
        "wire_agency": pa.array(np.full(count, "Northwire"), mask=chance.random(count) > 0.08),
        "entity_count": np.bincount(drawn.mentions["owner"], minlength=count),
        "quote_count": drawn.counts["quotes"],
        "event_count": drawn.counts["events"],
        "http_status": 200,
        "extractor": "made",
        "model_name": "made",
        "pipeline_version": "made",
    }
    return fill_table(TABLE_SPECS["articles"], given, size=count)


def _number_of_each(rows: dict[str, Ints]) -> Ints:
    """Return the number of each row within its owner; rows are sorted by owner."""
    first = np.searchsorted(rows["owner"], rows["owner"])
    return np.arange(len(first)) - first


def _entities(drawn: RandomDay, things: Things) -> pa.Table:
    rows = drawn.mentions
    thing, size = pa.array(rows["thing"]), len(rows["thing"])
    kinds = np.array(["PERSON", "ORG", "GPE"])[kinds_of(rows["thing"])]
    genders = things.genders.take(thing)
    given = {
        "entity_index": _number_of_each(rows),
        "entity_text": things.names.take(thing),
        "start_char": rows["start_char"],
        "end_char": rows["end_char"],
        "mention_kind": "name",
        "entity_type": kinds,
        "cluster_index": rows["slot"],
        "entity_id": things.ids.take(thing),
        "entity_name": things.names.take(thing),
        "country_code": things.countries.take(thing),
        "gender": genders,
        "gender_method": _where_valid(genders, "pronoun"),
        "qid": things.qids.take(thing),
        "sentence_index": rows["sentence"],
        "paragraph_index": 1,
        "block_kind": "paragraph",
        "quote_index": pa.array(rows["quote"], mask=rows["quote"] < 0),
        "link_method": "exact",
        "confidence": 0.9,
    }
    return fill_table(TABLE_SPECS["entities"], given, size=size)


def _where_valid(array: pa.Array, word: str) -> pa.Array:
    return pc.if_else(array.is_valid(), word, None).cast(pa.string())


def _quotes(drawn: RandomDay, things: Things) -> pa.Table:
    rows = drawn.quotes
    size, is_named, is_known = len(rows["owner"]), rows["speaker"] >= 0, rows["speaker"] >= -1
    speaker = pa.array(rows["speaker"], mask=~is_named)
    kinds = np.where(is_named, np.array(["person", "organisation", "document"])[kinds_of(rows["speaker"])], "unnamed")
    names, genders = things.names.take(speaker), things.genders.take(speaker)
    where = pa.StructArray.from_arrays(
        [pa.array(rows[name], pa.int32()) for name in ("start_char", "end_char")], ["start_char", "end_char"]
    )
    given = {
        "quote_index": rows["number"],
        "quote_type": np.where(rows["close"] % 10 == 0, "mixed", "direct"),
        "quote_text": drawn.quote_text,
        "start_char": rows["start_char"],
        "end_char": rows["end_char"],
        "quoted_spans": pa.ListArray.from_arrays(pa.array(np.arange(size + 1), pa.int32()), where),
        "is_closed": True,
        "cue_text": np.where(rows["claimed"] == 1, "claimed", "said"),
        "cue_lemma": np.where(rows["claimed"] == 1, "claim", "say"),
        "cue_stance": np.where(rows["claimed"] == 1, "distance", "neutral"),
        "speaker_text": pc.if_else(pa.array(is_named), names, pc.if_else(pa.array(is_known), "an official", None)),
        "speaker_start_char": pa.array(rows["speaker_start_char"], mask=~is_known),
        "speaker_end_char": pa.array(rows["speaker_end_char"], mask=~is_known),
        "speaker_cluster_index": pa.array(rows["speaker_slot"], mask=~is_named),
        "speaker_entity_id": things.ids.take(speaker),
        "speaker_name": names,
        "speaker_kind": pa.array(kinds, mask=~is_known),
        "speaker_gender": genders,
        "speaker_gender_method": _where_valid(genders, "pronoun"),
        "paragraph_index": 1,
        "word_count": 5 + rows["open"] % 20,
        "confidence": 0.9,
        "rule_id": "made",
    }
    return fill_table(TABLE_SPECS["quotes"], given, size=size)


def _events(drawn: RandomDay, things: Things, chance: np.random.Generator, day: date) -> pa.Table:
    rows = drawn.events
    size = len(rows["owner"])
    kinds = np.array(EVENT_TYPES)[rows["type"]]
    quads = np.array(QUAD_CLASSES)[rows["type"]]
    actor, recipient = pa.array(rows["actor"]), pa.array(rows["recipient"])
    is_dated = rows["days_ago"] >= 0
    spot = (7 * rows["owner"] + rows["number"]) % (2 * _PLACES)
    has_place = spot < _PLACES
    happened = np.datetime64(day) - np.maximum(rows["days_ago"], 0).astype("timedelta64[D]")
    given = {
        "event_index": rows["number"],
        "event_type": kinds,
        "event_subtype": pa.array(np.full(size, "culture"), mask=kinds != "OTHER"),
        "quad_class": pa.array(quads, mask=quads == 0),
        "plover_type": pa.array(kinds, mask=kinds == "OTHER"),
        "modality": np.array(_MODALITIES)[rows["modality"]],
        "trigger_text": pa.array(["met", "agreed", "accused", "protested", "attacked", "helped", "opened"]).take(
            pa.array(rows["type"])
        ),
        "start_char": rows["start_char"],
        "end_char": rows["end_char"],
        "actor_entity_id": things.ids.take(actor),
        "actor_name": things.names.take(actor),
        "actor_country": things.countries.take(actor),
        "recipient_name": things.names.take(recipient),
        "recipient_country": things.countries.take(recipient),
        "event_date": pa.array(happened, mask=~is_dated),
        "event_date_end": pa.array(happened, mask=~is_dated),
        "event_date_precision": np.where(is_dated, "day", "unknown"),
        "event_date_basis": pa.array(np.full(size, "explicit"), mask=~is_dated),
        "place_text": pa.array(np.char.add("Place ", spot.astype(str)), mask=~has_place),
        "place_entity_id": pa.array(np.char.add("place", spot.astype(str)), mask=~has_place),
        "place_country": pa.array(np.array(["FRA", "KEN", "CHL"])[spot % 3], mask=~has_place),
        "place_lat": pa.array(spot / _PLACES * 120 - 50, mask=~has_place),
        "place_lon": pa.array(spot * 37 % 360 - 180.0, mask=~has_place),
        "sentence_index": rows["sentence"],
        "coref_event_index": rows["number"],
        "salience": chance.random(size).round(3),
        "is_main": rows["number"] == 0,
        "confidence": np.where(rows["number"] % 5 == 4, 0.3, 0.8),
        "rule_id": "made",
    }
    return fill_table(TABLE_SPECS["events"], given, size=size)
