"""SQLite connections, transactions and checks: one file, many processes, explicit transactions.

All connections are of the class ``Database``. It turns every error of SQLite into an error with the name of the file
and with advice.
"""

import errno
import os
import re
import sqlite3
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from newslake.pipeline.durability import Durability, make_folder, os_error, sync_folders_above
from newslake.pipeline.errors import BrokenDatabaseError, BusyDatabaseError, NewsError

AsBroken = Callable[[sqlite3.Error], NewsError]  # from what SQLite says about a damaged file to an error with advice
Preparation = Callable[["Database"], object]  # creates what a new connection needs
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_SECONDS = 60.0  # a rebuild of the index holds the write lock for as long as it reads the archive's headers
_AGAIN_SECONDS = 0.02
_LEVELS = 4  # folders of a database that are synced: up to the one that has the data root
_CACHE_KILOBYTES = 131_072  # so that an index of a million rows stays in memory while its rows are checked
_WAL_HEADER = b"SQLite format 3\0\x10\0\2\2\0\x40\x20\x20"  # pages of 4096 bytes, SQLite's default
_MEMORY = ":memory:"
DAMAGED_ROW = "has a damaged row in"
_COLUMNS = """SELECT tables.name, columns.name, columns.type, columns."notnull", columns.pk
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"""
_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_WRITE: errno.ENOSPC,  # these three mean that its files cannot grow
    sqlite3.SQLITE_IOERR_SHMSIZE: errno.ENOSPC,
    sqlite3.SQLITE_IOERR_SHMOPEN: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EACCES,
}
_ADVICE = {  # for a full disk, ``os_error`` has it
    errno.EIO: "; check the disk, then run it again",
    errno.EROFS: "; make the file and its folder writable, then run it again",
    errno.EACCES: "; check that it is a file, and the owner and permissions of file and folder",
    errno.EISDIR: "; check that it is a file, and its owner and permissions",
    errno.EMFILE: "; raise the limit of open files (`ulimit -n`), then run it again",
    errno.ENFILE: "; raise the limit of open files of the system, then run it again",
}
_END = object()  # equal to no row
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NOT_OURS = re.compile(
    "unsupported file format|malformed database schema|no such (table|column): |has no column|values were supplied"
)


def _as_broken(path: Path, error: sqlite3.Error) -> NewsError:
    message = f"{path} cannot be used ({error}); restore it from a copy"
    return BrokenDatabaseError(message, key=str(path), reason="database_broken")


def _raise_named(error: sqlite3.Error, path: Path, broken: AsBroken) -> NoReturn:
    """Raise an error that names the file and says what to do.

    Raises: OSError for an error of the disk, BusyDatabaseError for a lock, the result of ``broken`` for a damaged file.
    Any other error, such as a wrong statement, is a defect of this program, and is raised as it is.
    """
    if _is_damage(error):
        raise broken(error) from error
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code & 0xFF in _LOCKED:
        message = f"{path}: another process has it locked; end that process, then run this again"
        raise BusyDatabaseError(message, key=str(path), reason="database_busy") from error
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        raise _open_error(path, error) from error
    number = _ERRNO.get(code, _ERRNO.get(code & 0xFF))
    if number is None:
        raise error
    if number == errno.EACCES and _is_read_only_disk(path):
        number = errno.EROFS
    raise os_error(number, f"{os.strerror(number)} ({error}){_ADVICE.get(number, '')}", path) from error


