"""A lake with each of the hostile strings in every text column; it still meets the contract."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from newslake.pipeline.lake import KEYS_SCHEMA, Lake
from newslake.pipeline.tables import ANNOTATION_TABLES, LOG_TABLES, TABLE_SPECS, Column, rows_table
from tests.browser.hostile import STRING_COUNT, hostile_strings

DAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
ONE = "courier"  # a source with a normal key and every string among its pages
STRINGS = hostile_strings()
_STEP = 37  # shares no factor with STRING_COUNT: each column meets every string
_NEXT = 11
# Hashes and digests never contain text of others.
_OURS = ("article_id", "revision_id", "content_hash", "counts", "versions", "days_touched")


def article_id_of(at: int) -> str:
    """Return the id of the article with this index."""
    return sha256(f"hostile {at}".encode()).hexdigest()[:32]


def entity_id_of(at: int) -> str:
    """Return the id of the person of the article with this index."""
    return str(_filled(TABLE_SPECS["entities"].columns, at)["entity_id"])


def make_hostile_lake(root: Path) -> Path:
    """Write the lake below a data root; return its path.

    Per string it has an article, mention, quote, event, event cluster and outcome.
    """
    lake = Lake(root / "lake", durability="process", now=lambda: DAY)
    rows = [_article_rows(at) for at in range(STRING_COUNT)]
    tables = {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }
    keys = [
        {name: each["articles"][0][name] for name in ("article_id", "revision_id")}
        | {"published_date": DAY.date(), "seen_at": DAY}
        for each in rows
    ]
    lake.stage("hostile", tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    report = lake.commit(["hostile"], is_current=lambda *_: True)
    assert set(report.articles.values()) == {"committed"}, report
    for name in ("event_clusters", "event_cluster_members"):
        clusters = rows_table(TABLE_SPECS[name], [_cluster_row(name, at) for at in range(STRING_COUNT)])
        lake.replace(name, lambda clusters=clusters: {DAY.date(): clusters})
    for spec in LOG_TABLES:
        lake.log.append(
            spec.name, "hostile", rows_table(spec, [_filled(spec.columns, at) for at in range(STRING_COUNT)])
        )
    of_one = [_filled(TABLE_SPECS["outcomes"].columns, at) | {"source_key": ONE} for at in range(STRING_COUNT)]
    lake.log.append("outcomes", "hostile-one", rows_table(TABLE_SPECS["outcomes"], of_one))
    return root / "lake"


def _article_rows(at: int) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of an article with its strings in its text: a quote, two mentions, two events (one typed)."""
    rows = {spec.name: _filled(spec.columns, at) for spec in ANNOTATION_TABLES}
    article, entity, quote, event = rows.values()
    said = {"title": article["title"], "name": entity["entity_text"], "quote": f"“{quote['quote_text']}”"}
    said |= {name: quote[f"{name}_text"] for name in ("reported_by", "reporting_clause")}
    text, at_of = _joined(said | {"trigger": event["trigger_text"], "standfirst": article["standfirst"]})
    kinds = {"title": "title", "standfirst": "standfirst"}
    blocks = [{"kind": kinds.get(name, "paragraph")} | _span(*span) for name, span in at_of.items()]
    entity |= _span(*at_of["name"]) | {"cluster_index": 0, "paragraph_index": 1}
    speaker = {"speaker_cluster_index": 0, "speaker_text": said["name"], "speaker_start_char": at_of["name"][0]}
    quote |= _span(*at_of["quote"]) | speaker | {"speaker_end_char": at_of["name"][1], "quote_text": said["quote"]}
    quote |= {"quoted_spans": [_span(*at_of["quote"])], "paragraph_index": 2, "word_count": 3}
    for name in ("reported_by", "reporting_clause"):
        quote |= {f"{name}_{key}": offset for key, offset in _span(*at_of[name]).items()}
    event |= _span(*at_of["trigger"])
    gender = entity["gender"] if entity["entity_type"] == "PERSON" else None
    article |= {"text": text, "blocks": blocks, "entity_count": 2, "quote_count": 1, "event_count": 2, "word_count": 3}
    return {
        "articles": [article],
        "entities": [entity | {"entity_type": "PERSON"}, entity | {"entity_index": 1, "gender": gender}],
        "quotes": [quote],
        "events": [event | {"event_type": "OTHER"}, event | {"event_index": 1}],
    }


def _cluster_row(table: str, at: int) -> dict[str, Any]:
    """Return the row of the second event of an article as an event cluster, or as its only member."""
    article_id = article_id_of(at)
    return _filled(TABLE_SPECS[table].columns, at) | {
        "event_cluster_id": f"{article_id}:1",
        "event_index": 1,
        "revision_id": _filled(TABLE_SPECS["articles"].columns, at)["revision_id"],
    }


def _joined(pieces: dict[str, str]) -> tuple[str, dict[str, tuple[int, int]]]:
    """Return pieces as the paragraphs of one text, and the span of each in it."""
    text, spans = "", {}
    for name, piece in pieces.items():
        spans[name] = (len(text), len(text) + len(piece))
        text += piece + "\n\n"
    return text.removesuffix("\n\n"), spans


def _span(start: int, end: int) -> dict[str, int]:
    return {"start_char": start, "end_char": end}


def _filled(columns: tuple[Column, ...], at: int) -> dict[str, Any]:
    strings = (STRINGS[(at + column * _STEP) % STRING_COUNT] for column in range(len(columns)))
    return {column.name: _value(column, string, at) for column, string in zip(columns, strings, strict=True)}


def _value(column: Column, string: str, at: int) -> Any:
    """Return a hostile string for a text column, else a value of the contract."""
    kind = column.type
    if column.name in _OURS or column.name.endswith("_index"):
        return {"article_id": article_id_of(at), "counts": "{}", "versions": "{}"}.get(column.name, _plain(kind, at))
    if column.values:
        return column.values[at % len(column.values)]
    if column.name == "confidence":
        return 1.0  # pages leave out what is less sure
    if pa.types.is_string(kind):
        return string
    if kind == pa.list_(pa.string()):
        return [string, STRINGS[(STRINGS.index(string) + _NEXT) % STRING_COUNT]]
    records = {"credits": [{"name": string, "kind": "desk"}], "field_methods": [{"field": string, "method": string}]}
    return records.get(column.name) or _plain(kind, at)


def _plain(kind: pa.DataType, at: int) -> Any:
    if pa.types.is_string(kind):
        return f"{at:016x}"
    if pa.types.is_list(kind):
        return []
    if pa.types.is_timestamp(kind):
        return DAY - timedelta(minutes=at)
    return DAY.date() if pa.types.is_date(kind) else False if pa.types.is_boolean(kind) else 0


def columns_of_text() -> Iterator[tuple[str, str]]:
    """Yield table and column of each hostile text column of the lake."""
    for spec in (*ANNOTATION_TABLES, *LOG_TABLES):
        for column in TABLE_SPECS[spec.name].columns:
            is_text = column.type in (pa.string(), pa.list_(pa.string()))
            if is_text and not column.values and column.name not in _OURS:
                yield spec.name, column.name
