"""SQLite as newslake uses it: one file, many processes, explicit transactions."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pipeline.errors import BusyDatabaseError, NewsError, room_for

Durability = Literal["full", "process"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_SECONDS = 60.0  # a rebuild of the index holds the write lock for as long as it reads the archive's headers
_AGAIN_SECONDS = 0.02


def open_database(
    path: Path, *, durability: Durability, broken: Callable[[sqlite3.DatabaseError], NewsError]
) -> sqlite3.Connection:
    """Return a connection in WAL mode, without implicit transactions.

    Raises: what ``broken`` makes of the error when the file is not SQLite's, OSError where its disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, autocommit=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        with room_for(path):
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
    """Return a connection to a file that is never written in place, only replaced: it needs no lock and no room.

    Raises: what ``broken`` makes of the error when there is no such file.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, autocommit=True, check_same_thread=False)
    except sqlite3.DatabaseError as error:
        raise broken(error) from error
    connection.row_factory = sqlite3.Row
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Set the mode, which the first to open a file must: for that one change SQLite does not wait its turn."""
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
    """Hold the write lock; all of the block's changes appear at once, or none when it raises."""
    with room_for(Path(connection.execute("PRAGMA database_list").fetchone()["file"])):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it
                connection.execute("ROLLBACK")
            raise


def scrub(connection: sqlite3.Connection) -> None:
    """Write the file anew without a byte of what was deleted, and empty the log beside it.

    Raises: BusyDatabaseError while another process goes on reading an older state.
    """
    path = Path(connection.execute("PRAGMA database_list").fetchone()["file"])
    with room_for(path):
        connection.execute("VACUUM")
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            told = f"{path}: a process that reads it holds on to what was deleted; end it, then run this again"
            raise BusyDatabaseError(told, key=str(path), reason="database_busy")


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
