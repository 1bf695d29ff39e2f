"""The archive stores every page byte for byte and finds it again."""

import gc
import gzip
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from newslake.pipeline.archive import Archive, page_key_of
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Exchange, Hints, Page, RightsStatement

NOON = datetime(2026, 2, 3, 12, 0, 0, 250, tzinfo=UTC)
DAY = date(2026, 2, 3)
URL = "https://www.harbour-post.example/news/ferry"
RIGHTS = (RightsStatement("rsl: https://post.example/license.xml", "line 1 of https://post.example/robots.txt"),)
HINTS = Hints(
    title="Ferry – late again",
    published_at=NOON,
    published_precision="second",
    publisher="Harbour Post",
    rights=RIGHTS,
)


@dataclass(frozen=True)
class Answer:
    """A server's 304 response."""

    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    exchange: Exchange | None = None


def web_page(body: bytes = b"<p>The ferry was late.</p>", *, url: str = URL, minutes: int = 0, **headers: str) -> Page:
    return Page(
        url=url,
        final_url=url,
        status=200,
        headers={"date": "Tue, 03 Feb 2026 12:00:00 GMT", "content-type": "text/html; charset=utf-8", **headers},
        body=body,
        fetched_at=NOON + timedelta(minutes=minutes),
        hints=HINTS,
    )


def local_page(body: bytes = "Der Fährmann schwieg.\n".encode()) -> Page:
    headers = {"content-type": "text/plain; charset=utf-8"}
    return Page(url=None, final_url=None, status=200, headers=headers, body=body, fetched_at=NOON)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", durability="process")


def put(archive: Archive, *pages: Page, run_id: str = "run-1", day: date = DAY) -> list[str]:
    with archive.writer(source_key="harbour", run_id=run_id) as writer:
        return [writer.put(page, news_day=day, article_id="a1").digest for page in pages]


def record_types(root: Path) -> list[str]:
    types = []
    for path in sorted(root.glob("warc/*/*/*.warc.gz")):
        with path.open("rb") as file:
            types += [record.rec_type for record in ArchiveIterator(file)]
    return types


def test_files_have_bytes_and_leftovers_are_named(archive: Archive, tmp_path: Path) -> None:
    """A file has its bytes; what a dead process left is named until it is in the index."""
    put(archive, web_page())
    [name] = archive.file_names()
    path = tmp_path / "archive" / name
    stored = path.read_bytes()
    assert (archive.file_bytes(name), archive.file_size(name)) == (stored, len(stored))
    assert (archive.file_bytes(f"{name}x"), archive.file_size(f"{name}x")) == (None, 0)
    assert archive.leftovers() == ()
    stray = name.replace("run-1", "run-2")
    (tmp_path / "archive" / stray).write_bytes(stored)
    assert archive.leftovers() == (stray,)
    archive.recover()
    assert archive.leftovers() == ()


@pytest.mark.parametrize(
    "page",
    [
        web_page(),
        web_page(b""),
        web_page(bytes(range(256)) * 200),
        web_page(**{"content-encoding": "gzip", "content-length": "17", "transfer-encoding": "chunked"}),
        web_page(**{"content-length": "26", "x-note": "naïve – café", "x-empty": ""}),
        replace(web_page(url="HTTP://Harbour-Post.example/a b"), final_url="https://harbour-post.example/moved"),
        replace(web_page(), headers={}),
        local_page(),
        replace(local_page(), headers={}),
    ],
    ids=["plain", "empty", "binary", "coded", "unicode-header", "redirected", "no-header", "local", "local-untyped"],
)
def test_page_comes_back_equal(archive: Archive, page: Page) -> None:
    """A page read by its digest equals the stored page, with headers and hints."""
    [digest] = put(archive, page)
    assert archive.get(digest) == page


