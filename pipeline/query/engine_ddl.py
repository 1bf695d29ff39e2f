"""DDL of the lake for other engines: the statements that create its tables and views there.

Columns and types are explicit, not inferred by the engine from the first file: a column that a file lacks is null, and
a table without files is empty, not missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pyarrow as pa
import sqlglot

from pipeline.errors import ConfigError
from pipeline.query.dialects import check_engine, transpile
from pipeline.query.views import CLUSTER_VIEWS, stored_name, table_dir, table_files
from pipeline.tables import TABLES, Column, TableSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeNames:
    """Names of an engine's types. ``a_field`` is one field of a struct."""

    text: str = "STRING"
    whole: str = "INT"
    real: str = "DOUBLE"
    truth: str = "BOOLEAN"
    time: str = "TIMESTAMP"
    day: str = "DATE"
    a_list: str = "ARRAY<{}>"
    a_struct: str = "STRUCT<{}>"
    a_field: str = "{} {}"
    nullable: str = "{}"

    def of(self, kind: pa.DataType) -> str:
        """Return the engine's name for an Arrow type of the contract. Raises: KeyError for an unknown type."""
        if pa.types.is_list(kind):
            return self.a_list.format(self.of(kind.value_type))
        if pa.types.is_struct(kind):
            return self.a_struct.format(", ".join(self.a_field.format(part.name, self.of(part.type)) for part in kind))
        names = {
            pa.string(): self.text,
            pa.int32(): self.whole,
            pa.float64(): self.real,
            pa.bool_(): self.truth,
            pa.timestamp("us", tz="UTC"): self.time,
            pa.date32(): self.day,
        }
        return names[kind]

    def column(self, column: Column) -> str:
        """Return ``name TYPE``."""
        kind = self.of(column.type)
        may_be_null = column.nullable and not pa.types.is_nested(column.type)
        return f"{column.name} {self.nullable.format(kind) if may_be_null else kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """The statements of one engine.

    ``table_template`` creates a table from files; ``view`` creates a view from a query. If ``needs_files``, a table
    without files is a view without rows. ``patterns`` are characters that the engine interprets as wildcards in a path.
    """

    types: _TypeNames
    table_template: str = ""
    view: str = "CREATE OR REPLACE VIEW"
    first: tuple[str, ...] = ()
    needs_files: bool = True
    patterns: str = "*?[]{}"
    backslash: bool = False


_ENGINES = {
    "ansi": _Engine(types=_TypeNames(text="VARCHAR"), view="CREATE VIEW", needs_files=False),
    "athena": _Engine(
        types=_TypeNames(a_field="{}:{}"),
        table_template="""\
DROP TABLE IF EXISTS $name;
CREATE EXTERNAL TABLE $name ($columns)
PARTITIONED BY ($partition DATE) STORED AS PARQUET LOCATION '$place/'
TBLPROPERTIES ('projection.enabled' = 'true', 'projection.$partition.type' = 'date',
  'projection.$partition.format' = 'yyyy-MM-dd', 'projection.$partition.range' = '1990-01-01,NOW+1DAYS',
  'storage.location.template' = '$place/$partition=$${$partition}/')""",
        needs_files=False,
    ),
    "bigquery": _Engine(
        types=_TypeNames(whole="INT64", real="FLOAT64", truth="BOOL"),
        table_template="""\
CREATE OR REPLACE EXTERNAL TABLE $name ($columns)
WITH PARTITION COLUMNS ($partition DATE)
OPTIONS (format = 'PARQUET', enable_list_inference = true, hive_partition_uri_prefix = '$place',
  uris = ['$place/*.parquet'])""",
        backslash=True,
    ),
    "clickhouse": _Engine(
        types=_TypeNames(
            text="String",
            whole="Int32",
            real="Float64",
            truth="Bool",
            time=r"DateTime64(6, \'UTC\')",  # the columns are inside a SQL string
            day="Date32",
            a_list="Array({})",
            a_struct="Tuple({})",
            nullable="Nullable({})",
        ),
        table_template="""\
CREATE OR REPLACE VIEW $name AS
SELECT * FROM file('$place/*/*.parquet', Parquet, '$columns, $partition Date32')
SETTINGS use_hive_partitioning = 1""",
        needs_files=False,
        backslash=True,
    ),
    "datafusion": _Engine(
        types=_TypeNames(text="VARCHAR", time="TIMESTAMP(6) WITH TIME ZONE", a_list="{}[]"),
        first=("SET datafusion.execution.time_zone = 'UTC'",),
        table_template="""\
CREATE EXTERNAL TABLE $name ($columns, $partition DATE)
STORED AS PARQUET PARTITIONED BY ($partition) LOCATION '$place/'""",
        needs_files=False,
    ),
    "duckdb": _Engine(
        types=_TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]", a_struct="STRUCT({})"),
        first=("SET TimeZone = 'UTC'",),
        table_template="""\
CREATE OR REPLACE VIEW $name AS
SELECT * FROM ($empty) AS no_rows
UNION ALL BY NAME
SELECT * FROM read_parquet('$place/*/*.parquet', hive_partitioning = true,
  hive_types = {'$partition': DATE}, union_by_name = true)""",
        patterns="",
    ),
    "polars": _Engine(
        types=_TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]"),
        table_template="""\
CREATE TABLE $name AS
SELECT * FROM ($empty) AS no_rows
UNION ALL BY NAME
SELECT * FROM ${table}_files""",
        view="CREATE TABLE",
        patterns="",
    ),
    "spark": _Engine(
        types=_TypeNames(a_field="{}: {}"),
        first=("SET TIME ZONE 'UTC'",),
        table_template="""\
CREATE OR REPLACE TEMPORARY VIEW $name ($columns, $partition DATE)
USING parquet OPTIONS (path '$place')""",
        view="CREATE OR REPLACE TEMPORARY VIEW",
        backslash=True,
    ),
    "trino": _Engine(
        types=_TypeNames(text="VARCHAR", whole="INTEGER", time="TIMESTAMP(3)", a_list="ARRAY({})", a_struct="ROW({})"),
        table_template="""\
DROP TABLE IF EXISTS $name;
CREATE TABLE $name ($columns, $partition DATE)
WITH (format = 'PARQUET', external_location = '$place/', partitioned_by = ARRAY['$partition']);
CALL system.sync_partition_metadata('newslake', '$name', 'FULL')""",
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
    statements = (*engine_spec.first, *_table_statements(lake, engine_spec, place), *_view_statements(engine))
    return "".join(f"{statement};\n" for statement in statements)


def _table_statements(lake: Path, engine_spec: _Engine, place: str) -> Iterator[str]:
    for spec in TABLES:
        name, empty = stored_name(spec), _empty_select(spec, engine_spec.types)
        if engine_spec.needs_files and not table_files(lake, spec):
            yield f"{engine_spec.view} {name} AS\n{empty}"
        elif engine_spec.table_template:
            yield Template(engine_spec.table_template).substitute(
                name=name,
                table=spec.name,
                columns=", ".join(map(engine_spec.types.column, spec.columns)),
                empty=empty,
                partition=spec.day_column,
                place=f"{place}/{table_dir(Path(), spec).as_posix()}",
            )


def _empty_select(spec: TableSpec, types: _TypeNames) -> str:
    columns = [*((column.name, types.of(column.type)) for column in spec.columns), (spec.day_column, types.day)]
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
