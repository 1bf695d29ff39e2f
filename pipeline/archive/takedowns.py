"""Takedowns and their blocklist, which keeps removed pages out. In the fetch state database; names are hashed.

Each takedown has a copy in a file: if the database or a copy is lost, its names stay blocked, and it is
finished if it was not.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from newslake.pipeline.archive.fetch_state import create_tables, open_state
from newslake.pipeline.archive.scan import Damage
from newslake.pipeline.durability import Durability, make_folder, write_whole_file
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.sqlite import Database, from_micros, row_checksum, to_micros, transaction, vacuum_and_truncate

TakedownKind = Literal["article", "publisher", "source", "reserved"]
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS takedowns (
        takedown_id TEXT PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT, articles INTEGER NOT NULL,
        work TEXT, checksum INTEGER NOT NULL)""",
    # No checksum here: its index repeats whole rows, and the check of SQLite compares them.
    """CREATE TABLE IF NOT EXISTS blocklist (
        name TEXT NOT NULL, takedown_id TEXT NOT NULL, PRIMARY KEY (name, takedown_id)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS blocklist_by_takedown ON blocklist (takedown_id)",
    "CREATE TABLE IF NOT EXISTS revocations (takedown_id TEXT PRIMARY KEY, checksum INTEGER NOT NULL)",
    # How often the tables above changed, and the stamp of the copies when they were last compared, until a change.
    "CREATE TABLE IF NOT EXISTS compared_copies (id INTEGER PRIMARY KEY, changes INTEGER NOT NULL, stamp TEXT)",
)
PSEUDONYM = "taken_down:"  # how the name of a taken-down page in the log begins
DELETED_PLAN = ""  # in place of a plan that was carried out, until its bytes are gone from the file
_NOTE_CHANGE = "UPDATE compared_copies SET changes = changes + 1, stamp = NULL"
_UPDATE_CHECKSUM = (
    "UPDATE takedowns SET checksum = row_checksum(takedown_id, kind, at, reason, articles, work) WHERE takedown_id = ?"
)
_LOST = (
    "is damaged, and the database has lost this takedown; restore one of them from a backup; without one, take its "
    "pages down again with `newslake forget`, then delete the file"
)
_KNOWN = "SELECT takedown_id FROM takedowns UNION SELECT takedown_id FROM revocations"
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

    With ``source_key`` only this source's data of the pages is removed; in a plan restored from a copy, it is the
    ``source_name``. ``publisher`` is the ``publisher_name`` of a blocked publisher.
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
    return f"{PSEUDONYM}{_hash(url)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _create(connection: Database) -> None:
    create_tables(connection)
    connection.create_function("row_checksum", -1, lambda *values: row_checksum(values), deterministic=True)
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)
        if connection.execute("SELECT 1 FROM compared_copies").fetchone() is None:  # a reader writes nothing
            connection.execute("INSERT INTO compared_copies VALUES (1, 0, NULL)")


class Takedowns:
    """All takedowns of a data root. Opens on first use; several processes may use it at once.

    ``root`` is the folder of the archive, ``copies`` that of the copies; None makes none.
    """

    def __init__(self, root: Path, *, copies: Path | None = None, durability: Durability = "full") -> None:
        self._root = root
        self._copies = copies
        self._durability: Durability = durability

    @cached_property
    def _db(self) -> Database:
        return open_state(self._root, durability=self._durability, owner=self, prepare=_create)

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

    def names(self, takedown_id: str | None = None) -> tuple[str, ...]:
        """Return all blocked names, or those of a takedown."""
        query = "SELECT DISTINCT name FROM blocklist WHERE ?1 IS NULL OR takedown_id = ?1"
        return tuple(row[0] for row in self._db.execute(query, (takedown_id,)))

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

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Change takedowns in a transaction; a quick ``restore`` then compares the copies again."""
        with transaction(self._db):
            self._db.execute(_NOTE_CHANGE)
            yield

    def begin(
        self, kind: TakedownKind, *, names: Iterable[str], work: TakedownPlan, at: datetime, reason: str | None
    ) -> Takedown:
        """Record a takedown before anything is removed: from now on its names are blocked."""
        takedown_id = secrets.token_hex(6)
        with self._change():
            row = (takedown_id, kind, to_micros(at), reason, len(work.article_ids), plan_to_json(work))
            self._db.execute("INSERT INTO takedowns VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, row_checksum(row)))
            self._block(takedown_id, names)
        self._copy(takedown_id)
        return Takedown(
            takedown_id=takedown_id, kind=kind, at=at, reason=reason, articles=len(work.article_ids), is_done=False
        )

    def work(self, takedown_id: str) -> TakedownPlan:
        """Return the plan of a takedown that is not done; an empty one if only ``finish`` was interrupted."""
        query = "SELECT work FROM takedowns WHERE takedown_id = ?"
        return plan_from_json(self._db.execute(query, (takedown_id,)).fetchone()[0])

    def widen(self, takedown_id: str, *, names: Iterable[str], work: TakedownPlan) -> None:
        """Replace the plan of a takedown with a wider one, and block more names."""
        with self._change():
            query = "UPDATE takedowns SET work = ?, articles = ? WHERE takedown_id = ?"
            self._db.execute(query, (plan_to_json(work), len(work.article_ids), takedown_id))
            self._db.execute(_UPDATE_CHECKSUM, (takedown_id,))
            self._block(takedown_id, names)
        self._copy(takedown_id)

    def block_alias(self, name: str, *, like: Iterable[str | None]) -> None:
        """Add a name to the takedown that blocks one of the names ``like``: both identify the same page."""
        query = """INSERT OR IGNORE INTO blocklist SELECT ?, takedown_id FROM blocklist
            WHERE name IN (SELECT value FROM json_each(?)) LIMIT 1 RETURNING takedown_id"""
        with transaction(self._db):
            added = self._db.execute(query, (name, json.dumps(list(like)))).fetchall()
            if added:
                self._db.execute(_NOTE_CHANGE)
        for row in added:
            self._copy(row[0])

    def _block(self, takedown_id: str, names: Iterable[str]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO blocklist VALUES (?, ?)", [(each, takedown_id) for each in names])

    def finish(self, takedown_id: str) -> None:
        """Mark a takedown as done and delete its plan permanently.

        It is done only after the file is rewritten without the plan: otherwise a process that dies in between would
        leave the plan's bytes, and no later one would look for them.
        """
        self._set_work(takedown_id, DELETED_PLAN)
        vacuum_and_truncate(self._db)
        self._set_work(takedown_id, None)
        self._copy(takedown_id)

    def _set_work(self, takedown_id: str, work: str | None) -> None:
        with self._change():
            self._db.execute("UPDATE takedowns SET work = ? WHERE takedown_id = ?", (work, takedown_id))
            self._db.execute(_UPDATE_CHECKSUM, (takedown_id,))

    def revoke(self, takedown_id: str) -> bool:
        """Unblock the pages of a takedown; return False if it does not exist, or is not done."""
        with self._change():
            query = "SELECT 1 FROM takedowns WHERE takedown_id = ? AND work IS NULL"
            is_there = self._db.execute(query, (takedown_id,)).fetchone() is not None
            if is_there:
                self._unblock(takedown_id)
        if is_there:
            self._copy(takedown_id)
        return is_there

    def _unblock(self, takedown_id: str) -> None:
        self._db.execute("DELETE FROM takedowns WHERE takedown_id = ?", (takedown_id,))
        self._db.execute("DELETE FROM blocklist WHERE takedown_id = ?", (takedown_id,))
        row = (takedown_id, row_checksum((takedown_id,)))
        self._db.execute("INSERT OR REPLACE INTO revocations VALUES (?, ?)", row)

    # The copies, and what is restored from them.

    def known(self) -> frozenset[str]:
        """Return the ids of all takedowns, revoked ones included."""
        return frozenset(row[0] for row in self._db.execute(_KNOWN))

    def verify(self) -> Iterator[Damage]:
        """Yield how database and copies differ."""
        copies = self._read_copies()
        for takedown_id in sorted({*copies, *self.known()} if self._copies is not None else ()):
            copy, content = copies.get(takedown_id), self._content(takedown_id)
            if takedown_id in copies and copy is None and content is None:
                yield Damage(f"takedowns/{takedown_id}.json", None, None, _LOST)
            elif copy != content:
                what = "is missing" if takedown_id not in copies else "and the blocklist differ"
                yield Damage(f"takedowns/{takedown_id}.json", None, None, f"{what}; run `newslake lake repair`")

    def restore(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Restore takedowns from their copies, and copies from the takedowns; return a sentence per repair.

        A name that is blocked in either place stays blocked, unless its takedown was revoked in either place. A damaged
        copy is written again; if the database has lost its takedown, the sentence says so. ``is_quick`` compares
        nothing while the takedowns, and the names, sizes and times of the copies, are as they were.
        """
        stamp = self._stamp()
        changes, compared = self._db.execute("SELECT changes, stamp FROM compared_copies").fetchone()
        if is_quick and compared == stamp:
            return ()
        done = self._restore_all()
        if not done:
            query = "UPDATE compared_copies SET stamp = ? WHERE changes = ?"
            self._db.execute(query, (stamp, changes))
        return tuple(done)

    def _restore_all(self) -> list[str]:
        done, copies = [], self._read_copies()
        for takedown_id, copy in sorted(copies.items()):
            if copy is not None and self._restore_from(takedown_id, copy):
                done.append(f"restored takedown {takedown_id} from its copy")
            elif copy is None and self._content(takedown_id) is None:
                done.append(f"takedowns/{takedown_id}.json {_LOST}")
        for takedown_id in sorted(self.known() if self._copies is not None else ()):
            if copies.get(takedown_id) != self._content(takedown_id):
                self._copy(takedown_id)
                done.append(f"wrote the copy of takedown {takedown_id}")
        return done

    def _restore_from(self, takedown_id: str, copy: Mapping[str, Any]) -> bool:
        """Add what a copy has and the database has not; return whether it changed."""
        content = self._content(takedown_id)
        if content is not None and content["is_revoked"]:
            return False
        if copy["is_revoked"]:
            with self._change():
                self._unblock(takedown_id)
            return True
        if content is not None and not set(copy["names"]).difference(content["names"]):
            return False
        work = _plan_from_copy(copy)
        takedown = Takedown(
            takedown_id=takedown_id,
            kind=copy["kind"],
            at=datetime.fromisoformat(copy["at"]),
            reason=copy["reason"],
            articles=copy["articles"],
            is_done=work is None,
        )
        self.block_again(takedown, names=copy["names"], work=work)
        return True

    def block_again(self, takedown: Takedown, *, names: Iterable[str], work: TakedownPlan | None) -> None:
        """Block names of a takedown that the database has lost; ``work`` is its plan, None if it was carried out."""
        plan = None if work is None else plan_to_json(work)
        row = (takedown.takedown_id, takedown.kind, to_micros(takedown.at), takedown.reason, takedown.articles, plan)
        with self._change():
            self._db.execute("INSERT OR IGNORE INTO takedowns VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, row_checksum(row)))
            self._block(takedown.takedown_id, names)
        self._copy(takedown.takedown_id)

    def _content(self, takedown_id: str) -> dict[str, Any] | None:
        """Return the content of a takedown's copy; None if the database does not know the takedown."""
        row = self._db.execute("SELECT * FROM takedowns WHERE takedown_id = ?", (takedown_id,)).fetchone()
        if row is None:
            query = "SELECT 1 FROM revocations WHERE takedown_id = ?"
            is_revoked = self._db.execute(query, (takedown_id,)).fetchone() is not None
            return {"takedown_id": takedown_id, "is_revoked": True, "names": []} if is_revoked else None
        names = self._db.execute("SELECT name FROM blocklist WHERE takedown_id = ? ORDER BY name", (takedown_id,))
        return {
            "takedown_id": takedown_id,
            "is_revoked": False,
            "kind": row["kind"],
            "at": from_micros(row["at"]).isoformat(),
            "reason": row["reason"],
            "articles": row["articles"],
            "names": [name for (name,) in names],
            "unfinished": None
            if row["work"] in (None, DELETED_PLAN)
            else sorted(plan_from_json(row["work"]).article_ids),
        }

    def _copy(self, takedown_id: str) -> None:
        """Write the copy of a takedown, as the database has it."""
        content = self._content(takedown_id)
        if self._copies is not None and content is not None:
            make_folder(self._copies, durability=self._durability)
            write_whole_file(self._copies / f"{takedown_id}.json", _copy_bytes(content), durability=self._durability)

    def _stamp(self) -> str:
        """Return what changes whenever a copy is written, removed or restored."""
        if self._copies is None or not self._copies.is_dir():
            return ""
        with os.scandir(self._copies) as entries:
            states = sorted((file.name, file.stat()) for file in entries if file.name.endswith(".json"))
        return _hash(json.dumps([(name, at.st_ino, at.st_mtime_ns, at.st_size) for name, at in states]))

    def _read_copies(self) -> dict[str, dict[str, Any] | None]:
        """Return the content of each copy, by takedown; None for a damaged one."""
        paths = sorted(self._copies.glob("*.json")) if self._copies is not None else ()
        return {path.stem: _parse_copy(path.read_bytes(), path.stem) for path in paths}


def _copy_bytes(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=True)
    return json.dumps({**content, "checksum": _hash(text)}, indent=1, sort_keys=True).encode() + b"\n"


def _parse_copy(data: bytes, takedown_id: str) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(data)
        checksum = content.pop("checksum")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    is_whole = checksum == _hash(json.dumps(content, sort_keys=True)) and content.get("takedown_id") == takedown_id
    return content if is_whole else None


def _plan_from_copy(copy: Mapping[str, Any]) -> TakedownPlan | None:
    """Return the plan of a takedown that was not finished, as far as a copy has it: without names in clear text."""
    if copy["unfinished"] is None:
        return None
    hashed = {
        kind: next((n for n in copy["names"] if n.startswith(f"{kind}:")), None) for kind in ("publisher", "source")
    }
    article_ids = frozenset(copy["unfinished"])
    return TakedownPlan(article_ids=article_ids, source_key=hashed["source"], publisher=hashed["publisher"])


def plan_to_json(work: TakedownPlan) -> str:
    """Return a plan as it is stored."""
    return json.dumps(asdict(work), default=lambda value: sorted(value) if isinstance(value, frozenset) else str(value))


def plan_from_json(text: str) -> TakedownPlan:
    """Return a stored plan; an empty one if it was deleted."""
    if text == DELETED_PLAN:
        return TakedownPlan()
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
