"""SQLite connections, transactions and checks: one file, many processes, explicit transactions."""

import errno
import json
import os
import sqlite3
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched, chain
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import BusyDatabaseError, NewsError, os_error

Durability = Literal["full", "process"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_SECONDS = 60.0  # a rebuild of the index holds the write lock for as long as it reads the archive's headers
_AGAIN_SECONDS = 0.02
_CACHE_KILOBYTES = 131_072  # so that an index of a million rows stays in memory while its rows are checked
_AS_JSON = json.JSONEncoder().encode
_AS_LINES = json.JSONEncoder(separators=("\n", ": ")).encode
_ROWS_AT_ONCE = 1_000
_WAL_HEADER = b"SQLite format 3\0\x10\0\2\2\0\x40\x20\x20"  # pages of 4096 bytes, SQLite's default
DAMAGED_ROW = "has a damaged row in"
_COLUMNS = """SELECT tables.name, columns.name, columns.type, columns."notnull", columns.pk
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"""
_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_WRITE: errno.ENOSPC,  # these three mean that its own files cannot grow
    sqlite3.SQLITE_IOERR_SHMSIZE: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_SHMOPEN: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


def open_database(
    path: Path, *, durability: Durability, broken: Callable[[sqlite3.DatabaseError], NewsError]
) -> sqlite3.Connection:
    """Return a connection in WAL mode, without implicit transactions.

    Raises: the result of ``broken`` if the file is not an SQLite database; OSError if the disk is full or read-only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _name_file_on_error(path):
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, autocommit=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        with _name_file_on_error(path):
            _use_wal(connection)
    except OSError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise broken(error) from error
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'OFF'}")
    return connection


def open_read_only(path: Path, *, broken: Callable[[sqlite3.DatabaseError], NewsError]) -> sqlite3.Connection:
    """Return a connection to a file that is replaced but never written; it needs no lock and no disk space.

    Raises: the result of ``broken`` if the file does not exist.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, autocommit=True, check_same_thread=False)
    except sqlite3.DatabaseError as error:
        raise broken(error) from error
    connection.row_factory = sqlite3.Row
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Set WAL mode; retry while the file is busy, because SQLite itself does not wait for this change."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Hold the write lock. All changes of the block appear at once; if it raises, none do."""
    with _name_file_on_error(Path(connection.execute("PRAGMA database_list").fetchone()["file"])):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it
                connection.execute("ROLLBACK")
            raise


def vacuum_and_truncate(connection: sqlite3.Connection) -> None:
    """Rewrite the file without deleted data, and truncate its WAL file.

    Raises: BusyDatabaseError while another process reads an older state.
    """
    path = Path(connection.execute("PRAGMA database_list").fetchone()["file"])
    with _name_file_on_error(path):
        connection.execute("VACUUM")
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            message = f"{path}: another process reads deleted data; end that process, then run this again"
            raise BusyDatabaseError(message, key=str(path), reason="database_busy")


def overwrite_database(path: Path, content: sqlite3.Connection) -> None:
    """Replace the content of a database, damaged or not, with the content of another one, atomically.

    Processes that have it open continue with the new content. After an unlink they would keep writing to the old file.
    Raises: BusyDatabaseError while another process writes.
    """
    deadline = time.monotonic() + _BUSY_SECONDS

    def wait(status: int, remaining: int, total: int) -> None:
        if status == sqlite3.SQLITE_BUSY and time.monotonic() > deadline:
            message = f"{path}: another process has it locked; end that process, then run this again"
            raise BusyDatabaseError(message, key=str(path), reason="database_busy")

    _repair_header(path)
    with _name_file_on_error(path), closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, autocommit=True)) as damaged:
        with suppress(sqlite3.DatabaseError):
            damaged.execute("SELECT 1 FROM sqlite_master")  # opens its WAL file, unlike the next line
        damaged.setconfig(sqlite3.SQLITE_DBCONFIG_RESET_DATABASE, True)  # the old pages are ignored
        content.backup(damaged, progress=wait)


def _repair_header(path: Path) -> None:
    """Write the header of WAL mode. In the other mode a writer waits until no other process has the file open."""
    with path.open("r+b") as file:
        if file.read(len(_WAL_HEADER)) != _WAL_HEADER:
            file.seek(0)
            file.write(_WAL_HEADER)


