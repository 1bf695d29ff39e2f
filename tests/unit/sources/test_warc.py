"""WARC files of other archives."""

import functools
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import batched
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newslake.pipeline.model import Source
from newslake.pipeline.sources import ListingEntry, ReadContext, discover
from tests.faults.hostile import NOW, gzip_bomb

BODY = b"<html><p>The lock gates opened.</p></html>"
Record = tuple[str, str, list[tuple[str, str]], bytes]


def _warc(path: Path, *records: Record, is_packed: bool = True) -> Path:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=is_packed)
        writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "invented"}))
        for url, status, headers, body in records:
            http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=BytesIO(body),
                    http_headers=http,
                    warc_headers_dict={"WARC-Date": "2026-02-27T08:00:00Z"},
                )
            )
    return path


def _found(folder: Path) -> list[ListingEntry]:
    source = Source(key="old", kind="folder", location=str(folder))
    return list(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)


def _reasons(folder: Path) -> list[tuple[str | None, str | None]]:
    return [(found.ref.file, found.problem.reason if found.problem else None) for found in _found(folder)]


def response_record(number: int, *, body: bytes = BODY, http: bytes = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n") -> bytes:
    """Return a response record, written by hand."""
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-00000000000{0}>\r\n"
        "WARC-Target-URI: http://courier.example/{0}\r\nWARC-Date: 2026-02-27T08:00:00Z\r\nContent-Length: {1}\r\n\r\n"
    )
    return head.format(number, len(http + body)).encode() + http + body + b"\r\n\r\n"


def _changed(old: bytes, new: bytes) -> bytes:
    record = response_record(2)
    assert old in record
    return record.replace(old, new)


_LENGTH = re.search(rb"Content-Length: (\d+)", response_record(2))[0]
_LONGER = b"Content-Length: %d" % (len(response_record(2)) + 40)
# Each with its reason, and the words that say what is odd.
ODD = {
    "date": (_changed(b"2026-02-27T", b"2026-02-31T"), "broken_record", "WARC-Date is '2026-02-31T08:00:00Z'"),
    "year": (_changed(b"2026-02-27T", b"0001-01-01T"), "broken_record", "WARC-Date is '0001"),
    "no date": (_changed(b"WARC-Date", b"WARC-Data"), "broken_record", "WARC-Date is ''"),
    "status": (_changed(b"200 OK", b"2OO OK"), "broken_record", "http://courier.example/2: its HTTP status is '2OO'"),
    "no status line": (response_record(2, http=b""), "broken_record", "not with an HTTP status line"),
    "headers only": (response_record(2, http=b"Server: x\r\n\r\n"), "broken_record", "begins with 'Server:'"),
    "empty block": (response_record(2, http=b"", body=b""), "broken_record", "it is empty"),
    "long headers": (
        response_record(2, http=b"HTTP/1.1 200 OK\r\n" + b"X-Long: y\r\n" * 30_000 + b"\r\n"),
        "broken_record",
        "have more than",
    ),
    "short length": (_changed(_LENGTH, b"Content-Length: 20"), "broken_record", "Content-Length"),
    "long length": (_changed(_LENGTH, _LONGER), "broken_record", "Content-Length"),
    "no length": (_changed(b"Content-Length: ", b"Content-Size: "), "broken_record", "Content-Length '' is not"),
    "huge length": (_changed(b"Content-Length: ", b"Content-Length: " + b"9" * 40), "broken_record", "not possible"),
    "negative length": (_changed(b"Content-Length: ", b"Content-Length: -"), "broken_record", "is not possible"),
    "version": (_changed(b"WARC/1.0", b"WARC/9.9"), "broken_record", "'WARC/9.9' is not a known version"),
    "first line": (_changed(b"WARC/1.0", b"WRAC/1.0"), "broken_warc", "no WARC record begins here"),
    "no target": (_changed(b"WARC-Target-URI", b"WARC-Target"), "broken_record", "WARC-Target-URI '' is not"),
    "target": (_changed(b"//courier.example", b"//[::1"), "broken_record", "'http://[::1/2' is not an http(s) URL"),
    "no type": (_changed(b"WARC-Type", b"WARC-Kind"), "broken_record", "it has no WARC-Type"),
    "long header": (_changed(b"\r\nWARC-Date", b"\r\nX:" + b"y" * 70_000 + b"\r\nWARC-Date"), "broken_record", "cut"),
}  # fmt: skip
FORMS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain": b"".join,
    "a member per record": lambda records: b"".join(map(gzip.compress, records)),
    "one member": lambda records: gzip.compress(b"".join(records)),
    "members of any size": lambda records: b"".join(gzip.compress(bytes(p)) for p in batched(b"".join(records), 333)),
}


