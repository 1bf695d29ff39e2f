"""The state of an add-on on one machine: an SQLite file, with its lock and its named files next to it."""

import fcntl
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from sqlite3 import DatabaseError, Error
from typing import Final, NoReturn

from newslake.pipeline.durability import Durability, make_folder, sync_folder, write_whole_file
from newslake.pipeline.errors import BrokenDatabaseError, StoreError
from newslake.pipeline.sqlite import Database, open_database, row_checksum, transaction, vacuum_and_truncate
from newslake.pipeline.store.side_state import SideLock, SideRow, SideRows, SideSchema, SideTable
from newslake.pipeline.store.store import advice_to_give_up

_DEFINITION: Final = "side_schema"


def database_of(name: str) -> str:
    """Return where the database of an add-on is, from the data root."""
    return f"{name}/{name}.sqlite"


def statements_of(schema: SideSchema) -> tuple[str, ...]:
    """Return the statements that create the tables, unless they exist."""
    definition = f"CREATE TABLE IF NOT EXISTS {_DEFINITION} (definition TEXT NOT NULL, checksum INTEGER NOT NULL)"
    tables = (statement for table in schema.all_tables() for statement in _statements(table))
    return (definition, *tables)


def _statements(table: SideTable) -> Iterator[str]:
    columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    kind = " WITHOUT ROWID" if tuple(table.columns) == table.key else ""  # else each row would be there twice
    yield (
        f"CREATE TABLE IF NOT EXISTS {table.name} "
        f"({columns}, checksum INTEGER NOT NULL, PRIMARY KEY ({', '.join(table.key)})){kind}"
    )
    for names in table.indexes:
        yield f"CREATE INDEX IF NOT EXISTS {table.name}_by_{'_'.join(names)} ON {table.name} ({', '.join(names)})"


def _create(connection: Database, *, schema: SideSchema, place: str) -> None:
    create, *tables = statements_of(schema)
    with transaction(connection):
        connection.execute(create)
        stored = connection.execute(f"SELECT definition FROM {_DEFINITION}").fetchone()  # noqa: S608 - a constant
        if stored is None:
            row = (schema.definition(),)
            connection.execute(f"INSERT INTO {_DEFINITION} VALUES (?, ?)", (*row, row_checksum(row)))  # noqa: S608 - see above
        else:
            schema.check_definition(stored[0], place=place)
        for statement in tables:
            connection.execute(statement)


class SqliteSideRows(SideRows):
    """The rows of an SQLite file."""

    def __init__(self, schema: SideSchema, connection: Database) -> None:
        super().__init__(schema)
        self._connection = connection

    def fetch(self, query: str, *values: object) -> list[SideRow]:
        cursor = self._connection.execute(query, values)
        names = [name for name, *_ in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]  # dict(row) looks up each name

    def execute(self, statement: str, *values: object) -> int:
        return self._connection.execute(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)

    def raise_damaged(self, query: str) -> NoReturn:
        self._connection.raise_named(DatabaseError(f"a damaged row: {query}"))


class SqliteSideState:
    """Implements ``SideState`` below a data root. Opens on first use.

    Several processes may use it at once, each with another instance; so may threads.
    """

    def __init__(self, root: Path, schema: SideSchema, *, durability: Durability) -> None:
        self.schema = schema
        self._path = root / database_of(schema.name)
        self._folder = self._path.parent / schema.folder
        self._durability: Durability = durability

    @cached_property
    def _db(self) -> Database:
        broken = partial(_as_broken, self._path, self.schema)
        prepare = partial(_create, schema=self.schema, place=str(self._path))
        connection = open_database(self._path, durability=self._durability, broken=broken, prepare=prepare)
        weakref.finalize(self, connection.close)
        return connection

    def open(self) -> None:
        self._db  # noqa: B018 - opens it

    def has_rows(self) -> bool:
        return self._path.exists()

    def has_files(self) -> bool:
        return self._path.parent.is_dir()

    @contextmanager
    def exclusive(self) -> Iterator[SideLock]:
        make_folder(self._path.parent, durability=self._durability)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield SideLock(lock.fileno(), "")

    def read[T](self, work: Callable[[SideRows], T]) -> T:
        return work(SqliteSideRows(self.schema, self._db))

    def change[T](self, work: Callable[[SideRows], T], *, lock: SideLock | None) -> T:
        with transaction(self._db) as connection:
            return work(SqliteSideRows(self.schema, connection))

    def begin_effect(self, key: str, effect_id: str, *, lock: SideLock, seconds: float) -> float:
        return 0.0  # nobody else has the lock while this process or a child that inherited it lives

    def vacuum(self) -> None:
        vacuum_and_truncate(self._db)

    def file_place(self, name: str) -> str:
        return str(self._folder / name)

    def file(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def file_names(self) -> frozenset[str]:
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        return frozenset(each.name for each in paths if not each.name.startswith("."))  # else of a killed process

    def write_file(
        self, name: str, content: Callable[[SideRows], bytes], *, lock: SideLock | None
    ) -> StoreError | None:
        self.change(lambda rows: self._put(self._folder / name, content(rows)), lock=lock)
        return None

    def _put(self, path: Path, data: bytes) -> None:
        make_folder(path.parent, durability=self._durability)
        for unfinished in path.parent.glob(f".{path.name}.*"):  # of a killed process: nobody else writes here now
            unfinished.unlink()
        if self.file(path.name) != data:
            write_whole_file(path, data, durability=self._durability)

    def delete_files(self) -> None:
        folder = self._folder
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():  # also those that a killed process left
            path.unlink()
        if self._durability == "full" and folder.is_dir():
            sync_folder(folder)


def stored_states(root: Path, *, durability: Durability) -> Mapping[str, SqliteSideState]:
    """Return the states that a data root has, by name, also those of add-ons that are not loaded."""
    paths = (each for each in sorted(root.glob("*/*.sqlite")) if each.stem == each.parent.name)
    schemas = (_stored_schema(each) for each in paths)
    return {each.name: SqliteSideState(root, each, durability=durability) for each in schemas if each is not None}


def _stored_schema(path: Path) -> SideSchema | None:
    """Return the schema of a file; None if it is not the state of an add-on, or has no tables yet."""
    has_definition = "SELECT 1 FROM sqlite_master WHERE name = ?"
    with closing(Database(path, autocommit=True)) as connection:
        if connection.execute(has_definition, (_DEFINITION,)).fetchone() is None:
            return None
        row = connection.execute(f"SELECT definition FROM {_DEFINITION}").fetchone()  # noqa: S608 - a constant
    return None if row is None else SideSchema.from_definition(row[0])


def _as_broken(path: Path, schema: SideSchema, error: Error) -> BrokenDatabaseError:
    message = f"{path} cannot be read ({error}); {advice_on_damage(schema)}"
    return BrokenDatabaseError(message, key=str(path), reason="database_broken")


def advice_on_damage(schema: SideSchema) -> str:
    """Return what to do about a damaged file."""
    give_up = advice_to_give_up(database_of(schema.name))
    return schema.advice or f"restore it; without a backup, delete it and run {give_up}"
