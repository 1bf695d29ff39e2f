"""Turns in PostgreSQL: what the processes of all hosts work on, and how many died in the turns of each item.

A turn is a row that counts for as long as a lease is held, so a process that dies on one host is noticed by the next
process on any host, also where a task gets a new disk each time. The rows are not in the log of the server: a server
that was killed forgets them. One that was stopped has another start time. So leases that end with the server, while
their holders live, count as no death.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import psycopg

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.database import PostgresDatabase, is_lost
from newslake.pipeline.shared.leases import HELD_KEYS, PostgresLease, PostgresLeases

log = logging.getLogger(__name__)

_ADD = "ON CONFLICT (item) DO UPDATE SET times = deaths.times + excluded.times"
# The rows of deaths that two transactions change may be any, in any order; both are short.
_LOCK = "LOCK TABLE deaths IN SHARE ROW EXCLUSIVE MODE"
_COUNT_DEAD = f"""WITH dead AS (DELETE FROM turns WHERE lease NOT IN ({HELD_KEYS}) RETURNING items, server_started_at)
    INSERT INTO deaths SELECT item, count(*) FROM dead, unnest(items) AS item
    WHERE server_started_at = pg_postmaster_start_time() GROUP BY item {_ADD}"""  # noqa: S608 - constants
_FORGET_DEAD = f"DELETE FROM turns WHERE lease NOT IN ({HELD_KEYS})"  # noqa: S608 - constants
_BEGIN = "INSERT INTO turns VALUES (%s, '{}', pg_postmaster_start_time()) ON CONFLICT DO NOTHING"
_WRITE = "UPDATE turns SET items = %s WHERE lease = %s"
_END = f"""WITH ended AS (DELETE FROM turns WHERE lease = %s RETURNING lease)
    INSERT INTO deaths SELECT item, 1 FROM ended, unnest(%s::text[]) AS item {_ADD}"""  # noqa: S608 - constants
_FORGET = "DELETE FROM deaths WHERE item = ANY(%s)"


class PostgresTurn:
    """The turn of this process. If its session is lost, it goes on without a record."""

    def __init__(self, database: PostgresDatabase, lease: PostgresLease, deaths: Mapping[str, int]) -> None:
        self.deaths = deaths
        self._database = database
        self._lease = lease
        self._is_recorded = True

    def write(self, items: Collection[str]) -> None:
        if not self._is_recorded:
            return
        try:
            self._lease.session.execute(_WRITE, (list(items), self._lease.key))
        except psycopg.Error as error:
            if not is_lost(error):
                raise
            self._is_recorded = False
            log.warning("the session of the turns is lost; this process goes on, but its death would not be counted")

    def end(self, *, dead: Collection[str], survivors: Collection[str]) -> None:
        def write(cursor: psycopg.Cursor) -> None:
            cursor.execute(_LOCK)
            cursor.execute(_END, (self._lease.key, sorted(set(dead))))
            cursor.execute(_FORGET, (sorted(survivors),))

        try:
            self._database.write(write)
        except StoreError as error:  # the work is done, or has a better error
            log.warning("the end of a turn could not be recorded: %s", error)


class PostgresTurns:
    """Implements ``TurnRecords``."""

    def __init__(self, database: PostgresDatabase, leases: PostgresLeases) -> None:
        self._database = database
        self._leases = leases

    @contextmanager
    def open(self) -> Iterator[PostgresTurn]:
        with self._leases.hold("turn", uuid4().hex) as lease:
            assert lease is not None
            if (counted := self._database.write(_count_dead)) > 0:
                log.warning("a process ended while it worked on one of %d items", counted)
            self._database.write(partial(psycopg.Cursor.execute, query=_BEGIN, params=(lease.key,)))
            deaths: dict[str, int] = dict(self._database.query("SELECT item, times FROM deaths"))
            yield PostgresTurn(self._database, lease, deaths)

    def forget(self, items: Collection[str]) -> None:
        def write(cursor: psycopg.Cursor) -> None:
            _count_dead(cursor)
            cursor.execute(_FORGET, (sorted(items),))

        self._database.write(write)

    def forget_ended(self) -> None:
        self._database.write(lambda cursor: cursor.execute(_FORGET_DEAD))


def _count_dead(cursor: psycopg.Cursor) -> int:
    """Count the deaths of ended leases; return of how many items."""
    cursor.execute(_LOCK)
    return cursor.execute(_COUNT_DEAD).rowcount
