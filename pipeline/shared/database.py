"""PostgreSQL: sessions, transactions that survive a restart of the server, and errors that say what to do.

The password is in the URL, in a file, or where libpq finds it (PGPASSWORD, PGPASSFILE); no message has it.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, overload
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.patience import ProcessLock, Wait
from newslake.pipeline.shared.schema import HAS_TABLES, ensure_schema

type Row = tuple[Any, ...]
type Values = Sequence[object] | Mapping[str, object]

SCHEMA: Final = "newslake"
OLDEST: Final = 140_000  # the first version that notices while it works that its client is gone
_CONNECT_SECONDS = 10
_PATIENCE_SECONDS = 60.0  # for a server that restarts
_PAUSE_SECONDS, _PAUSE_MAX_SECONDS = 0.05, 1.0
_STREAM_ROWS = 2_000
WORKER_CONNECTIONS = 6  # a worker has at most these
MORE_CONNECTIONS = f"raise max_connections: each worker needs up to {WORKER_CONNECTIONS} connections"
# What failed, by the start of its SQLSTATE: the reason, and what to do. The first match counts.
_ADVICE: Mapping[str, tuple[str, str]] = {
    "28": ("store_refused", "check user and password of NEWS_DATABASE_URL"),
    "3D": ("store_missing", "create the database, or correct its name in NEWS_DATABASE_URL"),
    "42501": ("store_rights", "GRANT CREATE ON DATABASE to its user, or let that user own the schema"),
    "25006": ("store_read_only", "name the primary server in NEWS_DATABASE_URL"),
    "53100": ("store_full", "free some space on the disk of the server, then run it again"),
    "53300": ("store_busy", MORE_CONNECTIONS),
    "53": ("store_busy", "give the server more memory, then run it again"),
}
# The same for a refused connection, whose errors have no SQLSTATE, only text.
_REFUSALS: Mapping[str, str] = {
    "FATAL: .*(too many c|connection slots)": "53300",
    "FATAL: .*(authentication failed|pg_hba)|no password supplied": "28",
    "FATAL: role .*does not exist": "28",
    "FATAL: database .*does not exist": "3D",
    "FATAL: permission denied": "42501",
    "session is read-only": "25006",
}
# A lease is held and waited for, for as long as it takes, whatever the server's defaults are.
_UNLIMITED = dict.fromkeys(
    ("statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"), "0"
)
_ENDED_BY_SERVER = ("server closed the connection", "terminating connection")  # it answered: it is there
_STARTING = "the database system is "  # starting up, shutting down, in recovery mode
_PASSING = ("store_starting", "store_busy")
_SET = """SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS setting (name, value)
    UNION ALL SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'"""
_RUN_AGAIN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
# Zero bytes are not text for PostgreSQL. The substitutes keep the order of texts.
_ESCAPES = {"\0": "\1\1", "\1": "\1\2"}


def to_text(value: str | None) -> str | None:
    """Return a text as it is stored, without zero bytes. ``from_text`` is the inverse; order stays."""
    if value is None or ("\0" not in value and "\1" not in value):
        return value
    return "".join(_ESCAPES.get(char, char) for char in value)


@overload
def from_text(value: str) -> str: ...


@overload
def from_text(value: None) -> None: ...


@overload
def from_text(value: str | None) -> str | None: ...


def from_text(value: str | None) -> str | None:
    """Return a stored text as it was."""
    if value is None or "\1" not in value:
        return value
    return value.replace("\1\1", "\0").replace("\1\2", "\1")


def to_texts(values: Iterable[str | None]) -> list[str | None]:
    """Return texts as they are stored, in their order: a parameter of ``= ANY`` or ``unnest``."""
    return [to_text(value) for value in values]


