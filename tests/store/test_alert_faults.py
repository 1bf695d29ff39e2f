"""Alerts on the shared store when a host or the database dies: no message lost, none sent twice but with its id."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

from newslake.pipeline.errors import StoreError
from tests.addons.alerts.receiver import Receiver
from tests.architecture.tree import ROOT
from tests.faults.alert_worker import (
    ANSWERED,
    SENDERS,
    URL,
    WORDS,
    check_and_send,
    record_day_before,
    record_doomed,
)
from tests.long_form import LONG
from tests.scale.postgres import PostgresServer
from tests.store.alert_stores import AlertPlace
from tests.store.alert_worker import ON_ITS_WAY, PATIENT, watched_steps
from tests.traces import Traces

SEED = 20260203
KILLS = 3 if LONG else 2  # at steps other than those of one message
STILL_SECONDS = 4.0
OPENING_STEPS = 6  # two transactions before the round: the tables are created, then read
EXPECTED = [
    "Daily: 3 new rows",
    "Resolved: Sources: mill is stale (lasted 2 h 0 min)",
    "Sources: river is stale",
    "Ferry: 2 new rows",
    "Slow: the rule cannot be checked",
]
_places = count(1)


class Host:
    """Another process that checks and delivers, one task after another.

    One that is not ``is_patient`` gives a sender few seconds: the next host waits as long for the mark of a dead one.
    """

    def __init__(self, *, is_patient: bool = False) -> None:
        command = [sys.executable, "-m", "tests.store.alert_worker", *([PATIENT] if is_patient else [])]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, task: str, place: AlertPlace, senders: dict[str, str], *, at: int | None = None) -> None:
        """Start a task; at the ``at``-th step, from 1, the process kills itself."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([task, [str(place.folder), place.url, place.schema], senders, at]) + "\n")

    def end(self) -> tuple[list[str], str | None]:
        """Return the steps of the task, and the reason of its error; no steps if the process killed itself."""
        assert self._process.stdout is not None
        if answer := self._process.stdout.readline():
            names, reason = json.loads(answer)
            return names, reason
        assert self._process.wait(30) == -signal.SIGKILL
        return [], None

    def run(self, *given: Any, **named: Any) -> tuple[list[str], str | None]:
        self.begin(*given, **named)
        return self.end()


