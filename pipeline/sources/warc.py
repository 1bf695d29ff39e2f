"""Read WARC files of other archives: their HTTP responses as pages."""

import io
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from warcio.archiveiterator import WARCIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

from pipeline.errors import RefusedFetchError
from pipeline.fetch import BadEncodingError, TooLargeError, decode_body, gunzip_chunks
from pipeline.model import Page, Ref
from pipeline.sources.listing import ListingEntry, LocalFile, ReadContext, open_file
from pipeline.sources.normalize import absolute_url, parse_iso

_WARCIO_ERRORS = (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError, OverflowError)
_GZIP_MAGIC = b"\x1f\x8b"
_MAGIC = {"gzip": _GZIP_MAGIC, "x-gzip": _GZIP_MAGIC}


class _TruncatedRecordError(ValueError):
    """The file ends inside a record."""


def read_warc(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the pages of all response records, in order; for a damaged file the pages before the damage.

    ``fetched_at`` is the record's date. A response with a status other than 200 is a problem, other records are
    ignored.
    """
    with open_file(file.path) as stream:
        yield from read_records(iter(lambda: stream.read(1 << 16), b""), file.name, context)


def read_records(chunks: Iterator[bytes], name: str, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the pages of a WARC file in pieces, gzipped or not, with one record in memory at a time."""
    number, is_empty = 0, True
    try:
        for record in WARCIterator(_unpack(chunks), no_record_parse=True):
            number += 1
            found = _entry(record, f"{name}#{number}", context)
            if found is not None:
                is_empty = False
                yield found
    except _WARCIO_ERRORS as error:
        cause = ascii(" ".join(str(error).split())[:100])  # it may quote bytes of the file
        detail = f"the file is damaged or truncated here ({cause})"
        yield context.broken(f"{name}#{number or 1}", reason="broken_warc", detail=detail)
        return
    if not number or (is_empty and not context.hosts):
        yield context.broken(name, reason="empty_file", detail="the file has no HTTP response")


def _unpack(chunks: Iterator[bytes]) -> io.RawIOBase:
    """Return the decompressed file. warcio's own decompression ends silently if a file is truncated or damaged."""
    head = b""
    while len(head) < len(_GZIP_MAGIC) and (chunk := next(chunks, b"")):
        head += chunk
    whole = chain((head,), chunks)
    # Not buffered: all data before the damage must be read before the error is raised.
    return _Pieces(gunzip_chunks(whole, is_strict=True) if head.startswith(_GZIP_MAGIC) else whole)


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream. Raises: BadEncodingError if their gzip members are damaged."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _entry(record: ArcWarcRecord, where: str, context: ReadContext) -> ListingEntry | None:
    """Return the entry of one record; None if it is not a page. Raises: ValueError if it is damaged."""
    if record.length is None:
        raise _TruncatedRecordError("a record without a length")
    url = absolute_url(record.rec_headers.get_header("WARC-Target-URI", "").strip("<>"))
    if record.rec_type != "response" or url is None or not context.takes(url):
        _drain(record)
        return None
    # Parsed here, because warcio fails on a record without a URL.
    http = StatusAndHeadersParser(("HTTP/1.0", "HTTP/1.1"), verify=False).parse(record.raw_stream)
    status = int(http.get_statuscode())
    ref = Ref(source_key=context.source_key, url=url, file=where)
    if status != 200:
        _drain(record)
        return _refused_entry(ref, where, f"http_{status}", f"the server responded with {status}", status=status)
    headers = {name.lower(): value for name, value in http.headers}
    try:
        body = _body(record, headers, max_bytes=context.page_max_bytes)
    except TooLargeError as error:
        _drain(record)
        return _refused_entry(ref, where, "too_large", str(error))
    except BadEncodingError as error:
        _drain(record)
        return _refused_entry(ref, where, "bad_encoding", str(error))
    return ListingEntry(ref=ref, page=_page(record, url, headers, body))


def _page(record: ArcWarcRecord, url: str, headers: dict[str, str], body: bytes) -> Page:
    fetched_at: datetime = parse_iso(record.rec_headers.get_header("WARC-Date", ""))[0]
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=fetched_at)


def _refused_entry(ref: Ref, where: str, reason: str, detail: str, *, status: int | None = None) -> ListingEntry:
    error = RefusedFetchError(f"{where}: {ref.url}: {detail}", key=ref.url or where, reason=reason, status=status)
    return ListingEntry(ref=ref, problem=error)


def _body(record: ArcWarcRecord, headers: dict[str, str], *, max_bytes: int) -> bytes:
    """Return the body without transfer and content codings. warcio's own decoding has no size limit."""
    raw = record.raw_stream.read(max_bytes * 2 + 1)
    if len(raw) > max_bytes * 2:
        raise TooLargeError(f"more than {max_bytes * 2} bytes on the wire")
    _check_end(record)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        raw = _unchunked(raw)
    coding = headers.get("content-encoding", "")
    magic = _MAGIC.get(coding.strip().lower(), b"")
    # Many archives store the decoded body with the server's original headers.
    is_decoded = not raw.startswith(magic)
    return decode_body((raw,) if raw else (), content_encoding="" if is_decoded else coding, max_bytes=max_bytes)


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


def _drain(record: ArcWarcRecord) -> None:
    while record.raw_stream.read(1 << 16):
        pass
    _check_end(record)


def _check_end(record: ArcWarcRecord) -> None:
    if getattr(record.raw_stream, "limit", 0) > 0:
        raise _TruncatedRecordError("the record is shorter than its Content-Length")
