"""The state of alerts in PostgreSQL, with the Atom files as objects of the bucket.

The lock is a lease of a session. A sender's process inherits the connection: if its parent is killed, nobody else sends
amid its message. But a restart of the server ends the lease while its holder lives. So each holder writes its name into
``alert_turns``, and each of its transactions requires it: a holder that has lost the lock changes nothing. What it can
still do is finish a message or the put of an Atom file. The next holder waits for these.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn
from uuid import uuid4

import psycopg

from newslake.pipeline.addons.alerts.state import AlertLock, AlertRow, AlertRows
from newslake.pipeline.errors import BrokenDatabaseError, StoreError
from newslake.pipeline.model import file_name_of
from newslake.pipeline.shared.database import PostgresDatabase, from_text, rewrite_tables, to_text
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.objects import Objects

log = logging.getLogger(__name__)

_FOLDER: Final = "alerts/feeds"
_TAKE = """UPDATE alert_turns SET holder = %(holder)s, taken_at = clock_timestamp(),
    settled_at = CASE WHEN holder IS NULL OR holder = %(holder)s THEN settled_at
        ELSE clock_timestamp() + make_interval(secs => %(seconds)s) END"""
_RELEASE = "UPDATE alert_turns SET holder = NULL WHERE holder = %s"
_IS_HOLDER = "SELECT 1 FROM alert_turns WHERE holder = %s FOR SHARE"
_UNSETTLED = "SELECT extract(epoch FROM settled_at - clock_timestamp())::float8 FROM alert_turns"
# Another holder's note of the same message counts until it is old. If that holder lost its lease when the server
# stopped, it also needs a moment to mark the message, after the lock was taken from it.
_OVER = "greatest(note.ends_at, (SELECT taken_at FROM alert_turns) + make_interval(secs => %(mark_seconds)s))"
_BEGIN_SENDING = f"""INSERT INTO alert_sendings AS note
    VALUES (%(sender)s, %(delivery_id)s, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (sender) DO UPDATE
        SET delivery_id = excluded.delivery_id, holder = excluded.holder, ends_at = excluded.ends_at
        WHERE note.delivery_id <> excluded.delivery_id OR note.holder = excluded.holder
            OR {_OVER} <= clock_timestamp()
    RETURNING true"""  # noqa: S608 - our own expression
_AHEAD = f"""SELECT extract(epoch FROM {_OVER} - clock_timestamp())::float8
    FROM alert_sendings AS note WHERE sender = %(sender)s"""  # noqa: S608 - our own expression
_PUT_SECONDS = 120.0  # of the longest put, which a store may finish after its sender died
_MARK_SECONDS = 5.0
_LEAST_WAIT_SECONDS = 0.05


class PostgresAlertRows(AlertRows):
    """The rows of a transaction."""

    def __init__(self, cursor: psycopg.Cursor) -> None:
        self._cursor = cursor

    def fetch(self, query: str, *values: object) -> list[AlertRow]:
        found = self._run(query, values)
        names = [column.name for column in found.description or ()]
        return [dict(zip(names, map(_given, row), strict=True)) for row in found.fetchall()]

    def execute(self, statement: str, *values: object) -> int:
        return self._run(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._cursor.executemany(_in_postgres(statement), [list(map(_stored, row)) for row in rows])

    def _run(self, statement: str, values: Iterable[object]) -> psycopg.Cursor:
        return self._cursor.execute(_in_postgres(statement), list(map(_stored, values)))

    def next_seq(self) -> int:
        [row] = self.fetch("SELECT nextval('message_numbers') AS seq")
        return int(row["seq"])

    def raise_damaged(self, query: str) -> NoReturn:
        place = f"{self._cursor.connection.info.host}:{self._cursor.connection.info.port}"
        message = f"{place} has a damaged row of the alerts: {query}; restore the database from a backup"
        raise BrokenDatabaseError(message, key=place, reason="database_broken")


class PostgresAlerts:
    """Implements ``AlertState`` for a shared store.

    ``put_seconds`` is the longest time of a put to the bucket; ``mark_seconds`` how soon a process that waits for the
    database finds that it is there again.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        objects: Objects,
        *,
        leases: PostgresLeases,
        put_seconds: float = _PUT_SECONDS,
        mark_seconds: float = _MARK_SECONDS,
    ) -> None:
        self._database = database
        self._objects = objects
        self._leases = leases
        self._put_seconds = put_seconds
        self._mark_seconds = mark_seconds
        self._has_failed_put = False  # in this turn

    def open(self) -> None:
        """Nothing: the first session creates the schema."""

    def has_rows(self) -> bool:
        return True

    def has_files(self) -> bool:
        return True

    @contextmanager
    def exclusive(self) -> Iterator[AlertLock]:
        holder = uuid4().hex
        taken = {"holder": holder, "seconds": self._put_seconds}
        with self._leases.alerts() as lease:
            descriptor = lease.descriptor
            self._database.write(lambda cursor: cursor.execute(_TAKE, taken))
            self._has_failed_put = False
            yield AlertLock(descriptor, holder)
            # Not after an error, nor after a put that failed: the bucket may still finish it.
            if not self._has_failed_put:
                self._database.write(lambda cursor: cursor.execute(_RELEASE, (holder,)))

    def read[T](self, work: Callable[[AlertRows], T]) -> T:
        return self.change(work, lock=None)

    def change[T](self, work: Callable[[AlertRows], T], *, lock: AlertLock | None) -> T:
        def attempt(cursor: psycopg.Cursor) -> T:
            self._check(cursor, lock)
            return work(PostgresAlertRows(cursor))

        return self._database.write(attempt)

    def _check(self, cursor: psycopg.Cursor, lock: AlertLock | None) -> None:
        """Keep others from taking the lock until the end of a transaction. Raises: StoreError (lease_lost)."""
        if lock is not None and cursor.execute(_IS_HOLDER, (lock.holder,)).fetchone() is None:
            message = "alerts: the lease was lost with its connection, and another process has it now; run it again"
            raise StoreError(message, key="alerts", reason="lease_lost")

    def begin_sending(self, sender: str, delivery_id: str, *, lock: AlertLock, seconds: float) -> float:
        values = {
            "sender": to_text(sender),
            "delivery_id": delivery_id,
            "holder": lock.holder,
            "seconds": seconds,
            "mark_seconds": self._mark_seconds,
        }

        def note(cursor: psycopg.Cursor) -> float:
            self._check(cursor, lock)
            if cursor.execute(_BEGIN_SENDING, values).fetchone() is not None:
                return 0.0
            [(ahead_seconds,)] = cursor.execute(_AHEAD, values).fetchall()
            return max(float(ahead_seconds), _LEAST_WAIT_SECONDS)

        return self._database.write(note)

    def vacuum(self) -> None:
        rewrite_tables(self._database, {"open_alerts": "content", "items": "content"})

    def feed_place(self, rule: str) -> str:
        return f"{_FOLDER}/{file_name_of(rule)}.xml"

    def feed(self, rule: str) -> bytes | None:
        return self._objects.get(self.feed_place(rule))

    def put_feed(self, rule: str, data: bytes) -> None:
        """Write the Atom file. A bucket that fails stops no message: the next check writes the file."""
        try:
            if self.feed(rule) != data:
                self._objects.put(self.feed_place(rule), data)
        except StoreError as error:
            self._has_failed_put = True
            log.warning("the Atom file of rule %s is not written; the next check writes it: %s", rule, error)

    def delete_feeds(self) -> None:
        [(unsettled_seconds,)] = self._database.query(_UNSETTLED)
        time.sleep(max(0.0, unsettled_seconds))
        named = [self.feed_place(row["rule"]) for row in self.read(lambda rows: rows.fetch("SELECT rule FROM rules"))]
        listed = [each.key for each in self._objects.list(_FOLDER)]  # it may be late; so the rules are named, too
        for key in sorted({*named, *listed}):
            self._objects.delete(key)


def _in_postgres(statement: str) -> str:
    return statement.replace("?", "%s")


def _stored(value: object) -> object:
    return to_text(value) if isinstance(value, str) else value


def _given(value: object) -> object:
    return from_text(value) if isinstance(value, str) else value
