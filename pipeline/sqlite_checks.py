"""The damage of SQLite files, as sentences: their structure, version and columns, and the checksums of rows."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import BrokenDatabaseError, NewsError
from newslake.pipeline.sqlite import Database, broken_database, open_for_reading, repeat_on_change, row_checksum

DAMAGED_ROW = "has a damaged row in"
_CACHE_KILOBYTES = 131_072  # so that an index of a million rows stays in memory while its rows are checked
_COLUMNS = """SELECT tables.name, columns.name, columns.type, columns."notnull", columns.pk
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"""


def problems_of_database(
    path: Path, *, schema: Sequence[str], version: int | None = None, is_quick: bool = False
) -> Iterator[str]:
    """Yield the damage of a database as predicates ("is damaged (...)"); nothing if the file is missing.

    Every page and row is read. The structure of the file, its version, the columns of ``schema`` and the checksums of
    all rows are checked, also of tables that are not in ``schema``. ``is_quick`` reads the version, the columns and
    one row of each table.
    Raises: OSError, BusyDatabaseError. A file that the system does not read is not damaged.
    """
    if not path.exists():
        return
    if is_quick:
        yield from _run_check(path, partial(_quick_problems, schema=schema, version=version))
        return
    checks = (partial(_structure_problems, version=version), partial(_content_problems, schema=schema))
    with ThreadPoolExecutor(len(checks)) as pool:  # SQLite checks its pages while rows are read
        problems = pool.map(partial(_run_check, path), checks)
        yield from dict.fromkeys(chain.from_iterable(problems))


def is_new_database(path: Path) -> bool:
    """Return whether a file has no tables and no version yet: its process is about to create them."""

    def read(connection: sqlite3.Connection) -> Iterator[str]:
        query = "SELECT 1 FROM pragma_user_version WHERE user_version <> 0 UNION SELECT 1 FROM sqlite_master"
        yield from map(str, connection.execute(query))

    return not _run_check(path, read)


def _run_check(path: Path, check: Callable[[Database], Iterator[str]]) -> list[str]:
    return repeat_on_change(partial(_run_check_once, path, check))


def _run_check_once(path: Path, check: Callable[[Database], Iterator[str]]) -> list[str]:
    problems: list[str] = []
    try:
        with closing(open_for_reading(path, broken=partial(broken_database, path))) as connection:
            connection.execute("BEGIN")
            problems.extend(check(connection))  # an error does not lose earlier ones
    except BrokenDatabaseError as error:
        problems.append(f"is damaged ({error.__cause__})")
    except ValueError as error:
        problems.append(f"is damaged ({error})")
    return problems


def _quick_problems(connection: sqlite3.Connection, schema: Sequence[str], version: int | None) -> Iterator[str]:
    yield from _version_problems(connection, version)
    expected = _columns(schema)
    if not expected <= set(map(tuple, connection.execute(_COLUMNS))):
        yield "does not have the expected columns"
        return
    for table in sorted({str(table) for table, *_ in expected}):
        connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608 - our names


def _content_problems(connection: sqlite3.Connection, schema: Sequence[str]) -> Iterator[str]:
    expected, there = _columns(schema), set(map(tuple, connection.execute(_COLUMNS)))
    for table in sorted({str(table) for table, *_ in expected | there}):
        yield from _row_problems(connection, table)
    if not expected <= there:
        yield "does not have the expected columns"


def _version_problems(connection: sqlite3.Connection, version: int | None) -> Iterator[str]:
    [(stated,)] = connection.execute("PRAGMA user_version")
    if version is not None and stated != version:
        yield f"has schema version {stated}, not {version}"


def _structure_problems(connection: sqlite3.Connection, version: int | None) -> Iterator[str]:
    yield from _version_problems(connection, version)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
    [(result,), *_] = connection.execute("PRAGMA integrity_check(1)")
    if result != "ok":
        yield f"is damaged ({' '.join(result.split())})"


def _columns(schema: Sequence[str]) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in schema:
            database.execute(statement)
        return set(database.execute(_COLUMNS))


def _row_problems(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    """Read every row. Without checksums, text that is not UTF-8 raises an error."""
    rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our names
    if rows.description[-1][0] == "checksum":
        for values in damaged_rows(connection, table):
            yield f"{DAMAGED_ROW} {table}: {values[0]!r}"
    else:
        deque(rows, maxlen=0)


def damaged_rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table that do not match their checksum, the last column.

    Bytes that are not UTF-8 are returned as replacement characters.
    """
    usual = connection.text_factory
    with suppress(sqlite3.OperationalError, NewsError):
        return _mismatched_rows(connection, table)
    connection.text_factory = lambda data: data.decode(errors="replace")
    try:
        return _mismatched_rows(connection, table)
    finally:
        connection.text_factory = usual


def _mismatched_rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    rows = map(tuple, connection.execute(f"SELECT * FROM {table}"))  # noqa: S608 - our names
    return [row for row in rows if row_checksum(row[:-1]) != row[-1]]
