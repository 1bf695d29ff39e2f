"""DDL of the lake for other engines: the statements that create its tables and views there.

Columns and types are explicit, not inferred by the engine from the first file: a column that a file lacks is null, and
a table without files is empty, not missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template, ascii_letters, digits

import pyarrow.parquet as pq
import sqlglot

from newslake.pipeline.addons.share.dialects import check_engine, transpile
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.lake import committed_files
from newslake.pipeline.query.views import (
    CLUSTER_VIEWS,
    DUCKDB_TYPES,
    TableScan,
    TypeNames,
    scan_sql,
    stored_name,
    table_dir,
    table_files,
)
from newslake.pipeline.tables import LOG_TABLES, TABLES, TableSpec

TYPE_NAMES: Mapping[str, TypeNames] = {
    "ansi": TypeNames(text="VARCHAR"),
    "athena": TypeNames(a_field="{}:{}"),
    "bigquery": TypeNames(whole="INT64", real="FLOAT64", truth="BOOL"),
    "clickhouse": TypeNames(
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
    "datafusion": TypeNames(text="VARCHAR", time="TIMESTAMP(6) WITH TIME ZONE", a_list="{}[]"),
    "duckdb": DUCKDB_TYPES,
    "polars": TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]"),
    "spark": TypeNames(a_field="{}: {}"),
    "trino": TypeNames(text="VARCHAR", whole="INTEGER", time="TIMESTAMP(3)", a_list="ARRAY({})", a_struct="ROW({})"),
}


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


_OF_URL = frozenset(ascii_letters + digits + "-._~:/?#[]@!&()*+,=%")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogAddress:
    """Where other engines find the tables of a shared store. Keys are not part of it.

    ``token_url`` is where a client credential gets a token, if the catalog wants one.
    """

    url: str
    warehouse: str
    namespace: str
    endpoint: str | None = None
    region: str | None = None
    token_url: str | None = None


# The lines that attach the catalog as ``news``. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the
# role of the machine; ClickHouse takes them only as text, and so do DuckDB and ClickHouse a client credential.
_CATALOG_LINES = {
    "clickhouse": """\
SET allow_experimental_database_iceberg = 1;
CREATE DATABASE IF NOT EXISTS news ENGINE = DataLakeCatalog('$url', 'ACCESS_KEY', 'SECRET_KEY')
SETTINGS catalog_type = 'rest', warehouse = '$warehouse'${storage_endpoint}${clickhouse_credential}""",
    "duckdb": """\
SET TimeZone = 'UTC';
INSTALL aws;
LOAD aws;
INSTALL iceberg;
LOAD iceberg;
CREATE OR REPLACE SECRET news_bucket (TYPE s3, PROVIDER credential_chain${secret_options});
ATTACH IF NOT EXISTS '$warehouse' AS news (TYPE iceberg, ENDPOINT '$url', $duckdb_credential)""",
    "spark": """\
SET TIME ZONE 'UTC';
SET `spark.sql.catalog.news` = org.apache.iceberg.spark.SparkCatalog;
SET `spark.sql.catalog.news.type` = rest;
SET `spark.sql.catalog.news.uri` = $url;
SET `spark.sql.catalog.news.warehouse` = $warehouse;
SET `spark.sql.catalog.news.io-impl` = org.apache.iceberg.aws.s3.S3FileIO;
SET `spark.sql.catalog.news.s3.path-style-access` = true${spark_options}""",
    "trino": """\
