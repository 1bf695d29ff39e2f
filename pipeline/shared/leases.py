"""Leases, rates and claims in PostgreSQL.

A lease is an advisory lock of a separate session. The reasons, compared with a row that expires:

- It ends at once when its holder is killed: the system closes the connection, and the server ends the session. If the
  host vanishes, the keepalives of both sides end it after ``silence_seconds`` of the database.
- A busy or stopped holder keeps it: its system answers the keepalives. A row would need a thread that renews it, and
  would pass to another holder during a long step.
- No clock is compared.
- Waiting needs no polling, and the longest waiting comes first.

The costs: a connection per lease, no pooler that shares sessions between transactions, and a restart of the server ends
all leases while their holders live; so does the death of one process of the server, after which it ends all sessions
and goes on. So ``check`` queries the server, and a takedown waits for holders that have not noticed yet.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from uuid import uuid4

import psycopg

from newslake.pipeline.errors import StoreError
from newslake.pipeline.leases import POLL_SECONDS, Lease
from newslake.pipeline.shared.database import PostgresDatabase, is_lost
from newslake.pipeline.shared.schema import lock_key

_LONGEST_SECONDS = 3600.0  # a later time is from a clock that was set back
_OURS = """locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_KEY = "((classid::bigint << 32) | objid::bigint)"
_IS_HELD = f"SELECT 1 FROM pg_locks WHERE {_OURS} AND pid = pg_backend_pid() AND {_KEY} = %s"  # noqa: S608 - constants
_LOCK = "SELECT true FROM (SELECT pg_advisory_lock(%s)) AS lock"
_TRY_LOCK = "SELECT pg_try_advisory_lock(%s)"
_TRY_LOCK_SHARED = "SELECT pg_try_advisory_lock_shared(%s)"
_NEWEST = "SELECT newest FROM writer_generations"
_START_GENERATION = """UPDATE writer_generations SET newest = newest + 1
    RETURNING ended, newest, extract(epoch FROM statement_timestamp())::float8"""
_END_GENERATIONS = "UPDATE writer_generations SET ended = greatest(ended, %s)"
_TAKE = f"""INSERT INTO host_rates AS rate VALUES (%(host)s,
        clock_timestamp() + make_interval(secs => %(seconds)s), clock_timestamp() + make_interval(secs => %(open)s))
    ON CONFLICT (host) DO UPDATE SET next_at = clock_timestamp() + make_interval(secs => %(seconds)s),
        open_until = clock_timestamp() + make_interval(secs => %(open)s)
    WHERE (rate.next_at <= clock_timestamp()
            OR rate.next_at > clock_timestamp() + make_interval(secs => {_LONGEST_SECONDS}))
        AND (rate.open_until <= clock_timestamp()
            OR rate.open_until > clock_timestamp() + make_interval(secs => {_LONGEST_SECONDS}))
    RETURNING open_until"""  # noqa: S608 - constants
_RENEW = """UPDATE host_rates SET open_until = clock_timestamp() + make_interval(secs => %s)
    WHERE host = %s AND open_until = %s RETURNING open_until"""
_AHEAD = """SELECT extract(epoch FROM next_at - clock_timestamp())::float8,
    extract(epoch FROM open_until - clock_timestamp())::float8 FROM host_rates WHERE host = %s"""
# It closes the request that is open until ``mine``; one with another time is of another process.
_DEFER = f"""INSERT INTO host_rates AS rate VALUES
        (%(host)s, clock_timestamp() + make_interval(secs => %(seconds)s), clock_timestamp())
    ON CONFLICT (host) DO UPDATE SET next_at = CASE
        WHEN rate.next_at > clock_timestamp() + make_interval(secs => {_LONGEST_SECONDS}) THEN excluded.next_at
        ELSE greatest(rate.next_at, excluded.next_at) END,
        open_until = CASE WHEN rate.open_until = %(mine)s::timestamptz THEN clock_timestamp()
        ELSE rate.open_until END"""  # noqa: S608 - constants
HELD_KEYS = f"SELECT {_KEY} FROM pg_locks WHERE {_OURS}"  # noqa: S608 - constants
# Two claims would wait for each other if a lease ends between their looks at it.
_LOCK_CLAIMS = "LOCK TABLE inbox_claims IN SHARE ROW EXCLUSIVE MODE"
_FREE_DEAD = f"DELETE FROM inbox_claims WHERE inbox = %s AND lease NOT IN ({HELD_KEYS})"  # noqa: S608 - constants
_CLAIM = """INSERT INTO inbox_claims SELECT %s, name, %s FROM unnest(%s::text[]) AS input (name)
    ON CONFLICT DO NOTHING RETURNING name"""
