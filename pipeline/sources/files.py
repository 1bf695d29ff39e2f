"""Files of lines: .jsonl, a page a line, and .urls, a link a line."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from pipeline.model import Ref
from pipeline.sources.facts import facts_of, text_of
from pipeline.sources.listing import ListingEntry
from pipeline.sources.normalize import absolute_url
from pipeline.sources.plain import local_entry
from pipeline.sources.reading import LocalFile, ReadContext, open_file

_URL_LINE_MAX_BYTES = 10_000
_ESCAPED = 6  # most bytes that JSON writes for one ("\u0041")


def read_jsonl(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield a page a line: ``html`` or ``text`` (html wins), or a link to fetch where there is only a ``url``."""
    return _each_line(file, context, _json_line, max_bytes=context.page_max_bytes * _ESCAPED)


def read_urls(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield a link to fetch a line; a line that begins with # is a remark."""
    return _each_line(file, context, _url_line, max_bytes=_URL_LINE_MAX_BYTES)


def read_line(line: bytes, name: str, context: ReadContext, *, suffix: str) -> ListingEntry | None:
    """Return what one line of a file gives, as its reader does; None for an empty one and a remark."""
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
        for number, line in enumerate(_lines(stream, max_bytes), start=1):
            found = _line(line, f"{file.name}#{number}", context, parse)
            if found is not None:
                is_empty = False
                yield found
    if is_empty:
        yield context.broken(file.name, reason="empty_file", detail="it holds no line with a page")


def _lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield each line, None for one that is longer than the cap; that one's rest is passed over unread."""
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
        return context.broken(where, reason="line_too_long", detail="the line is over the cap; left out")
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
        return context.broken(where, reason="bad_url", detail=f"{text[:200]!r} is no http(s) URL")
    return ListingEntry(ref=Ref(source_key=context.source_key, url=url))


def _json_line(text: str, where: str, context: ReadContext) -> ListingEntry:
    stated = json.loads(text)
    if not isinstance(stated, dict):
        raise ValueError("the line is no JSON object")
    facts = facts_of(stated)
    for name, content_type in (("html", "text/html; charset=utf-8"), ("text", "text/plain; charset=utf-8")):
        if page := text_of(stated, name):
            body = page.encode()  # a lone surrogate is a ValueError, so a broken line
            if len(body) > context.page_max_bytes:
                detail = f"its {name} has more than {context.page_max_bytes} bytes"
                return context.broken(where, reason="file_too_large", detail=detail)
            return local_entry(where, body, facts, content_type=content_type, context=context)
    if facts.url is None:
        raise ValueError("none of 'html', 'text' and 'url' is there")
    return ListingEntry(ref=Ref(source_key=context.source_key, url=facts.url, hints=facts.hints))


LINE_READERS: Mapping[str, Callable[[str, str, ReadContext], ListingEntry | None]] = {
    ".jsonl": _json_line,
    ".urls": _url_line,
}
