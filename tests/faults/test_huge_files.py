"""Files of many gigabytes stop no other source; a process that dies between two slices loses and doubles nothing."""

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from news_airflow.tasks import TASKS

from newslake.pipeline.archive import Validators
from newslake.pipeline.jobs.outcomes import batch_of, logged_outcomes
from newslake.pipeline.jobs.run import IngestSummary, extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import CountCallback, Workspace, count_nothing
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
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
    folder: Path,
    *keys: str,
    run_id: str = "r",
    seconds: float | None = None,
    earlier: IngestSummary | None = None,
    count_pages: CountCallback = count_nothing,
) -> IngestSummary:
    return ingest_sources(
        _space(folder),
        source_keys=keys,
        day=NOW.date(),
        run_id=run_id,
        report_progress=lambda _: None,
        slice_seconds=seconds,
        earlier=earlier,
        count_pages=count_pages,
    )


def _lines(*numbers: int) -> str:
    pages = ({"url": f"https://post.example/{number}", "text": f"{STORY * 4}\n\n{number}"} for number in numbers)
    return "\n".join(map(json.dumps, pages))


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), size)


@pytest.mark.model
@pytest.mark.parametrize("kind", ["folder", "inbox"])
def test_other_sources_have_rows_before_huge_files_are_read(folder: Path, kind: str) -> None:
    """After one slice of sparse files of 20 and 5 GB, the pages of another source are committed."""
    (folder / "sources.toml").write_text(SOURCES.replace("folder", kind, 1))
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
    assert [each.source_key for each in more.outcomes].count("wire") == 2


@pytest.fixture
def inbox(folder: Path) -> Path:
    """The inbox of a data root; its other source is a folder with two pages."""
    (folder / "sources.toml").write_text(SOURCES.replace("folder", "inbox", 1))
    (folder / "wire" / "pages.jsonl").write_text(_lines(1, 2))
    return folder / "big"


def _drop(inbox: Path, name: str, text: str) -> None:
    """Write a file that has been complete for an hour."""
    (inbox / name).write_text(text)
    os.utime(inbox / name, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))


def _files(inbox: Path) -> list[str]:
    return sorted(each.relative_to(inbox).as_posix() for each in inbox.rglob("*") if each.is_file())


def _captures(folder: Path, *numbers: int) -> list[int]:
    """Return how often each page was archived."""
    archive = _space(folder).archive
    return [len(archive.captures(page_key=f"https://post.example/{number}")) for number in numbers]


def test_large_file_of_an_inbox_takes_several_runs(inbox: Path) -> None:
    """Each run reads one slice; every line has one outcome, and the reasons of all runs are next to the failed file."""
    pages = [_lines(number) for number in range(5)]
    _drop(inbox, "a.jsonl", "\n".join(["no JSON", *pages[:3], "nor this", *pages[3:]]))
    folder, urls = inbox.parent, list[str]()

    for number in range(8):
        done = _ingest(folder, "big", run_id=f"r{number}", seconds=0)
        urls += [each.url for each in done.outcomes]
        assert (done.unfinished, _files(inbox)[0]) == (
            (("big",), "unread/a.jsonl") if number < 7 else ((), "failed/a.jsonl")
        )

    assert sorted(urls) == ["a.jsonl#1", "a.jsonl#5", *(f"https://post.example/{number}" for number in range(5))]
    assert _captures(folder, *range(5)) == [1] * 5
    assert _files(inbox) == ["failed/a.jsonl", "failed/a.jsonl.reason.txt"]
    reasons = (inbox / "failed" / "a.jsonl.reason.txt").read_text().splitlines()
    assert [line.split(": ")[1] for line in reasons] == ["a.jsonl#1", "a.jsonl#5"]
    assert list(_space(folder).fetch_state.listings()) == []


