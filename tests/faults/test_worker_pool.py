"""The workers of `newslake run`: one that dies is replaced, and its chunk has the outcome of the other ways to run."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from newslake.pipeline.clean import page_identity
from newslake.pipeline.errors import ExtractorError, LakeError
from newslake.pipeline.jobs import workers
from newslake.pipeline.jobs.run import DayReading, extract_day, ingest_sources, start_reading
from newslake.pipeline.jobs.workers import CountSum, WorkerPool, reading_workers
from newslake.pipeline.jobs.worklist import unprocessed_days
from newslake.pipeline.model import Page
from newslake.pipeline.settings import Settings
from tests.faults.hostile import Hostile, hostile_server, page
from tests.faults.injection import Fault
from tests.faults.invariants import table_files
from tests.faults.pool_jobs import derive_with, die_at_first, end_while_sending, fail, process_id, wait
from tests.faults.resume_worker import open_space
from tests.long_form import LONG

pytestmark = [pytest.mark.model]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()
ENDS = [Fault("parse", "kill"), Fault("events", "memory"), Fault("checks", "kill")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data root without sources."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.toml").touch()
    return tmp_path / "data"


@pytest.fixture
def pool(folder: Path) -> Iterator[WorkerPool]:
    with WorkerPool(open_space(folder, DAY).settings, size=2) as made:
        yield made


def archive_stories(folder: Path, count: int) -> None:
    """Archive ``count`` stories of one day; one of them is the item of ``injection``."""
    space = open_space(folder, DAY)
    with space.archive.writer(source_key="post", run_id="in") as writer:
        for number in range(count):
            url = f"https://post.example.org/story-{number}"
            headers = {"content-type": "text/html; charset=utf-8"}
            got = Page(url=url, final_url=url, status=200, headers=headers, body=page(number), fetched_at=NOON)
            writer.put(got, news_day=DAY, article_id=page_identity(got)[1])


def no_count(done: int, total: int | None) -> None:
    """Count nothing."""


def test_workers_are_used_again_and_count(pool: WorkerPool) -> None:
    """At most two processes do six jobs, and their counts add up."""
    seen: list[tuple[int, int | None]] = []
    counts = CountSum(lambda done, total: seen.append((done, total)), total=18)
    futures = [pool.submit(process_id, count_pages=counts.of(number)) for number in range(6)]

    assert 1 <= len({each.result() for each in futures}) <= 2
    assert [done for done, _ in seen] == list(range(1, 19))
    assert {total for _, total in seen} == {18}


def test_job_of_a_killed_worker_is_tried_again(pool: WorkerPool, folder: Path) -> None:
    """A job whose worker is killed twice is done by the third, and the error of a job is raised as it is."""
    assert pool.submit(partial(die_at_first, deaths=2), count_pages=no_count).result() == 3
    with pytest.raises(LakeError, match="a file is lost"):
        pool.submit(fail, count_pages=no_count).result()
    (folder / "tries").unlink()
    with pytest.raises(ExtractorError, match="5 worker processes ended"):
        pool.submit(partial(die_at_first, deaths=9), count_pages=no_count).result()


def test_worker_that_dies_in_the_middle_of_a_reply_is_replaced(pool: WorkerPool) -> None:
    """The job of a worker that dies while it sends the result is tried again, as after any death."""
    with pytest.raises(ExtractorError, match="5 worker processes ended"):
        pool.submit(end_while_sending, count_pages=no_count).result()


def test_end_of_the_run_ends_its_workers(folder: Path) -> None:
    """Workers end with the run, also in the middle of their jobs, and no item is to blame for that."""
    settings = open_space(folder, DAY).settings
    began = time.monotonic()
    with WorkerPool(settings, size=1) as pool:
        future = pool.submit(wait, count_pages=no_count)
        while not (folder / "waits").exists():
            time.sleep(0.02)
    assert time.monotonic() - began < 60
    assert isinstance(future.exception(), EOFError | ConnectionError)
    with open_space(folder, DAY).turns() as turns:
        assert not turns.is_suspect("an article")


def test_rows_are_those_of_one_process(folder: Path, tmp_path: Path, pool: WorkerPool) -> None:
    """A day that two workers read has the same table files, rows of the log and counts as in one process."""
    archive_stories(folder, 40)
    other = tmp_path / "other"
    other.mkdir()
    (other / "sources.toml").touch()
    archive_stories(other, 40)
    seen: list[int] = []
    reading = start_reading(pool, day=DAY, run_id="run", articles=40, count_pages=lambda done, total: seen.append(done))
    assert len(reading.chunks) == 2

    two = extract_day(open_space(folder, DAY), day=DAY, run_id="run", report_progress=str, reading=reading)
    one = extract_day(open_space(other, DAY), day=DAY, run_id="run", report_progress=str)

    assert (seen[-1], seen) == (40, sorted(seen))
    assert two.report.as_dict() == one.report.as_dict()
    assert sorted(two.outcomes, key=str) == sorted(one.outcomes, key=str)
    assert table_files(folder) == table_files(other)


@pytest.mark.parametrize("fault", ENDS if LONG else ENDS[:2], ids=str)
def test_article_that_ends_workers_is_set_aside(folder: Path, pool: WorkerPool, fault: Fault) -> None:
    """An article that kills a worker, or takes its memory, waits, and the others arrive; the next run sets it aside."""
    archive_stories(folder, 12)
    ends = []
    for run_id in ("one", "two"):
        job = partial(derive_with, day=DAY, fault=fault, run_id=run_id, chunks=2)
        jobs = [partial(job, chunk=chunk) for chunk in range(2)]
        reading = DayReading(DAY, tuple(pool.submit(job, count_pages=no_count) for job in jobs))
        done = extract_day(open_space(folder, DAY), day=DAY, run_id=run_id, report_progress=str, reading=reading)
        ends.append({each.url.rpartition("-")[2]: (each.outcome, each.reason) for each in done.outcomes})
        assert unprocessed_days(open_space(folder, DAY)) == ((DAY,) if run_id == "one" else ())

    assert [outcomes.pop("7") for outcomes in ends] == [("pending", "suspect"), ("quarantined", "killed_worker")]
    assert ends[0] == {str(number): ("kept", None) for number in range(12) if number != 7}


def test_sources_of_two_sites_are_listed_at_once(tmp_path: Path) -> None:
    """The listing of one site is answered only after that of the other is requested: neither waits for the other."""
    both = threading.Barrier(2, timeout=300)
    with hostile_server() as one, hostile_server() as other:
        for server in (one, other):
            link = server.says("/story", 200, page(server.server.server_port), Content_Type="text/html; charset=utf-8")
            _lists_after(server, both, link)
        folder = tmp_path / "data"
        folder.mkdir()
        hosts = [server.host for server in (one, other)]
        (folder / "sources.toml").write_text(
            f"private_hosts = {hosts}\n"
            + "".join(
                f"[sources.{name}]\nkind = 'feed'\nurl = '{server.url('/rss.xml')}'\ninterval_seconds = 0.0\n"
                for name, server in (("one", one), ("other", other))
            )
            + "[sources.box]\nkind = 'inbox'\npath = 'box'\n"
        )
        (folder / "box").mkdir()
        space = open_space(folder, DAY)
        counts: list[int] = []
        done = ingest_sources(
            space,
            source_keys=["one", "box", "other"],
            day=DAY,
            run_id="in",
            report_progress=str,
            count_pages=lambda number, _: counts.append(number),
        )
    assert (done.errors, done.received) == ((), 2)
    assert sorted(each.source_key for each in done.outcomes) == ["one", "other"]
    assert counts[-1] == 2
    assert len(space.archive.captures()) == 2


def _lists_after(server: Hostile, both: threading.Barrier, link: str) -> None:
    feed = f"<rss version='2.0'><channel><title>Post</title><item><link>{link}</link></item></channel></rss>".encode()

    def answer(handler) -> None:
        both.wait()
        handler.say(200, feed, Content_Type="application/rss+xml")

    server.routes["/rss.xml"] = answer


def test_number_of_workers_is_set_or_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set number is taken; else each core has a worker, as far as memory is free, and at least one."""
    assert reading_workers(Settings(run_workers=7)) == 7
    monkeypatch.setattr(workers.os, "process_cpu_count", lambda: 4)
    for free, expected in ((None, 4), (64_000, 4), (2_500, 2), (200, 1)):
        monkeypatch.setattr(workers, "_free_megabytes", lambda free=free: free)
        assert reading_workers(Settings()) == expected


def test_free_memory_is_known_on_linux() -> None:
    """The free memory of this machine is a number of megabytes."""
    assert workers._free_megabytes() is None or workers._free_megabytes() > 100
