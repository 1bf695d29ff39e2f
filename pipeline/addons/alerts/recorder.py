"""What a check changes in the state of alerts: what opens, what is over, which rows are new, and the messages on it."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy, uncheckable
from newslake.pipeline.addons.alerts.message import (
    SHOWN_ITEMS,
    MessageItem,
    MessageKind,
    clean_item,
    due_at,
    item_from_json,
    item_to_json,
)
from newslake.pipeline.sqlite import from_micros, to_micros
from newslake.pipeline.store.side_state import SideRow, SideRows

FEED_ENTRIES = 100
_KEYS_AT_ONCE = 500  # of a statement
_OPEN = "SELECT * FROM alerts_open WHERE rule = ? ORDER BY key"
_RULE = "SELECT * FROM alerts_rules WHERE rule = ?"
_DROP_OLD = """DELETE FROM alerts_messages WHERE rule = ?
    AND NOT EXISTS (SELECT 1 FROM alerts_deliveries WHERE seq = alerts_messages.seq)
    AND seq NOT IN (SELECT seq FROM alerts_messages WHERE rule = ? ORDER BY seq DESC LIMIT ?)"""


def rule_row(rows: SideRows, rule: str) -> SideRow:
    """Return the row of a rule that was checked."""
    [row] = rows.fetch_whole(_RULE, rule)
    return row


class AlertRecorder:
    """Records the checks of one rule. Each call changes nothing if it comes again with the same check."""

    def __init__(self, rows: SideRows, policy: DeliveryPolicy, *, now: datetime) -> None:
        self._rows = rows
        self._policy = policy
        self._now = now

    def record(self, check: AlertCheck) -> None:
        """Store a check and queue the messages about it."""
        self._keep_rule()
        if check.error is None:
            self.close(check)
            self._report_rows(check)
        self._open(check)
        self.drop_old()

    def _keep_rule(self) -> None:
        rule = self._policy.rule
        known = self._rows.fetch(_RULE, rule)
        feed_id, updated_at = uuid.uuid4().hex, to_micros(self._now)
        if known:
            feed_id, updated_at = known[0]["feed_id"], known[0]["updated_at"]
        self._rows.put("alerts_rules", rule, feed_id, self._policy.title, updated_at)

    def close(self, check: AlertCheck) -> None:
        """Resolve the alerts that a check does not have."""
        keys = (*(each.key for each in check.items), *check.unlisted) if check.kind == "state" else ()
        there = {_hash(check.rule, key) for key in keys}
        over = []
        for row in self._rows.fetch_whole(_OPEN, check.rule):
            if row["key"] not in there:
                lasted = max(timedelta(0), self._now - from_micros(row["opened_at"]))
                item = item_from_json(row["key"], row["content"]).item
                over.append(MessageItem(key=row["key"], item=item, lasted=lasted))
                self._rows.execute("DELETE FROM alerts_open WHERE rule = ? AND key = ?", check.rule, row["key"])
        self._queue("resolved", over, len(over))

    def _open(self, check: AlertCheck) -> None:
        """Open the alerts of a check that are not open yet."""
        is_error = check.error is not None
        items: Sequence[AlertItem] = check.items if check.kind == "state" else ()
        if check.error is not None:
            items = (uncheckable(check.error),)
        known = {row["key"] for row in self._rows.fetch("SELECT key FROM alerts_open WHERE rule = ?", check.rule)}
        new = [each for each in _hashed(check.rule, items) if each.key not in known]
        at = to_micros(self._now)
        opened = [(check.rule, each.key, at, each.item.article_id, item_to_json(each.item)) for each in new]
        self._rows.add("alerts_open", opened)
        self._queue("error" if is_error else "opened", new, len(new))

    def _report_rows(self, check: AlertCheck) -> None:
        """Queue the rows that were not reported before; those that are not listed are only counted."""
        if check.kind != "rows":
            return
        listed = _hashed(check.rule, check.items)
        unlisted = (_hash(check.rule, key) for key in check.unlisted)
        new_keys = self._store_new(check.rule, list(dict.fromkeys((*(each.key for each in listed), *unlisted))))
        new = [each for each in listed if each.key in new_keys]
        self._queue("rows", new[:SHOWN_ITEMS], len(new_keys))

    def _store_new(self, rule: str, keys: Sequence[str]) -> frozenset[str]:
        """Store the hashes of rows; return those that were not stored before."""
        known: set[str] = set()
        for some in batched(keys, _KEYS_AT_ONCE, strict=False):
            marks = ", ".join("?" * len(some))
            query = f"SELECT key FROM alerts_reported_rows WHERE rule = ? AND key IN ({marks})"  # noqa: S608 - only marks
            known.update(row["key"] for row in self._rows.fetch(query, rule, *some))
        new = [key for key in keys if key not in known]
        self._rows.add("alerts_reported_rows", [(rule, key) for key in new])
        return frozenset(new)

    def _queue(self, kind: MessageKind, items: Sequence[MessageItem], total: int) -> None:
        """Add a message for the Atom file and for each sender; none if it has no items."""
        if total == 0:
            return
        policy, at, due = self._policy, to_micros(self._now), due_at(self._policy, self._now)
        message_id, seq = uuid.uuid4().hex, self._rows.next_seq()
        self._rows.put("alerts_messages", seq, message_id, policy.rule, policy.title, kind, total, at)
        self._rows.add(
            "alerts_items",
            [
                (seq, position, each.key, each.item.article_id, item_to_json(each.item, lasted=each.lasted))
                for position, each in enumerate(items)
            ],
        )
        fixed = (None, message_id) if due is None else (to_micros(due), None)
        self._rows.add("alerts_deliveries", [(seq, sender, at, *fixed) for sender in dict.fromkeys(policy.senders)])
        earlier = rule_row(self._rows, policy.rule)
        self._rows.put("alerts_rules", policy.rule, earlier["feed_id"], policy.title, max(earlier["updated_at"], at))

    def drop_old(self) -> None:
        """Delete the messages that every sender has, except those of the Atom file."""
        rule = self._policy.rule
        self._rows.execute(_DROP_OLD, rule, rule, FEED_ENTRIES)
        self._rows.execute("DELETE FROM alerts_items WHERE seq NOT IN (SELECT seq FROM alerts_messages)")


def _hash(rule: str, key: str) -> str:
    return hashlib.sha256(f"{rule}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _hashed(rule: str, items: Iterable[AlertItem]) -> list[MessageItem]:
    """Return the items with hashed keys, the first of each key."""
    hashed = (MessageItem(key=_hash(rule, each.key), item=clean_item(each)) for each in items)
    return list({each.key: each for each in reversed(list(hashed))}.values())[::-1]
