"""Years of archived pages, filled by Spark into the shared store and killed on the way, equal `newslake run` on one
machine, row by row.

`python -m tests.scale.spark_trial [--pages N] [--days N] [--words N] [--keep FOLDER]`. PostgreSQL, SeaweedFS and two
executors of Spark run on this machine; driver and executors have data roots of their own. The driver is killed twice,
Python workers, an executor's JVM and both services once. ``--keep`` keeps the local side for the next call.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.settings import SharedSettings
from newslake.pipeline.spark.plan import MonthPlan, plan_months
from newslake.pipeline.spark.tasks import rows_version
from tests.architecture.tree import ROOT
from tests.cluster.checks import check_outcomes
from tests.engines.made_archive import fill, made_pages
from tests.engines.spark_job import Kind, SparkJob, running, submitted
from tests.figures import out
from tests.scale.comparison import differences, remains_of, store_of
from tests.scale.servers import StoreServers, open_shared, store_servers

FIRST = date(2021, 1, 1)
NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
MASTER = "local-cluster[2,1,1024]"  # two executors with JVMs of their own, one core and 1 GB each
_CONF = {"spark.executor.memory": "1g", "spark.executor.pyspark.memory": "3g"}  # executors of 4 GB
_CALLS = 12
_SHARES = 8  # of the sentences: a story of three days returns after three weeks
_POLL_SECONDS = 0.5
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'newslake'"
_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


@dataclass
class SparkTrial:
    """The archive in both stores, and the calls that fill the shared one. ``done`` are the kills so far."""

    root: Path
    servers: StoreServers
    days: int
    done: list[str] = field(default_factory=list)
    use: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sources = self.root / "sources.toml"
        self.sources.touch()
        os.environ.update(self.servers.settings())
        self.space = open_shared(self.root / "checks", sources=self.sources, now=NOW)
        self.options = ["--from", str(FIRST), "--to", str(FIRST + timedelta(days=self.days))]

    def environment(self, name: str, more: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a host with a data root of its own."""
        own = {
            "NEWS_DATA_DIR": str(self.root / "hosts" / name),
            "NEWS_SOURCES_FILE": str(self.sources),
            "NEWS_DURABILITY": "process",
            "NEWS_FROZEN_NOW": NOW.isoformat(),
        }
        return {**own, **more}

    def plan(self) -> Sequence[MonthPlan]:
        """Return the plan of the whole backfill."""
        archive = self.space.archive
        pages = archive.counts_by_day(FIRST, FIRST + timedelta(days=self.days))
        return list(plan_months(archive, pages, version=rows_version(self.space.settings)))

    def ended(self, plans: Sequence[MonthPlan]) -> int:
        """Return the number of tasks that are done, those of done months included."""
        objects = store_of(self.space).objects
        names = {
            each.key.rpartition("/")[2]
            for each in objects.list(f"{self.space.settings.of(SharedSettings).catalog_namespace}/cache")
        }
        return sum(
            len(plan.tasks) if plan.mark in names else sum(task.cache_name in names for task in plan.tasks)
            for plan in plans
        )

    def kills(self) -> list[Callable[[SparkJob], None]]:
        """Return the kills, in order; they are spread over the backfill."""
        return [
            lambda job: self._kill(job, "worker"),
            self._kill_driver,
            lambda job: self._restart("PostgreSQL", self.servers.postgres.kill, self.servers.postgres.start),
            lambda job: self._kill(job, "executor"),
            lambda job: self._restart("SeaweedFS", self.servers.weed.kill, self.servers.weed.start),
            self._kill_driver,
        ]

    def _kill(self, job: SparkJob, kind: Kind) -> None:
        killed = job.kill(kind, only_one=kind == "executor")
        self.done.append(f"{len(killed)} {kind}")

    def _kill_driver(self, job: SparkJob) -> None:
        job.kill("driver")
        self.done.append("driver")
        assert job.has_ended_whole(), job.processes()
        end = time.monotonic() + 60
        while (left := self.left()) != ("0", "0"):
            assert time.monotonic() < end, f"sessions and leases of a dead backfill: {left}"
            time.sleep(0.5)

    def left(self) -> tuple[str, str]:
        """Return the sessions and the leases in the database, without those of this process."""
        store_of(self.space).database.close()
        return self.servers.postgres.execute(_SESSIONS), self.servers.postgres.execute(_LOCKS)

    def _restart(self, name: str, kill: Callable[[], None], start: Callable[[], None]) -> None:
        kill()
        time.sleep(2)
        start()
        self.done.append(name)

    def fill(self) -> float:
        """Call the backfill until it is done, and kill it meanwhile; return the seconds."""
        started, kills, plans = time.monotonic(), self.kills(), self.plan()
        tasks = sum(len(each.tasks) for each in plans)
        steps = [tasks * (number + 1) // (len(kills) + 1) for number in range(len(kills))]
        for call in range(1, _CALLS + 1):
            with self._called() as job:
                while job.process.poll() is None:
                    if kills and self.ended(plans) >= steps[-len(kills)]:
                        kills.pop(0)(job)
                        out.print(
                            f"  {time.monotonic() - started:.0f} s: killed {self.done[-1]}, {self.ended(plans)} done"
                        )
                    time.sleep(_POLL_SECONDS)
                out.print(f"  call {call} ended with {job.wait()}: {job.printed.strip().splitlines()[-1:]}")
            self.printed.append(job.printed)
            if job.wait() == 0:
                break
        assert not kills, f"the backfill ended before {len(kills)} kills"
        assert job.wait() == 0, job.printed[-3000:]
        return time.monotonic() - started

    @contextmanager
    def _called(self) -> Iterator[SparkJob]:
        conf = {**_CONF, "spark.executorEnv.NEWS_DATA_DIR": str(self.root / "hosts" / "executor")}
        own = self.environment("driver", self.servers.settings())
        with submitted(self.options, folder=self.root, master=MASTER, own=own, conf=conf) as job:
            yield job
        for kind, busy in job.processor_seconds().items():
            self.use[kind] = self.use.get(kind, 0.0) + busy
        for kind, mb in job.peaks().items():
            self.peaks[kind] = max(self.peaks.get(kind, 0.0), mb)

    def check(self, local: Workspace) -> int:
        """Compare all rows with a local lake, and look for what is left; return the number of articles."""
        assert self.left() == ("0", "0")
        tables = store_of(self.space).tables
        assert (found := differences(local.store.tables, tables)) == [], found
        assert tables.verify() == ()
        assert list(self.space.archive.verify()) == []
        check_outcomes(self.space)
        assert remains_of(self.space) == []
        assert any(" left" in each for each in self.printed), "no time left was shown"
        return len(tables.read("articles", columns=["article_id"]))


def open_local(folder: Path, sources: Path) -> Workspace:
    """Return a workspace with a local lake."""
    given = {"store": "local", "sources_file": sources, "frozen_now": NOW, "durability": "process"}
    return Workspace(Settings.load(data_dir=folder, **given))


def run_locally(trial: SparkTrial, local: Workspace) -> None:
    """Fill a local lake by `newslake run`; print what it used."""
    own = trial.environment("", {"NEWS_STORE": "local", "NEWS_DATA_DIR": str(local.settings.data_dir)})
    started = time.monotonic()
    command = [sys.executable, "-m", "newslake", "run", *trial.options]
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
    with running(command, environment, folder=trial.root, samples=True) as job:
        assert job.wait(seconds=36_000) == 0, job.printed[-3000:]
    busy = job.total_seconds()
    out.print(f"newslake run: {time.monotonic() - started:.0f} s, {busy:.0f} processor seconds")


def try_out(root: Path, kept: Path, *, pages: int, days: int, words: int) -> None:
    """Make the archives, fill both stores, compare."""
    with store_servers(root) as servers:
        trial = SparkTrial(root, servers, days)
        local = open_local(kept, trial.sources)
        is_new = not (kept / "complete").exists()
        archives = [trial.space.archive, *([local.archive] if is_new else [])]
        count = fill(archives, made_pages(pages, words=words, first=FIRST, days=days, shares=_SHARES))
        out.print(
            f"{count} captures of {pages} pages, {days} days, {sum(len(each.tasks) for each in trial.plan())} tasks"
        )
        if is_new:
            run_locally(trial, local)
            (kept / "complete").touch()
        seconds = trial.fill()
        articles = trial.check(local)
        shown = ", ".join(f"{kind} {busy:.0f}" for kind, busy in trial.use.items())
        out.print(f"Spark: {articles} articles in {seconds:.0f} s; processor seconds: {shown}")
        out.print(f"peak MB: {', '.join(f'{kind} {mb:.0f}' for kind, mb in trial.peaks.items())}")
        out.print(f"equal row by row after {len(trial.done)} kills: {', '.join(trial.done)}")


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale.spark_trial", description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=1_095)
    parser.add_argument("--words", type=int, default=60, help="words of a page")
    parser.add_argument("--keep", type=Path, help="the folder of the local side, made once per number of pages")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped then, too
    with tempfile.TemporaryDirectory(prefix="newslake-spark-") as temporary:
        root = Path(temporary)
        root.chmod(0o755)  # PostgreSQL runs as another user
        kept = given.keep or root / "local"
        kept.mkdir(parents=True, exist_ok=True)
        try_out(root, kept, pages=given.pages, days=given.days, words=given.words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