def _is_damage(error: sqlite3.Error) -> bool:
    """Return whether the content of the file is the cause: bytes that are not SQLite's, or tables that are not ours."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # of the module, such as text that is not UTF-8
        return True
    if code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF in _DAMAGED:
        return True
    return code == sqlite3.SQLITE_ERROR and _NOT_OURS.search(str(error)) is not None


def _open_error(path: Path, error: sqlite3.Error) -> OSError:
    """Return why the system does not open the database or the files next to it; SQLite does not say it.

    None of these files is opened: closing any descriptor of a file ends all locks of this process on it.
    """

    def named(number: int, file: Path) -> OSError:
        return os_error(number, f"{os.strerror(number)} ({error}){_ADVICE.get(number, '')}", file)

    try:
        os.close(os.open(os.devnull, os.O_RDWR))  # fails if the process has too many files open
        for file in (path, *(path.with_name(f"{path.name}-{suffix}") for suffix in ("wal", "shm", "journal"))):
            if file.is_dir():
                return named(errno.EISDIR, file)
            if file.exists() and not os.access(file, os.R_OK | os.W_OK):
                return named(errno.EROFS if _is_read_only_disk(file) else errno.EACCES, file)
        if not path.exists() and path.parent.is_dir() and not os.access(path.parent, os.W_OK | os.X_OK):
            return named(errno.EACCES, path)
    except OSError as cause:
        return named(cause.errno or errno.EACCES, path)
    number = errno.EIO if path.exists() else errno.ENOENT
    return os_error(number, f"{error}{_ADVICE[errno.EACCES]}", path)


def _is_read_only_disk(path: Path) -> bool:
    return path.exists() and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


class _NamingCursor(sqlite3.Cursor):
    """A cursor of a ``Database``, with its errors, also those of reading rows."""

    connection: "Database"

    def execute(self, sql: str, parameters: Any = (), /) -> "_NamingCursor":
        try:
            return super().execute(sql, parameters)
        except sqlite3.Error as error:
            self.connection.raise_named(error)

    def executemany(self, sql: str, parameters: Any, /) -> "_NamingCursor":
        try:
            return super().executemany(sql, parameters)
        except sqlite3.Error as error:
            self.connection.raise_named(error)

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except sqlite3.Error as error:
            self.connection.raise_named(error)

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            self.connection.raise_named(error)

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # a generator; ``__next__`` would cost more a row
        try:
            yield from iter(super().__next__, _END)
        except sqlite3.Error as error:
            self.connection.raise_named(error)


class Database(sqlite3.Connection):
    """A connection whose errors name its file and say what to do: OSError, BusyDatabaseError, or that of ``broken``.

    The errors are those of its statements, of the rows that they return, and of commits.
    """

    is_read_only = False

    def __init__(self, path: Path, *, broken: AsBroken | None = None, name: str | None = None, **options: Any) -> None:
        broken = broken or partial(_as_broken, path)
        try:
            super().__init__(name or str(path), **options)
        except sqlite3.Error as error:
            _raise_named(error, path, broken)
        self.path, self._broken = path, broken

    def raise_named(self, error: sqlite3.Error) -> NoReturn:
        """Raise the error that the class describes, for an error of SQLite."""
        _raise_named(error, self.path, self._broken)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return self.cursor(_NamingCursor).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        return self.cursor(_NamingCursor).executemany(sql, parameters)

    def commit(self) -> None:
        try:
            super().commit()
        except sqlite3.Error as error:
            self.raise_named(error)


class _UnwritableDatabase(Database):
    """A connection to a file that this process may not write. It reads, and every change is an error.

    While another process has the file open, SQLite has locks and changes in the files next to it, and this connection
    follows them. Else it cannot create these files, and takes the database for immutable. So before a statement, a
    database that was written since is opened again. One that is written while a statement reads it is no damage: then
    BusyDatabaseError (database_changed) says so. A missing one is empty.
    """

    is_read_only = True

    def __init__(self, path: Path, *, broken: AsBroken, prepare: Preparation) -> None:
        self._prepare = prepare
        self._path, self._as_broken = path, broken
        self._open()

    def _open(self) -> None:
        self._seen: tuple[int, ...] | None = None
        seen, is_there = self._state(), self._path.exists()
        name = name_for_reading(self._path) if is_there else f"file:{_MEMORY}"
        members = dict(vars(self))  # sqlite3 forgets them when a connection opens for the second time
        super().__init__(
            self._path, broken=self._as_broken, name=name, uri=True, autocommit=True, check_same_thread=False
        )
        vars(self).update(members)
        self.row_factory = sqlite3.Row
        self._prepare(self)
        if not is_there:
            super().execute("PRAGMA query_only = ON")
        self._seen = seen

    def _state(self) -> tuple[int, ...] | None:
        """Return what changes with the file; None while the connection follows its changes."""
        return None if _wal_of(self._path).exists() else _change_state(self._path)

    def raise_named(self, error: sqlite3.Error) -> NoReturn:
        if self._seen and _is_damage(error) and _change_state(self._path) != self._seen:
            message = f"{self._path}: another process wrote it while it was read; run this again"
            raise BusyDatabaseError(message, key=str(self._path), reason="database_changed") from error
        super().raise_named(error)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self._seen is not None and not self.in_transaction and self._state() != self._seen:
            self._open()
        return super().execute(sql, parameters)


def _change_state(path: Path) -> tuple[int, ...]:
    """Return what changes with each write of a file; nothing for a missing one."""
    if not path.exists():
        return ()
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def can_write(path: Path) -> bool:
    """Return whether this process may write a database: the file, and its folder for the files next to it."""
    if str(path) == _MEMORY:
        return True
    folder = next(each for each in path.absolute().parents if each.exists())
    return os.access(folder, os.W_OK | os.X_OK) and (not path.exists() or os.access(path, os.W_OK))


def name_for_reading(path: Path) -> str:
    """Return the name, a URI, under which a process opens an existing database to read it. It may write no data."""
    uri = path.absolute().as_uri()
    if can_write(path):
        return f"{uri}?mode=rw"  # SQLite writes more files next to it
    return f"{uri}?mode=ro" if _wal_of(path).exists() else f"{uri}?mode=ro&immutable=1"


def _wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def open_database(
    path: Path, *, durability: Durability, broken: AsBroken, prepare: Preparation = lambda connection: None
) -> Database:
    """Return a connection in WAL mode, without implicit transactions. ``prepare`` creates what it needs.

    A process that may not write the file has a connection that only reads, for which ``prepare`` has nothing to create
    unless the file is missing.
    Raises: the result of ``broken`` if the file is not an SQLite database; OSError if the disk is full, or if
    ``prepare`` would have to change a file that may not be written.
    """
    if not can_write(path):
        return _UnwritableDatabase(path, broken=broken, prepare=prepare)
    make_folder(path.parent, durability=durability)
    connection = Database(path, broken=broken, timeout=_BUSY_SECONDS, autocommit=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        # A new file has no bytes before its name is durable. Its folders may be new too, of somebody who did not sync.
        if durability == "full" and path.stat().st_size == 0:
            sync_folders_above(path, levels=_LEVELS)
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'OFF'}")
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_read_only(path: Path, *, broken: AsBroken) -> Database:
    """Return a connection to a file that is replaced but never written; it needs no lock and no disk space.

    Raises: the result of ``broken`` if the file does not exist.
    """
    name = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = Database(path, broken=broken, name=name, uri=True, autocommit=True, check_same_thread=False)
    except OSError as error:
        if isinstance(error.__cause__, sqlite3.Error) and not path.is_file():
            raise broken(error.__cause__) from error
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _use_wal(connection: Database) -> None:
    """Set WAL mode; retry while the file is busy, because SQLite itself does not wait for this change."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except BusyDatabaseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


