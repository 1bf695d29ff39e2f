"""SQLite connections and transactions: one file, many processes, explicit transactions.

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
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from newslake.pipeline.durability import Durability, make_folder, os_error, sync_folders_above
from newslake.pipeline.errors import BrokenDatabaseError, BusyDatabaseError, NewsError

AsBroken = Callable[[sqlite3.Error], NewsError]  # from what SQLite says about a damaged file to an error with advice
Preparation = Callable[["Database"], object]  # creates what a new connection needs
type _FileState = tuple[int, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_SECONDS = 60.0  # a rebuild of the index holds the write lock for as long as it reads the archive's headers
_READ_SECONDS = 10.0
_AGAIN_SECONDS = 0.02
_TICK_SECONDS = 0.05  # more than a tick of the clock of a file system
_TRIES = 10  # to read a file that another process writes
_ROWS_AHEAD = 100
_LEVELS = 4  # folders of a database that are synced: up to the one that has the data root
_WAL_HEADER = b"SQLite format 3\0\x10\0\2\2\0\x40\x20\x20"  # pages of 4096 bytes, SQLite's default
_MEMORY = ":memory:"
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


def broken_database(path: Path, error: sqlite3.Error) -> NewsError:
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
        broken = broken or partial(broken_database, path)
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


class _SteadyCursor(_NamingCursor):
    """A cursor of an ``_UnwritableDatabase``: its rows are those of one state of the file, or an error.

    It reads some rows ahead, then looks whether the file is as it was when the connection opened it. So ``execute``
    has checked all rows of a small result, and may be repeated.
    """

    connection: "_UnwritableDatabase"

    def execute(self, sql: str, parameters: Any = (), /) -> "_SteadyCursor":
        self._seen = self.connection.seen  # a later statement may open the file again
        super().execute(sql, parameters)
        self._read()
        return self

    def __iter__(self) -> "_SteadyCursor":
        return self

    def __next__(self) -> Any:
        if not self._ahead and not self._is_read:
            self._read()
        if not self._ahead:
            raise StopIteration
        return self._ahead.popleft()

    def fetchone(self) -> Any:
        return next(self, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return list(islice(self, size))

    def fetchall(self) -> list[Any]:
        return list(self)

    def _read(self) -> None:
        try:
            self._ahead = deque(super().fetchmany(_ROWS_AHEAD))
        except sqlite3.Error as error:
            if _is_damage(error):
                self.connection.check(self._seen)
            self.connection.raise_named(error)
        self.connection.check(self._seen)
        self._is_read = len(self._ahead) < _ROWS_AHEAD


class _UnwritableDatabase(Database):
    """A connection to a file that this process may not write. It reads, and every change is an error.

    While another process has the file open, SQLite has locks and changes in the files next to it, and this connection
    follows them. Else it cannot create these files, and takes the database for immutable. So before a statement, a
    database that was written since is opened again, and a statement during which it is written is repeated. If rows
    were returned already, or in a transaction, BusyDatabaseError (database_changed) says so. A missing one is empty.
    """

    is_read_only = True

    def __init__(self, path: Path, *, broken: AsBroken, prepare: Preparation = lambda connection: None) -> None:
        self.seen: _FileState | None = None
        self._prepare = prepare
        self._path, self._as_broken = path, broken
        self._open()

    def _open(self) -> None:
        repeat_on_change(self._open_once)

    def _open_once(self) -> None:
        self.seen = None
        seen = _settled_state(self._path)
        name = self._path.absolute().as_uri() + ("?mode=ro" if seen is None else "?mode=ro&immutable=1")
        members = dict(vars(self))  # sqlite3 forgets them when a connection opens for the second time
        super().__init__(
            self._path,
            broken=self._as_broken,
            name=f"file:{_MEMORY}" if seen == () else name,
            uri=True,
            autocommit=True,
            check_same_thread=False,
        )
        vars(self).update(members)
        self.row_factory = sqlite3.Row
        if seen is None:
            self._follow()
        self.seen = seen
        self._prepare(self)
        if seen == ():
            super().execute("PRAGMA query_only = ON")

    def _follow(self) -> None:
        """Take the lock with which the WAL file stays. Another process may be about to create or delete it."""
        for turn in range(_TRIES):
            try:
                super().execute("PRAGMA schema_version").fetchone()
            except OSError as error:
                if not _wal_of(self._path).exists():
                    raise _changed(self._path) from error
                if turn == _TRIES - 1:
                    raise
                time.sleep(_AGAIN_SECONDS)
            else:
                return

    def check(self, seen: _FileState | None) -> None:
        """Raise BusyDatabaseError (database_changed) if the file is not as it was; not if SQLite follows it."""
        if seen and _file_state(self._path) != seen:
            raise _changed(self._path)

    def raise_named(self, error: sqlite3.Error) -> NoReturn:
        if _is_damage(error):
            self.check(self.seen)
        super().raise_named(error)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self.in_transaction:
            return self.cursor(_SteadyCursor).execute(sql, parameters)
        return repeat_on_change(partial(self._execute, sql, parameters))

    def _execute(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        is_followed = _wal_of(self._path).exists()
        if self.seen is not None and (is_followed or _file_state(self._path) != self.seen):
            self._open()
        return self.cursor(_SteadyCursor).execute(sql, parameters)

    def backup(self, target: sqlite3.Connection, **options: Any) -> None:
        super().backup(target, **options)
        self.check(self.seen)


def repeat_on_change[T](read: Callable[[], T]) -> T:
    """Return what ``read`` returns, and repeat it while another process writes the database that it reads.

    Raises: BusyDatabaseError (database_changed) after some tries.
    """
    for _ in range(_TRIES - 1):
        try:
            return read()
        except BusyDatabaseError as error:
            if error.reason != "database_changed":
                raise
    return read()


def _changed(path: Path) -> BusyDatabaseError:
    message = f"{path}: another process wrote it while it was read; run this again"
    return BusyDatabaseError(message, key=str(path), reason="database_changed")


def _file_state(path: Path) -> _FileState:
    """Return what changes with each write of a file; nothing for a missing one."""
    if not path.exists():
        return ()
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _clock_of_files() -> int:
    """Return the nanoseconds that a file has as its time if it is written now: those of a pipe, which needs no disk."""
    ends = os.pipe()
    try:
        return os.fstat(ends[0]).st_mtime_ns
    finally:
        for each in ends:
            os.close(each)


def _settled_state(path: Path) -> _FileState | None:
    """Return the state of a database without a WAL file, all of whose data are in the file; None for one with it.

    Two writes within a tick of the system's clock leave the same time. So a file that was just written is left to rest
    first: the time of any later write is another one. Where files have only whole seconds (ext3, FAT), a second write
    within one is not seen.
    """
    while True:
        now, state = _clock_of_files(), _file_state(path)
        if _wal_of(path).exists():
            return None
        if not state or abs(now - state[-1]) > _TICK_SECONDS * 1e9:
            return state
        time.sleep(_TICK_SECONDS)


def can_write(path: Path) -> bool:
    """Return whether this process may write a database: the file, and its folder for the files next to it."""
    if str(path) == _MEMORY:
        return True
    folder = next(each for each in path.absolute().parents if each.exists())
    return os.access(folder, os.W_OK | os.X_OK) and (not path.exists() or os.access(path, os.W_OK))


def open_for_reading(path: Path, *, broken: AsBroken) -> Database:
    """Return a connection to an existing database that writes no data, whoever writes it meanwhile.

    All statements of a transaction are of one state. Pass the whole transaction to ``repeat_on_change``: for a user who
    may not write the file, it may raise BusyDatabaseError (database_changed).
    """
    if not can_write(path):
        return _UnwritableDatabase(path, broken=broken)
    name = f"{path.absolute().as_uri()}?mode=rw"  # SQLite writes more files next to it
    connection = Database(path, broken=broken, name=name, uri=True, autocommit=True, timeout=_READ_SECONDS)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    return connection


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


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
