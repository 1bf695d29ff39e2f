"""`make bench-scale`: the shared store divided by the local one, in one run: commits, archive, questions, takedowns.

Its parts `listing` and `spark` are in ``tests.bench_spark``.
`python -m tests.bench_scale [--commits N] [--pages N] [--articles N] [--outcomes N] [--captures N]
[--spark-pages N] [--only PART]`.
PostgreSQL and SeaweedFS run on this machine, so there is no network, and they use the processors that the client uses.
It prints one table.
"""

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from rich.table import Table

from newslake.pipeline.archive import Archive
from newslake.pipeline.jobs.outcomes import append_outcomes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.storage import month_of
from newslake.pipeline.model import Outcome
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.store import SharedStore
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.tables import Tables
from newslake.pipeline.upkeep.takedown_traces import find_traces
from tests.bench_questions import time_questions, total
from tests.bench_spark import CAPTURES, SPARK_PAGES, measure_listing, measure_spark
from tests.bench_store import Rounds, make_pages
from tests.bench_tables import commit_times
from tests.big_lake import make_big_lake
from tests.figures import Ratio, Timing, best, out, timed
from tests.made_days import NOW
from tests.scale.servers import StoreServers, open_shared, store_servers
from tests.store.stores import bucket_of
from tests.store.table_stores import new_lake, new_shared_tables

_ROUNDS = 3
_DAYS = 90
_OUTCOMES = 5_000  # of a run


