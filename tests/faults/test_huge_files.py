"""Files of many gigabytes stop no other source; a process that dies between two slices loses and doubles nothing."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from news_airflow.tasks import TASKS

from newslake.pipeline.jobs.outcomes import batch_of, logged_outcomes
from newslake.pipeline.jobs.run import IngestSummary, extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.unit.sources.test_cc_news import warc

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SLICE_SECONDS = 0.3
STORY = "The pier of Tarnwick is long and old, and the house of Councillor Ada Brandt is near its lamps and its cafe. "
SOURCES = '[sources.big]\nkind = "folder"\npath = "big"\n[sources.wire]\nkind = "folder"\npath = "wire"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data root with two folders as sources; the first comes first."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    for name in ("big", "wire"):
        (tmp_path / name).mkdir()
    return tmp_path


def _space(folder: Path) -> Workspace:
    return Workspace(
        Settings.load(data_dir=folder, sources_file=folder / "sources.toml", frozen_now=NOW, durability="process")
    )


def _ingest(
    folder: Path, *keys: str, run_id: str = "r", seconds: float | None = None, earlier: IngestSummary | None = None
) -> IngestSummary:
    return ingest_sources(
        _space(folder),
        source_keys=keys,
        day=NOW.date(),
        run_id=run_id,
        report_progress=lambda _: None,
        slice_seconds=seconds,
        earlier=earlier,
    )


def _lines(*numbers: int) -> str:
    pages = ({"url": f"https://post.example/{number}", "text": f"{STORY * 4}\n\n{number}"} for number in numbers)
    return "\n".join(map(json.dumps, pages))


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), size)


@pytest.mark.model
def test_other_sources_have_rows_before_huge_files_are_read(folder: Path) -> None:
    """After one slice of sparse files of 20 and 5 GB, the pages of another source are committed."""
    _sparse(folder / "big" / "a.warc", 20_000_000_000)
    _sparse(folder / "big" / "b.jsonl", 5_000_000_000)
    (folder / "wire" / "pages.jsonl").write_text(_lines(1, 2))

    done = _ingest(folder, "big", "wire", seconds=SLICE_SECONDS)

    assert done.unfinished == ("big",)
    space = _space(folder)
    for day in done.report.days:
        extract_day(space, day=day, run_id=f"x-{day}", report_progress=lambda _: None)
    assert space.lake.read("articles").num_rows == 2
    more = _ingest(folder, "big", "wire", seconds=SLICE_SECONDS, earlier=done)
    assert more.unfinished == ("big",)
    assert Counter(each.source_key for each in more.outcomes) == {"wire": 2}


INBOXES = (
    '[sources.box]\nkind = "inbox"\npath = "box"\n[sources.more]\nkind = "inbox"\npath = "more"\n'
    '[sources.wire]\nkind = "folder"\npath = "wire"\n'
)


@pytest.fixture
def inboxes(folder: Path) -> Path:
    """The data root with two inboxes and a folder: a broken line, pages around a hole of 110 MB, pages of the folder.

    The second inbox has such a file, too, in the folder of a dead run.
    """
    (folder / "sources.toml").write_text(INBOXES)
    for name, file in (("box", "a.jsonl"), ("more", "claimed/dead/b.jsonl")):
        path = folder / name / file
        path.parent.mkdir(parents=True)
        path.write_text(f"no JSON\n{_lines(len(name))}\n")
        os.truncate(path, 110_000_000)
        with path.open("ab") as stream:
            stream.write(f"\n{_lines(10 + len(name))}".encode())
        os.utime(path, (NOW.timestamp(), NOW.timestamp() - 60))
    (folder / "wire" / "pages.jsonl").write_text(_lines(1, 2))
    return folder


def test_large_inboxes_come_after_all_slices(inboxes: Path) -> None:
    """A folder is read to its end in slices before a large inbox, whose broken line takes its file to failed/."""
    done = _ingest(inboxes, "box", "more", "wire", seconds=0)
    turns = [done]
    while done.unfinished:
        done = _ingest(inboxes, "box", "more", "wire", seconds=0, earlier=done)
        turns.append(done)

    urls = [{each.source_key for each in turn.outcomes} for turn in turns]
    assert urls[0] == {"wire"}
    assert [turn.unfinished for turn in turns][-3:] == [("box", "more"), ("more",), ()]
    assert urls[-3:] == [{"wire"}, {"wire", "box"}, {"wire", "box", "more"}]
    for name, file in (("box", "a.jsonl"), ("more", "b.jsonl")):
        got = {each.url: each.reason for each in done.outcomes if each.source_key == name}
        pages = [f"https://post.example/{number}" for number in (len(name), 10 + len(name))]
        assert {url for url, reason in got.items() if reason == "archived"} == {*pages}
        assert [len(_space(inboxes).archive.captures(page_key=page)) for page in pages] == [1, 1]
        reasons = (inboxes / name / "failed" / f"{file}.reason.txt").read_text()
        assert f"{file}#1" in reasons
        assert f"{file}#3" in reasons


def test_run_that_ends_before_a_large_inbox_leaves_its_file(inboxes: Path) -> None:
    """A run that ends after its first slice leaves a large file in the inbox, and the next run reads it."""
    assert _ingest(inboxes, "box", "wire", run_id="first", seconds=60).unfinished == ("box",)
    assert (inboxes / "box" / "a.jsonl").exists()

    done = _ingest(inboxes, "box", run_id="second", seconds=60)

    assert (done.unfinished, (inboxes / "box" / "failed" / "a.jsonl").exists()) == ((), True)


def test_small_inbox_keeps_its_turn(inboxes: Path) -> None:
    """An inbox with little to read is read in the first turn; a large file that is still written does not count."""
    (inboxes / "box" / "a.jsonl").rename(inboxes / "box" / "a.jsonl.part")
    (inboxes / "box" / "c.jsonl").write_text(_lines(7))

    done = _ingest(inboxes, "box", "wire", seconds=60)

    assert done.unfinished == ()
    assert {each.source_key for each in done.outcomes} == {"box", "wire"}


def test_zeros_in_gzip_are_one_outcome(folder: Path) -> None:
    """A gzipped WARC file of 30 GB of zeros is one outcome, and the next file is read in the same slice."""
    (folder / "big" / "a.warc.gz").write_bytes(gzip.compress(bytes(30_000_000)) * 1000)
    (folder / "big" / "b.jsonl").write_text(_lines(1))

    done = _ingest(folder, "big")

    [zeros] = [each for each in done.outcomes if each.outcome == "quarantined"]
    assert (zeros.url, zeros.reason) == ("a.warc.gz#1", "broken_warc")
    assert "200 times its size" in (zeros.detail or "")
    assert len(done.outcomes) == 2


def test_line_over_its_cap_is_one_outcome(folder: Path) -> None:
    """A line of 70 MB between two pages is one outcome in any number of slices, and both pages are archived."""
    file = folder / "big" / "a.jsonl"
    file.write_text(_lines(1) + "\n")
    os.truncate(file, 70_000_000)
    with file.open("ab") as stream:
        stream.write(("\n" + _lines(2)).encode())

    done = _ingest(folder, "big", seconds=0)
    slices = 1
    while done.unfinished:
        done = _ingest(folder, "big", seconds=0, earlier=done)
        slices += 1

    reasons = {each.url: each.reason for each in done.outcomes}
    assert reasons == {
        "https://post.example/1": "archived",
        "a.jsonl#2": "line_too_long",
        "https://post.example/2": "archived",
    }
    assert slices > 3


def test_task_of_airflow_reads_one_slice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task reads one slice of a folder, and the task of the next run reads on."""
    (folder / "big" / "a.jsonl").write_text(_lines(*range(3)))
    env = {"data_dir": folder, "sources_file": folder / "sources.toml", "frozen_now": NOW, "file_slice_seconds": 0}
    for key, value in env.items():
        monkeypatch.setenv(f"NEWS_{key.upper()}", str(value))

    discovered = [TASKS["ingest"](source_key="big", day=None, run_id=f"r{number}")["discovered"] for number in range(5)]

    assert discovered == [1, 1, 1, 0, 0]