def test_foreign_reader_sees_valid_records(archive: Archive, tmp_path: Path) -> None:
    """A standard WARC reader finds the decoded payload, and no header for a second decoding."""
    put(archive, web_page(**{"content-encoding": "gzip"}))
    [path] = tmp_path.glob("archive/warc/2026-02-03/harbour/run-1.warc.gz")
    with path.open("rb") as file:
        [response] = [(r, r.content_stream().read()) for r in ArchiveIterator(file) if r.rec_type == "response"]
    record, body = response
    assert body == web_page().body
    assert record.http_headers.get_header("content-encoding") is None
    assert record.http_headers.get_header("x-archive-orig-content-encoding") == "gzip"
    assert record.rec_headers.protocol == "WARC/1.1"


def test_same_bytes_become_a_revisit(archive: Archive, tmp_path: Path) -> None:
    """Content A, B, A is two responses and one revisit; each capture has its own content and time."""
    pages = [web_page(b"A"), web_page(b"B", minutes=1), web_page(b"A", minutes=2)]
    for page in pages:
        put(archive, page, run_id=f"run-{page.fetched_at}")
    captures = archive.captures(page_key=page_key_of(pages[0]))
    assert [capture.is_revisit for capture in captures] == [False, False, True]
    assert [archive.page(capture) for capture in captures] == pages
    assert (
        sorted(record_types(tmp_path / "archive"))
        == ["metadata"] * 3 + ["response"] * 2 + ["revisit"] + ["warcinfo"] * 3
    )


def test_same_bytes_in_one_run_become_a_revisit(archive: Archive) -> None:
    """A page that one writer stores twice is stored once."""
    put(archive, web_page(b"A"), web_page(b"A", minutes=1))
    assert [capture.is_revisit for capture in archive.captures()] == [False, True]


def test_same_bytes_under_another_url_are_kept(archive: Archive) -> None:
    """The same bytes under another URL are a separate record."""
    put(archive, web_page(b"A"), web_page(b"A", url="https://other.example/x"))
    assert [capture.is_revisit for capture in archive.captures()] == [False, False]


def test_not_modified_refers_to_last_capture(archive: Archive) -> None:
    """A 304 is a revisit with its own time and the bytes, status and headers of the earlier record."""
    page = web_page(etag='"v1"')
    put(archive, page)
    later = NOON + timedelta(days=1)
    with archive.writer(source_key="harbour", run_id="run-2") as writer:
        capture = writer.put_not_modified(Answer(later), page_key=page_key_of(page))
    assert (capture.status, capture.is_revisit, capture.news_day, capture.etag) == (304, True, DAY, '"v1"')
    assert archive.page(archive.captures(article_id="a1")[-1]) == replace(page, fetched_at=later)


def test_not_modified_of_unknown_page_is_an_error(archive: Archive) -> None:
    """A 304 for a page that is not in the archive is an error with the page's key."""
    with archive.writer(source_key="harbour", run_id="run-2") as writer, pytest.raises(ArchiveError) as caught:
        writer.put_not_modified(Answer(NOON), page_key="https://nowhere.example/")
    assert (caught.value.reason, caught.value.key) == ("no_capture", "https://nowhere.example/")


def test_pages_put_before_an_error_are_kept(archive: Archive) -> None:
    """If the with-block raises, stored pages are finished and indexed, and the error propagates."""

    def fall_over() -> None:
        with archive.writer(source_key="harbour", run_id="run-1") as writer:
            writer.put(web_page(), news_day=DAY, article_id="a1")
            raise RuntimeError("network fell over")

    with pytest.raises(RuntimeError, match="network fell over"):
        fall_over()
    assert [archive.page(capture) for capture in archive.captures()] == [web_page()]


def test_records_are_visible_after_the_file_is_finished(archive: Archive, tmp_path: Path) -> None:
    """Until the writer closes, the record is in a .part and not in the index."""
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        writer.put(web_page(), news_day=DAY, article_id="a1")
        assert archive.captures() == ()
        assert [path.name for path in tmp_path.glob("archive/warc/*/*/*")] == ["run-1.warc.gz.part"]
    assert len(archive.captures()) == 1


def test_retried_run_writes_a_second_file(archive: Archive, tmp_path: Path) -> None:
    """A retry with the same run id does not overwrite the file of the first try."""
    put(archive, web_page(b"A"))
    put(archive, web_page(b"B", minutes=1))
    assert sorted(path.name for path in tmp_path.glob("archive/warc/*/*/*")) == ["run-1.warc.gz", "run-1~2.warc.gz"]