@pytest.fixture
def webhooks() -> Iterator[dict[str, Receiver]]:
    with Receiver() as desk, Receiver() as mail:
        yield dict(zip(SENDERS, (desk, mail), strict=True))


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that no test kills, so that it may take its time on a busy machine."""
    with Host(is_patient=True) as running:
        yield running


def new_place(server: PostgresServer, folder: Path) -> AlertPlace:
    """Return alerts of their own, without rows."""
    number = next(_places)
    return AlertPlace(folder / str(number), server.url, f"alerts_{number}")


def urls_of(webhooks: dict[str, Receiver]) -> dict[str, str]:
    return {name: each.url for name, each in webhooks.items()}


def undisturbed(host: Host, task: str, place: AlertPlace, senders: dict[str, str]) -> list[str]:
    """Run a task; return its steps."""
    names, reason = host.run(task, place, senders)
    assert (names == [], reason) == (False, None)
    return names


def chosen(names: list[str], *, near: str | None = None, before: int = 0, after: int = 0) -> list[int]:
    """Return some steps, from 1, and all those near one step of a name."""
    steps, chance = range(1, len(names) + 1), random.Random(SEED)
    some = set(chance.sample(steps, KILLS))
    if near is not None:
        middle = chance.choice([at for at in steps if names[at - 1] == near])
        some |= set(range(middle - before, middle + after + 1))
    return sorted(some & set(steps))


@pytest.mark.timeout(1800)
def test_a_host_is_killed_while_it_delivers(postgres, webhooks, tmp_path):
    """A host is killed while a message is on its way, after it, and at other steps; the next one sends all, at most
    one again. In the long form it is killed at each step of a message."""
    place, urls = new_place(postgres, tmp_path), urls_of(webhooks)
    record_day_before(place.open())
    with Host() as host:
        names = undisturbed(host, "round", place, urls)
    for at in chosen(names, near=ON_ITS_WAY, before=2 * LONG, after=3 if LONG else 1):
        place = new_place(postgres, tmp_path)
        record_day_before(place.open())
        for each in webhooks.values():
            each.taken.clear()
        with Host() as host:
            assert host.run("round", place, urls, at=at) == ([], None)
        store = place.open()
        assert check_and_send(store, urls) == ()
        for each in webhooks.values():
            assert each.titles == EXPECTED, names[at - 1]
            assert each.ids.total() <= len(EXPECTED) + 1
        assert store.waiting() == {}
        entries = {rule: (store.feed(rule) or b"").count(b"<entry>") for rule in sorted(store.checked_rules())}
        assert entries == {"daily": 2, "ferry": 2, "slow": 1, "sources": 3}


@contextmanager
def suppress_lost_lease() -> Iterator[None]:
    """Go on after a block that another host has taken the lock from."""
    try:
        yield
    except StoreError as error:
        if error.reason != "lease_lost":
            raise


class DeadlyDatabase:
    """Kills the server and starts it again at a step, while another host waits for the lock.

    Then this host pauses, so that the other one has the lock and time to send everything.
    """

    def __init__(self, server: PostgresServer, host: Host, place: AlertPlace, senders: dict[str, str], at: int) -> None:
        self._server = server
        self._host = host
        self._task = ("round", place, senders)
        self._left = at
        self.name: str | None = None

    def meet(self, name: str) -> None:
        self._left -= 1
        if self._left == 0:
            self.name = name
            self._host.begin(*self._task)
            time.sleep(0.3)
            self._server.kill()
            self._server.restart()
            time.sleep(STILL_SECONDS)


@pytest.mark.timeout(1800)
def test_the_database_is_killed_while_two_hosts_deliver(mortal_postgres, webhooks, host, tmp_path, monkeypatch):
    """The server is killed while a message is on its way, after it, and at other steps, while another host waits: each
    message comes once. In the long form it is killed at each step of a message."""
    place, urls = new_place(mortal_postgres, tmp_path), urls_of(webhooks)
    record_day_before(place.open())
    steps = undisturbed(host, "round", place, urls)[OPENING_STEPS:]
    names = [name for name in steps if name.startswith("a ") or name == ANSWERED]
    for at in chosen(names, near=ON_ITS_WAY, before=3 * LONG, after=2 if LONG else 1):
        place = new_place(mortal_postgres, tmp_path)
        record_day_before(place.open())
        store = place.open()
        store.waiting()
        for each in webhooks.values():
            each.taken.clear()
        deadly = DeadlyDatabase(mortal_postgres, host, place, urls, at)
        with monkeypatch.context() as patched:
            for owner, name, substitute in watched_steps(deadly.meet):
                patched.setattr(owner, name, substitute)
            with suppress_lost_lease():
                check_and_send(store, urls)
        assert deadly.name is not None
        assert host.end()[1] in (None, "lease_lost")
        assert check_and_send(place.open(), urls) == ()
        for each in webhooks.values():
            assert [message["title"] for message in each.taken] == EXPECTED, (at, deadly.name)
        assert place.open().waiting() == {}


@pytest.mark.timeout(1800)
def test_a_killed_takedown_is_finished(mortal_postgres, tmp_path):
    """A takedown in the alerts that is killed at any step, and made again, leaves nothing of the article."""
    traces = Traces([WORDS, URL.removeprefix("https://")])
    place = new_place(mortal_postgres, tmp_path)
    record_doomed(place.open())
    with Host() as host:
        names = undisturbed(host, "erase", place, {})
    for at in chosen(names):
        place = new_place(mortal_postgres, tmp_path)
        store = place.open()
        record_doomed(store)
        with Host() as host:
            assert host.run("erase", place, {}, at=at) == ([], None)
        if at % 2:  # a check may come between
            store.write_feeds()
        with Host() as host:
            undisturbed(host, "erase", place, {})
        assert traces.under(place.folder) == {}
        store.write_feeds()
        assert traces.under(place.folder) == {}
        assert store.next_delivery("desk").subject == "Both: river is stale"
    mortal_postgres.execute("CHECKPOINT")
    assert traces.under(mortal_postgres.data / "base") == {}
