"""How much the lake holds, without reading it: rows and bytes of each table file, a part of the index."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.sqlite import from_micros, row_checksum

SIZE_TABLES = (
    """CREATE TABLE IF NOT EXISTS files (
        published_date TEXT NOT NULL, name TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
        seal INTEGER NOT NULL, PRIMARY KEY (published_date, name)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class FileSize:
    """How much one table file, or all files of a table, hold."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What all days hold together: sizes by table, first and last day, and when their newest content was fetched."""

    tables: Mapping[str, FileSize]
    first_day: date | None
    last_day: date | None
    fetched_at: datetime | None


def set_sizes(connection: sqlite3.Connection, day: date, files: Mapping[str, FileSize]) -> None:
    """Make these the files of a day, by table."""
    connection.execute("DELETE FROM files WHERE published_date = ?", (day.isoformat(),))
    sizes = [(day.isoformat(), name, size.rows, size.bytes) for name, size in files.items()]
    connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", [(*size, row_checksum(size)) for size in sizes])


def totals_of(connection: sqlite3.Connection) -> Totals:
    """Return what all days hold together."""
    tables = connection.execute("SELECT name, sum(rows), sum(bytes) FROM files GROUP BY name")
    first, last = connection.execute("SELECT min(published_date), max(published_date) FROM files").fetchone()
    (newest,) = connection.execute("SELECT max(fetched_at) FROM days").fetchone()
    return Totals(
        tables={name: FileSize(rows, size) for name, rows, size in tables},
        first_day=first and date.fromisoformat(first),
        last_day=last and date.fromisoformat(last),
        fetched_at=None if newest is None else from_micros(newest),
    )
