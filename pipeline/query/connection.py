"""A DuckDB that sees the lake's rows and nothing else of the machine."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import duckdb
import pyarrow as pa

from pipeline.errors import ConfigError, LimitError
from pipeline.query.lake_filesystem import lake_files
from pipeline.query.views import SCHEME, UNION_BY_NAME, lake_views
from pipeline.tables import TABLES

# Time and memory limits for queries: one budget for everything that one stretch of work asks of the lake.

_AGAIN_SECONDS = 0.05  # an interrupt ends the statement that runs, and no later one
_NO_MEMORY = "Out of Memory Error"  # through Arrow, only the words of DuckDB's error come


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest time for all statements together, the memory and threads of each connection, and the most rows of an
    answer: those leave DuckDB, and so what it counts as its memory.
    """

    seconds: float
    memory_mb: int
    threads: int
    rows: int

    @property
    def config(self) -> dict[str, str]:
        """How DuckDB is told, before its settings are locked."""
        return {"memory_limit": f"{self.memory_mb}MB", "threads": str(self.threads)}


class _Watch:
    """Ends what the connections of one stretch of work do when its time is over."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._deadline = monotonic() + limits.seconds
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._done = Event()

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connections.append(connection)

    @property
    def is_over(self) -> bool:
        return monotonic() >= self._deadline

    def end_when_due(self) -> None:
        if self._done.wait(self.limits.seconds):
            return
        while not self._done.wait(_AGAIN_SECONDS):
            for each in tuple(self._connections):
                with suppress(duckdb.Error):  # one that is closed
                    each.interrupt()

    def stop(self) -> None:
        self._done.set()


_WATCH: ContextVar[_Watch | None] = ContextVar("_WATCH", default=None)


@contextmanager
def apply_limits(limits: Limits) -> Iterator[None]:
    """Hold to ``limits`` every connection that is opened in here, in this thread.

    Raises: LimitError, with reason "too_slow", "too_much_memory" or "too_many_rows", where they are reached.
    """
    watch = _Watch(limits)
    thread = Thread(target=watch.end_when_due, name="newslake-limits", daemon=True)
    token = _WATCH.set(watch)
    thread.start()
    try:
        yield
    except (duckdb.Error, ConfigError) as error:
        if watch.is_over:
            raise _too_slow(limits) from error
        if _NO_MEMORY in str(error):
            told = f"it needs more than {limits.memory_mb} MB of memory: ask for fewer days, or for one source"
            raise LimitError(told, reason="too_much_memory") from error
        raise
    finally:
        watch.stop()
        _WATCH.reset(token)
        thread.join()


def check_time() -> None:
    """Go on while the work has time left: what is no SQL asks here, step by step. Raises: LimitError."""
    watch = _WATCH.get()
    if watch is not None and watch.is_over:
        raise _too_slow(watch.limits)


def _too_slow(limits: Limits) -> LimitError:
    told = f"it was ended after {limits.seconds:g} seconds: ask for fewer days, or for one source"
    return LimitError(told, reason="too_slow")


def connect_within_limits() -> duckdb.DuckDBPyConnection:
    """Return a new, empty DuckDB that is held to the limits of the work that it is opened in, if any."""
    watch = _WATCH.get()
    if watch is None:
        return duckdb.connect(":memory:")
    connection = duckdb.connect(":memory:", config=watch.limits.config)
    connection.execute("SET enable_progress_bar = false")
    watch.add(connection)
    return connection


def fetch_within_limits(result: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Return all rows of an answer. Raises: LimitError for more than the work that asks may have."""
    check_time()
    watch = _WATCH.get()
    rows: list[tuple[object, ...]] = result.fetchall() if watch is None else result.fetchmany(watch.limits.rows + 1)
    if watch is not None and len(rows) > watch.limits.rows:
        told = f"it has more than {watch.limits.rows:,} rows: ask for fewer days, or for one source"
        raise LimitError(told, reason="too_many_rows")
    return rows


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
_ROWS_AT_ONCE = 20_000
_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_EXPLAIN = re.compile(
    rf"{_GAP}EXPLAIN\b{_GAP}(?:ANALYZE\b|\(\s*(?:ANALYZE|FORMAT)\b[^)]*\))?", re.IGNORECASE | re.DOTALL
)

type Connection = duckdb.DuckDBPyConnection
_UNION_BY_NAME_HINT = "setting union_by_name"  # DuckDB's advice where a file lacks a column


@dataclass(frozen=True, slots=True)
class QueryResult:
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
    selection = lake_files(lake, since=since, until=until)
    connection = connect_within_limits()
    connection.register_filesystem(selection.files)
    connection.execute(_LOCKDOWN)
    connection.execute(f"SET VARIABLE {UNION_BY_NAME} = {selection.needs_union_by_name}")
    connection.execute(lake_views(since=since, until=until, source=source))
    return connection


def query(connection: Connection, sql: str) -> QueryResult:
    """Return what one reading statement answers: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.

    Raises: ConfigError with key "sql" for no statement, several, another kind, and whatever DuckDB refuses.
    """
    with _translate_errors():
        statement = _reading_statement(connection, sql)
        try:
            return _execute(connection, statement)
        except duckdb.InvalidInputException as error:
            if _UNION_BY_NAME_HINT not in str(error):
                raise
            # A file is older than a column. To find out first would mean to open every file before each question.
            connection.execute(f"SET VARIABLE {UNION_BY_NAME} = true")
            return _execute(connection, statement)


def _execute(connection: Connection, statement: duckdb.Statement) -> QueryResult:
    result = connection.execute(statement)
    return QueryResult(tuple(column[0] for column in result.description), tuple(fetch_within_limits(result)))


@contextmanager
def stream(connection: Connection, sql: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Give the columns that one reading statement answers, and its rows as they come, never all at once in memory.

    Raises: ConfigError as ``query`` does, here or while the rows are read.
    """
    with _translate_errors():
        # Rows that went out cannot be taken back: files older than a column must be known before the first.
        connection.execute(f"SET VARIABLE {UNION_BY_NAME} = true")
        reader = connection.sql(_reading_statement(connection, sql)).to_arrow_reader(_ROWS_AT_ONCE)
    with reader:
        yield reader.schema, _batches(reader)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except OSError as error:  # as which DuckDB's refusals come through Arrow
        raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="bad_sql") from error


def _reading_statement(connection: Connection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if kinds == [duckdb.StatementType.EXPLAIN] and (explained := _EXPLAIN.match(sql)):
        _reading_statement(connection, sql[explained.end() :])  # EXPLAIN ANALYZE runs what it explains
        return statements[0]
    if kinds == [duckdb.StatementType.SELECT]:
        return statements[0]
    found = ", ".join(kind.name for kind in kinds) or "nothing"
    raise ConfigError(
        f"sql: write one statement that reads, e.g. SELECT; found {found}; the tables are read-only", key="sql"
    )


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate what DuckDB refuses. Raises: ConfigError."""
    try:
        yield
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        names = ", ".join(spec.name for spec in TABLES)
        raise ConfigError(f"sql: {error}; SQL here reads {names} and no file", key="sql", reason="bad_sql") from error
    except duckdb.Error as error:
        raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="bad_sql") from error


def _error_message(error: Exception) -> str:
    """Return what an error says; of one that comes from our file system, its last line."""
    text = str(error).strip()
    return text.rsplit("\n", 1)[-1] if text.startswith("Traceback") else text
