"""Readers that are independent of concurrent writers: any engine on the plain folder, and strict readers."""

import glob
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from newslake.pipeline.tables import TABLE_SPECS
from tests.faults.lake.newsdesk import STEADY_DAYS
from tests.faults.lake.promises import READING, Version, read_at_one_head, strict_faults, versions_of

_TABLES = (*READING, "near_duplicates")


@dataclass
class Observation:
    """The observations of a reader. ``versions`` are of its results, ``errors`` were raised, ``faults`` are silent.

    ``between`` counts reads of a plain reader with a moving article on two days, or on no day.
    """

    engine: str
    reads: int = 0
    versions: set[Version] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    between: Counter[str] = field(default_factory=Counter)

    def look_at(self, rows: pa.Table, table: str) -> None:
        """Store the versions of a result; it must have rows for the days that always have some."""
        found = versions_of(rows, table)
        self.versions |= found
        missing = {day.isoformat() for day in STEADY_DAYS} - {day for _, day, _ in found}
        if missing and table in READING:
            self.faults.append(f"{table} without {sorted(missing)}")


Read = Callable[[Observation], None]


def plain(root: Path, query: Callable[[str], pa.Table]) -> Read:
    """Return the reader of an engine; ``query`` returns the rows in a folder."""

    def read(seen: Observation) -> None:
        for table in _TABLES:
            rows = query(f"{root}/tables/{table}")
            seen.look_at(rows, table)
            if table == "articles":
                distinct = len(set(rows["article_id"].to_pylist()))
                seen.between["twice"] += rows.num_rows > distinct

    return read


def duckdb_plain(root: Path) -> Read:
    database = open_duckdb()
    return plain(root, lambda folder: database.read_parquet(_files(folder)).to_arrow_table())


def open_duckdb() -> Any:
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    database.execute("SET TimeZone = 'UTC'")
    return database


def chdb_plain(root: Path) -> Read:
    import chdb

    settings = "output_format_arrow_string_as_string = 1, session_timezone = 'UTC', max_threads = 1"

    def query(folder: str) -> pa.Table:
        schema = TABLE_SPECS[Path(folder).name].file_schema
        parts = (f"SELECT {', '.join(schema.names)} FROM file('{file}', Parquet)" for file in _files(folder))
        rows = f"SELECT * FROM ({' UNION ALL '.join(parts)}) SETTINGS {settings}"
        found = pa.ipc.open_file(pa.BufferReader(chdb.query(rows, "Arrow").bytes())).read_all()
        return pa.table({field.name: _without_empty_lists(found[field.name], field) for field in schema})

    return plain(root, query)


