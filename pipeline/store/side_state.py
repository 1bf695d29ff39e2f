"""The state of an add-on: rows of its tables, one lock for all processes, and named files.

An add-on declares its tables once, as a ``SideSchema``, and gets its state from ``Store.side_state``: an SQLite file
and a folder of the data root, or tables and objects of a shared store. Both databases take the same statements, with
the placeholder "?".
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, Protocol, Self

from newslake.pipeline.errors import StoreError
from newslake.pipeline.sqlite import row_checksum

type SideRow = dict[str, Any]
type ColumnType = Literal["TEXT NOT NULL", "TEXT", "INTEGER NOT NULL", "INTEGER"]

TEXT: Final = "TEXT NOT NULL"
OPTIONAL_TEXT: Final = "TEXT"
INTEGER: Final = "INTEGER NOT NULL"
OPTIONAL_INTEGER: Final = "INTEGER"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTable:
    """A table. Its first columns are those of ``key``; both stores add a checksum after the last one.

    Text is compared by its bytes. ``indexes`` are lists of columns by which rows are looked up, besides the key.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnType]
    indexes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSchema:
    """The tables of an add-on, each with a name that begins with that of the add-on and "_".

    ``folder`` is where its named files are, below its name. ``advice`` says what to do about a damaged SQLite file.
    """

    name: str
    tables: tuple[SideTable, ...]
    folder: str = "files"
    advice: str = ""

    def __post_init__(self) -> None:
        for each in self.tables:
            is_named = _NAME.fullmatch(each.name) and each.name.startswith(f"{self.name}_")
            if not is_named or each.name == self.numbers or tuple(each.columns)[: len(each.key)] != each.key:
                message = (
                    f"table {each.name!r} of {self.name}: begin its name with {self.name}_, its columns with its key"
                )
                raise ValueError(message)

    @property
    def numbers(self) -> str:
        """The table with the last number of ``SideRows.next_seq``."""
        return f"{self.name}_numbers"

    def all_tables(self) -> tuple[SideTable, ...]:
        """Return the tables with those that both stores add."""
        numbers = SideTable(name=self.numbers, key=("one",), columns={"one": INTEGER, "last": INTEGER})
        return (*self.tables, numbers)

    def table(self, name: str) -> SideTable:
        return next(each for each in self.all_tables() if each.name == name)

    def definition(self) -> str:
        """Return name, folder and tables as text, which the store has, too."""
        tables = [[each.name, each.key, [*each.columns.items()], each.indexes] for each in self.tables]
        return json.dumps({"name": self.name, "folder": self.folder, "tables": tables})

    @classmethod
    def from_definition(cls, definition: str) -> Self:
        """Return the schema of a definition, without its advice."""
        content = json.loads(definition)
        tables = (
            SideTable(name=name, key=tuple(key), columns=dict(columns), indexes=tuple(map(tuple, indexes)))
            for name, key, columns, indexes in content["tables"]
        )
        return cls(name=content["name"], folder=content["folder"], tables=tuple(tables))

    def check_definition(self, stored: str, *, place: str) -> None:
        """Check the definition that a store has. Raises: StoreError (store_version) if it is another one."""
        if stored != self.definition():
            message = (
                f"{place} has tables of {self.name} of another version; run the same version of it on all hosts, or "
                f"restore {place} from a backup of this version"
            )
            raise StoreError(message, key=self.name, reason="store_version")


