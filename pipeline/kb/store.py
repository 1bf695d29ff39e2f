"""A knowledge base of any size in one SQLite file, which is written once and then only read."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from newslake.pipeline.durability import make_folder, sync_folder
from newslake.pipeline.errors import KnowledgeError
from newslake.pipeline.kb.entry import KbEntry
from newslake.pipeline.kb.records import BadLine, KbRecord
from newslake.pipeline.sqlite import Database, open_database, open_read_only, transaction

_FORMAT = 1
_CACHED_NAMES = 20_000  # names repeat within a batch; about 10 MB if all are known
_SCHEMA = (
    """CREATE TABLE entries (
        qid TEXT PRIMARY KEY, label TEXT NOT NULL, types TEXT NOT NULL, country TEXT, prior REAL NOT NULL,
        description TEXT NOT NULL, words TEXT NOT NULL, lat REAL, lon REAL) WITHOUT ROWID""",
    "CREATE TABLE names (name TEXT NOT NULL, qid TEXT NOT NULL, PRIMARY KEY (name, qid)) WITHOUT ROWID",
    "CREATE TABLE meta (version TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class KbInfo:
    """Size and version of a store. ``version`` is 12 hex digits of a hash over its contents."""

    entries: int
    names: int
    version: str


class KbStore:
    """A read-only connection. If the file is replaced meanwhile, the connection still reads the old file.

    Raises: KnowledgeError if the file is not a knowledge base of this format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_read_only(path, broken=partial(_store_error, path))
        try:
            self.version = self._read_version()
        except BaseException:
            self._connection.close()
            raise
        # A cache on the method itself would keep every store alive.
        self.named = lru_cache(maxsize=_CACHED_NAMES)(self._named)

    def _read_version(self) -> str:
        file_format = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if file_format != _FORMAT:
            raise _store_error(self._path, f"its format is {file_format}, expected {_FORMAT}")
        row = self._connection.execute("SELECT version FROM meta").fetchone()
        if row is None:
            raise _store_error(self._path, "it has no version")
        return str(row["version"])

    def _named(self, folded: str) -> tuple[KbEntry, ...]:
        """Return the entries with a folded name, by QID."""
        query = "SELECT entries.* FROM names JOIN entries USING (qid) WHERE name = ? ORDER BY qid"
        return tuple(map(_entry, self._connection.execute(query, (folded,))))

    def bearing(self, qid: str) -> KbEntry | None:
        """Return the entry with a QID, or None."""
        row = self._connection.execute("SELECT * FROM entries WHERE qid = ?", (qid,)).fetchone()
        return None if row is None else _entry(row)

    def info(self) -> KbInfo:
        query = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM names)"
        entries, names = self._connection.execute(query).fetchone()
        return KbInfo(entries, names, self.version)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import: the new store, and the rejected lines."""

    info: KbInfo
    bad: tuple[BadLine, ...]


def build_store(path: Path, lines: Iterable[tuple[int, KbRecord | BadLine]]) -> ImportResult:
    """Replace the content of a store with the valid lines. Readers see either the old or the new content.

    The same lines in any order give the same version. Raises: KnowledgeError, and keeps the old store, if no line is
    valid; OSError if the disk is full.
    """
    make_folder(path.parent, durability="full")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with closing(open_database(fresh, durability="full", broken=partial(_store_error, fresh))) as connection:
            bad = tuple(_fill(connection, lines))
            _refuse_empty(connection, bad)
            _finalize(connection)
        os.replace(fresh, path)
        sync_folder(path.parent)
    finally:
        for left in path.parent.glob(f"{fresh.name}*"):
            left.unlink()
    with closing(KbStore(path)) as store:
        return ImportResult(store.info(), bad)


def _fill(connection: Database, lines: Iterable[tuple[int, KbRecord | BadLine]]) -> Iterator[BadLine]:
    first: dict[str, int] = {}
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)
        for number, line in lines:
            if isinstance(line, BadLine):
                yield line
                continue
            qid = str(line.entry.qid)
            if first.setdefault(qid, number) != number:
                yield BadLine(number, "qid", f"{qid} is already on line {first[qid]}")
                continue
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(line.entry))
            connection.executemany("INSERT INTO names VALUES (?, ?)", [(name, qid) for name in line.names])


def _refuse_empty(connection: Database, bad: tuple[BadLine, ...]) -> None:
    if connection.execute("SELECT count(*) FROM entries").fetchone()[0]:
        return
    problem = f"no line is valid; the first problem is {bad[0]}" if bad else "the file has no lines"
    raise KnowledgeError(f"{problem}; the knowledge base is unchanged", reason="kb_empty")


def _finalize(connection: Database) -> None:
    """Store the hash of the contents as the version, and leave a single file without a journal."""
    digest = hashlib.sha256()
    for query in ("SELECT * FROM entries ORDER BY qid", "SELECT * FROM names ORDER BY name, qid"):
        for row in connection.execute(query):
            digest.update(repr(tuple(row)).encode())
    with transaction(connection):
        connection.execute("INSERT INTO meta VALUES (?)", (digest.hexdigest()[:12],))
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
    connection.execute("PRAGMA journal_mode = DELETE")


def _row(entry: KbEntry) -> tuple[object, ...]:
    types, words = json.dumps(entry.types), " ".join(sorted(entry.words))
    place = (entry.lat, entry.lon)
    return (entry.qid, entry.name, types, entry.country, entry.prior, entry.description, words, *place)


def _entry(row: sqlite3.Row) -> KbEntry:
    return KbEntry(
        name=row["label"],
        types=tuple(json.loads(row["types"])),
        qid=row["qid"],
        country=row["country"],
        prior=row["prior"],
        description=row["description"],
        words=frozenset(row["words"].split()),
        lat=row["lat"],
        lon=row["lon"],
    )


def _store_error(path: Path, error: object) -> KnowledgeError:
    message = f"{path} cannot be read as a knowledge base ({error}); delete it and run `newslake kb import FILE` again"
    return KnowledgeError(message, key=str(path), reason="kb_broken")
