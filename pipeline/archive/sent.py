"""Exchanges as WARC records hold them, and back: everything as it was sent but the transfer coding."""

import re
from collections.abc import Mapping
from email.parser import HeaderParser
from io import BytesIO

from pipeline.content_encoding import decode_body
from pipeline.model import Exchange

ORIGINAL = "x-archive-orig-"
_CODED = re.compile(rb"(?im)^(?=transfer-encoding\s*:)")
_CODING = "transfer-encoding"
_HEAD_ENDS = (b"\n\r\n", b"\n\n")


def stored_head(exchange: Exchange) -> bytes:
    """Return status line and headers for a body without its transfer coding: that header is renamed, no other byte."""
    head = _CODED.sub(ORIGINAL.encode(), exchange.head)
    return head if head.endswith(_HEAD_ENDS) else head + b"\r\n"  # a server that hung up after its headers


def parse_answer(block: bytes, *, max_bytes: int) -> tuple[Mapping[str, str], bytes]:
    """Return headers, as ``Page`` has them, and the decoded body of an answer that is kept as sent.

    Raises: ValueError where the body is not in its coding, or longer than ``max_bytes``.
    """
    stream = BytesIO(block)
    lines = list(iter(stream.readline, b""))
    end = next((number for number, line in enumerate(lines) if line in (b"\r\n", b"\n")), len(lines))
    headers: dict[str, str] = {}
    # As http.client reads them: Latin-1; a name that comes twice has both values.
    for name, value in HeaderParser().parsestr(b"".join(lines[1:end]).decode("latin-1")).items():
        key = _CODING if name.lower() == f"{ORIGINAL}{_CODING}" else name.lower()  # no other was renamed
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    body = block[sum(map(len, lines[: end + 1])) :]
    return headers, decode_body((body,), content_encoding=headers.get("content-encoding", ""), max_bytes=max_bytes)
