"""A backfill on Spark divided by our own two processes, and the time to list and plan a million captures.

Part of `make bench-scale`; alone: `python -m tests.bench_spark [--spark-pages N] [--captures N]`. Both sides are whole
commands, from archived pages to committed and clustered rows, and count all their processes, the JVM too.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from pathlib import Path

from newslake.pipeline.archive import Archive, RecordArchive
from newslake.pipeline.archive.index import Index
from newslake.pipeline.archive.interfaces import CaptureIndex
from newslake.pipeline.errors import NewsError
from newslake.pipeline.model import Capture, Hints
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.spark.plan import plan_months
from newslake.pipeline.sqlite import open_database
from tests.architecture.tree import ROOT
from tests.engines.made_archive import fill, made_pages
from tests.engines.spark_job import SparkJob, running, submitted
from tests.figures import Ratio, out, timed
from tests.scale.servers import StoreServers, store_servers
from tests.store.stores import bucket_of

SPARK_PAGES, CAPTURES = 5_000, 200_000
_WORDS, _DAYS = 800, 50
_SHARES = 4  # of the sentences: few enough that two pages have few in common
_FIRST = date(2021, 1, 1)
_LAST = _FIRST + timedelta(days=_DAYS)
_GOAL, _LISTING_SECONDS = 0.9, 60.0
_MILLION = 1_000_000
_FILE_CAPTURES = 1_000


def measure_spark(folder: Path, pages: int) -> Iterator[Ratio]:
    """Yield the articles per processor-second of Spark, divided by those of `newslake run` with two processes."""
    (folder / "sources.toml").touch()
    fill(
        [Archive(folder / "spark" / "archive", durability="process")],
        made_pages(pages, words=_WORDS, first=_FIRST, days=_DAYS, shares=_SHARES),
    )
    shutil.copytree(folder / "spark", folder / "run")
    days = ["--from", str(_FIRST), "--to", str(_LAST)]
    ours = _rate("newslake run", _ours(folder, days), pages=pages)
    spark = _rate("Spark", _spark(folder, days), pages=pages)
    again = _ended(_spark(folder, days))
    out.print(f"     a call of Spark with nothing to do: {again.total_seconds():.1f} s CPU")
    theirs, own = (f"{each:.2f} pages/s CPU" for each in (spark, ours))
    yield Ratio(f"{pages:,} pages of {_WORDS} words: Spark / two processes", theirs, own, spark / ours, ">=", _GOAL)


def _ours(folder: Path, days: Sequence[str]) -> AbstractContextManager[SparkJob]:
    own = {**os.environ, **_settings(folder, "run"), "NEWS_RUN_WORKERS": "2", "PYTHONPATH": str(ROOT)}
    return running([sys.executable, "-m", "newslake", "run", *days], own, folder=folder, samples=True)


def _spark(folder: Path, days: Sequence[str]) -> AbstractContextManager[SparkJob]:
    return submitted(days, folder=folder, master="local[2,5]", own=_settings(folder, "spark"))


def _settings(folder: Path, data: str) -> dict[str, str]:
    sources = str(folder / "sources.toml")
    return {"NEWS_DATA_DIR": str(folder / data), "NEWS_SOURCES_FILE": sources, "NEWS_DURABILITY": "process"}


def _rate(name: str, call: AbstractContextManager[SparkJob], *, pages: int) -> float:
    """Return the pages per processor-second of a command, and print what its processes used."""
    job = _ended(call)
    used = ", ".join(f"{kind} {busy:.1f} s" for kind, busy in job.processor_seconds().items())
    peak = max(each.peak_mb for each in job.uses.values())
    out.print(f"     {name}: {used} CPU; the largest process has {peak:.0f} MB")
    return pages / job.total_seconds()


def _ended(call: AbstractContextManager[SparkJob]) -> SparkJob:
    with call as job:
        assert job.wait(seconds=7_200) == 0, job.printed[-3000:]
    return job


def measure_listing(servers: StoreServers, folder: Path, captures: int) -> Iterator[Ratio]:
    """Yield the seconds in which the driver lists and plans a million captures, in both stores."""
    archive = Archive(folder / "archive", durability="process")
    assert archive.days() == ()  # the index is there
    with closing(open_database(folder / "archive" / "index.sqlite", durability="process", broken=_broken)) as database:
        _fill_index(Index(database), captures)
    yield _listing("local", archive, captures)
    with closing(PostgresDatabase(servers.postgres.url, schema="bench_listing")) as shared:
        index = PostgresCaptureIndex(shared)
        index.rebuild(list)
        _fill_index(index, captures)
        yield _listing("PostgreSQL", ObjectArchive(bucket_of(servers.weed), index), captures)


def _listing(name: str, archive: RecordArchive, captures: int) -> Ratio:
    def list_all() -> None:
        pages = archive.counts_by_day(date.min, date.max)
        assert sum(pages.values()) == captures
        assert sum(each.pages for each in plan_months(archive, pages, version="bench")) == captures

    time = timed(list_all)
    value = time.seconds * _MILLION / captures
    shown = f"{time.seconds:.1f} s, {time.processor_seconds:.1f} s CPU"
    return Ratio(f"seconds to list 1,000,000 captures, {name}", shown, f"{captures:,}", value, "<=", _LISTING_SECONDS)


def _broken(error: Exception) -> NewsError:
    return NewsError(str(error))


def _fill_index(index: CaptureIndex | Index, count: int) -> None:
    """Add captures of three years, with the texts of real ones."""
    for file, numbers in enumerate(batched(range(count), _FILE_CAPTURES)):
        day = _FIRST + timedelta(days=1_095 * numbers[0] // count)
        name = f"warc/{day}/harbour/run-{file}.warc.gz"
        index.add({name: [_capture(number, day, name) for number in numbers]})


def _capture(number: int, day: date, file: str) -> Capture:
    url = f"https://www.harbour-post.example/news/{day}/the-ferry-and-its-passengers-{number}.html"
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=number % 80_000)
    return Capture(
        page_key=url,
        url=url,
        article_id=f"{number * 2_654_435_761 % 2**64:032x}",
        source_key="harbour",
        news_day=day,
        run_id=f"run-{day}",
        fetched_at=at,
        status=200,
        digest=f"sha256:{number:064x}",
        is_revisit=False,
        file=file,
        offset=number * 9_000,
        length=9_000,
        hints=replace(Hints(), title=f"The ferry and its passengers, {number}", publisher="Harbour Post"),
    )


def main() -> int:
    """Run the command line; return the exit code, which is 1 for a goal that is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_spark", description=__doc__)
    parser.add_argument("--spark-pages", type=int, default=SPARK_PAGES)
    parser.add_argument("--captures", type=int, default=CAPTURES)
    parser.add_argument("--only", choices=("spark", "listing"))
    given = parser.parse_args()
    rows: list[Ratio] = []
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        root.chmod(0o755)  # PostgreSQL runs as another user
        if given.only != "spark":
            with store_servers(root) as servers:
                rows += measure_listing(servers, root, given.captures)
        if given.only != "listing":
            rows += measure_spark(root, given.spark_pages)
    for each in rows:
        verdict, seen = "met " if each.is_met else "MISS", f"{each.shared}; {each.local}"
        out.print(f"{verdict} {each.name}: {each.value:.2f} (goal {each.sign} {each.goal:g}; {seen})", soft_wrap=True)
    return int(not all(each.is_met for each in rows))


if __name__ == "__main__":
    sys.exit(main())
