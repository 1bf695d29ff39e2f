"""What alerts store: the tables of their state, which is in both stores (``newslake.pipeline.store.side_state``).

Each row ends with its checksum, because no other file has the same data. Times are microseconds since 1970, for people:
messages are in the order of ``seq``, so that a clock that jumps changes no order. A ``key`` is a hash.
"""

from typing import Final

from newslake.pipeline.model import file_name_of
from newslake.pipeline.store.side_state import (
    INTEGER,
    OPTIONAL_INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    SideSchema,
    SideTable,
)
from newslake.pipeline.store.sqlite_side_state import database_of

_RULES = SideTable(
    name="alerts_rules",
    key=("rule",),
    columns={"rule": TEXT, "feed_id": TEXT, "title": TEXT, "updated_at": INTEGER},  # the Atom file; its newest message
)
_OPEN = SideTable(
    name="alerts_open",
    key=("rule", "key"),
    columns={"rule": TEXT, "key": TEXT, "opened_at": INTEGER, "article_id": OPTIONAL_TEXT, "content": TEXT},
)
_REPORTED_ROWS = SideTable(name="alerts_reported_rows", key=("rule", "key"), columns={"rule": TEXT, "key": TEXT})
_MESSAGES = SideTable(
    name="alerts_messages",
    key=("seq",),
    columns={
        "seq": INTEGER,
        "message_id": TEXT,
        "rule": TEXT,
        "title": TEXT,
        "kind": TEXT,
        "total": INTEGER,
        "created_at": INTEGER,
    },
    indexes=(("rule", "seq"),),
)
_ITEMS = SideTable(
    name="alerts_items",
    key=("seq", "position"),
    columns={"seq": INTEGER, "position": INTEGER, "key": TEXT, "article_id": OPTIONAL_TEXT, "content": TEXT},
)
# A row waits for its sender; it is deleted when it is sent. delivery_id is set when its content is fixed.
_DELIVERIES = SideTable(
    name="alerts_deliveries",
    key=("seq", "sender"),
    columns={
        "seq": INTEGER,
        "sender": TEXT,
        "created_at": INTEGER,
        "due_at": OPTIONAL_INTEGER,
        "delivery_id": OPTIONAL_TEXT,
    },
)
_FAILING_SENDERS = SideTable(
    name="alerts_failing_senders",
    key=("sender",),
    columns={"sender": TEXT, "attempts": INTEGER, "since": INTEGER, "next_try_at": INTEGER, "reason": TEXT},
)
ALERTS = database_of("alerts")
ALERT_STATE: Final = SideSchema(
    name="alerts",
    tables=(_RULES, _OPEN, _REPORTED_ROWS, _MESSAGES, _ITEMS, _DELIVERIES, _FAILING_SENDERS),
    folder="feeds",
    advice="restore it from a backup: no other file says which messages wait to be sent; without a backup, delete it "
    "and run `newslake lake repair --give-up alerts/alerts.sqlite`: open alerts, and the rows of each rule's window, "
    "are then reported once more",
)


def feed_name(rule: str) -> str:
    """Return the name of the Atom file of a rule."""
    return f"{file_name_of(rule)}.xml"
