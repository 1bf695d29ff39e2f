"""Values of listings: links as absolute URLs, dates as UTC, text on one line; and a check for hostile XML."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urljoin, urlsplit

from newslake.pipeline.model import browser_url, canonical_url
from newslake.pipeline.model.identity import URL_MAX_CHARS, without_anchor
from newslake.pipeline.unicode import to_well_formed

_GROWTH_MAX = 9  # one character may be three bytes, each three characters when it is encoded
_NOT_IN_HOST = re.compile(r"[\x00-\x20\x7f\\]")


def absolute_url(link: str, *, base: str | None = None) -> str | None:
    """Return the http(s) URL of a link as browsers read it; None if it has no host, or is too long when encoded.

    Its fragment is removed, except the route of an application ("#!/story/1").
    """
    link = browser_url(link)
    if not link or len(link) > URL_MAX_CHARS:
        return None
    try:
        url = urljoin(base, link) if base else link
        parts = urlsplit(url)
        url.encode()
        has_port = parts.port is None or parts.port > 0
    except ValueError:  # a broken IPv6 host or port, a lone surrogate
        return None
    if parts.scheme.lower() not in ("http", "https") or not (parts.hostname or "").strip(".") or not has_port:
        return None
    if _NOT_IN_HOST.search(parts.netloc) or (_GROWTH_MAX * len(url) > URL_MAX_CHARS and _is_too_long(url)):
        return None
    return without_anchor(url)


def _is_too_long(url: str) -> bool:
    try:
        return len(url) > URL_MAX_CHARS or not canonical_url(url)
    except ValueError:
        return True


def one_line(text: str | None) -> str | None:
    """Return a text with single spaces, as valid Unicode; None if it is empty."""
    return " ".join(to_well_formed(text or "").split()) or None


# Dates.

Precision = Literal["second", "day"]
_DAY_ONLY = re.compile(r"\d{4}-?\d{2}-?\d{2}", re.ASCII)
_EARLIEST_YEAR = 1600  # the first newspapers; before it a date is a mistake


def parse_iso(text: str) -> tuple[datetime, Precision]:
    """Return an ISO 8601 date or time as UTC with its precision. A time without a zone is taken as UTC.

    Raises: ValueError.
    """
    text = text.strip()
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error
    return moment, "day" if _DAY_ONLY.fullmatch(text) else "second"


def listed_date(text: str | None, *, now: datetime) -> tuple[datetime | None, Precision | None]:
    """Return the date in a listing; (None, None) if it has no plausible date."""
    if not text:
        return None, None
    try:
        moment, precision = parse_iso(text)
    except ValueError:
        return None, None
    return (moment, precision) if is_plausible(moment, now=now) else (None, None)


def is_plausible(moment: datetime, *, now: datetime) -> bool:
    """Return whether a publication date is plausible: not before the first newspapers, not later than tomorrow."""
    return moment.year >= _EARLIEST_YEAR and moment <= now + timedelta(days=1)


# XML with entity declarations is refused before parsing.

_DOCTYPE, _ENTITY = (re.compile(mark, re.IGNORECASE) for mark in ("<!DOCTYPE", "<!ENTITY"))
_DOCTYPE_BYTES, _ENTITY_BYTES = (re.compile(mark, re.IGNORECASE) for mark in (b"<!DOCTYPE", b"<!ENTITY"))


def declares_entities(document: str | bytes) -> bool:
    """Return whether a document has a DOCTYPE and an entity declaration; bytes in any encoding that preserves ASCII."""
    if isinstance(document, str):
        return bool(_DOCTYPE.search(document) and _ENTITY.search(document))
    if b"\0" in document[:8]:  # UTF-16, UTF-32
        document = document.replace(b"\0", b"")
    return bool(_DOCTYPE_BYTES.search(document) and _ENTITY_BYTES.search(document))