@contextmanager
def transaction(connection: Database) -> Iterator[Database]:
    """Hold the write lock. All changes of the block appear at once; if it raises, none do."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it
            connection.execute("ROLLBACK")
        raise


def vacuum_and_truncate(connection: Database) -> None:
    """Rewrite the file without deleted data, and truncate its WAL file.

    SQLite does not sync the truncation: it survives power loss only after the next commit, or a sync of the file.
    Raises: BusyDatabaseError while another process reads an older state.
    """
    connection.execute("VACUUM")
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        message = f"{connection.path}: another process reads deleted data; end that process, then run this again"
        raise BusyDatabaseError(message, key=str(connection.path), reason="database_busy")


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
    with closing(Database(path, timeout=_BUSY_SECONDS, autocommit=True)) as damaged:
        with suppress(NewsError):
            damaged.execute("SELECT 1 FROM sqlite_master")  # opens its WAL file, unlike the next line
        damaged.setconfig(sqlite3.SQLITE_DBCONFIG_RESET_DATABASE, True)  # the old pages are ignored
        try:
            content.backup(damaged, progress=wait)
        except sqlite3.Error as error:
            damaged.raise_named(error)


def _repair_header(path: Path) -> None:
    """Write the header of WAL mode. In the other mode a writer waits until no other process has the file open."""
    with path.open("r+b") as file:
        if file.read(len(_WAL_HEADER)) != _WAL_HEADER:
            file.seek(0)
            file.write(_WAL_HEADER)


def row_checksum(values: Sequence[object]) -> int:
    """Return the checksum of a row, for the column ``checksum`` of tables with data that no other file has."""
    return zlib.crc32(ascii((*values,)).encode())  # a quarter of the time of JSON


def problems_of_database(
    path: Path, *, schema: Sequence[str], version: int | None = None, is_quick: bool = False
) -> Iterator[str]:
    """Yield the damage of a database as predicates ("is damaged (...)"); nothing if the file is missing.

    Every page and row is read. The structure of the file, its version, the columns of ``schema`` and the checksums of
    all rows are checked, also of tables that are not in ``schema``. ``is_quick`` reads the version, the columns and
    one row of each table.
    Raises: OSError, BusyDatabaseError. A file that the system does not read is not damaged.
    """
    if not path.exists():
        return
    if is_quick:
        yield from _run_check(path, partial(_quick_problems, schema=schema, version=version))
        return
    checks = (partial(_structure_problems, version=version), partial(_content_problems, schema=schema))
    with ThreadPoolExecutor(len(checks)) as pool:  # SQLite checks its pages while rows are read
        problems = pool.map(partial(_run_check, path), checks)
        yield from dict.fromkeys(chain.from_iterable(problems))


def is_new_database(path: Path) -> bool:
    """Return whether a file has no tables and no version yet: its process is about to create them."""

    def read(connection: sqlite3.Connection) -> Iterator[str]:
        query = "SELECT 1 FROM pragma_user_version WHERE user_version <> 0 UNION SELECT 1 FROM sqlite_master"
        yield from map(str, connection.execute(query))

    return not _run_check(path, read)


def _run_check(path: Path, check: Callable[[sqlite3.Connection], Iterator[str]]) -> list[str]:
    problems: list[str] = []
    try:
        with closing(sqlite3.connect(name_for_reading(path), uri=True)) as connection:
            problems.extend(check(connection))  # an error does not lose earlier ones
    except sqlite3.Error as error:
        if not _is_damage(error):
            _raise_named(error, path, partial(_as_broken, path))
        problems.append(f"is damaged ({error})")
    except ValueError as error:
        problems.append(f"is damaged ({error})")
    return problems


def _quick_problems(connection: sqlite3.Connection, schema: Sequence[str], version: int | None) -> Iterator[str]:
    yield from _version_problems(connection, version)
    expected = _columns(schema)
    if not expected <= set(connection.execute(_COLUMNS)):
        yield "does not have the expected columns"
        return
    for table in sorted({str(table) for table, *_ in expected}):
        connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608 - our names


def _content_problems(connection: sqlite3.Connection, schema: Sequence[str]) -> Iterator[str]:
    expected, there = _columns(schema), set(connection.execute(_COLUMNS))
    for table in sorted({str(table) for table, *_ in expected | there}):
        yield from _row_problems(connection, table)
    if not expected <= there:
        yield "does not have the expected columns"


def _version_problems(connection: sqlite3.Connection, version: int | None) -> Iterator[str]:
    [(stated,)] = connection.execute("PRAGMA user_version")
    if version is not None and stated != version:
        yield f"has schema version {stated}, not {version}"


def _structure_problems(connection: sqlite3.Connection, version: int | None) -> Iterator[str]:
    yield from _version_problems(connection, version)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
    [(result,), *_] = connection.execute("PRAGMA integrity_check(1)")
    if result != "ok":
        yield f"is damaged ({' '.join(result.split())})"


def _columns(schema: Sequence[str]) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in schema:
            database.execute(statement)
        return set(database.execute(_COLUMNS))


def _row_problems(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    """Read every row. Without checksums, text that is not UTF-8 raises an error."""
    rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our names
    if rows.description[-1][0] == "checksum":
        for values in damaged_rows(connection, table):
            yield f"{DAMAGED_ROW} {table}: {values[0]!r}"
    else:
        deque(rows, maxlen=0)


def damaged_rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table that do not match their checksum, the last column.

    Bytes that are not UTF-8 are returned as replacement characters.
    """
    usual = connection.text_factory
    with suppress(sqlite3.OperationalError, NewsError):
        return _mismatched_rows(connection, table)
    connection.text_factory = lambda data: data.decode(errors="replace")
    try:
        return _mismatched_rows(connection, table)
    finally:
        connection.text_factory = usual


def _mismatched_rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    rows = map(tuple, connection.execute(f"SELECT * FROM {table}"))  # noqa: S608 - our names
    return [row for row in rows if row_checksum(row[:-1]) != row[-1]]


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
