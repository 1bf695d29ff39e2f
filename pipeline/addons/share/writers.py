"""Writers of Parquet, CSV and SQLite, by day, with only a few days in memory."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from newslake.pipeline.query.result_files import disarm_formulas
from newslake.pipeline.sqlite import Database
from newslake.pipeline.tables import SCHEMA_VERSION, TableSpec

_ROW_GROUP = 122_880
_BUFFER_BYTES = 16_000_000
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The file of a table, and its properties in a Data Package."""

    name: str
    form: Mapping[str, object]


class Writer(Protocol):
    """Writes tables with the columns of their specs, by day. ``close`` finishes all files."""

    def file_of(self, spec: TableSpec) -> ExportFile: ...
    def write(self, spec: TableSpec, rows: pa.Table) -> None: ...
    def close(self) -> None: ...


class ParquetWriter:
    """One Parquet file per table, in row groups of several days."""

    def __init__(self, folder: Path, specs: Iterable[TableSpec]) -> None:
        self._open = ExitStack()
        self._waiting: dict[str, list[pa.Table]] = {}
        self._writers = {}
        for spec in specs:
            stated = spec.schema.with_metadata(
                {"schema_version": str(SCHEMA_VERSION), "table": spec.name, "about": spec.about}
            )
            writer = pq.ParquetWriter(folder / self.file_of(spec).name, stated, compression="zstd", compression_level=3)
            self._writers[spec.name] = self._open.enter_context(writer)
            self._waiting[spec.name] = []

    def file_of(self, spec: TableSpec) -> ExportFile:
        return ExportFile(f"{spec.name}.parquet", {"format": "parquet", "mediatype": "application/vnd.apache.parquet"})

    def write(self, spec: TableSpec, rows: pa.Table) -> None:
        waiting = self._waiting[spec.name]
        waiting.append(rows)
        if sum(t.num_rows for t in waiting) >= _ROW_GROUP or sum(t.nbytes for t in waiting) >= _BUFFER_BYTES:
            self._flush(spec.name)

    def _flush(self, name: str) -> None:
        if self._waiting[name]:
            writer, rows = self._writers[name], pa.concat_tables(self._waiting[name])
            writer.write_table(rows.cast(writer.schema), row_group_size=_ROW_GROUP)
            self._waiting[name] = []

    def close(self) -> None:
        for name in self._waiting:
            self._flush(name)
        self._open.close()


class CsvWriter:
    """One CSV file per table, UTF-8, optionally with a byte order mark for Excel.

    A null is an empty cell, a list is JSON, a time is ISO 8601. Text that begins like a formula gets an apostrophe.
    """

    def __init__(self, folder: Path, specs: Iterable[TableSpec], *, has_bom: bool) -> None:
        self._open = ExitStack()
        self._has_bom = has_bom
        self._writers = {}
        for spec in specs:
            file = self._open.enter_context((folder / self.file_of(spec).name).open("wb"))
            file.write(b"\xef\xbb\xbf" if has_bom else b"")
            schema = pa.schema([(column.name, _cell_type(column.type)) for column in spec.columns])
            self._writers[spec.name] = self._open.enter_context(pyarrow.csv.CSVWriter(file, schema))

    def file_of(self, spec: TableSpec) -> ExportFile:
        encoding = "utf-8-sig" if self._has_bom else "utf-8"
        return ExportFile(f"{spec.name}.csv", {"format": "csv", "mediatype": "text/csv", "encoding": encoding})

    def write(self, spec: TableSpec, rows: pa.Table) -> None:
        cells = [_cells(rows[column.name]) for column in spec.columns]
        self._writers[spec.name].write_table(pa.table(cells, names=[column.name for column in spec.columns]))

    def close(self) -> None:
        self._open.close()


def _cell_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_nested(kind) or pa.types.is_timestamp(kind) else kind


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return disarm_formulas(column)
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format=_TIME)
    return _as_json(column) if pa.types.is_nested(column.type) else column


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = (None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist())
    return pa.chunked_array([pa.array(texts, pa.string())])


class SqliteWriter:
    """One SQLite database: the tables with keys and indexes, and column descriptions in ``columns_explained``."""

    FILE = "newslake.sqlite"

    def __init__(self, folder: Path, specs: Iterable[TableSpec]) -> None:
        self._specs = tuple(specs)
        self._db = Database(folder / self.FILE, autocommit=False)
        for spec in self._specs:
            columns = (f'"{c.name}" {_sqlite_type(c.type)}{"" if c.nullable else " NOT NULL"}' for c in spec.columns)
            self._db.execute(f'CREATE TABLE "{spec.name}" ({", ".join(columns)}, PRIMARY KEY ({", ".join(spec.key)}))')
        self._db.execute(
            "CREATE TABLE columns_explained (table_name TEXT, column_name TEXT, about TEXT, "
            "PRIMARY KEY (table_name, column_name))"
        )
        descriptions = [(spec.name, column.name, column.about) for spec in self._specs for column in spec.columns]
        self._db.executemany("INSERT INTO columns_explained VALUES (?, ?, ?)", descriptions)

    def file_of(self, spec: TableSpec) -> ExportFile:
        mediatype = "application/vnd.sqlite3"
        return ExportFile(self.FILE, {"format": "sqlite", "mediatype": mediatype, "dialect": {"table": spec.name}})

    def write(self, spec: TableSpec, rows: pa.Table) -> None:
        values = (_sqlite_values(rows[column.name]) for column in spec.columns)
        marks = ", ".join("?" * len(spec.columns))
        statement = f'INSERT INTO "{spec.name}" VALUES ({marks})'  # noqa: S608 - our own names
        self._db.executemany(statement, zip(*values, strict=True))
        self._db.commit()

    def close(self) -> None:
        for spec in self._specs:
            for columns in _indexed_columns(spec):
                name = "_".join((spec.name, *columns))
                self._db.execute(f'CREATE INDEX "{name}" ON "{spec.name}" ({", ".join(columns)})')
        self._db.commit()
        self._db.close()


_SEARCHED = (
    *("dup_group_id", "quote_cluster_id", "event_cluster_id"),
    *("entity_id", "speaker_entity_id", "person_id", "speaker_person_id"),
)


def _indexed_columns(spec: TableSpec) -> Iterator[tuple[str, ...]]:
    """Yield the columns by which a table is joined and searched."""
    names = {column.name for column in spec.columns}
    if {"article_id", "revision_id"} <= names:
        yield ("article_id", "revision_id")
    for name in _SEARCHED:
        if name in names and (name,) != spec.key:
            yield (name,)
    if "published_date" in names:
        yield ("published_date",)


def _sqlite_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _sqlite_values(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_nested(column.type):
        column = _as_json(column)
    elif pa.types.is_timestamp(column.type):
        column = pc.strftime(column, format=_TIME)
    elif pa.types.is_date(column.type):
        column = column.cast(pa.string())
    return list(column.to_pylist())
