"""The article index in PostgreSQL: the stored state of each article, and the intent of a running commit.

What only the committer may write is written in the session that holds its lease. So a committer that has lost the lease
writes nothing, and the next one sees each change as a whole or not at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date, datetime
from itertools import batched
from typing import Protocol

import psycopg

from newslake.pipeline.lake import CachedOutcome, Changes, StoredArticle
from newslake.pipeline.lake.article_changes import ArticleHistory, ChangeHistory, ChangeRow, GoneRow, changes_of
from newslake.pipeline.lake.article_index import ArticleIndex, DayContents
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.database import (
    PostgresDatabase,
    Row,
    from_text,
    ordered_delete,
    rewrite_tables,
    to_text,
    to_texts,
)
from newslake.pipeline.shared.leases import PostgresLease, write_under
from newslake.pipeline.sqlite import from_micros, to_micros
from newslake.pipeline.store.tables import ArticleStates, Month

_ROWS = 20_000  # a statement
# Tables with data of articles, with a column of text: a takedown writes them again.
_OF_ARTICLES = {"articles": "revision_id", "cached_outcomes": "seen", "changes": "article_id"}
_STORED = """SELECT article_id, published_date, revision_id, pipeline_version, kb_version, payload_digest, fetched_at
    FROM articles WHERE article_id = ANY(%s)"""
_OUTCOMES = """SELECT article_id, seen, pipeline_version, outcome, reason, detail, row_key
    FROM cached_outcomes WHERE article_id = ANY(%s)"""
_PUT_OUTCOMES = """INSERT INTO cached_outcomes
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (article_id) DO UPDATE SET seen = excluded.seen, pipeline_version = excluded.pipeline_version,
        outcome = excluded.outcome, reason = excluded.reason, detail = excluded.detail, row_key = excluded.row_key"""
_FORGET_OUTCOMES = ordered_delete("cached_outcomes", "article_id", rows="cached_outcomes WHERE article_id = ANY(%s)")
_CURRENT = """SELECT published_date FROM kb_current_days JOIN days USING (published_date, generation)
    WHERE knowledge = %s"""
_MARK_CURRENT = """INSERT INTO kb_current_days
    SELECT day, generation, %s FROM unnest(%s::date[], %s::bigint[]) AS input (day, generation)
    ON CONFLICT (published_date) DO UPDATE SET generation = excluded.generation, knowledge = excluded.knowledge"""
_INTEND = "INSERT INTO pending SELECT * FROM unnest(%s::text[]) ON CONFLICT DO NOTHING"
_TOUCH = "INSERT INTO touched SELECT * FROM unnest(%s::text[], %s::date[]) ON CONFLICT DO NOTHING"
_MARK_DONE = "INSERT INTO batches SELECT * FROM unnest(%s::text[]) ON CONFLICT DO NOTHING"
_TOUCHED = "SELECT DISTINCT published_date FROM touched WHERE batch_id = ANY(%s) ORDER BY published_date"
# The row of the stamp stays locked until the end of the transaction: an earlier stamp is committed earlier.
_NEXT_STAMP = """INSERT INTO stamps VALUES (true, greatest(%s, 0))
    ON CONFLICT (one) DO UPDATE SET last = greatest(excluded.last, stamps.last + 1) RETURNING last"""
# Articles that are new or different.
_PUT_ARTICLES = """WITH incoming AS MATERIALIZED (
        SELECT * FROM unnest(
            %(ids)s::text[] COLLATE "C", %(days)s::date[], %(revisions)s::text[] COLLATE "C",
            %(versions)s::text[] COLLATE "C", %(kb_versions)s::text[] COLLATE "C", %(digests)s::text[] COLLATE "C",
            %(times)s::bigint[]
        ) AS input (article_id, published_date, revision_id, pipeline_version, kb_version, payload_digest, fetched_at)
    ), different AS MATERIALIZED (
        SELECT incoming.* FROM incoming LEFT JOIN articles AS old USING (article_id)
        WHERE old.article_id IS NULL OR incoming.* IS DISTINCT FROM old.*
    ), changed AS (
        INSERT INTO changes AS known (article_id, published_date, is_removed, first_at, changed_at)
        SELECT article_id, published_date, false, %(stamp)s, %(stamp)s FROM different
        ON CONFLICT (article_id) DO UPDATE SET
            moved_from = CASE WHEN known.published_date = excluded.published_date
                THEN known.moved_from ELSE known.published_date END,
            moved_at = CASE WHEN known.published_date = excluded.published_date
                THEN known.moved_at ELSE excluded.changed_at END,
            first_at = CASE WHEN known.is_removed THEN excluded.first_at ELSE known.first_at END,
            published_date = excluded.published_date, is_removed = false, changed_at = excluded.changed_at
    )
    INSERT INTO articles SELECT * FROM different
    ON CONFLICT (article_id) DO UPDATE SET published_date = excluded.published_date,
        revision_id = excluded.revision_id, pipeline_version = excluded.pipeline_version,
        kb_version = excluded.kb_version, payload_digest = excluded.payload_digest, fetched_at = excluded.fetched_at"""
# Articles that are not there any more: of days of which all rows are input, and those that are named.
_REMOVE_ARTICLES = """WITH present AS MATERIALIZED (
        SELECT article_id FROM unnest(%(present)s::text[]) AS input (article_id)
    ), changed AS (
        UPDATE changes SET is_removed = true, changed_at = %(stamp)s
        WHERE (published_date = ANY(%(days)s) OR article_id = ANY(%(removed)s)) AND NOT is_removed
            AND NOT EXISTS (SELECT FROM present WHERE present.article_id = changes.article_id)
    )
    DELETE FROM articles WHERE (published_date = ANY(%(days)s) OR article_id = ANY(%(removed)s))
        AND NOT EXISTS (SELECT FROM present WHERE present.article_id = articles.article_id)"""
_PUT_DAYS = """INSERT INTO days AS known
    SELECT day, generation, %s FROM unnest(%s::date[], %s::bigint[]) AS input (day, generation)
    ON CONFLICT (published_date) DO UPDATE SET
        changed_at = CASE WHEN known.generation = excluded.generation
            THEN known.changed_at ELSE excluded.changed_at END,
        generation = excluded.generation"""
_REMOVE_DAYS = (
    "DELETE FROM days WHERE published_date = ANY(%s)",
    ordered_delete("kb_current_days", "published_date", rows="kb_current_days WHERE published_date = ANY(%s)"),
)
_MARK_GONE = "UPDATE changes SET is_gone = true, gone_at = %s WHERE NOT is_gone AND article_id = ANY(%s)"
_MARK_RETURNED = """UPDATE changes SET is_gone = false, gone_at = %s WHERE is_gone
    AND NOT EXISTS (SELECT FROM unnest(%s::text[]) AS input (article_id) WHERE input.article_id = changes.article_id)"""
# All tables are locked before the first of them is read: one that a takedown has written again since would be empty.
_AT_ONE_INSTANT = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "LOCK TABLE stamps, changes, days IN ACCESS SHARE MODE",
)
_ROWS_SINCE = """SELECT article_id, published_date, is_removed, first_at, changed_at, moved_from, moved_at FROM changes
    WHERE changed_at > %s"""
_GONE_SINCE = """SELECT article_id, published_date, is_gone, gone_at FROM changes
    WHERE gone_at > %s AND NOT is_removed"""
_DAYS_SINCE = "SELECT published_date FROM days WHERE changed_at > %s ORDER BY published_date"


_HISTORY = {
    "article_id": "text",
    "published_date": "date",
    "is_removed": "boolean",
    "first_at": "bigint",
    "changed_at": "bigint",
    "moved_from": "date",
    "moved_at": "bigint",
    "is_gone": "boolean",
    "gone_at": "bigint",
}
_ALL_CHANGES = f"SELECT {', '.join(_HISTORY)} FROM changes ORDER BY article_id"  # noqa: S608 - constants
_PUT_HISTORY = f"""INSERT INTO changes ({", ".join(_HISTORY)})
    SELECT * FROM unnest({", ".join(f"%s::{kind}[]" for kind in _HISTORY.values())})"""  # noqa: S608 - constants
# Also days that have no rows any more, with the number of the newest commit.
_STAMP_DAYS = """INSERT INTO days
    SELECT day, (SELECT coalesce(max(generation), 1) FROM days), stamp
    FROM unnest(%s::date[], %s::bigint[]) AS input (day, stamp)
    ON CONFLICT (published_date) DO UPDATE SET changed_at = excluded.changed_at"""
_ALL_KNOWLEDGE = """SELECT published_date, knowledge FROM kb_current_days JOIN days USING (published_date, generation)
    ORDER BY published_date"""
_FORGET_KNOWLEDGE = ordered_delete("kb_current_days", "published_date", rows="kb_current_days")
_PUT_KNOWLEDGE = """INSERT INTO kb_current_days SELECT published_date, generation, knowledge
    FROM unnest(%s::date[], %s::text[]) AS input (day, knowledge) JOIN days ON published_date = day"""
_RAISE_STAMP = """INSERT INTO stamps VALUES (true, %s)
    ON CONFLICT (one) DO UPDATE SET last = greatest(excluded.last, stamps.last)"""


class CommitIndex(ArticleStates, Protocol):
    """What a committer needs of the article states, besides. Only the holder of the committer's lease writes it.

    It follows the tables: what it does not have of them, as after a kill or from a copy, is read from them again.
    ``write_intent``, ``apply`` and ``forget_outcomes`` raise StoreError (lease_lost) where the lease can be lost.
    """

    def forget_outcomes(self, article_ids: Iterable[str]) -> None:
        """Delete the cached outcomes of some articles."""
        ...

    def is_done(self, batch_id: str) -> bool:
        """Return whether a batch was committed."""
        ...

    def changed_days(self, batch_ids: Iterable[str]) -> tuple[date, ...]:
        """Return the days that any commit of these batches changed, sorted."""
        ...

    def intent(self) -> tuple[Month, ...]:
        """Return the months of an unfinished commit, sorted."""
        ...

    def write_intent(
        self, months: Iterable[Month], *, changed_days: Mapping[str, Iterable[date]] | None = None
    ) -> None:
        """Record the months that a commit is about to write, and the days that each of its batches changes."""
        ...

    def apply(
        self,
        days: Mapping[date, DayContents],
        *,
        now: datetime,
        batch_ids: Iterable[str] = (),
    ) -> None:
        """Store the content of days, stamp changes, end the intent, mark batches as done; all or nothing."""
        ...

    def vacuum_and_truncate(self) -> None:
        """Remove all bytes of deleted rows from the files of the index. Raises: BusyDatabaseError."""
        ...


class PostgresArticleIndex:
    """The article index of a shared store, for any number of processes.

    ``write_intent``, ``apply`` and ``forget_outcomes`` need a block of ``under``.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._db = database
        self._lease: PostgresLease | None = None

    @contextmanager
    def under(self, lease: PostgresLease) -> Iterator[None]:
        """Write in the session of the committer's lease, which the caller holds."""
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None

    def _write(self, work: Callable[[psycopg.Cursor], object]) -> None:
        """Run ``work`` in one transaction of the lease's session. Raises: StoreError (lease_lost)."""
        assert self._lease is not None
        self._lease.write(work)

    def stored(self, article_ids: Iterable[str]) -> dict[str, StoredArticle]:
        return dict(map(_stored_article, self._db.query(_STORED, (to_texts(article_ids),))))

    def cached_outcomes(self, article_ids: Iterable[str]) -> dict[str, CachedOutcome]:
        return dict(map(_cached_outcome, self._db.query(_OUTCOMES, (to_texts(article_ids),))))

    def put_outcomes(self, cached_outcomes: Mapping[str, CachedOutcome], *, lease: Lease | None = None) -> None:
        rows = sorted(
            (each, *astuple(outcome)) for each, outcome in cached_outcomes.items()
        )  # the order of all writers
        columns = [to_texts(column) for column in zip(*rows, strict=True)]
        if columns:
            write_under(lease, self._db, lambda cursor: cursor.execute(_PUT_OUTCOMES, columns))

    def forget_outcomes(self, article_ids: Iterable[str]) -> None:
        values = (to_texts(article_ids),)
        self._write(lambda cursor: cursor.execute(_FORGET_OUTCOMES, values))

    def vacuum_and_truncate(self) -> None:
        rewrite_tables(self._db, _OF_ARTICLES)

    def days_current_with(self, knowledge: str) -> frozenset[date]:
        return frozenset(day for (day,) in self._db.query(_CURRENT, (to_text(knowledge),)))

    def mark_current(self, generations: Mapping[date, int], knowledge: str) -> None:
        values = (to_text(knowledge), *_columns(sorted(generations.items()), 2))
        self._db.write(lambda cursor: cursor.execute(_MARK_CURRENT, values))

    def changes(self, since: datetime) -> Changes:
        after = to_micros(since)

        def read(cursor: psycopg.Cursor) -> Changes:
            for statement in _AT_ONE_INSTANT:
                cursor.execute(statement)
            last = cursor.execute("SELECT last FROM stamps").fetchone()
            rows = [ChangeRow(from_text(each), *rest) for each, *rest in cursor.execute(_ROWS_SINCE, (after,))]
            gone = [GoneRow(from_text(each), *rest) for each, *rest in cursor.execute(_GONE_SINCE, (after,))]
            days = tuple(day for (day,) in cursor.execute(_DAYS_SINCE, (after,)))
            return changes_of(rows, gone, after=after, last=None if last is None else last[0], days=days)

        return self._db.write(read)

    def history(self) -> ChangeHistory:
        def read(cursor: psycopg.Cursor) -> ChangeHistory:
            for statement in _AT_ONE_INSTANT:
                cursor.execute(statement)
            last = cursor.execute("SELECT last FROM stamps").fetchone()
            rows = cursor.execute(_ALL_CHANGES).fetchall()
            return ChangeHistory(
                articles=tuple(ArticleHistory(from_text(each), *rest) for each, *rest in rows),
                days=dict(cursor.execute("SELECT published_date, changed_at FROM days ORDER BY 1").fetchall()),
                knowledge={day: from_text(known) for day, known in cursor.execute(_ALL_KNOWLEDGE).fetchall()},
                last=None if last is None else last[0],
            )

        return self._db.write(read)

    def put_history(self, history: ChangeHistory) -> None:
        """Replace the changes by those of another index of the same tables; stamps go on after both."""
        columns = _columns([(to_text(each.article_id), *each[1:]) for each in history.articles], len(_HISTORY))

        def write(cursor: psycopg.Cursor) -> None:
            if history.last is not None:  # the stamp is locked first, as in every change
                cursor.execute(_RAISE_STAMP, (history.last,))
            cursor.execute("DELETE FROM changes")
            cursor.execute(_PUT_HISTORY, columns)
            cursor.execute(_STAMP_DAYS, _columns(sorted(history.days.items()), 2))
            cursor.execute(_FORGET_KNOWLEDGE)
            known = [(day, to_text(knowledge)) for day, knowledge in sorted(history.knowledge.items())]
            cursor.execute(_PUT_KNOWLEDGE, _columns(known, 2))

        self._write(write)

    def note_gone(self, article_ids: Iterable[str], *, now: datetime) -> None:
        gone = to_texts(article_ids)

        def mark(cursor: psycopg.Cursor) -> None:
            stamp = _next_stamp(cursor, now)
            for statement in (_MARK_GONE, _MARK_RETURNED):
                cursor.execute(statement, (stamp, gone))

        self._db.write(mark)

    def generations(self) -> dict[date, int]:
        return dict(self._db.query("SELECT published_date, generation FROM days"))

    def is_done(self, batch_id: str) -> bool:
        return bool(self._db.query("SELECT 1 FROM batches WHERE batch_id = %s", (to_text(batch_id),)))

    def changed_days(self, batch_ids: Iterable[str]) -> tuple[date, ...]:
        return tuple(day for (day,) in self._db.query(_TOUCHED, (to_texts(batch_ids),)))

    def intent(self) -> tuple[Month, ...]:
        return tuple(month for (month,) in self._db.query("SELECT month FROM pending ORDER BY month"))

    def write_intent(
        self, months: Iterable[Month], *, changed_days: Mapping[str, Iterable[date]] | None = None
    ) -> None:
        intended = (list(months),)
        touched = [(to_text(batch_id), day) for batch_id, those in (changed_days or {}).items() for day in those]

        def write(cursor: psycopg.Cursor) -> None:
            cursor.execute(_INTEND, intended)
            cursor.execute(_TOUCH, _columns(touched, 2))

        self._write(write)

    def apply(self, days: Mapping[date, DayContents], *, now: datetime, batch_ids: Iterable[str] = ()) -> None:
        articles = {each: article for held in days.values() for each, article in held.articles.items()}
        done = (to_texts(batch_ids),)

        def write(cursor: psycopg.Cursor) -> None:
            stamp = _next_stamp(cursor, now)
            _replace_articles(cursor, days, articles, stamp=stamp)
            _set_days(cursor, {day: held.generation for day, held in days.items()}, stamp=stamp)
            cursor.execute("DELETE FROM pending")
            cursor.execute(_MARK_DONE, done)

        self._write(write)


