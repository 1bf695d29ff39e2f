"""Heavier faults under a real scheduler: workers that die with their work in hand, a host that never answers."""

import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scheduler.checks import assert_undisturbed, open_space, titles
from tests.scheduler.invented import article
from tests.scheduler.machine import Machine, newsroom_machine

pytestmark = [pytest.mark.airflow, pytest.mark.model, pytest.mark.nightly, pytest.mark.timeout(1200)]

STUCK = """
[sources.stuck]
kind = "feed"
url = "http://127.0.0.2:{port}/rss.xml"
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One Airflow for all tests here; one of its sources takes connections and never says a word."""
    with socket.create_server(("127.0.0.2", 0)) as silent:
        port = silent.getsockname()[1]
        started = newsroom_machine(
            tmp_path_factory.mktemp("machine"),
            more_sources=STUCK.format(port=port),
            more_hosts=f"127.0.0.2:{port}",
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="20",
        )
        with started as machine:
            yield machine


def drop(machine: Machine, *numbers: int) -> list[str]:
    """Put articles into the inbox; return their titles."""
    for number in numbers:
        (machine.inbox / f"{number}.txt").write_text(article(number, seed=9)[1])
    return [article(number, seed=9)[0] for number in numbers]


def test_hanging_source_holds_back_no_other(machine: Machine, tmp_path: Path) -> None:
    """While one source hangs, a file comes through; later the source's page is pending, and all is accounted for."""
    wanted = Counter(drop(machine, 1))
    hanging = "SELECT 1 FROM task_instance WHERE task_id = 'ingest_web' AND state = 'running'"
    machine.wait_until(lambda: machine.rows(hanging), seconds=120)
    machine.wait_until_quiet(seconds=600)
    assert titles(machine) == wanted
    space = open_space(machine)
    stuck = [row for row in space.lake.read_log("outcomes").to_pylist() if row["source_key"] == "stuck"]
    assert {(row["outcome"], row["stage"]) for row in stuck} == {("pending", "discover")}
    assert {row["source_key"] for row in space.lake.read("articles").to_pylist()} >= {"courier", "lantern", "gazette"}
    assert_undisturbed(machine, tmp_path)


@pytest.mark.parametrize("task_id", ["ingest_files", "derive", "commit"])
def test_dead_worker_is_made_good(machine: Machine, tmp_path: Path, task_id: str) -> None:
    """A worker that is killed with its task is missed after the heartbeat timeout, and the task is tried again."""
    before = titles(machine)
    number = 10 + len(task_id)
    wanted = Counter(drop(machine, number, number + 50))
    run_id = machine.kill_worker_of(task_id, seconds=240)
    machine.wait_until_quiet(seconds=600)
    tries = machine.rows(f"SELECT max(try_number) FROM task_instance WHERE run_id = '{run_id}'")
    assert tries[0][0] == 2
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)


def test_scheduler_dies_with_its_tasks(machine: Machine, tmp_path: Path) -> None:
    """The scheduler is killed while it derives: what was running is done anew, and nothing is lost or twice."""
    before = titles(machine)
    wanted = Counter(drop(machine, 90, 91))
    running = "SELECT 1 FROM task_instance WHERE task_id = 'derive' AND state = 'running'"
    machine.wait_until(lambda: machine.rows(running), seconds=240)
    machine.kill("scheduler")
    wanted.update(drop(machine, 92))
    machine.wait_until_quiet(seconds=600)
    assert titles(machine) == before + wanted
    assert_undisturbed(machine, tmp_path)
