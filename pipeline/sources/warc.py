"""Read WARC files of other archives: their HTTP responses as pages."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.content_encoding import BadEncodingError, TooLargeError, decode_stored_body
from newslake.pipeline.errors import BrokenListingError, NewsError, RefusedFetchError
from newslake.pipeline.model import Page, Ref
from newslake.pipeline.sources.listing import FilePosition, ListingEntry, LocalFile, ReadContext, open_file
from newslake.pipeline.sources.normalize import absolute_url, is_plausible, parse_iso
from newslake.pipeline.sources.warc_records import UnreadableRecord, WarcRecord, read_warc_records
from newslake.pipeline.unicode import to_well_formed

_HTTP_HEAD_MAX_BYTES = 1 << 18
_HTTP = ("http:", "https:")

# Without a check of the first line: archives have HTTP/2, and some servers have another spelling.
_parse_http = StatusAndHeadersParser((), verify=False).parse


def read_warc(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the pages of all response records, in order; an odd or damaged record is a problem, and the next is read.

    ``fetched_at`` is the record's date. A response with a status other than 200 is a problem, other records are
    ignored.
    """
    with open_file(file.path) as stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(context.start.offset)
        yield from read_records(iter(lambda: stream.read(1 << 16), b""), file.name, context, size=size)


def read_records(
    chunks: Iterable[bytes], name: str, context: ReadContext, *, size: int | None = None
) -> Iterator[ListingEntry]:
    """Yield the pages of a WARC file in pieces, gzipped or not, with one record in memory at a time.

    ``size`` is that of the file, if known.
    """
    start = context.start
    is_empty, number = not start.has_entries, start.number + start.passed
    limit = _wire_max_bytes(context) + _HTTP_HEAD_MAX_BYTES
    records = read_warc_records(chunks, block_max_bytes=limit, size=size, start=start, is_over=context.is_over)
    for record in records:
        if isinstance(record, FilePosition):
            yield context.slice_end(name, replace(record, has_entries=not is_empty))
            return
        number += 1
        where = f"{name}#{number}"
        entry: ListingEntry | NewsError | None
        if isinstance(record, UnreadableRecord):
            entry = context.broken(where, reason=record.reason, detail=record.why)
        else:
            entry = run_isolated(partial(_entry, record, where, context), key=where)
        if isinstance(entry, NewsError):
            url = None if isinstance(record, UnreadableRecord) else absolute_url(_target(record))
            entry = ListingEntry(ref=Ref(source_key=context.source_key, url=url, file=where), problem=entry)
        if entry is not None:
            is_empty = False
            yield entry
    if number == 0 or (is_empty and not context.hosts):
        yield context.broken(name, reason="empty_file", detail="the file has no HTTP response")


def _wire_max_bytes(context: ReadContext) -> int:
    return context.page_max_bytes * 2


def _entry(record: WarcRecord, where: str, context: ReadContext) -> ListingEntry | None:
    """Return the entry of one record; None if it is not a page. Raises: BrokenListingError (broken_record)."""
    kind = record.headers.get_header("WARC-Type")
    target = _target(record)
    if kind is None:
        raise _broken(where, "it has no WARC-Type")
    if kind != "response" or (target and not target.lower().startswith(_HTTP)):
        return None
    url = absolute_url(target)
    if url is None:
        raise _broken(where, f"its WARC-Target-URI {target[:200]!r} is not an http(s) URL")
    if not context.takes(url):
        return None
    ref = Ref(source_key=context.source_key, url=url, file=where)
    head, raw = _split_http(record.block, where, url)
    status = _status(head, where, url)
    if status != 200:
        return _refused_entry(ref, where, f"http_{status}", f"the server responded with {status}", status=status)
    headers = {name.lower(): to_well_formed(value) for name, value in head.headers}
    fetched_at = _date(record.headers, where, url, now=context.now)
    try:
        body = _body(raw, headers, context)
    except TooLargeError as error:
        return _refused_entry(ref, where, "too_large", str(error))
    except BadEncodingError as error:
        return _refused_entry(ref, where, "bad_encoding", str(error))
    page = Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=fetched_at)
    return ListingEntry(ref=ref, page=page)


def _target(record: WarcRecord) -> str:
    return str(record.headers.get_header("WARC-Target-URI") or "").strip("<> ")


def _broken(where: str, detail: str, *, url: str = "") -> BrokenListingError:
    place = f"{where}: {url}" if url else where
    return BrokenListingError(f"{place}: {detail}; skipped, the others are read", key=where, reason="broken_record")


def _split_http(block: bytes, where: str, url: str) -> tuple[StatusAndHeaders, bytes]:
    """Return the HTTP headers of a response and its body."""
    if not block:
        raise _broken(where, "it is empty: neither HTTP headers nor a body", url=url)
    stream = BytesIO(block[:_HTTP_HEAD_MAX_BYTES])
    head = _parse_http(stream)
    if stream.tell() == _HTTP_HEAD_MAX_BYTES:
        raise _broken(where, f"its HTTP headers have more than {_HTTP_HEAD_MAX_BYTES} bytes", url=url)
    return head, block[stream.tell() :]


def _status(head: StatusAndHeaders, where: str, url: str) -> int:
    protocol, said = head.protocol, head.get_statuscode()
    if not protocol.upper().startswith("HTTP/"):
        raise _broken(where, f"it begins with {protocol[:40]!a}, not with an HTTP status line", url=url)
    if not (said.isascii() and said.isdigit() and len(said) == 3):
        raise _broken(where, f"its HTTP status is {said[:40]!a}", url=url)
    return int(said)


def _date(headers: StatusAndHeaders, where: str, url: str, *, now: datetime) -> datetime:
    said = headers.get_header("WARC-Date") or ""
    try:
        fetched_at = parse_iso(said)[0]
    except ValueError:
        fetched_at = None
    if fetched_at is None or not is_plausible(fetched_at, now=now):
        raise _broken(where, f"its WARC-Date is {said[:40]!a}", url=url)
    return fetched_at


def _refused_entry(ref: Ref, where: str, reason: str, detail: str, *, status: int | None = None) -> ListingEntry:
    error = RefusedFetchError(f"{where}: {ref.url}: {detail}", key=ref.url or where, reason=reason, status=status)
    return ListingEntry(ref=ref, problem=error)


def _body(raw: bytes, headers: dict[str, str], context: ReadContext) -> bytes:
    """Return the body without transfer and content codings. The decoding of warcio has no size limit."""
    limit = _wire_max_bytes(context)
    if len(raw) > limit:
        raise TooLargeError(f"more than {limit} bytes on the wire")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        raw = _unchunked(raw)
    coding = headers.get("content-encoding", "")
    return decode_stored_body(raw, content_encoding=coding, max_bytes=context.page_max_bytes)


def _unchunked(raw: bytes) -> bytes:
    """Return the body of a chunked message; bytes without chunks, as some archives store them, are unchanged."""
    parts: list[bytes] = []
    at = 0
    while at < len(raw):
        end = raw.find(b"\r\n", at, at + 64)
        try:
            size = int(raw[at:end].split(b";")[0], 16)
        except ValueError:
            return raw
        if end < 0 or size < 0:
            return raw
        if size == 0:
            return b"".join(parts)
        parts.append(raw[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(parts)
