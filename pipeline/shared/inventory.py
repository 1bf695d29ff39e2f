"""The inventory of a shared store: a part that was once there and is lost is an error, never a fresh start.

The database has the name of the store, and the parts that were created, with their places. The bucket has the same name
in ``store.json``, and the tables have it as a property: a part without it is empty, or another one. Each opening of the
bucket is counted, in the database first, and then in ``store.json``: a database that knows fewer is an older copy.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import psycopg

from newslake.pipeline import __version__
from newslake.pipeline.errors import ConfigError, MissingStoreError, StoreError
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.database import PostgresDatabase, Row
from newslake.pipeline.store.store import DATABASE, OBJECTS, advice_to_give_up

MARKER: Final = "store.json"
_ABOUT = "The bucket of a shared store of newslake. Do not delete: see docs/operations.md, On the shared store."
_AGAIN = "it indexes the archive again, and blocks again what the log table deletions names"
_MOVE = "move"  # in store_parts: source, begin and end of the move of a data root
_FACTS = "SELECT store_id, openings FROM store"
_COUNT = "UPDATE store SET openings = openings + 1 WHERE openings >= %s RETURNING openings"
_RECORD = "INSERT INTO store_parts VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET place = excluded.place"
_ADOPT = "UPDATE store SET store_id = %s, openings = greatest(openings, %s)"
_SEEN = """INSERT INTO hosts VALUES (%s, %s, now())
    ON CONFLICT (host) DO UPDATE SET version = excluded.version, seen_at = excluded.seen_at"""
_FORGET_HOSTS = "DELETE FROM hosts WHERE seen_at < now() - interval '7 days'"
_HOSTS = """SELECT version, array_agg(host ORDER BY host) FROM hosts WHERE seen_at >= now() - interval '7 days'
    GROUP BY version ORDER BY version"""
_REINDEX = "UPDATE index_state SET is_ready = false"


@dataclass(frozen=True, slots=True)
class _Marker:
    """What ``store.json`` says: the name of the store, and how many times it was opened."""

    store_id: str
    openings: int


@dataclass(frozen=True, slots=True)
class MoveMark:
    """The move of a data root to this store: from where, and its times.

    ``began_at`` is None until this store was empty and without writers, ``ended_at`` until the move has ended.
    """

    source: str
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """A lost part. ``can_give_up`` is False if the settings name a part of another store."""

    name: str
    sentence: str
    can_give_up: bool = True
    reason: str = "store_missing"

    def error(self) -> MissingStoreError:
        return MissingStoreError(self.sentence, key=self.name, reason=self.reason)


class SharedInventory:
    """The parts of a store that are recorded in its database; a database without the schema has none, and no name.

    Raises: StoreError.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def enter_bucket(self, objects: Bucket, *, place: str, may_create: bool = True) -> None:
        """Check that bucket and database belong together, and count this opening; record the bucket of a new store.

        Raises: MissingStoreError for a lost or another bucket, or a lost or older database; StoreError (store_new) for
        a new store, unless ``may_create``.
        """
        if loss := self.loss_of_bucket(objects, place=place):
            raise loss.error()
        if _read_marker(objects) is None:
            if not may_create:
                raise new_store_error(f"{place} has no archive", setting="NEWS_OBJECTS_URL")
            objects.put_new(MARKER, _marker_bytes(_Marker(self.store_id, 0)))
            if loss := self.loss_of_bucket(objects, place=place):  # another store was created in it at the same time
                raise loss.error()
        self.record(OBJECTS, place)
        self._count(objects)

    def loss_of_bucket(self, objects: Bucket, *, place: str) -> Loss | None:
        """Return which of bucket and database is lost; None if they belong together, or the store is new."""
        recorded = self.place_of(OBJECTS)  # first: a bucket is marked before it is recorded
        marker = _read_marker(objects)
        if marker is None:
            return None if recorded is None else _lost_bucket(recorded, place)
        if marker.store_id != self.store_id:
            return self._lost_database(place) if recorded is None else _foreign_bucket(recorded, place)
        if marker.openings > self._openings:
            return self._older_database()
        return None

    def loss_of_new_database(self, objects: Bucket, *, place: str) -> Loss | None:
        """Return the loss of a database without tables of ours, if the bucket belongs to a store. No table is read."""
        return None if _read_marker(objects) is None else self._lost_database(place)

    def give_up_bucket(self, objects: Bucket, *, place: str) -> None:
        """Go on with an empty bucket, or with an empty or older database.

        Raises: ConfigError (store_foreign) for the bucket of another store.
        """
        loss = self.loss_of_bucket(objects, place=place)
        if loss is None:
            return
        if not loss.can_give_up:
            raise ConfigError(f"--give-up {loss.name}: {loss.sentence}", key="give_up", reason="store_foreign")
        if (marker := _read_marker(objects)) is None:
            objects.put_new(MARKER, _marker_bytes(_Marker(self.store_id, self._openings)))
        else:
            self._database.write(partial(_adopt, marker=marker))
        self.forget(OBJECTS)
        self.record(OBJECTS, place)

    def versions(self) -> Mapping[str, list[str]]:
        """Return the hosts that opened the bucket within seven days, by their version of newslake."""
        return {} if self._database.is_new() else dict(self._database.query(_HOSTS))

    @property
    def store_id(self) -> str:
        """The name of the store in this database; "" before it is created."""
        return "" if self._database.is_new() else str(self._database.query(_FACTS)[0][0])

    @property
    def _openings(self) -> int:
        return int(self._database.query(_FACTS)[0][1])

    def place_of(self, name: str) -> str | None:
        """Return where a part was created; None if it was not."""
        if self._database.is_new():
            return None
        rows = self._database.query("SELECT place FROM store_parts WHERE name = %s", (name,))
        return rows[0][0] if rows else None

    def record(self, name: str, place: str) -> None:
        """Record that a part was created at a place, unless it is recorded."""
        if self.place_of(name) is None:
            self._database.write(lambda cursor: cursor.execute(_RECORD, (name, place)))

    def forget(self, name: str) -> None:
        """Forget a part, so that the next use creates it."""
        self._database.write(lambda cursor: cursor.execute("DELETE FROM store_parts WHERE name = %s", (name,)))

    def move_mark(self) -> MoveMark | None:
        """Return the move to this store; None for one that began empty."""
        if (text := self.place_of(_MOVE)) is None:
            return None
        source, *times = json.loads(text)
        return MoveMark(source, *(None if each is None else datetime.fromisoformat(each) for each in times))

    def mark_move(self, mark: MoveMark | None) -> None:
        """Note that a move began, or has ended; None for one that may not begin."""
        if mark is None:
            self.forget(_MOVE)
            return
        times = [None if each is None else each.isoformat() for each in (mark.began_at, mark.ended_at)]
        row = (_MOVE, json.dumps([mark.source, *times]))
        self._database.write(lambda cursor: cursor.execute(_RECORD, row))

    def check_moved(self) -> None:
        """Raises: StoreError (store_unfinished) until the move to this store has ended."""
        mark = self.move_mark()
        if mark is not None and mark.ended_at is None:
            raise StoreError(
                f"the move of {mark.source} to this store has not ended; run `newslake store migrate` there again",
                key="migrate",
                reason="store_unfinished",
            )

    def _count(self, objects: Bucket) -> None:
        """Count an opening. Raises: MissingStoreError if another process replaced the database by an older copy."""
        marker = _read_marker(objects)
        least = 0 if marker is None else marker.openings

        def count(cursor: psycopg.Cursor) -> list[Row]:
            cursor.execute(_SEEN, (platform.node(), __version__))
            cursor.execute(_FORGET_HOSTS)
            return cursor.execute(_COUNT, (least,)).fetchall()

        counted = self._database.write(count)
        if not counted:
            raise self._older_database().error()
        newest = int(counted[0][0])
        while True:
            objects.put(MARKER, _marker_bytes(_Marker(self.store_id, newest)))
            if (now := self._openings) <= newest:  # else a process that counted later may have written before
                return
            newest = now

    def _lost_database(self, place: str) -> Loss:
        return Loss(
            DATABASE,
            f"{self._database.place} has no store in the schema {self._database.schema}, and {place} belongs to one: "
            "the database is empty, or another one; restore it from a backup, or correct NEWS_DATABASE_URL, "
            f"NEWS_DATABASE_SCHEMA or NEWS_OBJECTS_URL; without a backup, {advice_to_give_up(DATABASE)} goes on with "
            f"this one: {_AGAIN}; which pages wait to be fetched is lost",
        )

    def _older_database(self) -> Loss:
        return Loss(
            DATABASE,
            f"{self._database.place} is an older copy: the bucket was opened since; restore a newer backup; without "
            f"one, {advice_to_give_up(DATABASE)} goes on with this one: {_AGAIN}; states of pages since the copy are "
            "lost",
            reason="store_older",
        )


