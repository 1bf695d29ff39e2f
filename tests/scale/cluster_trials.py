"""Faults of a cluster of hosts without a common disk: two Celery workers, PostgreSQL, SeaweedFS; while news arrive.

After each trial, ``check_shared`` must pass. A strict reader reads all tables at one instant the whole time.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import obstore

from newslake.pipeline.jobs.workspace import Workspace
from samples.server import DAYS, Newsroom
from tests.cluster.rest import Rest, wait_for
from tests.cluster.topology import WORKERS
from tests.figures import out
from tests.scale.comparison import check_shared, differences, problems_of_rows, store_of
from tests.scale.evenings import INBOX, NOW, TODAY, run_locally, twin
from tests.scale.hosts import HostCluster
from tests.scale.servers import SERVICES, open_shared
from tests.scale.strict_reader import StrictReader

_DAGS = {"news_ingest", "news_inbox", "news_extract", "news_maintain", "news_alerts"}
_FILES = 3  # of a burst
_SETTLED_SECONDS = 900
_BUSY_SECONDS = 180
_CUT_SECONDS = 4.0


@dataclass
class HostTrials:
    """The running cluster and its newsroom. ``rounds`` is how often a fault occurs in each trial."""

    cluster: HostCluster
    newsroom: Newsroom
    rounds: int
    chance: random.Random
    rest: Rest = field(init=False)
    space: Workspace = field(init=False)
    bursts: int = 0
    _known_failures: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rest = Rest(self.cluster.api_port, password=self.cluster.admin_password)
        self.space = open_shared(self.cluster.root / "checks", sources=self.sources, now=NOW)

    @property
    def sources(self) -> Path:
        return self.cluster.site / "sources.toml"

    def trials(self) -> dict[str, Callable[[], None]]:
        """Return the trials by name, in order."""
        return {
            "demo": self.demo,
            "kill-services": self.kill_services,
            "kill-workers": self.kill_workers,
            "cut-network": self.cut_network,
        }

    def run(self) -> None:
        """Run all trials, and check the store after each."""
        wait_for("the DAGs", lambda: self.rest.dag_ids() >= _DAGS, seconds=120)
        self.rest.pause("news_alerts", is_paused=True)  # it has no rules here, and runs every five minutes
        self.settle("the first runs of the schedules")
        for name, trial in self.trials().items():
            started = time.monotonic()
            if name == "demo":
                trial()
                self.settle(name)
                reads = 0
            else:
                reads = self._read_meanwhile(name, trial)
            articles = check_shared(self.space, scratch=self.cluster.root / "quiet")
            seconds = time.monotonic() - started
            out.print(
                f"{name}: {articles} articles, each once, as in a local run; {reads} strict reads ({seconds:.0f} s)"
            )

    def _read_meanwhile(self, name: str, trial: Callable[[], None]) -> int:
        own = open_shared(self.cluster.root / "reads", sources=self.sources, now=NOW)
        with StrictReader(store_of(own).tables, problems_of_rows, pause_seconds=0.5) as reader:
            trial()
            self.settle(name)
        assert reader.problems == []
        return reader.reads

    def settle(self, after: str) -> None:
        """Wait until every announced day is processed and no run is active; parts that ended are started again."""

        def is_settled() -> bool:
            if revived := self.cluster.revive():
                out.print(f"  started again: {', '.join(revived)}")
            return self.cluster.is_settled()

        wait_for(f"quiet after {after}", is_settled, seconds=_SETTLED_SECONDS)
        self._process_the_rest(after)

    def _process_the_rest(self, after: str) -> None:
        """Let the maintenance announce the days that failed runs left."""
        failed = [
            f"{run['dag_id']}.{run['dag_run_id']}"
            for run in self.rest.get("dags/~/dagRuns", state="failed", limit=100)["dag_runs"]
            if run["dag_run_id"] not in self._known_failures
        ]
        if not failed:
            return
        out.print(f"  failed: {', '.join(failed)}")
        self._known_failures.update(each.partition(".")[2] for each in failed)
        self.rest.run("news_maintain", key=None, run_id=f"after-{after}-{len(self._known_failures)}")
        wait_for(f"quiet after maintenance after {after}", self.cluster.is_settled, seconds=_SETTLED_SECONDS)

    def demo(self) -> None:
        """The newsroom goes in by the real DAGs; all tables equal those of `newslake run` on a local lake."""
        put_in_inbox(self.cluster, "twin.txt", twin())
        for number, day in enumerate(DAYS):
            self.newsroom.day = day
            self.rest.run("news_ingest", key=TODAY, run_id=f"evening-{number}")
            state = self.rest.finished("news_ingest", f"evening-{number}", seconds=_SETTLED_SECONDS)
            assert state == "success"
            self.settle(f"evening {number}")
            out.print(f"  {day}: the newsroom of this evening is in the tables")
        local = run_locally(self.cluster.root / "local", self.newsroom)
        assert (found := differences(local.store.tables, self.space.store.tables)) == [], found

    def kill_services(self) -> None:
        """PostgreSQL and SeaweedFS are killed while files arrive, one after the other, and started again."""
        for _ in range(self.rounds):
            self.burst(_FILES)
            for server in (self.cluster.servers.postgres, self.cluster.servers.weed):
                time.sleep(self.chance.uniform(0.5, 6))
                server.kill()
                time.sleep(self.chance.uniform(0, 2))
                server.start()

    def kill_workers(self) -> None:
        """Each worker is killed while it works, and started again; the other one does its tasks."""
        for _ in range(self.rounds):
            for worker in WORKERS:
                self.burst(_FILES)
                busy = wait_for(
                    f"a task of {worker}", lambda worker=worker: self._task_of(worker), seconds=_BUSY_SECONDS
                )
                time.sleep(self.chance.uniform(0, 2))
                self.cluster.kill(worker)
                self.cluster.start(worker)  # the next round waits until it has a task
                out.print(f"  {worker} was killed in {busy}")

    def _task_of(self, worker: str) -> str | None:
        """Return the name of a task that a worker does now; give it work while nobody has any."""
        running = self.rest.tasks(state="running")
        if not running and self.cluster.is_settled():
            self.burst(1)
        mine = (each for each in running if each["pid"] and self.cluster.part_of(each["pid"]) == worker)
        return next((f"{each['dag_id']}.{each['task_id']}" for each in mine), None)

    def cut_network(self) -> None:
        """The network between the workers and each service is cut for some seconds, one after the other."""
        for _ in range(self.rounds):
            self.burst(_FILES)
            for service in SERVICES:
                time.sleep(self.chance.uniform(0.5, 6))
                self.cluster.cut(service)
                time.sleep(_CUT_SECONDS)
                self.cluster.mend(service)

    def burst(self, count: int) -> None:
        """Put distinct articles into the inbox, as a program would."""
        self.bursts += 1
        for number in range(count):
            name = f"burst{self.bursts}-{number}"
            text = twin().decode().replace("Beekeepers press", f"Beekeepers of Row {self.bursts} {number} press")
            put_in_inbox(self.cluster, f"{name}.txt", text.encode())
            time.sleep(0.2)


def put_in_inbox(cluster: HostCluster, name: str, data: bytes) -> None:
    """Put a file into the inbox, which is in the bucket."""
    obstore.put(cluster.servers.weed.client(seconds=30), f"{INBOX}/{name}", data)
