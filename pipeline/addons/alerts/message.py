"""Messages about alerts: when one is due, what several that waited together say, and their text.

Pure functions. The text of an item comes from a check, and may quote an article.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, uuid4, uuid5
from zoneinfo import ZoneInfo

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy, uncheckable
from newslake.pipeline.model import pluralize
from newslake.pipeline.unicode import to_well_formed

MessageKind = Literal["opened", "resolved", "rows", "error"]
SHOWN_ITEMS = 20
_TITLE_LETTERS, _DETAIL_LETTERS = 200, 1000
_NAMESPACE = uuid5(NAMESPACE_URL, "https://newslake.example/alerts")
_LINE_BREAKS = re.compile(r"\s+")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")  # no text for people; XML forbids most
_PREFIXES = {"opened": "", "resolved": "Resolved: ", "rows": "", "error": ""}
_NOUNS = {"opened": "alert", "resolved": "alert", "rows": "new row", "error": "alert"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageItem:
    """An item in a message. ``key`` is a hash; ``lasted`` is how long a resolved alert was open."""

    key: str
    item: AlertItem
    lasted: timedelta | None = None

    @property
    def line(self) -> str:
        """The title, for a resolved alert with how long it lasted."""
        return self.item.title if self.lasted is None else f"{self.item.title} (lasted {_duration_text(self.lasted)})"

    @property
    def links(self) -> tuple[str, ...]:
        """The link to the article page in Newsroom, that to the publisher's page, and the command, as far as known."""
        return tuple(filter(None, (self.item.receipt, self.item.article_url, self.item.command)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: ``items`` are the first of ``total``. ``message_id`` stays the same when it is sent again."""

    message_id: str
    title: str
    kind: MessageKind
    total: int
    created_at: datetime
    items: tuple[MessageItem, ...]

    @property
    def subject(self) -> str:
        """One line: the title of the rule, and the item or the number of items."""
        is_one = self.total == 1 and self.items
        what = self.items[0].line if is_one else pluralize(self.total, _NOUNS[self.kind])
        return f"{_PREFIXES[self.kind]}{self.title}: {what}"

    @property
    def count(self) -> str:
        """The number of items with its noun, such as "2 alerts resolved"."""
        suffix = " resolved" if self.kind == "resolved" else ""
        return pluralize(self.total, _NOUNS[self.kind]) + suffix

    @property
    def unlisted(self) -> int:
        """The number of items that are only counted."""
        return self.total - len(self.items[:SHOWN_ITEMS])

    @property
    def body(self) -> str:
        """The items with their links, and how many more there are."""
        parts = [_item_text(each) for each in self.items[:SHOWN_ITEMS]]
        if self.unlisted > 0:
            parts.append(f"and {self.unlisted:,} more")
        return "\n\n".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one sender gets as one message. ``delivery_id`` stays the same when it is sent again."""

    delivery_id: str
    subject: str
    body: str
    kind: MessageKind


def compose(messages: Sequence[Message], *, delivery_id: str) -> Delivery | None:
    """Return what messages of one rule say together, after they waited; None if nothing is left.

    An alert that was opened and resolved while they waited is left out.
    """
    left = _without_pairs(messages)
    joined = [_join([each for each in left if each.kind == kind]) for kind in dict.fromkeys(each.kind for each in left)]
    if not joined:
        return None
    if len(joined) == 1:
        return Delivery(delivery_id=delivery_id, subject=joined[0].subject, body=joined[0].body, kind=joined[0].kind)
    return Delivery(
        delivery_id=delivery_id,
        subject=f"{joined[-1].title}: {', '.join(each.count for each in joined)}",
        body="\n\n\n".join(f"{each.subject}\n\n{each.body}" for each in joined),
        kind=joined[0].kind,
    )


def trial_delivery(check: AlertCheck, *, title: str, now: datetime) -> Delivery:
    """Return the items of a check as a test message; a test item if it has none."""
    kind: MessageKind = "opened" if check.kind == "state" else "rows"
    items, total = check.items, check.total
    if check.error is not None:
        kind, items, total = "error", (uncheckable(check.error),), 1
    elif not items:
        kind, items, total = "rows", (AlertItem(key="test", title="a test message; the rule finds nothing now"),), 1
    message = Message(
        message_id=uuid4().hex,
        title=f"Test: {title}",
        kind=kind,
        total=total,
        created_at=now,
        items=tuple(MessageItem(key=each.key, item=clean_item(each)) for each in items),
    )
    return Delivery(delivery_id=message.message_id, subject=message.subject, body=message.body, kind=kind)


def bundle_id(message_ids: Iterable[str]) -> str:
    """Return the id of messages that are sent as one, always the same."""
    return uuid5(_NAMESPACE, " ".join(message_ids)).hex


def _without_pairs(messages: Sequence[Message]) -> list[Message]:
    """Return the messages without the alerts that one of them opens and a later one resolves."""
    opened: dict[str, list[tuple[int, int]]] = {}
    dropped: set[tuple[int, int]] = set()
    for number, message in enumerate(messages):
        for position, each in enumerate(message.items):
            if message.kind in ("opened", "error"):
                opened.setdefault(each.key, []).append((number, position))
            elif message.kind == "resolved" and opened.get(each.key):
                dropped |= {opened[each.key].pop(), (number, position)}
    left = (_without(message, number, dropped) for number, message in enumerate(messages))
    return [each for each in left if each.total > 0]


def _without(message: Message, number: int, dropped: set[tuple[int, int]]) -> Message:
    items = tuple(each for position, each in enumerate(message.items) if (number, position) not in dropped)
    return replace(message, items=items, total=message.total - len(message.items) + len(items))


def _join(messages: Sequence[Message]) -> Message:
    items = tuple(each for message in messages for each in message.items)
    return replace(messages[-1], items=items, total=sum(message.total for message in messages))


def _item_text(each: MessageItem) -> str:
    at = each.item.at
    time_line = () if at is None else (f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",)
    lines = [f"- {each.line}", *each.item.detail.splitlines(), *time_line, *each.links]
    return "\n  ".join(lines)


def _duration_text(duration: timedelta) -> str:
    """Return a duration with its two largest units."""
    minutes = int(duration.total_seconds()) // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{pluralize(days, 'day')} {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


# When a message is due.


def due_at(policy: DeliveryPolicy, now: datetime) -> datetime | None:
    """Return when a message of now is sent, in UTC: the time of the digest or the end of quiet hours; None is at once.

    A digest whose time is within the quiet hours waits for their end.
    """
    zone = ZoneInfo(policy.time_zone)
    when = None if policy.digest_at is None else _next(policy.digest_at, now, zone, folds=(0,))
    if policy.quiet_hours is None or not _is_within(policy.quiet_hours, (when or now).astimezone(zone)):
        return when
    return _next(policy.quiet_hours[1], when or now, zone, folds=(0, 1))


def _is_within(hours: tuple[time, time], local: datetime) -> bool:
    begin, end = hours
    at = local.time()
    return begin <= at < end if begin <= end else at >= begin or at < end


def _next(at: time, now: datetime, zone: ZoneInfo, *, folds: Iterable[int]) -> datetime:
    """Return the first moment after now with this local time.

    A time that summer time skips is an hour later; one that comes twice is in ``folds``, 0 for the first.
    """
    today = now.astimezone(zone).date()
    moments = (_moment(today + timedelta(days=step), at, zone, fold) for step in (0, 1, 2) for fold in folds)
    return min(each for each in moments if each > now)


def _moment(day: date, at: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).replace(fold=fold).astimezone(UTC)


# Items as JSON, in the database.


def clean_item(item: AlertItem) -> AlertItem:
    """Return an item whose texts every sender and XML accept: without control characters, and not long.

    Title and links are of one line. A time without a zone is taken as UTC.
    """
    return replace(
        item,
        title=_shorten(_line(item.title), _TITLE_LETTERS),
        detail=_shorten(_clean(item.detail), _DETAIL_LETTERS),
        at=item.at.replace(tzinfo=UTC) if item.at is not None and item.at.tzinfo is None else item.at,
        article_url=item.article_url and _line(item.article_url),
        receipt=item.receipt and _line(item.receipt),
        command=item.command and _line(item.command),
    )


def _line(text: str) -> str:
    """Return a text as one line: a second one could pass for another item of a message."""
    return _LINE_BREAKS.sub(" ", _clean(text)).strip()


def _shorten(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 3]}..."


def _clean(text: str) -> str:
    return _NOT_XML.sub("", to_well_formed(text))


def item_to_json(item: AlertItem, *, lasted: timedelta | None = None) -> str:
    at, seconds = item.at and item.at.isoformat(), None if lasted is None else lasted.total_seconds()
    values = {**asdict(item), "at": at, "lasted": seconds, "key": None}
    return json.dumps({name: value for name, value in values.items() if value is not None}, ensure_ascii=False)


def item_from_json(key: str, text: str) -> MessageItem:
    values = json.loads(text)
    lasted, at = values.pop("lasted", None), values.pop("at", None)
    item = AlertItem(key=key, at=None if at is None else datetime.fromisoformat(at), **values)
    return MessageItem(key=key, item=item, lasted=None if lasted is None else timedelta(seconds=lasted))
