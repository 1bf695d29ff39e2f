"""A damaged file is reported and loses only its damaged records."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newslake.pipeline.archive import Archive
from newslake.pipeline.model import Capture
from tests.unit.archive.test_archive import put, web_page

PAGES = [web_page(bytes(range(256)) * (n + 1), url=f"https://harbour-post.example/{n}", minutes=n) for n in range(5)]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Five pages in one file."""
    archive = Archive(tmp_path / "archive", durability="process")
    put(archive, *PAGES)
    return archive


def zeroed(data: bytearray, at: Capture) -> None:
    data[at.offset : at.offset + at.length] = bytes(at.length)


def flipped(data: bytearray, at: Capture) -> None:
    data[at.offset + at.length // 2] ^= 0x55


def shortened(data: bytearray, at: Capture) -> None:
    del data[at.offset + 20 : at.offset + at.length - 20]


def cut(data: bytearray, at: Capture) -> None:
    del data[at.offset + at.length // 2 :]


@pytest.mark.parametrize(
    ("damage", "hit", "left"),
    [(zeroed, 2, [0, 1, 3, 4]), (flipped, 2, [0, 1, 3, 4]), (shortened, 1, [0, 2, 3, 4]), (cut, 4, [0, 1, 2, 3])],
)
def test_damage_is_reported_and_loses_only_its_records(
    archive: Archive, tmp_path: Path, damage: Callable[[bytearray, Capture], None], hit: int, left: list[int]
) -> None:
    """Verify reports file, bytes, page and article; a rebuild reports the place and keeps every other record."""
    assert list(archive.verify()) == []
    struck = archive.captures()[hit]
    path = tmp_path / "archive" / struck.file
    data = bytearray(path.read_bytes())
    damage(data, struck)
    path.write_bytes(data)
    damages = list(archive.verify())
    assert [(each.file, each.offset) for each in damages] == [(struck.file, struck.offset)]
    assert f"lost {struck.url} of 2026-02-03 12:0{hit}, article a1: " in damages[0].message
    assert "restore the file" in damages[0].message
    assert [(each.file, each.offset) for each in archive.rebuild_index()] == [(struck.file, struck.offset)]
    found = [archive.page(capture) for capture in archive.captures()]
    assert found == [PAGES[number] for number in left]


def test_index_and_files_are_compared(archive: Archive, tmp_path: Path) -> None:
    """A missing file, a file that is not indexed, and a revisit without its bytes are reported."""
    put(archive, web_page(PAGES[0].body, url=PAGES[0].url or "", minutes=90), run_id="run-2")
    [first] = tmp_path.glob("archive/warc/*/*/run-1.warc.gz")
    second = first.with_name("run-2.warc.gz")
    second.rename(second.with_name("run-3.warc.gz"))
    damages = [str(each) for each in archive.verify()]
    assert [text.split(": ", 1)[1].split(";")[0] for text in damages] == [
        "is in the index, but missing",
        "is not in the index",
    ]
    archive.recover(drops_damaged=True)
    assert list(archive.verify()) == []
    first.unlink()
    archive.recover(drops_damaged=True)
    [revisit] = archive.verify()
    assert "which no record has" in str(revisit)


def test_dead_part_keeps_records_after_damage(archive: Archive, tmp_path: Path) -> None:
    """The torn tail of a dead writer's file is removed; records after damage in its middle are kept."""
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    data = bytearray(path.read_bytes())
    zeroed(data, archive.captures()[1])
    path.with_name("dead.warc.gz.part").write_bytes(data[:-30])
    path.unlink()
    archive.recover(drops_damaged=True)
    assert [archive.page(capture) for capture in archive.captures()] == [PAGES[0], PAGES[2], PAGES[3]]


def test_files_are_rotated(tmp_path: Path) -> None:
    """A file that reaches the maximum size is finished, and the next pages of that day go into a new one."""
    archive = Archive(tmp_path / "archive", durability="process", file_max_bytes=2000)
    put(archive, *(web_page(b"%d" % n, minutes=n) for n in range(6)), web_page(b"0", minutes=60))
    names = sorted(path.name for path in tmp_path.glob("archive/warc/*/*/*"))
    assert names[:3] == ["run-1.warc.gz", "run-1~2.warc.gz", "run-1~3.warc.gz"]
    assert [archive.page(each).body for each in archive.captures()] == [b"0", b"1", b"2", b"3", b"4", b"5", b"0"]
    assert archive.captures()[-1].is_revisit
    assert archive.captures()[-1].fetched_at - archive.captures()[0].fetched_at == timedelta(hours=1)
    assert list(archive.verify()) == []