def _page(number: int, body: bytes = BODY, **headers: str) -> Record:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return f"http://courier.example/{number}", "200 OK", named, body


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_responses_are_pages(tmp_path, name):
    """A response gives URL, headers and body; its date is the fetch time."""
    _warc(tmp_path / name, _page(1, Content_Type="text/html"), is_packed=name.endswith("gz"))

    [found] = _found(tmp_path)

    assert (found.page.url, found.page.final_url, found.page.status) == ("http://courier.example/1",) * 2 + (200,)
    assert (found.page.body, found.page.headers) == (BODY, {"content-type": "text/html"})
    assert found.page.fetched_at == datetime(2026, 2, 27, 8, tzinfo=UTC)
    assert (found.ref.url, found.ref.file) == ("http://courier.example/1", f"{name}#2")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(BODY), {"Content_Encoding": "gzip"}),
        *((BODY, {"Content_Encoding": coding}) for coding in ("gzip", "deflate", "br", "zstd", "utf-8", "gzip, br")),
        (b"5\r\n" + BODY[:5] + b"\r\n25;x=y\r\n" + BODY[5:] + b"\r\n0\r\n\r\n", {"Transfer_Encoding": "chunked"}),
        (BODY, {"Transfer_Encoding": "chunked"}),
    ],
)
def test_codings_are_decoded(tmp_path, body, headers):
    """Transfer and content codings are decoded; a body that an archive has already decoded is unchanged."""
    _warc(tmp_path / "a.warc.gz", _page(1, body, **headers))

    assert [found.page.body for found in _found(tmp_path)] == [BODY]


def test_other_statuses_and_bombs_are_refused(tmp_path):
    """A record without a page has a reason, and the next one is read."""
    _warc(
        tmp_path / "a.warc.gz",
        ("http://courier.example/1", "404 Not Found", [], b"gone"),
        _page(2, gzip_bomb(12), Content_Encoding="gzip"),
        _page(3, b"\x00\x01" + BODY, Content_Encoding="br"),
        _page(4, bytes(20_000_001)),
        ("dns:courier.example", "200 OK", [], b"x"),
        _page(6),
    )

    assert _reasons(tmp_path) == [
        ("a.warc.gz#2", "http_404"),
        ("a.warc.gz#3", "too_large"),
        ("a.warc.gz#4", "bad_encoding"),
        ("a.warc.gz#5", "too_large"),
        ("a.warc.gz#7", None),
    ]
    assert _found(tmp_path)[0].problem.status == 404


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_truncated_file_gives_the_records_before(tmp_path, name):
    """For truncation at any byte, the whole records come first, then one problem; every truncation is detected."""
    path = _warc(tmp_path / name, _page(1), _page(2), is_packed=name.endswith("gz"))
    data = path.read_bytes()
    unseen = []
    for cut in range(1, len(data)):
        path.write_bytes(data[:cut])
        found = _found(tmp_path)
        pages = [each.ref.url for each in found if each.page is not None]
        assert pages == [f"http://courier.example/{number + 1}" for number in range(len(pages))]
        assert sum(each.problem is not None for each in found) <= 1
        if found[-1].problem is None:
            unseen.append(data[cut:])

    between_records = (b"\r\n\r\n", b"\n\r\n", b"\r\n", b"\n", b"") if name == "a.warc" else (b"",)
    starts = tuple(gap + start for gap in between_records for start in (b"WARC/1", b"\x1f\x8b"))
    assert [rest for rest in unseen if not rest.startswith(starts) and rest not in between_records] == []


