"""A small lake of real Parquet files: three articles, one of them a duplicate, and the outcomes of five pages."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.query.views import table_dir
from newslake.pipeline.tables import TABLE_SPECS, TABLES, Column, TableSpec, rows_table
from newslake.pipeline.tables.spec import Row

WriteRows = Callable[[str, date, list[Row]], Path]
_NEWS = "It reopened. More follows."
DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)


def _empty_value(column: Column) -> object:
    if column.nullable:
        return None
    if column.values:
        return column.values[0]
    if pa.types.is_list(column.type):
        return []
    return {pa.string(): "", pa.bool_(): False, pa.int32(): 0, pa.float64(): 1.0}.get(column.type)


def public_file(lake: Path, spec: TableSpec, day: date) -> Path:
    """Return the file of a day of an open month."""
    return table_dir(lake, spec) / f"{spec.month_column}={day:%Y-%m}" / f"{day}.parquet"


def close_month(lake: Path, month: str) -> None:
    """Replace the files of the days of a month by one file per table."""
    for spec in TABLES:
        folder = table_dir(lake, spec) / f"{spec.month_column}={month}"
        if paths := sorted(folder.glob("*.parquet")):
            whole = pa.concat_tables([pq.ParquetFile(path).read() for path in paths])
            for path in paths:
                path.unlink()
            pq.write_table(whole, folder / f"{month}.parquet")


def _at(hour: int, *, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    """Write rows of one table and day into the lake; missing columns are empty."""

    def write(table: str, day: date, rows: list[Row]) -> Path:
        spec = TABLE_SPECS[table]
        filled = [{column.name: row.get(column.name, _empty_value(column)) for column in spec.columns} for row in rows]
        whole = rows_table(spec, filled)
        days = pa.repeat(pa.scalar(day, pa.date32()), whole.num_rows)
        path = public_file(tmp_path / "lake", spec, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_arrays([*whole.columns, days], schema=spec.file_schema), path)
        return tmp_path / "lake"

    return write


def _article(letter: str, publisher: str, published_at: datetime, **columns: object) -> Row:
    ids = {"article_id": letter * 32, "revision_id": letter * 16, "published_at": published_at}
    return {**ids, "publisher": publisher, "fetched_at": published_at, "url": f"https://{letter}.example/1", **columns}


def _child(article: Row, **columns: object) -> Row:
    return {**{key: article[key] for key in ("article_id", "revision_id", "published_at")}, **columns}


def _outcome(url: str, kind: str, hour: int, **columns: object) -> Row:
    fixed: Row = {"run_id": f"run-{hour}", "source_key": "harbour", "news_day": DAY, "stage": "clean"}
    return {**fixed, "url": url, "outcome": kind, "decided_at": _at(hour), **columns}


@pytest.fixture
def small_lake(write_rows: WriteRows) -> Path:
    """The harbour story in the Echo, its duplicate in the Post 2 hours later, an unrelated Post story the next day."""
    first = _article("a", "Echo", _at(8), wire_agency="Northwire", title="Harbour reopens", section="Local", text=_NEWS)
    copy = _article("b", "Post", _at(10), wire_agency="Northwire", title="Harbour reopens", section="Local", text=_NEWS)
    other = _article("c", "Post", _at(9, day=NEXT_DAY), title="Bridge talks", section="Local", text="Talks planned")
    write_rows("articles", DAY, [first, copy])
    write_rows("articles", NEXT_DAY, [other])
    group = {"dup_group_id": "a" * 32, "method": "exact", "similarity": 1.0}
    write_rows("near_duplicates", DAY, [_child(first, **group), _child(copy, is_duplicate=True, **group)])
    _write_quotes(write_rows, first, copy, other)
    _write_entities(write_rows, first, copy, other)
    _write_events(write_rows, first, copy, other)
    _write_history(write_rows, first)
    return write_rows(
        "outcomes",
        DAY,
        [
            # A feed that was unavailable at 7:00 and read at 8:00 is not pending.
            _outcome("https://a.example/feed", "pending", 7, reason="timeout", stage="discover"),
            _outcome("https://a.example/1", "kept", 8),
            _outcome("https://a.example/1", "unchanged", 9),
            _outcome("https://a.example/2", "rejected", 8, reason="video_page", detail="a player and no text"),
            _outcome("https://a.example/2", "unchanged", 9, reason="not_modified"),
            _outcome("https://a.example/3", "quarantined", 8, reason="undecodable", detail="no text comes out"),
            _outcome("https://a.example/4", "pending", 8, reason="status_503"),
            _outcome("https://a.example/4", "rejected", 9, reason="video_page", detail="only a player"),
            _outcome("https://a.example/5", "pending", 9, reason="status_503"),
        ],
    )


def _write_quotes(write_rows: WriteRows, first: Row, copy: Row, other: Row) -> None:
    okoro: Row = {
        "quote_text": "“The quay is open.”",
        "word_count": 4,
        "cue_text": "said",
        "cue_stance": "neutral",
        "speaker_name": "Ada Okoro",
        "speaker_entity_id": "e-okoro",
        "speaker_kind": "person",
        "speaker_gender": "F",
    }
    unnamed: Row = {"quote_index": 1, "word_count": 9, "speaker_kind": "unnamed"}
    lindt: Row = {
        "quote_text": "“No deal yet.”",
        "word_count": 3,
        "cue_text": "claimed",
        "cue_stance": "distance",
        "speaker_name": "Per Lindt",
        "speaker_entity_id": "e-lindt",
        "speaker_kind": "person",
        "speaker_gender": "U",
    }
    write_rows("quotes", DAY, [_child(first, **okoro), _child(first, **unnamed), _child(copy, **okoro)])
    write_rows("quotes", NEXT_DAY, [_child(other, **lindt)])
    groups = [
        _child(article, quote_index=index, quote_cluster_id=f"{'a' * 32}:{index}")
        for article, index in ((first, 0), (first, 1), (copy, 0))
    ]
    write_rows("quote_clusters", DAY, groups)


def _write_entities(write_rows: WriteRows, first: Row, copy: Row, other: Row) -> None:
    okoro: Row = {"entity_type": "PERSON", "entity_id": "e-okoro", "entity_name": "Ada Okoro"}
    lindt: Row = {"entity_type": "PERSON", "entity_id": "e-lindt", "entity_name": "Per Lindt", "entity_index": 1}
    day = [_child(article, **entity) for article in (first, copy) for entity in (okoro, lindt)]
    write_rows("entities", DAY, day)
    write_rows("entities", NEXT_DAY, [_child(other, **okoro, sentence_index=1), _child(other, **lindt)])


def _write_history(write_rows: WriteRows, first: Row) -> None:
    """The first story had one more quote in a revision an hour earlier; its two people are its day's only pair."""
    now = _child(first, fetched_at=_at(8), sentences_removed=2, quotes_removed=1)
    write_rows("revisions", DAY, [{**_child(first, fetched_at=_at(7)), "revision_id": "0" * 16}, now])
    names: Row = {"entity_name": "Per Lindt", "other_entity_name": "Ada Okoro", "article_count": 1}
    write_rows("co_mentions", DAY, [{"entity_id": "e-lindt", "other_entity_id": "e-okoro", **names}])


