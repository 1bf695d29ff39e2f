"""`make cluster-test`: the cluster of docker-compose.yaml on this machine, with faults.

PostgreSQL, Redis, api-server, scheduler, dag-processor, triggerer and two Celery workers, on free ports of 127.0.0.1,
with the sample newsroom as its sources. After each fault, all checks of tests/cluster/checks.py must pass.
"""

import argparse
import base64
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins"))

from rich.console import Console

from samples.server import DAYS, Newsroom
from tests.cluster import holds
from tests.cluster.checks import check_all, open_space
from tests.cluster.compose import ROOT, variables_of_example
from tests.cluster.rest import Rest, wait_for
from tests.cluster.servers import install_missing
from tests.cluster.topology import WORKERS, Cluster

NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)  # the third evening of the newsroom
TODAY = NOW.date().isoformat()
HEARTBEAT_SECONDS = 30
DAGS = {"news_ingest", "news_inbox", "news_extract", "news_maintain"}
BURST = 20
BEFORE = DAYS[0] - timedelta(days=1)  # nothing is online
# In .env: dead tasks are detected earlier, and the feed trigger polls the newsroom only once.
CHANGED = {
    "AIRFLOW_HEARTBEAT_TIMEOUT": str(HEARTBEAT_SECONDS),
    "NEWS_USER_AGENT": "newslake-cluster-test",
    "NEWS_POLL_SECONDS": "100000",
}
# In addition to docker-compose.yaml: a frozen clock, and retries without long pauses.
EXTRA = {"NEWS_FROZEN_NOW": NOW.isoformat(), "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2"}
out = Console(highlight=False)