def test_hostile_names_stay_inside(archive: Archive, tmp_path: Path) -> None:
    """Run ids and source keys with dots and slashes become file names inside the archive."""
    for run_id in ("../../x", "a/b", "scheduled__2026-02-03T00:00:00+00:00", "n" * 400):
        with archive.writer(source_key="..", run_id=run_id) as writer:
            writer.put(web_page(run_id.encode()), news_day=DAY, article_id="a1")
    files = [path for path in tmp_path.rglob("*.warc.gz")]
    assert len(files) == 4
    assert {path.parent for path in files} == {tmp_path / "archive/warc/2026-02-03/%2E%2E"}


def test_more_days_than_open_files(archive: Archive) -> None:
    """A run over hundreds of news days keeps few files open and loses no page."""
    days = [DAY + timedelta(days=number) for number in range(150)]
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        for number, day in enumerate([*days, *days]):
            writer.put(web_page(b"%d" % number, minutes=number), news_day=day, article_id="a1")
    assert archive.days() == tuple(days)
    assert len(archive.captures()) == 300


def test_lookups(archive: Archive) -> None:
    """Captures are found by page, day, run and first day, in the documented order."""
    other = "https://other.example/x"
    put(archive, web_page(b"A", minutes=5), web_page(b"X", url=other))
    put(archive, web_page(b"A", minutes=9), web_page(b"Y", url=other, minutes=9), run_id="run-2", day=date(2026, 2, 4))
    key, other_key = page_key_of(web_page()), page_key_of(web_page(url=other))
    assert [capture.page_key for capture in archive.captures_of_day(DAY)] == [other_key, key]
    assert {k: c.fetched_at for k, c in archive.latest([key, other_key, "none"]).items()} == dict.fromkeys(
        (key, other_key), NOON + timedelta(minutes=9)
    )
    assert archive.last_days() == {"harbour": date(2026, 2, 4)}
    assert archive.days() == (DAY, date(2026, 2, 4))


def test_days_of_run_are_those_with_new_content(archive: Archive) -> None:
    """A run that fetched only known content has no day to process."""
    put(archive, web_page(b"A"))
    put(archive, web_page(b"A", minutes=1), run_id="run-2")
    put(archive, web_page(b"B", minutes=2), run_id="run-3")
    put(archive, web_page(b"A", minutes=3), run_id="run-4")
    runs = ("run-1", "run-2", "run-3", "run-4")
    assert [archive.days_of_run(source_key="harbour", run_id=run) for run in runs] == [(DAY,), (), (DAY,), (DAY,)]


def test_rebuilt_index_is_equal(archive: Archive, tmp_path: Path) -> None:
    """The index can be rebuilt from the WARC files: on request, after deletion, or by another process."""
    put(archive, web_page(b"A", etag='"1"'), local_page(), web_page(b"A", minutes=3))
    with archive.writer(source_key="harbour", run_id="run-2") as writer:
        writer.put_not_modified(Answer(NOON + timedelta(days=2)), page_key=page_key_of(web_page()))
    before = archive.captures()
    archive.rebuild_index()
    assert archive.captures() == before
    (tmp_path / "archive/index.sqlite").rename(tmp_path / "gone.sqlite")
    for leftover in ("index.sqlite-wal", "index.sqlite-shm"):
        (tmp_path / "archive" / leftover).unlink(missing_ok=True)
    assert Archive(tmp_path / "archive").captures() == before


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_torn_part_of_a_dead_process_is_finished(archive: Archive, tmp_path: Path, cut: int) -> None:
    """Recover truncates a dead writer's .part to whole records and indexes them."""
    put(archive, web_page(b"A"), web_page(bytes(range(256)) * 8, minutes=1))
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    torn = path.with_name("dead.warc.gz.part")
    torn.write_bytes(path.read_bytes()[:-cut])
    path.unlink()
    assert archive.recover() == (
        "finished warc/2026-02-03/harbour/dead.warc.gz",
        "indexed warc/2026-02-03/harbour/dead.warc.gz",
    )
    gone = "removed warc/2026-02-03/harbour/run-1.warc.gz from the index; the file is gone"
    assert archive.recover(drops_damaged=True) == (gone,)
    assert [archive.page(capture).body for capture in archive.captures()] == [b"A"]
    assert archive.recover() == ()


