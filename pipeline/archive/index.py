"""The index of the archive: one row per capture and per attempt. It can be rebuilt from the WARC files."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from newslake.pipeline.archive.warc import hints_from_json, hints_to_json
from newslake.pipeline.model import GONE, Attempt, Capture
from newslake.pipeline.sqlite import (
    Database,
    from_micros,
    to_micros,
    transaction,
    vacuum_and_truncate,
)
from newslake.pipeline.sqlite_checks import problems_of_database

_VERSION = 2
_COLUMNS = tuple(field.name for field in fields(Capture))
_ATTEMPT_COLUMNS = tuple(field.name for field in fields(Attempt))
_TABLES = ("captures", "attempts", "files")
_SCHEMA = (
    """CREATE TABLE captures (
        page_key TEXT NOT NULL, url TEXT, article_id TEXT NOT NULL, source_key TEXT NOT NULL, news_day TEXT NOT NULL,
        run_id TEXT NOT NULL, fetched_at INTEGER NOT NULL, status INTEGER NOT NULL, digest TEXT NOT NULL,
        is_revisit INTEGER NOT NULL, file TEXT NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL,
        etag TEXT, last_modified TEXT, hints TEXT NOT NULL, sent_digest TEXT, PRIMARY KEY (file, "offset"))""",
    """CREATE TABLE attempts (
        page_key TEXT NOT NULL, url TEXT NOT NULL, article_id TEXT, source_key TEXT NOT NULL, news_day TEXT NOT NULL,
        run_id TEXT NOT NULL, fetched_at INTEGER NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,
        file TEXT NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (file, "offset"))""",
    "CREATE INDEX attempts_page ON attempts (page_key, fetched_at)",
    "CREATE TABLE files (file TEXT PRIMARY KEY)",
    "CREATE INDEX captures_page ON captures (page_key, fetched_at)",
    "CREATE INDEX captures_article ON captures (article_id, fetched_at)",
    "CREATE INDEX captures_digest ON captures (digest, is_revisit)",
    "CREATE INDEX captures_day ON captures (news_day, fetched_at)",
    "CREATE INDEX captures_run ON captures (run_id, source_key)",
)
_INSERT = """INSERT OR REPLACE INTO captures VALUES (
    :page_key, :url, :article_id, :source_key, :news_day, :run_id, :fetched_at, :status, :digest,
    :is_revisit, :file, :offset, :length, :etag, :last_modified, :hints, :sent_digest)"""
_INSERT_ATTEMPT = """INSERT OR REPLACE INTO attempts VALUES (
    :page_key, :url, :article_id, :source_key, :news_day, :run_id, :fetched_at, :status, :reason,
    :file, :offset, :length)"""
_ALL = 'SELECT * FROM captures ORDER BY fetched_at, file, "offset"'
_OF_PAGE = 'SELECT * FROM captures WHERE page_key = :page_key ORDER BY fetched_at, file, "offset"'
_OF_ARTICLE = 'SELECT * FROM captures WHERE article_id = :article_id ORDER BY fetched_at, file, "offset"'
_OF_PAGES = """SELECT * FROM captures WHERE page_key IN (SELECT value FROM json_each(?))
    ORDER BY fetched_at, file, "offset\""""
_OF_ARTICLES = """SELECT * FROM captures WHERE article_id IN (SELECT value FROM json_each(?))
    ORDER BY fetched_at, file, "offset\""""
_OF_SOURCE = 'SELECT * FROM captures WHERE source_key = ? ORDER BY fetched_at, file, "offset"'
_RESERVED = """SELECT * FROM captures WHERE hints LIKE '%tdm_reserved": true%' OR hints LIKE '%"rsl: %'
    ORDER BY fetched_at, file, "offset\""""
_ATTEMPTS = """SELECT * FROM attempts WHERE page_key IN (SELECT value FROM json_each(?))
    ORDER BY fetched_at, file, "offset\""""
_FETCH_TIMES = """SELECT page_key, min(fetched_at), max(fetched_at) FROM captures
    WHERE page_key IN (SELECT value FROM json_each(?)) GROUP BY page_key"""
# The first fetch of each payload, per article.
_PAYLOADS = """SELECT article_id, digest, min(fetched_at) FROM captures
    WHERE article_id IN (SELECT value FROM json_each(?)) GROUP BY article_id, digest ORDER BY article_id, 3, digest"""
# Articles with a page that is gone, as its server said after the latest capture of any page of the article.
_GONE = """WITH gone AS (
        SELECT page_key, max(fetched_at) AS gone_at FROM attempts
        WHERE status IN (SELECT value FROM json_each(?)) GROUP BY page_key),
    concerned AS (SELECT DISTINCT article_id, page_key FROM captures WHERE page_key IN (SELECT page_key FROM gone))
    SELECT article_id FROM concerned JOIN gone USING (page_key) GROUP BY article_id
    HAVING max(gone_at) >= (SELECT max(fetched_at) FROM captures WHERE article_id = concerned.article_id)"""
