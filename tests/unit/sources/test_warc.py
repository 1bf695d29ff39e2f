"""WARC files of other archives."""

import gzip
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.model import Source
from pipeline.sources import ListingEntry, discover
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
        (BODY, {"Content_Encoding": "gzip"}),
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
        _page(3, BODY, Content_Encoding="br"),
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
    """Flipped bytes inside a compressed record end the file with one problem."""
    path = _warc(tmp_path / "a.warc.gz", _page(1), _page(2, BODY * 50), _page(3))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"\x1f\x8b", 0, data.rindex(b"\x1f\x8b")) + 200
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)

    reasons = [reason for _, reason in _reasons(tmp_path)]

    assert (reasons[0], reasons[-1]) == (None, "broken_warc")


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


def test_length_beyond_any_file_is_damage(tmp_path):
    """A record with an impossibly large length is one problem, and the records before it count."""
    path = _warc(tmp_path / "a.warc", _page(1), _page(2), is_packed=False)
    head, mark, rest = path.read_bytes().rpartition(b"Content-Length: ")
    path.write_bytes(head + mark + b"9" * 40 + rest)

    assert _reasons(tmp_path) == [("a.warc#2", None), ("a.warc#3", "broken_warc")]
