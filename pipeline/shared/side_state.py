"""The state of an add-on in PostgreSQL, with its named files as objects of the bucket.

The lock is a lease of a session. A child that does an effect inherits the connection: if its parent is killed, nobody
else begins amid the effect. But a restart of the server ends the lease while its holder lives. So each holder writes
its name into ``side_states``, and each of its transactions requires it: a holder that has lost the lock changes
nothing. What it can still do is finish an effect or the put of a file. The next holder waits for these.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn
from uuid import uuid4

import psycopg
from psycopg import sql

from newslake.pipeline.errors import BrokenDatabaseError, StoreError
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.database import PostgresDatabase, from_text, rewrite_tables, to_text
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.schema import lock_key, without_statistics
from newslake.pipeline.store.side_state import SideLock, SideRow, SideRows, SideSchema, SideTable

_DEFINITION = "SELECT definition FROM side_states WHERE state = %s"
_DEFINITIONS = "SELECT definition FROM side_states ORDER BY state"
_ADD = "INSERT INTO side_states VALUES (%s, %s, NULL, 'epoch', 'epoch')"
_TAKE = """UPDATE side_states SET holder = %(holder)s, taken_at = clock_timestamp(),
    settled_at = CASE WHEN holder IS NULL OR holder = %(holder)s THEN settled_at
        ELSE clock_timestamp() + make_interval(secs => %(seconds)s) END
    WHERE state = %(state)s"""
_RELEASE = "UPDATE side_states SET holder = NULL WHERE state = %s AND holder = %s"
_IS_HOLDER = "SELECT 1 FROM side_states WHERE state = %s AND holder = %s FOR SHARE"
_UNSETTLED = "SELECT extract(epoch FROM settled_at - clock_timestamp())::float8 FROM side_states WHERE state = %s"
# Another holder's note of the same effect counts until it is old. If that holder lost its lease when the server
# stopped, it also needs a moment to record the effect, after the lock was taken from it.
_OVER = """greatest(note.ends_at, (SELECT taken_at FROM side_states WHERE state = %(state)s)
    + make_interval(secs => %(record_seconds)s))"""
_BEGIN_EFFECT = f"""INSERT INTO side_effects AS note
    VALUES (%(state)s, %(key)s, %(effect_id)s, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (state, key) DO UPDATE
        SET effect_id = excluded.effect_id, holder = excluded.holder, ends_at = excluded.ends_at
        WHERE note.effect_id <> excluded.effect_id OR note.holder = excluded.holder
            OR {_OVER} <= clock_timestamp()
    RETURNING true"""  # noqa: S608 - a constant expression
_AHEAD = f"""SELECT extract(epoch FROM {_OVER} - clock_timestamp())::float8
    FROM side_effects AS note WHERE state = %(state)s AND key = %(key)s"""  # noqa: S608 - a constant expression
_NAME_FILE = "INSERT INTO side_files VALUES (?, ?) ON CONFLICT DO NOTHING"
_FILES = "SELECT name FROM side_files WHERE state = %s"
_PUT_SECONDS = 120.0  # of the longest put, which a store may finish after its sender died
_RECORD_SECONDS = 5.0
_LEAST_WAIT_SECONDS = 0.05
_KINDS: Final = {"TEXT": 'text COLLATE "C"', "INTEGER": "bigint"}


class PostgresSideRows(SideRows):
    """The rows of a transaction."""

    def __init__(self, schema: SideSchema, cursor: psycopg.Cursor) -> None:
        super().__init__(schema)
        self._cursor = cursor

    def fetch(self, query: str, *values: object) -> list[SideRow]:
        cursor = self._run(query, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, map(_from_postgres, row), strict=True)) for row in cursor.fetchall()]

    def execute(self, statement: str, *values: object) -> int:
        return self._run(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._cursor.executemany(_in_postgres(statement), [list(map(_to_postgres, row)) for row in rows])

    def _run(self, statement: str, values: Iterable[object]) -> psycopg.Cursor:
        return self._cursor.execute(_in_postgres(statement), list(map(_to_postgres, values)))

    def raise_damaged(self, query: str) -> NoReturn:
        place = f"{self._cursor.connection.info.host}:{self._cursor.connection.info.port}"
        message = f"{place} has a damaged row of {self._schema.name}: {query}; restore the database from a backup"
        raise BrokenDatabaseError(message, key=place, reason="database_broken")


class PostgresSideState:
    """Implements ``SideState`` for a shared store. The first use creates the tables.

    ``put_seconds`` is the longest time of a put to the bucket; ``record_seconds`` how soon a process that waits for the
    database notices that it is there again.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        objects: Bucket,
        schema: SideSchema,
        *,
        leases: PostgresLeases,
        put_seconds: float = _PUT_SECONDS,
        record_seconds: float = _RECORD_SECONDS,
    ) -> None:
        self.schema = schema
        self._database = database
        self._objects = objects
        self._leases = leases
        self._put_seconds = put_seconds
        self._record_seconds = record_seconds
        self._is_open = False
        self._named_files = set[str]()
        self._has_failed_put = False  # in this turn

    def open(self) -> None:
        if not self._is_open:
            self._database.write(self._create)
            self._is_open = True

    def _create(self, cursor: psycopg.Cursor) -> None:
        """Create the tables; of several processes one creates them, and the others wait."""
        name, definition = self.schema.name, self.schema.definition()
        if (row := cursor.execute(_DEFINITION, (name,)).fetchone()) is None:
            key = lock_key(self._database.schema, "side state", name)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
            row = cursor.execute(_DEFINITION, (name,)).fetchone()
        if row is not None:
            self.schema.check_definition(row[0], place=self._database.place)
            return
        for table in self.schema.all_tables():
            for statement in _statements(table):
                cursor.execute(sql.SQL(statement))
        cursor.execute(_ADD, (name, definition))

    def has_rows(self) -> bool:
        return self._is_open or bool(self._database.query(_DEFINITION, (self.schema.name,)))

    def has_files(self) -> bool:
        return self.has_rows()

    @contextmanager
    def exclusive(self) -> Iterator[SideLock]:
        state, holder = self.schema.name, uuid4().hex
        turn = {"state": state, "holder": holder, "seconds": self._put_seconds}
        self.open()
        with self._leases.side_state(state) as lease:
            descriptor = lease.descriptor
            self._database.write(lambda cursor: cursor.execute(_TAKE, turn))
            self._has_failed_put = False
            yield SideLock(descriptor, holder)
            # Not after an error, nor after a put that failed: the bucket may still finish it.
            if not self._has_failed_put:
                self._database.write(lambda cursor: cursor.execute(_RELEASE, (state, holder)))

    def read[T](self, work: Callable[[SideRows], T]) -> T:
        return self.change(work, lock=None)

    def change[T](self, work: Callable[[SideRows], T], *, lock: SideLock | None) -> T:
        def attempt(cursor: psycopg.Cursor) -> T:
            self._check(cursor, lock)
            return work(PostgresSideRows(self.schema, cursor))

        self.open()
        return self._database.write(attempt)

    def _check(self, cursor: psycopg.Cursor, lock: SideLock | None) -> None:
        """Keep others from taking the lock until the end of a transaction. Raises: StoreError (lease_lost)."""
        name = self.schema.name
        if lock is not None and cursor.execute(_IS_HOLDER, (name, lock.holder)).fetchone() is None:
            message = f"{name}: the lease was lost with its connection, and another process has it now; run it again"
            raise StoreError(message, key=name, reason="lease_lost")

    def begin_effect(self, key: str, effect_id: str, *, lock: SideLock, seconds: float) -> float:
        values = {
            "state": self.schema.name,
            "key": to_text(key),
            "effect_id": effect_id,
            "holder": lock.holder,
            "seconds": seconds,
            "record_seconds": self._record_seconds,
        }

        def note(cursor: psycopg.Cursor) -> float:
            self._check(cursor, lock)
            if cursor.execute(_BEGIN_EFFECT, values).fetchone() is not None:
                return 0.0
            [(ahead_seconds,)] = cursor.execute(_AHEAD, values).fetchall()
            return max(float(ahead_seconds), _LEAST_WAIT_SECONDS)

        return self._database.write(note)

    def vacuum(self) -> None:
        texts = {table.name: _text_columns(table) for table in self.schema.tables}
        rewrite_tables(self._database, {name: columns[-1] for name, columns in texts.items() if columns})

    def file_place(self, name: str) -> str:
        return f"{self._folder}/{name}"

    @property
    def _folder(self) -> str:
        return f"{self.schema.name}/{self.schema.folder}"

    def file(self, name: str) -> bytes | None:
        return self._objects.get(self.file_place(name))

    def file_names(self) -> frozenset[str]:
        prefix = self.file_place("")
        named = {str(from_text(name)) for (name,) in self._database.query(_FILES, (self.schema.name,))}
        # A list of the bucket may be late, so the names are stored, too.
        return frozenset(named | {each.key.removeprefix(prefix) for each in self._objects.list(self._folder)})

    def write_file(
        self, name: str, content: Callable[[SideRows], bytes], *, lock: SideLock | None
    ) -> StoreError | None:
        if name not in self._named_files:  # before the put: a list of the bucket may be late
            self.change(lambda rows: rows.execute(_NAME_FILE, self.schema.name, name), lock=lock)
            self._named_files.add(name)
        return self.change(lambda rows: self._put(name, content(rows)), lock=lock)

    def _put(self, name: str, data: bytes) -> StoreError | None:
        try:
            if self.file(name) != data:
                self._objects.put(self.file_place(name), data)
        except StoreError as error:
            self._has_failed_put = True
            return error
        return None

    def delete_files(self) -> None:
        state = self.schema.name
        [(unsettled_seconds,)] = self._database.query(_UNSETTLED, (state,))
        time.sleep(max(0.0, unsettled_seconds))
        for name in sorted(self.file_names()):
            self._objects.delete(self.file_place(name))