class FaultTrial:
    """The running cluster and its newsroom; each method in FAULTS is one trial."""

    def __init__(self, cluster: Cluster, newsroom: Newsroom, stops: holds.Holds) -> None:
        self.cluster = cluster
        self.newsroom = newsroom
        self.stops = stops
        self.rest = Rest(cluster.api_port, password=cluster.admin_password)
        self.space = open_space(cluster.data, sources=cluster.root / "sources.toml", now=NOW)

    def run(self) -> None:
        wait_for("the four DAGs", lambda: self.rest.dag_ids() >= DAGS, seconds=120)
        self.settle("first runs of the schedules")
        for name, fault in FAULTS.items():
            started = time.monotonic()
            out.print(f"[bold]{name}[/bold]")
            fault(self)
            self.settle(name)
            articles = check_all(self.space, scratch=self.cluster.root / "quiet")
            seconds = time.monotonic() - started
            out.print(f"  {articles} articles, each once; tables equal those of an undisturbed run ({seconds:.0f} s)")

    def settle(self, after: str) -> None:
        """Wait until every announced day has been processed and no run is active."""
        wait_for(f"quiet after {after}", self.cluster.is_settled, seconds=300)

    def ingest_by_rest(self) -> None:
        """A run for a day fills the archive; the days that it announces fill the tables."""
        self._ingest("evening-1", DAYS[0])
        assert self.rest.finished("news_ingest", "evening-1") == "success"

    def worker_killed_in_ingest(self) -> None:
        """Pages are fetched, none is in the archive."""
        self._kill_worker_at(holds.INGEST, lambda: self._ingest("evening-2", DAYS[1]))

    def worker_killed_in_derive(self) -> None:
        """Articles are processed, the batch is not staged."""
        self._kill_worker_at(holds.DERIVE, lambda: self._ingest("evening-3", DAYS[2]))

    def worker_killed_in_commit(self) -> None:
        """One table is published, the others are not."""
        self._kill_worker_at(holds.COMMIT, lambda: self._drop("late", 2))

    def triggerer_killed_in_a_burst(self) -> None:
        """Half of 20 files arrive without a triggerer."""
        self._drop("burst", BURST // 2)
        self.cluster.kill("triggerer")
        self._drop("second", BURST // 2)
        # The files show that it is alive: Airflow reports a dead triggerer as healthy for some time.
        self.cluster.start("triggerer")
        done = self.cluster.data / "inbox" / "done"
        wait_for("twenty files done", lambda: self._count(done, "burst", "second") == BURST, seconds=240)

    def scheduler_killed_while_a_source_hangs(self) -> None:
        """One source never responds; the others end, a new scheduler continues the run, and only that task fails."""
        with self._silent_source():
            self._ingest("silence", DAYS[2])
            wait_for("the others to end", lambda: self._only_one_is_left("silence"), seconds=120)
            self.cluster.kill("scheduler")
            self.cluster.start("scheduler")
            assert self.rest.finished("news_ingest", "silence", seconds=600) == "failed"
        branches = Counter(each["state"] for each in self._branches("silence"))
        assert branches == {"success": sum(branches.values()) - 1, "failed": 1}

    def _branches(self, run_id: str) -> list[dict[str, Any]]:
        return [each for each in self.rest.tasks("news_ingest", run_id) if each["task_id"].startswith("ingest_")]

    def _only_one_is_left(self, run_id: str) -> bool:
        states = Counter(each["state"] for each in self._branches(run_id))
        return states == {"success": sum(states.values()) - 1, "running": 1}

    def _ingest(self, run_id: str, day: date) -> None:
        self.newsroom.day = day
        self.rest.run("news_ingest", key=TODAY, run_id=run_id)

    def _drop(self, name: str, count: int) -> None:
        """Put distinct articles into the inbox, as a person would."""
        text = (ROOT / "samples" / "inbox" / "twin.txt").read_text("utf-8")
        for number in range(count):
            file = self.cluster.data / "inbox" / f"{name}-{number}.txt"
            part = file.with_suffix(".part")
            part.write_text(
                text.replace("Beekeepers press", f"Beekeepers of {name.title()} Row {number} press"), "utf-8"
            )
            part.rename(file)
            time.sleep(0.3)

    def _kill_worker_at(self, where: str, work: Callable[[], None]) -> None:
        self.stops.want(where)
        work()
        pid = self.stops.held(seconds=180)
        worker, task = self.cluster.part_of(pid), self.rest.task_of(pid)
        assert worker in WORKERS
        out.print(f"  {worker} is killed in {task.dag_id}.{task.task_id}")
        self.cluster.kill(worker)
        self.stops.lift()
        killed = time.monotonic()
        wait_for(
            "the detection of the dead task",
            lambda: self.rest.state_of(task) != "running",
            seconds=HEARTBEAT_SECONDS + 60,
        )
        missed = time.monotonic() - killed
        wait_for("the other worker", lambda: self.rest.state_of(task) == "again success", seconds=240)
        out.print(f"  detected after {missed:.0f} s, done by the other worker after {time.monotonic() - killed:.0f} s")
        assert self.rest.log_lines(task), "the log of the killed try cannot be read"
        started = time.monotonic()
        self.cluster.restart(worker)
        out.print(f"  {worker} responds again {time.monotonic() - started:.0f} s after its start")

    def _count(self, folder: Path, *names: str) -> int:
        return sum(len(list(folder.glob(f"{name}-*.txt"))) for name in names)

    @contextmanager
    def _silent_source(self) -> Iterator[None]:
        """Add a source with a server that accepts connections and never responds."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            write_sources(self.cluster, self.newsroom, silent=address)
            yield
        write_sources(self.cluster, self.newsroom)


FAULTS = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        FaultTrial.ingest_by_rest,
        FaultTrial.worker_killed_in_ingest,
        FaultTrial.worker_killed_in_derive,
        FaultTrial.worker_killed_in_commit,
        FaultTrial.triggerer_killed_in_a_burst,
        FaultTrial.scheduler_killed_while_a_source_hangs,
    )
}


def write_sources(cluster: Cluster, newsroom: Newsroom, *, silent: str | None = None) -> None:
    """Write the project's sources.toml with this newsroom's port, this inbox, and the silent source."""
    text = (ROOT / "sources.toml").read_text("utf-8").replace("127.0.0.1:8808", f"127.0.0.1:{newsroom.port}")
    if silent is not None:
        text = text.replace("private_hosts = [", f'private_hosts = ["{silent}", ')
        text += f'\n[sources.silent]\nkind = "feed"\nurl = "http://{silent}/rss.xml"\n'
    path = cluster.root / "sources.toml"
    temporary = path.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def secrets_of_a_test() -> dict[str, str]:
    """Return the secrets of .env, generated as .env.example says."""
    names = ("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY")
    fernet = base64.urlsafe_b64encode(os.urandom(32)).decode()
    return {name: secrets.token_hex(48) for name in names} | {"AIRFLOW_FERNET_KEY": fernet}


def main() -> int:
    """Run all faults on one cluster; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="The cluster on this machine.")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped then, too
    started = time.monotonic()
    if installed := install_missing():
        out.print(f"installed {', '.join(installed)}")
    root = Path(tempfile.mkdtemp(prefix="newslake-cluster-"))
    try:
        run_in(root)
    finally:
        if options.keep:
            out.print(f"kept {root}")
        else:
            shutil.rmtree(root)
    out.print(f"cluster-test passed in {time.monotonic() - started:.0f} s")
    return 0


def run_in(root: Path) -> None:
    """Start newsroom and cluster, cause every fault, stop all."""
    root.chmod(0o755)  # PostgreSQL runs as another user
    for folder in ("logs", "data/inbox"):
        (root / folder).mkdir(parents=True)
    stops = holds.Holds(root / "holds")
    variables = variables_of_example() | secrets_of_a_test() | CHANGED
    with Newsroom(day=BEFORE) as newsroom:
        cluster = Cluster(root, variables=variables, extra=EXTRA | stops.environment)
        write_sources(cluster, newsroom)
        started = time.monotonic()
        passed = False
        try:
            with cluster.up():
                out.print(f"all services are healthy after {time.monotonic() - started:.0f} s")
                FaultTrial(cluster, newsroom, stops).run()
            passed = True
        finally:
            if not passed:
                out.print(cluster.log_tails(), markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
