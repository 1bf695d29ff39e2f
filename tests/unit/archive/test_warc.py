"""The archive stores requests and responses as sent, and any WARC reader can read them."""

import gzip
import hashlib
import re
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import brotli
import pytest
from backports import zstd
from warcio.archiveiterator import ArchiveIterator

from newslake.pipeline.archive import Archive, page_key_of
from newslake.pipeline.archive.members import Member, members_in
from newslake.pipeline.fetch import Fetcher, NotModified, limits_from
from newslake.pipeline.model import Hints, Page
from newslake.pipeline.settings import Settings
from tests.faults.hostile import Hostile, HostileHandler, hostile_server

NOON = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
URL = "https://harbour-post.example/old"
DAY = date(2026, 2, 3)
BODY = "<html><body><p>Die Fähre lief spät ein.</p></body></html>".encode() * 40


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile_server() as hostile:
        yield hostile


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", durability="process")


def fetched(server: Hostile, path: str) -> Page:
    limits = replace(limits_from(Settings()), host_interval_seconds=0, attempts=1)
    with Fetcher(limits, private_hosts=frozenset([server.host]), now=lambda: NOON) as fetcher:
        page = fetcher.fetch(server.url(path))
    assert isinstance(page, Page)
    return page


def put(archive: Archive, *pages: Page) -> list[str]:
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        return [writer.put(page, news_day=DAY, article_id="a1").digest for page in pages]


def records(folder: Path) -> dict[str, tuple[dict[str, str], bytes]]:
    """Return headers and block of the last record of each type, as warcio reads them."""
    found = {}
    for path in sorted(folder.rglob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True):
                found[record.rec_type] = (dict(record.rec_headers.headers), record.raw_stream.read())
    return found


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    files = [str(path) for path in sorted(folder.rglob("*.warc.gz"))]
    command = [sys.executable, "-m", "warcio.cli", "check", *files]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", ""])
def test_response_is_stored_as_sent(server: Hostile, archive: Archive, tmp_path: Path, coding: str) -> None:
    """Request, head and body are stored as sent; the page is read back decoded, and other tools find no error."""
    packed = {"gzip": gzip.compress(BODY, mtime=0), "deflate": zlib.compress(BODY), "br": brotli.compress(BODY)}
    sent = {**packed, "zstd": zstd.compress(BODY), "": BODY}[coding]
    server.says("/a", 200, sent, Content_Type="text/html", **({"Content_Encoding": coding} if coding else {}))
    page = fetched(server, "/a")
    [digest] = put(archive, page)
    assert archive.get(digest) == page
    assert page.body == BODY
    found = records(tmp_path)
    head, _, body = found["response"][1].partition(b"\r\n\r\n")
    assert body == sent
    assert head.split()[1] == b"200"
    assert found["request"][1].startswith(b"GET /a HTTP/1.1\r\n")
    assert f"Host: {server.host}".encode() in found["request"][1]
    assert found["request"][1].endswith(b"\r\n\r\n")
    assert found["response"][0]["WARC-Newslake-Digest"] == digest
    assert list(archive.verify()) == []
    if coding != "br":  # warcio 1.8.1 cannot decode br with our brotli library; digests do not need it
        assert check(tmp_path).returncode == 0


def test_chunks_of_a_real_server_are_decoded(server: Hostile, archive: Archive, tmp_path: Path) -> None:
    """A chunked page after a 100 Continue is stored without both, and is read back equal."""

    def answer(request: HostileHandler) -> None:
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:99], BODY[99:], b""))
        head = b"HTTP/1.1 200 Well\r\nX-Odd:   spaced \r\nTransfer-Encoding: chunked\r\nDate: now\r\n\r\n"
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" + head + chunks)

    server.routes["/a"] = answer
    page = fetched(server, "/a")
    [digest] = put(archive, page)
    assert (page.body, archive.get(digest)) == (BODY, page)
    kept = b"HTTP/1.1 200 Well\r\nX-Odd:   spaced \r\nx-archive-orig-Transfer-Encoding: chunked\r\nDate: now\r\n\r\n"
    assert records(tmp_path)["response"][1] == kept + BODY
    assert check(tmp_path).returncode == 0