def measure_commits(servers: StoreServers, folder: Path, count: int) -> Iterator[Ratio]:
    """Yield the rate of commits of 50 articles into a day of 500, and its growth with the number of commits."""
    stores: dict[str, Tables] = {"local": new_lake(folder), "shared": new_shared_tables(servers.weed)}
    times = commit_times(stores, count)
    middle = {name: statistics.median(each) for name, each in times.items()}
    shown = {name: f"{1000 * seconds:.0f} ms a commit" for name, seconds in middle.items()}
    value = middle["local"] / middle["shared"]
    yield Ratio("commits of 50 articles into a day of 500, rate", shown["shared"], shown["local"], value, ">=", 0.35)
    part = min(100, count // 3)
    ends = {name: (statistics.median(each[:part]), statistics.median(each[-part:])) for name, each in times.items()}
    grown = {name: f"{1000 * first:.0f} to {1000 * last:.0f} ms" for name, (first, last) in ends.items()}
    first, last = ends["shared"]
    yield Ratio(
        f"last {part} of {count} commits / first {part}", grown["shared"], grown["local"], last / first, "<=", 1.3
    )


def measure_archive(servers: StoreServers, folder: Path, pages: int) -> Iterator[Ratio]:
    """Yield the rates of pages that are archived, and read again."""
    database = PostgresDatabase(servers.postgres.url, schema="bench_archive")
    rounds = {
        "shared": Rounds(ObjectArchive(bucket_of(servers.weed), PostgresCaptureIndex(database)), [], []),
        "local": Rounds(Archive(folder / "archive"), [], []),
    }
    for number in range(_ROUNDS):
        made = make_pages(pages, seed=number)
        for each in rounds.values():
            each.run(made, name=f"run-{number}")
    database.close()
    for name, pick in (("written", lambda each: each.writes), ("read", lambda each: each.reads)):
        times = {store: best(pick(each)) for store, each in rounds.items()}
        shown = {store: f"{pages / each.seconds:.0f}/s, {_busy(each)}" for store, each in times.items()}
        value = times["local"].seconds / times["shared"].seconds
        yield Ratio(f"archive: pages {name}", shown["shared"], shown["local"], value, ">=", 0.6)


def measure_questions(servers: StoreServers, folder: Path, articles: int) -> Iterator[Ratio]:
    """Yield the time of fifteen questions on lakes with the same rows, a file a month."""
    root = make_big_lake(folder / "big", articles=articles, days=_DAYS)
    lake = Lake(root, durability="process", gc_grace_hours=0, now=lambda: NOW)
    os.environ.update(servers.settings())
    space = open_shared(folder / "data", sources=Path("sources.toml"), now=NOW)
    store: SharedStore = space.store  # type: ignore[assignment]
    copy_tables(lake, store.tables)
    for tables in (lake, store.tables):
        tables.compact(months={month_of(day) for day in lake.days()})
    times = {"shared": total(time_questions(space.place)), "local": total(time_questions(root))}
    shown = {name: f"{each.seconds:.1f} s, {_busy(each)}" for name, each in times.items()}
    value = times["shared"].seconds / times["local"].seconds
    yield Ratio(f"15 questions on {articles:,} articles", shown["shared"], shown["local"], value, "<=", 1.5)


def measure_traces(servers: StoreServers, folder: Path, outcomes: int) -> Iterator[Ratio]:
    """Yield what the search for traces of blocked pages costs in the second night, divided by the first one."""
    os.environ.update(servers.settings())
    shared = open_shared(folder / "data", sources=Path("sources.toml"), now=NOW)
    local = Workspace(Settings.load(data_dir=folder / "local", durability="process", store="local", frozen_now=NOW))
    blocked = [f"{number:032x}" for number in range(50)]
    nights: dict[str, tuple[Timing, ...]] = {}
    for name, space in (("shared", shared), ("local", local)):
        for number in range(0, outcomes, _OUTCOMES):
            log_pages(space, number, _OUTCOMES)
        first = timed(lambda space=space: find_traces(space, blocked))
        log_pages(space, outcomes, _OUTCOMES // 10)
        nights[name] = (first, timed(lambda space=space: find_traces(space, blocked)))
    shown = {
        name: " to ".join(f"{each.processor_seconds:.2f} s CPU" for each in times) for name, times in nights.items()
    }
    value = max(second.processor_seconds / first.processor_seconds for first, second in nights.values())
    name = f"traces in {outcomes:,} outcomes: a later night / the first"
    yield Ratio(name, shown["shared"], shown["local"], value, "<=", 0.2)


def log_pages(space: Workspace, first: int, count: int) -> None:
    """Log the outcomes of a run: each of a page of its own, runs evenly over half a year."""
    at = NOW - timedelta(days=1 + first // _OUTCOMES % 180)
    rows = [
        Outcome(
            run_id=f"r{first}",
            source_key="harbour",
            news_day=at.date(),
            url=f"https://www.harbour-post.example/news/{number}/the-ferry-came-late-again",
            article_id=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            stage="commit",
            outcome="kept",
            reason=None,
            detail=None,
            payload_digest=None,
            decided_at=at,
        )
        for number in range(first, first + count)
    ]
    append_outcomes(space, rows, batch_id=f"r{first}.harbour")


def copy_tables(lake: Tables, shared: SharedTables) -> None:
    """Copy all rows of a lake, a commit a month."""
    months: dict[str, list] = {}
    for day in lake.days():
        months.setdefault(month_of(day), []).append(day)
    for days in months.values():
        rows = {name: {day: lake.read(name, days=[day]) for day in days} for name in LAKE_NAMES}
        with shared.hold() as committer:
            committer.replace(lambda _, rows=rows: rows)
    for name in LOG_NAMES:
        for batch_id in lake.log.batches(name):
            shared.log.append(name, batch_id, lake.log.read_batches(name, [batch_id]))


def _busy(timing: Timing) -> str:
    return f"{timing.processor_seconds:.1f} s CPU"


def print_ratios(rows: list[Ratio]) -> None:
    """Print the table."""
    table = Table("", "figure", "shared", "local", "ratio", "goal", title="the shared store, divided by the local one")
    for each in rows:
        verdict = "met" if each.is_met else "MISS"
        table.add_row(verdict, each.name, each.shared, each.local, f"{each.value:.2f}", f"{each.sign} {each.goal:g}")
    out.print(table)


def main() -> int:
    """Run the command line; return the exit code, which is 1 for a goal that is missed."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description="The shared store, divided by the local one.")
    parser.add_argument("--commits", type=int, default=1_000)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--captures", type=int, default=CAPTURES)
    parser.add_argument("--spark-pages", type=int, default=SPARK_PAGES)
    parser.add_argument("--outcomes", type=int, default=300_000)
    parser.add_argument("--only", choices=("commits", "archive", "questions", "traces", "listing", "spark"))
    given = parser.parse_args()
    parts: dict[str, Callable[[StoreServers, Path], Iterator[Ratio]]] = {
        "archive": lambda servers, folder: measure_archive(servers, folder, given.pages),
        "questions": lambda servers, folder: measure_questions(servers, folder, given.articles),
        "commits": lambda servers, folder: measure_commits(servers, folder, given.commits),
        "traces": lambda servers, folder: measure_traces(servers, folder, given.outcomes),
        "listing": lambda servers, folder: measure_listing(servers, folder, given.captures),
        "spark": lambda servers, folder: measure_spark(folder, given.spark_pages),
    }
    rows = []
    for name, measure in parts.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as temporary:
                root = Path(temporary)
                root.chmod(0o755)  # PostgreSQL runs as another user
                with store_servers(root) as servers:
                    rows += measure(servers, root)
    print_ratios(rows)
    return int(not all(each.is_met for each in rows))


if __name__ == "__main__":
    sys.exit(main())
