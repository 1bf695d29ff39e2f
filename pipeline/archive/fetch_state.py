"""Fetch state: the validators of listings, and the state of every listed page, also of pages not in the archive."""

import json
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from sqlite3 import Error, Row
from typing import TYPE_CHECKING, NamedTuple, Protocol

from newslake.pipeline.archive.scan import Damage
from newslake.pipeline.archive.warc import hints_from_json, hints_to_json
from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Hints
from newslake.pipeline.sqlite import (
    Database,
    Preparation,
    from_micros,
    open_database,
    row_checksum,
    to_micros,
    transaction,
)
from newslake.pipeline.sqlite_checks import DAMAGED_ROW, damaged_rows, problems_of_database

if TYPE_CHECKING:
    from newslake.pipeline.leases import Lease

STATE = "state.sqlite"
# Each row ends with its checksum, because no other file has the same data.
_TABLES = {
    "listing_validators": """CREATE TABLE IF NOT EXISTS listing_validators (
        source_key TEXT NOT NULL, url TEXT NOT NULL, etag TEXT, last_modified TEXT,
        checksum INTEGER NOT NULL, PRIMARY KEY (source_key, url))""",
    "pages": """CREATE TABLE IF NOT EXISTS pages (
        page_key TEXT PRIMARY KEY, url TEXT NOT NULL, source_key TEXT NOT NULL, news_day TEXT NOT NULL,
        listed_modified_at INTEGER, last_outcome TEXT NOT NULL, reason TEXT, attempts INTEGER NOT NULL,
        next_try_at INTEGER, hints TEXT NOT NULL, checksum INTEGER NOT NULL)""",
}
_SCHEMA = (
    *_TABLES.values(),
    "CREATE INDEX IF NOT EXISTS pages_due ON pages (source_key, next_try_at) WHERE next_try_at IS NOT NULL",
)
_OF_PAGE = "(page_key = ? OR (page_key >= ? AND page_key < ?))"
_FETCHED = ("archived", "unchanged")
RECHECKED = (*_FETCHED, "not_checked")
NEW_STATE = (
    "with the takedowns, of which `takedowns` in the data root has copies; waiting pages wait to be listed again"
)
_PUT_BACK = (
    "restore it from a backup: no other file says which pages wait to be fetched; without a backup, delete it and run "
    f"`newslake lake repair`, which says how to start a new one {NEW_STATE}"
)
_DROP = "run `newslake lake repair --drop-damaged`, which drops the row: its page is fetched again when it is listed"
_INSERT_LISTING = "INSERT OR REPLACE INTO listing_validators VALUES (?, ?, ?, ?, ?)"
_INSERT = "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of a listing (ETag, Last-Modified), sent unchanged with the next conditional request."""

    etag: str | None = None
    last_modified: str | None = None


class AnyValidators(Protocol):
    """Anything that has validators: ``Validators``, a 304 response."""

    @property
    def etag(self) -> str | None: ...
    @property
    def last_modified(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """The state of a page that a source listed. Times are UTC.

    Web archive snapshots of a page share its ``page_key``, followed by a space and a suffix per snapshot.
    ``listed_modified_at`` is the latest modification time in the listing. ``attempts`` counts consecutive failed tries.
    ``next_try_at`` is the time of the next try after a failed one, else that of the next recheck; None means neither.
    """

    page_key: str
    url: str
    source_key: str
    news_day: date
    listed_modified_at: datetime | None
    last_outcome: str
    reason: str | None
    attempts: int
    next_try_at: datetime | None
    hints: Hints

    @property
    def is_on_schedule(self) -> bool:
        """Whether the page is archived, its last fetch did not fail, and it is requested again for an edit."""
        return self.next_try_at is not None and self.last_outcome in _FETCHED

    @property
    def has_recheck(self) -> bool:
        """Whether an archived page is requested again: on schedule, after a recheck that failed, or on demand."""
        return self.next_try_at is not None and self.last_outcome in RECHECKED


class KnownPage(NamedTuple):
    """The fields of a listed page that planning needs. ``waits``: it is fetched when its next try is due."""

    page_key: str
    source_key: str
    news_day: date
    waits: bool


def open_state(root: Path, *, durability: Durability, owner: object, prepare: Preparation) -> Database:
    """Return a connection to the state database, open as long as ``owner`` lives. ``prepare`` creates its tables.

    Raises: ArchiveError.
    """
    connection = open_database(root / STATE, durability=durability, broken=broken_state(root), prepare=prepare)
    weakref.finalize(owner, connection.close)
    return connection


def create_tables(connection: Database) -> None:
    """Create the tables of ``FetchState``."""
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)