def stored_schemas(database: PostgresDatabase) -> Mapping[str, SideSchema]:
    """Return the schemas of the states that a store has, by name, also those of add-ons that are not loaded."""
    schemas = [SideSchema.from_definition(definition) for (definition,) in database.query(_DEFINITIONS)]
    return {each.name: each for each in schemas}


def _statements(table: SideTable) -> Iterator[str]:
    columns = ", ".join(f"{name} {_kind_of(kind)}" for name, kind in table.columns.items())
    yield f"CREATE TABLE {table.name} ({columns}, checksum bigint NOT NULL, PRIMARY KEY ({', '.join(table.key)}))"
    for names in table.indexes:
        yield f"CREATE INDEX {table.name}_by_{'_'.join(names)} ON {table.name} ({', '.join(names)})"
    if texts := _text_columns(table):
        yield without_statistics(table.name, texts)


def _kind_of(kind: str) -> str:
    first, *rest = kind.split(maxsplit=1)
    return " ".join((_KINDS[first], *rest))


def _text_columns(table: SideTable) -> list[str]:
    return [name for name, kind in table.columns.items() if kind.startswith("TEXT")]


def _in_postgres(statement: str) -> str:
    return statement.replace("?", "%s")


def _to_postgres(value: object) -> object:
    return to_text(value) if isinstance(value, str) else value


def _from_postgres(value: object) -> object:
    return from_text(value) if isinstance(value, str) else value