def test_every_record_has_the_digest_of_its_block(server: Hostile, archive: Archive, tmp_path: Path) -> None:
    """Request, response, metadata and warcinfo each have a digest of their block that matches."""
    server.says("/a", 200, gzip.compress(BODY), Content_Type="text/html", Content_Encoding="gzip")
    put(archive, fetched(server, "/a"))
    found = records(tmp_path)
    assert set(found) == {"warcinfo", "request", "metadata", "response"}
    for headers, block in found.values():
        assert headers["WARC-Block-Digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"


def test_metadata_is_not_a_capture_of_its_page(server: Hostile, archive: Archive, tmp_path: Path) -> None:
    """Index fields are warc-fields, one a line, which web archives do not index as a capture of the page."""
    server.says("/a", 200, BODY, Content_Type="text/html")
    put(archive, replace(fetched(server, "/a"), hints=Hints(title="Two\r\nlines: \u2028 one")))
    headers, block = records(tmp_path)["metadata"]
    assert headers["Content-Type"] == "application/warc-fields"
    assert headers["WARC-Target-URI"] == server.url("/a")
    lines = block.decode().removesuffix("\r\n").split("\r\n")
    assert 'article_id: "a1"' in lines
    assert [line for line in lines if re.fullmatch(r"\w+: \S.*", line) is None] == []
    before = archive.captures()
    archive.rebuild_index()
    assert archive.captures() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"WARC-Target-URI", b"WARC-Target"),
        (b"WARC/1.1", b"WARC/9.9"),
        (b"application/http", b"text/html; a=b"),
        (b"HTTP/1.1 200", b"HTTP/1.1 2OO"),
        (b'news_day: "', b'news_day: "x'),
        (b"news_day: ", b"news_day: " + b"[" * 100_000),
        (b"fetched_at: ", b"fetched_at "),
    ],
)
def test_odd_record_of_our_archive_affects_only_itself(
    archive: Archive, tmp_path: Path, old: bytes, new: bytes
) -> None:
    """A record that another program changed is damage, or is read; the records after it are indexed."""
    for number in range(3):
        url = f"{URL}/{number}"
        page = Page(url=url, final_url=url, status=200, headers={"server": "s"}, body=BODY[number:], fetched_at=NOON)
        put(archive, page)
    [first, second, third] = sorted(tmp_path.rglob("*.warc.gz"))
    members = [each.data for each in members_in(second.read_bytes()) if isinstance(each, Member)]
    second.write_bytes(b"".join(gzip.compress(member.replace(old, new)) for member in members))
    archive.rebuild_index()
    list(archive.verify())
    assert {first.name, third.name} <= {Path(each.file).name for each in archive.captures()}


def test_not_modified_is_stored_as_sent(server: Hostile, archive: Archive, tmp_path: Path) -> None:
    """A 304 is a revisit with the server's own head and our conditional request; other tools find no error."""
    server.says("/a", 200, gzip.compress(BODY), Content_Type="text/html", Content_Encoding="gzip", ETag='"1"')
    put(archive, page := fetched(server, "/a"))
    server.says("/a", 304, ETag='"1"')
    limits = replace(limits_from(Settings()), host_interval_seconds=0, attempts=1)
    with Fetcher(limits, private_hosts=frozenset([server.host]), now=lambda: NOON + timedelta(days=1)) as fetcher:
        answer = fetcher.fetch(server.url("/a"), etag='"1"')
    assert isinstance(answer, NotModified)
    with archive.writer(source_key="harbour", run_id="run-2") as writer:
        capture = writer.put_not_modified(answer, page_key=page_key_of(page))
    assert archive.page(capture).body == BODY
    found = records(tmp_path)
    assert found["revisit"][0]["WARC-Payload-Digest"] == found["response"][0]["WARC-Payload-Digest"]
    assert found["revisit"][1].startswith(b"HTTP/1.1 304 ")
    assert b'If-None-Match: "1"\r\n' in found["request"][1]
    assert check(tmp_path).returncode == 0
    assert list(archive.verify()) == []


