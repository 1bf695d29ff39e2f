"""Readers that are independent of concurrent writers: any engine on the plain folder, and two strict readers."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.tables import CLUSTER_TABLES, table_named
from tests.faults.lake.newsdesk import ALL_DAYS, ARTICLES, open_lake
from tests.faults.lake.promises import READING, Version, misfits, versions_of

_HIVE = "hive_partitioning = true, hive_types = {'published_date': DATE}"
_TABLES = (*READING, "near_duplicates")


@dataclass
class Observation:
    """The observations of a reader. ``versions`` are of plain results, ``errors`` were raised, ``faults`` are silent.

    ``between`` counts reads across days with a moving article on two days, or on no day.
    """

    engine: str
    reads: int = 0
    versions: set[Version] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    between: Counter[str] = field(default_factory=Counter)

    def look_at(self, rows: pa.Table, table: str) -> None:
        """Store the versions of a result; it must have rows for every day except the last."""
        found = versions_of(rows, table)
        self.versions |= found
        missing = {day.isoformat() for day in ALL_DAYS[:-1]} - {day for _, day, _ in found}
        if missing and table in READING:
            self.faults.append(f"{table} without {sorted(missing)}")
        if table == "articles":
            distinct = len(set(rows["article_id"].to_pylist()))
            self.between["twice"] += rows.num_rows > distinct
            self.between["nowhere"] += distinct < ARTICLES


def duckdb_plain(root: Path) -> Callable[[Observation], None]:
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    database.execute("SET TimeZone = 'UTC'")

    def read(seen: Observation) -> None:
        for table in _TABLES:
            files = f"{root}/tables/{table}/*/*.parquet"
            rows = database.sql(f"SELECT * FROM read_parquet('{files}', {_HIVE})").to_arrow_table()
            seen.look_at(rows, table)

    return read


def polars_plain(root: Path) -> Callable[[Observation], None]:
    import polars
    from polars.exceptions import PanicException

    def read(seen: Observation) -> None:
        for table in _TABLES:
            try:
                rows = polars.read_parquet(f"{root}/tables/{table}/*/*.parquet", hive_partitioning=True)
            except PanicException as error:  # raised, but not an Exception
                raise RuntimeError(f"panic: {error}") from error
            seen.look_at(rows.to_arrow(), table)

    return read


def pyarrow_plain(root: Path) -> Callable[[Observation], None]:
    by_day = ds.partitioning(pa.schema([("published_date", pa.date32())]), flavor="hive")

    def read(seen: Observation) -> None:
        for table in _TABLES:
            rows = ds.dataset(root / "tables" / table, format="parquet", partitioning=by_day).to_table()
            seen.look_at(rows, table)

    return read


def lake_strict(root: Path) -> Callable[[Observation], None]:
    lake = open_lake(root)

    def read(seen: Observation) -> None:
        for table in _TABLES:
            names = [*table_named(table).schema.names, "published_date"]
            seen.look_at(lake.read(table, columns=names), table)

    return read


def duckdb_strict(root: Path) -> Callable[[Observation], None]:
    """Read all tables of one snapshot, only in SQL: the manifests first, then their objects."""
    import duckdb

    names = (*READING, *(spec.name for spec in CLUSTER_TABLES))
    words = f"STRUCT({', '.join(f'{name} VARCHAR' for name in names)})"
    database = duckdb.connect(config={"threads": 1})
    database.execute("SET TimeZone = 'UTC'")

    def read(seen: Observation) -> None:
        columns = f"{{'files': '{words}', 'sha256': '{words}'}}"
        manifests = f"read_json('{root}/_state/manifest/*.json', columns = {columns}, filename = true)"
        database.execute(f"CREATE OR REPLACE TEMP TABLE manifests AS SELECT * FROM {manifests}")
        tables = {}
        for table in READING:
            listed = f"list('{root}/_state/' || files.{table}) FILTER (files.{table} IS NOT NULL)"
            database.execute(f"SET VARIABLE objects = (SELECT {listed} FROM manifests)")
            query = f"SELECT * FROM read_parquet(getvariable('objects'), {_HIVE})"
            tables[table] = database.sql(query).to_arrow_table()
            checksums = (
                f"SELECT parse_filename(filename, true), sha256.{table} FROM manifests WHERE files.{table} IS NOT NULL"
            )
            expected = {(table, *row) for row in database.execute(checksums).fetchall()}
            if versions_of(tables[table], table) != expected:
                seen.faults.append(f"{table} does not match the manifests")
        bad = misfits(tables)
        if bad:
            seen.faults.append(f"{bad} children do not match their articles")
        seen.look_at(tables["articles"], "articles")

    return read


PLAIN = {"DuckDB": duckdb_plain, "Polars": polars_plain, "pyarrow": pyarrow_plain}
STRICT = {"Lake.read": lake_strict, "DuckDB, manifests": duckdb_strict}


def read_on(root: Path, engine: str, stop: Any) -> Observation:
    """Read repeatedly until ``stop`` is set; return the observations."""
    seen = Observation(engine)
    read = (PLAIN | STRICT)[engine](root)
    while not stop.is_set():
        began = time.monotonic()
        try:
            read(seen)
        except Exception as error:  # noqa: BLE001 - each engine has its own error classes; all are counted
            seen.errors[f"{type(error).__name__}: {str(error)[:160]}"] += 1
        seen.reads += 1
        time.sleep(time.monotonic() - began)  # leaves time for the writers, which are tested
    return seen
