"""Shared by fuzz tests: how a good document is damaged, how often, and the time limit per example.

Short in ``make test``; NEWSLAKE_LONG, as set by ``make nightly``, runs fifty times as many examples.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from newslake.pipeline.model import Page
from tests.long_form import LONG

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
URL = "https://post.example/2031/05/03/a"
# No example may take longer: the limit of a page, on a busy machine.
_LIMIT = timedelta(seconds=5)

_NASTY = st.sampled_from((
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"<", b">", b"&", b"&#0;", b"&#x110000;", b"&nbsp", b"<!--", b"-->",
    b"<![CDATA[", b"]]>", b"<!DOCTYPE x [", b"<?xml encoding='utf-16'?>", b"<meta charset=hz>", b"<p>", b"</p>",
    b"</body>", b"<div>", b"<script>", b"<title>", b"<svg>", b"<template>", b"\"", b"'", b"{", b"}", b"[", b"]", b",",
    b"\\u d800", b"\\", b"\r", b"\n", b"\xc3\x28", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"NaN", b"null", b"1e999", b"-1",
    b"99999999999999999999", b"0001-01-01", b"9999-12-31T23:59:59-14:00", b"http://[::1", b"https://\xff/",
    b"javascript:x",
))  # fmt: skip
_CHANGE = st.tuples(
    st.sampled_from(("cut", "drop", "insert", "replace", "repeat", "flip")),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 200),
    st.one_of(_NASTY, st.binary(min_size=1, max_size=8)),
)


def examples(count: int) -> Callable[..., object]:
    """Return the settings of a test with this number of examples, fifty times as many in the long form."""
    return settings(
        max_examples=count * 50 if LONG else count,
        deadline=_LIMIT,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


def broken(*documents: bytes, most: int = 6) -> st.SearchStrategy[bytes]:
    """Return documents with up to ``most`` changes: cut, dropped, inserted, replaced, repeated or flipped bytes."""
    return st.builds(_changed, st.sampled_from(documents), st.lists(_CHANGE, max_size=most))


def _changed(document: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, share, size, piece in changes:
        at = int(share * len(document))
        document = _WAYS[kind](document, at, size, piece)
    return document


_WAYS: dict[str, Callable[[bytes, int, int, bytes], bytes]] = {
    "cut": lambda text, at, _size, _piece: text[: at or None],
    "drop": lambda text, at, size, _piece: text[:at] + text[at + size :],
    "insert": lambda text, at, size, piece: text[:at] + piece * size + text[at:],
    "replace": lambda text, at, _size, piece: text[:at] + piece + text[at + len(piece) :],
    "repeat": lambda text, at, size, _piece: text[:at] + text[at : at + size] * 20 + text[at:],
    "flip": lambda text, at, size, _piece: (
        text[:at] + bytes(b ^ (1 << size % 8) for b in text[at : at + 1]) + text[at + 1 :]
    ),
}


def page_of(body: bytes, content_type: str, *, url: str | None = URL) -> Page:
    """Return a page fetched at NOW."""
    headers = {"content-type": content_type}
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=NOW)
