"""The shared store when its database dies, restarts or is cut off: nothing lost or doubled, and leases end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases, PostgresRates
from newslake.pipeline.shared.page_states import PostgresPageStates
from tests.architecture.tree import ROOT
from tests.scale.cut_proxy import CutProxy
from tests.scale.postgres import PostgresServer
from tests.store.stores import is_held
from tests.store.test_capture_index import FERRY, by_file
from tests.store.test_page_states import FERRY as STATE

KILLS = 3
NOON = STATE.listed_modified_at
PLAN = TakedownPlan(article_ids=frozenset({"a1"}))


@pytest.fixture
def proxy(postgres: PostgresServer) -> Iterator[CutProxy]:
    with CutProxy.running(postgres.port) as running:
        yield running


@pytest.fixture
def cut_off(postgres, proxy, schema) -> Iterator[PostgresDatabase]:
    """A database that is reached through the proxy."""
    PostgresDatabase(postgres.url, schema=schema).query("SELECT 1")
    database = PostgresDatabase(postgres.url_at(proxy.port), schema=schema)
    yield database
    database.close()


@pytest.mark.parametrize("answer", [b"R\0\0\0", b"current_setting"], ids=["authentication", "settings"])
def test_a_first_session_that_is_cut_while_it_is_set_up_is_opened_again(cut_off, proxy, answer):
    """A server that was reached is waited for, also if it ends the first session before it can be used."""
    proxy.cut_before = answer
    assert cut_off.query("SELECT 1") == [(1,)]
    assert proxy.cut_before is None


@contextmanager
def writer(database: PostgresDatabase) -> Iterator[list[int]]:
    """Write states and captures, one after another, in a thread; yield the numbers that are acknowledged."""
    states, index = PostgresPageStates(database), PostgresCaptureIndex(database)
    written: list[int] = []
    stops = threading.Event()

    def write() -> None:
        while not stops.is_set():
            number = len(written)
            states.record_many([replace(STATE, page_key=f"p{number}", attempts=number)])
            index.add(by_file(replace(FERRY, file=f"f{number % 5}", offset=number)))
            written.append(number)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield written
    finally:
        stops.set()
        thread.join(90)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], Any], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_written(database: PostgresDatabase, written: list[int]) -> None:
    """Check that every acknowledged write is there once, and at most one that was not."""
    states = sorted(number for (number,) in database.query("SELECT attempts FROM pages"))
    offsets = sorted(each.offset for each in PostgresCaptureIndex(database).captures())
    assert offsets == written == list(range(len(written)))
    assert states == written


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_server_loses_and_doubles_nothing(mortal_postgres, schema, kill):
    """All processes of the server are killed while rows are written, and it is started again: the writer goes on."""
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    with writer(database) as written:
        wait_for(lambda: len(written) > 20)
        mortal_postgres.kill()
        mortal_postgres.restart()
        before = len(written)
        wait_for(lambda: len(written) > before + 20)
    assert_written(database, written)


def test_cut_connections_lose_and_double_nothing(cut_off, proxy):
    """All connections are cut again and again while rows are written: the writer goes on."""
    with writer(cut_off) as written:
        for _ in range(10):
            before = len(written)
            wait_for(lambda before=before: len(written) > before + 3)
            proxy.cut()
    assert_written(cut_off, written)


def test_ended_sessions_lose_and_double_nothing(mortal_postgres, schema):
    """An administrator ends the session again and again while rows are written: the writer goes on."""
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    with writer(database) as written:
        for _ in range(10):
            before = len(written)
            wait_for(lambda before=before: len(written) > before + 3)
            mortal_postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'newslake'"
            )
    assert_written(database, written)


def test_a_lost_answer_to_commit_changes_no_result(cut_off, proxy):
    """If the answer to COMMIT is lost, the call returns what it would have returned, and its rows are there once."""
    blocklist, states, index = PostgresBlocklist(cut_off), PostgresPageStates(cut_off), PostgresCaptureIndex(cut_off)

    def lost[T](call: Callable[[], T]) -> T:
        proxy.cut_before = b"COMMIT\0"
        result = call()
        assert proxy.cut_before is None, "no answer was cut"
        return result

    takedown = lost(lambda: blocklist.begin("article", names=["a1"], work=PLAN, at=NOON, reason=None))
    assert blocklist.all() == (takedown,)
    lost(lambda: blocklist.finish(takedown.takedown_id))
    assert lost(lambda: blocklist.revoke(takedown.takedown_id))
    assert (blocklist.all(), blocklist.known()) == ((), {takedown.takedown_id})
    lost(lambda: states.record_many([STATE, replace(STATE, page_key="p2")]))
    assert lost(lambda: states.erase([STATE.page_key])) == 1
    assert lost(lambda: states.erase([], source_key=STATE.source_key)) == 1
    lost(lambda: index.add(by_file(FERRY)))
    assert index.captures() == (FERRY,)
    with pytest.raises(StoreError, match="cannot be reached"):  # all files would be read again
        lost(lambda: index.rebuild(list))


def test_a_server_that_stays_away_is_an_error(cut_off, proxy, postgres, schema):
    """A server that does not come back within the patience is an error that names it; later it is used again."""
    database = PostgresDatabase(postgres.url_at(proxy.port), schema=schema, patience_seconds=1)
    database.query("SELECT 1")
    proxy.is_open = False
    proxy.cut()
    with pytest.raises(StoreError) as caught:
        database.query("SELECT 1")
    assert caught.value.reason == "store_unreachable"
    proxy.is_open = True

    assert database.query("SELECT 1") == [(1,)]


def test_rows_that_are_read_end_with_their_session(cut_off, proxy):
    """A session that is lost while its rows are read is an error: other rows may be there now."""
    PostgresCaptureIndex(cut_off).add(by_file(*(replace(FERRY, offset=number) for number in range(5_000))))
    rows = PostgresCaptureIndex(cut_off).capture_summaries(FERRY.news_day, FERRY.news_day)
    next(rows)
    proxy.cut()
    with pytest.raises(StoreError, match="cannot be reached"):
        list(rows)
    assert len(PostgresCaptureIndex(cut_off).captures()) == 5_000


def test_a_child_has_a_session_of_its_own(database):
    """A process that is forked does not use, or end, the session of its parent."""
    [(mine,)] = database.query("SELECT pg_backend_pid()")
    reader, sender = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.write(sender, str(database.query("SELECT pg_backend_pid()")[0][0]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(sender)
    other = int(os.read(reader, 20))
    os.close(reader)

    assert other != mine
    assert database.query("SELECT pg_backend_pid()") == [(mine,)]


def test_a_lost_lease_is_noticed(cut_off, proxy, postgres, schema):
    """A holder whose connection is cut notices before its next step; another process can begin."""
    ours = PostgresLeases(cut_off)
    theirs = PostgresLeases(PostgresDatabase(postgres.url, schema=schema))
    with ours.source("harbour", waits=False) as lease:
        lease.check()
        proxy.cut()
        with theirs.source("harbour", waits=True) as other:
            assert is_held(other)
            with pytest.raises(StoreError) as caught:
                lease.check()
    assert (caught.value.reason, "harbour" in str(caught.value)) == ("lease_lost", True)


def test_a_long_wait_survives_a_cut(postgres, proxy, schema):
    """Who waits for a lease for longer than the patience, and is cut off, waits again."""
    url = postgres.url_at(proxy.port)
    waiting = PostgresLeases(PostgresDatabase(url, schema=schema, patience_seconds=0.5))
    holding = PostgresLeases(PostgresDatabase(postgres.url, schema=schema))
    got = []

    def wait() -> None:
        with waiting.committer() as lease:
            got.append(is_held(lease))

    with holding.committer():
        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        thread.join(1.5)
        proxy.cut()
        thread.join(0.5)
        assert (got, thread.is_alive()) == ([], True)
    thread.join(30)
    assert got == [True]


def test_a_restart_ends_all_leases(mortal_postgres, schema):
    """After a restart of the server a holder has lost its lease and knows it; who waited gets it."""
    leases = PostgresLeases(PostgresDatabase(mortal_postgres.url, schema=schema), notice_seconds=0)
    got = []

    def wait() -> None:
        with leases.committer() as lease:
            got.append(is_held(lease))

    with leases.committer() as lease:
        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        thread.join(0.5)
        assert got == []
        mortal_postgres.kill()
        assert not is_held(lease)
        mortal_postgres.restart()
        thread.join(60)
        assert got == [True]
        assert not is_held(lease)


@pytest.mark.parametrize("dies", ["server", "one process of it", "session"])
def test_a_takedown_waits_for_writers_that_lost_their_lease(mortal_postgres, schema, dies):
    """A writer may not have noticed yet that its lease is lost: after it was lost, a takedown waits some seconds."""
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    leases = PostgresLeases(database, notice_seconds=3)
    [(uptime,)] = database.query("SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8")
    time.sleep(max(0.0, 4 - uptime))  # not its start, but the loss of the lease, is waited after
    with leases.writer() as lease:
        [(own,)] = database.query("SELECT pg_backend_pid()")
        if dies == "server":
            mortal_postgres.kill()
            mortal_postgres.restart()
        elif dies == "one process of it":
            os.kill(own, signal.SIGKILL)
        else:
            locks = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
            mortal_postgres.execute(f"SELECT pg_terminate_backend(pid) FROM ({locks}) AS held")
        lost_at = time.monotonic()
        leases.wait_for_writers()
        assert time.monotonic() - lost_at >= 3
        assert not is_held(lease)


def test_rates_and_claims_survive_a_restart(mortal_postgres, schema):
    """After a restart a host is still left alone; names that were claimed are free, because their lease has ended."""
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    leases, rates = PostgresLeases(database), PostgresRates(database, open_seconds=90)
    rates.defer("a.example:443", 600)
    with leases.claim("inbox", ["a"]) as names:
        assert names == {"a"}
        mortal_postgres.kill()
        mortal_postgres.restart()
        with leases.claim("inbox", ["a"]) as again:
            assert again == {"a"}
    assert rates.take("a.example:443", interval_seconds=1) > 500


def test_a_stopped_holder_keeps_its_lease(postgres, schema):
    """A process that does nothing for longer than the seconds of silence keeps its lease."""
    store = json.dumps({"url": postgres.url, "schema": schema, "silence_seconds": 2})
    command = [sys.executable, "-m", "tests.store.holder", store, "source", "harbour"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        time.sleep(5)
        leases = PostgresLeases(PostgresDatabase(postgres.url, schema=schema))
        with leases.source("harbour", waits=False) as lease:
            assert lease is None
        holder.send_signal(signal.SIGCONT)
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "True\n"
        holder.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a small disk")
def test_a_full_disk_loses_nothing(mortal_postgres, schema):
    """A full disk of the server is an error that says so; what was written stays, and with more space it goes on."""
    disk = mortal_postgres.folder / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=777", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    shutil.chown(disk, "postgres")
    try:
        mortal_postgres.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        mortal_postgres.execute("ALTER ROLE newslake SET default_tablespace = 'small'")
        database = PostgresDatabase(mortal_postgres.url, schema=schema)
        index, added = PostgresCaptureIndex(database), []

        def fill() -> None:
            for number in range(100):
                index.add(by_file(*(replace(FERRY, file=f"f{number}", offset=each) for each in range(400))))
                added.append(number)

        with pytest.raises(StoreError) as caught:
            fill()
        assert (caught.value.reason, "free some space" in str(caught.value)) == ("store_full", True)
        assert len(index.captures()) == 400 * len(added) > 0

        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        index.add(by_file(replace(FERRY, file="last")))
        assert len(index.captures()) == 400 * len(added) + 1
        database.close()
        mortal_postgres.execute("ALTER ROLE newslake RESET default_tablespace")
        mortal_postgres.execute(f"DROP SCHEMA {schema} CASCADE")
        mortal_postgres.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def far_host(address: str, peer: str) -> Iterator[tuple[list[str], Callable[[], None]]]:
    """Yield the start of a command that runs on another host, and a function that takes the host off the network."""
    with subprocess.Popen(["unshare", "--net", "sleep", "300"]) as host, ExitStack() as stack:
        stack.callback(host.kill)
        wait_for(lambda: os.readlink(f"/proc/{host.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        name = f"news{os.getpid() % 100_000}"
        inside = ["nsenter", "--target", str(host.pid), "--net"]
        link = ["ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", str(host.pid)]
        subprocess.run(link, check=True)
        stack.callback(subprocess.run, ["ip", "link", "delete", f"{name}a"], check=False)
        for command in (
            ["ip", "address", "add", f"{address}/30", "dev", f"{name}a"],
            ["ip", "link", "set", f"{name}a", "up"],
            [*inside, "ip", "address", "add", f"{peer}/30", "dev", f"{name}b"],
            [*inside, "ip", "link", "set", f"{name}b", "up"],
        ):
            subprocess.run(command, check=True)
        yield inside, lambda: subprocess.run(["ip", "link", "set", f"{name}a", "down"], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and iproute2, for a network")
def test_a_vanished_host_leaves_its_leases(schema):
    """A host that vanishes without a word leaves its lease after the seconds of silence, not before."""
    here, there = (f"10.254.{os.getpid() % 250}.{number}" for number in (1, 2))  # two runs at once have two networks
    with ExitStack() as stack:
        inside, vanish = stack.enter_context(far_host(here, there))
        server = stack.enter_context(PostgresServer.running(listen_addresses=f"127.0.0.1,{here}"))
        with (server.data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {there}/32 scram-sha-256\n")
        server.execute("SELECT pg_reload_conf()")
        url = server.url.replace("127.0.0.1", here)
        store = json.dumps({"url": url, "schema": schema, "silence_seconds": 3})
        command = [*inside, sys.executable, "-m", "tests.store.holder", store, "source", "harbour"]
        holder = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(holder.kill)
        assert holder.stdout.readline() == "held\n"
        leases = PostgresLeases(PostgresDatabase(server.url, schema=schema))
        time.sleep(6)  # a silent holder keeps it
        with leases.source("harbour", waits=False) as lease:
            assert lease is None
        vanish()

        def is_free() -> bool:
            with leases.source("harbour", waits=False) as lease:
                return lease is not None

        started_at = time.monotonic()
        wait_for(is_free, seconds=20)
        assert time.monotonic() - started_at > 1
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "False\n"