def _next_stamp(cursor: psycopg.Cursor, now: datetime) -> int:
    """Return the stamp of a transaction that changes articles: microseconds, later than all earlier stamps."""
    [(stamp,)] = cursor.execute(_NEXT_STAMP, (to_micros(now),)).fetchall()
    return int(stamp)


def _replace_articles(
    cursor: psycopg.Cursor, days: Mapping[date, DayContents], articles: Mapping[str, StoredArticle], *, stamp: int
) -> None:
    """Store the articles of days, and remove those that the days no longer have; stamp both."""
    for rows in batched(articles.items(), _ROWS):
        cursor.execute(_PUT_ARTICLES, {"stamp": stamp, **_article_columns(rows)})
    removed = {
        "days": [day for day, held in days.items() if held.removed is None],
        "removed": to_texts(each for held in days.values() for each in held.removed or ()),
    }
    if any(removed.values()):
        cursor.execute(_REMOVE_ARTICLES, {"stamp": stamp, "present": to_texts(articles), **removed})


def _set_days(cursor: psycopg.Cursor, generations: Mapping[date, int], *, stamp: int) -> None:
    """Store the generation of days; a day of generation 0 is not there any more."""
    there = [(day, generation) for day, generation in generations.items() if generation]
    ended = [day for day, generation in generations.items() if not generation]
    if there:
        cursor.execute(_PUT_DAYS, (stamp, *_columns(there, 2)))
    if ended:
        for statement in _REMOVE_DAYS:
            cursor.execute(statement, (ended,))


