"""Read-only SQL on the lake, within limits: a DuckDB connection that can access its rows and nothing else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from threading import TIMEOUT_MAX, Event, Thread
from time import monotonic

import duckdb
import pyarrow as pa

from newslake.pipeline.errors import ConfigError, LakeError, LimitError, did_you_mean
from newslake.pipeline.query.lake_filesystem import lake_files
from newslake.pipeline.query.lake_folder import VERIFY
from newslake.pipeline.query.views import SCHEME, lake_views
from newslake.pipeline.store.table_files import LakePlace
from newslake.pipeline.tables import TABLES
from newslake.pipeline.unicode import to_well_formed

# Set before the views are created. After that, SQL can read the lake's files, but no other file, database, socket or
# Python variable.
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
_HIDDEN_STATEMENT = "\n\nLINE 1: CREATE VIEW"  # where DuckDB shows a statement that the user did not write
_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_EXPLAIN = re.compile(
    rf"{_GAP}EXPLAIN\b{_GAP}(?:ANALYZE\b|\(\s*(?:ANALYZE|FORMAT)\b[^)]*\))?", re.IGNORECASE | re.DOTALL
)
_UNKNOWN_COLUMN = re.compile(
    r"""Binder\ Error:\ (?:
      (?:Referenced\ c|C)olumn\ "(?P<column>[^"]*)"\ (?:in\ \w+\ list\ )?(?:not\ found\ in\ FROM|does\ not\ exist)
      | (?:Values\ list|Table)\ "[^"]*"\ does\ not\ have\ a\ column\ named\ "(?P<member>[^"]*)"
    )[^\n]*\n*(?:Candidate\ bindings:(?P<candidates>[^\n]*)\n*)?""",
    re.VERBOSE,
)
_ALL_COLUMNS = "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal ORDER BY column_name"
_COLUMNS_HINT = "`DESCRIBE TABLE` lists the columns of a table; text is in single quotes: 'text'"

type Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of one statement in its order, each with one value per column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def records(self) -> list[dict[str, object]]:
        """Return the rows as objects, for JSON."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def connect(
    lake: LakePlace, *, since: date | None = None, until: date | None = None, source: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB in UTC with one view per table of ``lake``.

    While it is open, it shows the rows that are committed now; all tables are from one commit. A table
    without files is an empty view. ``articles`` has ``dup_group_id`` (the article's id if it has no duplicates) and
    ``is_duplicate``; ``quotes`` has ``quote_cluster_id`` and ``events`` has ``event_cluster_id``.

    ``since`` and ``until`` (both inclusive) select rows of these published dates, and outcomes of these news days.
    ``source`` selects the articles of one source_key, all their rows, and the events that they report.

    SQL can read the lake's files, but not write them.
    Raises: LakeError for a broken manifest, or for a first file of a table that cannot be read.
    """
    selection = lake_files(lake, since=since, until=until)
    connection = _connect_within_limits()
    connection.register_filesystem(selection.files)
    connection.execute(_LOCKDOWN)
    try:
        connection.execute(lake_views(selection.scans, since=since, until=until, source=source))
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:  # a view reads the footer of its first file
        raise LakeError(_error_message(error), key=str(lake), reason="file_broken") from error
    return connection


def query(connection: Connection, sql: str) -> QueryResult:
    """Return the result of one read-only statement: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.

    Raises: ConfigError with key "sql" for no statement, several, another kind, or a statement that DuckDB rejects.
    """
    with _translate_errors(connection):
        result = connection.execute(_reading_statement(connection, sql))
        return QueryResult(tuple(column[0] for column in result.description), tuple(_fetch_within_limits(result)))


def query_page(connection: Connection, sql: str, *, offset: int, limit: int) -> tuple[QueryResult, bool]:
    """Return at most ``limit`` rows of one read-only statement after its first ``offset``, and whether there are more.

    The other rows are not in memory. Raises: ConfigError as ``query`` does.
    """
    with _translate_errors(connection):
        result = connection.execute(_reading_statement(connection, sql))
        columns = tuple(column[0] for column in result.description)
        skipped = 0
        while skipped < offset and (passed := len(result.fetchmany(min(_ROWS_AT_ONCE, offset - skipped)))):
            skipped += passed
            check_time()
        rows: list[tuple[object, ...]] = result.fetchmany(limit + 1)
    return QueryResult(columns, tuple(rows[:limit])), len(rows) > limit


@contextmanager
def stream(
    connection: Connection, sql: str, parameters: Mapping[str, object] | None = None
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Yield the columns of one read-only statement and its rows in batches, so that memory stays small.

    ``parameters`` are the values of ``$name`` in the statement.
    Raises: ConfigError as ``query`` does, here or while the rows are read, and for a parameter without a value.
    """
    with _translate_errors(connection):
        statement = _reading_statement(connection, sql)
        values = _checked_parameters(statement, parameters or {})
        reader = connection.sql(statement, params=values or None).to_arrow_reader(_ROWS_AT_ONCE)
    with reader:
        yield reader.schema, _batches(reader)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except OSError as error:  # DuckDB's errors, as passed on by Arrow
        raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="bad_sql") from error


def _reading_statement(connection: Connection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(to_well_formed(sql))
    kinds = [statement.type for statement in statements]
    if kinds == [duckdb.StatementType.EXPLAIN] and (explained := _EXPLAIN.match(sql)):
        _reading_statement(connection, sql[explained.end() :])  # EXPLAIN ANALYZE runs what it explains
        return statements[0]
    if kinds == [duckdb.StatementType.SELECT]:
        return statements[0]
    kinds_text = ", ".join(kind.name for kind in kinds) or "nothing"
    raise ConfigError(f"sql: found {kinds_text}; write one read-only statement, e.g. SELECT", key="sql")


def _checked_parameters(statement: duckdb.Statement, parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the values of all parameters of a statement. Raises: ConfigError for a missing or unknown one."""
    if not isinstance(parameters, Mapping):
        raise ConfigError("sql: parameters are values by name, for example {'name': 'Mabel Orde'} for $name", key="sql")
    if missing := sorted(statement.named_parameters - parameters.keys()):
        raise ConfigError(
            f"sql: no value for ${missing[0]}; write $name, and give parameters={{'name': ...}}", key="sql"
        )
    if unknown := sorted(map(str, parameters.keys() - statement.named_parameters)):
        raise ConfigError(f"sql: the statement has no ${unknown[0]}", key="sql")
    return dict(parameters)


@contextmanager
def _translate_errors(connection: Connection) -> Iterator[None]:
    """Translate errors of DuckDB. Raises: ConfigError, with the reason "bad_value" if its text may quote a value.

    "file_broken" is an error that names a file of the lake, or a value that looks like one.
    """
    try:
        yield
    except RuntimeError as error:  # as DuckDB's binding reports Ctrl-C; its errors have another base
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        if isinstance(error, duckdb.InvalidInputException) and f"{SCHEME}://" in str(error):
            raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="file_broken") from error
        names = ", ".join(spec.name for spec in TABLES)
        reason = "bad_value" if isinstance(error, duckdb.InvalidInputException) else "bad_sql"
        raise ConfigError(f"sql: {error}; SQL can read only {names}", key="sql", reason=reason) from error
    except (duckdb.DataError, duckdb.NotSupportedError) as error:  # the latter for a value that is no time zone
        raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="bad_value") from error
    except duckdb.BinderException as error:
        raise ConfigError(f"sql: {_with_hint(connection, str(error))}", key="sql", reason="bad_sql") from error
    except duckdb.Error as error:
        raise ConfigError(f"sql: {_error_message(error)}", key="sql", reason="bad_sql") from error


def _with_hint(connection: Connection, message: str) -> str:
    """Return DuckDB's message; that of an unknown column with one hint in place of DuckDB's list of columns."""
    unknown = _UNKNOWN_COLUMN.match(message)
    if unknown is None:
        return message
    if unknown["candidates"]:
        candidates = re.findall(r'"([^"]+)"', unknown["candidates"])
    else:  # DuckDB lists none for a column of a named table
        candidates = [name for (name,) in connection.execute(_ALL_COLUMNS).fetchall()]
    name = unknown["column"] or unknown["member"]
    hint = did_you_mean(name, {*candidates} - {name}, otherwise=_COLUMNS_HINT)
    return "\n\n".join(filter(None, (f'no column "{name}"; {hint}', message[unknown.end() :])))


def _error_message(error: Exception) -> str:
    """Return an error's message; for a traceback from our file system, its last line.

    If a file of the lake cannot be read, the message says what to do.
    """
    text = str(error).partition(_HIDDEN_STATEMENT)[0].strip()
    if text.startswith("Traceback"):
        return text.rsplit("\n", 1)[-1]
    is_of_file = f"{SCHEME}://" in text or isinstance(error, duckdb.IOException)
    return f"{text}; {VERIFY}" if is_of_file else text


# Time and memory limits for queries: one budget for all queries of one block.

_AGAIN_SECONDS = 0.05  # an interrupt ends only the running statement, so it is repeated
_INTERRUPTED = "Query interrupted"
# Arrow passes on only the text of DuckDB's error. The second is that of the C++ library.
_NO_MEMORY = ("Out of Memory Error", "std::bad_alloc")


@dataclass(frozen=True, slots=True)
class Limits:
    """Time for all statements together, memory and threads per connection, and rows per result.

    Rows have a separate limit, because fetched rows are outside of DuckDB's memory; rows that are streamed have none.
    Without ``threads``, DuckDB uses all processors. ``advice`` is the end of the message.
    """

    seconds: float
    memory_mb: int
    threads: int | None
    rows: int
    advice: str = "select fewer days or one source"

    @property
    def config(self) -> dict[str, str]:
        """The limits as DuckDB's settings, for a connection that is not locked yet."""
        threads = {} if self.threads is None else {"threads": str(self.threads)}
        return {"memory_limit": f"{self.memory_mb}MB", **threads}


class _Watch:
    """Interrupts the connections of one block at its deadline, or when ``end`` is set."""

    def __init__(self, limits: Limits, end: Event) -> None:
        self.limits = limits
        self._end = end
        self._deadline = monotonic() + limits.seconds
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._done = Event()

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connections.append(connection)

    @property
    def is_over(self) -> bool:
        return self._end.is_set() or monotonic() >= self._deadline

    def end_when_due(self) -> None:
        self._end.wait(min(self.limits.seconds, TIMEOUT_MAX))
        while not self._done.wait(_AGAIN_SECONDS):
            for each in tuple(self._connections):
                with suppress(duckdb.Error):  # a closed one
                    each.interrupt()

    def stop(self) -> None:
        self._done.set()
        self._end.set()


_WATCH: ContextVar[_Watch | None] = ContextVar("_WATCH", default=None)


@contextmanager
def apply_limits(limits: Limits, *, end: Event | None = None) -> Iterator[None]:
    """Apply ``limits`` to every connection that this thread opens in the block.

    If another thread sets ``end``, the time is over; the block sets it when it ends.
    Raises: LimitError with reason "too_slow", "too_much_memory" or "too_many_rows".
    """
    watch = _Watch(limits, end or Event())
    thread = Thread(target=watch.end_when_due, name="newslake-limits", daemon=True)
    token = _WATCH.set(watch)
    thread.start()
    try:
        yield
    except MemoryError as error:  # of Python, in a process that has a limit
        raise too_much_memory(limits) from error
    except (duckdb.Error, ConfigError, LakeError) as error:
        if watch.is_over:
            raise too_slow(limits) from error
        if any(text in str(error) for text in _NO_MEMORY):
            raise too_much_memory(limits) from error
        raise
    finally:
        watch.stop()
        _WATCH.reset(token)
        thread.join()


def check_time() -> None:
    """Check the time limit between steps that are not SQL. Raises: LimitError if the time is over."""
    watch = _WATCH.get()
    if watch is not None and watch.is_over:
        raise too_slow(watch.limits)


def too_slow(limits: Limits) -> LimitError:
    """Return the error of a query that exceeded its time."""
    message = f"the query exceeded {limits.seconds:g} seconds: {limits.advice}"
    return LimitError(message, reason="too_slow")


def too_much_memory(limits: Limits) -> LimitError:
    """Return the error of a query that exceeded its memory."""
    message = f"the query exceeded {limits.memory_mb} MB of memory: {limits.advice}"
    return LimitError(message, reason="too_much_memory")


def _connect_within_limits() -> duckdb.DuckDBPyConnection:
    """Return a new, empty DuckDB with the limits of the current block, if any."""
    watch = _WATCH.get()
    if watch is None:
        return duckdb.connect(":memory:")
    connection = duckdb.connect(":memory:", config=watch.limits.config)
    # Jupyter without ipywidgets has no progress bar, and DuckDB refuses to set it there.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        connection.execute("SET enable_progress_bar = false")
    watch.add(connection)
    return connection


def _fetch_within_limits(result: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Return all rows of a result. Raises: LimitError for more rows than the current block allows."""
    check_time()
    watch = _WATCH.get()
    rows: list[tuple[object, ...]] = result.fetchall() if watch is None else result.fetchmany(watch.limits.rows + 1)
    if watch is not None and len(rows) > watch.limits.rows:
        message = f"the result exceeded {watch.limits.rows:,} rows: {watch.limits.advice}"
        raise LimitError(message, reason="too_many_rows")
    return rows
