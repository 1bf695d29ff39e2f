"""Takedowns and their blocklist, which keeps removed pages out. In the fetch state database; names are hashed."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipeline.archive.fetch_state import open_state
from pipeline.model import article_id_of, canonical_url
from pipeline.sqlite import Database, Durability, from_micros, row_checksum, to_micros, transaction, vacuum_and_truncate

TakedownKind = Literal["article", "publisher", "source", "reserved"]
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS takedowns (
        takedown_id TEXT PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT, articles INTEGER NOT NULL,
        work TEXT, checksum INTEGER NOT NULL)""",
    # No checksum here: its index repeats whole rows, and SQLite's own check compares them.
    """CREATE TABLE IF NOT EXISTS blocklist (
        name TEXT NOT NULL, takedown_id TEXT NOT NULL, PRIMARY KEY (name, takedown_id)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS blocklist_by_takedown ON blocklist (takedown_id)",
)
_UPDATE_CHECKSUM = (
    "UPDATE takedowns SET checksum = row_checksum(takedown_id, kind, at, reason, articles, work) WHERE takedown_id = ?"
)
_ALL = "SELECT takedown_id, kind, at, reason, articles, work IS NULL FROM takedowns ORDER BY at, takedown_id"
_BLOCKED_AMONG = "SELECT DISTINCT name FROM blocklist WHERE name IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """One takedown request. ``articles`` counts the removed articles. ``is_done`` is False if it was interrupted."""

    takedown_id: str
    kind: TakedownKind
    at: datetime
    reason: str | None
    articles: int
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedArticle:
    """An article that was deleted from the lake; copies of the lake must delete it, too."""

    article_id: str
    published_date: date
    revision_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownPlan:
    """What a takedown removes. Stored in clear text until the removal is done.

    With ``source_key`` only this source's data of the pages is removed. ``publisher`` is the ``publisher_name`` of a
    blocked publisher.
    """

    page_keys: frozenset[str] = frozenset()
    article_ids: frozenset[str] = frozenset()
    source_key: str | None = None
    publisher: str | None = None
    rows: tuple[DeletedArticle, ...] = ()

    @property
    def days(self) -> frozenset[date]:
        """The published days of the articles."""
        return frozenset(row.published_date for row in self.rows)


def page_name(page_key: str) -> str:
    """Return the name that blocks a page: the article id of its URL."""
    return article_id_of(canonical=page_key, text="")


def url_name(url: str) -> str | None:
    """Return ``page_name`` of any spelling of a URL; None if it is not a URL."""
    try:
        return page_name(canonical_url(url))
    except ValueError:
        return None


def publisher_name(publisher: str) -> str:
    """Return the name that blocks a publisher, the same for all spellings in case and spaces."""
    return f"publisher:{_hash(' '.join(publisher.casefold().split()))}"


def source_name(source_key: str) -> str:
    """Return the name that blocks a source."""
    return f"source:{_hash(source_key)}"


def pseudonym(url: str) -> str:
    """Return the pseudonym that replaces a taken-down URL in the log, one per URL."""
    return f"taken_down:{_hash(url)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Takedowns:
    """All takedowns of a data root. Opens on first use; several processes may use it at once."""

    def __init__(self, root: Path, *, durability: Durability = "full") -> None:
        self._root = root
        self._durability: Durability = durability

    @cached_property
    def _db(self) -> Database:
        connection = open_state(self._root, durability=self._durability, owner=self)
        connection.create_function("row_checksum", -1, lambda *values: row_checksum(values), deterministic=True)
        with transaction(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
        return connection

    def blocked_among(self, names: Iterable[str]) -> frozenset[str]:
        """Return the blocked ones of some names."""
        return frozenset(row[0] for row in self._db.execute(_BLOCKED_AMONG, (json.dumps(list(names)),)))

    def is_blocked(self, *names: str | None) -> bool:
        """Return whether any of some names is blocked."""
        return bool(self.blocked_among(name for name in names if name is not None))

    def blocks_publishers(self) -> bool:
        """Return whether any publisher is blocked; if so, check the publisher of each page."""
        query = "SELECT 1 FROM blocklist WHERE name >= 'publisher:' AND name < 'publisher;' LIMIT 1"
        return self._db.execute(query).fetchone() is not None

    def names(self) -> tuple[str, ...]:
        """Return all blocked names."""
        return tuple(row[0] for row in self._db.execute("SELECT DISTINCT name FROM blocklist"))

    def all(self) -> tuple[Takedown, ...]:
        """Return all takedowns, oldest first."""
        return tuple(
            Takedown(
                takedown_id=row[0],
                kind=row[1],
                at=from_micros(row[2]),
                reason=row[3],
                articles=row[4],
                is_done=bool(row[5]),
            )
            for row in self._db.execute(_ALL)
        )

    def begin(
        self, kind: TakedownKind, *, names: Iterable[str], work: TakedownPlan, at: datetime, reason: str | None
    ) -> Takedown:
        """Record a takedown before anything is removed: from now on its names are blocked."""
        takedown_id = secrets.token_hex(6)
        with transaction(self._db):
            row = (takedown_id, kind, to_micros(at), reason, len(work.article_ids), _plan_to_json(work))
            self._db.execute("INSERT INTO takedowns VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, row_checksum(row)))
            self._block(takedown_id, names)
        return Takedown(
            takedown_id=takedown_id, kind=kind, at=at, reason=reason, articles=len(work.article_ids), is_done=False
        )

    def work(self, takedown_id: str) -> TakedownPlan:
        """Return the plan of a takedown that is not done."""
        query = "SELECT work FROM takedowns WHERE takedown_id = ?"
        return _plan_from_json(self._db.execute(query, (takedown_id,)).fetchone()[0])

    def widen(self, takedown_id: str, *, names: Iterable[str], work: TakedownPlan) -> None:
        """Replace the plan of a takedown with a wider one, and block more names."""
        with transaction(self._db):
            query = "UPDATE takedowns SET work = ?, articles = ? WHERE takedown_id = ?"
            self._db.execute(query, (_plan_to_json(work), len(work.article_ids), takedown_id))
            self._db.execute(_UPDATE_CHECKSUM, (takedown_id,))
            self._block(takedown_id, names)

    def block_alias(self, name: str, *, like: Iterable[str | None]) -> None:
        """Add a name to the takedown that blocks one of the names ``like``: both identify the same page."""
        query = """INSERT OR IGNORE INTO blocklist SELECT ?, takedown_id FROM blocklist
            WHERE name IN (SELECT value FROM json_each(?)) LIMIT 1"""
        with transaction(self._db):
            self._db.execute(query, (name, json.dumps(list(like))))

    def _block(self, takedown_id: str, names: Iterable[str]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO blocklist VALUES (?, ?)", [(each, takedown_id) for each in names])

    def finish(self, takedown_id: str) -> None:
        """Mark a takedown as done and delete its plan permanently."""
        with transaction(self._db):
            self._db.execute("UPDATE takedowns SET work = NULL WHERE takedown_id = ?", (takedown_id,))
            self._db.execute(_UPDATE_CHECKSUM, (takedown_id,))
        vacuum_and_truncate(self._db)

    def revoke(self, takedown_id: str) -> bool:
        """Unblock the pages of a takedown; return False if it does not exist, or is not done."""
        with transaction(self._db):
            query = "DELETE FROM takedowns WHERE takedown_id = ? AND work IS NULL"
            is_there = self._db.execute(query, (takedown_id,)).rowcount == 1
            if is_there:
                self._db.execute("DELETE FROM blocklist WHERE takedown_id = ?", (takedown_id,))
        return is_there


def _plan_to_json(work: TakedownPlan) -> str:
    return json.dumps(asdict(work), default=lambda value: sorted(value) if isinstance(value, frozenset) else str(value))


def _plan_from_json(text: str) -> TakedownPlan:
    said: dict[str, Any] = json.loads(text)
    rows = (
        DeletedArticle(
            article_id=row["article_id"],
            published_date=date.fromisoformat(row["published_date"]),
            revision_ids=tuple(row["revision_ids"]),
        )
        for row in said["rows"]
    )
    sets = {name: frozenset(said[name]) for name in ("page_keys", "article_ids")}
    return TakedownPlan(**sets, source_key=said["source_key"], publisher=said["publisher"], rows=tuple(rows))
