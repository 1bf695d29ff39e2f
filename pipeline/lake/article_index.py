"""The article index: a SQLite database of the stored state of each article, and the intent of a running commit.

It can be rebuilt from manifests and data files. With the intent, the next process finishes an interrupted commit.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_changes import (
    ArticleHistory,
    ChangeHistory,
    ChangeRow,
    Changes,
    GoneRow,
    changes_of,
)
from newslake.pipeline.lake.storage import REMOVE, Month
from newslake.pipeline.leases import Lease
from newslake.pipeline.model.outcome import OutcomeKind
from newslake.pipeline.sqlite import (
    Database,
    from_micros,
    open_database,
    row_checksum,
    to_micros,
    transaction,
    vacuum_and_truncate,
)
from newslake.pipeline.sqlite_checks import problems_of_database


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """The stored state of an article. ``payload_digest`` and ``fetched_at`` are of the first fetch of its revision.

    ``kb_version`` is the version of the knowledge base that linked its names.
    """

    published_date: date
    revision_id: str
    pipeline_version: str
    kb_version: str | None
    payload_digest: str | None
    fetched_at: datetime

    @property
    def row_key(self) -> str:
        """The key of this row among all rows that one version may have written for the article."""
        return row_key_of(revision_id=self.revision_id, payload_digest=self.payload_digest, fetched_at=self.fetched_at)


def row_key_of(*, revision_id: str, payload_digest: str | None, fetched_at: datetime) -> str:
    """Return the ``StoredArticle.row_key`` of a row that may not be stored yet."""
    return f"{revision_id} {payload_digest} {fetched_at.isoformat()}"


@dataclass(frozen=True, slots=True)
class CachedOutcome:
    """Outcome of deriving an article without committing a row, stored so that it is not computed again.

    It is valid for this ``input_hash`` of the archive's records, and this version. With ``row_key``, the committed row
    of that key is the right one. If the index is lost, outcomes are computed again.
    """

    input_hash: str
    pipeline_version: str
    outcome: OutcomeKind
    reason: str | None = None
    detail: str | None = None
    row_key: str | None = None


@dataclass(frozen=True, slots=True)
class FileSize:
    """Rows and bytes of the files of a table, in one month or in all."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DayContents:
    """Content of a day: its generation and its articles; or the changes since the generation that the index reflects.

    With ``removed``, ``articles`` are only those that are new or different, and ``removed`` those that the lake no
    longer has.
    """

    generation: int
    articles: Mapping[str, StoredArticle]
    removed: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals over all months: sizes by table, first and last day with articles, fetch time of the newest revision."""

    tables: Mapping[str, FileSize]
    first_day: date | None
    last_day: date | None
    fetched_at: datetime | None


_VERSION = 7
# Dropped in an index of another version: without days, the lake rebuilds its index. The intent of a dead process stays.
_REBUILT_TABLES = (
    "articles",
    "days",
    "files",
    "touched",
    "batches",
    "cached_outcomes",
    "kb_current_days",
    "changes",
    "stamps",
)
# Rows that are not in manifests and data files have a checksum.
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS articles (
        article_id TEXT PRIMARY KEY, published_date TEXT NOT NULL, revision_id TEXT NOT NULL,
        pipeline_version TEXT NOT NULL, kb_version TEXT, payload_digest TEXT,
        fetched_at INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS articles_day ON articles (published_date)",
    """CREATE TABLE IF NOT EXISTS days (
        published_date TEXT PRIMARY KEY, generation INTEGER NOT NULL, changed_at INTEGER NOT NULL,
        fetched_at INTEGER, checksum INTEGER)""",
    "CREATE TABLE IF NOT EXISTS pending (month TEXT PRIMARY KEY)",
    """CREATE TABLE IF NOT EXISTS touched (
        batch_id TEXT NOT NULL, published_date TEXT NOT NULL, checksum INTEGER NOT NULL,
        PRIMARY KEY (batch_id, published_date))""",
    "CREATE TABLE IF NOT EXISTS batches (batch_id TEXT PRIMARY KEY, checksum INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS cached_outcomes (
        article_id TEXT PRIMARY KEY, seen TEXT NOT NULL, pipeline_version TEXT NOT NULL, outcome TEXT NOT NULL,
        reason TEXT, detail TEXT, row_key TEXT, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS kb_current_days (
        published_date TEXT PRIMARY KEY, generation INTEGER NOT NULL, knowledge TEXT NOT NULL,
        checksum INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS files (
        month TEXT NOT NULL, name TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (month, name)) WITHOUT ROWID""",
    # One row per article that the lake has or had, with its current or last day.
    """CREATE TABLE IF NOT EXISTS changes (
        article_id TEXT PRIMARY KEY, published_date TEXT NOT NULL, is_removed INTEGER NOT NULL,
        first_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, moved_from TEXT, moved_at INTEGER,
        is_gone INTEGER NOT NULL DEFAULT 0, gone_at INTEGER, checksum INTEGER) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS changes_day ON changes (published_date)",
    "CREATE INDEX IF NOT EXISTS changes_at ON changes (changed_at)",
    "CREATE INDEX IF NOT EXISTS changes_gone_at ON changes (gone_at) WHERE gone_at IS NOT NULL",
    # The batches of the log, so that a lost one is noticed.
    "CREATE TABLE IF NOT EXISTS log_files (name TEXT PRIMARY KEY, checksum INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS stamps (
        one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, checksum INTEGER)""",
)
_DELETE_DAY = ("DELETE FROM days WHERE published_date = ?", "DELETE FROM kb_current_days WHERE published_date = ?")
_DELETE_ARTICLES_OF_DAYS = "DELETE FROM articles WHERE published_date IN (SELECT value FROM json_each(?))"
_DELETE_ARTICLES = "DELETE FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
_CHECKSUM_DAY = """UPDATE days SET checksum = row_checksum(published_date, generation, changed_at, fetched_at)
    WHERE published_date = ?"""
