"""A DuckDB that sees the lake's rows and nothing else of the machine."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from pipeline.ask.views import JOINED_VIEWS, stored_name, table_dir, table_files
from pipeline.errors import ConfigError
from pipeline.tables import TABLES, TableSpec

# Set after the views are made; from then on SQL opens no file, no database, no socket and no Python variable.
_LOCKDOWN = """\
SET temp_directory = '';
SET python_enable_replacements = false;
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET enable_external_access = false;
SET lock_configuration = true;
"""
_READING_STATEMENTS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one statement, in its order, each with one value a column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def records(self) -> list[dict[str, object]]:
        """Return the rows as objects, for JSON."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def connect(lake: Path) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB in UTC with one view a table of ``lake``: the files that exist now.

    A table without files is an empty view. ``articles`` carries ``dup_group_id`` (its own id where nothing repeats)
    and ``is_copy``, ``quotes`` and ``events`` carry ``quote_group_id`` and ``event_cluster_id``. Rows come through
    Arrow and not through ``read_parquet``: DuckDB can allow a folder only for reading and writing both, and a SELECT
    may hold ``WITH x AS (COPY ... TO file)``. So SQL gets no file access at all.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for spec in TABLES:
        connection.register(stored_name(spec), _rows(lake, spec))
    connection.execute(JOINED_VIEWS)
    connection.execute(_LOCKDOWN)
    return connection


def _rows(lake: Path, spec: TableSpec) -> ds.Dataset | pa.Table:
    partition = pa.schema([(spec.partition, pa.date32())])
    schema = pa.schema([*spec.schema, *partition])
    files = [str(path) for path in table_files(lake, spec)]
    if not files:
        return schema.empty_table()
    return ds.dataset(
        files,
        schema=schema,
        format="parquet",
        filesystem=LocalFileSystem(),
        partitioning=ds.partitioning(partition, flavor="hive"),
        partition_base_dir=str(table_dir(lake, spec)),
    )


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Return what one reading statement answers: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.

    Raises: ConfigError with key "sql" for no statement, several, another kind, and whatever DuckDB refuses.
    """
    try:
        statements = connection.extract_statements(sql)
        kinds = [statement.type for statement in statements]
        if len(kinds) != 1 or kinds[0] not in _READING_STATEMENTS:
            found = ", ".join(kind.name for kind in kinds) or "nothing"
            raise ConfigError(
                f"sql: write one statement that reads, e.g. SELECT; found {found}; the tables are read-only", key="sql"
            )
        result = connection.execute(statements[0])
        return Answer(tuple(column[0] for column in result.description), tuple(result.fetchall()))
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        names = ", ".join(spec.name for spec in TABLES)
        raise ConfigError(f"sql: {error}; SQL here reads {names} and no file", key="sql", reason="bad_sql") from error
    except duckdb.Error as error:
        raise ConfigError(f"sql: {error}", key="sql", reason="bad_sql") from error