def test_slices_of_one_run_empty_an_inbox(inbox: Path) -> None:
    """Each turn reads one page of the inbox and one of the folder, until both are read; each page is there once."""
    _drop(inbox, "a.jsonl", _lines(3, 4, 5))
    _drop(inbox, "b.jsonl", _lines(6))

    done = _ingest(inbox.parent, "big", "wire", seconds=0)
    assert [each.url for each in done.outcomes] == ["https://post.example/3", "https://post.example/1"]
    while done.unfinished:
        done = _ingest(inbox.parent, "big", "wire", seconds=0, earlier=done)

    assert sorted(each.url for each in done.outcomes) == [f"https://post.example/{number}" for number in range(1, 7)]
    assert _captures(inbox.parent, *range(1, 7)) == [1] * 6
    assert _files(inbox) == ["done/a.jsonl", "done/b.jsonl"]


def test_new_file_of_an_inbox_is_read_before_the_rest_of_a_large_one(inbox: Path) -> None:
    """A file that comes later, also one of the same name, is read in the next slice; the large file keeps its place."""
    _drop(inbox, "a.jsonl", _lines(*range(3, 9)))
    _ingest(inbox.parent, "big", run_id="r0", seconds=0)
    _drop(inbox, "a.jsonl", _lines(20))

    new = _ingest(inbox.parent, "big", run_id="r1", seconds=0)
    rest = _ingest(inbox.parent, "big", run_id="r2")

    assert [each.url for each in new.outcomes] == ["https://post.example/20"]
    assert [each.url for each in rest.outcomes] == [f"https://post.example/{number}" for number in range(4, 9)]
    assert _captures(inbox.parent, *range(3, 9), 20) == [1] * 7
    assert _files(inbox) == ["done/a.jsonl", "done/a~2.jsonl"]


def test_second_file_of_a_name_is_not_broken_by_the_first(inbox: Path) -> None:
    """A corrected file that comes while a run reads on in the inbox goes to done/, though the first is in failed/."""
    _drop(inbox, "a.jsonl", "no JSON")
    _drop(inbox, "b.jsonl", _lines(3, 4, 5))
    done = _ingest(inbox.parent, "big", seconds=0)
    while "failed/a.jsonl" not in _files(inbox):
        done = _ingest(inbox.parent, "big", seconds=0, earlier=done)
    _drop(inbox, "a.jsonl", _lines(6))
    while done.unfinished:
        done = _ingest(inbox.parent, "big", seconds=0, earlier=done)

    assert _files(inbox) == ["done/a.jsonl", "done/b.jsonl", "failed/a.jsonl", "failed/a.jsonl.reason.txt"]


def test_pages_of_an_index_wait_for_its_end(inbox: Path) -> None:
    """The page files that the lines of an unfinished index name stay with it; a page with a sidecar keeps it."""
    for name in ("one.html", "two.html", "three.html"):
        _drop(inbox, name, f"<html><body><p>{STORY * 3} {name}</p></body></html>")
    _drop(inbox, "three.json", json.dumps({"url": "https://post.example/3"}))
    index = [
        {"url": f"https://post.example/{number}", "file": f"{name}.html"} for number, name in ((1, "one"), (2, "two"))
    ]
    _drop(inbox, "z.jsonl", "\n".join(map(json.dumps, index)))

    seen = list[list[str]]()
    for number in range(6):
        done = _ingest(inbox.parent, "big", run_id=f"r{number}", seconds=0)
        seen.append([each.url for each in done.outcomes])

    assert seen == [*([f"https://post.example/{number}"] for number in (3, 1, 2)), [], [], []]
    assert _files(inbox) == [f"done/{name}" for name in ("one.html", "three.html", "three.json", "two.html", "z.jsonl")]


def test_page_that_is_taken_down_leaves_a_large_file_of_an_inbox(inbox: Path) -> None:
    """Lines of pages that are taken down before, and amid, the slices of a file are in no file afterwards."""
    folder = inbox.parent
    _forget(folder, 3)
    _drop(inbox, "a.jsonl", _lines(3, 4, 5, 6))
    for number in range(2):
        _ingest(folder, "big", run_id=f"r{number}", seconds=0)
    assert "example/3" in (inbox / "unread" / "a.jsonl").read_text()
    _ingest(folder, "big", run_id="last")
    assert "example/3" not in (inbox / "done" / "a.jsonl").read_text()

    _drop(inbox, "b.jsonl", _lines(7, 8, 9))
    _ingest(folder, "big", run_id="s0", seconds=0)
    _forget(folder, 7)
    _ingest(folder, "big", run_id="s1")

    assert "example/7" not in (inbox / "done" / "b.jsonl").read_text()
    assert _captures(folder, *range(3, 10)) == [0, 1, 1, 1, 0, 1, 1]
    assert _files(inbox) == ["done/a.jsonl", "done/b.jsonl"]


