"""WARC/1.1: pages, captures and attempts as records, each one gzip member, written and read."""

import hashlib
import json
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from email.parser import HeaderParser
from io import BytesIO
from typing import Any

from warcio.archiveiterator import WARCIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from newslake.pipeline.content_encoding import decode_body
from newslake.pipeline.errors import BrokenRecordError
from newslake.pipeline.model import Attempt, Capture, Exchange, Hints, Page, RightsStatement, canonical_url

_CHUNK = 1 << 16
_GZIP_WBITS = zlib.MAX_WBITS | 16

# Names and digests.


def digest_of(body: bytes) -> str:
    """Return the digest of a payload or a block, "sha256:<64 hex>"."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def page_key_of(page: Page) -> str:
    """Return the key of the page among captures: the canonical form of the requested URL, else the payload digest.

    Raises: ValueError if the URL is not http(s).
    """
    return canonical_url(page.url) if page.url is not None else digest_of(page.body)


def target_uri_of(url: str | None, digest: str) -> str:
    """Return a record's WARC-Target-URI: the requested URL, or a URN of the digest for a local text without a URL."""
    if url is None:
        return f"urn:newslake:{digest}"
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"  # WARC readers look for "http" in lower case


def sent_digest_of(page: Page) -> str | None:
    """Return the digest of the body as sent; None if it equals the payload."""
    if page.exchange is None or page.exchange.body == page.body:
        return None
    return digest_of(page.exchange.body)


def is_local(page: Page) -> bool:
    """Return whether the page is local: it has no final URL, or no header of a server."""
    return page.final_url is None or not set(page.headers) - {"content-type"}


# Records written.

SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

# A page without an exchange is stored with its decoded body, so the headers of its codings are renamed.
_WIRE_HEADERS = ("content-encoding", "transfer-encoding", "content-length")
_OUR_DIGEST = "WARC-Newslake-Digest"  # of the decoded body; only in records stored as sent
_OUR_LENGTH = "WARC-Newslake-Length"  # of the decoded body in bytes: the limit for decoding
_FINAL_URI = "X-Archive-Final-URI"  # the URL after redirects, if it is not the target URI
_FIELDS = "application/warc-fields"
_PLACE_FIELDS = ("file", "offset", "length")


def page_record(page: Page, capture: Capture, record_id: str) -> bytes:
    """Return the gzip member of a page: a ``response`` record, ``resource`` for a local page.

    It is stored as sent if the page has its exchange, else with the decoded body. ``capture`` has its digests.
    """
    digest = capture.digest
    if page.exchange is not None:
        headers = _record_headers("response", record_id, page) | {
            "WARC-Payload-Digest": capture.sent_digest or digest,
            _OUR_DIGEST: digest,
            _OUR_LENGTH: str(len(page.body)),
        }
        return _member(headers, head=_stored_head(page.exchange), body=page.exchange.body)
    headers = _record_headers("resource" if is_local(page) else "response", record_id, page)
    headers["WARC-Payload-Digest"] = digest
    return _member(headers, head=_http_head(page), body=page.body)


def revisit_record(page: Page, record_id: str, *, earlier: Capture, profile: str) -> bytes:
    """Return the gzip member of a revisit of ``earlier``: HTTP headers only."""
    headers = _record_headers("revisit", record_id, page) | {
        "WARC-Target-URI": target_uri_of(page.url, earlier.digest),
        "WARC-Profile": profile,
        "WARC-Refers-To-Target-URI": target_uri_of(earlier.url, earlier.digest),
        "WARC-Refers-To-Date": _warc_date(earlier.fetched_at),
        "WARC-Payload-Digest": earlier.sent_digest or earlier.digest,
    }
    return _member(headers, head=_http_head(page) if page.exchange is None else _stored_head(page.exchange))


def readdress_record(data: bytes, *, record_id: str, url: str | None, digest: str, at: datetime) -> bytes:
    """Return the gzip member of a decompressed record with another id, URL and time; the rest is unchanged."""
    changed = {"WARC-Record-ID": record_id, "WARC-Target-URI": target_uri_of(url, digest), "WARC-Date": _warc_date(at)}
    head, gap, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    for number, line in enumerate(lines):
        name = line.partition(":")[0]
        if name in changed:
            lines[number] = f"{name}: {changed[name]}"
    return zlib.compress("\r\n".join(lines).encode("utf-8", "surrogateescape") + gap + rest, level=4, wbits=_GZIP_WBITS)


def attempt_record(attempt: Attempt, exchange: Exchange, record_id: str) -> bytes:
    """Return the gzip member of a failed response: a ``response`` record with the bytes that arrived."""
    headers = {
        "WARC-Type": "response",
        "WARC-Record-ID": record_id,
        "WARC-Date": _warc_date(attempt.fetched_at),
        "WARC-Target-URI": target_uri_of(attempt.url, ""),
        "Content-Type": "application/http; msgtype=response",
        "WARC-Payload-Digest": digest_of(exchange.body),
    }
    headers["WARC-Truncated"] = exchange.truncated or "length"  # the body of a tombstone is not read
    return _member(headers, head=_stored_head(exchange), body=exchange.body)


