"""Heavier faults under a real scheduler: workers that die during a task, a full disk, a silent host."""

import os
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.server import DAYS
from tests.cluster.holds import COMMIT, DERIVE, INGEST
from tests.scheduler.checks import assert_undisturbed, open_space, titles
from tests.scheduler.invented import article
from tests.scheduler.machine import Machine, newsroom_machine

pytestmark = [pytest.mark.airflow, pytest.mark.model, pytest.mark.nightly, pytest.mark.timeout(1200)]

STUCK = """
[sources.stuck]
kind = "feed"
url = "http://127.0.0.2:{port}/rss.xml"
"""
FIRST_OBJECT = "1 /_state/data/"  # one of four tables is written, none is published
PATIENCE = 600.0


@pytest.fixture(scope="module")
def lake_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data root; its lake has its own file system if one can be mounted."""
    root = tmp_path_factory.mktemp("machine")
    lake = root / "data" / "lake"
    lake.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(lake)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield root
    if is_mounted:
        subprocess.run(["umount", str(lake)], check=True)


@pytest.fixture(scope="module")
def machine(lake_disk: Path) -> Iterator[Machine]:
    """One Airflow for all tests of this module; one of its sources accepts connections and never responds."""
    with socket.create_server(("127.0.0.2", 0)) as silent:
        port = silent.getsockname()[1]
        started = newsroom_machine(
            lake_disk,
            more_sources=STUCK.format(port=port),
            more_hosts=f"127.0.0.2:{port}",
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="20",
        )
        with started as machine:
            yield machine


@pytest.fixture(autouse=True)
def calm(machine: Machine) -> Iterator[None]:
    """Each test begins after all work of the previous one is done."""
    machine.wait_until_quiet(seconds=PATIENCE)
    yield
    machine.holds.lift()


def drop(machine: Machine, *numbers: int) -> list[str]:
    """Put articles into the inbox; return their titles."""
    for number in numbers:
        (machine.inbox / f"{number}.txt").write_text(article(number, seed=9)[1])
    return [article(number, seed=9)[0] for number in numbers]


def test_hanging_source_delays_no_other(machine: Machine, tmp_path: Path) -> None:
    """While one source hangs in repeated runs, files are processed; its listing is pending, and all outcomes add up."""
    rest = machine.rest()
    rest.run("news_inbox", key=None, run_id="hangs")
    of_run = "SELECT 1 FROM task_instance WHERE run_id = 'hangs' AND task_id = '{}' AND state = '{}'"
    # After its own poll of the inbox: files that this run ingests are announced only when all its sources are done.
    machine.wait_until(lambda: machine.rows(of_run.format("ingest_files", "success")), seconds=120)
    wanted = Counter(drop(machine, 1))
    for number in range(4):
        rest.run("news_inbox", key=None, run_id=f"again-{number}")
    wanted.update(drop(machine, 2))
    machine.wait_until(lambda: titles(machine) == wanted, seconds=PATIENCE)
    assert machine.rows(of_run.format("ingest_web", "running"))
    machine.wait_until_quiet(seconds=PATIENCE)
    space = open_space(machine)
    stuck = [row for row in space.lake.log.read("outcomes").to_pylist() if row["source_key"] == "stuck"]
    assert {(row["outcome"], row["stage"]) for row in stuck} == {("pending", "discover")}
    assert {row["source_key"] for row in space.lake.read("articles").to_pylist()} >= {"courier", "lantern", "gazette"}
    assert_undisturbed(machine, tmp_path)


@pytest.mark.parametrize(
    ("task_id", "where", "number"), [("ingest_files", INGEST, 10), ("derive", DERIVE, 20), ("commit", COMMIT, 30)]
)
def test_tasks_of_a_dead_worker_are_retried(
    machine: Machine, tmp_path: Path, task_id: str, where: str, number: int
) -> None:
    """The death of a worker and its task is detected after the heartbeat timeout, and the task is retried."""
    before = titles(machine)
    machine.holds.want(where)
    wanted = Counter(drop(machine, number, number + 1))
    pid = machine.holds.held(seconds=240)
    dag_id, run_id, held = machine.task_of(pid)
    assert held == task_id
    machine.kill_worker_of(pid)
    machine.wait_until_quiet(seconds=PATIENCE)
    assert tries(machine, dag_id, run_id, task_id) == 2
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)


def tries(machine: Machine, dag_id: str, run_id: str, task_id: str) -> object:
    sql = "SELECT max(try_number) FROM task_instance WHERE dag_id = '{}' AND run_id = '{}' AND task_id = '{}'"
    return machine.rows(sql.format(dag_id, run_id, task_id))[0][0]


def test_commit_waits_for_disk_space(machine: Machine, tmp_path: Path) -> None:
    """A commit on a full disk is retried, and succeeds as if undisturbed when there is space."""
    lake = machine.data / "lake"
    if not lake.is_mount():
        pytest.skip("no small disk can be mounted here")
    before = titles(machine)
    machine.holds.want(FIRST_OBJECT)
    wanted = Counter(drop(machine, 70, 71))
    dag_id, run_id, held = machine.task_of(machine.holds.held(seconds=240))
    assert held == "commit"
    ballast = lake / "ballast"
    room = os.statvfs(lake)
    ballast.write_bytes(bytes(room.f_bavail * room.f_frsize))
    machine.holds.lift()
    failed = f"SELECT 1 FROM task_instance WHERE run_id = '{run_id}' AND state = 'up_for_retry'"
    machine.wait_until(lambda: machine.rows(failed), seconds=120)
    ballast.unlink()
    machine.wait_until_quiet(seconds=PATIENCE)
    assert tries(machine, dag_id, run_id, "commit") == 2
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)


def test_scheduler_dies_with_its_tasks(machine: Machine, tmp_path: Path) -> None:
    """The scheduler is killed while it processes articles: its tasks run again, and nothing is lost or duplicated."""
    before = titles(machine)
    machine.holds.want(DERIVE)
    wanted = Counter(drop(machine, 90, 91))
    machine.holds.held(seconds=240)
    machine.kill("scheduler")
    wanted.update(drop(machine, 92))
    machine.wait_until_quiet(seconds=PATIENCE)
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)


def test_two_runs_of_a_day_at_once(machine: Machine, tmp_path: Path) -> None:
    """Two runs of one day are triggered while files arrive; one is stopped, the other waits for the slot of the files
    pool: each article is stored once."""
    before = titles(machine)
    rest = machine.rest()
    machine.holds.want(INGEST)
    for run_id in ("one", "other"):
        rest.run("news_ingest", key=DAYS[0].isoformat(), run_id=run_id)
    wanted = Counter(drop(machine, *range(100, 110)))
    machine.holds.held(seconds=240)
    waits = "SELECT 1 FROM task_instance WHERE task_id = 'ingest_files' AND state IN ('scheduled', 'queued')"
    machine.wait_until(lambda: machine.rows(waits), seconds=120)
    machine.holds.lift()
    machine.wait_until_quiet(seconds=PATIENCE)
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)