CREATE CATALOG news USING iceberg WITH (
  "iceberg.catalog.type" = 'rest', "iceberg.rest-catalog.uri" = '$url',
  "iceberg.rest-catalog.warehouse" = '$warehouse', "fs.native-s3.enabled" = 'true',
  "s3.path-style-access" = 'true'${trino_options})""",
}


def catalog_views_sql(address: CatalogAddress, engine: str = "duckdb") -> str:
    """Return the statements that attach the catalog of a shared store and create the views; each ends with a semicolon.

    The views show the newest commit of each table. Raises: ConfigError for an engine that has no such statements here,
    and for an address with characters that are not of a URL.
    """
    check_engine(engine)
    if engine not in _CATALOG_LINES:
        message = (
            f"{engine}: no lines for an Iceberg catalog; choose {', '.join(_CATALOG_LINES)}, or see "
            "docs/addons/engines.md"
        )
        raise ConfigError(message, key="engine")
    lines = Template(_CATALOG_LINES[engine]).substitute(_catalog_options(address))
    statements = [lines]
    for spec in TABLES:
        table = f"{address.namespace}.{spec.name}"
        place = f"news.`{table}`" if engine == "clickhouse" else f"news.{table}"
        names = ", ".join(spec.file_schema.names)
        statements.append(f"{_ENGINES[engine].view} {stored_name(spec)} AS\nSELECT {names} FROM {place}")
    return "".join(f"{statement};\n" for statement in (*statements, *_view_statements(engine)))


def _catalog_options(address: CatalogAddress) -> dict[str, str]:
    """Return the parts of the lines of all engines. Raises: ConfigError."""
    endpoint, region, token_url = address.endpoint or "", address.region or "", address.token_url or ""
    for each in (address.url, address.warehouse, endpoint, region, token_url):
        if not set(each) <= _OF_URL:
            raise ConfigError(
                f"{each!r} is not an address: correct the settings of the catalog", key="NEWS_CATALOG_URL"
            )
    scheme, _, host = endpoint.partition("://")
    secret = f", ENDPOINT '{host}', URL_STYLE 'path', USE_SSL {str(scheme == 'https').lower()}" if endpoint else ""
    options = {
        "duckdb_credential": f"CLIENT_ID 'CLIENT_ID', CLIENT_SECRET 'CLIENT_SECRET', OAUTH2_SERVER_URI '{token_url}'"
        if token_url
        else "AUTHORIZATION_TYPE 'none'",
        "clickhouse_credential": ", catalog_credential = 'CLIENT_ID:CLIENT_SECRET', auth_scope = 'catalog', "
        f"oauth_server_uri = '{token_url}'"
        if token_url
        else "",
        "storage_endpoint": f", storage_endpoint = '{endpoint}'" if endpoint else "",
        "secret_options": secret + (f", REGION '{region}'" if region else ""),
        "spark_options": (f";\nSET `spark.sql.catalog.news.s3.endpoint` = {endpoint}" if endpoint else "")
        + (f";\nSET `spark.sql.catalog.news.client.region` = {region}" if region else ""),
        "trino_options": (f", \"s3.endpoint\" = '{endpoint}'" if endpoint else "")
        + (f", \"s3.region\" = '{region}'" if region else ""),
    }
    return {"url": address.url, "warehouse": address.warehouse, **options}


def views_sql(folder: Path, engine: str = "duckdb", *, location: str | None = None) -> str:
    """Return the statements that open the lake in a folder in an engine; each ends with a semicolon.

    ``location`` is where the engine finds the lake, if not in its folder, such as an ``s3://`` URL. In most engines, a
    table without files is an empty view: generate the statements again after its first rows are written.

    Raises: ConfigError for an unknown engine, and for a path with characters that the engine interprets as a pattern.
    """
    check_engine(engine)
    engine_spec = _ENGINES[engine]
    place = _path_literal(location or str(folder.resolve()), engine)
    statements = (*engine_spec.first, *_table_statements(folder, engine, place), *_view_statements(engine))
    return "".join(f"{statement};\n" for statement in statements)


def _table_statements(root: Path, engine: str, place: str) -> Iterator[str]:
    engine_spec, types = _ENGINES[engine], TYPE_NAMES[engine]
    for spec in TABLES:
        name, empty = stored_name(spec), _empty_select(spec, types)
        if engine_spec.needs_files and not table_files(root, spec):
            yield f"{engine_spec.view} {name} AS\n{empty}"
            continue
        if not engine_spec.table_template:
            continue
        folder = f"{place}/{table_dir(Path(), spec).as_posix()}"
        scan = TableScan(is_current=_is_current(root, spec)) if engine == "duckdb" else TableScan()
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


def _is_current(folder: Path, spec: TableSpec) -> bool:
    """Return whether all files of a table have the columns of the contract."""
    committed = None if spec in LOG_TABLES else committed_files(folder)
    if committed is not None:
        return all(file.is_current for file in committed[spec.name])
    return all(pq.read_schema(path).equals(spec.file_schema) for path in table_files(folder, spec))


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