def _without_empty_lists(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """Return a column with null for each empty list: ClickHouse has no null of a list."""
    if not (pa.types.is_list(field.type) and field.nullable):
        return column
    whole = column.combine_chunks()
    empty = pc.equal(pc.list_value_length(whole), 0).to_numpy(zero_copy_only=False)
    return pa.chunked_array([whole.take(pa.array(range(len(whole)), pa.int64(), mask=empty))])


def polars_plain(root: Path) -> Read:
    import polars
    from polars.exceptions import PanicException

    def query(folder: str) -> pa.Table:
        try:
            return polars.read_parquet(f"{folder}/*/*.parquet").to_arrow()
        except PanicException as error:  # raised, but not an Exception
            raise RuntimeError(f"panic: {error}") from error

    return plain(root, query)


def datafusion_plain(root: Path) -> Read:
    from datafusion import SessionConfig, SessionContext

    def query(folder: str) -> pa.Table:
        context = SessionContext(SessionConfig().with_target_partitions(1))
        context.register_dataset("rows", ds.dataset(_files(folder)))
        return context.sql("SELECT * FROM rows").to_arrow_table()

    return plain(root, query)


def pyarrow_plain(root: Path) -> Read:
    return plain(root, lambda folder: ds.dataset(_files(folder), format="parquet").to_table())


def _files(folder: str) -> list[str]:
    """Return the files of a table, as engines.md does: many engines, which list a folder by themselves, omit files
    that are replaced meanwhile; ``tests/engines/test_exchanges.py`` tests that."""
    return sorted(glob.glob(f"{folder}/*/*.parquet"))


def pandas_plain(root: Path) -> Read:
    import pandas

    def query(folder: str) -> pa.Table:
        rows = pandas.read_parquet(_files(folder), partitioning=None, dtype_backend="pyarrow")
        return pa.Table.from_pandas(rows[TABLE_SPECS[Path(folder).name].file_schema.names], preserve_index=False)

    return plain(root, query)


def lake_strict(root: Path) -> Read:
    def read(seen: Observation) -> None:
        tables = read_at_one_head(root)
        seen.faults += strict_faults(tables)
        for table, rows in tables.items():
            seen.look_at(rows, table)

    return read


_HEAD = "read_json('{root}/_state/head.json', columns = {{'months': 'MAP(VARCHAR, VARCHAR)'}})"
_FILE = "STRUCT(object VARCHAR)"
_MANIFEST = {
    "days": "MAP(DATE, STRUCT(digests MAP(VARCHAR, VARCHAR)))",
    "files": f"MAP(VARCHAR, MAP(VARCHAR, {_FILE}))",
}


def duckdb_strict(root: Path) -> Read:
    """Read all tables at one head, only in SQL: the head, the manifests that it names, then their data files."""
    database = open_duckdb()

    def variable(name: str, query: str) -> None:
        database.execute(f"SET VARIABLE {name} = (SELECT list('{root}/_state/' || each) FROM ({query}))")

    def read(seen: Observation) -> None:
        variable("manifests", f"SELECT unnest(map_values(months)) AS each FROM {_HEAD.format(root=root)}")
        query = f"SELECT * FROM read_json(getvariable('manifests'), columns = {_MANIFEST})"
        database.execute(f"CREATE OR REPLACE TEMP TABLE manifests AS {query}")
        tables = {}
        for table in READING:
            files = f"SELECT unnest(map_values(files['{table}'])) AS file FROM manifests"
            variable("objects", f"SELECT file.object AS each FROM ({files})")
            rows = database.sql("SELECT * FROM read_parquet(getvariable('objects'))").to_arrow_table()
            tables[table] = rows
            seen.look_at(rows, table)
            days = "SELECT unnest(map_entries(days)) AS day FROM manifests"
            stated = f"SELECT day.key::VARCHAR, day.value.digests['{table}'] AS digest FROM ({days})"
            expected = set(database.execute(f"{stated} WHERE digest IS NOT NULL").fetchall())
            if {(day, digest[:16]) for _, day, digest in versions_of(rows, table)} != expected:
                seen.faults.append(f"{table} does not match the manifests")
        seen.faults += strict_faults(tables)

    return read


PLAIN: dict[str, Callable[[Path], Read]] = {
    "DuckDB": duckdb_plain,
    "Polars": polars_plain,
    "pyarrow": pyarrow_plain,
    "chDB": chdb_plain,
    "DataFusion": datafusion_plain,
    "pandas": pandas_plain,
}
STRICT: dict[str, Callable[[Path], Read]] = {
    "Lake.partitions": lake_strict,
    "DuckDB, head and manifests": duckdb_strict,
}


def read_on(root: Path, engine: str, stop: Any, least: int = 1) -> Observation:
    """Read repeatedly until ``stop`` is set, at least some times; return the observations."""
    seen = Observation(engine)
    read = (PLAIN | STRICT)[engine](root)
    while not stop.is_set() or seen.reads < least:
        began = time.monotonic()
        try:
            read(seen)
        except Exception as error:  # noqa: BLE001 - each engine has its own error classes; all are counted
            seen.errors[f"{type(error).__name__}: {str(error)[:160]}"] += 1
        seen.reads += 1
        time.sleep(time.monotonic() - began)  # leaves time for the writers, which are tested
    return seen