class PostgresDatabase:
    """The database of the shared store. Opens on first use; threads take turns, and each process has another session.

    The first use creates the schema; without ``may_create`` it may be missing, which ``is_new`` says. ``password_file``
    has the password, and is read for each session. A session that hears nothing from the other side for
    ``silence_seconds`` ends, on both sides. A lost session is opened again, for ``patience_seconds``.
    ``before_creation`` is called before a missing schema is created, and raises if it must not be.
    """

    def __init__(  # noqa: PLR0913 - one argument per option
        self,
        url: str,
        *,
        password_file: Path | None = None,
        schema: str = SCHEMA,
        patience_seconds: float = _PATIENCE_SECONDS,
        silence_seconds: int = 25,
        may_create: bool = True,
        before_creation: "BeforeCreation | None" = None,
    ) -> None:
        self.schema = schema
        self._may_create = may_create
        self._options, self.place = _parse(url)
        self._password_file = password_file
        self._patience_seconds = patience_seconds
        self._silence_seconds = silence_seconds
        self._before_creation = before_creation
        self._lock = ProcessLock()
        self._open: psycopg.Connection | None = None
        self._process = os.getpid()
        self._is_known = False

    def write[T](self, work: Callable[[psycopg.Cursor], T], *, runs_again: bool = True) -> T:
        """Run ``work`` in one transaction and return what it returns. Raises: StoreError.

        It runs again if the session is lost, also if only the answer to COMMIT is lost: then it finds what it has
        written. So it must lead to the same rows when it runs twice. It also runs again after a deadlock.
        ``runs_again`` False raises the error instead.
        """

        def attempt() -> T:
            with self._session() as session, session.transaction(), session.cursor() as cursor:
                return work(cursor)

        with self._lock:
            if runs_again:
                return self.run_until_done(attempt)
            try:
                return attempt()
            except psycopg.Error as error:
                raise self._as_store_error(error) from error

    def query(self, query: str, values: Values = ()) -> list[Row]:
        """Return the rows of a query. Raises: StoreError."""

        def attempt() -> list[Row]:
            with self._session() as session:
                return session.execute(query, values or None).fetchall()

        with self._lock:
            return self.run_until_done(attempt)

    def is_new(self) -> bool:
        """Return whether the schema has no tables of ours. Raises: StoreError."""
        return not self._may_create and not self.query(HAS_TABLES, (self.schema,))

    def stream(self, query: str, values: Values = ()) -> Iterator[Row]:
        """Yield the rows of a query as they were when it began, some thousands at a time. Raises: StoreError."""
        name = sql.Identifier(f"rows_{uuid4().hex}")
        declare = sql.SQL("DECLARE {} NO SCROLL CURSOR WITH HOLD FOR ").format(name) + sql.SQL(query)
        fetch = sql.SQL("FETCH {} FROM {}").format(sql.Literal(_STREAM_ROWS), name)

        def begin() -> psycopg.Connection:
            with self._session() as session:
                return session.execute(declare, values or None).connection

        with self._lock:
            owner = self.run_until_done(begin)
        try:
            while rows := self._fetch(owner, fetch):
                yield from rows
        finally:
            with suppress(psycopg.Error), self._lock:
                owner.execute(sql.SQL("CLOSE {}").format(name))

    def _fetch(self, owner: psycopg.Connection, fetch: sql.Composed) -> list[Row]:
        try:
            with self._lock:
                return owner.execute(fetch).fetchall()
        except psycopg.Error as error:
            raise self._as_store_error(error) from error

    def now(self) -> datetime:
        """Return the time by the clock of the server, in UTC: hosts have different clocks."""
        [(micros,)] = self.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)

    def close(self) -> None:
        """End the session; the next use opens another one."""
        with self._lock:
            if self._open is not None and self._process == os.getpid():
                self._open.close()
            self._open = None

    def run_until_done[T](self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns; after a lost session call it again. Raises: StoreError.

        A server that was never reached is not waited for, unless it says that it is starting or has no connection left.
        """
        wait = Wait(
            self._patience_seconds, first_pause_seconds=_PAUSE_SECONDS, longest_pause_seconds=_PAUSE_MAX_SECONDS
        )
        while True:
            try:
                return attempt()
            except (psycopg.Error, StoreError) as error:
                if not self._may_run_again(error) or wait.is_over():
                    raise self._as_store_error(error) from error
                is_away = not isinstance(error, _RUN_AGAIN)
            wait.pause(f"the database {self.place}" if is_away else None)

    def _may_run_again(self, error: psycopg.Error | StoreError) -> bool:
        if isinstance(error, StoreError):
            is_here = error.key == self.place  # not of the bucket that is checked before the schema is created
            return is_here and (error.reason in _PASSING or (self._is_known and error.reason == "store_unreachable"))
        return is_lost(error) or isinstance(error, _RUN_AGAIN)

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection]:
        """Yield the session of this process, and close it if it is lost. A child does not use that of its parent."""
        if self._open is None or self._open.closed or self._process != os.getpid():
            self._open, self._process = self.connect(), os.getpid()
        try:
            yield self._open
        except psycopg.Error as error:
            if is_lost(error):
                self.close()
            raise

    def connect(self) -> psycopg.Connection:
        """Return a new session, without implicit transactions. The caller closes it. Raises: StoreError."""
        try:
            session = psycopg.connect(**self._options, **self._secret(), **self._timeouts(), autocommit=True)
        except psycopg.Error as error:
            self._is_known |= any(each in str(error) for each in _ENDED_BY_SERVER)
            raise self._as_store_error(error) from error
        self._is_known = True  # also if the server ends the session at once, as in a restart
        try:
            self._set_up(session)
        except psycopg.Error as error:
            session.close()
            raise self._as_store_error(error) from error
        except BaseException:
            session.close()
            raise
        return session

    def _secret(self) -> dict[str, Any]:
        if self._password_file is None:
            return {}
        try:
            return {"password": self._password_file.read_text("utf-8").rstrip("\r\n")}
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read ({error}); check it and its owner"
            message = f"the password of {self.place}, in the file of NEWS_DATABASE_PASSWORD_FILE, {why}"
            raise StoreError(message, key=str(self._password_file), reason="store_refused") from error

    def _timeouts(self) -> dict[str, Any]:
        """Return how soon this side ends a session if the server's host is gone: after ``silence_seconds``."""
        third = max(1, self._silence_seconds // 3)
        return {
            "keepalives": 1,
            "keepalives_idle": third,
            "keepalives_interval": max(1, third // 2),
            "keepalives_count": 4,
            "tcp_user_timeout": self._silence_seconds * 1000,
        }

    def _set_up(self, session: psycopg.Connection) -> None:
        """Check the server, set the other side's timeouts, and create the schema if it is missing."""
        check_version(session.info.server_version, place=self.place)
        third = max(1, self._silence_seconds // 3)
        options = {
            "search_path": sql.Identifier(self.schema).as_string(session),
            "timezone": "UTC",
            "tcp_keepalives_idle": str(third),
            "tcp_keepalives_interval": str(max(1, third // 2)),
            "tcp_keepalives_count": "4",
            "tcp_user_timeout": f"{self._silence_seconds}s",
            "client_connection_check_interval": f"{third}s",
            **_UNLIMITED,
        }
        session.execute(_SET, (list(options), list(options.values())))
        facts = """SELECT current_setting('transaction_read_only'), current_setting('server_encoding'),
            pg_backend_pid()"""
        [(read_only, encoding, process)] = session.execute(facts).fetchall()
        if process != session.info.backend_pid:  # a pooler is between: the connection is not one to the server
            self._refuse_shared_session(session, process)
        if read_only == "on":
            raise self._error_for("25006", "it is a replica, or read-only")
        if encoding != "UTF8":
            message = f"{self.place} has the encoding {encoding}; create the database with ENCODING 'UTF8'"
            raise StoreError(message, key=self.place, reason="store_version")
        ensure_schema(
            session,
            self.schema,
            place=self.place,
            may_create=self._may_create,
            before_creation=self._check_creation,
        )

    def _check_creation(self) -> None:
        if self._before_creation is not None:
            self._before_creation(self)

    def _refuse_shared_session(self, session: psycopg.Connection, process: int) -> None:
        """Raises: StoreError (store_pooler) for a pooler that gives a session to others between transactions.

        Such a pooler gives the session that was used last to the next transaction of anybody.
        """
        with psycopg.connect(**self._options, **self._secret(), autocommit=True) as other, other.transaction():
            others = other.execute("SELECT pg_backend_pid()").fetchall()
            mine = session.execute("SELECT pg_backend_pid()").fetchall()
        if mine != [(process,)] or others == [(process,)]:
            raise StoreError(
                f"{self.place} is a pooler that shares sessions between transactions, so leases would end without "
                "notice; name the server itself in NEWS_DATABASE_URL, or set pool_mode = session",
                key=self.place,
                reason="store_pooler",
            )

    def _as_store_error(self, error: psycopg.Error | StoreError) -> Exception:
        """Return the error with what to do. A wrong statement is a defect of this program and stays as it is."""
        if isinstance(error, StoreError):
            return error
        text = " ".join(str(error).split())
        if error.sqlstate is not None and any(map(error.sqlstate.startswith, _ADVICE)):
            return self._error_for(error.sqlstate, text)
        if not is_lost(error):
            return error
        if _STARTING in text:
            message = f"{self.place} is starting or stopping ({text}); run it again when the server is up"
            return StoreError(message, key=self.place, reason="store_starting")
        code = next((each for pattern, each in _REFUSALS.items() if re.search(pattern, text)), None)
        if code is not None:
            return self._error_for(code, text.rpartition("FATAL: ")[2].strip())
        message = f"{self.place} cannot be reached ({text}); start the server, or correct NEWS_DATABASE_URL"
        return StoreError(message, key=self.place, reason="store_unreachable")

    def _error_for(self, sqlstate: str, said: str) -> StoreError:
        reason, advice = next(each for start, each in _ADVICE.items() if sqlstate.startswith(start))
        return StoreError(f"{self.place} refuses ({said}); {advice}", key=self.place, reason=reason)


type BeforeCreation = Callable[[PostgresDatabase], None]
"""Called before a missing schema is created; raises if it must not be."""


def ordered_delete(table: str, key: str, *, rows: str) -> str:
    """Return a statement that deletes the rows of a FROM clause. It locks them in the order of their keys.

    A DELETE alone locks rows in the order of its plan, so it could meet a writer that comes from the other end.
    """
    return f"""WITH locked AS (SELECT {table}.{key} FROM {rows} ORDER BY {key} FOR UPDATE OF {table})
        DELETE FROM {table} USING locked WHERE {table}.{key} = locked.{key}"""  # noqa: S608 - constants


def rewrite_tables(database: PostgresDatabase, columns: Mapping[str, str]) -> None:
    """Write tables again without deleted rows, so that the files of the server do not have them.

    Each table is locked meanwhile. ``columns`` names a column of text per table. VACUUM FULL would keep deleted rows
    while a transaction anywhere in the database may see them. The log of the server has old rows until it is
    overwritten, and so have its backups.
    """
    for table, column in columns.items():
        change = f"""ALTER COLUMN {column} TYPE text COLLATE "C" USING {column} || ''"""
        database.write(partial(psycopg.Cursor.execute, query=f"ALTER TABLE {table} {change}"))


def is_lost(error: psycopg.Error) -> bool:
    """Return whether an error means that the session has ended, or was not opened."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(("08", "57P"))


def check_version(version: int, *, place: str) -> None:
    """Raises: StoreError (store_version) for a server that is too old; 140005 is 14.5."""
    if version < OLDEST:
        message = f"{place} is PostgreSQL {version // 10_000}; newslake needs {OLDEST // 10_000} or later"
        raise StoreError(message, key=place, reason="store_version")


def _parse(url: str) -> tuple[dict[str, Any], str]:
    """Return the options of a URL, and the server and database that it names, without a password."""
    try:
        options = dict(conninfo_to_dict(url))
    except psycopg.Error:
        options = {}
    ports = str(options.get("port", "")).split(",")  # several servers may be named
    is_url = bool(options.get("host") and options.get("dbname") and all(not each or each.isdecimal() for each in ports))
    if not is_url:  # the message must not repeat the URL
        raise StoreError(
            "NEWS_DATABASE_URL is not the URL of a database: write postgresql://USER@HOST:5432/DATABASE",
            key="NEWS_DATABASE_URL",
            reason="store_url",
        )
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "newslake",
        "client_encoding": "utf8",
    }
    options = {**defaults, **options}
    return options, f"{options['host']}:{options.get('port', 5432)}/{options['dbname']}"
