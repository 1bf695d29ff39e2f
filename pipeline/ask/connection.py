"""A DuckDB that sees the lake's rows and nothing else of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
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
_ROWS_AT_ONCE = 20_000
_READING_STATEMENTS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)

type Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one statement, in its order, each with one value a column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def records(self) -> list[dict[str, object]]:
        """Return the rows as objects, for JSON."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def connect(
    lake: Path, *, since: date | None = None, until: date | None = None, source: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB in UTC with one view a table of ``lake``: the files that exist now.

    A table without files is an empty view. ``articles`` carries ``dup_group_id`` (its own id where nothing repeats)
    and ``is_copy``, ``quotes`` and ``events`` carry ``quote_group_id`` and ``event_cluster_id``. Rows come through
    Arrow and not through ``read_parquet``: DuckDB can allow a folder only for reading and writing both, and a SELECT
    may hold ``WITH x AS (COPY ... TO file)``. So SQL gets no file access at all.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for spec in TABLES:
        connection.register(f"all_{spec.name}", _rows(lake, spec))
        day = "news_day" if spec.name == "outcomes" else spec.partition
        wanted = [f"{day} >= DATE '{since}'"] if since else []
        wanted += [f"{day} <= DATE '{until}'"] if until else []
        if source and "source_key" in spec.schema.names:
            wanted.append(f"source_key = '{source}'")
        elif source and "article_id" in spec.schema.names:
            wanted.append(f"article_id IN (SELECT article_id FROM all_articles WHERE source_key = '{source}')")  # noqa: S608
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        connection.execute(f"CREATE VIEW {stored_name(spec)} AS SELECT * FROM all_{spec.name}{where}")  # noqa: S608
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
    with _refusals_told():
        result = connection.execute(_reading_statement(connection, sql))
        return Answer(tuple(column[0] for column in result.description), tuple(result.fetchall()))


@contextmanager
def stream(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Give the columns that one reading statement answers, and its rows as they come, never all at once in memory.

    Raises: ConfigError as ``query`` does, here or while the rows are read.
    """
    with _refusals_told():
        reader = connection.sql(_reading_statement(connection, sql)).to_arrow_reader(_ROWS_AT_ONCE)
    with reader:
        yield reader.schema, _batches(reader)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except OSError as error:  # as which DuckDB's refusals come through Arrow
        raise ConfigError(f"sql: {error}", key="sql", reason="bad_sql") from error


def _reading_statement(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if len(kinds) == 1 and kinds[0] in _READING_STATEMENTS:
        return statements[0]
    found = ", ".join(kind.name for kind in kinds) or "nothing"
    raise ConfigError(
        f"sql: write one statement that reads, e.g. SELECT; found {found}; the tables are read-only", key="sql"
    )


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Give what DuckDB refuses its words. Raises: ConfigError."""
    try:
        yield
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        names = ", ".join(spec.name for spec in TABLES)
        raise ConfigError(f"sql: {error}; SQL here reads {names} and no file", key="sql", reason="bad_sql") from error
    except duckdb.Error as error:
        raise ConfigError(f"sql: {error}", key="sql", reason="bad_sql") from error
