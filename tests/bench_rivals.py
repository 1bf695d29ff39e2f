"""The same four tables in Delta and in Iceberg, for `make bench-lake`."""

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, In

from tests.made_days import DayTables


class DeltaTables:
    """The four tables in Delta, partitioned by day; a batch replaces its articles' rows, with one commit per table."""

    def __init__(self, root: Path, day: DayTables) -> None:
        self._root = root
        for name, table in day.tables.items():
            write_deltalake(str(root / name), _with_day(table, day), partition_by=["published_date"])

    def put(self, batch: DayTables) -> None:
        day = batch.keys["published_date"][0].as_py()
        ids = ", ".join(f"'{each}'" for each in batch.keys["article_id"].to_pylist())
        predicate = f"published_date = '{day.isoformat()}' AND article_id IN ({ids})"
        for name, table in batch.tables.items():
            rows = _with_day(table, batch)
            write_deltalake(DeltaTable(str(self._root / name)), rows, mode="overwrite", predicate=predicate)


class IcebergTables:
    """The four tables in Iceberg with a catalog in SQLite, otherwise as in Delta."""

    def __init__(self, root: Path, day: DayTables) -> None:
        root.mkdir(parents=True)
        catalog = SqlCatalog("lake", uri=f"sqlite:///{root}/catalog.db", warehouse=f"file://{root}")
        catalog.create_namespace("news")
        self._tables = {}
        for name, rows in day.tables.items():
            dated = _plain(_with_day(rows, day))
            table = catalog.create_table(f"news.{name}", schema=dated.schema)
            with table.update_spec() as spec:
                spec.add_identity("published_date")
            table.append(dated)
            self._tables[name] = table

    def put(self, batch: DayTables) -> None:
        ids = batch.keys["article_id"].to_pylist()
        day = batch.keys["published_date"][0].as_py()
        theirs = And(EqualTo("published_date", day.isoformat()), In("article_id", ids))
        for name, table in batch.tables.items():
            self._tables[name].overwrite(_plain(_with_day(table, batch)), overwrite_filter=theirs)


def _with_day(table: pa.Table, made: DayTables) -> pa.Table:
    day = made.keys["published_date"][0]
    return table.append_column("published_date", pa.array([day.as_py()] * table.num_rows, pa.date32()))


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with only nullable columns: Iceberg refuses to add required columns without a default."""
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))
