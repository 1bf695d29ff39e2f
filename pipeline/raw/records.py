"""Pages and captures as WARC/1.1 records, and back."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from warcio.archiveiterator import WARCIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.errors import ArchiveError
from pipeline.model import Capture, Page, canonical_url
from pipeline.raw.hints import hints_from_dict, hints_to_dict

SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

# The body is kept decoded, so headers that describe its codings on the wire must not stand under their own names.
_WIRE_HEADERS = ("content-encoding", "transfer-encoding", "content-length")
_ORIGINAL = "x-archive-orig-"
_FINAL_URI = "X-Archive-Final-URI"  # where redirects ended, when not at the target URI
_PLACE = ("file", "offset", "length")
_CHUNK = 1 << 16


def digest_of(body: bytes) -> str:
    """Return the payload digest, "sha256:<64 hex>"."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def page_key_of(page: Page) -> str:
    """Return what names the page among captures: the canonical form of the URL asked for, else the payload digest.

    Raises: ValueError where the URL is not http(s).
    """
    return canonical_url(page.url) if page.url is not None else digest_of(page.body)


def target_uri_of(url: str | None, digest: str) -> str:
    """Return a record's WARC-Target-URI: the URL asked for; a URN of the digest for a local text without one."""
    if url is None:
        return f"urn:newslake:{digest}"
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"  # WARC readers look for "http" in lower case


def is_local(page: Page) -> bool:
    """Return whether no server gave the page: it has no final URL, or no header of a server's."""
    return page.final_url is None or not set(page.headers) - {"content-type"}


def page_record(page: Page, record_id: str) -> bytes:
    """Return the gzip member that holds the page: a ``response`` record, ``resource`` for a local page."""
    headers = _record_headers("resource" if is_local(page) else "response", record_id, page)
    headers["WARC-Payload-Digest"] = digest_of(page.body)
    return _member(headers, head=_http_head(page), body=page.body)


def revisit_record(page: Page, record_id: str, *, earlier: Capture, profile: str) -> bytes:
    """Return the gzip member of a capture that has the bytes of ``earlier``: HTTP headers only."""
    headers = _record_headers("revisit", record_id, page) | {
        "WARC-Target-URI": target_uri_of(page.url, earlier.digest),
        "WARC-Profile": profile,
        "WARC-Refers-To-Target-URI": target_uri_of(earlier.url, earlier.digest),
        "WARC-Refers-To-Date": _warc_date(earlier.fetched_at),
        "WARC-Payload-Digest": earlier.digest,
    }
    return _member(headers, head=_http_head(page))


def metadata_record(capture: Capture, record_id: str) -> bytes:
    """Return the gzip member with all that the index knows of the record ``record_id``, as JSON."""
    facts = {name: value for name, value in asdict(capture).items() if name not in _PLACE}
    facts |= {
        "news_day": capture.news_day.isoformat(),
        "fetched_at": capture.fetched_at.isoformat(),
        "hints": hints_to_dict(capture.hints),
    }
    headers = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": _warc_date(capture.fetched_at),
        "WARC-Target-URI": target_uri_of(capture.url, capture.digest),
        "WARC-Concurrent-To": record_id,
        "Content-Type": "application/json",
    }
    return _member(headers, body=json.dumps(facts, ensure_ascii=False, sort_keys=True).encode())


def info_record(at: datetime) -> bytes:
    """Return the ``warcinfo`` member that a file begins with."""
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": _warc_date(at),
        "Content-Type": "application/warc-fields",
    }
    lines = "software: newslake\r\nformat: WARC File Format 1.1\r\nbody: content codings removed\r\n"
    return _member(headers, body=lines.encode())


def new_record_id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def parse_record(data: bytes, *, key: str) -> ArcWarcRecord:
    """Return the record in one decompressed member; its stream stands at the payload.

    Raises: ArchiveError (record_corrupt).
    """
    try:
        return next(WARCIterator(BytesIO(data)))
    except (ArchiveLoadFailed, StopIteration, EOFError) as error:
        raise ArchiveError(f"{key} holds no WARC record; restore the file", key=key, reason="record_corrupt") from error


def parse_page(record: ArcWarcRecord, *, capture: Capture) -> Page:
    """Return the page in a ``response`` or ``resource`` record; ``capture`` says what was asked for and the hints.

    Raises: ArchiveError (record_corrupt) where the bytes are not those of ``capture.digest``.
    """
    body = b"".join(iter(lambda: record.raw_stream.read(_CHUNK), b""))
    if digest_of(body) != capture.digest:
        key = f"{capture.file}@{capture.offset}"
        raise ArchiveError(f"{key} does not hold {capture.digest}; restore it", key=key, reason="record_corrupt")
    return Page(
        url=capture.url,
        final_url=record.rec_headers.get_header(_FINAL_URI) or capture.url,
        status=int(record.http_headers.get_statuscode()) if record.http_headers is not None else capture.status,
        headers=_headers_of(record),
        body=body,
        fetched_at=capture.fetched_at,
        hints=capture.hints,
    )


def parse_metadata(record: ArcWarcRecord) -> tuple[str, dict[str, Any]]:
    """Return the id of the record that a ``metadata`` record speaks of, and the capture's fields but its place."""
    facts = json.loads(b"".join(iter(lambda: record.raw_stream.read(_CHUNK), b"")))
    known = {field.name for field in fields(Capture)}
    facts = {name: value for name, value in facts.items() if name in known}
    facts["news_day"] = date.fromisoformat(facts["news_day"])
    facts["fetched_at"] = datetime.fromisoformat(facts["fetched_at"])
    facts["hints"] = hints_from_dict(facts["hints"])
    return record.rec_headers.get_header("WARC-Concurrent-To"), facts


def _record_headers(kind: str, record_id: str, page: Page) -> dict[str, str]:
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": _warc_date(page.fetched_at),
        "WARC-Target-URI": target_uri_of(page.url, digest_of(page.body)),
    }
    if page.final_url is not None and page.final_url != page.url:
        headers[_FINAL_URI] = page.final_url
    if not is_local(page):
        headers["Content-Type"] = "application/http; msgtype=response"
    elif "content-type" in page.headers:
        headers["Content-Type"] = page.headers["content-type"]
    return headers


def _http_head(page: Page) -> bytes:
    """Return status line and headers as a server's answer; nothing for a local page."""
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


def _warc_date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class _Head:
    """HTTP headers that warcio writes as they are; its own class percent-encodes what is not ASCII."""

    def __init__(self, head: bytes) -> None:
        self.headers_buff = head

    def compute_headers_buffer(self, _: object) -> None:
        """Keep the buffer."""


def _member(headers: dict[str, str], *, head: bytes = b"", body: bytes = b"") -> bytes:
    out = BytesIO()
    record = ArcWarcRecord(
        "warc",
        headers["WARC-Type"],
        StatusAndHeaders("", list(headers.items()), protocol="WARC/1.1"),
        BytesIO(body),
        _Head(head) if head else None,
        headers.get("Content-Type"),
        len(body),
    )
    record.payload_length = len(body)
    WARCWriter(out, gzip=True, warc_version="WARC/1.1").write_record(record)
    return out.getvalue()
