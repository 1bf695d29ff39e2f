"""The state of alerts: what is open, which rows were reported, and the messages that wait for their senders.

One lock of the folder serves checks, deliveries and takedowns: two processes do nothing twice. Everything is in the
order in which it was recorded, so that a clock that jumps neither repeats nor loses a message.
"""

import hashlib
import uuid
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from pathlib import Path
from sqlite3 import Row

from pipeline.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy, uncheckable
from pipeline.alerts.atom import Feed, feed_bytes
from pipeline.alerts.message import (
    SHOWN_ITEMS,
    Delivery,
    Message,
    MessageItem,
    MessageKind,
    bundle_id,
    clean_item,
    compose,
    due_at,
    item_from_json,
    item_to_json,
)
from pipeline.durability import Durability, make_folder, write_whole_file
from pipeline.jobs.alert_state import FEEDS, alert_database, alert_lock, open_alert_database, whole_rows
from pipeline.jobs.inventory import ALERTS, check_stores, note_stores
from pipeline.model import file_name_of
from pipeline.settings import Settings
from pipeline.sqlite import Database, from_micros, row_checksum, to_micros, transaction

_FEED_ENTRIES = 100
_LONGEST_WAIT = timedelta(
    hours=50
)  # of a digest and quiet hours, with a change of summer time; longer: the clock jumped
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_MESSAGES_OF = "SELECT * FROM messages WHERE rule = ? ORDER BY seq DESC LIMIT ?"
_DROP_OLD = """DELETE FROM messages WHERE rule = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = messages.seq)
    AND seq NOT IN (SELECT seq FROM messages WHERE rule = ?1 ORDER BY seq DESC LIMIT ?2)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure:
    """A sender that does not work: why, since when, and how many messages wait for it."""

    sender: str
    reason: str
    since: datetime
    waiting: int


def open_alert_store(settings: Settings) -> "AlertStore":
    """Return the state of alerts of a data root. Raises: MissingStoreError if it was there and is missing."""
    check_stores(settings, ALERTS)
    store = AlertStore(alert_database(settings), durability=settings.durability)
    store.open()
    note_stores(settings)
    return store


def write_feeds_again(settings: Settings) -> None:
    """Write the Atom files that a takedown deleted, without its articles; nothing if there are no alerts."""
    if alert_database(settings).exists():
        store = open_alert_store(settings)
        with store.exclusive():
            store.write_feeds()


class AlertStore:
    """The state of alerts, in one database, with an Atom file per rule next to it. Opens on first use.

    Several processes may use it at once, each with its own store; so may threads, each with its own.
    Raises: BrokenDatabaseError, BusyDatabaseError, OSError.
    """

    def __init__(self, path: Path, *, durability: Durability) -> None:
        self._path = path
        self._durability: Durability = durability
        self._lock: int | None = None  # while this store holds it

    @cached_property
    def _db(self) -> Database:
        connection = open_alert_database(self._path, durability=self._durability)
        weakref.finalize(self, connection.close)
        return connection

    def open(self) -> None:
        """Create the database unless it exists."""
        self._db  # noqa: B018 - opens it

    def feed_path(self, rule: str) -> Path:
        """Return the path of the Atom file of a rule."""
        return self._path.parent / FEEDS / f"{file_name_of(rule)}.xml"

    @contextmanager
    def exclusive(self) -> Iterator[int]:
        """Hold the lock of the alerts; yield its descriptor, which a child process may inherit. It may be nested.

        Hold it from before the tables are read until ``record``: a takedown erases from the tables, then waits for the
        lock to erase from the alerts, so that no check records what was deleted since it read.
        """
        if self._lock is not None:
            yield self._lock
            return
        with alert_lock(self._path.parent, durability=self._durability) as descriptor:
            self._lock = descriptor
            try:
                yield descriptor
            finally:
                self._lock = None

    # Checks.

    def record(self, check: AlertCheck, policy: DeliveryPolicy, *, now: datetime) -> None:
        """Store what a check found and queue the messages about it, in one transaction; then write the Atom file.

        New items of a state are one message, items that are over another one, new rows a third. A check with an error
        changes no open alert: that the rule cannot be checked is an alert itself.
        """
        with self.exclusive():
            with transaction(self._db):
                self._keep_rule(check.rule, policy.title, now)
                if check.error is None:
                    self._close(check, policy, now)
                    self._report_rows(check, policy, now)
                self._open(check, policy, now)
                self._drop_old(check.rule)
            self._write_feed(check.rule)

    def close_removed(self, rules: Collection[str], *, now: datetime) -> Mapping[str, int]:
        """Resolve the open alerts of all rules but these; return how many of which rule.

        Only their Atom files say it: without its rule, nobody knows whom to send it.
        """
        with self.exclusive(), transaction(self._db):
            removed = {rule: count for rule, count in self.open_counts().items() if rule not in rules}
            for rule in removed:
                policy = DeliveryPolicy(
                    rule=rule, title=self._rule(rule)["title"], senders=(), quiet_hours=None, digest_at=None
                )
                self._close(AlertCheck(rule=rule, kind="state", items=()), policy, now)
                self._drop_old(rule)
        return removed

    def _keep_rule(self, rule: str, title: str, now: datetime) -> None:
        row = self._db.execute("SELECT feed_id, updated_at FROM rules WHERE rule = ?", (rule,)).fetchone()
        feed_id, updated_at = row or (uuid.uuid4().hex, to_micros(now))
        self._put("rules", rule, feed_id, title, updated_at)

    def _rule(self, rule: str) -> Row:
        [row] = whole_rows(self._db, "SELECT * FROM rules WHERE rule = ?", (rule,))
        return row

    def _close(self, check: AlertCheck, policy: DeliveryPolicy, now: datetime) -> None:
        """Resolve the alerts that a check does not have."""
        keys = (*(each.key for each in check.items), *check.unlisted) if check.kind == "state" else ()
        there = {_hash(check.rule, key) for key in keys}
        over = []
        for row in whole_rows(self._db, "SELECT * FROM open_alerts WHERE rule = ?", (check.rule,)):
            if row["key"] not in there:
                lasted = max(timedelta(0), now - from_micros(row["opened_at"]))
                item = item_from_json(row["key"], row["content"]).item
                over.append(MessageItem(key=row["key"], item=item, lasted=lasted))
                self._db.execute("DELETE FROM open_alerts WHERE rule = ? AND key = ?", (check.rule, row["key"]))
        self._queue(policy, "resolved", over, len(over), now)

    def _open(self, check: AlertCheck, policy: DeliveryPolicy, now: datetime) -> None:
        """Open the alerts of a check that are not open yet."""
        is_error = check.error is not None
        items: Sequence[AlertItem] = check.items if check.kind == "state" else ()
        if check.error is not None:
            items = (uncheckable(check.error),)
        known = {key for (key,) in self._db.execute("SELECT key FROM open_alerts WHERE rule = ?", (check.rule,))}
        new = [each for each in _hashed(check.rule, items) if each.key not in known]
        for each in new:
            content = item_to_json(each.item)
            self._put("open_alerts", check.rule, each.key, to_micros(now), each.item.article_id, content)
        self._queue(policy, "error" if is_error else "opened", new, len(new), now)

    def _report_rows(self, check: AlertCheck, policy: DeliveryPolicy, now: datetime) -> None:
        """Queue the rows that were not reported before; those that are not listed are only counted."""
        if check.kind != "rows":
            return
        new = [each for each in _hashed(check.rule, check.items) if self._is_new_row(check.rule, each.key)]
        unlisted = sum(self._is_new_row(check.rule, _hash(check.rule, key)) for key in check.unlisted)
        self._queue(policy, "rows", new[:SHOWN_ITEMS], len(new) + unlisted, now)

    def _is_new_row(self, rule: str, key: str) -> bool:
        """Store the hash of a row; return whether it was not stored before."""
        row = (rule, key)
        query = "INSERT OR IGNORE INTO reported_rows VALUES (?, ?, ?)"
        return bool(self._db.execute(query, (*row, row_checksum(row))).rowcount)

    def _queue(
        self, policy: DeliveryPolicy, kind: MessageKind, items: Sequence[MessageItem], total: int, now: datetime
    ) -> None:
        """Add a message for the Atom file and for each sender; none if it has no items."""
        if total == 0:
            return
        message_id, at, due = uuid.uuid4().hex, to_micros(now), due_at(policy, now)
        query = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'messages'"
        [(seq,)] = self._db.execute(query).fetchall()
        self._put("messages", seq, message_id, policy.rule, policy.title, kind, total, at)
        for position, each in enumerate(items):
            content = item_to_json(each.item, lasted=each.lasted)
            self._put("items", seq, position, each.key, each.item.article_id, content)
        for sender in dict.fromkeys(policy.senders):
            fixed = (None, message_id) if due is None else (to_micros(due), None)
            self._put("deliveries", seq, sender, at, *fixed)
        kept = self._rule(policy.rule)
        updated_at = max(kept["updated_at"], at)
        self._put("rules", policy.rule, kept["feed_id"], policy.title, updated_at)

    def _drop_old(self, rule: str) -> None:
        """Delete the messages that every sender has, except those of the Atom file."""
        self._db.execute(_DROP_OLD, (rule, _FEED_ENTRIES))
        self._db.execute("DELETE FROM items WHERE seq NOT IN (SELECT seq FROM messages)")

    def _put(self, table: str, *values: object) -> None:
        marks = ", ".join("?" * (len(values) + 1))
        query = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"  # noqa: S608 - our own names
        self._db.execute(query, (*values, row_checksum(values)))

    # Deliveries. The caller holds the lock.

    def seal(self, *, now: datetime) -> None:
        """Fix what each message that waited for a time, and is due, says: those of one rule and time become one.

        A message is also due before a later one of its rule, so that no clock changes their order.
        """
        query = """SELECT deliveries.*, rule, message_id FROM deliveries JOIN messages USING (seq)
            ORDER BY sender, rule, seq"""
        with transaction(self._db):
            rows = self._db.execute(query).fetchall()
            for _, group in groupby(rows, key=lambda row: (row["sender"], row["rule"])):
                waiting = list(group)
                last = max((row["seq"] for row in waiting if _is_due(row, now)), default=0)
                due = [row for row in waiting if row["delivery_id"] is None and row["seq"] <= last]
                for _, members in groupby(due, key=lambda row: row["due_at"]):
                    self._bundle(list(members))

    def _bundle(self, rows: Sequence[Row]) -> None:
        delivery_id = bundle_id(row["message_id"] for row in rows)
        for row in rows:
            self._put("deliveries", row["seq"], row["sender"], row["created_at"], row["due_at"], delivery_id)

    def next_delivery(self, sender: str) -> Delivery | None:
        """Return what a sender gets next, in the order of recording; None if nothing is due.

        Messages that came to nothing while they waited are removed.
        """
        query = """SELECT delivery_id FROM deliveries WHERE sender = ? AND delivery_id IS NOT NULL
            ORDER BY seq LIMIT 1"""
        while (row := self._db.execute(query, (sender,)).fetchone()) is not None:
            found = compose(self._messages_in(sender, row["delivery_id"]), delivery_id=row["delivery_id"])
            if found is not None:
                return found
            self._remove(sender, row["delivery_id"])
        return None

    def _messages_in(self, sender: str, delivery_id: str) -> list[Message]:
        query = """SELECT messages.* FROM messages JOIN deliveries USING (seq)
            WHERE sender = ? AND delivery_id = ? ORDER BY seq"""
        return [self._message(row) for row in whole_rows(self._db, query, (sender, delivery_id))]

    def _message(self, row: Row) -> Message:
        items = whole_rows(self._db, "SELECT * FROM items WHERE seq = ? ORDER BY position", (row["seq"],))
        return Message(
            message_id=row["message_id"],
            title=row["title"],
            kind=row["kind"],
            total=row["total"],
            created_at=from_micros(row["created_at"]),
            items=tuple(item_from_json(each["key"], each["content"]) for each in items),
        )

    def mark_sent(self, sender: str, delivery_id: str) -> None:
        """Remove a delivery that the sender's server has taken; the sender works again."""
        with transaction(self._db):
            self._remove(sender, delivery_id)
            self._db.execute("DELETE FROM failing_senders WHERE sender = ?", (sender,))

    def drop_waiting(self, sender: str) -> int:
        """Drop the messages that wait for a sender, also those that are not due; return how many."""
        with self.exclusive(), transaction(self._db):
            self._db.execute("DELETE FROM failing_senders WHERE sender = ?", (sender,))
            return self._db.execute("DELETE FROM deliveries WHERE sender = ?", (sender,)).rowcount

    def _remove(self, sender: str, delivery_id: str) -> None:
        self._db.execute("DELETE FROM deliveries WHERE sender = ? AND delivery_id = ?", (sender, delivery_id))

    def mark_failed(self, sender: str, reason: str, *, now: datetime) -> None:
        """Store why a sender does not work, and double the pause before its next try, up to an hour."""
        with transaction(self._db):
            row = self._db.execute("SELECT * FROM failing_senders WHERE sender = ?", (sender,)).fetchone()
            attempts, since = (0, to_micros(now)) if row is None else (row["attempts"], row["since"])
            pause = min(_FIRST_PAUSE * 2 ** min(attempts, 10), _LONGEST_PAUSE)
            self._put("failing_senders", sender, attempts + 1, since, to_micros(now + pause), reason)

    def pauses(self, sender: str, *, now: datetime) -> bool:
        """Return whether a failing sender is not tried yet; a pause beyond the longest is of a clock that jumped."""
        query = "SELECT next_try_at FROM failing_senders WHERE sender = ?"
        row = self._db.execute(query, (sender,)).fetchone()
        return row is not None and now < from_micros(row["next_try_at"]) <= now + _LONGEST_PAUSE

    def open_counts(self) -> Mapping[str, int]:
        """Return how many alerts are open per rule, by name; also those of rules that alerts.toml no longer has."""
        query = "SELECT rule, count(*) FROM open_alerts GROUP BY rule ORDER BY rule"
        return dict(map(tuple, self._db.execute(query).fetchall()))

    def checked_rules(self) -> frozenset[str]:
        """Return the rules that were checked at least once."""
        return frozenset(rule for (rule,) in self._db.execute("SELECT rule FROM rules"))

    def waiting(self) -> Mapping[str, int]:
        """Return how many messages wait for each sender, also those that are not due."""
        query = "SELECT sender, count(*) FROM deliveries GROUP BY sender ORDER BY sender"
        return dict(map(tuple, self._db.execute(query).fetchall()))

    def waiting_since(self, sender: str, *, now: datetime) -> datetime:
        """Return when the first message that waits for a sender was recorded."""
        query = "SELECT created_at FROM deliveries WHERE sender = ? ORDER BY seq LIMIT 1"
        return min(now, from_micros(self._db.execute(query, (sender,)).fetchone()[0]))

    def failures(self, *, now: datetime) -> tuple[DeliveryFailure, ...]:
        """Return the senders that do not work, in order of name; none that has no messages."""
        rows = self._db.execute("SELECT * FROM failing_senders ORDER BY sender").fetchall()
        waiting = self.waiting()
        return tuple(
            DeliveryFailure(
                sender=row["sender"],
                reason=row["reason"],
                since=min(now, from_micros(row["since"])),
                waiting=waiting[row["sender"]],
            )
            for row in rows
            if row["sender"] in waiting
        )

    # Atom files.

    def write_feeds(self) -> None:
        """Write every Atom file that is not as the database says. The caller holds the lock."""
        for (rule,) in self._db.execute("SELECT rule FROM rules ORDER BY rule").fetchall():
            self._write_feed(rule)

    def _write_feed(self, rule: str) -> None:
        path = self.feed_path(rule)
        make_folder(path.parent, durability=self._durability)
        for unfinished in path.parent.glob(f".{path.name}.*"):  # of a killed process: nobody else writes here now
            unfinished.unlink()
        data = feed_bytes(self._feed(rule))
        if not path.exists() or path.read_bytes() != data:
            write_whole_file(path, data, durability=self._durability)

    def _feed(self, rule: str) -> Feed:
        row = self._rule(rule)
        rows = whole_rows(self._db, _MESSAGES_OF, (rule, _FEED_ENTRIES))
        return Feed(
            feed_id=row["feed_id"],
            title=row["title"],
            updated_at=from_micros(row["updated_at"]),
            entries=tuple(map(self._message, rows)),
        )


def _is_due(row: Row, now: datetime) -> bool:
    """Return whether the time of a message has come; a time that no policy gives is of a clock that jumped."""
    if row["delivery_id"] is not None:
        return True
    due = from_micros(row["due_at"])
    return due <= now or due - now > _LONGEST_WAIT


def _hash(rule: str, key: str) -> str:
    return hashlib.sha256(f"{rule}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _hashed(rule: str, items: Iterable[AlertItem]) -> list[MessageItem]:
    """Return the items with hashed keys, the first of each key."""
    found = (MessageItem(key=_hash(rule, each.key), item=clean_item(each)) for each in items)
    return list({each.key: each for each in reversed(list(found))}.values())[::-1]
