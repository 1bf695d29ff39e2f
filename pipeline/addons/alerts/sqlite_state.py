"""The state of alerts of one machine: an SQLite file, with its lock and the Atom files next to it."""

import fcntl
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from sqlite3 import DatabaseError, Error
from typing import NoReturn

from newslake.pipeline.addons.alerts.state import ALERT_SCHEMA, AlertLock, AlertRow, AlertRows
from newslake.pipeline.durability import Durability, make_folder, sync_folder, write_whole_file
from newslake.pipeline.errors import BrokenDatabaseError
from newslake.pipeline.model import file_name_of
from newslake.pipeline.sqlite import Database, open_database, transaction, vacuum_and_truncate

_FEEDS, _LOCK = "feeds", "alerts.lock"
_NEXT_SEQ = "SELECT coalesce(max(seq), 0) + 1 AS seq FROM sqlite_sequence WHERE name = 'messages'"
ALERTS_ADVICE = (
    "restore it from a backup: no other file says which messages wait to be sent; without a backup, delete it and run "
    "`newslake lake repair --give-up alerts/alerts.sqlite`: open alerts, and the rows of each rule's window, are then "
    "reported once more"
)


class SqliteAlertRows(AlertRows):
    """The rows of an SQLite file."""

    def __init__(self, connection: Database) -> None:
        self._connection = connection

    def fetch(self, query: str, *values: object) -> list[AlertRow]:
        found = self._connection.execute(query, values)
        names = [name for name, *_ in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]  # dict(row) looks up each name

    def execute(self, statement: str, *values: object) -> int:
        return self._connection.execute(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)

    def next_seq(self) -> int:
        [row] = self.fetch(_NEXT_SEQ)
        return int(row["seq"])

    def raise_damaged(self, query: str) -> NoReturn:
        self._connection.raise_named(DatabaseError(f"a damaged row: {query}"))


class SqliteAlerts:
    """Implements ``AlertState`` in a folder. Opens on first use.

    Several processes may use it at once, each with its own; so may threads, each with its own.
    """

    def __init__(self, path: Path, *, durability: Durability) -> None:
        self._path = path
        self._durability: Durability = durability

    @cached_property
    def _db(self) -> Database:
        connection = open_database(self._path, durability=self._durability, broken=partial(_as_broken, self._path))
        weakref.finalize(self, connection.close)
        with transaction(connection):
            for statement in ALERT_SCHEMA:
                connection.execute(statement)
        return connection

    def open(self) -> None:
        self._db  # noqa: B018 - opens it

    def has_rows(self) -> bool:
        return self._path.exists()

    def has_files(self) -> bool:
        return self._path.parent.is_dir()

    @contextmanager
    def exclusive(self) -> Iterator[AlertLock]:
        make_folder(self._path.parent, durability=self._durability)
        with (self._path.parent / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield AlertLock(lock.fileno(), "")

    def read[T](self, work: Callable[[AlertRows], T]) -> T:
        return work(SqliteAlertRows(self._db))

    def change[T](self, work: Callable[[AlertRows], T], *, lock: AlertLock | None) -> T:
        with transaction(self._db) as connection:
            return work(SqliteAlertRows(connection))

    def begin_sending(self, sender: str, delivery_id: str, *, lock: AlertLock, seconds: float) -> float:
        return 0.0  # nobody else has the lock while this process or its sender lives

    def vacuum(self) -> None:
        vacuum_and_truncate(self._db)

    def feed_place(self, rule: str) -> str:
        return str(self._feed_path(rule))

    def _feed_path(self, rule: str) -> Path:
        return self._path.parent / _FEEDS / f"{file_name_of(rule)}.xml"

    def feed(self, rule: str) -> bytes | None:
        path = self._feed_path(rule)
        return path.read_bytes() if path.exists() else None

    def put_feed(self, rule: str, data: bytes) -> None:
        path = self._feed_path(rule)
        make_folder(path.parent, durability=self._durability)
        for unfinished in path.parent.glob(f".{path.name}.*"):  # of a killed process: nobody else writes here now
            unfinished.unlink()
        if self.feed(rule) != data:
            write_whole_file(path, data, durability=self._durability)

    def delete_feeds(self) -> None:
        folder = self._path.parent / _FEEDS
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():  # also those that a killed process left
            path.unlink()
        if self._durability == "full" and folder.is_dir():
            sync_folder(folder)


def _as_broken(path: Path, error: Error) -> BrokenDatabaseError:
    message = f"{path} cannot be read ({error}); {ALERTS_ADVICE}"
    return BrokenDatabaseError(message, key=str(path), reason="database_broken")