def test_index_of_an_earlier_version_is_rebuilt(archive: Archive, tmp_path: Path) -> None:
    """An archive with an index and records from before exchanges were stored is read as before."""
    page = Page(url=URL, final_url=URL, status=200, headers={"server": "s"}, body=BODY, fetched_at=NOON)
    put(archive, page)
    before = archive.captures()
    with closing(sqlite3.connect(tmp_path / "archive" / "index.sqlite")) as index:
        index.executescript("DROP TABLE attempts; ALTER TABLE captures DROP COLUMN sent_digest; PRAGMA user_version=1")
    again = Archive(tmp_path / "archive")
    assert again.captures() == before
    assert again.get(before[0].digest) == page


def test_same_content_in_another_coding_is_one_payload(server: Hostile, archive: Archive) -> None:
    """The digest is the same for all codings; each coding has its own bytes, and repeated bytes are a revisit."""
    server.says("/a", 200, BODY, Content_Type="text/html")
    plain = fetched(server, "/a")
    server.says("/a", 200, gzip.compress(BODY), Content_Type="text/html", Content_Encoding="gzip")
    packed = fetched(server, "/a")
    pages = [replace(page, fetched_at=NOON + timedelta(hours=n)) for n, page in enumerate([plain, packed, packed])]
    assert len(set(put(archive, *pages))) == 1
    captures = archive.captures()
    assert [each.is_revisit for each in captures] == [False, False, True]
    assert [archive.page(each).body for each in captures] == [BODY] * 3
    archive.rebuild_index()
    assert archive.captures() == captures


def test_transfer_coding_is_decoded_and_noted(archive: Archive, server: Hostile, tmp_path: Path) -> None:
    """A chunked response is stored without its chunks, with its header renamed; all other bytes stay."""
    server.says("/a", 200, BODY, Content_Type="text/html")
    page = fetched(server, "/a")
    head = b"HTTP/1.1 200 Fine\r\nServer:  odd \r\nX-Twice: a\r\ntransfer-Encoding: chunked\r\nX-Twice: b\r\n\r\n"
    headers = {"server": "odd ", "x-twice": "a, b", "transfer-encoding": "chunked"}
    assert page.exchange is not None
    page = replace(page, headers=headers, exchange=replace(page.exchange, head=head))
    [digest] = put(archive, page)
    assert archive.get(digest) == page
    stored = head.replace(b"transfer-Encoding", b"x-archive-orig-transfer-Encoding")
    assert records(tmp_path)["response"][1] == stored + BODY
    assert check(tmp_path).returncode == 0


def test_decoding_is_limited_to_the_recorded_length(server: Hostile, archive: Archive, tmp_path: Path) -> None:
    """If a record's body was replaced by one that decodes to more bytes, the record is refused."""
    server.says("/a", 200, gzip.compress(BODY), Content_Type="text/html", Content_Encoding="gzip")
    [digest] = put(archive, fetched(server, "/a"))
    [capture] = archive.captures()
    path = tmp_path / "archive" / capture.file
    data = path.read_bytes()
    record = gzip.decompress(data[capture.offset :])
    bomb = gzip.compress(bytes(50_000_000))
    head, block = record.split(b"\r\n\r\n", 1)
    http = block.split(b"\r\n\r\n", 1)[0]
    length = next(line for line in head.splitlines() if line.startswith(b"Content-Length"))
    swapped = http + b"\r\n\r\n" + bomb
    head = head.replace(length, b"Content-Length: %d" % len(swapped))
    member = gzip.compress(head + b"\r\n\r\n" + swapped + b"\r\n\r\n")
    path.write_bytes(data[: capture.offset] + member)
    message = list(archive.verify())
    assert any("digest failed" in str(each) for each in message)
    archive.rebuild_index()
    with pytest.raises(Exception, match=r"does not match .*more than \d+ bytes"):
        archive.get(digest)


def test_headers_of_a_web_archive_are_read_back_unchanged(archive: Archive, server: Hostile) -> None:
    """X-Archive-Orig- headers of a server, as web archives send them, are not confused with ours."""
    own = {"X_Archive_Orig_Content_Encoding": "gzip", "Content_Type": "text/html"}
    server.says("/replayed", 200, BODY, **own)
    page = fetched(server, "/replayed")
    [digest] = put(archive, page)

    assert archive.get(digest).body == BODY
    assert archive.get(digest).headers["x-archive-orig-content-encoding"] == "gzip"
