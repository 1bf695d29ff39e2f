"""The index of the archive in PostgreSQL: one row per capture and per attempt.

It can be rebuilt from the files of the archive.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import Any

import psycopg

from newslake.pipeline.archive import CaptureInPlace, CaptureSummary
from newslake.pipeline.archive.index import FileRecords
from newslake.pipeline.archive.warc import hints_from_json, hints_to_json
from newslake.pipeline.model import GONE, Attempt, Capture
from newslake.pipeline.shared.database import (
    PostgresDatabase,
    Row,
    from_text,
    rewrite_tables,
    to_text,
    to_texts,
)
from newslake.pipeline.shared.schema import hash_of
from newslake.pipeline.sqlite import from_micros, to_micros

# Every write locks the rows of its files first, in their order, so that two writers of a file do not meet amid its
# records, and a writer waits for a rebuild without another lock.
_LOCK_NEW = """INSERT INTO files SELECT * FROM unnest(%s::text[])
    ON CONFLICT (file) DO UPDATE SET file = excluded.file WHERE false"""  # it locks the row, but writes no new one
_LOCK_KNOWN = "SELECT FROM files WHERE file = ANY(%s) ORDER BY file FOR UPDATE"
_TABLES = {"files": "file", "captures": "hints", "attempts": "reason"}
_NAMES = tuple(field.name for field in fields(Capture))
_ATTEMPT_NAMES = tuple(field.name for field in fields(Attempt))
_TEXTS = frozenset(
    {
        *("page_key", "url", "article_id", "source_key", "run_id", "digest", "file", "etag", "last_modified", "hints"),
        *("sent_digest", "reason"),
    }
)


def _listed(names: Iterable[str]) -> str:
    return ", ".join('"offset"' if name == "offset" else name for name in names)


def _upsert(table: str, names: Sequence[str]) -> str:
    """Return a statement that inserts or replaces a row of a table; the hash of the page is its first column."""
    columns, values = _listed(("page_hash", *names)), ", ".join(["%s"] * (1 + len(names)))
    changes = ", ".join(f"{name} = excluded.{name}" for name in ("page_hash", *names) if name not in ("file", "offset"))
    conflict = f'ON CONFLICT (file, "offset") DO UPDATE SET {changes}'
    return f"INSERT INTO {table} ({columns}) VALUES ({values}) {conflict}"  # noqa: S608 - constants


_INSERT, _INSERT_ATTEMPT = _upsert("captures", _NAMES), _upsert("attempts", _ATTEMPT_NAMES)
_CAPTURES = f"SELECT {_listed(_NAMES)} FROM captures"  # noqa: S608 - constants
_ATTEMPTS = f"SELECT {_listed(_ATTEMPT_NAMES)} FROM attempts"  # noqa: S608 - constants
_OLDEST_FIRST = ' ORDER BY fetched_at, file, "offset"'
_RESERVED = """ WHERE hints ILIKE '%tdm_reserved": true%' OR hints ILIKE '%"rsl: %'"""
_FETCH_TIMES = """SELECT page_key, min(fetched_at), max(fetched_at) FROM captures
    WHERE page_hash = ANY(%s) GROUP BY page_key"""
_PAYLOADS = """SELECT article_id, digest, min(fetched_at) AS first FROM captures
    WHERE article_id = ANY(%s) GROUP BY article_id, digest ORDER BY article_id, first, digest"""
_GONE = """WITH gone AS (
        SELECT page_hash, max(fetched_at) AS gone_at FROM attempts WHERE status = ANY(%s) GROUP BY page_hash),
    concerned AS (SELECT DISTINCT article_id, page_hash FROM captures JOIN gone USING (page_hash))
    SELECT article_id FROM concerned JOIN gone USING (page_hash) GROUP BY article_id
    HAVING max(gone_at) >= (SELECT max(fetched_at) FROM captures WHERE article_id = concerned.article_id)"""
_DANGLING_REVISITS = """SELECT file, "offset", length, digest FROM captures AS revisit WHERE is_revisit
    AND NOT EXISTS (SELECT 1 FROM captures WHERE digest = revisit.digest AND NOT is_revisit)
    ORDER BY file, "offset\""""
_HELD = "SELECT DISTINCT digest FROM captures WHERE digest = ANY(%s) AND NOT is_revisit"
_HOLDING = " WHERE digest = %s AND NOT is_revisit"
_SUMMARIES = """SELECT page_key, article_id, source_key, news_day, digest, fetched_at FROM captures
    WHERE article_id IN (SELECT article_id FROM captures WHERE news_day BETWEEN %s AND %s)
    ORDER BY fetched_at, file, "offset\""""
_OF_DAYS = " FROM captures WHERE news_day BETWEEN %s AND %s AND (%s OR source_key = ANY(%s))"
_COUNTS = f"SELECT news_day, count(*){_OF_DAYS} GROUP BY news_day ORDER BY news_day"
_PLACES = f"""SELECT news_day, article_id, digest, fetched_at{_OF_DAYS}
    ORDER BY news_day, file, "offset\""""