def _forget(folder: Path, number: int) -> None:
    target = TakedownTarget(kind="article", value=f"https://post.example/{number}")
    forget(_space(folder), target, reason="asked to", report_progress=lambda _: None)


def test_inbox_that_cannot_be_read_keeps_its_files(inbox: Path) -> None:
    """If newslake fails on the inbox itself, here on the place in a file, no file leaves it unread."""
    _drop(inbox, "a.jsonl", _lines(3, 4))
    _drop(inbox, "b.jsonl", _lines(5))
    folder = inbox.parent
    _ingest(folder, "big", run_id="r0", seconds=0)
    state = _space(folder).fetch_state
    [(_, mark, validators)] = state.listings()
    state.store_validators("big", Validators(etag="damaged"), url=mark)

    assert [each.reason for each in _ingest(folder, "big", run_id="r1").outcomes] == ["broken_item"]

    assert {name.rpartition("/")[2] for name in _files(inbox)} == {"a.jsonl", "b.jsonl"}
    assert not (inbox / "done").exists()
    state.store_validators("big", validators, url=mark)
    assert sorted(each.url for each in _ingest(folder, "big", run_id="r2").outcomes) == [
        "https://post.example/4",
        "https://post.example/5",
    ]


# A run that is killed when it has called, or is about to call, a method.
_DEATH = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from tests.faults.test_huge_files import _ingest
module, owner, name, mark = sys.argv[3:]
owner = getattr(import_module(module), owner)
real = getattr(owner, name)
def die(self, *given, **named):
    if mark and not getattr(given[0], mark):
        return real(self, *given, **named)
    done = mark or real(self, *given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, die)