_UNCLAIM = "DELETE FROM inbox_claims WHERE lease = %s"


class PostgresLease:
    """A lease that is held by a session. ``key`` is that of its lock."""

    def __init__(self, database: PostgresDatabase, session: psycopg.Connection, key: int, name: str) -> None:
        self._database = database
        self.session = session
        self.key = key
        self._name = name

    @property
    def descriptor(self) -> int:
        """The connection's descriptor. A child process that inherits it holds the lease too, until it ends."""
        return self.session.fileno()

    def _is_held(self) -> bool:
        """Return whether the server still has the session and its lock."""
        try:
            return self.session.execute(_IS_HELD, (self.key,)).fetchone() is not None
        except psycopg.Error as error:
            if not is_lost(error):
                raise
            return False

    def check(self) -> None:
        """Raises: StoreError (lease_lost) if it is no longer held."""
        if not self._is_held():
            raise self._lost()

    def write[T](self, work: Callable[[psycopg.Cursor], T]) -> T:
        """Run ``work`` in one transaction of the session that holds the lease, and return what it returns.

        The lock ends after the transactions of its session. So the next holder sees all of this one or nothing, and
        nothing can be written after the lease is lost. It runs again after a deadlock.
        Raises: StoreError (lease_lost), also if only the answer to COMMIT is lost.
        """

        def attempt() -> T:
            try:
                with self.session.transaction(), self.session.cursor() as cursor:
                    return work(cursor)
            except psycopg.Error as error:
                if not is_lost(error):
                    raise
                raise self._lost() from error

        return self._database.run_until_done(attempt)

    def _lost(self) -> StoreError:
        message = f"{self._name}: its lease was lost with its connection; run it again"
        return StoreError(message, key=self._name, reason="lease_lost")


def write_under[T](lease: Lease | None, database: PostgresDatabase, work: Callable[[psycopg.Cursor], T]) -> T:
    """Run ``work`` in one transaction, in the session that holds ``lease``, if it is not None; return what it returns.

    Raises: StoreError, also (lease_lost).
    """
    return lease.write(work) if isinstance(lease, PostgresLease) else database.write(work)


