"""The Atom file of a rule (RFC 4287): its newest messages, for any feed reader.

The same messages give the same bytes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from newslake.pipeline.addons.alerts.message import SHOWN_ITEMS, Message

_TEMPLATE = "feed.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the Atom file of a rule has.

    ``feed_id`` is unique in the world. ``entries`` are the newest messages of the rule, the newest first.
    """

    feed_id: str
    title: str
    updated_at: datetime
    entries: tuple[Message, ...]


def feed_bytes(feed: Feed) -> bytes:
    """Return the Atom file."""
    return _template().render(feed=feed, shown=SHOWN_ITEMS).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("newslake.pipeline.addons.alerts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(timestamp=_timestamp, urn=_urn)
    environment.tests.update(web_address=_is_web_address)
    return environment.get_template(_TEMPLATE)


def _timestamp(at: datetime) -> str:
    """Return a time as RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _urn(value: str) -> str:
    """Return a UUID of 32 hexadecimal digits as an id of Atom."""
    return UUID(hex=value).urn


def _is_web_address(url: str | None) -> bool:
    """Return whether a link may be followed: the address of a page could be `javascript:` or no address at all."""
    try:
        return url is not None and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