def test_single_gzip_member_is_read(tmp_path):
    """A WARC compressed as one gzip member is read, although tools warn about it."""
    path = _warc(tmp_path / "a.warc", _page(1), _page(2), is_packed=False)
    (tmp_path / "b.warc.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()

    assert _reasons(tmp_path) == [("b.warc.gz#2", None), ("b.warc.gz#3", None)]


def test_damaged_bytes_are_one_problem(tmp_path):
    """Flipped bytes inside a compressed record are one problem, and the next record is read."""
    path = _warc(tmp_path / "a.warc.gz", _page(1), _page(2, BODY * 50), _page(3))
    data = bytearray(path.read_bytes())
    start = b"\x1f\x8b\x08" + bytes(5)  # longer than the magic number, which compressed bytes may contain
    at = data.rindex(start, 0, data.rindex(start)) + 200
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)

    assert _reasons(tmp_path) == [("a.warc.gz#2", None), ("a.warc.gz#3", "broken_warc"), ("a.warc.gz#4", None)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_file"),
        (b"no archive at all", "broken_warc"),
        (gzip.compress(b"no archive at all"), "broken_warc"),
        (b"\0" * 100, "broken_warc"),
    ],
)
def test_other_content_is_one_problem(tmp_path, body, reason):
    """A file that is not a WARC file is reported by name."""
    (tmp_path / "a.warc.gz").write_bytes(body)

    assert [each.split("#")[0] for each, _ in _reasons(tmp_path)] == ["a.warc.gz"]
    assert [each for _, each in _reasons(tmp_path)] == [reason]