class SideRows(ABC):
    """The rows of a state, within one transaction. Names in statements are constants of the add-on."""

    def __init__(self, schema: SideSchema) -> None:
        self._schema = schema

    @abstractmethod
    def fetch(self, query: str, *values: object) -> list[SideRow]:
        """Return the rows of a query, by the names of the columns, in their order."""

    @abstractmethod
    def execute(self, statement: str, *values: object) -> int:
        """Run a statement; return how many rows it changed."""

    @abstractmethod
    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row of values."""

    @abstractmethod
    def raise_damaged(self, query: str) -> NoReturn:
        """Raises: BrokenDatabaseError for a row of a query that its checksum denies."""

    def fetch_whole(self, query: str, *values: object) -> list[SideRow]:
        """Return rows with all columns of a table. Raises: BrokenDatabaseError for a row that its checksum denies."""
        rows = self.fetch(query, *values)
        for row in rows:
            *stored, checksum = row.values()
            if row_checksum(stored) != checksum:
                self.raise_damaged(query)
        return rows

    def fetch_table(self, table: SideTable) -> list[SideRow]:
        """Return all rows of a table in the order of its key. Raises: BrokenDatabaseError."""
        return self.fetch_whole(f"SELECT * FROM {table.name} ORDER BY {', '.join(table.key)}")  # noqa: S608 - constants

    def add(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Add rows, without their checksums."""
        if rows:
            marks = ", ".join("?" * (len(rows[0]) + 1))
            statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - constants
            self.execute_many(statement, [(*row, row_checksum(row)) for row in rows])

    def put(self, table: str, *values: object) -> None:
        """Add or replace a row."""
        key = self._schema.table(table).key
        condition = " AND ".join(f"{column} = ?" for column in key)
        self.execute(f"DELETE FROM {table} WHERE {condition}", *values[: len(key)])  # noqa: S608 - constants
        self.add(table, [values])

    def next_seq(self) -> int:
        """Return a number higher than each earlier one. The caller holds the lock."""
        table = self._schema.table(self._schema.numbers)
        number = 1 + max((row["last"] for row in self.fetch_table(table)), default=0)
        self.put(table.name, 0, number)
        return number


@dataclass(frozen=True, slots=True)
class SideLock:
    """The lock of a state while it is held.

    A child process that inherits ``descriptor`` holds it too, until it ends. ``holder`` is unique.
    """

    descriptor: int
    holder: str


class SideState(Protocol):
    """The state of an add-on in one store. Raises: BrokenDatabaseError, StoreError, OSError.

    A store of another version raises StoreError (store_version).
    """

    @property
    def schema(self) -> SideSchema:
        """Its tables."""
        ...

    def open(self) -> None:
        """Create the tables unless they exist."""
        ...

    def has_rows(self) -> bool:
        """Return whether the tables are there; without them, nothing was ever recorded."""
        ...

    def has_files(self) -> bool:
        """Return whether there may be a named file, also one without the tables."""
        ...

    def exclusive(self) -> AbstractContextManager[SideLock]:
        """Hold the lock, which all who change the state share, and takedowns; wait for it."""
        ...

    def read[T](self, work: Callable[[SideRows], T]) -> T:
        """Return what a function reads from the rows. It may run twice."""
        ...

    def change[T](self, work: Callable[[SideRows], T], *, lock: SideLock | None) -> T:
        """Run a function in one transaction; return what it returns.

        It may run twice, also if only the answer to the commit was lost: then it reads what it has written.
        Raises: StoreError (lease_lost) if another process has taken the lock since; nothing is changed then.
        """
        ...

    def begin_effect(self, key: str, effect_id: str, *, lock: SideLock, seconds: float) -> float:
        """Note that an effect outside the state, such as a message, is on its way for at most ``seconds``; return 0.0.

        The newest effect of each key is noted. If a process that has lost the lock may still be at it, return the
        seconds to wait: then it is recorded, or to be done again. Raises: StoreError (lease_lost).
        """
        ...

    def vacuum(self) -> None:
        """Remove all bytes of deleted rows from the files of the database."""
        ...

    def file_place(self, name: str) -> str:
        """Return the path or the key of a file."""
        ...

    def file(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None."""
        ...

    def file_names(self) -> frozenset[str]:
        """Return the names of the files, and perhaps of deleted ones."""
        ...

    def write_file(
        self, name: str, content: Callable[[SideRows], bytes], *, lock: SideLock | None
    ) -> StoreError | None:
        """Write a file with what a function reads from the rows, unless it has these bytes; return None.

        Return the error of a bucket that fails, and may still finish the write. Nobody takes the lock during the
        write. ``name`` says nothing about articles. Raises: StoreError (lease_lost).
        """
        ...

    def delete_files(self) -> None:
        """Delete all files, for good: none that is being written comes later. The caller holds the lock."""
        ...


def fetch_tables(rows: SideRows, schema: SideSchema) -> Mapping[str, list[SideRow]]:
    """Return the rows of all tables, in the order of their keys."""
    return {each.name: rows.fetch_table(each) for each in schema.all_tables()}