def test_task_of_airflow_reads_a_crawl_to_its_end(crawl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task reads all files of a crawl's day: no later task lists that day."""
    env = {"data_dir": crawl, "sources_file": crawl / "sources.toml", "frozen_now": NOW, "file_slice_seconds": 0}
    for key, value in env.items():
        monkeypatch.setenv(f"NEWS_{key.upper()}", str(value))

    assert TASKS["ingest"](source_key="big", day=NOW.date(), run_id="r")["discovered"] == 4


_SLICES = """
import os, sys
from pathlib import Path
from tests.faults.test_huge_files import _ingest
folder, run_id = Path(sys.argv[1]), sys.argv[2]
done = _ingest(folder, "big", run_id=run_id, seconds=0)
print(done.unfinished, flush=True)
while done.unfinished:
    sys.stdin.readline()
    done = _ingest(folder, "big", run_id=run_id, seconds=0, earlier=done)
    print(done.unfinished, flush=True)
"""


def _read_slices(folder: Path, run_id: str, *, count: int) -> None:
    """Read some slices in a process, and kill it between two of them."""
    command = [sys.executable, "-c", _SLICES, str(folder), run_id]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(count):
            assert process.stdout.readline() == "('big',)\n"
            if number < count - 1:
                process.stdin.write("\n")
                process.stdin.flush()
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


CRAWL = '[sources.big]\nkind = "cc_news"\npath = "big"\n[sources.wire]\nkind = "folder"\npath = "wire"\n'
NAMES = [f"CC-NEWS-20260302{hour:02}0000-0000{hour}.warc.gz" for hour in (1, 2)]


@pytest.fixture
def crawl(folder: Path) -> Path:
    """The data root with local files of Common Crawl as the first source: three pages, then one."""
    (folder / "sources.toml").write_text(CRAWL)
    for name, numbers in zip(NAMES, ((0, 1, 2), (3,)), strict=True):
        (folder / "big" / name).write_bytes(warc(*(f"https://post.example/{number}" for number in numbers)))
    return folder


def test_other_sources_have_pages_before_huge_files_of_a_crawl(crawl: Path) -> None:
    """After one slice of a file of 20 GB of Common Crawl, the page of another source is archived."""
    _sparse(crawl / "big" / NAMES[0].removesuffix(".gz"), 20_000_000_000)
    (crawl / "wire" / "pages.jsonl").write_text(_lines(7))

    done = _ingest(crawl, "big", "wire", seconds=SLICE_SECONDS)

    assert done.unfinished == ("big",)
    assert [each.url for each in done.outcomes if each.source_key == "wire"] == ["https://post.example/7"]


def test_crawl_killed_between_slices(crawl: Path) -> None:
    """Runs of a crawl are killed between slices; the last reads on, and every page has one capture and one outcome."""
    _read_slices(crawl, "first", count=2)
    _read_slices(crawl, "second", count=1)
    last = _ingest(crawl, "big", run_id="third")

    assert last.unfinished == ()
    urls = [f"https://post.example/{number}" for number in range(4)]
    space = _space(crawl)
    assert [len(space.archive.captures(page_key=url)) for url in urls] == [1] * 4
    logged = [
        each.url
        for run_id in ("first", "second", "third")
        for each in logged_outcomes(space, batch_ids=[batch_of("big", run_id=run_id)])
    ]
    assert sorted(logged) == urls
    assert 0 < len(last.outcomes) < 4
    assert _ingest(crawl, "big", run_id="fourth").outcomes == ()


def test_crawl_in_slices_is_the_crawl_in_one_piece(crawl: Path) -> None:
    """The slices of one run give the outcomes of all files of the day."""
    done = _ingest(crawl, "big", seconds=0)
    while done.unfinished:
        done = _ingest(crawl, "big", seconds=0, earlier=done)

    assert [each.url for each in done.outcomes] == [f"https://post.example/{number}" for number in range(4)]


def test_killed_between_slices(folder: Path) -> None:
    """Two runs are killed between slices; the third reads on, and every page has one capture and one outcome."""
    (folder / "big" / "a.jsonl").write_text(_lines(*range(8)))

    _read_slices(folder, "first", count=2)
    _read_slices(folder, "second", count=3)
    last = _ingest(folder, "big", run_id="third")

    assert last.unfinished == ()
    urls = [f"https://post.example/{number}" for number in range(8)]
    archive = _space(folder).archive
    assert [len(archive.captures(page_key=url)) for url in urls] == [1] * 8
    assert [each.url for each in last.outcomes] == urls[5:]
    assert _ingest(folder, "big", run_id="fourth").outcomes == ()