def _article_columns(rows: Iterable[tuple[str, StoredArticle]]) -> dict[str, list[object]]:
    """Return the columns of articles, by their names in ``_PUT_ARTICLES``."""
    ids, articles = zip(*rows, strict=True)
    return {
        "ids": to_texts(ids),
        "days": [each.published_date for each in articles],
        "revisions": to_texts(each.revision_id for each in articles),
        "versions": to_texts(each.pipeline_version for each in articles),
        "kb_versions": to_texts(each.kb_version for each in articles),
        "digests": to_texts(each.payload_digest for each in articles),
        "times": [to_micros(each.fetched_at) for each in articles],
    }


def _stored_article(row: Row) -> tuple[str, StoredArticle]:
    article_id, day, revision_id, version, kb_version, payload_digest, fetched_at = row
    facts = (from_text(revision_id), from_text(version), from_text(kb_version), from_text(payload_digest))
    return from_text(article_id), StoredArticle(day, *facts, from_micros(fetched_at))


def _cached_outcome(row: Row) -> tuple[str, CachedOutcome]:
    article_id, seen, version, outcome, *rest = row
    return from_text(article_id), CachedOutcome(from_text(seen), from_text(version), outcome, *map(from_text, rest))


def _columns(rows: Sequence[Row], count: int) -> list[list[object]]:
    """Return the columns of rows: as many as ``count``, also of no row."""
    return [[row[place] for row in rows] for place in range(count)]


_CONFORMS: tuple[type[CommitIndex], ...] = (PostgresArticleIndex, ArticleIndex)  # checked by mypy