class PostgresLeases:
    """All leases of a shared store, each with a separate session.

    A writer checks its lease directly before each write, or writes in the session that holds it. What it has begun just
    before it lost the lease ends within ``notice_seconds``. Writers, takedowns and add-ons call ``check`` once they
    have their lease: it raises if they may not begin.
    """

    def __init__(
        self, database: PostgresDatabase, *, notice_seconds: float = 30.0, check: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self.notice_seconds = notice_seconds
        self._check = check

    @contextmanager
    def source(self, source_key: str, *, waits: bool) -> Iterator[PostgresLease | None]:
        with self.hold("source", source_key, query=_LOCK if waits else _TRY_LOCK) as lease:
            yield lease

    @contextmanager
    def committer(self) -> Iterator[PostgresLease]:
        with self.hold("committer") as lease:
            assert lease is not None
            yield lease

    @contextmanager
    def takedown(self) -> Iterator[PostgresLease]:
        with self.hold("takedown") as lease:
            assert lease is not None
            self._check()
            yield lease

    @contextmanager
    def side_state(self, name: str) -> Iterator[PostgresLease]:
        """Hold the right to change the state of an add-on; wait for it."""
        with self.hold("side state", name) as lease:
            assert lease is not None
            self._check()
            yield lease

    @contextmanager
    def writer(self) -> Iterator[PostgresLease]:
        while True:
            [(generation,)] = self._database.query(_NEWEST)
            with self.hold("writer", str(generation), query=_TRY_LOCK_SHARED) as lease:
                # A takedown that began in between does not wait for this lease, and may have ended.
                if lease is not None and self._database.query(_NEWEST) == [(generation,)]:
                    self._check()
                    yield lease
                    return

    def wait_for_writers(self) -> float:
        newest, called_at = self.wait_for_holders()
        # Their locks are gone, but one may have lost its lock just now while it lives: the server has no record of it.
        time.sleep(self.notice_seconds)
        self._database.write(lambda cursor: cursor.execute(_END_GENERATIONS, (newest - 1,)))
        return called_at

    def wait_for_holders(self) -> tuple[int, float]:
        """Wait for current writers, but not for one that has lost its lease without notice.

        Return the number of the next generation of writers, and the time of the call.
        """
        [(ended, newest, called_at)] = self._database.write(lambda cursor: cursor.execute(_START_GENERATION).fetchall())
        for generation in range(ended + 1, newest):  # also those of takedowns that were killed
            with self.hold("writer", str(generation)):
                pass
        return newest, float(called_at)

    @contextmanager
    def claim(self, inbox: str, names: Iterable[str]) -> Iterator[frozenset[str]]:
        """Hold those of some names that no living run holds; yield them. A dead run's are free at once.

        Look for the objects again afterwards: an earlier holder may have removed one after it was listed.
        """
        run = uuid4().hex
        key = lock_key(self._database.schema, "claim", run)
        wanted = list(set(names))
        with self.hold("claim", run):

            def insert(cursor: psycopg.Cursor) -> frozenset[str]:
                cursor.execute(_LOCK_CLAIMS)
                cursor.execute(_FREE_DEAD, (inbox,))
                cursor.execute(_CLAIM, (inbox, key, wanted))
                mine = cursor.execute("SELECT name FROM inbox_claims WHERE lease = %s", (key,)).fetchall()
                return frozenset(name for (name,) in mine)

            try:
                yield self._database.write(insert)
            finally:
                self._database.write(lambda cursor: cursor.execute(_UNCLAIM, (key,)))

    @contextmanager
    def hold(self, *names: str, query: str = _LOCK) -> Iterator[PostgresLease | None]:
        """Hold the lock of some names; yield None if the query does not wait and another session has it."""
        key = lock_key(self._database.schema, *names)
        session, is_mine = self._lock(key, query)
        with closing(session):
            yield PostgresLease(self._database, session, key, " ".join(names)) if is_mine else None
            with suppress(psycopg.OperationalError):  # a lost session has no locks
                session.execute("SELECT pg_advisory_unlock_all()")  # the server notices the end of a session later

    def _lock(self, key: int, query: str) -> tuple[psycopg.Connection, bool]:
        """Return a new session and whether it has a lock. A session that is lost while it waits begins again."""
        while True:
            session = self._database.run_until_done(self._database.connect)
            try:
                [(is_mine,)] = session.execute(query, (key,)).fetchall()
            except psycopg.Error as error:
                session.close()
                if not is_lost(error):
                    raise
            except BaseException:
                session.close()
                raise
            else:
                return session, is_mine


class PostgresRates:
    """The times of the next requests to hosts, by the clock of the server."""

    def __init__(self, database: PostgresDatabase, *, open_seconds: float) -> None:
        self._database = database
        self.open_seconds = min(open_seconds, _LONGEST_SECONDS)
        self._open_until: dict[str, datetime] = {}

    def take(self, host: str, *, interval_seconds: float) -> float:
        values = {"host": host, "seconds": interval_seconds, "open": self.open_seconds}
        while not (rows := self._database.write(lambda cursor: cursor.execute(_TAKE, values).fetchall())):
            [(ahead_seconds, open_seconds)] = self._database.query(_AHEAD, (host,))
            if ahead_seconds > 0:
                return float(ahead_seconds)
            if open_seconds > 0:
                return min(float(open_seconds), POLL_SECONDS)
        [(self._open_until[host],)] = rows
        return 0.0

    def renew(self, host: str) -> None:
        values = (self.open_seconds, host, self._open_until.get(host))
        for (until,) in self._database.write(lambda cursor: cursor.execute(_RENEW, values).fetchall()):
            self._open_until[host] = until

    def finish(self, host: str, *, interval_seconds: float) -> None:
        self._defer(host, interval_seconds, mine=self._open_until.pop(host, None))

    def defer(self, host: str, seconds: float) -> None:
        self._defer(host, seconds, mine=None)

    def _defer(self, host: str, seconds: float, *, mine: datetime | None) -> None:
        values = {"host": host, "seconds": min(seconds, _LONGEST_SECONDS), "mine": mine}
        self._database.write(lambda cursor: cursor.execute(_DEFER, values))