def test_lost_file_is_named_until_it_is_given_up(archive: Archive, tmp_path: Path) -> None:
    """Recover does not forget a lost file, so verify names it; a page with its bytes is stored as a whole again."""
    put(archive, web_page(b"A"))
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    path.unlink()
    assert archive.recover(source_key="harbour") == archive.recover() == ()
    assert [each.file for each in archive.verify()] == [path.relative_to(tmp_path / "archive").as_posix()]

    [digest] = put(archive, web_page(b"A", minutes=1), run_id="run-2")
    put(archive, web_page(b"A", minutes=2), run_id="run-3")

    assert [each.is_revisit for each in archive.captures()] == [False, False, True]
    assert archive.page(archive.captures()[-1]).body == archive.get(digest).body == b"A"
    assert len(archive.recover(drops_damaged=True)) == 1
    assert list(archive.verify()) == []


def test_capture_of_a_lost_file_is_read_from_another(archive: Archive, tmp_path: Path) -> None:
    """If the same bytes came in again, a capture whose file is lost is read from that record, as it was."""
    pages = [web_page(b"A"), web_page(b"A", minutes=1)]
    put(archive, pages[0])
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    path.unlink()
    assert [archive.has_bytes(each) for each in archive.captures()] == [False]

    put(archive, pages[1], run_id="run-2")

    assert [archive.has_bytes(each) for each in archive.captures()] == [True, True]
    assert [archive.page(each) for each in archive.captures()] == pages


def test_rebuilt_index_keeps_lost_files(archive: Archive, tmp_path: Path) -> None:
    """A rebuild of a readable index names each lost file and keeps its records, so that verify names it again."""
    put(archive, web_page(b"A"))
    put(archive, web_page(b"B", minutes=1), run_id="run-2")
    path = tmp_path / "archive" / archive.captures()[0].file
    whole, before = path.read_bytes(), archive.captures()
    path.unlink()
    for damages in (archive.rebuild_index(), archive.rebuild_index(), archive.verify()):
        assert [each.file for each in damages] == [before[0].file]
    assert archive.captures() == before
    path.write_bytes(whole)
    assert (archive.rebuild_index(), list(archive.verify()), archive.captures()) == ((), [], before)


def test_full_disk_does_not_cost_the_index(tmp_path: Path) -> None:
    """An index that cannot be checked because no file may grow is left as it is."""
    put(Archive(tmp_path / "archive", durability="process"), web_page(b"A"))
    path = tmp_path / "archive/index.sqlite"
    gc.collect()  # closes the index
    before = path.read_bytes()
    with no_room(), pytest.raises(OSError, match=r"index\.sqlite"):
        Archive(tmp_path / "archive", durability="process").recover()
    assert path.read_bytes() == before


def test_damaged_index_stays_until_the_new_one_is_built(tmp_path: Path) -> None:
    """A rebuild that fails half-way leaves the damaged file where it was, and nothing else; the next one succeeds."""
    root = tmp_path / "archive"
    put(Archive(root, durability="process"), web_page(b"A"), web_page(b"B", minutes=1))
    gc.collect()
    index, names = root / "index.sqlite", {each.name for each in root.iterdir()}
    damage(index, lambda data: data[:5000])
    before = index.read_bytes()
    with no_room(), pytest.raises(OSError, match="index"):
        Archive(root, durability="process").rebuild_index()
    assert index.read_bytes() == before
    assert {each.name for each in root.iterdir()} - names <= {"index.lock", "index.sqlite-wal", "index.sqlite-shm"}
    archive = Archive(root, durability="process")
    assert archive.rebuild_index() == ()
    assert [archive.page(each).body for each in archive.captures()] == [b"A", b"B"]
    assert list(archive.verify()) == []


