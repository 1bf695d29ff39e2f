"""Turns of both stores: an item that ends its process is counted, on whatever host the next process runs."""

import json
import os
import signal
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest

from newslake.pipeline.jobs.in_flight import FileTurns, forget_deaths, open_turns
from newslake.pipeline.leases import TurnRecords
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.turns import PostgresTurns

SECONDS = 10.0  # the server notices the end of a session within this time


def turns_of(place: dict[str, str]) -> TurnRecords:
    """Open the turns of a store, as a process of any host does."""
    if "folder" in place:
        return FileTurns(Path(place["folder"]))
    database = PostgresDatabase(place["url"], schema=place["schema"])
    return PostgresTurns(database, PostgresLeases(database))


def _die(place: str, keys: tuple[str, ...]) -> None:
    with open_turns(turns_of(json.loads(place)), version="v1") as turns:
        turns.begin("earlier")
        turns.begin(*keys)
        os.kill(os.getpid(), signal.SIGKILL)


def kill_at(place: dict[str, str], *keys: str) -> None:
    """Let a process die in a turn, and wait until its session has ended."""
    process = get_context("spawn").Process(target=_die, args=(json.dumps(place), keys))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    if "url" in place:
        with psycopg.connect(place["url"], autocommit=True) as session:
            end = time.monotonic() + SECONDS
            while (
                time.monotonic() < end
                and session.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchall()
            ):
                time.sleep(0.05)


@pytest.fixture(params=["local", "shared"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "local":
        return {"folder": str(tmp_path)}
    return {"url": request.getfixturevalue("postgres").url, "schema": request.getfixturevalue("schema")}


def test_ended_turns_can_be_forgotten(place):
    """Deaths that are forgotten count for no item; a process that lives keeps its turn."""
    kill_at(place, "a")
    with open_turns(turns_of(place), version="v1") as living:
        living.begin("b")
        kill_at(place, "a")
        turns_of(place).forget_ended()
        with open_turns(turns_of(place), version="v1") as turns:
            assert (turns.is_suspect("a"), turns.is_suspect("b")) == (True, False)
            assert turns.poison("a", name="a") is None


def test_deaths_of_an_item_can_be_forgotten(place):
    """Deaths in the turns of one item are forgotten, also those that nobody has counted; those of others stay."""
    kill_at(place, "a", "b")
    kill_at(place, "a", "b")
    forget_deaths(turns_of(place), ["a"], version="v1")
    with open_turns(turns_of(place), version="v1") as turns:
        assert (turns.is_suspect("a"), turns.is_suspect("b")) == (False, True)
        assert turns.poison("b", name="b") is not None


def test_item_is_poison_after_two_deaths(place, caplog):
    """One death makes an item a suspect, two set it aside, whoever dies; an item that survives is forgotten."""
    with open_turns(turns_of(place), version="v1"):
        assert caplog.text == ""
    kill_at(place, "a", "b")
    with open_turns(turns_of(place), version="v1") as turns:
        assert [turns.is_suspect(each) for each in ("a", "b", "earlier")] == [True, True, False]
        assert turns.poison("a", name="a") is None
        assert "one of 2 items" in caplog.text
        turns.begin("b")
    kill_at(place, "a")
    with open_turns(turns_of(place), version="v1") as turns:
        error = turns.poison("a", name="a")
        assert error is not None
        assert error.reason == "killed_worker"
        assert not turns.is_suspect("b")
    with open_turns(turns_of(place), version="v2") as turns:
        assert not turns.is_suspect("a")


def test_turns_of_living_processes_do_not_count(place):
    """While a process lives, its items are nobody's death, and neither are they after its end."""
    with open_turns(turns_of(place), version="v1") as turns:
        turns.begin("a")
        with open_turns(turns_of(place), version="v1") as other:
            assert not other.is_suspect("a")
    with open_turns(turns_of(place), version="v1") as turns:
        assert not turns.is_suspect("a")


@pytest.mark.parametrize(("error", "is_suspect"), [(MemoryError, True), (OSError, False), (KeyboardInterrupt, False)])
def test_memory_error_counts_as_a_death(place, error, is_suspect):
    """No memory counts as a death of the items in flight; any other exception does not."""
    with pytest.raises(error):
        _end_with(error, place)
    with open_turns(turns_of(place), version="v1") as turns:
        assert turns.is_suspect("a") == is_suspect


def _end_with(error: type[BaseException], place: dict[str, str]) -> None:
    with open_turns(turns_of(place), version="v1") as turns:
        turns.begin("a")
        raise error


def test_many_processes_at_once_count_each_death_once(place):
    """Eight threads that open turns after one death count it once."""
    kill_at(place, "a")
    together = threading.Barrier(8)

    def open_one() -> None:
        together.wait(30)
        with open_turns(turns_of(place), version="v1"):
            pass

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with open_turns(turns_of(place), version="v1") as turns:
        assert turns.is_suspect("a")
        assert turns.poison("a", name="a") is None


@pytest.mark.parametrize("how", ["kill", "stop", "one backend"])
def test_end_of_the_server_is_no_death(mortal_postgres, schema, how):
    """Leases that end with the server, while their holders live, count as nothing; the holders go on."""
    place = {"url": mortal_postgres.url, "schema": schema}
    with open_turns(turns_of(place), version="v1") as turns:
        turns.begin("a")
        end_server(mortal_postgres, how)
        turns.begin("b")
        turns.begin("c")
        with open_turns(turns_of(place), version="v1") as other:
            assert [other.is_suspect(each) for each in "abc"] == [False, False, False]
    with open_turns(turns_of(place), version="v1") as turns:
        assert [turns.is_suspect(each) for each in "abc"] == [False, False, False]


def end_server(server: Any, how: str) -> None:
    """End all sessions: kill or stop the server and start it again, or kill one of its processes."""
    if how == "one backend":
        with psycopg.connect(server.url, autocommit=True) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
        time.sleep(1.0)
    elif how == "kill":
        server.kill()
        server.start()
    else:
        server.stop()
        server.start()
