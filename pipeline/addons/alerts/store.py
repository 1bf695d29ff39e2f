"""The state of alerts: what is open, which rows were reported, and the messages that wait for their senders.

One lock serves checks, deliveries and takedowns: two processes do nothing twice. Everything is in the order in which it
was recorded, so that a clock that jumps neither repeats nor loses a message.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from newslake.pipeline.addons.alerts.alert import AlertCheck, DeliveryPolicy
from newslake.pipeline.addons.alerts.atom import Feed, feed_bytes
from newslake.pipeline.addons.alerts.message import Delivery, Message, bundle_id, compose, item_from_json
from newslake.pipeline.addons.alerts.recorder import FEED_ENTRIES, AlertRecorder, rule_row
from newslake.pipeline.addons.alerts.state import ALERT_STATE, feed_name
from newslake.pipeline.jobs.inventory import note_stores
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.sqlite import from_micros, to_micros
from newslake.pipeline.store.side_state import SideLock, SideRow, SideRows, SideState

log = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(
    hours=50
)  # of a digest and quiet hours, with a change of summer time; longer: the clock jumped
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_MESSAGES_OF = "SELECT * FROM alerts_messages WHERE rule = ? ORDER BY seq DESC LIMIT ?"
_OPEN_COUNTS = "SELECT rule, count(*) AS alerts FROM alerts_open GROUP BY rule ORDER BY rule"
_WAITING = "SELECT sender, count(*) AS messages FROM alerts_deliveries GROUP BY sender ORDER BY sender"
_FAILING = "SELECT * FROM alerts_failing_senders WHERE sender = ?"
_UNSEALED = """SELECT alerts_deliveries.*, rule, message_id FROM alerts_deliveries JOIN alerts_messages USING (seq)
    ORDER BY sender, rule, seq"""
_NEXT = "SELECT delivery_id FROM alerts_deliveries WHERE sender = ? AND delivery_id IS NOT NULL ORDER BY seq LIMIT 1"
_MESSAGES_IN = """SELECT alerts_messages.* FROM alerts_messages JOIN alerts_deliveries USING (seq)
    WHERE sender = ? AND delivery_id = ? ORDER BY seq"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure:
    """A sender that does not work: why, since when, and how many messages wait for it."""

    sender: str
    reason: str
    since: datetime
    waiting: int


def state_of(workspace: Workspace) -> SideState:
    """Return the state of alerts, which may not exist yet. Raises: MissingStoreError if it was there and is missing."""
    return workspace.store.side_state(ALERT_STATE)


def open_alert_store(workspace: Workspace) -> "AlertStore":
    """Return the state of alerts. Raises: MissingStoreError if it was there and is missing."""
    store = AlertStore(state_of(workspace))
    store.open()
    note_stores(workspace.settings)
    return store


def write_feeds_again(workspace: Workspace) -> None:
    """Write the Atom files that a takedown deleted, without its articles; nothing if there are no alerts."""
    if state_of(workspace).has_rows():
        store = open_alert_store(workspace)
        with store.exclusive():
            store.write_feeds()


