"""The facts about a local page: what its sidecar or line gives, else what the marks in the page say."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newslake.pipeline.model import Hints
from newslake.pipeline.sources.feeds import language_of
from newslake.pipeline.sources.normalize import Precision, absolute_url, is_plausible, parse_iso
from newslake.pipeline.sources.page_marks import PageMarks

PAGE_SUFFIXES = (".html", ".htm", ".txt")
_NAMES = ("url", "title", "published_at", "fetched_at", "publisher", "language")  # keys of a sidecar
# The keys of a line or row, each with its usual names in lower case; the first one with a value counts.
KEYS: Mapping[str, Sequence[str]] = {
    "url": ("url", "link", "page_url", "article_url", "source_url", "web_url", "canonical_url"),
    "title": ("title", "headline"),
    "published_at": (
        "published_at",
        "published",
        "date",
        "publish_date",
        "published_date",
        "publication_date",
        "pubdate",
    ),
    "fetched_at": ("fetched_at", "saved_at", "retrieved_at", "crawled_at", "scraped_at", "download_date"),
    "publisher": ("publisher", "outlet", "publication", "newspaper"),
    "language": ("language", "lang"),
    "html": ("html", "raw_html"),
    "text": ("text", "content", "body", "article", "full_text", "article_text", "maintext"),
    "file": ("file", "path", "filename", "file_name"),
}
_TIMES = ("published_at", "fetched_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """The metadata of a local page. Times are UTC. ``fetched_at`` is None if nothing gives it."""

    url: str | None = None
    fetched_at: datetime | None = None
    hints: Hints = field(default_factory=lambda: Hints(date_method="given"))

    def with_marks(self, marks: PageMarks, *, now: datetime) -> "PageFacts":
        """Return these facts, and for what they lack the marks in the page, with the method of each."""
        facts = self
        if facts.url is None and marks.url is not None:
            facts = replace(facts, url=marks.url, hints=replace(facts.hints, url_method=marks.url_method))
        if facts.fetched_at is None and marks.fetched_at is not None and is_plausible(marks.fetched_at, now=now):
            hints = replace(facts.hints, fetched_at_method=marks.fetched_at_method)
            facts = replace(facts, fetched_at=marks.fetched_at, hints=hints)
        return facts

    def with_fetch_time(self, file_time: datetime) -> "PageFacts":
        """Return these facts; a page without a fetch time gets that of its file."""
        if self.fetched_at is not None:
            return self
        return replace(self, fetched_at=file_time, hints=replace(self.hints, fetched_at_method="file"))


def plausible_facts(facts: PageFacts, *, now: datetime) -> PageFacts:
    """Return metadata without a publication date that is not plausible."""
    published = facts.hints.published_at
    if published is None or is_plausible(published, now=now):
        return facts
    return replace(facts, hints=replace(facts.hints, published_at=None, published_precision=None))


def facts_of(stated: Mapping[str, object]) -> PageFacts:
    """Return the metadata in a JSON object; other keys are ignored.

    Raises: ValueError with the key of a value that is neither string nor null, a date that is not ISO 8601, or a URL
    that is not http(s).
    """
    texts = {name: text_of(stated, name) for name in _NAMES}
    published, fetched = moment_of(stated, "published_at"), moment_of(stated, "fetched_at")
    return PageFacts(
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


def named_values(stated: Mapping[str, object]) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Return the values of a line or row by the keys of ``KEYS``, and the times that are ignored, as text.

    A name other than the key itself ("date") only suggests what its value is: a time that is not ISO 8601 is then
    ignored, and any other value that is not a string is passed over.
    """
    there = {name.strip().lower(): stated[name] for name in reversed(tuple(stated))}
    values: dict[str, object] = {}
    ignored: list[str] = []
    for key, names in KEYS.items():
        candidates = {name: there.get(name) for name in names}
        name = next((name for name, value in candidates.items() if _is_value(value, key, name)), None)
        if name is None:
            continue
        if key in _TIMES and name != key and not _is_time(candidates[name]):
            ignored.append(str(candidates[name]))
        else:
            values[key] = candidates[name]
    return values, tuple(ignored)


def _is_value(value: object, key: str, name: str) -> bool:
    if name == key:
        return value is not None and value != ""
    return bool(value) and isinstance(value, (str, int, float) if key in _TIMES else str)


def _is_time(value: object) -> bool:
    try:
        parse_iso(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


def named_file(stated: Mapping[str, object], *, index: str) -> str | None:
    """Return the name of the page file that a line of an index names; None for a line that has its text.

    The line has it in ``file``, or in ``html`` in place of HTML; it is relative to the folder of the ``index``.
    Raises: ValueError for a file outside the source's folder.
    """
    html = text_of(stated, "html") or ""
    name = text_of(stated, "file") if not html and not text_of(stated, "text") else html
    if not name or "<" in name or not name.lower().endswith(PAGE_SUFFIXES):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(index), name.replace("\\", "/")))
    if path.startswith(("/", "../")):
        raise ValueError(f"{name[:200]!r} is outside the folder of {index}")
    return path


def text_of(stated: Mapping[str, object], name: str) -> str | None:
    """Return a string of the object; None if it is missing, null or empty. Raises: ValueError."""
    value = stated.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name!r} is {type(value).__name__}, not a string")
    return value or None


def moment_of(stated: Mapping[str, object], name: str) -> tuple[datetime, Precision] | None:
    """Return a time of the object with its precision; None if it is missing. Raises: ValueError if not ISO 8601."""
    text = text_of(stated, name)
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
