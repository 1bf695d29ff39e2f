"""Records deleted from WARC files: no byte of them remains, and all others keep their bytes and offsets."""

import gzip
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from newslake.pipeline.archive import Archive
from newslake.pipeline.archive.erase import filler
from newslake.pipeline.model import Attempt, Exchange
from tests.traces import Traces
from tests.unit.archive.test_archive import DAY, NOON, Answer, archive, local_page, put, record_types, web_page

__all__ = ["archive"]
OTHER = "https://www.harbour-post.example/news/bridge"
SECRET = "Nobody may ever read these words again."


@pytest.mark.parametrize("length", [260, 261, 5000, 65_555, 65_813, 65_814, 131_100, 400_000])
def test_filler_has_any_length(length: int) -> None:
    """A filler has exactly the requested length, and is one record that readers skip."""
    data = filler(length)
    assert len(data) == length
    assert gzip.decompress(data).startswith(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n")


def secret(archive: Archive, *, run_id: str = "run-1") -> None:
    """Archive a page with a secret between two others, with its request and response."""
    page = web_page(SECRET.encode() * 40, url=OTHER)
    sent = Exchange(
        request=b"GET /news/bridge HTTP/1.1\r\n\r\n", head=b"HTTP/1.1 200 OK\r\nServer: s\r\n\r\n", body=page.body
    )
    with archive.writer(source_key="harbour", run_id=run_id) as writer:
        writer.put(web_page(), news_day=DAY, article_id="a1")
        writer.put(replace(page, exchange=sent), news_day=DAY, article_id="a2")
        writer.put_not_modified(Answer(NOON + timedelta(hours=1)), page_key="https://harbour-post.example/news/bridge")
        writer.put(local_page(), news_day=DAY, article_id="a3")


def erase(archive: Archive, article_id: str) -> None:
    captures = archive.captures(article_id=article_id)
    archive.erase(captures, page_keys={each.page_key for each in captures})


def test_others_keep_bytes_and_places(archive: Archive, tmp_path: Path) -> None:
    """Fillers replace deleted records: no word of them is in file or index; others keep bytes and offsets."""
    secret(archive)
    [file] = {each.file for each in archive.captures()}
    path = tmp_path / "archive" / file
    before = path.read_bytes()
    erase(archive, "a2")
    after, staying = path.read_bytes(), archive.captures()
    assert [each.article_id for each in staying] == ["a1", "a3"]
    assert len(after) == len(before)
    for each in staying:
        place = slice(each.offset, each.offset + each.length)
        assert after[place] == before[place]
    assert archive.page(staying[0]) == web_page()
    assert Traces([SECRET, "/news/bridge"]).under(tmp_path) == {}
    with path.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds == ["warcinfo", "metadata", "response", "warcinfo", "warcinfo", "metadata", "resource"]
    assert list(archive.verify()) == []
    archive.rebuild_index()
    assert archive.captures() == staying


def test_erasing_continues_after_a_kill(archive: Archive, tmp_path: Path) -> None:
    """With fillers in the file and rows still in the index, a second call does the rest and changes no byte."""
    secret(archive)
    doomed = archive.captures(article_id="a2")
    erase(archive, "a2")
    [path] = tmp_path.rglob("*.warc.gz")
    done = path.read_bytes()
    archive._index.add({doomed[0].file: doomed})
    (tmp_path / "archive" / "erase.1").write_text(SECRET)
    erase(archive, "a2")
    assert path.read_bytes() == done
    assert [each.article_id for each in archive.captures()] == ["a1", "a3"]
    assert Traces([SECRET]).under(tmp_path) == {}


def test_damaged_record_is_erased(archive: Archive, tmp_path: Path) -> None:
    """A damaged record is erased like a whole one, and damage before it is unchanged."""
    secret(archive)
    doomed = archive.captures(article_id="a2")
    [path] = tmp_path.rglob("*.warc.gz")
    data = bytearray(path.read_bytes())
    data[doomed[0].offset + 60] ^= 0xFF
    path.write_bytes(data)
    erase(archive, "a2")
    assert list(archive.verify()) == []
    assert [each.article_id for each in archive.captures()] == ["a1", "a3"]


def test_file_without_other_records_is_removed(archive: Archive, tmp_path: Path) -> None:
    """A file is removed if all its records are deleted; failed responses are deleted with their page."""
    put(archive, web_page(SECRET.encode()))
    [capture] = archive.captures()
    attempt = Attempt(
        page_key=capture.page_key, url=capture.url or "", article_id="a1", source_key="harbour", news_day=DAY,
        run_id="run-2", fetched_at=NOON, status=410, reason="http_410", file="", offset=0, length=0,
    )  # fmt: skip
    with archive.writer(source_key="harbour", run_id="run-2") as writer:
        writer.put_attempt(attempt, Exchange(request=b"GET", head=b"HTTP/1.1 410 Gone\r\n\r\n", body=b""))
    erase(archive, "a1")
    assert list(tmp_path.rglob("*.warc.gz")) == []
    assert archive.attempts([capture.page_key]) == ()
    assert list(archive.verify()) == []


def test_bytes_move_to_the_revisit_that_stays(archive: Archive, tmp_path: Path) -> None:
    """If a record is deleted and its revisit by another source stays, the revisit gets the bytes, once."""
    page, later = web_page(), web_page(minutes=5, etag='"2"')
    put(archive, page)
    with archive.writer(source_key="mirror", run_id="run-9") as writer:
        writer.put(later, news_day=DAY, article_id="a1")
    assert record_types(tmp_path / "archive").count("revisit") == 1
    expected = archive.page(archive.captures()[1])
    doomed = archive.find_captures(source_key="harbour")
    archive.erase(doomed, page_keys=(), source_key="harbour")
    [new_holder] = archive.captures()
    assert (new_holder.source_key, new_holder.run_id, new_holder.is_revisit) == ("mirror", "run-9", False)
    assert archive.page(new_holder) == expected
    assert list(archive.verify()) == []
    archive.rebuild_index()
    assert archive.captures() == (new_holder,)


def test_other_pages_of_a_lost_file_stay_known(archive: Archive, tmp_path: Path) -> None:
    """A page of a lost file is erased from the index; the file is still missing, with its other pages."""
    secret(archive)
    [path] = tmp_path.rglob("*.warc.gz")
    path.unlink()
    erase(archive, "a2")
    assert [each.article_id for each in archive.captures()] == ["a1", "a3"]
    assert [str(each).partition(" is in the index, but missing")[1] != "" for each in archive.verify()] == [True]
    for article_id in ("a1", "a3"):
        erase(archive, article_id)
    assert list(archive.verify()) == []


@pytest.mark.parametrize("harm", ["lost", "cut", "damaged"])
def test_unreadable_bytes_stop_no_takedown(archive: Archive, tmp_path: Path, harm: str) -> None:
    """A record that cannot be read is erased, though a revisit by another source stays and its bytes are lost."""
    put(archive, web_page())
    [path], [holder] = tmp_path.rglob("*.warc.gz"), archive.captures()
    with archive.writer(source_key="mirror", run_id="run-9") as writer:
        writer.put(web_page(minutes=5), news_day=DAY, article_id="a1")
    if harm == "lost":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(
            data[:-20] if harm == "cut" else data[: holder.offset + 60] + bytes(len(data) - holder.offset - 60)
        )
    archive.erase(archive.find_captures(source_key="harbour"), page_keys=(), source_key="harbour")
    assert [(each.source_key, each.is_revisit) for each in archive.captures()] == [("mirror", True)]
    assert [each.file for each in archive.verify()] == [archive.captures()[0].file]