_DAYS_OF_RUN = """SELECT DISTINCT news_day FROM (
        SELECT news_day, run_id, source_key, digest,
            lag(digest) OVER (PARTITION BY page_hash ORDER BY fetched_at, file, "offset") AS digest_before
        FROM captures WHERE page_hash IN (
            SELECT page_hash FROM captures WHERE run_id = %(run_id)s AND source_key = %(source_key)s)) AS versions
    WHERE run_id = %(run_id)s AND source_key = %(source_key)s AND digest IS DISTINCT FROM digest_before
    ORDER BY news_day"""


class PostgresCaptureIndex:
    """Captures by page, article, digest, day and run."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._db = database

    def is_ready(self) -> bool:
        return bool(self._db.query("SELECT is_ready FROM index_state")[0][0])

    def rebuild(self, read: Callable[[], Iterable[FileRecords]]) -> None:
        """Replace all rows. If the session is lost, it is an error: all files would be read again."""

        def replace_all(cursor: psycopg.Cursor) -> None:
            cursor.execute(f"LOCK TABLE {', '.join(_TABLES)} IN EXCLUSIVE MODE")
            files = read()
            for table in _TABLES:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
            for file, records in files:
                _add(cursor, {file: records})
            cursor.execute("UPDATE index_state SET is_ready = true")

        self._db.write(replace_all, runs_again=False)

    def add(self, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        self._db.write(partial(_add, files=files))

    def replace(self, file: str, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        def replace_one(cursor: psycopg.Cursor) -> None:
            _add(cursor, {file: (), **files})
            _remove(cursor, file)

        self._db.write(replace_one)

    def forget(self, file: str) -> None:
        self._db.write(partial(_remove, file=file))

    def erase(self, places: Iterable[tuple[str, int]]) -> None:
        rows = [(to_text(file), offset) for file, offset in places]
        files = list({file for file, _ in rows})

        def delete(cursor: psycopg.Cursor) -> None:
            cursor.execute(_LOCK_KNOWN, (files,))
            for table in ("captures", "attempts"):
                query = f'DELETE FROM {table} WHERE file = %s AND "offset" = %s'  # noqa: S608 - constants
                cursor.executemany(query, rows)

        self._db.write(delete)

    def vacuum_and_truncate(self) -> None:
        rewrite_tables(self._db, _TABLES)

    def of_source(self, source_key: str) -> tuple[Capture, ...]:
        return self._captures(" WHERE source_key = %s", source_key)

    def attempts_of_source(self, source_key: str) -> tuple[Attempt, ...]:
        return self._attempts(" WHERE source_key = %s", to_text(source_key))

    def of_pages(self, page_keys: Iterable[str]) -> tuple[Capture, ...]:
        return self._captures(" WHERE page_hash = ANY(%s)", _hashes(page_keys))

    def of_articles(self, article_ids: Iterable[str]) -> tuple[Capture, ...]:
        return self._captures(" WHERE article_id = ANY(%s)", to_texts(article_ids))

    def reserved(self) -> tuple[Capture, ...]:
        return self._captures(_RESERVED)

    def files(self, *, folder: str | None = None) -> frozenset[str]:
        # "0" is the character after the slash.
        condition = "" if folder is None else ' WHERE file >= %s COLLATE "C" AND file < %s COLLATE "C"'
        values = () if folder is None else (to_text(f"{folder}/"), to_text(f"{folder}0"))
        rows = self._db.stream(f"SELECT file FROM files{condition}", values)  # noqa: S608 - constants
        return frozenset(from_text(file) for (file,) in rows)

    def captures(self, *, page_key: str | None = None, article_id: str | None = None) -> tuple[Capture, ...]:
        conditions = {
            "page_hash = %s": None if page_key is None else hash_of(page_key),
            "article_id = %s": to_text(article_id),
        }
        wanted = {condition: value for condition, value in conditions.items() if value is not None}
        return self._captures(f" WHERE {' AND '.join(wanted)}" if wanted else "", *wanted.values())

    def latest(self, page_keys: Iterable[str]) -> dict[str, Capture]:
        return {capture.page_key: capture for capture in self.of_pages(page_keys)}

    def fetch_times(self, page_keys: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
        rows = self._db.query(_FETCH_TIMES, (_hashes(page_keys),))
        return {from_text(key): (from_micros(first), from_micros(last)) for key, first, last in rows}

    def holding(self, digest: str, *, page_key: str | None = None) -> Iterator[Capture]:
        if page_key is None:
            return iter(self._captures(_HOLDING, to_text(digest)))
        return iter(self._captures(f"{_HOLDING} AND page_hash = %s", to_text(digest), hash_of(page_key)))

    def holding_as_sent(self, digest: str, *, page_key: str, sent_digest: str | None) -> Iterator[Capture]:
        condition = f"{_HOLDING} AND page_hash = %s AND sent_digest IS NOT DISTINCT FROM %s"
        return iter(self._captures(condition, to_text(digest), hash_of(page_key), to_text(sent_digest)))

    def attempts(self, page_keys: Iterable[str]) -> tuple[Attempt, ...]:
        return self._attempts(" WHERE page_hash = ANY(%s)", _hashes(page_keys))

    def gone(self) -> frozenset[str]:
        return frozenset(from_text(article_id) for (article_id,) in self._db.query(_GONE, (sorted(GONE),)))

    def payloads(self, article_ids: Iterable[str]) -> Iterator[tuple[str, str, int]]:
        for article_id, digest, first in self._db.query(_PAYLOADS, (to_texts(article_ids),)):
            yield from_text(article_id), from_text(digest), first

    def dangling_revisits(self) -> Iterator[tuple[str, int, int, str]]:
        for file, offset, length, digest in self._db.stream(_DANGLING_REVISITS):
            yield from_text(file), offset, length, from_text(digest)

    def held(self, digests: Iterable[str]) -> frozenset[str]:
        return frozenset(from_text(digest) for (digest,) in self._db.query(_HELD, (to_texts(digests),)))

    def records(self, file: str) -> tuple[Capture | Attempt, ...]:
        condition = " WHERE file = %s"
        return (*self._captures(condition, to_text(file)), *self._attempts(condition, to_text(file)))

    def of_day(self, day: date) -> Iterator[Capture]:
        query = f'{_CAPTURES} WHERE news_day = %s ORDER BY fetched_at, page_key, file, "offset"'
        yield from map(_capture, self._db.query(query, (day,)))

    def articles_of_day(self, day: date) -> tuple[str, ...]:
        query = "SELECT DISTINCT article_id FROM captures WHERE news_day = %s ORDER BY article_id"
        return tuple(from_text(article_id) for (article_id,) in self._db.query(query, (day,)))

    def capture_summaries(self, first: date, last: date) -> Iterator[CaptureSummary]:
        for page_key, article_id, source_key, day, digest, at in self._db.stream(_SUMMARIES, (first, last)):
            page, article, source = map(from_text, (page_key, article_id, source_key))
            yield CaptureSummary(page, article, source, day, from_text(digest), from_micros(at))

    def counts_by_day(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> dict[date, int]:
        return dict(self._db.query(_COUNTS, _chosen(first, last, source_keys)))

    def in_file_order(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> Iterator[CaptureInPlace]:
        for day, article_id, digest, micros in self._db.stream(_PLACES, _chosen(first, last, source_keys)):
            yield CaptureInPlace(day, from_text(article_id), from_text(digest), micros)

    def days(self) -> tuple[date, ...]:
        return tuple(day for (day,) in self._db.query("SELECT DISTINCT news_day FROM captures ORDER BY news_day"))

    def last_days(self) -> dict[str, date]:
        rows = self._db.query("SELECT source_key, max(news_day) FROM captures GROUP BY source_key")
        return {from_text(source_key): day for source_key, day in rows}

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        values = {"source_key": to_text(source_key), "run_id": to_text(run_id)}
        return tuple(day for (day,) in self._db.query(_DAYS_OF_RUN, values))

    def _captures(self, condition: str, *values: object) -> tuple[Capture, ...]:
        return tuple(map(_capture, self._db.query(f"{_CAPTURES}{condition}{_OLDEST_FIRST}", values)))

    def _attempts(self, condition: str, *values: object) -> tuple[Attempt, ...]:
        return tuple(map(_attempt, self._db.query(f"{_ATTEMPTS}{condition}{_OLDEST_FIRST}", values)))


def _add(cursor: psycopg.Cursor, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
    cursor.execute(_LOCK_NEW, (to_texts(sorted(files)),))
    rows: dict[str, list[Row]] = {_INSERT: [], _INSERT_ATTEMPT: []}
    for each in chain.from_iterable(files.values()):
        is_capture = isinstance(each, Capture)
        names = _NAMES if is_capture else _ATTEMPT_NAMES
        rows[_INSERT if is_capture else _INSERT_ATTEMPT].append(_row(each, names))
    for insert, values in rows.items():
        if values:
            cursor.executemany(insert, values)


def _remove(cursor: psycopg.Cursor, file: str) -> None:
    for table in _TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE file = %s", (to_text(file),))  # noqa: S608 - constants


def _row(record: Capture | Attempt, names: Iterable[str]) -> Row:
    return (hash_of(record.page_key), *(_stored(name, getattr(record, name)) for name in names))


def _stored(name: str, value: Any) -> object:
    if name == "fetched_at":
        return to_micros(value)
    if name == "hints":
        value = hints_to_json(value)
    return to_text(value) if name in _TEXTS else value


def _capture(row: Row) -> Capture:
    values = _values(_NAMES, row)
    values["hints"] = hints_from_json(values["hints"])
    return Capture(**values)


def _attempt(row: Row) -> Attempt:
    return Attempt(**_values(_ATTEMPT_NAMES, row))


def _values(names: Sequence[str], row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: from_text(value) if name in _TEXTS else value for name, value in zip(names, row, strict=True)
    }
    values["fetched_at"] = from_micros(values["fetched_at"])
    return values


def _chosen(first: date, last: date, source_keys: Collection[str]) -> tuple[object, ...]:
    return first, last, not source_keys, to_texts(source_keys)


def _hashes(page_keys: Iterable[str]) -> list[bytes]:
    return [hash_of(key) for key in page_keys]
