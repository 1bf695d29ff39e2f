"""The state of alerts: rows of one database, one lock for all processes, and an Atom file per rule.

``alerts`` has the logic, once: both databases take the same statements, with the placeholder "?". What is
different between them is in the implementations of ``AlertRows`` and ``AlertState``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

from newslake.pipeline.sqlite import row_checksum

type AlertRow = dict[str, Any]

# In the words of SQLite. Each row ends with its checksum, because no other file has the same data. Times are
# microseconds since 1970, for people: messages are in the order of ``seq``, so that a clock that jumps changes no
# order. A ``key`` is a hash.
ALERT_SCHEMA: Final = (
    # feed_id: of the Atom file. updated_at: of the newest message.
    """CREATE TABLE IF NOT EXISTS rules (
        rule TEXT PRIMARY KEY, feed_id TEXT NOT NULL, title TEXT NOT NULL, updated_at INTEGER NOT NULL,
        checksum INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS open_alerts (
        rule TEXT NOT NULL, key TEXT NOT NULL, opened_at INTEGER NOT NULL, article_id TEXT, content TEXT NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (rule, key))""",
    """CREATE TABLE IF NOT EXISTS reported_rows (
        rule TEXT NOT NULL, key TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (rule, key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL,
        kind TEXT NOT NULL, total INTEGER NOT NULL, created_at INTEGER NOT NULL, checksum INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS messages_by_rule ON messages (rule, seq)",
    """CREATE TABLE IF NOT EXISTS items (
        seq INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL, article_id TEXT, content TEXT NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (seq, position))""",
    # A row waits for its sender; it is deleted when it is sent. delivery_id is set when its content is fixed.
    """CREATE TABLE IF NOT EXISTS deliveries (
        seq INTEGER NOT NULL, sender TEXT NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER, delivery_id TEXT,
        checksum INTEGER NOT NULL, PRIMARY KEY (seq, sender))""",
    """CREATE TABLE IF NOT EXISTS failing_senders (
        sender TEXT PRIMARY KEY, attempts INTEGER NOT NULL, since INTEGER NOT NULL, next_try_at INTEGER NOT NULL,
        reason TEXT NOT NULL, checksum INTEGER NOT NULL)""",
)
# Tables whose rows change: the columns that identify a row, which are its first ones.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "rules": ("rule",),
    "messages": ("seq",),
    "deliveries": ("seq", "sender"),
    "failing_senders": ("sender",),
}


class AlertRows(ABC):
    """The rows of the alerts, within one transaction if they are changed. All names in statements are our own."""

    @abstractmethod
    def fetch(self, query: str, *values: object) -> list[AlertRow]:
        """Return the rows of a query, by the names of the columns, in their order."""

    @abstractmethod
    def execute(self, statement: str, *values: object) -> int:
        """Run a statement; return how many rows it changed."""

    @abstractmethod
    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row of values."""

    @abstractmethod
    def next_seq(self) -> int:
        """Return the number of the next message, higher than that of each earlier one, also of deleted ones."""

    @abstractmethod
    def raise_damaged(self, query: str) -> NoReturn:
        """Raises: BrokenDatabaseError for a row of a query that its checksum denies."""

    def fetch_whole(self, query: str, *values: object) -> list[AlertRow]:
        """Return rows with all columns of a table. Raises: BrokenDatabaseError for a row that its checksum denies."""
        found = self.fetch(query, *values)
        for row in found:
            *stored, checksum = row.values()
            if row_checksum(stored) != checksum:
                self.raise_damaged(query)
        return found

    def add(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Add rows, without their checksums."""
        if rows:
            marks = ", ".join("?" * (len(rows[0]) + 1))
            statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - our own names
            self.execute_many(statement, [(*row, row_checksum(row)) for row in rows])

    def put(self, table: str, *values: object) -> None:
        """Add or replace a row."""
        keys = _KEYS[table]
        condition = " AND ".join(f"{key} = ?" for key in keys)
        self.execute(f"DELETE FROM {table} WHERE {condition}", *values[: len(keys)])  # noqa: S608 - our own names
        self.add(table, [values])


@dataclass(frozen=True, slots=True)
class AlertLock:
    """The lock of the alerts while it is held.

    A child process that inherits ``descriptor`` holds it too, until it ends. ``holder`` is unique.
    """

    descriptor: int
    holder: str


class AlertState(Protocol):
    """The state of alerts of a data root or shared store. Raises: BrokenDatabaseError, StoreError, OSError."""

    def open(self) -> None:
        """Create the database unless it exists."""
        ...

    def has_rows(self) -> bool:
        """Return whether the database is there; without it, nothing is open and nothing waits."""
        ...

    def has_files(self) -> bool:
        """Return whether there may be an Atom file, also one without its database."""
        ...

    def exclusive(self) -> AbstractContextManager[AlertLock]:
        """Hold the lock, which checks, deliveries and takedowns share; wait for it."""
        ...

    def read[T](self, work: Callable[[AlertRows], T]) -> T:
        """Return what a function reads from the rows. It may run twice."""
        ...

    def change[T](self, work: Callable[[AlertRows], T], *, lock: AlertLock | None) -> T:
        """Run a function in one transaction; return what it returns.

        It may run twice, also if only the answer to the commit was lost: then it finds what it has written.
        Raises: StoreError (lease_lost) if another process has taken the lock since; nothing is changed then.
        """
        ...

    def begin_sending(self, sender: str, delivery_id: str, *, lock: AlertLock, seconds: float) -> float:
        """Note that a message is on its way for at most ``seconds``; return 0.0.

        If a process that has lost the lock may still be sending it, return the seconds to wait: then it is marked, or
        sent again. Raises: StoreError (lease_lost) if another process has taken the lock.
        """
        ...

    def vacuum(self) -> None:
        """Remove all bytes of deleted rows from the files of the database."""
        ...

    def feed_place(self, rule: str) -> str:
        """Return the path or the key of the Atom file of a rule."""
        ...

    def feed(self, rule: str) -> bytes | None:
        """Return the Atom file of a rule, or None."""
        ...

    def put_feed(self, rule: str, data: bytes) -> None:
        """Write the Atom file of a rule, unless it has these bytes. The caller holds the lock."""
        ...

    def delete_feeds(self) -> None:
        """Delete all Atom files, for good: none that is being written comes later. The caller holds the lock."""
        ...