_ingest(Path(sys.argv[1]), "big", run_id=sys.argv[2], seconds=0)
"""
_TAKE_ENTRY = ("newslake.pipeline.jobs.ingest", "_SourceIngest", "_take_entry")
_SETTLE = ("newslake.pipeline.sources.inbox", "FolderInbox", "settle", "")


def _die(folder: Path, run_id: str, *at: str) -> None:
    command = [sys.executable, "-c", _DEATH, str(folder), run_id, *at]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert done.returncode == -signal.SIGKILL


def test_file_is_not_set_aside_where_its_slice_ends(inbox: Path) -> None:
    """Runs that are killed at the end of a slice, twice, blame no file: it stays, and the next runs read all of it."""
    _drop(inbox, "a.jsonl", _lines(3, 4, 5))
    _drop(inbox, "b.jsonl", _lines(6, 7))
    for number in range(3):
        _die(inbox.parent, f"dead-{number}", *_TAKE_ENTRY, "unfinished")

    _ingest(inbox.parent, "big", run_id="r0", seconds=0)
    assert _files(inbox) == ["unread/a.jsonl", "unread/b.jsonl"]
    done = _ingest(inbox.parent, "big", run_id="r1")

    assert {each.outcome for each in done.outcomes} == {"pending"}
    assert all(_captures(inbox.parent, *range(3, 8)))
    assert _files(inbox) == ["done/a.jsonl", "done/b.jsonl"]


def test_inbox_that_ends_processes_keeps_its_files(inbox: Path) -> None:
    """Files stay if newslake fails on the inbox itself, also after two tries of a run were killed then."""
    _drop(inbox, "a.jsonl", _lines(3, 4))
    _ingest(inbox.parent, "big", run_id="r0", seconds=0)
    state = _space(inbox.parent).fetch_state
    [(_, mark, _)] = state.listings()
    state.store_validators("big", Validators(etag="damaged"), url=mark)
    for _ in range(2):
        _die(inbox.parent, "r1", *_TAKE_ENTRY, "ends_listing")

    assert [each.reason for each in _ingest(inbox.parent, "big", run_id="r1").outcomes] == ["broken_item"]
    assert [name.rpartition("/")[2] for name in _files(inbox)] == ["a.jsonl"]
    assert not (inbox / "done").exists()


def test_crawl_that_is_killed_where_a_file_ends(crawl: Path) -> None:
    """Runs that are killed where they mark a file of a crawl as read blame nothing: the next run reads all files."""
    for number in range(3):
        _die(crawl, f"dead-{number}", *_TAKE_ENTRY, "finished")

    done = _ingest(crawl, "big", run_id="r")

    assert {each.outcome for each in done.outcomes} == {"pending", "unchanged"}
    assert all(_captures(crawl, *range(4)))
    assert _ingest(crawl, "big", run_id="again").outcomes == ()


def test_place_in_a_file_that_is_settled_is_dropped_after_a_kill(inbox: Path) -> None:
    """A run that is killed when a file has moved to done/ leaves its place; the next run drops that, and no other."""
    _drop(inbox, "a.jsonl", _lines(3, 4))
    _drop(inbox, "b.jsonl", _lines(5, 6))
    for number in range(3):
        _ingest(inbox.parent, "big", run_id=f"r{number}", seconds=0)
    assert _files(inbox) == ["unread/a.jsonl", "unread/b.jsonl"]
    assert len(list(_space(inbox.parent).fetch_state.listings())) == 2

    _die(inbox.parent, "dead", *_SETTLE)
    assert _files(inbox) == ["done/a.jsonl", "unread/b.jsonl"]
    assert len(list(_space(inbox.parent).fetch_state.listings())) == 2
    _ingest(inbox.parent, "big", run_id="r3", seconds=0)
    assert _files(inbox) == ["done/a.jsonl", "unread/b.jsonl"]
    assert len(list(_space(inbox.parent).fetch_state.listings())) == 1
    _ingest(inbox.parent, "big", run_id="r4")

    assert _files(inbox) == ["done/a.jsonl", "done/b.jsonl"]
    assert _captures(inbox.parent, *range(3, 7)) == [1] * 4
    assert list(_space(inbox.parent).fetch_state.listings()) == []


def test_file_that_changes_in_unread_leaves_no_place(inbox: Path) -> None:
    """A file that grows between two slices is read from its start, and the place in its earlier state is dropped."""
    _drop(inbox, "a.jsonl", _lines(3, 4))
    _ingest(inbox.parent, "big", run_id="r0", seconds=0)
    with (inbox / "unread" / "a.jsonl").open("a") as file:
        file.write("\n" + _lines(5))
    for number in range(1, 3):
        _ingest(inbox.parent, "big", run_id=f"r{number}", seconds=0)
        assert len(list(_space(inbox.parent).fetch_state.listings())) == 1
    _ingest(inbox.parent, "big", run_id="last")

    assert all(_captures(inbox.parent, 3, 4, 5))
    assert _files(inbox) == ["done/a.jsonl"]
    assert list(_space(inbox.parent).fetch_state.listings()) == []


def test_file_that_is_written_while_its_slice_is_read_is_read_from_its_start(inbox: Path) -> None:
    """The place at which a slice ends says nothing about a file that its writer has changed meanwhile."""
    _drop(inbox, "a.jsonl", _lines(3, 4, 5))

    def write(_: int, __: int | None) -> None:
        [claimed] = inbox.glob("claimed/*/a.jsonl")
        claimed.write_text(_lines(6, 7, 8))

    _ingest(inbox.parent, "big", run_id="r0", seconds=0, count_pages=write)
    assert _files(inbox) == ["unread/a.jsonl"]
    _ingest(inbox.parent, "big", run_id="r1")

    assert _captures(inbox.parent, 3, 6, 7, 8) == [1] * 4
    assert list(_space(inbox.parent).fetch_state.listings()) == []


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


@pytest.mark.parametrize("kind", ["folder", "inbox"])
def test_task_of_airflow_reads_one_slice(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A task reads one slice of a folder or an inbox, and the task of the next run reads on."""
    (folder / "sources.toml").write_text(SOURCES.replace("folder", kind, 1))
    _drop(folder / "big", "a.jsonl", _lines(*range(3)))
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
