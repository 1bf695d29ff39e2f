"""A lake with unusual values, and the rows of any lake, read file by file."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from newslake.pipeline.query.views import table_dir, table_files
from newslake.pipeline.tables import TABLES, Column, TableSpec, rows_table

CLOSED, OPEN = (date(1999, 12, 30), date(1999, 12, 31)), (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9))
DAYS = (*CLOSED, *OPEN)  # with gaps
ROWS_A_DAY = 30
NO_FILES = ("revisions",)
# Nullable columns that are missing in some or all files of an older lake.
ADDED = {
    ("articles", "kb_version"): DAYS,
    ("entities", "group_entity_ids"): DAYS,
    ("entities", "qid_confidence"): (*CLOSED, OPEN[0]),
    ("quotes", "co_speakers"): DAYS,
    ("quotes", "speaker_role"): CLOSED,
    ("events", "place_lat"): OPEN[1:],
    ("event_clusters", "planned_cluster_id"): DAYS,
    ("outcomes", "detail"): OPEN[:1],
}
ARTICLE_IDS = tuple(f"{number:032x}" for number in range(len(DAYS) * ROWS_A_DAY))
TEXTS = (
    *("", " ", "plain", "Plain", 'it\'s "quoted"', "back\\slash", "two\nlines\tand a tab", "%_*?[]{}$", "é", "e\u0301"),
    *("😀 𝔘nicode", "مرحبا", "\u2028", "null", "\\N", "12", "A longer text than the others, with a 😀 in it."),
)
# Values of columns that must match for a question to have an answer.
POOLS: Mapping[str, Sequence[Any]] = {
    "dup_group_id": ARTICLE_IDS[:9],
    "entity_id": TEXTS[-4:],
    "entity_name": TEXTS,
    "entity_type": ("PERSON", "PERSON", "ORG"),
    "event_cluster_id": TEXTS[-9:],
    "event_date": (*OPEN, date(2026, 3, 17)),
    "event_date_basis": ("explicit", "coref"),
    "event_date_precision": ("day", "week"),
    "event_type": ("CONSULT", "OTHER"),
    "modality": ("happened", "planned"),
    "outlet_key": TEXTS[:2],
    "person_id": TEXTS[-4:],
    "publisher": TEXTS[:5],
    "quote_cluster_id": TEXTS[-6:],
    "sentence_index": range(2),
    "speaker_entity_id": TEXTS[-4:],
    "word_count": (0, 7, 2**31 - 1),
}
TIMES = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 2, 23, 59, 59, 999999, UTC),
    datetime(2026, 3, 3, tzinfo=UTC),
)
NUMBERS = (0.0, 1.0, 0.1, 1 / 3, 1 / 16, 0.5005, 0.575, -1 / 16, -2.5, 1e-300, 1e300)


def write_odd_lake(lake: Path, *, seed: int = 8, closes: Collection[date] = CLOSED, is_older: bool = False) -> None:
    """Write a lake of unusual rows with the types of the contract.

    Months with days in ``closes`` are closed: one file per table, the others have a file per day. The files of an older
    lake lack columns.
    """
    chance = random.Random(seed)
    for spec in (spec for spec in TABLES if spec.name not in NO_FILES):
        files = defaultdict(list)
        for day in DAYS:
            rows = rows_table(spec, list(_rows(spec, day, chance)))
            days = pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)
            whole = pa.Table.from_arrays([*rows.columns, days], schema=spec.file_schema)
            old = [column for (table, column), older in ADDED.items() if table == spec.name and day in older]
            stem = f"{day:%Y-%m}" if day in closes else f"{day}"
            files[f"{day:%Y-%m}", stem].append(whole.drop_columns(old if is_older else []))
        for (month, stem), parts in files.items():
            path = table_dir(lake, spec) / f"{spec.month_column}={month}" / f"{stem}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.concat_tables(parts), path, row_group_size=ROWS_A_DAY)


def _rows(spec: TableSpec, day: date, chance: random.Random) -> Iterator[dict[str, Any]]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    for number in range(ROWS_A_DAY):
        row = {column.name: _value(column, chance) for column in spec.columns}
        serial = DAYS.index(day) * ROWS_A_DAY + number
        row |= {name: serial for name in row if name in ("entity_index", "quote_index", "event_index")}
        row |= _keys(spec, serial)
        if row.get("published_at"):
            row["published_at"] = noon + timedelta(microseconds=chance.randrange(-(10**10), 10**10))
        for start, end in ((f"{part}start_char", f"{part}end_char") for part in ("", "sentence_", "speaker_")):
            if row.get(start) is not None and row.get(end) is not None:
                row[end] = row[start] + chance.randrange(9)
        yield row


def _keys(spec: TableSpec, serial: int) -> dict[str, str]:
    """Return the keys of a row in its table and of its article."""
    if "article_id" not in spec.schema.names:
        return {}
    has_own = spec.name in ("articles", "near_duplicates", "person_links")  # so that their keys are unique
    article = ARTICLE_IDS[serial if has_own else serial * 7 % 40]
    keys = {"article_id": article, "revision_id": article[-16:]}
    return keys | {"event_cluster_id": f"cluster {serial}"} if spec.name == "event_clusters" else keys


def _value(column: Column, chance: random.Random) -> Any:
    if column.nullable and chance.random() < 0.3:
        return None
    if pool := POOLS.get(column.name, column.values):
        return chance.choice(pool)
    return _of_type(column.type, chance)


def _of_type(kind: pa.DataType, chance: random.Random) -> Any:
    if pa.types.is_list(kind):
        return [_of_type(kind.value_type, chance) for _ in range(chance.randrange(4))]
    if pa.types.is_struct(kind):
        return {field.name: _of_type(field.type, chance) for field in kind}
    pools = {
        pa.string(): TEXTS,
        pa.int32(): range(9),
        pa.float64(): NUMBERS,
        pa.bool_(): (True, False),
        pa.date32(): (date(1970, 1, 1), *DAYS),
    }
    return chance.choice(TIMES if pa.types.is_timestamp(kind) else pools[kind])


def stored_rows(lake: Path, spec: TableSpec) -> list[Mapping[str, Any]]:
    """Return a table's rows, read file by file: a missing column is null."""
    rows: list[Mapping[str, Any]] = []
    for path in table_files(lake, spec):
        blank = dict.fromkeys(spec.file_schema.names)
        rows += [blank | row for row in pq.ParquetFile(path).read().to_pylist()]
    return rows
