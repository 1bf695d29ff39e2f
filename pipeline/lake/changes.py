"""Which articles' rows changed, and when: a part of the ledger, written in the transaction that takes days in.

A stamp is the time of a change, and later than every stamp before it, whatever the clock does: who asks for what came
after the last stamp that he saw misses nothing and gets nothing twice. With the ledger lost, everything is new.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from pipeline.database import from_micros, to_micros, transaction

ChangeKind = Literal["new", "changed", "moved", "removed", "withdrawn", "returned"]

CHANGE_TABLES = (
    # ``row_state`` names the row as it stands, null where the lake has none any more.
    """CREATE TABLE IF NOT EXISTS changes (
        article_id TEXT PRIMARY KEY, published_date TEXT NOT NULL, row_state TEXT, first_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL, moved_from TEXT, moved_at INTEGER, is_gone INTEGER NOT NULL DEFAULT 0,
        gone_at INTEGER) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS changes_day ON changes (published_date)",
    "CREATE INDEX IF NOT EXISTS changes_at ON changes (changed_at)",
    "CREATE INDEX IF NOT EXISTS changes_gone_at ON changes (gone_at) WHERE gone_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS stamps (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL)",
)
_UPSERT = """INSERT INTO changes (article_id, published_date, row_state, first_at, changed_at, moved_from, moved_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (article_id) DO UPDATE SET published_date = excluded.published_date,
    row_state = excluded.row_state, first_at = excluded.first_at, changed_at = excluded.changed_at,
    moved_from = excluded.moved_from, moved_at = excluded.moved_at"""
_KNOWN = """SELECT article_id, published_date, row_state, first_at, changed_at, moved_from, moved_at FROM changes
    WHERE published_date IN (SELECT value FROM json_each(?)) OR article_id IN (SELECT value FROM json_each(?))"""
_ROWS_SINCE = """SELECT article_id, published_date, row_state, first_at, changed_at, moved_from, moved_at FROM changes
    WHERE changed_at > ?"""
_GONE_SINCE = """SELECT article_id, published_date, is_gone, gone_at FROM changes
    WHERE gone_at > ? AND row_state IS NOT NULL"""
_DAYS_SINCE = "SELECT published_date FROM days WHERE changed_at > ? ORDER BY published_date"
_NEWLY_GONE = """UPDATE changes SET is_gone = 1, gone_at = ?
    WHERE NOT is_gone AND article_id IN (SELECT value FROM json_each(?))"""
_BACK = """UPDATE changes SET is_gone = 0, gone_at = ?
    WHERE is_gone AND article_id NOT IN (SELECT value FROM json_each(?))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of an article. ``day`` is where its rows stand, or stood last; ``from_day`` where they stood before.

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
    articles: tuple[Change, ...]
    days: tuple[date, ...]


class _Row(NamedTuple):
    article_id: str
    day: str
    state: str | None
    first_at: int
    changed_at: int
    moved_from: str | None
    moved_at: int | None


def next_stamp(connection: sqlite3.Connection, now: datetime) -> int:
    """Return the stamp of a transaction that writes: microseconds, later than all before it."""
    row = connection.execute("SELECT last FROM stamps").fetchone()
    stamp = max(to_micros(now), 0 if row is None else row[0] + 1)
    connection.execute("INSERT OR REPLACE INTO stamps VALUES (1, ?)", (stamp,))
    return stamp


def note_rows(connection: sqlite3.Connection, days: Mapping[date, Mapping[str, str]], *, stamp: int) -> None:
    """Compare what days hold now (by article, what names its row) with what they held, and stamp what differs."""
    held = {each: (day.isoformat(), _digest(row)) for day, rows in days.items() for each, row in rows.items()}
    names = json.dumps([day.isoformat() for day in days])
    known = {row[0]: _Row(*row) for row in connection.execute(_KNOWN, (names, json.dumps(list(held))))}
    here = {day.isoformat() for day in days}
    gone = [
        row._replace(state=None, changed_at=stamp)
        for row in known.values()
        if row.day in here and row.article_id not in held and row.state is not None
    ]
    connection.executemany(_UPSERT, [*_noted(held, known, stamp), *gone])


def _digest(row: str) -> str:
    return hashlib.sha256(row.encode()).hexdigest()[:16]


def _noted(held: Mapping[str, tuple[str, str]], known: Mapping[str, _Row], stamp: int) -> Iterator[_Row]:
    for article_id, (day, state) in held.items():
        old = known.get(article_id)
        if old is None or old.state is None:
            yield _Row(article_id, day, state, stamp, stamp, None, None)
        elif old.day != day:
            yield old._replace(day=day, state=state, changed_at=stamp, moved_from=old.day, moved_at=stamp)
        elif old.state != state:
            yield old._replace(state=state, changed_at=stamp)


def note_gone(connection: sqlite3.Connection, article_ids: Iterable[str], *, now: datetime) -> None:
    """Take in which articles' pages are gone, all of them; stamps those that were not, and those that are back."""
    gone = json.dumps(sorted(article_ids))
    with transaction(connection):
        stamp = next_stamp(connection, now)
        for statement in (_NEWLY_GONE, _BACK):
            connection.execute(statement, (stamp, gone))


def changes_since(connection: sqlite3.Connection, since: datetime) -> Changes:
    """Return what was stamped after a time."""
    with transaction(connection):
        return _changes_after(connection, to_micros(since))


def _changes_after(connection: sqlite3.Connection, after: int) -> Changes:
    last = connection.execute("SELECT last FROM stamps").fetchone()
    rows = [_change(_Row(*row), after) for row in connection.execute(_ROWS_SINCE, (after,))]
    rows += [
        Change(
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


def _change(row: _Row, after: int) -> Change:
    """Return what a row's changes after a time come to."""
    is_moved = row.moved_at is not None and row.moved_at > after
    kind: ChangeKind = (
        "removed" if row.state is None else "new" if row.first_at > after else "moved" if is_moved else "changed"
    )
    return Change(
        article_id=row.article_id,
        kind=kind,
        day=date.fromisoformat(row.day),
        from_day=date.fromisoformat(row.moved_from) if kind == "moved" and row.moved_from else None,
        at=from_micros(row.changed_at),
    )
