"""SQLite as this room uses it: one file, many processes, explicit transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pipeline.errors import ArchiveError, room_for

Durability = Literal["full", "process"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_SECONDS = 60.0  # a rebuild of the index holds the write lock for as long as it reads the archive's headers


def open_database(path: Path, *, durability: Durability) -> sqlite3.Connection:
    """Return a connection in WAL mode, without implicit transactions.

    Raises: ArchiveError (database_broken) when the file is not SQLite's, OSError where its disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, autocommit=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        with room_for(path):
            connection.execute("PRAGMA journal_mode = WAL")
    except OSError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ArchiveError(
            f"{path} cannot be opened ({error}); index.sqlite may be deleted, it is rebuilt from the WARC files",
            key=str(path),
            reason="database_broken",
        ) from error
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'OFF'}")
    return connection


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


def to_micros(value: datetime) -> int:
    """Return microseconds since 1970, exact."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)
