"""An Airflow of its own in a temporary folder, driven by the commands that `make up` and `make down` run."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from time import monotonic, sleep

import psutil
from news_airflow.supervisor import log_file, processes

from samples.server import DAYS, Newsroom
from tests.cluster.holds import Holds

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "cluster" / "site"
NOW = datetime.combine(DAYS[-1], time(20), tzinfo=UTC)
_UNFINISHED = {
    "runs": "SELECT dag_id || ' ' || run_id FROM dag_run WHERE state IN ('queued', 'running')",
    "announced days": "SELECT partition_key FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL",
    "backfills": "SELECT id FROM backfill WHERE completed_at IS NULL",
}
_RED = "SELECT dag_id || ' ' || run_id FROM dag_run WHERE state = 'failed'"


@dataclass(frozen=True)
class Machine:
    """One Airflow and its data root, which is ``home.parent``. Its tasks can be stopped at a file, by ``holds``."""

    home: Path
    environment: Mapping[str, str]
    holds: Holds

    @property
    def data(self) -> Path:
        return self.home.parent

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    def command(self, *words: str, seconds: float = 240) -> str:
        """Run ``python -m news_airflow.local_airflow`` and return what it said; fail with that where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "news_airflow.local_airflow", *words],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

    def kill(self, part: str) -> None:
        """Kill the first process of a part with SIGKILL; what it had started is for the supervisor to end."""
        found = {process.pid: process for process in processes(self.home, part)}
        next(process for process in found.values() if process.ppid() not in found).kill()

    def task_of(self, pid: int) -> tuple[str, str, str]:
        """Return DAG, run and task of a task's process."""
        sql = f"SELECT dag_id, run_id, task_id FROM task_instance WHERE state = 'running' AND pid = {pid}"
        dag_id, run_id, task_id = self.wait_until(lambda: next(iter(self.rows(sql)), None), seconds=30)
        return str(dag_id), str(run_id), str(task_id)

    def kill_worker_of(self, pid: int) -> None:
        """Kill a task's process, and first the worker that started it, with SIGKILL."""
        task = psutil.Process(pid)
        worker = task.parent()
        assert worker is not None
        worker.kill()
        task.kill()

    def wait_until[Found](self, find: Callable[[], Found | None], *, seconds: float) -> Found:
        """Wait until something is found; return it."""
        deadline = monotonic() + seconds
        while not (found := find()):
            assert monotonic() < deadline, f"nothing after {seconds} s: {self.unfinished()}\n{self.logs()}"
            sleep(0.2)
        return found

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Ask Airflow's database; quicker than its REST, and it also knows what is announced and not begun."""
        with closing(sqlite3.connect(f"file:{self.home / 'airflow.db'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(sql).fetchall()

    def unfinished(self) -> dict[str, list[object]]:
        """Return what is still to be done, by kind; empty when all is."""
        found = {kind: [row[0] for row in self.rows(sql)] for kind, sql in _UNFINISHED.items()}
        found["files"] = [str(path) for path in (*self.inbox.glob("*.*"), *self.inbox.glob("claimed/*/*.*"))]
        return {kind: what for kind, what in found.items() if what}

    def wait_until_quiet(self, *, seconds: float) -> None:
        """Wait until nothing runs, waits or lies in the inbox, and nothing is red."""
        deadline = monotonic() + seconds
        calm = 0
        while calm < 4:  # between two parts of Airflow a thing may be out of sight for a moment
            left = self.unfinished()
            calm = 0 if left else calm + 1
            assert monotonic() < deadline, f"not done after {seconds} s: {left}\n{self.logs()}"
            sleep(0.5)
        assert self.rows(_RED) == [], self.logs()

    def logs(self) -> str:
        """Return the end of each part's log."""
        names = ("supervisor", "scheduler", "triggerer", "api-server", "dag-processor")
        files = [log_file(self.home, name) for name in names]
        return "\n".join(f"--- {file}\n{file.read_text('utf-8')[-1500:]}" for file in files if file.is_file())


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data: Path, settings: Mapping[str, str]) -> Iterator[Machine]:
    """Give an Airflow on a folder named data, up and healthy, with these settings beside the defaults; end it after."""
    home = data / "airflow"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW", "_AIRFLOW"))}
    holds = Holds(data.parent / "holds")
    ours = {
        **holds.environment,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(SITE))),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__PORT": str(free_port()),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
        "NEWS_DATA_DIR": str(data),
        "NEWS_SOURCES_FILE": str(data / "sources.toml"),
    }
    machine = Machine(home.resolve(), {**given, **ours, **settings}, holds)
    try:
        machine.command("up", "--seconds", "600", seconds=720)
        yield machine
    finally:
        machine.command("down")
    assert processes(machine.home) == []


@contextmanager
def newsroom_machine(root: Path, *, more_sources: str = "", more_hosts: str = "", **settings: str) -> Iterator[Machine]:
    """Give a machine for the sample newsroom on its last evening and an inbox, with more sources if given."""
    data = root / "data"
    (data / "inbox").mkdir(parents=True)
    with Newsroom(day=DAYS[-1]) as newsroom:
        given = (ROOT / "sources.toml").read_text("utf-8").replace("data/inbox", "inbox")
        given = given.replace('["127', f'["{more_hosts}", "127') if more_hosts else given
        (data / "sources.toml").write_text(given.replace(":8808", f":{newsroom.port}") + more_sources)
        with running(data, {"NEWS_FROZEN_NOW": NOW.isoformat(), **settings}) as machine:
            yield machine
