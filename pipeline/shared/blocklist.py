"""Takedowns and their blocklist in PostgreSQL; names are hashed."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

import psycopg

from newslake.pipeline.archive import Damage, Takedown, TakedownKind, TakedownPlan
from newslake.pipeline.archive.takedowns import DELETED_PLAN, plan_from_json, plan_to_json
from newslake.pipeline.shared.database import PostgresDatabase, Row, from_text, rewrite_tables, to_text
from newslake.pipeline.sqlite import from_micros, to_micros

_ALL = "SELECT takedown_id, kind, at, reason, articles, work IS NULL FROM takedowns ORDER BY at, takedown_id"
_INSERT = "INSERT INTO takedowns VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_BLOCK = """INSERT INTO blocklist SELECT name, %s FROM unnest(%s::text[]) AS input (name)
    ON CONFLICT DO NOTHING"""
_BLOCK_ALIAS = """INSERT INTO blocklist SELECT %s, takedown_id FROM blocklist WHERE name = ANY(%s) LIMIT 1
    ON CONFLICT DO NOTHING"""
_KNOWN = "SELECT takedown_id FROM takedowns UNION SELECT takedown_id FROM revocations"
_IS_DONE = "SELECT 1 FROM takedowns WHERE takedown_id = %s AND work IS NULL"
_WIDEN = "UPDATE takedowns SET work = %s, articles = %s WHERE takedown_id = %s"
# A column of each table that had names of pages or of their files, and that no other part rewrites in a takedown.
_REWRITTEN = {"takedowns": "work", "pages": "hints", "listing_validators": "url", "inbox_claims": "name"}
_BLOCKS_PUBLISHERS = "SELECT 1 FROM blocklist WHERE name >= 'publisher:' AND name < 'publisher;' LIMIT 1"


class PostgresBlocklist:
    """All takedowns of a shared store."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._db = database

    def blocked_among(self, names: Iterable[str]) -> frozenset[str]:
        query = "SELECT DISTINCT name FROM blocklist WHERE name = ANY(%s)"
        return frozenset(name for (name,) in self._db.query(query, (list(names),)))

    def is_blocked(self, *names: str | None) -> bool:
        return bool(self.blocked_among(name for name in names if name is not None))

    def blocks_publishers(self) -> bool:
        return bool(self._db.query(_BLOCKS_PUBLISHERS))

    def names(self, takedown_id: str | None = None) -> tuple[str, ...]:
        query = "SELECT DISTINCT name FROM blocklist WHERE %s::text IS NULL OR takedown_id = %s"
        return tuple(name for (name,) in self._db.query(query, (takedown_id, takedown_id)))

    def all(self) -> tuple[Takedown, ...]:
        return tuple(map(_takedown, self._db.query(_ALL)))

    def begin(
        self, kind: TakedownKind, *, names: Iterable[str], work: TakedownPlan, at: datetime, reason: str | None
    ) -> Takedown:
        takedown = Takedown(
            takedown_id=secrets.token_hex(6),
            kind=kind,
            at=at,
            reason=reason,
            articles=len(work.article_ids),
            is_done=False,
        )
        self.block_again(takedown, names=names, work=work)
        return takedown

    def block_again(self, takedown: Takedown, *, names: Iterable[str], work: TakedownPlan | None) -> None:
        row = (
            takedown.takedown_id,
            takedown.kind,
            to_micros(takedown.at),
            to_text(takedown.reason),
            takedown.articles,
            None if work is None else plan_to_json(work),
        )
        blocked = sorted(set(names))

        def insert(cursor: psycopg.Cursor) -> None:
            cursor.execute(_INSERT, row)
            cursor.execute(_BLOCK, (takedown.takedown_id, blocked))

        self._db.write(insert)

    def work(self, takedown_id: str) -> TakedownPlan:
        [(work,)] = self._db.query("SELECT work FROM takedowns WHERE takedown_id = %s", (takedown_id,))
        return plan_from_json(work)

    def widen(self, takedown_id: str, *, names: Iterable[str], work: TakedownPlan) -> None:
        blocked = sorted(set(names))

        def update(cursor: psycopg.Cursor) -> None:
            cursor.execute(_WIDEN, (plan_to_json(work), len(work.article_ids), takedown_id))
            cursor.execute(_BLOCK, (takedown_id, blocked))

        self._db.write(update)

    def block_alias(self, name: str, *, like: Iterable[str | None]) -> None:
        known = [each for each in like if each is not None]
        self._db.write(lambda cursor: cursor.execute(_BLOCK_ALIAS, (name, known)))

    def finish(self, takedown_id: str) -> None:
        self._set_work(takedown_id, DELETED_PLAN)
        rewrite_tables(self._db, _REWRITTEN)
        self._set_work(takedown_id, None)

    def _set_work(self, takedown_id: str, work: str | None) -> None:
        query = "UPDATE takedowns SET work = %s WHERE takedown_id = %s"
        self._db.write(lambda cursor: cursor.execute(query, (work, takedown_id)))

    def revoke(self, takedown_id: str) -> bool:
        was_done: list[bool] = []  # by each try: if only the answer to COMMIT was lost, the next one finds nothing

        def delete(cursor: psycopg.Cursor) -> None:
            was_done.append(cursor.execute(_IS_DONE, (takedown_id,)).fetchone() is not None)
            if was_done[-1]:
                cursor.execute("DELETE FROM takedowns WHERE takedown_id = %s", (takedown_id,))
                cursor.execute("DELETE FROM blocklist WHERE takedown_id = %s", (takedown_id,))
                cursor.execute("INSERT INTO revocations VALUES (%s) ON CONFLICT DO NOTHING", (takedown_id,))

        self._db.write(delete)
        return any(was_done)

    def restore(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Return nothing: the database has no copies but its backups."""
        return ()

    def verify(self) -> Iterator[Damage]:
        """Yield nothing: there are no copies, and PostgreSQL checks its pages."""
        return iter(())

    def known(self) -> frozenset[str]:
        return frozenset(takedown_id for (takedown_id,) in self._db.query(_KNOWN))


def _takedown(row: Row) -> Takedown:
    takedown_id, kind, at, reason, articles, is_done = row
    return Takedown(
        takedown_id=takedown_id,
        kind=kind,
        at=from_micros(at),
        reason=from_text(reason),
        articles=articles,
        is_done=is_done,
    )