# The rows of a commit, before they replace the current ones.
_INCOMING = (
    "CREATE TEMP TABLE IF NOT EXISTS incoming AS SELECT * FROM articles WHERE false",
    "CREATE UNIQUE INDEX IF NOT EXISTS temp.incoming_article ON incoming (article_id)",
)


def _prepare(connection: Database) -> None:
    connection.create_function("row_checksum", -1, lambda *values: row_checksum(values), deterministic=True)
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            for name in _REBUILT_TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {name}")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        for statement in _INCOMING:
            connection.execute(statement)


class ArticleIndex:
    """One connection to the article index.

    Raises: LakeError (index_broken) if the file is not a SQLite database, OSError if the disk is full.
    """

    def __init__(self, path: Path, *, durability: Durability) -> None:
        broken = partial(_open_error, path)
        self.connection = open_database(path, durability=durability, broken=broken, prepare=_prepare)

    def stored(self, article_ids: Iterable[str]) -> dict[str, StoredArticle]:
        """Return the stored state of those articles that the lake has."""
        query = "SELECT * FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
        return dict(map(_stored_article, self.connection.execute(query, (json.dumps(list(article_ids)),))))

    def cached_outcomes(self, article_ids: Iterable[str]) -> dict[str, CachedOutcome]:
        """Return the cached outcome of those articles that have one."""
        query = "SELECT * FROM cached_outcomes WHERE article_id IN (SELECT value FROM json_each(?))"
        rows = self.connection.execute(query, (json.dumps(list(article_ids)),))
        return {article_id: CachedOutcome(*rest) for article_id, *rest, _ in rows}

    def put_outcomes(self, cached_outcomes: Mapping[str, CachedOutcome], *, lease: Lease | None = None) -> None:
        """Store outcomes by article, in place of earlier ones."""
        if lease is not None:
            lease.check()
        rows = [_with_checksum(each, *astuple(outcome)) for each, outcome in cached_outcomes.items()]
        with transaction(self.connection):
            self.connection.executemany("INSERT OR REPLACE INTO cached_outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def forget_outcomes(self, article_ids: Iterable[str]) -> None:
        """Delete the cached outcomes of some articles."""
        query = "DELETE FROM cached_outcomes WHERE article_id IN (SELECT value FROM json_each(?))"
        with transaction(self.connection) as index:
            index.execute(query, (json.dumps(list(article_ids)),))

    def vacuum_and_truncate(self) -> None:
        """Remove all bytes of deleted rows from the files of the index. Raises: BusyDatabaseError."""
        vacuum_and_truncate(self.connection)

    def is_empty(self) -> bool:
        """Return whether the index has no day."""
        return self.connection.execute("SELECT 1 FROM days LIMIT 1").fetchone() is None

    def generation(self, day: date) -> int:
        """Return the generation of a day that the index reflects; 0 for an unknown day."""
        query = "SELECT generation FROM days WHERE published_date = ?"
        row = self.connection.execute(query, (day.isoformat(),)).fetchone()
        return 0 if row is None else int(row[0])

    def has_content(self, day: date, articles: Mapping[str, StoredArticle]) -> bool:
        """Return whether the index has exactly these articles on a day."""
        try:
            return self.of_day(day) == articles
        except (ValueError, TypeError, OverflowError):  # a damaged value
            return False

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return generation and number of articles per day, by the day's ISO date."""
        rows = self.connection.execute(
            """SELECT published_date, generation, count(article_id) FROM days LEFT JOIN articles USING (published_date)
            GROUP BY published_date"""
        )
        return {day: (generation, count) for day, generation, count in rows}

    def of_day(self, day: date) -> dict[str, StoredArticle]:
        rows = self.connection.execute("SELECT * FROM articles WHERE published_date = ?", (day.isoformat(),))
        return dict(map(_stored_article, rows))

    def changed_at(self, month: Month) -> datetime | None:
        """Return the time of the last change of a month; None for a month without days."""
        query = "SELECT max(changed_at) FROM days WHERE published_date BETWEEN ? AND ?"
        (stamp,) = self.connection.execute(query, (f"{month}-01", f"{month}-31")).fetchone()
        return None if stamp is None else from_micros(stamp)

    def days_current_with(self, knowledge: str) -> frozenset[date]:
        """Return the days whose current rows are all derived with this knowledge."""
        query = """SELECT published_date FROM kb_current_days JOIN days USING (published_date, generation)
            WHERE knowledge = ?"""
        return frozenset(date.fromisoformat(row[0]) for row in self.connection.execute(query, (knowledge,)))

    def mark_current(self, generations: Mapping[date, int], knowledge: str) -> None:
        """Record the days that, at these generations, are derived with this knowledge; without permission, nothing."""
        if self.connection.is_read_only:
            return
        rows = [_with_checksum(day.isoformat(), generation, knowledge) for day, generation in generations.items()]
        with transaction(self.connection):
            self.connection.executemany("INSERT OR REPLACE INTO kb_current_days VALUES (?, ?, ?, ?)", rows)

    def changes(self, since: datetime) -> Changes:
        """Return which articles' rows, and which days, changed after a time."""
        with transaction(self.connection):
            return _changes_after(self.connection, to_micros(since))

    def history(self) -> ChangeHistory:
        """Return all changes that the index knows."""
        with transaction(self.connection):
            return _history_of(self.connection)

    def note_gone(self, article_ids: Iterable[str], *, now: datetime) -> None:
        """Set the articles whose pages are gone from the web; ``changes`` reports the differences.

        A process that may not write leaves it to the next one that may.
        """
        if self.connection.is_read_only:
            return
        with transaction(self.connection):
            _mark_gone(self.connection, article_ids, stamp=_next_stamp(self.connection, now))

    def log_files(self, among: Iterable[str] | None = None) -> frozenset[str]:
        """Return the batches of the log, or those of some that it has, as paths of their files below its folder."""
        if among is None:
            rows = self.connection.execute("SELECT name FROM log_files")
        else:
            query = "SELECT name FROM log_files WHERE name IN (SELECT value FROM json_each(?))"
            rows = self.connection.execute(query, (json.dumps(list(among)),))
        return frozenset(row[0] for row in rows)

    def change_log_files(self, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> None:
        """Add batches to the list of the log's batches, or remove them from it."""
        with transaction(self.connection):
            rows = [_with_checksum(name) for name in added]
            self.connection.executemany("INSERT OR REPLACE INTO log_files VALUES (?, ?)", rows)
            self.connection.executemany("DELETE FROM log_files WHERE name = ?", [(name,) for name in removed])

    def generations(self, months: Iterable[Month] | None = None) -> dict[date, int]:
        """Return the generation of each day that the index reflects, of some months or of all."""
        if months is None:
            rows = self.connection.execute("SELECT published_date, generation FROM days")
        else:
            query = """SELECT published_date, generation FROM json_each(?)
                JOIN days ON published_date BETWEEN value || '-01' AND value || '-31'"""
            rows = self.connection.execute(query, (json.dumps(list(months)),))
        return {date.fromisoformat(day): generation for day, generation in rows}

    def write_intent(
        self, months: Iterable[Month], *, changed_days: Mapping[str, Iterable[date]] | None = None
    ) -> None:
        """Record the months that a commit is about to write, and the days that each of its batches changes."""
        rows = [
            _with_checksum(batch_id, day.isoformat())
            for batch_id, those in (changed_days or {}).items()
            for day in those
        ]
        with transaction(self.connection):
            self.connection.executemany("INSERT OR IGNORE INTO pending VALUES (?)", [(month,) for month in months])
            self.connection.executemany("INSERT OR IGNORE INTO touched VALUES (?, ?, ?)", rows)

    def intent(self) -> tuple[Month, ...]:
        """Return the months of an unfinished commit, sorted."""
        return tuple(row[0] for row in self.connection.execute("SELECT month FROM pending ORDER BY month"))

    def apply(
        self,
        days: Mapping[date, DayContents],
        sizes: Mapping[Month, Mapping[str, FileSize]] | None = None,
        *,
        now: datetime,
        batch_ids: Iterable[str] = (),
    ) -> None:
        """Store the content of days and the sizes of months, stamp changes, end the intent, mark batches as done."""
        with transaction(self.connection):
            stamp = _next_stamp(self.connection, now)
            self.connection.execute("DELETE FROM incoming")
            rows = (_index_row(*each) for held in days.values() for each in held.articles.items())
            self.connection.executemany("INSERT OR REPLACE INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            whole = json.dumps([day.isoformat() for day, held in days.items() if held.removed is None])
            removed = json.dumps([each for held in days.values() for each in held.removed or ()])
            _record_changes(self.connection, days=whole, removed=removed, stamp=stamp)
            self.connection.execute(_DELETE_ARTICLES_OF_DAYS, (whole,))
            self.connection.execute(_DELETE_ARTICLES, (removed,))
            self.connection.execute("INSERT OR REPLACE INTO articles SELECT * FROM incoming ORDER BY article_id")
            for day, held in days.items():
                self._set_day(day, held.generation, stamp)
            for month, files in (sizes or {}).items():
                _set_sizes(self.connection, month, files)
            self.connection.execute("DELETE FROM pending")
            done = [_with_checksum(each) for each in batch_ids]
            self.connection.executemany("INSERT OR IGNORE INTO batches VALUES (?, ?)", done)

    def _set_day(self, day: date, generation: int, stamp: int) -> None:
        if not generation:
            for statement in _DELETE_DAY:
                self.connection.execute(statement, (day.isoformat(),))
            return
        self.connection.execute(
            """INSERT INTO days
            VALUES (?1, ?2, ?3, (SELECT max(fetched_at) FROM articles WHERE published_date = ?1), NULL)
            ON CONFLICT DO UPDATE SET fetched_at = excluded.fetched_at,
            changed_at = iif(generation = excluded.generation, changed_at, excluded.changed_at),
            generation = excluded.generation""",
            (day.isoformat(), generation, stamp),
        )
        self.connection.execute(_CHECKSUM_DAY, (day.isoformat(),))

    def is_done(self, batch_id: str) -> bool:
        """Return whether a batch was committed."""
        return bool(self.connection.execute("SELECT 1 FROM batches WHERE batch_id = ?", (batch_id,)).fetchall())

    def changed_days(self, batch_ids: Iterable[str]) -> tuple[date, ...]:
        """Return the days that any commit of these batches changed, sorted."""
        query = """SELECT DISTINCT published_date FROM touched
            WHERE batch_id IN (SELECT value FROM json_each(?)) ORDER BY published_date"""
        rows = self.connection.execute(query, (json.dumps(list(batch_ids)),))
        return tuple(date.fromisoformat(row[0]) for row in rows)


def index_problems(path: Path) -> tuple[str, ...]:
    """Return the problems of the index's file. Check before opening it, which may rebuild it."""
    return tuple(problems_of_database(path, schema=_SCHEMA, version=_VERSION))


def _with_checksum(*values: object) -> tuple[object, ...]:
    return (*values, row_checksum(values))


def _index_row(article_id: str, article: StoredArticle) -> tuple[object, ...]:
    facts = (article.revision_id, article.pipeline_version, article.kb_version, article.payload_digest)
    return (article_id, article.published_date.isoformat(), *facts, to_micros(article.fetched_at))


def _stored_article(row: Sequence[Any]) -> tuple[str, StoredArticle]:
    article_id, day, revision_id, version, kb_version, payload_digest, fetched_at = row
    at = from_micros(fetched_at)
    return article_id, StoredArticle(date.fromisoformat(day), revision_id, version, kb_version, payload_digest, at)


def _open_error(path: Path, error: sqlite3.Error) -> LakeError:
    message = f"{path} cannot be read ({error}); {REMOVE}, which rebuilds it"
    return LakeError(message, key=str(path), reason="index_broken")


def _set_sizes(connection: Database, month: Month, files: Mapping[str, FileSize]) -> None:
    """Store the sizes of a month's files, by table."""
    connection.execute("DELETE FROM files WHERE month = ?", (month,))
    sizes = [_with_checksum(month, name, size.rows, size.bytes) for name, size in files.items()]
    connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", sizes)


def totals_of(connection: Database) -> Totals:
    """Return the totals over all months."""
    tables = connection.execute("SELECT name, sum(rows), sum(bytes) FROM files GROUP BY name")
    first, last = connection.execute(  # with both in one SELECT, SQLite would read every row
        "SELECT (SELECT min(published_date) FROM articles), (SELECT max(published_date) FROM articles)"
    ).fetchone()
    (newest,) = connection.execute("SELECT max(fetched_at) FROM days").fetchone()
    return Totals(
        tables={name: FileSize(rows, size) for name, rows, size in tables},
        first_day=first and date.fromisoformat(first),
        last_day=last and date.fromisoformat(last),
        fetched_at=None if newest is None else from_micros(newest),
    )


# Change tracking: which articles' rows changed, and when; written in the transaction that stores days.

_CHECKSUM_CHANGES = """UPDATE changes SET checksum = row_checksum(
        article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at, is_gone, gone_at)
    WHERE changed_at = :stamp OR gone_at = :stamp"""
# Articles in ``incoming`` that are new or different; then those that are not in it any more, of days whose rows are all
# there; then those that were removed from other days.
_UPSERT_ARTICLES = """INSERT INTO changes (article_id, published_date, is_removed, first_at, changed_at)
    SELECT article_id, i.published_date, 0, :stamp, :stamp FROM incoming i LEFT JOIN articles a USING (article_id)
    WHERE (i.published_date, i.revision_id, i.pipeline_version, i.kb_version, i.payload_digest, i.fetched_at) IS NOT
        (a.published_date, a.revision_id, a.pipeline_version, a.kb_version, a.payload_digest, a.fetched_at)
    ON CONFLICT DO UPDATE SET
        moved_from = iif(published_date = excluded.published_date, moved_from, published_date),
        moved_at = iif(published_date = excluded.published_date, moved_at, excluded.changed_at),
        first_at = iif(is_removed, excluded.first_at, first_at),
        published_date = excluded.published_date, is_removed = 0, changed_at = excluded.changed_at"""
_MARK_REMOVED = """UPDATE changes SET is_removed = 1, changed_at = :stamp
    WHERE published_date IN (SELECT value FROM json_each(:days)) AND NOT is_removed
    AND article_id NOT IN (SELECT article_id FROM incoming)"""
_MARK_REMOVED_ARTICLES = """UPDATE changes SET is_removed = 1, changed_at = :stamp
    WHERE article_id IN (SELECT value FROM json_each(:removed)) AND NOT is_removed
    AND article_id NOT IN (SELECT article_id FROM incoming)"""
_ROWS_SINCE = """SELECT article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at FROM changes
    WHERE changed_at > ?"""
_ALL_CHANGES = """SELECT article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at,
    is_gone, gone_at FROM changes ORDER BY article_id"""
_GONE_SINCE = """SELECT article_id, published_date, is_gone, gone_at FROM changes
    WHERE gone_at > ? AND NOT is_removed"""
_DAYS_SINCE = "SELECT published_date FROM days WHERE changed_at > ? ORDER BY published_date"
_MARK_GONE = """UPDATE changes SET is_gone = 1, gone_at = ?
    WHERE NOT is_gone AND article_id IN (SELECT value FROM json_each(?))"""
_MARK_RETURNED = """UPDATE changes SET is_gone = 0, gone_at = ?
    WHERE is_gone AND article_id NOT IN (SELECT value FROM json_each(?))"""


def _next_stamp(connection: Database, now: datetime) -> int:
    """Return the stamp of a writing transaction: microseconds, later than all earlier stamps."""
    row = connection.execute("SELECT last FROM stamps").fetchone()
    stamp = max(to_micros(now), 0 if row is None else row[0] + 1)
    connection.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?, ?)", _with_checksum(1, stamp))
    return stamp


def _record_changes(connection: Database, *, days: str, removed: str, stamp: int) -> None:
    """Compare ``incoming`` with the index rows that it will replace; stamp changes.

    ``days`` are those whose rows it all has, ``removed`` the articles that were removed from others, both as JSON.
    """
    parameters = {"stamp": stamp, "days": days, "removed": removed}
    for statement in (_UPSERT_ARTICLES, _MARK_REMOVED, _MARK_REMOVED_ARTICLES, _CHECKSUM_CHANGES):
        connection.execute(statement, parameters)


def _mark_gone(connection: Database, article_ids: Iterable[str], *, stamp: int) -> None:
    """Set the articles whose pages are gone; stamp the newly gone and the returned ones."""
    gone = json.dumps(sorted(article_ids))
    for statement in (_MARK_GONE, _MARK_RETURNED):
        connection.execute(statement, (stamp, gone))
    connection.execute(_CHECKSUM_CHANGES, {"stamp": stamp})


def _changes_after(connection: Database, after: int) -> Changes:
    """Return the changes after a stamp."""
    last = connection.execute("SELECT last FROM stamps").fetchone()
    rows = [_change_row(*row) for row in connection.execute(_ROWS_SINCE, (after,))]
    gone = [_gone_row(*row) for row in connection.execute(_GONE_SINCE, (after,))]
    days = tuple(date.fromisoformat(row[0]) for row in connection.execute(_DAYS_SINCE, (after,)))
    return changes_of(rows, gone, after=after, last=None if last is None else last[0], days=days)


def _history_of(connection: Database) -> ChangeHistory:
    last = connection.execute("SELECT last FROM stamps").fetchone()
    stamps = connection.execute("SELECT published_date, changed_at FROM days ORDER BY published_date")
    known = connection.execute(
        """SELECT published_date, knowledge FROM kb_current_days JOIN days USING (published_date, generation)
        ORDER BY published_date"""
    )
    return ChangeHistory(
        articles=tuple(_article_history(*row) for row in connection.execute(_ALL_CHANGES)),
        days={date.fromisoformat(day): stamp for day, stamp in stamps},
        knowledge={date.fromisoformat(day): knowledge for day, knowledge in known},
        last=None if last is None else last[0],
    )


def _article_history(article_id: str, day: str, is_removed: int, first: int, last: int, *rest: Any) -> ArticleHistory:
    moved_from, moved_at, is_gone, gone_at = rest
    change = _change_row(article_id, day, is_removed, first, last, moved_from, moved_at)
    return ArticleHistory(*change, is_gone=bool(is_gone), gone_at=gone_at)


def _change_row(article_id: str, day: str, is_removed: int, first: int, last: int, *moved: Any) -> ChangeRow:
    moved_from, moved_at = moved
    from_day = None if moved_from is None else date.fromisoformat(moved_from)
    return ChangeRow(article_id, date.fromisoformat(day), bool(is_removed), first, last, from_day, moved_at)


def _gone_row(article_id: str, day: str, is_gone: int, gone_at: int) -> GoneRow:
    return GoneRow(article_id, date.fromisoformat(day), bool(is_gone), gone_at)
