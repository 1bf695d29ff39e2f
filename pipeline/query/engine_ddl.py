"""DDL of the lake for other engines: the statements that create its tables and views there.

Columns and types are explicit, not inferred by the engine from the first file: a column that a file lacks is null, and
a table without files is empty, not missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pyarrow.parquet as pq
import sqlglot

from pipeline.errors import ConfigError
from pipeline.lake import committed_files
from pipeline.query.dialects import check_engine, transpile
from pipeline.query.engine_types import TYPE_NAMES, TypeNames
from pipeline.query.views import CLUSTER_VIEWS, TableScan, scan_sql, stored_name, table_dir, table_files
from pipeline.tables import LOG_TABLES, TABLES, TableSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """The statements of one engine.

    ``table_template`` creates a table from files. With ``has_months`` that is ``TABLE_files``, which also has the month
    in the path as a column, and a view leaves the month out. ``view`` creates a view from a query. If ``needs_files``,
    a table without files is a view without rows. ``patterns`` are characters that the engine interprets as wildcards in
    a path.
    """

    table_template: str = ""
    has_months: bool = False
    view: str = "CREATE OR REPLACE VIEW"
    first: tuple[str, ...] = ()
    needs_files: bool = True
    patterns: str = "*?[]{}"
    backslash: bool = False


_ENGINES = {
    "ansi": _Engine(view="CREATE VIEW", needs_files=False),
    "athena": _Engine(
        table_template="""\
DROP TABLE IF EXISTS ${table}_files;
CREATE EXTERNAL TABLE ${table}_files ($columns)
PARTITIONED BY ($month STRING) STORED AS PARQUET LOCATION '$place/'
TBLPROPERTIES ('projection.enabled' = 'true', 'projection.$month.type' = 'date',
  'projection.$month.format' = 'yyyy-MM', 'projection.$month.range' = '1990-01,NOW+1MONTHS',
  'projection.$month.interval' = '1', 'projection.$month.interval.unit' = 'MONTHS',
  'storage.location.template' = '$place/$month=$${$month}/')""",
        has_months=True,
        needs_files=False,
    ),
    "bigquery": _Engine(
        table_template="""\
CREATE OR REPLACE EXTERNAL TABLE ${table}_files ($columns)
WITH PARTITION COLUMNS ($month STRING)
OPTIONS (format = 'PARQUET', enable_list_inference = true, hive_partition_uri_prefix = '$place',
  uris = ['$place/*.parquet'])""",
        has_months=True,
        backslash=True,
    ),
    "clickhouse": _Engine(
        table_template="""\
CREATE OR REPLACE VIEW $name AS
SELECT * FROM file('$place/*/*.parquet', Parquet, '$columns')
SETTINGS use_hive_partitioning = 0""",
        needs_files=False,
        backslash=True,
    ),
    "datafusion": _Engine(
        first=("SET datafusion.execution.time_zone = 'UTC'",),
        table_template="""\
CREATE EXTERNAL TABLE ${table}_files ($columns, $month VARCHAR)
STORED AS PARQUET PARTITIONED BY ($month) LOCATION '$place/'""",
        has_months=True,
        needs_files=False,
    ),
    "duckdb": _Engine(
        first=("SET TimeZone = 'UTC'",),
        table_template="""\
CREATE OR REPLACE VIEW $name AS
SELECT $names
FROM $scan""",
        patterns="",
    ),
    "polars": _Engine(
        table_template="""\
CREATE TABLE $name AS
SELECT * FROM ($empty) AS no_rows
UNION ALL BY NAME
SELECT * FROM ${table}_files""",
        view="CREATE TABLE",
        patterns="",
    ),
    "spark": _Engine(
        first=("SET TIME ZONE 'UTC'",),
        table_template="""\
CREATE OR REPLACE TEMPORARY VIEW ${table}_files ($columns, $month STRING)
USING parquet OPTIONS (path '$place')""",
        has_months=True,
        view="CREATE OR REPLACE TEMPORARY VIEW",
        backslash=True,
    ),
    "trino": _Engine(
        table_template="""\
