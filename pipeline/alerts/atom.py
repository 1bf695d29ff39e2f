"""The Atom file of a rule (RFC 4287): its newest messages, for any feed reader.

The same messages give the same bytes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.alerts.message import SHOWN_ITEMS, Message

_NAMESPACE = uuid5(NAMESPACE_URL, "https://newslake.example/alerts/feeds")
_TEMPLATE = "feed.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the Atom file of a rule has: ``entries`` are its newest messages, the newest first."""

    rule: str
    title: str
    updated_at: datetime
    entries: tuple[Message, ...]


def feed_bytes(feed: Feed) -> bytes:
    """Return the Atom file."""
    return _template().render(feed=feed, shown=SHOWN_ITEMS).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.alerts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(timestamp=_timestamp, urn=_urn, feed_urn=_feed_urn)
    environment.tests.update(web_address=_is_web_address)
    return environment.get_template(_TEMPLATE)


def _timestamp(at: datetime) -> str:
    """Return a time as RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _urn(message_id: str) -> str:
    return UUID(hex=message_id).urn


def _feed_urn(rule: str) -> str:
    return uuid5(_NAMESPACE, rule).urn


def _is_web_address(url: str | None) -> bool:
    """Return whether a link may be followed: a page's own address could be `javascript:` or no address at all."""
    try:
        return url is not None and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