class AlertStore:
    """The state of alerts, with an Atom file per rule.

    Several processes may use it at once, each with another store; so may threads.
    Raises: BrokenDatabaseError, BusyDatabaseError, StoreError, OSError.
    """

    def __init__(self, state: SideState) -> None:
        self._state = state
        self._lock: SideLock | None = None  # while this store holds it

    def open(self) -> None:
        """Create the database unless it exists."""
        self._state.open()

    def feed_place(self, rule: str) -> str:
        """Return the path or the key of the Atom file of a rule."""
        return self._state.file_place(feed_name(rule))

    def feed(self, rule: str) -> bytes | None:
        """Return the Atom file of a rule; None if it has none yet."""
        return self._state.file(feed_name(rule))

    @contextmanager
    def exclusive(self) -> Iterator[SideLock]:
        """Hold the lock of the alerts, which a child process may inherit; yield it. It may be nested.

        Hold it from before the tables are read until ``record``: a takedown erases from the tables, then waits for the
        lock to erase from the alerts, so that no check records what was deleted since it read.
        """
        if self._lock is not None:
            yield self._lock
            return
        with self._state.exclusive() as lock:
            self._lock = lock
            try:
                yield lock
            finally:
                self._lock = None

    # Checks.

    def record(self, check: AlertCheck, policy: DeliveryPolicy, *, now: datetime) -> None:
        """Store a check and queue the messages about it, in one transaction; then write the Atom file.

        New items of a state are one message, items that are over another one, new rows a third. A check with an error
        changes no open alert: that the rule cannot be checked is an alert itself.
        """
        with self.exclusive() as lock:
            self._state.change(lambda rows: AlertRecorder(rows, policy, now=now).record(check), lock=lock)
            self._write_feed(check.rule, lock)

    def close_removed(self, rules: Collection[str], *, now: datetime) -> Mapping[str, int]:
        """Resolve the open alerts of all rules but these; return how many of which rule.

        Only their Atom files say it: without its rule, nobody knows whom to send it.
        """

        def close(rows: SideRows) -> None:
            for rule in removed:
                policy = DeliveryPolicy(
                    rule=rule, title=rule_row(rows, rule)["title"], senders=(), quiet_hours=None, digest_at=None
                )
                recorder = AlertRecorder(rows, policy, now=now)
                recorder.close(AlertCheck(rule=rule, kind="state", items=()))
                recorder.drop_old()

        with self.exclusive() as lock:
            removed = {rule: count for rule, count in self.open_counts().items() if rule not in rules}
            if removed:
                self._state.change(close, lock=lock)
        return removed

    # Deliveries. The caller holds the lock.

    def seal(self, *, now: datetime) -> None:
        """Fix what each message that waited for a time, and is due, says: those of one rule and time become one.

        A message is also due before a later one of its rule, so that no clock changes their order.
        """
        self._state.change(partial(_seal, now=now), lock=self._lock)

    def next_delivery(self, sender: str) -> Delivery | None:
        """Return what a sender gets next, in the order of recording; None if nothing is due.

        Messages that came to nothing while they waited are removed.
        """

        def read(rows: SideRows) -> tuple[str, Delivery | None] | None:
            if not (first := rows.fetch(_NEXT, sender)):
                return None
            delivery_id = first[0]["delivery_id"]
            messages = [_message(rows, row) for row in rows.fetch_whole(_MESSAGES_IN, sender, delivery_id)]
            return delivery_id, compose(messages, delivery_id=delivery_id)

        while (pair := self._state.read(read)) is not None:
            delivery_id, delivery = pair
            if delivery is not None:
                return delivery
            self._state.change(partial(_remove, sender=sender, delivery_id=delivery_id), lock=self._lock)
        return None

    def begin_sending(self, sender: str, delivery_id: str, *, seconds: float) -> float:
        """Note that a delivery is on its way for at most some seconds; return 0.0.

        If a process that has lost the lock may still be sending it, return the seconds to wait.
        """
        with self.exclusive() as lock:
            return self._state.begin_effect(sender, delivery_id, lock=lock, seconds=seconds)

    def mark_sent(self, sender: str, delivery_id: str) -> None:
        """Remove a delivery that the sender's server has taken; the sender works again."""

        def mark(rows: SideRows) -> None:
            _remove(rows, sender=sender, delivery_id=delivery_id)
            rows.execute("DELETE FROM alerts_failing_senders WHERE sender = ?", sender)

        self._state.change(mark, lock=None)  # it is sent, whoever has the lock now

    def drop_waiting(self, sender: str) -> int:
        """Drop the messages that wait for a sender, also those that are not due; return how many."""

        def drop(rows: SideRows) -> None:
            rows.execute("DELETE FROM alerts_failing_senders WHERE sender = ?", sender)
            rows.execute("DELETE FROM alerts_deliveries WHERE sender = ?", sender)

        with self.exclusive() as lock:
            count = self.waiting().get(sender, 0)
            self._state.change(drop, lock=lock)
        return count

    def mark_failed(self, sender: str, reason: str, *, now: datetime) -> None:
        """Store why a sender does not work, and double the pause before its next try, up to an hour."""
        failures = self._state.read(lambda rows: rows.fetch(_FAILING, sender))
        attempts, since = (failures[0]["attempts"], failures[0]["since"]) if failures else (0, to_micros(now))
        pause = min(_FIRST_PAUSE * 2 ** min(attempts, 10), _LONGEST_PAUSE)
        row = (sender, attempts + 1, since, to_micros(now + pause), reason)
        self._state.change(lambda rows: rows.put("alerts_failing_senders", *row), lock=None)

    def pauses(self, sender: str, *, now: datetime) -> bool:
        """Return whether a failing sender is not tried yet; a pause beyond the longest is of a clock that jumped."""
        failures = self._state.read(lambda rows: rows.fetch(_FAILING, sender))
        return bool(failures) and now < from_micros(failures[0]["next_try_at"]) <= now + _LONGEST_PAUSE

    def open_counts(self) -> Mapping[str, int]:
        """Return how many alerts are open per rule, by name; also those of rules that alerts.toml no longer has."""
        return {row["rule"]: row["alerts"] for row in self._state.read(lambda rows: rows.fetch(_OPEN_COUNTS))}

    def checked_rules(self) -> frozenset[str]:
        """Return the rules that were checked at least once."""
        return frozenset(
            row["rule"] for row in self._state.read(lambda rows: rows.fetch("SELECT rule FROM alerts_rules"))
        )

    def waiting(self) -> Mapping[str, int]:
        """Return how many messages wait for each sender, also those that are not due."""
        return {row["sender"]: row["messages"] for row in self._state.read(lambda rows: rows.fetch(_WAITING))}

    def waiting_since(self, sender: str, *, now: datetime) -> datetime:
        """Return when the first message that waits for a sender was recorded."""
        query = "SELECT created_at FROM alerts_deliveries WHERE sender = ? ORDER BY seq LIMIT 1"
        [row] = self._state.read(lambda rows: rows.fetch(query, sender))
        return min(now, from_micros(row["created_at"]))

    def failures(self, *, now: datetime) -> tuple[DeliveryFailure, ...]:
        """Return the senders that do not work, in order of name; none that has no messages."""
        failing = self._state.read(lambda rows: rows.fetch("SELECT * FROM alerts_failing_senders ORDER BY sender"))
        waiting = self.waiting()
        return tuple(
            DeliveryFailure(
                sender=row["sender"],
                reason=row["reason"],
                since=min(now, from_micros(row["since"])),
                waiting=waiting[row["sender"]],
            )
            for row in failing
            if row["sender"] in waiting
        )

    # Atom files.

    def write_feeds(self) -> None:
        """Write every Atom file that is not as the database says."""
        with self.exclusive() as lock:
            for rule in sorted(self.checked_rules()):
                self._write_feed(rule, lock)

    def _write_feed(self, rule: str, lock: SideLock) -> None:
        """Write an Atom file. A bucket that fails stops no message: the next check writes the file."""
        error = self._state.write_file(feed_name(rule), lambda rows: feed_bytes(_feed(rows, rule)), lock=lock)
        if error is not None:
            log.warning("the Atom file of rule %s is not written; the next check writes it: %s", rule, error)


