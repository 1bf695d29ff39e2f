"""What is stated beside a page: the fields of a sidecar and of a .jsonl line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model import Hints
from pipeline.sources.dates import Precision, parse_iso
from pipeline.sources.feeds import language_of
from pipeline.sources.normalize import absolute_url

NAMES = ("url", "title", "published_at", "fetched_at", "publisher", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a person or program stated of a local page. Times are UTC."""

    url: str | None = None
    fetched_at: datetime | None = None
    hints: Hints = field(default_factory=lambda: Hints(date_method="given"))


def facts_of(stated: Mapping[str, object]) -> Facts:
    """Return the facts in a JSON object; other keys are nobody's business here.

    Raises: ValueError that names the key: a value that is not a string or null, a date that is not ISO 8601,
    a URL that is not http(s).
    """
    texts = {name: text_of(stated, name) for name in NAMES}
    published = _moment(texts, "published_at")
    fetched = _moment(texts, "fetched_at")
    return Facts(
        url=_url(texts["url"]),
        fetched_at=fetched[0] if fetched else None,
        hints=Hints(
            title=texts["title"],
            published_at=published[0] if published else None,
            published_precision=published[1] if published else None,
            date_method="given",
            publisher=texts["publisher"],
            language=language_of(texts["language"]),
        ),
    )


def text_of(stated: Mapping[str, object], name: str) -> str | None:
    """Return a string of the object, None for a missing, null or empty one. Raises: ValueError."""
    value = stated.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name!r} is {type(value).__name__}, not a string")
    return value or None


def _moment(texts: Mapping[str, str | None], name: str) -> tuple[datetime, Precision] | None:
    text = texts[name]
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError as error:
        raise ValueError(f"{name!r} is {text[:60]!r}, not an ISO 8601 date") from error


def _url(text: str | None) -> str | None:
    if text is None:
        return None
    url = absolute_url(text)
    if url is None:
        raise ValueError(f"'url' is {text[:200]!r}, not an http(s) URL")
    return url