def new_store_error(what: str, *, setting: str) -> StoreError:
    """Return the error of a reader of a store that no run has created yet."""
    message = f"there is no store yet: {what}; the first run creates it; if it should be there, correct {setting}"
    return StoreError(message, key=setting, reason="store_new")


def _lost_bucket(recorded: str, place: str) -> Loss:
    if recorded != place:
        what = f"the archive was created in {recorded}, and the settings name {place}, which has none"
        advice = "correct NEWS_OBJECTS_URL or NEWS_OBJECTS_ENDPOINT"
    else:
        what, advice = f"{place} has lost {MARKER}, and was there before", "restore the bucket from a backup"
    accept = f"{advice_to_give_up(OBJECTS)} goes on without those that are lost"
    return Loss(OBJECTS, f"{what}; {advice}: nothing can replace the archived pages; {accept}")


def _foreign_bucket(recorded: str, place: str) -> Loss:
    sentence = (
        f"{place} belongs to another store than the database, whose archive is in {recorded}; "
        "correct NEWS_OBJECTS_URL, NEWS_DATABASE_URL or NEWS_DATABASE_SCHEMA"
    )
    return Loss(OBJECTS, sentence, can_give_up=False)


def _read_marker(objects: Bucket) -> _Marker | None:
    """Return what the bucket says; None if it says nothing. Raises: StoreError for a file that is not ours."""
    data = objects.get(MARKER)
    if data is None:
        return None
    try:
        content = json.loads(data)
        return _Marker(str(content["store_id"]), int(content["openings"]))
    except (ValueError, KeyError, TypeError) as error:
        message = f"{MARKER} in the bucket is damaged; delete it, then run {advice_to_give_up(OBJECTS)}"
        raise StoreError(message, key=MARKER, reason="store_damaged") from error


def _marker_bytes(marker: _Marker) -> bytes:
    content = {"about": _ABOUT, "store_id": marker.store_id, "openings": marker.openings}
    return json.dumps(content, indent=1).encode() + b"\n"


def _adopt(cursor: psycopg.Cursor, *, marker: _Marker) -> None:
    cursor.execute(_ADOPT, (marker.store_id, marker.openings))
    cursor.execute(_REINDEX)
