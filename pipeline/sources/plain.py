"""One page a file: .html, .htm, .txt, with what is stated beside it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipeline.errors import BrokenListingError
from pipeline.model import Hints, Page, Ref
from pipeline.sources.facts import Facts, facts_of
from pipeline.sources.listing import ListingEntry
from pipeline.sources.reading import LocalFile, ReadContext, open_file

SIDECAR = ".json"
_SIDECAR_MAX_BYTES = 1_000_000
_CONTENT_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}


def read_page_file(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the page of one file; its sidecar, the same name with .json, may give URL, dates, title, publisher."""
    with open_file(file.path) as stream:
        body = stream.read(context.page_max_bytes + 1)
    if not body.strip():
        yield context.broken(file.name, reason="empty_file", detail="it holds nothing")
        return
    if len(body) > context.page_max_bytes:
        detail = f"it has more than {context.page_max_bytes} bytes"
        yield context.broken(file.name, reason="file_too_large", detail=detail)
        return
    try:
        facts = _sidecar(file.path.with_suffix(SIDECAR))
    except ValueError as error:
        detail = f"its {SIDECAR} is not as documented: {error}"
        yield context.broken(file.name, reason="broken_sidecar", detail=detail)
        return
    content_type = _CONTENT_TYPES[file.path.suffix.lower()]
    yield local_entry(file.name, body, facts, content_type=content_type, context=context)


def local_entry(where: str, body: bytes, facts: Facts, *, content_type: str, context: ReadContext) -> ListingEntry:
    """Return a local page as found."""
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


def _sidecar(path: Path) -> Facts:
    """Return what the sidecar states, nothing where there is none. Raises: ValueError."""
    try:
        with open_file(path) as stream:
            stated = json.loads(stream.read(_SIDECAR_MAX_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        return Facts()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(stated, dict):
        raise ValueError("no JSON object")
    return facts_of(stated)


def read_file(path: Path, *, hints: Hints, now: datetime, page_max_bytes: int = 10_000_000) -> Page:
    """Return one page file as a page; what ``hints`` state wins over the sidecar.

    Raises: BrokenListingError.
    """
    if path.suffix.lower() not in _CONTENT_TYPES:
        known = ", ".join(_CONTENT_TYPES)
        raise BrokenListingError(f"{path}: its suffix is none of {known}", key=str(path), reason="unknown_kind")
    context = ReadContext(source_key="", now=now, page_max_bytes=page_max_bytes)
    try:
        found = next(read_page_file(LocalFile(path=path.resolve(), name=str(path)), context))
    except OSError as error:
        detail = f"{path} cannot be read ({error.strerror or error})"
        raise BrokenListingError(detail, key=str(path), reason="unreadable_file") from error
    if found.problem is not None or found.page is None:
        raise found.problem or AssertionError("neither page nor problem")
    given = {name: value for name in Hints.__slots__ if (value := getattr(hints, name)) is not None}
    return replace(found.page, hints=replace(found.page.hints, **given)) if hints != Hints() else found.page
