"""Local files of pages: .html, .htm and .txt with one page each, .jsonl with one page per line, .urls with one link per
line. The metadata of a page (URL, dates, title, publisher, language) is in its sidecar or its .jsonl line.
"""

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pipeline.boundary import run_isolated
from pipeline.errors import BrokenListingError, NewsError
from pipeline.model import Hints, Page, Ref
from pipeline.sources.feeds import language_of
from pipeline.sources.listing import ListingEntry, LocalFile, ReadContext, failed_entry, open_file
from pipeline.sources.normalize import Precision, absolute_url, is_plausible, parse_iso
from pipeline.unicode import printable_path, well_formed_json

SIDECAR = ".json"
_SIDECAR_MAX_BYTES = 1_000_000
_CONTENT_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}
_URL_LINE_MAX_BYTES = 10_000
_ESCAPED = 6  # bytes that JSON may use for one byte ("\u0041")
_NAMES = ("url", "title", "published_at", "fetched_at", "publisher", "language")  # keys of a sidecar and a line
_REFETCH = "refetch_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """The given metadata of a local page. Times are UTC."""

    url: str | None = None
    fetched_at: datetime | None = None
    hints: Hints = field(default_factory=lambda: Hints(date_method="given"))


def read_page_file(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the page of one file; its sidecar has the same name with .json."""
    with open_file(file.path) as stream:
        body = stream.read(context.page_max_bytes + 1)
    if not body.strip():
        yield context.broken(file.name, reason="empty_file", detail="the file is empty")
        return
    if len(body) > context.page_max_bytes:
        detail = f"it has more than {context.page_max_bytes} bytes"
        yield context.broken(file.name, reason="file_too_large", detail=detail)
        return
    try:
        facts = _plausible(_sidecar(file.path.with_suffix(SIDECAR)), now=context.now)
    except ValueError as error:
        detail = f"its {SIDECAR} is invalid: {error}"
        yield context.broken(file.name, reason="broken_sidecar", detail=detail)
        return
    content_type = _CONTENT_TYPES[file.path.suffix.lower()]
    yield _local_entry(file.name, body, facts, content_type=content_type, context=context)


def _local_entry(where: str, body: bytes, facts: _Facts, *, content_type: str, context: ReadContext) -> ListingEntry:
    """Return the entry of a local page."""
    page = Page(
        url=facts.url,
        final_url=facts.url,
        status=200,
        headers={"content-type": content_type},
        body=body,
        fetched_at=facts.fetched_at or context.now,
        hints=facts.hints,
    )
    ref = Ref(source_key=context.source_key, url=facts.url, hints=facts.hints, file=where)
    return ListingEntry(ref=ref, page=page)


def _sidecar(path: Path) -> _Facts:
    """Return the metadata in the sidecar, empty without a sidecar. Raises: ValueError."""
    try:
        with open_file(path) as stream:
            stated = well_formed_json(json.loads(stream.read(_SIDECAR_MAX_BYTES).decode("utf-8-sig")))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return _Facts()
        raise
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(stated, dict):
        raise ValueError("not a JSON object")
    return _facts_of(stated)


def read_file(path: Path, *, hints: Hints, now: datetime, page_max_bytes: int = 10_000_000) -> Page:
    """Return one page file as a page; ``hints`` take precedence over the sidecar.

    Raises: BrokenListingError.
    """
    name = printable_path(path)
    if path.suffix.lower() not in _CONTENT_TYPES:
        known = ", ".join(_CONTENT_TYPES)
        raise BrokenListingError(f"{name}: its suffix is not one of {known}", key=name, reason="unknown_kind")
    context = ReadContext(source_key="", now=now, page_max_bytes=page_max_bytes)
    try:
        found = next(read_page_file(LocalFile(path=path.resolve(), name=name), context))
    except OSError as error:
        detail = f"{name} cannot be read ({error.strerror or error})"
        raise BrokenListingError(detail, key=name, reason="unreadable_file") from error
    if found.problem is not None or found.page is None:
        raise found.problem or AssertionError("neither page nor problem")
    given = {name: value for name in Hints.__slots__ if (value := getattr(hints, name)) is not None}
    return replace(found.page, hints=replace(found.page.hints, **given)) if hints != Hints() else found.page


# Files of lines.