_DANGLING_REVISITS = """SELECT file, "offset", length, digest FROM captures AS revisit WHERE is_revisit
    AND NOT EXISTS (SELECT 1 FROM captures WHERE digest = revisit.digest AND NOT is_revisit)
    ORDER BY file, "offset\""""
_HELD = """SELECT DISTINCT digest FROM captures
    WHERE digest IN (SELECT value FROM json_each(?)) AND NOT is_revisit"""
_HOLDING = """SELECT * FROM captures WHERE digest = :digest AND NOT is_revisit
    AND (NOT :is_sent OR sent_digest IS :sent_digest)
    AND (:page_key IS NULL OR page_key = :page_key) ORDER BY fetched_at, file, "offset\""""
# All captures of the articles that have one for these news days.
_SUMMARIES = """SELECT page_key, article_id, source_key, news_day, digest, fetched_at FROM captures
    WHERE article_id IN (SELECT article_id FROM captures WHERE news_day BETWEEN ? AND ?)
    ORDER BY fetched_at, file, "offset\""""
_OF_DAYS = """ FROM captures WHERE news_day BETWEEN :first AND :last
    AND (NOT :is_chosen OR source_key IN (SELECT value FROM json_each(:sources)))"""
_COUNTS = f"SELECT news_day, count(*){_OF_DAYS} GROUP BY news_day ORDER BY news_day"
_PLACES = f"""SELECT news_day, article_id, digest, fetched_at{_OF_DAYS}
    ORDER BY news_day, file, "offset\""""
# News days of pages that have other content in this run than in their previous capture.
_DAYS_OF_RUN = """
    SELECT DISTINCT news_day FROM (
        SELECT news_day, run_id, source_key, digest,
            lag(digest) OVER (PARTITION BY page_key ORDER BY fetched_at, file, "offset") AS digest_before
        FROM captures
        WHERE page_key IN (SELECT page_key FROM captures WHERE run_id = :run_id AND source_key = :source_key))
    WHERE run_id = :run_id AND source_key = :source_key AND digest IS NOT digest_before ORDER BY news_day"""


type FileRecords = tuple[str, Sequence[Capture | Attempt]]
"""The name of a WARC file, and its records."""


class CaptureSummary(NamedTuple):
    """The fields of a capture that planning needs: small enough to hold a year of captures in memory."""

    page_key: str
    article_id: str
    source_key: str
    news_day: date
    digest: str
    fetched_at: datetime


class CaptureInPlace(NamedTuple):
    """The fields of a capture that tell whether it has changed, in microseconds: for lists of millions of captures."""

    news_day: date
    article_id: str
    digest: str
    fetched_at: int


def index_problems(path: Path, *, is_quick: bool = False) -> tuple[str, ...]:
    """Return the damage of an index file. Check before opening it: opening may rebuild it."""
    return tuple(problems_of_database(path, schema=_SCHEMA, version=_VERSION, is_quick=is_quick))