def _seal(rows: SideRows, *, now: datetime) -> None:
    for _, group in groupby(rows.fetch(_UNSEALED), key=lambda row: (row["sender"], row["rule"])):
        waiting = list(group)
        last = max((row["seq"] for row in waiting if _is_due(row, now)), default=0)
        due = [row for row in waiting if row["delivery_id"] is None and row["seq"] <= last]
        for _, members in groupby(due, key=lambda row: row["due_at"]):
            _bundle(rows, list(members))


def _bundle(rows: SideRows, members: Sequence[SideRow]) -> None:
    delivery_id = bundle_id(row["message_id"] for row in members)
    for row in members:
        rows.put("alerts_deliveries", row["seq"], row["sender"], row["created_at"], row["due_at"], delivery_id)


def _is_due(row: SideRow, now: datetime) -> bool:
    """Return whether the time of a message has come; a time that no policy gives is of a clock that jumped."""
    if row["delivery_id"] is not None:
        return True
    due = from_micros(row["due_at"])
    return due <= now or due - now > _LONGEST_WAIT


def _message(rows: SideRows, row: SideRow) -> Message:
    items = rows.fetch_whole("SELECT * FROM alerts_items WHERE seq = ? ORDER BY position", row["seq"])
    return Message(
        message_id=row["message_id"],
        title=row["title"],
        kind=row["kind"],
        total=row["total"],
        created_at=from_micros(row["created_at"]),
        items=tuple(item_from_json(each["key"], each["content"]) for each in items),
    )


def _remove(rows: SideRows, *, sender: str, delivery_id: str) -> None:
    rows.execute("DELETE FROM alerts_deliveries WHERE sender = ? AND delivery_id = ?", sender, delivery_id)


def _feed(rows: SideRows, rule: str) -> Feed:
    row = rule_row(rows, rule)
    messages = rows.fetch_whole(_MESSAGES_OF, rule, FEED_ENTRIES)
    return Feed(
        feed_id=row["feed_id"],
        title=row["title"],
        updated_at=from_micros(row["updated_at"]),
        entries=tuple(_message(rows, each) for each in messages),
    )