def read_jsonl(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield one page per line: ``html``, else ``text``; a line with only a ``url`` is a link to fetch.

    ``refetch_after`` asks for a linked page that is archived already, unless it was fetched after that time.
    """
    return _each_line(file, context, _json_line, max_bytes=context.page_max_bytes * _ESCAPED)


def read_urls(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield one link to fetch per line; a line that starts with # is a comment."""
    return _each_line(file, context, _url_line, max_bytes=_URL_LINE_MAX_BYTES)


def read_line(line: bytes, name: str, context: ReadContext, *, suffix: str) -> ListingEntry | None:
    """Return the entry of one line of a file, like its reader; None for an empty line or a comment."""
    return _line(line, name, context, LINE_READERS[suffix])


def _each_line(
    file: LocalFile,
    context: ReadContext,
    parse: Callable[[str, str, ReadContext], ListingEntry | None],
    *,
    max_bytes: int,
) -> Iterator[ListingEntry]:
    is_empty = True
    with open_file(file.path) as stream:
        for number, line in enumerate(bounded_lines(stream, max_bytes), start=1):
            found = _line(line, f"{file.name}#{number}", context, parse)
            if found is not None:
                is_empty = False
                yield found
    if is_empty:
        yield context.broken(file.name, reason="empty_file", detail="the file has no line with a page")


def bounded_lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield each line; None for a line over the limit, which is skipped."""
    while line := stream.readline(max_bytes + 1):
        if len(line) <= max_bytes or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
        yield None


def _line(
    line: bytes | None, where: str, context: ReadContext, parse: Callable[[str, str, ReadContext], ListingEntry | None]
) -> ListingEntry | None:
    if line is None:
        return context.broken(where, reason="line_too_long", detail="the line is over the limit; skipped")
    found = run_isolated(partial(_parsed, line, where, context, parse), key=where)
    return failed_entry(context.source_key, where, found) if isinstance(found, NewsError) else found


def _parsed(
    line: bytes, where: str, context: ReadContext, parse: Callable[[str, str, ReadContext], ListingEntry | None]
) -> ListingEntry | None:
    try:
        text = line.decode("utf-8-sig").strip()
        return parse(text, where, context) if text else None
    except (ValueError, RecursionError) as error:
        return context.broken(where, reason="broken_line", detail=str(error))


def _url_line(text: str, where: str, context: ReadContext) -> ListingEntry | None:
    if text.startswith("#"):
        return None
    url = absolute_url(text)
    if url is None:
        return context.broken(where, reason="bad_url", detail=f"{text[:200]!r} is not an http(s) URL")
    return ListingEntry(ref=Ref(source_key=context.source_key, url=url))


def _json_line(text: str, where: str, context: ReadContext) -> ListingEntry:
    stated = well_formed_json(json.loads(text))
    if not isinstance(stated, dict):
        raise ValueError("the line is not a JSON object")
    facts = _plausible(_facts_of(stated), now=context.now)
    for name, content_type in (("html", "text/html; charset=utf-8"), ("text", "text/plain; charset=utf-8")):
        if page := _text_of(stated, name):
            body = page.encode()
            if len(body) > context.page_max_bytes:
                detail = f"its {name} has more than {context.page_max_bytes} bytes"
                return context.broken(where, reason="file_too_large", detail=detail)
            return _local_entry(where, body, facts, content_type=content_type, context=context)
    if facts.url is None:
        raise ValueError("'html', 'text' and 'url' are all missing")
    after = _moment({_REFETCH: _text_of(stated, _REFETCH)}, _REFETCH)
    ref = Ref(source_key=context.source_key, url=facts.url, hints=facts.hints, refetch_after=after and after[0])
    return ListingEntry(ref=ref)


LINE_READERS: Mapping[str, Callable[[str, str, ReadContext], ListingEntry | None]] = {
    ".jsonl": _json_line,
    ".urls": _url_line,
}


# Given metadata.


def _plausible(facts: _Facts, *, now: datetime) -> _Facts:
    """Return metadata without a publication date that is not plausible."""
    published = facts.hints.published_at
    if published is None or is_plausible(published, now=now):
        return facts
    return replace(facts, hints=replace(facts.hints, published_at=None, published_precision=None))


def _facts_of(stated: Mapping[str, object]) -> _Facts:
    """Return the metadata in a JSON object; other keys are ignored.

    Raises: ValueError with the key of a value that is neither string nor null, a date that is not ISO 8601, or a URL
    that is not http(s).
    """
    texts = {name: _text_of(stated, name) for name in _NAMES}
    published = _moment(texts, "published_at")
    fetched = _moment(texts, "fetched_at")
    return _Facts(
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


def _text_of(stated: Mapping[str, object], name: str) -> str | None:
    """Return a string of the object; None if it is missing, null or empty. Raises: ValueError."""
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
