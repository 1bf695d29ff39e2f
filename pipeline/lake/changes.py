"""Which articles' rows changed, and when: a part of the index, written in the transaction that stores days.

A stamp is the time of a change, and later than every stamp before it, whatever the clock does: who asks for what came
after the last stamp that he saw misses nothing and gets nothing twice. With the index lost, everything is new.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from pipeline.sqlite import from_micros, row_checksum, to_micros

ChangeKind = Literal["new", "changed", "moved", "removed", "withdrawn", "returned"]

CHANGE_TABLES = (
    # One row an article that the lake has or had: where it stands, or stood last.
    """CREATE TABLE IF NOT EXISTS changes (
        article_id TEXT PRIMARY KEY, published_date TEXT NOT NULL, is_removed INTEGER NOT NULL,
        first_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, moved_from TEXT, moved_at INTEGER,
        is_gone INTEGER NOT NULL DEFAULT 0, gone_at INTEGER, seal INTEGER) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS changes_day ON changes (published_date)",
    "CREATE INDEX IF NOT EXISTS changes_at ON changes (changed_at)",
    "CREATE INDEX IF NOT EXISTS changes_gone_at ON changes (gone_at) WHERE gone_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS stamps (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, seal INTEGER)",
)
_CHECKSUM_CHANGES = """UPDATE changes SET seal = row_checksum(
        article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at, is_gone, gone_at)
    WHERE changed_at = :stamp OR gone_at = :stamp"""
# What a commit takes in, before it replaces what stands.
INCOMING = (
    "CREATE TEMP TABLE IF NOT EXISTS incoming AS SELECT * FROM articles WHERE false",
    "CREATE UNIQUE INDEX IF NOT EXISTS temp.incoming_article ON incoming (article_id)",
)
# Of the days that ``incoming`` is all of: what stands now and did not, or not so; then what stands no more.
_UPSERT_ARTICLES = """INSERT INTO changes (article_id, published_date, is_removed, first_at, changed_at)
    SELECT article_id, i.published_date, 0, :stamp, :stamp FROM incoming i LEFT JOIN articles a USING (article_id)
    WHERE (i.published_date, i.revision_id, i.pipeline_version, i.kb_version, i.raw_ref, i.fetched_at) IS NOT
        (a.published_date, a.revision_id, a.pipeline_version, a.kb_version, a.raw_ref, a.fetched_at)
    ON CONFLICT DO UPDATE SET
        moved_from = iif(published_date = excluded.published_date, moved_from, published_date),
        moved_at = iif(published_date = excluded.published_date, moved_at, excluded.changed_at),
        first_at = iif(is_removed, excluded.first_at, first_at),
        published_date = excluded.published_date, is_removed = 0, changed_at = excluded.changed_at"""
_MARK_REMOVED = """UPDATE changes SET is_removed = 1, changed_at = :stamp
    WHERE published_date IN (SELECT value FROM json_each(:days)) AND NOT is_removed
    AND article_id NOT IN (SELECT article_id FROM incoming)"""
_ROWS_SINCE = """SELECT article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at FROM changes
    WHERE changed_at > ?"""
_GONE_SINCE = """SELECT article_id, published_date, is_gone, gone_at FROM changes
    WHERE gone_at > ? AND NOT is_removed"""
_DAYS_SINCE = "SELECT published_date FROM days WHERE changed_at > ? ORDER BY published_date"
_MARK_GONE = """UPDATE changes SET is_gone = 1, gone_at = ?
    WHERE NOT is_gone AND article_id IN (SELECT value FROM json_each(?))"""
_MARK_RETURNED = """UPDATE changes SET is_gone = 0, gone_at = ?
    WHERE is_gone AND article_id NOT IN (SELECT value FROM json_each(?))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleChange:
    """A change of one article. ``day`` is where its rows stand, or stood last; ``from_day`` where they stood before.

    removed: the lake has no row of it any more. withdrawn: its publisher's page is gone; its rows stay.
    """

    article_id: str
    kind: ChangeKind
    day: date
    from_day: date | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed after a time, in the order of time. ``days`` are those on which any table's rows changed.

    ``until`` is the last stamp: the time to ask from next. None where the lake never held anything.
    """

    until: datetime | None
    articles: tuple[ArticleChange, ...]
    days: tuple[date, ...]


class _ChangeRow(NamedTuple):
    article_id: str
    day: str
    is_removed: int
    first_at: int
    changed_at: int
    moved_from: str | None
    moved_at: int | None


def next_stamp(connection: sqlite3.Connection, now: datetime) -> int:
    """Return the stamp of a transaction that writes: microseconds, later than all before it."""
    row = connection.execute("SELECT last FROM stamps").fetchone()
    stamp = max(to_micros(now), 0 if row is None else row[0] + 1)
    connection.execute("INSERT OR REPLACE INTO stamps VALUES (1, ?, ?)", (stamp, row_checksum((1, stamp))))
    return stamp


def record_changes(connection: sqlite3.Connection, days: Iterable[date], *, stamp: int) -> None:
    """Compare ``incoming``, all that days hold now, with the index's rows that it will replace; stamp what differs."""
    parameters = {"stamp": stamp, "days": json.dumps([day.isoformat() for day in days])}
    for statement in (_UPSERT_ARTICLES, _MARK_REMOVED, _CHECKSUM_CHANGES):
        connection.execute(statement, parameters)


def mark_gone(connection: sqlite3.Connection, article_ids: Iterable[str], *, stamp: int) -> None:
    """Make these articles all those whose pages are gone; stamp those that were not, and those that are back."""
    gone = json.dumps(sorted(article_ids))
    for statement in (_MARK_GONE, _MARK_RETURNED):
        connection.execute(statement, (stamp, gone))
    connection.execute(_CHECKSUM_CHANGES, {"stamp": stamp})


def changes_after(connection: sqlite3.Connection, after: int) -> Changes:
    """Return what was stamped after a stamp."""
    last = connection.execute("SELECT last FROM stamps").fetchone()
    rows = [_article_change(_ChangeRow(*row), after) for row in connection.execute(_ROWS_SINCE, (after,))]
    rows += [
        ArticleChange(
            article_id=article_id,
            kind="withdrawn" if is_gone else "returned",
            day=date.fromisoformat(day),
            from_day=None,
            at=from_micros(at),
        )
        for article_id, day, is_gone, at in connection.execute(_GONE_SINCE, (after,))
    ]
    return Changes(
        until=None if last is None else from_micros(last[0]),
        articles=tuple(sorted(rows, key=lambda each: (each.at, each.day, each.article_id))),
        days=tuple(date.fromisoformat(row[0]) for row in connection.execute(_DAYS_SINCE, (after,))),
    )


def _article_change(row: _ChangeRow, after: int) -> ArticleChange:
    """Return what a row's changes after a time come to."""
    is_moved = row.moved_at is not None and row.moved_at > after
    kind: ChangeKind = (
        "removed" if row.is_removed else "new" if row.first_at > after else "moved" if is_moved else "changed"
    )
    return ArticleChange(
        article_id=row.article_id,
        kind=kind,
        day=date.fromisoformat(row.day),
        from_day=date.fromisoformat(row.moved_from) if kind == "moved" and row.moved_from else None,
        at=from_micros(row.changed_at),
    )
