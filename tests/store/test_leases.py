"""Leases of both stores: one holder at a time, free when the holder dies, and a barrier for takedowns."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.archive.leases import FileLeases
from newslake.pipeline.errors import StoreError
from newslake.pipeline.fetch.rate_limit import FileRates
from newslake.pipeline.lake.storage import Disk, Layout
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases, PostgresRates
from tests.architecture.tree import ROOT
from tests.store.holder import hold, open_leases
from tests.store.stores import is_held

KINDS = ("source", "committer", "takedown")
KILLS = 6


class LeaseTrial:
    """The leases of a store, for this process and for others."""

    def __init__(self, store: dict[str, Any]) -> None:
        self.store = store
        self.leases = open_leases(store)

    @contextmanager
    def holder(self, kind: str, name: str = "harbour") -> Iterator[subprocess.Popen[str]]:
        """Yield another process that holds a lease."""
        command = [sys.executable, "-m", "tests.store.holder", json.dumps(self.store), kind, name]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "held\n"
                yield process
            finally:
                process.kill()

    def hold(self, kind: str, name: str = "harbour") -> Any:
        return hold(self.leases, kind, name)


@pytest.fixture(params=["local", "shared"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> LeaseTrial:
    if request.param == "local":
        return LeaseTrial({"root": str(tmp_path)})
    server, schema = request.getfixturevalue("postgres"), request.getfixturevalue("schema")
    return LeaseTrial({"url": server.url, "schema": schema})


def start(work: Any) -> tuple[threading.Thread, list[Any]]:
    """Start a call in a thread; return the thread, and a list that gets the result."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    return thread, result


