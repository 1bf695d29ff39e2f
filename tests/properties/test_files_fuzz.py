"""Broken files in a folder: pages, links, or one problem per line or record; the next files are still read."""

import gzip
import json
import os
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newslake.pipeline.archive import Archive, page_key_of
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Source
from newslake.pipeline.sources import ListingEntry, discover, settle_all
from newslake.pipeline.sources.folder import is_ready
from tests.properties.fuzzing import NOW, broken, examples, page_of

LINE = json.dumps(
    {"url": "https://post.example/a", "text": "The ferry sails again.", "published_at": "2031-05-03"}
).encode()
LINES = b"\n".join((LINE, LINE.replace(b"text", b"html"), b"", LINE))
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
LINKS = b"# links\nhttps://post.example/a\nhttps://post.example/b?c=d\n"
REASONS = {
    "not_a_regular_file", "unknown_kind", "unreadable_file", "empty_file", "file_too_large", "broken_sidecar",
    "broken_line", "sidecar_without_page", "line_too_long", "broken_warc", "bad_url", "too_large", "bad_encoding",
    "broken_record", "arc_file",
}  # fmt: skip


def _warc(*, is_packed: bool) -> bytes:
    out = BytesIO()
    writer = WARCWriter(out, gzip=is_packed)
    for number in range(3):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        dated = {"WARC-Date": "2031-05-03T08:00:00Z"}
        url, body = f"https://post.example/{number}", BytesIO(b"<p>The lock gates opened.</p>" * (number + 1))
        record = writer.create_warc_record(url, "response", payload=body, http_headers=head, warc_headers_dict=dated)
        writer.write_record(record)
    return out.getvalue()


WARC, PACKED = _warc(is_packed=False), _warc(is_packed=True)


def _check_texts(found: ListingEntry) -> None:
    """Every text of an entry can be stored."""
    hints = found.ref.hints
    problem = None if found.problem is None else str(found.problem)
    for text in (found.ref.url, found.ref.file, hints.title, hints.publisher, hints.language, problem):
        assert "\0" not in (text or "")
        (text or "").encode()


def _read(name: str, body: bytes, *, sidecar: bytes | None = None) -> list[ListingEntry]:
    """Return the entries of a folder with this file and a good one after it."""
    with TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(body)
        if sidecar is not None:
            Path(folder, name).with_suffix(".json").write_bytes(sidecar)
        Path(folder, "z.txt").write_bytes(b"The last file is still read.")
        for path in Path(folder).iterdir():  # the time of a file is the fetch time of its pages
            os.utime(path, (NOW.timestamp(), NOW.timestamp()))
        source = Source(key="files", kind="folder", location=folder)
        return list(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)


def _check(name: str, body: bytes, *, sidecar: bytes | None = None) -> None:
    """Each entry is a page, a link or a known problem; the good file comes last; the result is repeatable."""
    found = _read(name, body, sidecar=sidecar)
    assert [(f.ref, f.page) for f in found] == [(f.ref, f.page) for f in _read(name, body, sidecar=sidecar)]
    assert found[-1].page is not None
    assert found[-1].page.body == b"The last file is still read."
    for each in found:
        reason = each.problem.reason if each.problem is not None else None
        _check_texts(each)
        assert reason is None or reason in REASONS or reason.startswith("http_"), reason
        assert each.problem is not None or each.page is not None or each.ref.url is not None


@examples(80)
@given(body=broken(LINES))
def test_broken_lines(body: bytes) -> None:
    """A damaged .jsonl file."""
    _check("a.jsonl", body)


@examples(60)
@given(
    line=st.dictionaries(
        st.sampled_from(("url", "html", "text", "title", "published_at", "fetched_at", "publisher", "language")),
        st.one_of(st.none(), st.integers(), st.floats(), ANY_TEXT, st.lists(st.text(max_size=4), max_size=2)),
    )
)
def test_lines_of_any_types(line: dict[str, object]) -> None:
    """A .jsonl line, and a sidecar, with the wrong type in every field."""
    stated = json.dumps(line).encode()
    _check("a.jsonl", stated)
    _check("a.html", b"<p>The ferry sails.</p>", sidecar=stated)


@examples(80)
@given(
    stem=st.binary(max_size=200).filter(lambda name: not set(name) & set(b"/\0") and not name.startswith(b".")),
    suffix=st.sampled_from((b".html", b".txt", b".jsonl", b".urls", b".warc", b".json", b".x", b"")),
    is_page=st.booleans(),
)
def test_files_of_any_name_are_read_and_settled(stem: bytes, suffix: bytes, is_page: bool) -> None:
    """A file whose name is any bytes has its entries under a printable name, and leaves the inbox."""
    with TemporaryDirectory() as folder:
        inbox = Path(folder, "inbox")
        own = inbox / "claimed" / "run"
        own.mkdir(parents=True)
        (own / os.fsdecode(stem + suffix or b"x")).write_bytes(LINE if is_page else b"")
        source = Source(key="files", kind="inbox", location=str(own))
        found = list(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)
        for each in found:
            _check_texts(each)
        settle_all(own, reasons={(each.ref.file or "").rpartition("#")[0]: "broken" for each in found if each.problem})
        assert not own.exists() or not any(is_ready(path.name) for path in own.iterdir())


@examples(60)
@given(body=broken(LINKS))
def test_broken_links(body: bytes) -> None:
    """A damaged .urls file."""
    _check("a.urls", body)


@examples(60)
@given(sidecar=broken(LINE))
def test_broken_sidecar(sidecar: bytes) -> None:
    """A damaged sidecar: its page comes with the stated fields, or with a problem."""
    _check("a.html", b"<p>The ferry sails.</p>", sidecar=sidecar)


@examples(120)
@given(body=broken(WARC, PACKED))
def test_broken_warc(body: bytes) -> None:
    """A WARC file, plain or compressed, with truncated records, wrong lengths or torn gzip members."""
    _check("a.warc", body)


@examples(80)
@given(body=broken(WARC))
def test_broken_warc_in_whole_gzip_members(body: bytes) -> None:
    """A damaged WARC file in intact gzip members."""
    _check("a.warc.gz", gzip.compress(body))


def _archived(root: Path) -> dict[str, bytes]:
    archive = Archive(root, durability="process")
    with archive.writer(source_key="post", run_id="r") as writer:
        for number in range(4):
            page = page_of(b"<p>%d gates</p>" % number, "text/html", url=f"https://post.example/{number}")
            writer.put(page, news_day=NOW.date(), article_id=f"{number:032}")
    return {page_key_of(archive.page(each)): archive.page(each).body for each in archive.captures()}


def _recovered(root: Path) -> dict[str, bytes]:
    archive = Archive(root, durability="process")
    archive.recover()
    archive.rebuild_index()
    return {each.page_key: archive.page(each).body for each in archive.captures()}


@examples(30)
@given(data=st.data())
def test_damaged_archive(data: st.DataObject) -> None:
    """A damaged file of our own archive: each page is returned unchanged, or an error gives the reason."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        put = _archived(root)
        [file] = root.glob("warc/*/*/*.warc.gz")
        file.write_bytes(data.draw(broken(file.read_bytes(), most=3)))
        for index in root.glob("index.sqlite*"):
            index.unlink()
        try:
            got = _recovered(root)
        except ArchiveError:
            return
        assert got.items() <= put.items()