def broken_state(root: Path) -> Callable[[Error], ArchiveError]:
    """Return a function that turns an error of the state database into an ArchiveError with advice."""
    path = root / STATE

    def as_error(error: Error) -> ArchiveError:
        why = f"{path} cannot be read ({error}); {_PUT_BACK}"
        return ArchiveError(why, key=str(path), reason="database_broken")

    return as_error


class FetchState:
    """The fetch state, next to the archive. Opens on first use; several processes may use it at once."""

    def __init__(self, root: Path, *, durability: Durability = "full") -> None:
        self._root = root
        self._durability: Durability = durability

    @cached_property
    def _db(self) -> Database:
        return open_state(self._root, durability=self._durability, owner=self, prepare=create_tables)

    def verify(self, *, is_quick: bool = False) -> Iterator[Damage]:
        """Yield the damage of the database. No other file has the same data. ``is_quick`` does not read every row."""
        for problem in problems_of_database(self._root / STATE, schema=_SCHEMA, is_quick=is_quick):
            may_go = problem.startswith(tuple(f"{DAMAGED_ROW} {table}:" for table in _TABLES))
            rest = f"; without a backup {_DROP}" if may_go else ""
            yield Damage(STATE, None, None, f"{problem}; {_PUT_BACK}{rest}")

    def drop_damaged(self) -> tuple[str, ...]:
        """Drop the damaged rows; return one message per row."""
        done = []
        with transaction(self._db):
            for table in _TABLES:
                damaged = damaged_rows(self._db, table)
                checksums = [(row[-1],) for row in damaged]
                self._db.executemany(f"DELETE FROM {table} WHERE checksum IS ?", checksums)  # noqa: S608 - our own names
                done += [f"dropped a damaged row of {table}: {row[0]}" for row in damaged]
        return tuple(done)

    def validators(self, source_key: str, *, url: str = "") -> Validators | None:
        """Return the stored validators of a listing; ``url`` selects it if the source has several."""
        query = "SELECT etag, last_modified FROM listing_validators WHERE source_key = ? AND url = ?"
        row = self._db.execute(query, (source_key, url)).fetchone()
        return None if row is None else Validators(row["etag"], row["last_modified"])

    def store_validators(
        self, source_key: str, validators: AnyValidators, *, url: str = "", lease: "Lease | None" = None
    ) -> None:
        """Store a listing's validators. Call it after every listed page has an outcome: a 304 hides the others."""
        if lease is not None:
            lease.check()
        row = _with_checksum(source_key, url, validators.etag, validators.last_modified)
        with transaction(self._db):
            self._db.execute(_INSERT_LISTING, row)

    def drop_validators(self, source_key: str, *, url: str) -> None:
        """Delete the validators of one listing of a source, if there are any."""
        with transaction(self._db):
            self._db.execute("DELETE FROM listing_validators WHERE source_key = ? AND url = ?", (source_key, url))

    def listings(self, source_key: str | None = None) -> Iterator[tuple[str, str, Validators]]:
        """Yield the source, the URL and the validators of each listing that has some, in order, maybe of one source."""
        chosen, parameters = ("", ()) if source_key is None else ("WHERE source_key = ?", (source_key,))
        query = f"SELECT source_key, url, etag, last_modified FROM listing_validators {chosen} ORDER BY source_key, url"  # noqa: S608 - constants
        for key, url, etag, last_modified in self._db.execute(query, parameters):
            yield key, url, Validators(etag, last_modified)

    def has_listed(self, source_key: str, url: str) -> bool:
        """Return whether validators are stored for a listing of a source."""
        return self.validators(source_key, url=url) is not None

    def seen(self, page_key: str) -> PageState | None:
        """Return the state of a page; None if no source has listed it."""
        row = self._db.execute("SELECT * FROM pages WHERE page_key = ?", (page_key,)).fetchone()
        return None if row is None else _page_state(row)

    def known(self, first: date, last: date) -> Iterator[KnownPage]:
        """Yield the pages that were listed for a news day from first to last."""
        query = """SELECT page_key, source_key, news_day, next_try_at IS NOT NULL FROM pages
            WHERE news_day BETWEEN ? AND ?"""
        for page_key, source_key, day, waits in self._db.execute(query, (str(first), str(last))):
            yield KnownPage(page_key.partition(" ")[0], source_key, date.fromisoformat(day), bool(waits))

    def record_many(self, rows: Iterable[PageState], *, lease: "Lease | None" = None) -> None:
        """Store the state of pages in one transaction; for a page that is there twice the later row counts."""
        if lease is not None:
            lease.check()
        with transaction(self._db):
            self._db.executemany(_INSERT, map(_row, rows))

    def pending(self, source_key: str, now: datetime) -> tuple[PageState, ...]:
        """Return the pages of a source that are due for a retry or a recheck, the longest waiting first."""
        query = "SELECT * FROM pages WHERE source_key = ? AND next_try_at <= ? ORDER BY next_try_at, page_key"
        return tuple(map(_page_state, self._db.execute(query, (source_key, to_micros(now)))))

    def with_recheck(self, source_key: str) -> tuple[PageState, ...]:
        """Return the archived pages of a source that are requested again for an edit, the next one first."""
        query = """SELECT * FROM pages WHERE source_key = ? AND next_try_at IS NOT NULL
            AND last_outcome IN (SELECT value FROM json_each(?)) ORDER BY next_try_at, page_key"""
        return tuple(map(_page_state, self._db.execute(query, (source_key, json.dumps(RECHECKED)))))

    def drop(self, state_keys: Iterable[str]) -> None:
        """Delete some states; a snapshot's state is not that of its page."""
        with transaction(self._db):
            self._db.executemany("DELETE FROM pages WHERE page_key = ?", ((key,) for key in state_keys))

    def pages_of(self, source_keys: Iterable[str]) -> Iterator[tuple[str, str, str, str | None]]:
        """Yield page_key, URL, source and the publisher from the listing's hints, for all pages of some sources."""
        query = (
            "SELECT page_key, url, source_key, hints FROM pages WHERE source_key IN (SELECT value FROM json_each(?))"
        )
        for key, url, source_key, hints in self._db.execute(query, (json.dumps(list(source_keys)),)).fetchall():
            yield key.partition(" ")[0], url, source_key, hints_from_json(hints).publisher

    def of_pages(self, page_keys: Iterable[str]) -> tuple[PageState, ...]:
        """Return the states of some pages and of their web archive snapshots."""
        query = f"SELECT * FROM pages WHERE {_OF_PAGE}"  # noqa: S608 - our own names
        return tuple(_page_state(row) for key in page_keys for row in self._db.execute(query, _bounds(key)))

    def erase(self, page_keys: Iterable[str], *, source_key: str | None = None) -> int:
        """Delete the states of some pages, or all states and listings of ``source_key``; return the number of pages."""
        with transaction(self._db):
            if source_key is None:
                query = f"DELETE FROM pages WHERE {_OF_PAGE}"  # noqa: S608 - our own names
                done = self._db.executemany(query, map(_bounds, page_keys)).rowcount
            else:
                done = self._db.execute("DELETE FROM pages WHERE source_key = ?", (source_key,)).rowcount
                self._db.execute("DELETE FROM listing_validators WHERE source_key = ?", (source_key,))
        return done


def _bounds(page_key: str) -> tuple[str, str, str]:
    """Return the parameters of ``_OF_PAGE``: the page's key, and the bounds of keys that continue it after a space."""
    return page_key, f"{page_key} ", f"{page_key}!"


def _with_checksum(*values: object) -> tuple[object, ...]:
    return (*values, row_checksum(values))


def _row(page: PageState) -> tuple[object, ...]:
    return _with_checksum(
        page.page_key,
        page.url,
        page.source_key,
        page.news_day.isoformat(),
        None if page.listed_modified_at is None else to_micros(page.listed_modified_at),
        page.last_outcome,
        page.reason,
        page.attempts,
        None if page.next_try_at is None else to_micros(page.next_try_at),
        hints_to_json(page.hints),
    )


def _page_state(row: Row) -> PageState:
    values = dict(row)
    del values["checksum"]
    for name in ("listed_modified_at", "next_try_at"):
        values[name] = None if values[name] is None else from_micros(values[name])
    values["news_day"] = date.fromisoformat(values["news_day"])
    values["hints"] = hints_from_json(values["hints"])
    return PageState(**values)