DROP TABLE IF EXISTS ${table}_files;
CREATE TABLE ${table}_files ($columns, $month VARCHAR)
WITH (format = 'PARQUET', external_location = '$place/', partitioned_by = ARRAY['$month']);
CALL system.sync_partition_metadata('newslake', '${table}_files', 'FULL')""",
        has_months=True,
    ),
}


def views_sql(lake: Path, engine: str = "duckdb", *, location: str | None = None) -> str:
    """Return the statements that open ``lake`` in an engine; each ends with a semicolon.

    ``location`` is where the engine finds the lake, if not in its folder, such as an ``s3://`` URL. In most engines, a
    table without files is an empty view: generate the statements again after its first rows are written.

    Raises: ConfigError for an unknown engine, and for a path with characters that the engine interprets as a pattern.
    """
    check_engine(engine)
    engine_spec = _ENGINES[engine]
    place = _path_literal(location or str(lake.resolve()), engine)
    statements = (*engine_spec.first, *_table_statements(lake, engine, place), *_view_statements(engine))
    return "".join(f"{statement};\n" for statement in statements)


def _table_statements(lake: Path, engine: str, place: str) -> Iterator[str]:
    engine_spec, types = _ENGINES[engine], TYPE_NAMES[engine]
    for spec in TABLES:
        name, empty = stored_name(spec), _empty_select(spec, types)
        if engine_spec.needs_files and not table_files(lake, spec):
            yield f"{engine_spec.view} {name} AS\n{empty}"
            continue
        if not engine_spec.table_template:
            continue
        folder = f"{place}/{table_dir(Path(), spec).as_posix()}"
        scan = TableScan(is_current=_is_current(lake, spec)) if engine == "duckdb" else TableScan()
        yield Template(engine_spec.table_template).substitute(
            name=name,
            table=spec.name,
            columns=", ".join(map(types.column, spec.file_columns)),
            empty=empty,
            month=spec.month_column,
            place=folder,
            names=", ".join(spec.file_schema.names),
            scan=scan_sql(f"{folder}/*/*.parquet", spec, scan),
        )
        if engine_spec.has_months:
            yield f"{engine_spec.view} {name} AS\nSELECT {', '.join(spec.file_schema.names)} FROM {spec.name}_files"


def _is_current(lake: Path, spec: TableSpec) -> bool:
    """Return whether all files of a table have the columns of the contract."""
    committed = None if spec in LOG_TABLES else committed_files(lake)
    if committed is not None:
        return all(file.is_current for file in committed[spec.name])
    return all(pq.read_schema(path).equals(spec.file_schema) for path in table_files(lake, spec))


def _empty_select(spec: TableSpec, types: TypeNames) -> str:
    columns = ((column.name, types.of(column.type)) for column in spec.file_columns)
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns)} LIMIT 0"


def _view_statements(engine: str) -> Iterator[str]:
    """Yield the views that join the cluster columns onto the stored tables."""
    for view in sqlglot.parse(CLUSTER_VIEWS, read="duckdb"):
        if view is not None:
            query = view.expression.sql("duckdb", pretty=True)
            yield f"{_ENGINES[engine].view} {view.this.name} AS\n{transpile(query, engine)}"


def _path_literal(place: str, engine: str) -> str:
    """Return a path, escaped for single quotes. Raises: ConfigError."""
    engine_spec = _ENGINES[engine]
    if engine == "duckdb":
        place = "".join(f"[{each}]" if each in "*?[" else each for each in place)
    elif found := set(place) & set(engine_spec.patterns):
        raise ConfigError(
            f"{place}: {engine} reads {' '.join(sorted(found))} in a path as a wildcard; move or link the lake",
            key=place,
        )
    return place.replace("\\", "\\\\").replace("'", "\\'") if engine_spec.backslash else place.replace("'", "''")