def row_checksum(values: Sequence[object]) -> int:
    """Return the checksum of a row, for the column ``checksum`` of tables with data that no other file has."""
    return zlib.crc32(_AS_JSON(list(values)).encode())


def _row_checksums(rows: Sequence[Sequence[object]]) -> Iterator[int]:
    """Yield the ``row_checksum`` of each row, at a third of the cost.

    All rows are encoded at once. JSON has no line break inside a string, so line breaks separate the values.
    """
    lines = _AS_LINES(rows)[2:-2].replace("]\n[", "]\0[").replace("\n", ", ").split("]\0[")
    return (zlib.crc32(f"[{line}]".encode()) for line in lines)


def problems_of_database(path: Path, *, schema: Sequence[str], version: int | None = None) -> Iterator[str]:
    """Yield the damage of a database as predicates ("is damaged (...)"); nothing if the file is missing.

    Every page and row is read. The structure of the file, its version, the columns of ``schema`` and the checksums of
    all rows are checked, also of tables that are not in ``schema``.
    """
    if not path.exists():
        return
    checks = (partial(_structure_problems, version=version), partial(_content_problems, schema=schema))
    with ThreadPoolExecutor(len(checks)) as pool:  # SQLite checks its pages while rows are read
        problems = pool.map(partial(_run_check, path), checks)
        yield from dict.fromkeys(chain.from_iterable(problems))


def _run_check(path: Path, check: Callable[[sqlite3.Connection], Iterator[str]]) -> list[str]:
    problems: list[str] = []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as found:
            problems.extend(check(found))  # problems found before an error are kept
    except (sqlite3.Error, ValueError) as error:
        problems.append(f"is damaged ({error})")
    return problems


def _content_problems(found: sqlite3.Connection, schema: Sequence[str]) -> Iterator[str]:
    expected, there = _columns(schema), set(found.execute(_COLUMNS))
    for table in sorted({str(table) for table, *_ in expected | there}):
        yield from _row_problems(found, table)
    if not expected <= there:
        yield "does not have the expected columns"


def _structure_problems(found: sqlite3.Connection, version: int | None) -> Iterator[str]:
    [(stated,)] = found.execute("PRAGMA user_version")
    if version is not None and stated != version:
        yield f"has schema version {stated}, not {version}"
    found.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
    [(result,), *_] = found.execute("PRAGMA integrity_check(1)")
    if result != "ok":
        yield f"is damaged ({' '.join(result.split())})"


def _columns(schema: Sequence[str]) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as made:
        for statement in schema:
            made.execute(statement)
        return set(made.execute(_COLUMNS))


def _row_problems(found: sqlite3.Connection, table: str) -> Iterator[str]:
    """Read every row. Without checksums, text that is not UTF-8 raises an error."""
    rows = found.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
    if rows.description[-1][0] == "checksum":
        for values in damaged_rows(found, table):
            yield f"{DAMAGED_ROW} {table}: {values[0]!r}"
    else:
        deque(rows, maxlen=0)


def damaged_rows(found: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table that do not match their checksum, the last column.

    Bytes that are not UTF-8 are returned as replacement characters.
    """
    usual = found.text_factory
    with suppress(sqlite3.OperationalError):
        return _mismatched_rows(found, table)
    found.text_factory = lambda data: data.decode(errors="replace")
    try:
        return _mismatched_rows(found, table)
    finally:
        found.text_factory = usual


def _mismatched_rows(found: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    rows = map(tuple, found.execute(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
    return [
        row
        for part in batched(rows, _ROWS_AT_ONCE)
        for row, checksum in zip(part, _row_checksums([each[:-1] for each in part]), strict=True)
        if checksum != row[-1]
    ]


@contextmanager
def _name_file_on_error(path: Path) -> Iterator[None]:
    """Turn a disk error of a database into an OSError with its file. Raises: OSError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        number = _ERRNO.get(error.sqlite_errorcode, _ERRNO.get(error.sqlite_errorcode & 0xFF))
        if number is None:
            raise
        raise os_error(number, f"{os.strerror(number)} ({error})", path) from error


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