def _write_events(write_rows: WriteRows, first: Row, copy: Row, other: Row) -> None:
    opened: Row = {
        "event_type": "OTHER",
        "event_date": date(2026, 3, 1),
        "event_date_basis": "relative",
        "actor_name": "Harbour Board",
        "trigger_text": "reopened",
        "is_main": True,
        "confidence": 0.8,
    }
    meet: Row = {
        "event_type": "CONSULT",
        "modality": "planned",
        "event_date": date(2026, 3, 9),
        "event_date_basis": "explicit",
        "actors": ["Ada Okoro", "Per Lindt"],
        "trigger_text": "meet",
        "is_main": True,
        "confidence": 0.8,
    }
    again: Row = {**meet, "event_index": 1, "coref_event_index": 0, "trigger_text": "meeting"}
    write_rows("events", DAY, [_child(first, **opened), _child(copy, **opened)])
    write_rows("events", NEXT_DAY, [_child(other, **meet), _child(other, **again)])
    _write_clusters(write_rows, first, copy, other)


def _write_clusters(write_rows: WriteRows, first: Row, copy: Row, other: Row) -> None:
    """Two articles report the reopening, one the talks; two countries interacted three times."""
    opened, talks = f"{'a' * 32}:0", f"{'c' * 32}:0"
    write_rows("event_cluster_members", DAY, [_child(each, event_cluster_id=opened) for each in (first, copy)])
    write_rows(
        "event_cluster_members", NEXT_DAY, [_child(other, event_index=at, event_cluster_id=talks) for at in (0, 1)]
    )
    happened: Row = {
        **{name: first[name] for name in ("article_id", "revision_id")},
        "event_cluster_id": opened,
        "event_type": "OTHER",
        "event_date": date(2026, 3, 1),
        "actors": ["Harbour Board"],
        "report_count": 2,
        "independent_count": 1,
        "is_main": True,
        "confidence": 0.8,
        "sentence_end_char": 12,
    }
    deal: Row = {**happened, "quad_class": 1, "actor_country": "PRT", "recipient_country": "MAR", "event_date": None}
    deals = [
        {**deal, "event_cluster_id": f"{'b' * 32}:{number}", "quad_class": quad}
        for number, quad in enumerate((1, 1, 4))
    ]
    write_rows("event_clusters", DAY, [happened, *deals])
    planned: Row = {
        **{name: other[name] for name in ("article_id", "revision_id")},
        "event_cluster_id": talks,
        "event_type": "CONSULT",
        "modality": "planned",
        "event_date": date(2026, 3, 9),
        "actors": ["Ada Okoro", "Per Lindt"],
        "report_count": 1,
        "independent_count": 1,
        "is_main": True,
        "confidence": 0.8,
        "sentence_end_char": 13,
    }
    write_rows("event_clusters", NEXT_DAY, [planned])