def test_quick_check_finds_what_a_lost_write_leaves(tmp_path: Path) -> None:
    """A file that is no database, is cut off, or lacks a table is found without reading every row."""
    root = tmp_path / "archive"
    put(Archive(root, durability="process"), *(web_page(b"%d" % number, minutes=number) for number in range(60)))
    gc.collect()
    whole = (root / "index.sqlite").read_bytes()
    for change in (lambda data: b"", lambda data: b"x" * 4096 + data[4096:], lambda data: data[:4096]):
        (root / "index.sqlite").write_bytes(change(whole))
        assert Archive(root).index_problems(is_quick=True) != ()
        assert Archive(root, durability="process").recover(is_quick=True)[0].startswith("rebuilt the index")
        assert Archive(root).index_problems() == ()
        gc.collect()


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_empty_part_of_a_dead_process_is_removed(archive: Archive, tmp_path: Path) -> None:
    """A .part without a whole record is removed."""
    folder = tmp_path / "archive/warc/2026-02-03/harbour"
    folder.mkdir(parents=True)
    (folder / "dead.warc.gz.part").write_bytes(gzip.compress(b"x" * 500)[:-9])
    assert archive.recover() == ()
    assert list(folder.iterdir()) == []


def test_part_of_a_live_writer_is_left_alone(archive: Archive, tmp_path: Path) -> None:
    """Recover does not change a file that another writer is writing."""
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        writer.put(web_page(), news_day=DAY, article_id="a1")
        assert Archive(tmp_path / "archive").recover() == ()
        writer.put(web_page(b"B", minutes=1), news_day=DAY, article_id="a1")
    assert len(archive.captures()) == 2


def damage(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-20], "record_missing"),
        (lambda data: data[:-30] + bytes(byte ^ 0x55 for byte in data[-30:]), "record_corrupt"),
        (lambda data: b"\0" * len(data), "record_corrupt"),
    ],
    ids=["cut", "flipped", "zeroed"],
)
def test_damaged_record_is_named(
    archive: Archive, tmp_path: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    """A record with missing bytes, or with bytes of another digest, is an error with file and offset."""
    [digest] = put(archive, web_page())
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    damage(path, change)
    with pytest.raises(ArchiveError, match=r"run-1\.warc\.gz") as caught:
        archive.get(digest)
    assert caught.value.reason == reason


def test_unknown_digest_and_lost_file_are_missing(archive: Archive, tmp_path: Path) -> None:
    """An unknown digest, and a digest with a missing file, are record_missing."""
    [digest] = put(archive, web_page())
    for path in tmp_path.glob("archive/warc/*/*/*.warc.gz"):
        path.unlink()
    for wanted in (digest, "sha256:00"):
        with pytest.raises(ArchiveError) as caught:
            archive.get(wanted)
        assert caught.value.reason == "record_missing"


def test_index_that_is_not_a_database_is_reported(tmp_path: Path) -> None:
    """A damaged index is an error that says how to rebuild it."""
    (tmp_path / "index.sqlite").write_bytes(b"not a database at all " * 100)
    with pytest.raises(ArchiveError, match="newslake archive reindex") as caught:
        Archive(tmp_path).days()
    assert caught.value.reason == "database_broken"


def make_empty_index(root: Path) -> None:
    """Write the state between the moment in which a process creates the index and the moment it has its tables."""
    root.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(root / "index.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def test_recover_leaves_an_index_that_another_process_creates(tmp_path: Path) -> None:
    """A process creates the file of the index, and its tables a moment later; recover does not report it as damage."""
    make_empty_index(tmp_path)
    assert Archive(tmp_path).index_problems() == ()
    assert Archive(tmp_path).recover() == ()


def test_recover_rebuilds_an_index_that_lost_its_tables(archive: Archive, tmp_path: Path) -> None:
    """A writer has the tables before its first file: an index without tables is damage if there are WARC files."""
    root = tmp_path / "archive"
    put(archive, web_page())
    for path in root.glob("index.sqlite*"):
        path.unlink()
    make_empty_index(root)
    assert Archive(root, durability="process").recover() == ("rebuilt the index from the WARC files",)
    assert len(Archive(root, durability="process").captures()) == 1