def test_warc_without_responses_is_empty(tmp_path):
    """A WARC file with only other records has no page."""
    _warc(tmp_path / "a.warc.gz")

    assert _reasons(tmp_path) == [("a.warc.gz", "empty_file")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("odd", ODD)
def test_odd_record_affects_only_itself(tmp_path, odd, form):
    """An odd record is one problem with its reason; the records before and after it are read."""
    record, reason, words = ODD[odd]
    name = "a.warc" if form == "plain" else "a.warc.gz"
    (tmp_path / name).write_bytes(FORMS[form]([response_record(1), record, response_record(3), response_record(4)]))

    found = _found(tmp_path)

    assert [each.page and each.page.url[-1] for each in found] == ["1", None, "3", "4"]
    assert [each.page.body for each in found if each.page] == [BODY] * 3
    assert (found[1].ref.file, found[1].problem.reason) == (f"{name}#2", reason)
    assert words in str(found[1].problem)


@pytest.mark.parametrize("form", ["plain", "a member per record"])
def test_length_over_the_limit_of_pages_is_checked(tmp_path, form):
    """A length that is too large for a page, and wrong, affects only its record."""
    name = "a.warc" if form == "plain" else "a.warc.gz"
    odd = _changed(_LENGTH, b"Content-Length: 100000000")
    (tmp_path / name).write_bytes(FORMS[form]([response_record(1), odd, response_record(3)]))

    assert _reasons(tmp_path) == [(f"{name}#1", None), (f"{name}#2", "broken_record"), (f"{name}#3", None)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "record",
    [
        response_record(2).replace(b"WARC-Record-ID", b"no colon here\r\nWARC-Record-ID"),
        response_record(2).replace(b"WARC-Record-ID: ", b"WARC-Record-ID: \xff\xfe\x00\xed\xa0\x80"),
        response_record(2).replace(b"WARC/1.0", b"WARC/1.1").replace(b"http:", b"<http:").replace(b"/2\r", b"/2>\r"),
        response_record(2, http=b"HTTP/1.1 200 OK\r\nno colon\r\nX-Odd: \xff\x00\xed\xa0\x80\r\n\r\n"),
        response_record(2, http=b"HTTP/2 200\r\n\r\n"),
        response_record(2, http=b"HTTP/1.1 200 OK\n\n"),
    ],
)
def test_odd_header_line_is_tolerated(tmp_path, record, form):
    """A line without a colon, invalid bytes, brackets, HTTP/2 or bare line feeds leave the page as it is."""
    name = "a.warc" if form == "plain" else "a.warc.gz"
    (tmp_path / name).write_bytes(FORMS[form]([response_record(1), record, response_record(3)]))

    found = _found(tmp_path)

    assert [(each.page.url[-1], each.page.body) for each in found] == [("1", BODY), ("2", BODY), ("3", BODY)]
    assert "\0" not in "".join(found[1].page.headers.values())
    assert json.dumps(dict(found[1].page.headers), ensure_ascii=False).encode()


def test_unknown_record_type_is_skipped(tmp_path):
    """A record of a type that only its writer knows is ignored, as the standard requires; so are DNS responses."""
    unknown = response_record(2).replace(b"WARC-Type: response", b"WARC-Type: x-screenshot")
    dns = response_record(2).replace(b"http://courier.example/2", b"dns:courier.example")
    (tmp_path / "a.warc").write_bytes(response_record(1) + unknown + dns + response_record(4))

    assert _reasons(tmp_path) == [("a.warc#1", None), ("a.warc#4", None)]


def test_page_that_holds_a_warc_is_one_page(tmp_path):
    """A body that contains WARC records is not read as records."""
    inner = BODY + b"\r\n\r\n" + response_record(9)
    (tmp_path / "a.warc").write_bytes(response_record(1) + response_record(2, body=inner) + response_record(3))

    assert [each.page.body for each in _found(tmp_path)] == [BODY, inner, BODY]


def test_defect_of_ours_affects_only_its_record(tmp_path, monkeypatch):
    """An exception that nobody expects is the outcome of its record; the others are read."""
    is_of_second = functools.partial(re.search, "/2$")
    monkeypatch.setattr(ReadContext, "takes", lambda self, url: 1 // (not is_of_second(url)))
    (tmp_path / "a.warc").write_bytes(response_record(1) + response_record(2) + response_record(3))

    assert _reasons(tmp_path) == [("a.warc#1", None), ("a.warc#2", "broken_item"), ("a.warc#3", None)]


@pytest.mark.parametrize("name", ["a.arc", "a.arc.gz", "a.warc.gz"])
def test_arc_file_is_called_arc(tmp_path, name):
    """A file in the format before WARC is refused by that name; what the message advises makes it readable."""
    head = (
        b"filedesc://a.arc 0.0.0.0 20260227080000 text/plain 69\n1 0 Invented\nURL IP-address Archive-date Content-type"
    )
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY
    page = b"http://courier.example/1 192.0.2.1 20260227080000 text/html %d\n%s" % (len(http), http)
    parts = [head + b" Archive-length\n\n", page + b"\n"]
    (tmp_path / name).write_bytes(b"".join(map(gzip.compress, parts) if name.endswith("gz") else parts))

    [found] = _found(tmp_path)

    assert found.problem.reason == "arc_file"
    assert "is an ARC file" in str(found.problem)
    assert "`warcio recompress" in str(found.problem)
    (tmp_path / "new").mkdir()
    command = [sys.executable, "-m", "warcio.cli", "recompress", tmp_path / name, tmp_path / "new" / "b.warc.gz"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert [each.page.body for each in _found(tmp_path / "new")] == [BODY]
