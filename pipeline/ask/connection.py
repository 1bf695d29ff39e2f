"""A DuckDB that sees the lake's rows and nothing else of the machine."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline.ask.files import SCHEME, lake_files
from pipeline.ask.views import BY_NAME, lake_views
from pipeline.errors import ConfigError
from pipeline.tables import TABLES

# Set before the views are made; from then on SQL opens the lake's files for reading, and no other file, database,
# socket or Python variable.
_LOCKDOWN = f"""\
SET TimeZone = 'UTC';
SET temp_directory = '';
SET parquet_metadata_cache = true;
SET python_enable_replacements = false;
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET allowed_directories = ['{SCHEME}://'];
SET enable_external_access = false;
SET lock_configuration = true;
"""
_READING_STATEMENTS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


_NOT_BY_NAME = "setting union_by_name"  # DuckDB's advice where a file lacks a column


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
    """Return an in-memory DuckDB in UTC with one view a table of ``lake``.

    It sees the rows that are committed now, each day's tables of one commit, as long as it is open. A table without
    files is an empty view. ``articles`` carries ``dup_group_id`` (its own id where nothing repeats) and ``is_copy``,
    ``quotes`` and ``events`` carry ``quote_group_id`` and ``event_cluster_id``.

    ``since`` and ``until`` (both inclusive) leave the rows of these published dates, and outcomes of these news days.
    ``source`` leaves the articles of one source_key with all that belongs to them, and the events that they tell of.

    SQL here reads the lake's files and can write none. Raises: LakeError for a broken manifest.
    """
    opened = lake_files(lake, since=since, until=until)
    connection = duckdb.connect(":memory:")
    connection.register_filesystem(opened.files)
    connection.execute(_LOCKDOWN)
    connection.execute(f"SET VARIABLE {BY_NAME} = {opened.is_older}")
    connection.execute(lake_views(opened.names, since=since, until=until, source=source))
    return connection


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
        return _answered(connection, statements[0])
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        names = ", ".join(spec.name for spec in TABLES)
        raise ConfigError(f"sql: {error}; SQL here reads {names} and no file", key="sql", reason="bad_sql") from error
    except duckdb.Error as error:
        raise ConfigError(f"sql: {_told(error)}", key="sql", reason="bad_sql") from error


def _answered(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> Answer:
    try:
        result = connection.execute(statement)
    except duckdb.InvalidInputException as error:
        if _NOT_BY_NAME not in str(error):
            raise
        # A file is older than a column. To find out first would mean to open every file before each question.
        connection.execute(f"SET VARIABLE {BY_NAME} = true")
        result = connection.execute(statement)
    return Answer(tuple(column[0] for column in result.description), tuple(result.fetchall()))


def _told(error: duckdb.Error) -> str:
    """Return what an error says; of one that comes from our file system, its last line."""
    text = str(error).strip()
    return text.rsplit("\n", 1)[-1] if text.startswith("Traceback") else text
