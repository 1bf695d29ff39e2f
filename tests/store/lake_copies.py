"""A copy of a local lake in shared tables, for readers: the same rows in all tables, log tables included."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.lake import Lake
from newslake.pipeline.query.views import table_files
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.table_files import ReadPlaces, SharedFiles
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.tables import TABLE_SPECS, TableSpec
from tests.unit.lake.rows import NOON


def copy_lake(lake: Lake, tables: SharedTables) -> None:
    """Copy the rows of all tables of a lake in one commit, and each log table as one batch."""
    with tables.hold() as committer:
        committer.replace(lambda heads: {name: _days(lake, name) for name in LAKE_NAMES})
    for name in LOG_NAMES:
        rows = lake.log.read(name)
        if rows.num_rows:
            tables.log.append(name, f"copy-{name}", rows)


def copy_files(lake: Path, tables: SharedTables) -> None:
    """Copy the rows in the Parquet files of a lake that no job wrote, in one commit, without log tables."""
    with tables.hold() as committer:
        committer.replace(lambda heads: {name: _days_in_files(lake, name) for name in LAKE_NAMES})


def _days(lake: Lake, name: str) -> dict[date, pa.Table]:
    """Return the rows of a table by day, without the day."""
    spec = TABLE_SPECS[name]
    return _by_day(lake.read(name, columns=spec.file_schema.names), spec)


def _days_in_files(lake: Path, name: str) -> dict[date, pa.Table]:
    spec = TABLE_SPECS[name]
    parts = [pq.ParquetFile(path).read() for path in table_files(lake, spec)]
    return _by_day(pa.concat_tables([spec.file_schema.empty_table(), *parts]), spec)


def _by_day(rows: pa.Table, spec: TableSpec) -> dict[date, pa.Table]:
    days = pc.unique(rows[spec.day_column]).to_pylist()
    names = spec.schema.names
    return {day: rows.filter(pc.equal(rows[spec.day_column], day)).select(names) for day in days}


def files_of_tables(tables: SharedTables) -> SharedFiles:
    """Return the files of shared tables, as a new process opens them."""
    places = tables.places
    opened = ReadPlaces(places.catalog, places.warehouse.objects, places.warehouse.url)
    return SharedFiles(lambda: opened, places.namespace)


def open_lake(folder: Path) -> Lake:
    """Return the lake in a data folder."""
    return Lake(folder / "lake", durability="process", now=lambda: NOON)