def request_record(what: Capture | Attempt, exchange: Exchange, record_id: str) -> bytes:
    """Return the gzip member of the request; the record ``record_id`` is its response."""
    headers = {
        "WARC-Type": "request",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": _warc_date(what.fetched_at),
        "WARC-Target-URI": target_uri_of(what.url, ""),
        "WARC-Concurrent-To": record_id,
        "Content-Type": "application/http; msgtype=request",
    }
    return _member(headers, head=exchange.request)


def metadata_record(what: Capture | Attempt, record_id: str) -> bytes:
    """Return the gzip member with the index fields of the record ``record_id``: one a line, each value as JSON.

    As ``application/warc-fields`` the record describes its target. With any other type, web archives index it as a
    capture of the target, and replay it in place of the page.
    """
    facts = {field.name: getattr(what, field.name) for field in fields(what) if field.name not in _PLACE_FIELDS}
    facts |= {"news_day": what.news_day.isoformat(), "fetched_at": what.fetched_at.isoformat()}
    if isinstance(what, Capture):
        facts["hints"] = _hints_to_dict(what.hints)
    headers = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": _warc_date(what.fetched_at),
        "WARC-Target-URI": target_uri_of(what.url, what.digest if isinstance(what, Capture) else ""),
        "WARC-Concurrent-To": record_id,
        "Content-Type": _FIELDS,
    }
    lines = (f"{name}: {json.dumps(facts[name], ensure_ascii=False, sort_keys=True)}\r\n" for name in sorted(facts))
    return _member(headers, body="".join(lines).encode())


def info_record(at: datetime) -> bytes:
    """Return the ``warcinfo`` member at the start of a file."""
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": _warc_date(at),
        "Content-Type": _FIELDS,
    }
    lines = "software: newslake\r\nformat: WARC File Format 1.1\r\nbody: as sent, without its transfer coding\r\n"
    return _member(headers, body=lines.encode())


def new_record_id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _record_headers(kind: str, record_id: str, page: Page) -> dict[str, str]:
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": _warc_date(page.fetched_at),
        "WARC-Target-URI": target_uri_of(page.url, "" if page.url is not None else digest_of(page.body)),
    }
    if page.final_url is not None and page.final_url != page.url:
        headers[_FINAL_URI] = page.final_url
    if not is_local(page):
        headers["Content-Type"] = "application/http; msgtype=response"
    elif "content-type" in page.headers:
        headers["Content-Type"] = page.headers["content-type"]
    return headers