class Index:
    """Captures by page, article, digest, day and run, over one SQLite connection."""

    def __init__(self, connection: Database) -> None:
        self._db = connection

    def close(self) -> None:
        self._db.close()

    def is_ready(self) -> bool:
        return bool(self._db.execute("PRAGMA user_version").fetchone()[0] == _VERSION)

    def rebuild(self, read: Callable[[], Iterable[FileRecords]]) -> None:
        """Replace all rows with those that ``read`` returns in one transaction: readers see the old index or the new.

        ``read`` is called before the old rows are deleted. No other process changes the index meanwhile.
        """
        with transaction(self._db):
            files = read()
            for table in _TABLES:
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _SCHEMA:
                self._db.execute(statement)
            for file, records in files:
                self._add(file, records)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def add(self, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        """Add whole files in one transaction; adding a file again changes nothing."""
        with transaction(self._db):
            for file, records in files.items():
                self._add(file, records)

    def replace(self, file: str, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        """Add whole files and remove the rows of another one, in one transaction."""
        with transaction(self._db):
            for name, records in files.items():
                self._add(name, records)
            self._remove(file)

    def _add(self, file: str, records: Sequence[Capture | Attempt]) -> None:
        self._db.execute("INSERT OR REPLACE INTO files VALUES (?)", (file,))
        self._db.executemany(_INSERT, [_row(each) for each in records if isinstance(each, Capture)])
        self._db.executemany(_INSERT_ATTEMPT, [_attempt_row(each) for each in records if isinstance(each, Attempt)])

    def forget(self, file: str) -> None:
        """Remove the rows of a file that is gone."""
        with transaction(self._db):
            self._remove(file)

    def _remove(self, file: str) -> None:
        for table in _TABLES:
            self._db.execute(f"DELETE FROM {table} WHERE file = ?", (file,))  # noqa: S608 - our own names

    def erase(self, places: Iterable[tuple[str, int]]) -> None:
        """Remove the rows of some records, by file and offset."""
        with transaction(self._db):
            for table in ("captures", "attempts"):
                query = f'DELETE FROM {table} WHERE file = ? AND "offset" = ?'  # noqa: S608 - our own names
                self._db.executemany(query, list(places))

    def vacuum_and_truncate(self) -> None:
        """Remove all bytes of deleted rows from the database files."""
        vacuum_and_truncate(self._db)

    def of_source(self, source_key: str) -> tuple[Capture, ...]:
        """Return the captures of a source, oldest first."""
        return tuple(map(_capture, self._db.execute(_OF_SOURCE, (source_key,))))

    def attempts_of_source(self, source_key: str) -> tuple[Attempt, ...]:
        query = "SELECT * FROM attempts WHERE source_key = ?"
        return tuple(map(_attempt, self._db.execute(query, (source_key,))))

    def of_pages(self, page_keys: Iterable[str]) -> tuple[Capture, ...]:
        """Return the captures of some pages, oldest first."""
        return tuple(map(_capture, self._db.execute(_OF_PAGES, (json.dumps(list(page_keys)),))))

    def of_articles(self, article_ids: Iterable[str]) -> tuple[Capture, ...]:
        """Return the captures of some articles, oldest first."""
        return tuple(map(_capture, self._db.execute(_OF_ARTICLES, (json.dumps(list(article_ids)),))))

    def reserved(self) -> tuple[Capture, ...]:
        """Return the captures of pages that the host's tdmrep.json or robots.txt reserves or puts under a license."""
        return tuple(map(_capture, self._db.execute(_RESERVED)))

    def files(self, *, folder: str | None = None) -> frozenset[str]:
        """Return the names of all files, or of those below a folder."""
        query = "SELECT file FROM files WHERE :folder IS NULL OR (file >= :folder || '/' AND file < :folder || '0')"
        rows = self._db.execute(query, {"folder": folder})  # "0" is the character after the slash
        return frozenset(row[0] for row in rows)

    def captures(self, *, page_key: str | None = None, article_id: str | None = None) -> tuple[Capture, ...]:
        """Return captures, oldest first, filtered by each argument that is not None."""
        query = _OF_PAGE if page_key is not None else _OF_ARTICLE if article_id is not None else _ALL
        rows = map(_capture, self._db.execute(query, {"page_key": page_key, "article_id": article_id}))
        return tuple(row for row in rows if article_id is None or row.article_id == article_id)

    def latest(self, page_keys: Iterable[str]) -> dict[str, Capture]:
        """Return the last capture of each page that has one."""
        rows = self._db.execute(_OF_PAGES, (json.dumps(list(page_keys)),))
        return {capture.page_key: capture for capture in map(_capture, rows)}

    def fetch_times(self, page_keys: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
        """Return the times of the first and the last fetch of each page that has a capture."""
        rows = self._db.execute(_FETCH_TIMES, (json.dumps(list(page_keys)),))
        return {key: (from_micros(first), from_micros(last)) for key, first, last in rows}

    def holding(self, digest: str, *, page_key: str | None = None) -> Iterator[Capture]:
        """Yield the captures that hold the bytes of a digest, of one page or of any, oldest first."""
        return self._holding({"digest": digest, "page_key": page_key, "is_sent": False, "sent_digest": None})

    def holding_as_sent(self, digest: str, *, page_key: str, sent_digest: str | None) -> Iterator[Capture]:
        """Yield the captures of a page that hold these bytes in the same content coding, oldest first."""
        return self._holding({"digest": digest, "page_key": page_key, "is_sent": True, "sent_digest": sent_digest})

    def _holding(self, wanted: Mapping[str, object]) -> Iterator[Capture]:
        return map(_capture, self._db.execute(_HOLDING, wanted))

    def attempts(self, page_keys: Iterable[str]) -> tuple[Attempt, ...]:
        """Return the attempts of some pages, oldest first."""
        return tuple(map(_attempt, self._db.execute(_ATTEMPTS, (json.dumps(list(page_keys)),))))

    def gone(self) -> frozenset[str]:
        """Return the articles with a page that is gone: its latest record is a tombstone."""
        return frozenset(row[0] for row in self._db.execute(_GONE, (json.dumps(sorted(GONE)),)))

    def payloads(self, article_ids: Iterable[str]) -> Iterator[tuple[str, str, int]]:
        """Yield (article_id, digest, first fetch in microseconds) of every payload, oldest first per article."""
        yield from map(tuple, self._db.execute(_PAYLOADS, (json.dumps(list(article_ids)),)))

    def dangling_revisits(self) -> Iterator[tuple[str, int, int, str]]:
        """Yield (file, offset, length, digest) of the revisits without a capture that has the bytes."""
        yield from map(tuple, self._db.execute(_DANGLING_REVISITS))

    def held(self, digests: Iterable[str]) -> frozenset[str]:
        """Return the digests for which a capture has the bytes."""
        return frozenset(row[0] for row in self._db.execute(_HELD, (json.dumps(list(digests)),)))

    def records(self, file: str) -> tuple[Capture | Attempt, ...]:
        """Return the index's records of a file. Raises: ValueError, TypeError if a row is damaged."""
        captures = self._db.execute("SELECT * FROM captures WHERE file = ?", (file,))
        attempts = self._db.execute("SELECT * FROM attempts WHERE file = ?", (file,))
        return (*map(_capture, captures), *map(_attempt, attempts))

    def of_day(self, day: date) -> Iterator[Capture]:
        """Yield the captures of a news day, by fetched_at, then page_key."""
        query = 'SELECT * FROM captures WHERE news_day = ? ORDER BY fetched_at, page_key, file, "offset"'
        yield from map(_capture, self._db.execute(query, (day.isoformat(),)).fetchall())

    def articles_of_day(self, day: date) -> tuple[str, ...]:
        query = "SELECT DISTINCT article_id FROM captures WHERE news_day = ? ORDER BY article_id"
        return tuple(row[0] for row in self._db.execute(query, (day.isoformat(),)))

    def capture_summaries(self, first: date, last: date) -> Iterator[CaptureSummary]:
        """Yield, oldest first, all captures of each article that has one for a news day from first to last."""
        for page_key, article_id, source_key, day, digest, at in self._db.execute(_SUMMARIES, (str(first), str(last))):
            yield CaptureSummary(page_key, article_id, source_key, date.fromisoformat(day), digest, from_micros(at))

    def counts_by_day(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> dict[date, int]:
        """Return the number of captures of each news day with captures, sorted; with ``sources`` only of these."""
        rows = self._db.execute(_COUNTS, _chosen(first, last, source_keys))
        return {date.fromisoformat(day): count for day, count in rows}

    def in_file_order(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> Iterator[CaptureInPlace]:
        """Yield the captures of some news days by day, then file and offset; with ``sources`` only of these."""
        for day, article_id, digest, micros in self._db.execute(_PLACES, _chosen(first, last, source_keys)):
            yield CaptureInPlace(date.fromisoformat(day), article_id, digest, micros)

    def days(self) -> tuple[date, ...]:
        rows = self._db.execute("SELECT DISTINCT news_day FROM captures ORDER BY news_day")
        return tuple(date.fromisoformat(row[0]) for row in rows)

    def last_days(self) -> dict[str, date]:
        rows = self._db.execute("SELECT source_key, max(news_day) FROM captures GROUP BY source_key")
        return {key: date.fromisoformat(day) for key, day in rows}

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        rows = self._db.execute(_DAYS_OF_RUN, {"source_key": source_key, "run_id": run_id})
        return tuple(date.fromisoformat(row[0]) for row in rows)


def _chosen(first: date, last: date, source_keys: Collection[str]) -> dict[str, object]:
    sources = json.dumps(sorted(source_keys))
    return {"first": str(first), "last": str(last), "is_chosen": bool(source_keys), "sources": sources}


def _row(capture: Capture) -> dict[str, object]:
    values = {name: getattr(capture, name) for name in _COLUMNS}
    values["news_day"] = capture.news_day.isoformat()
    values["fetched_at"] = to_micros(capture.fetched_at)
    values["hints"] = hints_to_json(capture.hints)
    return values


def _attempt_row(attempt: Attempt) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(attempt, name) for name in _ATTEMPT_COLUMNS}
    return values | {"news_day": attempt.news_day.isoformat(), "fetched_at": to_micros(attempt.fetched_at)}


def _attempt(row: sqlite3.Row) -> Attempt:
    values = dict(row)
    values["news_day"] = date.fromisoformat(values["news_day"])
    values["fetched_at"] = from_micros(values["fetched_at"])
    return Attempt(**values)


def _capture(row: sqlite3.Row) -> Capture:
    values = dict(row)
    values["news_day"] = date.fromisoformat(values["news_day"])
    values["fetched_at"] = from_micros(values["fetched_at"])
    values["is_revisit"] = bool(values["is_revisit"])
    values["hints"] = hints_from_json(values["hints"])
    return Capture(**values)