def test_a_source_has_one_run(trial):
    """A second run of a source gets None, also in the same process; another source is free; afterwards it is free."""
    with trial.leases.source("harbour", waits=True) as lease:
        assert is_held(lease)
        with trial.leases.source("harbour", waits=False) as second:
            assert second is None
        with trial.leases.source("other", waits=False) as other:
            assert is_held(other)
    with trial.leases.source("harbour", waits=False) as lease:
        lease.check()


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_holder_waits_for_the_end(trial, kind):
    """Who waits for a lease gets it when its holder ends the block, not before."""
    ends = []

    def wait() -> float:
        with trial.leases.source("harbour", waits=True) if kind == "source" else trial.hold(kind):
            return time.monotonic()

    with trial.hold(kind):
        thread, got = start(wait)
        thread.join(0.5)
        assert got == []
        ends.append(time.monotonic())
    thread.join(30)

    assert got[0] >= ends[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_holder_leaves_its_lease(trial, kind):
    """A lease of another process is free when that process is killed."""
    with trial.holder(kind) as holder:
        if kind == "source":
            with trial.leases.source("harbour", waits=False) as lease:
                assert lease is None
        holder.kill()
        holder.wait()
        with trial.leases.source("harbour", waits=True) if kind == "source" else trial.hold(kind) as lease:
            assert is_held(lease)


def test_one_process_is_inside_while_others_are_killed(trial, tmp_path_factory):
    """Three processes take turns; one after another is killed, wherever it is, and replaced: no two are inside."""
    folder, chance = tmp_path_factory.mktemp("turns"), random.Random(7)
    command = [sys.executable, "-m", "tests.store.holder", json.dumps(trial.store), "turns", str(folder)]

    def turns() -> list[str]:
        path = folder / "turns"
        return path.read_text().splitlines() if path.exists() else []

    workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    try:
        for _ in range(KILLS):
            before, deadline = len(turns()), time.monotonic() + 60
            while len(turns()) < before + 10:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(chance.random() / 20)
            workers[0].kill()
            workers[0].wait()
            workers = [*workers[1:], subprocess.Popen(command, cwd=ROOT)]
        assert not (folder / "broken").exists(), (folder / "broken").read_text()
    finally:
        for each in workers:
            each.kill()
            each.wait()


def test_a_lease_has_ended_after_its_block(trial):
    """After its block a lease is not held, and its check says so."""
    with trial.leases.committer() as lease:
        pass

    assert not is_held(lease)
    with pytest.raises(StoreError) as caught:
        lease.check()
    assert caught.value.reason == "lease_lost"


def test_writers_do_not_wait_for_each_other(trial):
    """Any number of writers hold their lease at once."""
    with trial.holder("writer"), trial.leases.writer() as first, trial.leases.writer() as second:
        assert is_held(first)
        assert is_held(second)


def test_a_takedown_waits_for_the_writers_before_it(trial):
    """A takedown waits for the writers of now, not for one that starts meanwhile; it returns the time of its call."""
    with trial.holder("writer") as first:
        with trial.leases.writer() as before:
            thread, got = start(trial.leases.wait_for_writers)
            thread.join(1)
            assert got == []
            with trial.holder("writer"):
                assert is_held(before)
        thread.join(0.5)
        assert got == []
        with trial.leases.writer():  # a later one
            first.kill()
            thread.join(30)
            assert not thread.is_alive()
    now = time.time()
    assert now - 60 < got[0] < now + 1


def test_a_takedown_waits_for_the_writers_of_a_killed_takedown(trial):
    """If a takedown dies while it waits, the next one waits for the same writers."""
    with trial.holder("writer") as writer:
        with trial.holder("source"):  # another process, so that the start of one is not measured
            pass
        code = (
            "import json, sys; from tests.store.holder import open_leases; "
            "print('waits', flush=True); open_leases(json.loads(sys.argv[1])).wait_for_writers()"
        )
        command = [sys.executable, "-c", code, json.dumps(trial.store)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as takedown:
            takedown.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                takedown.wait(3)
            takedown.kill()
        thread, got = start(trial.leases.wait_for_writers)
        thread.join(0.5)
        assert got == []
        writer.kill()
        thread.join(30)
        assert len(got) == 1


class SlowDatabase(PostgresDatabase):
    """A database whose answer to the next query comes after a call."""

    before_answer: Any = None

    def query(self, query: str, values: Any = ()) -> Any:
        rows = super().query(query, values)
        if (call := self.before_answer) is not None:
            self.before_answer = None
            call()
        return rows


def test_a_writer_notices_a_takedown_that_overtakes_it(postgres, schema):
    """A takedown that begins and ends while a writer starts does not wait for it; the next one does."""
    database = SlowDatabase(postgres.url, schema=schema)
    takedowns = PostgresLeases(PostgresDatabase(postgres.url, schema=schema), notice_seconds=0)
    database.query("SELECT 1")
    database.before_answer = takedowns.wait_for_writers
    with PostgresLeases(database).writer() as lease:
        assert database.before_answer is None
        thread, got = start(takedowns.wait_for_writers)
        thread.join(1)
        assert (got, is_held(lease)) == ([], True)
    thread.join(30)
    assert len(got) == 1


def test_lake_and_leases_have_one_committer(tmp_path: Path):
    """The committer's lease of a data root is the lock that Lake takes for a commit."""
    leases = FileLeases(tmp_path / "archive", lake=tmp_path / "lake")
    disk = Disk(Layout(tmp_path / "lake"), durability="process")

    def commit() -> bool:
        with disk.committer():
            return True

    with leases.committer():
        thread, got = start(commit)
        thread.join(0.3)
        assert got == []
    thread.join(10)
    assert got == [True]


@pytest.fixture(params=["local", "shared"])
def open_rates(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a call that opens the rates of a store as another process does."""
    if request.param == "local":
        return partial(FileRates, tmp_path, open_seconds=30)
    return partial(PostgresRates, request.getfixturevalue("database"), open_seconds=30)


@pytest.fixture
def rates(open_rates: Any) -> Any:
    return open_rates()


def wait_for_turn(rates: Any, host: str) -> None:
    """Open a request to a host as soon as it may start."""
    while wait_seconds := rates.take(host, interval_seconds=0.01):
        time.sleep(wait_seconds)


def test_a_host_gets_one_request_per_interval(rates):
    """A second request waits until an interval after the end of the first; another host does not."""
    assert rates.take("a.example:443", interval_seconds=60) == 0.0
    assert 0.1 < rates.take("a.example:443", interval_seconds=0.3) <= 60.02
    assert rates.take("b.example:443", interval_seconds=0.3) == 0.0
    ended_at = time.monotonic()
    rates.finish("b.example:443", interval_seconds=0.3)
    wait_for_turn(rates, "b.example:443")
    assert time.monotonic() - ended_at >= 0.3 * 0.99  # the clock of the store may be a little faster


def test_a_host_has_one_open_request(open_rates):
    """While a request is open no other process starts one, however short the interval; then the interval starts."""
    rates, others = open_rates(), open_rates()
    assert rates.take("a.example:443", interval_seconds=0.01) == 0.0
    time.sleep(0.1)
    others.defer("a.example:443", 0.01)
    others.finish("a.example:443", interval_seconds=0.01)
    time.sleep(0.1)
    assert 0 < others.take("a.example:443", interval_seconds=0.01) <= 0.1
    rates.finish("a.example:443", interval_seconds=60)
    assert 0.1 < others.take("a.example:443", interval_seconds=0.01) <= 60.02


def test_a_dead_process_does_not_close_a_host(open_rates):
    """A request that nobody finishes counts as open for a time, then the next one starts; a late end closes only it."""
    slow, others = open_rates(open_seconds=0.5), open_rates()
    opened_at = time.monotonic()
    assert slow.take("a.example:443", interval_seconds=0.01) == 0.0
    wait_for_turn(others, "a.example:443")
    assert time.monotonic() - opened_at >= 0.5 * 0.9  # file times move in steps
    slow.finish("a.example:443", interval_seconds=0.01)
    time.sleep(0.1)
    assert 0 < others.take("a.example:443", interval_seconds=0.01) <= 0.1
    others.finish("a.example:443", interval_seconds=0.01)
    wait_for_turn(slow, "a.example:443")


def test_a_process_respects_a_longer_limit_of_another(open_rates):
    """A request is open for the time that its process allows, also for one that allows less."""
    slow, others = open_rates(open_seconds=60), open_rates(open_seconds=0.01)
    assert slow.take("a.example:443", interval_seconds=0.01) == 0.0
    time.sleep(0.1)
    assert 0 < others.take("a.example:443", interval_seconds=0.01) <= 0.1


def test_a_renewed_request_stays_open(open_rates):
    """A request that is renewed is open for the whole time again; one that was over and replaced is not renewed."""
    slow, others = open_rates(open_seconds=60), open_rates(open_seconds=0.5)
    assert others.take("a.example:443", interval_seconds=0.01) == 0.0
    others.open_seconds = 60
    others.renew("a.example:443")
    time.sleep(0.8)
    assert 0 < slow.take("a.example:443", interval_seconds=0.01) <= 0.1
    others.finish("a.example:443", interval_seconds=0.01)
    others.open_seconds = 0.1
    wait_for_turn(others, "a.example:443")
    wait_for_turn(slow, "a.example:443")
    others.renew("a.example:443")
    time.sleep(0.3)
    assert 0 < others.take("a.example:443", interval_seconds=0.01) <= 0.1


def test_one_of_many_gets_the_next_request(rates):
    """Of eight threads that take a request at once, one gets it."""
    threads = [start(lambda: rates.take("a.example:443", interval_seconds=60)) for _ in range(8)]
    for thread, _ in threads:
        thread.join(30)

    assert sorted(got[0] == 0.0 for _, got in threads) == [False] * 7 + [True]


def test_a_host_is_left_alone(rates):
    """A deferred host gets no request; a shorter time changes nothing, and none is longer than an hour."""
    rates.defer("a.example:443", 500)
    rates.defer("a.example:443", 5)
    assert 499 < rates.take("a.example:443", interval_seconds=1) <= 500.02
    rates.defer("a.example:443", 90_000)
    assert 3599 < rates.take("a.example:443", interval_seconds=1) <= 3600.02


@pytest.fixture
def shared(postgres, schema) -> LeaseTrial:
    return LeaseTrial({"url": postgres.url, "schema": schema})


def test_an_object_has_one_run(shared):
    """Claims of two living runs are disjoint; names of a run that ends are free; inboxes do not share names."""
    with shared.leases.claim("inbox", ["b", "a"]) as first:
        with shared.leases.claim("inbox", ["c", "b"]) as second, shared.leases.claim("other", ["a"]) as other:
            assert (first, second, other) == ({"a", "b"}, {"c"}, {"a"})
        with shared.leases.claim("inbox", ["c"]) as third:
            assert third == {"c"}
    with shared.leases.claim("inbox", ["a", "b"]) as fourth:
        assert fourth == {"a", "b"}


def test_the_objects_of_a_killed_run_are_free(shared):
    """The names of a run that is killed are claimed by the next one."""
    with shared.holder("claim", "a,b") as holder:
        with shared.leases.claim("inbox", ["a", "c"]) as names:
            assert names == {"c"}
        holder.kill()
        holder.wait()
        deadline = time.monotonic() + 10
        names = frozenset()
        while names != {"a", "b"} and time.monotonic() < deadline:
            with shared.leases.claim("inbox", ["a", "b"]) as names:
                time.sleep(0.05)
        assert names == {"a", "b"}


def test_a_large_inbox_is_claimed_at_once(shared):
    """20,000 names are one claim, more than the server has locks."""
    names = [f"page-{number:06d}.html" for number in range(20_000)]
    with shared.leases.claim("inbox", names) as mine, shared.leases.claim("inbox", names) as rest:
        assert (len(mine), rest) == (20_000, frozenset())


def test_many_runs_share_an_inbox(shared):
    """Eight threads that claim the same names at once get each name once."""
    names = [f"page-{number}" for number in range(200)]
    together = threading.Barrier(8)

    def claim() -> frozenset[str]:
        with shared.leases.claim("inbox", names) as mine:
            together.wait(30)
            return mine

    threads = [start(claim) for _ in range(8)]
    for thread, _ in threads:
        thread.join(60)
    assert sorted(name for _, got in threads for name in got[0]) == sorted(names)


def test_leases_of_two_schemas_are_separate(postgres, shared, schema):
    """Two stores in one database do not wait for each other."""
    other = LeaseTrial({"url": postgres.url, "schema": f"{schema}_other"})
    with shared.leases.source("harbour", waits=False) as first, other.leases.source("harbour", waits=False) as second:
        assert is_held(first)
        assert is_held(second)
    assert isinstance(shared.leases, PostgresLeases)