def _warc_date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _member(headers: dict[str, str], *, head: bytes = b"", body: bytes = b"") -> bytes:
    """Return a record as one gzip member, with the digest of its block. warcio's writer takes several times as long."""
    block = head + body
    named = {**headers, "WARC-Block-Digest": digest_of(block), "Content-Length": str(len(block))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    record = b"".join((b"WARC/1.1\r\n", lines.encode(), b"\r\n", block, b"\r\n\r\n"))
    # Level 9 takes more than twice as long as level 4 and saves less than 3 % of the bytes.
    return zlib.compress(record, level=4, wbits=_GZIP_WBITS)


# Records read.


def parse_record(data: bytes, *, key: str) -> ArcWarcRecord:
    """Return the record in one decompressed member; its stream is positioned at the payload.

    Raises: BrokenRecordError (record_corrupt).
    """
    try:
        return next(WARCIterator(BytesIO(data)))
    except (ArchiveLoadFailed, StopIteration, EOFError, AttributeError) as error:  # the last: it has no target
        message = f"{key} is not a WARC record; restore the file"
        raise BrokenRecordError(message, key=key, reason="record_corrupt") from error


def parse_page(data: bytes, *, capture: Capture) -> Page:
    """Return the page in a decompressed ``response`` or ``resource`` member.

    ``capture`` gives the requested URL, the time and the hints.
    Raises: BrokenRecordError (record_corrupt) if the bytes do not match ``capture.digest``.
    """
    key = f"{capture.file}@{capture.offset}"
    record = parse_record(data, key=key)
    try:
        headers, body = _headers_and_body(record, data)
    except ValueError as error:  # does not match its content coding, or longer than recorded
        body, headers, why = b"", {}, f": {error}"
    else:
        why = ""
    if why or digest_of(body) != capture.digest:
        message = f"{key} does not match {capture.digest}{why}; restore it"
        raise BrokenRecordError(message, key=key, reason="record_corrupt")
    return Page(
        url=capture.url,
        final_url=record.rec_headers.get_header(_FINAL_URI) or capture.url,
        status=int(record.http_headers.get_statuscode()) if record.http_headers is not None else capture.status,
        headers=headers,
        body=body,
        fetched_at=capture.fetched_at,
        hints=capture.hints,
    )


def _headers_and_body(record: ArcWarcRecord, data: bytes) -> tuple[Mapping[str, str], bytes]:
    """Return headers and decoded body of a record, whether stored as sent or decoded."""
    length = record.rec_headers.get_header(_OUR_LENGTH)
    if length is None:
        return _headers_of(record), _content_of(record)
    block = data.partition(b"\r\n\r\n")[2][: int(record.rec_headers.get_header("Content-Length"))]
    return _parse_response(block, max_bytes=int(length))


def _content_of(record: ArcWarcRecord) -> bytes:
    return b"".join(iter(lambda: record.raw_stream.read(_CHUNK), b""))


def parse_metadata(record: ArcWarcRecord) -> tuple[str, dict[str, Any]]:
    """Return the id of the record that a ``metadata`` record describes, and its fields without its place.

    The fields of an attempt include a reason.
    """
    lines = (line.partition(": ") for line in _content_of(record).decode().split("\r\n") if line)
    facts = {name: json.loads(value) for name, _, value in lines}
    known = {field.name for field in fields(Attempt if "reason" in facts else Capture)}
    facts = {name: value for name, value in facts.items() if name in known}
    facts["news_day"] = date.fromisoformat(facts["news_day"])
    facts["fetched_at"] = datetime.fromisoformat(facts["fetched_at"])
    if "hints" in facts:
        facts["hints"] = _hints_from_dict(facts["hints"])
    return record.rec_headers.get_header("WARC-Concurrent-To"), facts


# HTTP messages in records: as sent, but without the transfer coding; its header is renamed.

_ORIGINAL = "x-archive-orig-"
_TRANSFER_ENCODING = "transfer-encoding"
_TRANSFER_ENCODING_LINE = re.compile(rb"(?im)^(?=transfer-encoding\s*:)")
_HEAD_ENDS = (b"\n\r\n", b"\n\n")


def _stored_head(exchange: Exchange) -> bytes:
    """Return status line and headers for a body without its transfer coding: only that header is renamed."""
    head = _TRANSFER_ENCODING_LINE.sub(_ORIGINAL.encode(), exchange.head)
    return head if head.endswith(_HEAD_ENDS) else head + b"\r\n"  # the server disconnected after its headers


def _parse_response(block: bytes, *, max_bytes: int) -> tuple[Mapping[str, str], bytes]:
    """Return the headers (in the form of ``Page``) and the decoded body of a response stored as sent.

    Raises: ValueError if the body does not match its content coding, or is longer than ``max_bytes``.
    """
    stream = BytesIO(block)
    lines = list(iter(stream.readline, b""))
    end = next((number for number, line in enumerate(lines) if line in (b"\r\n", b"\n")), len(lines))
    headers: dict[str, str] = {}
    # As in http.client: Latin-1; a repeated header has all its values.
    for name, value in HeaderParser().parsestr(b"".join(lines[1:end]).decode("latin-1")).items():
        is_renamed = name.lower() == f"{_ORIGINAL}{_TRANSFER_ENCODING}"  # only this header is renamed
        key = _TRANSFER_ENCODING if is_renamed else name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    body = block[sum(map(len, lines[: end + 1])) :]
    return headers, decode_body((body,), content_encoding=headers.get("content-encoding", ""), max_bytes=max_bytes)


def _http_head(page: Page) -> bytes:
    """Return the status line and headers of a response; nothing for a local page."""
    if is_local(page):
        return b""
    is_decoded = any(name in page.headers for name in _WIRE_HEADERS[:2])
    said_length = page.headers.get("content-length", str(len(page.body)))
    hidden = _WIRE_HEADERS if is_decoded or said_length != str(len(page.body)) else ()
    lines = [f"HTTP/1.1 {page.status}"]
    for name, value in page.headers.items():
        lines.append(f"{_ORIGINAL if name in hidden else ''}{name}: {' '.join(value.splitlines()).strip()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _headers_of(record: ArcWarcRecord) -> Mapping[str, str]:
    if record.http_headers is None:
        content_type = record.rec_headers.get_header("Content-Type")
        return {} if content_type is None else {"content-type": content_type}
    originals = {f"{_ORIGINAL}{name}": name for name in _WIRE_HEADERS}
    return {originals.get(name, name): value for name, value in record.http_headers.headers}


# Hints as JSON, for metadata records and databases.

_TIMES = ("published_at", "modified_at")


def _hints_to_dict(hints: Hints) -> dict[str, Any]:
    """Return the hints that are set, times as ISO 8601, statements about rights as pairs of text and evidence."""
    values = {name: getattr(hints, name) for name in Hints.__slots__ if getattr(hints, name) is not None}
    if hints.rights is not None:
        values["rights"] = [[each.statement, each.evidence] for each in hints.rights]
    return {name: value.isoformat() if name in _TIMES else value for name, value in values.items()}


def _hints_from_dict(fields: dict[str, Any]) -> Hints:
    times = {name: datetime.fromisoformat(fields[name]) for name in _TIMES if name in fields}
    rights = {"rights": tuple(RightsStatement(*each) for each in fields["rights"])} if "rights" in fields else {}
    return Hints(**fields | times | rights)


def hints_to_json(hints: Hints) -> str:
    return json.dumps(_hints_to_dict(hints), ensure_ascii=False, sort_keys=True)


def hints_from_json(text: str) -> Hints:
    return _hints_from_dict(json.loads(text))
