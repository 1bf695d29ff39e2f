"""Local files of pages: .html, .htm and .txt with one page each, .jsonl with one page per line, .urls with one link per
line. The metadata of a page (URL, dates, title, publisher, language) is in its sidecar or its .jsonl line, else in its
own marks. A line may name a page file in place of a text.
"""

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenListingError, NewsError
from newslake.pipeline.model import Hints, Page, Ref
from newslake.pipeline.sources.listing import (
    FilePosition,
    ListingEntry,
    LocalFile,
    ReadContext,
    failed_entry,
    open_file,
)
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.sources.page_facts import (
    PageFacts,
    facts_of,
    moment_of,
    named_file,
    named_values,
    plausible_facts,
    text_of,
)
from newslake.pipeline.sources.page_marks import read_marks
from newslake.pipeline.unicode import printable_path, well_formed_json

SIDECAR = ".json"
_SIDECAR_MAX_BYTES = 1_000_000
_CONTENT_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}
_URL_LINE_MAX_BYTES = 10_000
_PIECE_BYTES = 1 << 20
_ESCAPED = 6  # bytes that JSON may use for one byte ("\u0041")


def read_page_file(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the page of one file; its sidecar has the same name with .json. A page that an index names is skipped."""
    if file.name not in context.indexed:
        yield from _read_page(file, replace(context, file=file))


def _read_page(file: LocalFile, context: ReadContext, *, line_facts: PageFacts | None = None) -> Iterator[ListingEntry]:
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
        facts = line_facts or plausible_facts(_sidecar(file.path.with_suffix(SIDECAR)), now=context.now)
    except ValueError as error:
        detail = f"its {SIDECAR} is invalid: {error}"
        yield context.broken(file.name, reason="broken_sidecar", detail=detail)
        return
    content_type = _CONTENT_TYPES[file.path.suffix.lower()]
    yield _local_entry(file.name, body, facts, content_type=content_type, context=context, place=file.place)


def _local_entry(
    where: str, body: bytes, facts: PageFacts, *, content_type: str, context: ReadContext, place: str = ""
) -> ListingEntry:
    """Return the entry of a local page. ``place`` is the path of its file."""
    if content_type.startswith("text/html"):
        facts = facts.with_marks(read_marks(body, place=place), now=context.now)
    facts = facts.with_fetch_time(context.file_time)
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


def _sidecar(path: Path) -> PageFacts:
    """Return the metadata in the sidecar, empty without a sidecar. Raises: ValueError."""
    try:
        with open_file(path) as stream:
            stated = well_formed_json(json.loads(stream.read(_SIDECAR_MAX_BYTES).decode("utf-8-sig")))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return PageFacts()
        raise
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(stated, dict):
        raise ValueError("not a JSON object")
    return facts_of(stated)


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
        entry = next(read_page_file(LocalFile(path=path.resolve(), name=name), context))
    except OSError as error:
        detail = f"{name} cannot be read ({error.strerror or error})"
        raise BrokenListingError(detail, key=name, reason="unreadable_file") from error
    if entry.problem is not None or entry.page is None:
        raise entry.problem or AssertionError("neither page nor problem")
    values = {name: value for name in Hints.__slots__ if (value := getattr(hints, name)) is not None}
    return replace(entry.page, hints=replace(entry.page.hints, **values)) if hints != Hints() else entry.page


# Files of lines.


def read_jsonl(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield one page per line: ``html``, else ``text``; a line with only a ``url`` is a link to fetch.

    Keys may have the other names of ``KEYS``, such as ``link``.
    ``refetch_after`` asks for a linked page that is archived already, unless it was fetched after that time.
    """
    return _each_line(file, context, _json_line, max_bytes=context.page_max_bytes * _ESCAPED)


def jsonl_page_names(file: LocalFile, *, page_max_bytes: int) -> Iterator[str | None]:
    """Yield for each line the page file that it names, by its name in the source's folder; None if it names none."""
    with open_file(file.path) as stream:
        for line in bounded_lines(stream, page_max_bytes * _ESCAPED):
            try:
                stated = json.loads(line or b"")
                yield named_file(named_values(stated)[0], index=file.name) if isinstance(stated, dict) else None
            except (ValueError, RecursionError):
                yield None


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
    at = context.start
    context = replace(context, file=file)
    with open_file(file.path) as stream:
        stream.seek(at.offset)
        for line in _each_piece(stream, max_bytes, is_inside=at.broken is not None):
            if isinstance(line, _RestOfLine):
                at = replace(at, offset=stream.tell(), broken=None if line.is_last else at.broken)
            else:
                number, broken = at.number + 1, None if line is not None else ("line_too_long", "")
                entry = _line(line, f"{file.name}#{number}", context, parse)
                if entry is not None:
                    yield entry
                has_entries = at.has_entries or entry is not None
                at = FilePosition(offset=stream.tell(), number=number, has_entries=has_entries, broken=broken)
            if context.is_over():
                yield context.slice_end(file.name, at)
                return
    if not at.has_entries:
        yield context.broken(file.name, reason="empty_file", detail="the file has no line with a page")


def bounded_lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield each line; None for a line over the limit, whose rest is skipped."""
    return (line for line in _each_piece(stream, max_bytes) if not isinstance(line, _RestOfLine))


@dataclass(frozen=True, slots=True)
class _RestOfLine:
    """A piece of a line over the limit."""

    is_last: bool


def _each_piece(stream: BinaryIO, max_bytes: int, *, is_inside: bool = False) -> Iterator[bytes | _RestOfLine | None]:
    """Yield each line; None for a line over the limit, then its rest in pieces. ``is_inside`` begins in such a rest."""
    while line := stream.readline(_PIECE_BYTES if is_inside else max_bytes + 1):
        if is_inside:
            is_inside = not line.endswith(b"\n")
            yield _RestOfLine(is_last=not is_inside)
        elif len(line) <= max_bytes or line.endswith(b"\n"):
            yield line
        else:
            is_inside = True
            yield None


def _line(
    line: bytes | None, where: str, context: ReadContext, parse: Callable[[str, str, ReadContext], ListingEntry | None]
) -> ListingEntry | None:
    if line is None:
        return context.broken(where, reason="line_too_long", detail="the line is over the limit; skipped")
    entry = run_isolated(partial(_parsed, line, where, context, parse), key=where)
    return failed_entry(context.source_key, where, entry) if isinstance(entry, NewsError) else entry


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
    values, ignored = named_values(stated)
    if not values:
        raise ValueError(f"it has no key of a page, such as url or text, but {', '.join(stated)[:200] or 'none'}")
    entry = entry_of({**values, "refetch_after": stated.get("refetch_after")}, where, context)
    return replace(entry, ignored=ignored) if ignored else entry


def entry_of(stated: Mapping[str, object], where: str, context: ReadContext) -> ListingEntry:
    """Return the page of a line or row with ``KEYS``. Without text and page file, its URL is a link to fetch.

    If no file is read now, a page file is only named in ``ref.file``. Raises: ValueError.
    """
    facts = plausible_facts(facts_of(stated), now=context.now)
    if (named := named_file(stated, index=where.rpartition("#")[0])) is not None:
        return _named_page(named, facts, where, context)
    for name, content_type in (("html", "text/html; charset=utf-8"), ("text", "text/plain; charset=utf-8")):
        if page := text_of(stated, name):
            body = page.encode()
            if len(body) > context.page_max_bytes:
                detail = f"its {name} has more than {context.page_max_bytes} bytes"
                return context.broken(where, reason="file_too_large", detail=detail)
            return _local_entry(where, body, facts, content_type=content_type, context=context)
    if facts.url is None:
        raise ValueError("'html', 'text' and 'url' are all missing")
    after = moment_of(stated, "refetch_after")
    ref = Ref(source_key=context.source_key, url=facts.url, hints=facts.hints, refetch_after=after and after[0])
    return ListingEntry(ref=ref)


def _named_page(name: str, facts: PageFacts, where: str, context: ReadContext) -> ListingEntry:
    """Return the page of the file that a line of an index names."""
    if context.file is None:
        return ListingEntry(ref=Ref(source_key=context.source_key, url=facts.url, hints=facts.hints, file=name))
    folder = context.file.path.parents[context.file.name.count("/")]
    page = LocalFile(path=folder / name, name=name)
    try:
        return next(_read_page(page, replace(context, file=page), line_facts=facts))
    except FileNotFoundError:
        return context.broken(where, reason="broken_line", detail=f"it names {name}, which does not exist")


LINE_READERS: Mapping[str, Callable[[str, str, ReadContext], ListingEntry | None]] = {
    ".jsonl": _json_line,
    ".urls": _url_line,
}
