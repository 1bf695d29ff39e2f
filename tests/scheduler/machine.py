"""A separate Airflow in a temporary folder, started and stopped with the commands of `make up` and `make down`."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from time import monotonic, sleep

import psutil
from news_airflow.supervisor import log_file, processes

from samples.server import DAYS, Newsroom
from tests.cluster.holds import Holds
from tests.cluster.rest import Rest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "cluster" / "site"
NOW = datetime.combine(DAYS[-1], time(20), tzinfo=UTC)
_UNFINISHED = {
    "runs": "SELECT dag_id || ' ' || run_id FROM dag_run WHERE state IN ('queued', 'running')",
    "announced days": "SELECT partition_key FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL",
    "backfills": "SELECT id FROM backfill WHERE completed_at IS NULL",
}
_RED = "SELECT dag_id || ' ' || run_id FROM dag_run WHERE state = 'failed'"
_PINK = "SELECT dag_id || ' ' || task_id FROM task_instance WHERE state = 'skipped'"


@dataclass(frozen=True)
class Machine:
    """One Airflow and its data root, ``home.parent``. ``holds`` can stop its tasks at a file.

    ``said`` is the output of its `up`.
    """

    home: Path
    environment: Mapping[str, str]
    holds: Holds
    said: str = ""

    @property
    def data(self) -> Path:
        return self.home.parent

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def port(self) -> int:
        return int(re.findall(r"Airflow is up: http://127\.0\.0\.1:(\d+)", self.said)[0])

    @property
    def password(self) -> str:
        return re.findall(r"log in as admin with the password (\S+)", self.said)[0]

    def rest(self) -> Rest:
        """Return a client of the REST API."""
        return Rest(self.port, password=self.password)

    def command(self, *words: str, seconds: float = 240) -> str:
        """Run ``python -m news_airflow.local_airflow`` and return its output; a failure shows it."""
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
        """Kill the first process of a part with SIGKILL; the supervisor must stop its children."""
        found = {process.pid: process for process in processes(self.home, part)}
        next(process for process in found.values() if process.ppid() not in found).kill()

    def task_of(self, pid: int) -> tuple[str, str, str]:
        """Return DAG, run and task of a task's process."""
        sql = f"SELECT dag_id, run_id, task_id FROM task_instance WHERE state = 'running' AND pid = {pid}"
        dag_id, run_id, task_id = self.wait_until(lambda: next(iter(self.rows(sql)), None), seconds=240)
        return str(dag_id), str(run_id), str(task_id)

    def kill_worker_of(self, pid: int) -> None:
        """Kill with SIGKILL the worker of a task, then the task's process."""
        task = psutil.Process(pid)
        worker = task.parent()
        assert worker is not None
        worker.kill()
        task.kill()

    def wait_until[Found](self, find: Callable[[], Found | None], *, seconds: float) -> Found:
        """Wait until ``find`` returns a value; return it."""
        deadline = monotonic() + seconds
        while not (found := find()):
            assert monotonic() < deadline, f"nothing after {seconds} s: {self.unfinished()}\n{self.logs()}"
            sleep(0.2)
        return found

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Query Airflow's database: it is faster than its REST API, and has announced runs that have not started."""
        with closing(sqlite3.connect(f"file:{self.home / 'airflow.db'}?mode=ro", uri=True, timeout=120)) as database:
            return database.execute(sql).fetchall()

    def unfinished(self) -> dict[str, list[object]]:
        """Return the unfinished work by kind; empty if all is done."""
        found = {kind: [row[0] for row in self.rows(sql)] for kind, sql in _UNFINISHED.items()}
        found["files"] = [str(path) for path in (*self.inbox.glob("*.*"), *self.inbox.glob("claimed/*/*.*"))]
        return {kind: what for kind, what in found.items() if what}

    def wait_until_quiet(self, *, seconds: float) -> None:
        """Wait until nothing runs or waits and the inbox is empty; assert that no run failed."""
        deadline = monotonic() + seconds
        calm = 0
        while calm < 4:  # work may be invisible for a moment between two parts of Airflow
            left = self.unfinished()
            calm = 0 if left else calm + 1
            assert monotonic() < deadline, f"not done after {seconds} s: {left}\n{self.logs()}"
            sleep(0.5)
        assert self.rows(_RED) == [], self.logs()
        assert self.rows(_PINK) == []

    def logs(self) -> str:
        """Return the end of each part's log."""
        names = ("supervisor", "scheduler", "triggerer", "api-server", "dag-processor")
        files = [log_file(self.home, name) for name in names]
        return "\n".join(f"--- {file}\n{file.read_text('utf-8')[-1500:]}" for file in files if file.is_file())


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data: Path, settings: Mapping[str, str]) -> Iterator[Machine]:
    """Yield a healthy Airflow on a folder named data, with additional settings; stop it afterwards."""
    home = data / "airflow"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW", "_AIRFLOW"))}
    holds = Holds(data.parent / "holds")
    ours = {
        **holds.environment,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(SITE))),
        "AIRFLOW_HOME": str(home),
        "NEWS_AIRFLOW_PORT": "0",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
        "NEWS_DATA_DIR": str(data),
        "NEWS_SOURCES_FILE": str(data / "sources.toml"),
    }
    machine = Machine(home.resolve(), {**given, **ours, **settings}, holds)
    try:
        yield replace(machine, said=machine.command("up", "--seconds", "600", seconds=720))
    finally:
        machine.command("down")
    assert processes(machine.home) == []


@contextmanager
def newsroom_machine(root: Path, *, more_sources: str = "", more_hosts: str = "", **settings: str) -> Iterator[Machine]:
    """Yield a machine for the sample newsroom on its last evening and an inbox, optionally with more sources."""
    data = root / "data"
    (data / "inbox").mkdir(parents=True)
    with Newsroom(day=DAYS[-1]) as newsroom:
        given = (ROOT / "sources.toml").read_text("utf-8").replace("data/inbox", "inbox")
        given = given.replace('["127', f'["{more_hosts}", "127') if more_hosts else given
        (data / "sources.toml").write_text(given.replace(":8808", f":{newsroom.port}") + more_sources)
        with running(data, {"NEWS_FROZEN_NOW": NOW.isoformat(), **settings}) as machine:
            yield machine
