"""The whole system under a real scheduler, dag-processor and triggerer: one start, with parts that die."""

import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep

import psutil
import pytest
import requests
from news_airflow.supervisor import log_file, processes

from samples.server import DAYS
from tests.long_form import LONG
from tests.scheduler.checks import assert_undisturbed, differing, table_files, titles
from tests.scheduler.invented import article
from tests.scheduler.machine import Machine, newsroom_machine

# Limits are for a busy machine; an idle machine needs a fraction.
pytestmark = [pytest.mark.airflow, pytest.mark.model, pytest.mark.timeout(1800)]

BURST, BURST_SECONDS, SLOW_PIECES = (50, 10.0, 40) if LONG else (20, 4.0, 16)
DEATHS = [("triggerer",), ("scheduler",)]
KILLED = () if LONG else ("triggerer", "scheduler")  # in the middle of the burst; the long form has tests of their own
PATIENCE = 600.0
FILLED = DAYS[1:] if LONG else DAYS[2:]
# In the long form all DAGs run from the start, as after `make up`. Else each test starts those that it needs: the
# scheduled runs of all DAGs would process the newsroom five times.
PAUSED = {} if LONG else {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One Airflow for all tests of this module; another program uses its port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        with newsroom_machine(tmp_path_factory.mktemp("machine"), NEWS_AIRFLOW_PORT=taken, **PAUSED) as started:
            yield started


@pytest.fixture
def watched(machine: Machine) -> Machine:
    """The machine, which processes the files of its inbox."""
    unpause(machine, "news_extract", "news_inbox")
    machine.wait_until_quiet(seconds=PATIENCE)
    return machine


def unpause(machine: Machine, *dag_ids: str) -> None:
    rest = machine.rest()
    for dag_id in dag_ids:
        rest.pause(dag_id, is_paused=False)


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("follower")


@pytest.fixture
def undisturbed(follower: Path, tmp_path: Path) -> Path:
    """The folder for undisturbed processing: new for each test in the long form, else shared by all tests."""
    return tmp_path if LONG else follower


def drop(machine: Machine, number: int, *, seed: int) -> str:
    """Put an article into the inbox; return its title."""
    title, text = article(number, seed=seed)
    (machine.inbox / f"{seed}-{number}.txt").write_text(text)
    return title


def kill(machine: Machine, parts: Iterable[str]) -> None:
    for part in parts:
        machine.kill(part)


def assert_restarted(machine: Machine, parts: Iterable[str]) -> None:
    log = log_file(machine.home, "supervisor").read_text()
    for part in parts:
        assert f"{part} ended with exit code -9" in log


def test_taken_port_is_replaced(machine: Machine) -> None:
    """A port that is in use is replaced by a free one, which is named; no process listens on another address."""
    taken = machine.environment["NEWS_AIRFLOW_PORT"]
    found = []
    for process in processes(machine.home):
        with suppress(psutil.NoSuchProcess):  # a task that just ended
            found += process.net_connections("inet")

    assert f"port {taken} of 127.0.0.1 cannot be used" in machine.said
    assert f"Airflow takes port {machine.port} instead" in machine.said
    assert {each.laddr for each in found if each.status == "LISTEN"} == {("127.0.0.1", machine.port)}


def test_login_is_required_and_printed(machine: Machine) -> None:
    """`make up` prints the password of admin each time; only its owner can read it; nobody gets in without it."""
    file = machine.home / "passwords.json"
    again = machine.command("up")

    assert f"http://127.0.0.1:{machine.port}" in again
    assert machine.password in again
    assert (file.stat().st_mode & 0o777, machine.home.stat().st_mode & 0o777) == (0o600, 0o700)
    dags = {"news_ingest", "news_inbox", "news_extract", "news_maintain", "news_alerts"}
    assert machine.rest().dag_ids() == dags
    address = f"http://127.0.0.1:{machine.port}"
    assert requests.get(f"{address}/auth/token", timeout=240).status_code == 403
    assert requests.get(f"{address}/api/v2/dags", timeout=240).status_code == 401
    assert requests.get(f"{address}/auth/login", headers={"Host": "evil.example"}, timeout=240).status_code == 400


def test_backfill_twice_gives_the_same_bytes(machine: Machine, undisturbed: Path) -> None:
    """A backfill fills the tables; a repeated backfill of all runs changes no file."""
    span = ("--from-date", FILLED[0].isoformat(), "--to-date", FILLED[-1].isoformat())
    create = ("airflow", "backfill", "create", "--dag-id", "news_ingest", *span)
    unpause(machine, "news_extract", "news_ingest")
    machine.command(*create)
    machine.wait_until_quiet(seconds=PATIENCE)
    first = table_files(machine.data)
    assert {f"articles/published_month={str(day)[:7]}/{day}.parquet" for day in DAYS} <= first.keys()
    extracts = "SELECT id FROM dag_run WHERE dag_id = 'news_extract'"
    before = len(machine.rows(extracts))
    machine.command(*create, "--reprocess-behavior", "completed")
    machine.wait_until_quiet(seconds=PATIENCE)
    assert len(machine.rows(extracts)) > before
    assert differing(first, table_files(machine.data)) == []
    assert_undisturbed(machine, undisturbed)


def test_burst_arrives_once(watched: Machine, undisturbed: Path) -> None:
    """Files in a burst, one of them twice, and one that grows meanwhile: each article is stored once.

    In the short form, triggerer and scheduler are killed in the middle, and restarted.
    """
    title, slow = article(0, seed=2)
    wanted = Counter([title])
    step = len(slow) // SLOW_PIECES + 1
    with (watched.inbox / "grows.txt").open("w") as growing:
        for number in range(BURST):
            growing.write(slow[number * step : (number + 1) * step])
            growing.flush()
            wanted[drop(watched, number, seed=1)] += 1
            if number == BURST // 2:
                kill(watched, KILLED)
            sleep(BURST_SECONDS / BURST)
    (watched.inbox / "again.txt").write_text(article(7, seed=1)[1])
    watched.wait_until_quiet(seconds=PATIENCE)
    assert titles(watched) == wanted
    assert_undisturbed(watched, undisturbed)
    assert_restarted(watched, KILLED)


@pytest.mark.nightly
@pytest.mark.parametrize("parts", DEATHS, ids="+".join)
def test_dead_parts_lose_no_file(watched: Machine, undisturbed: Path, parts: tuple[str, ...]) -> None:
    """Triggerer or scheduler is killed while files arrive; it is restarted, and all files are processed."""
    before, seed = titles(watched), 3 + DEATHS.index(parts)
    wanted = [drop(watched, number, seed=seed) for number in range(4)]
    kill(watched, parts)
    wanted += [drop(watched, number, seed=seed) for number in range(4, 8)]
    watched.wait_until_quiet(seconds=PATIENCE)
    assert titles(watched) == before + Counter(wanted)
    assert_undisturbed(watched, undisturbed)
    assert_restarted(watched, parts)
