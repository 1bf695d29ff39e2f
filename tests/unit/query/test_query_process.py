"""Queries in a process: limits that hold within one expression, and what comes back."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Timer

import pytest

from newslake.pipeline.errors import BrokenItemError, ConfigError, LimitError
from newslake.pipeline.query import query_process
from newslake.pipeline.query.connection import Limits, connect, query_page
from newslake.pipeline.query.query_process import QueryPool, resident_bytes
from tests.large_values import LARGE_VALUES

LONG, SHORT = (Limits(seconds=seconds, memory_mb=64, threads=1, rows=1_000) for seconds in (600, 0.3))
MB = 1 << 20
PARENT = """
from newslake.pipeline.query.connection import Limits
from newslake.pipeline.query.query_process import QueryPool
work = "import os, time; os.write(2, b'.'); time.sleep(600)"
QueryPool().call(exec, work, limits=Limits(600, 64, 1, 1))
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    pool = QueryPool([__name__], most_bytes=MB)
    yield pool
    pool.close()


def rows_of(lake: Path, statement: str) -> list[dict[str, object]]:
    """Return the first rows of a statement, in a process."""
    with connect(lake) as connection:
        return query_page(connection, statement, offset=0, limit=10)[0].records()


class Payload:
    """A value whose pickle makes a folder where it is loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self._folder,)


def parent_socket() -> int:
    """Return the file descriptor of the connection to the parent."""
    links = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in range(3, 64) if Path(f"/proc/self/fd/{fd}").is_symlink()}
    [fd] = [fd for fd, link in links.items() if link.startswith("socket:")]
    return fd


def send_pickle(folder: Path) -> None:
    """Send a pickle to the parent, as a process could that a statement took over."""
    Connection(os.dup(parent_socket())).send_bytes(pickle.dumps(Payload(folder)))
    time.sleep(600)


def send_half(seconds: float) -> None:
    """Send the length of a reply and one byte of it; after a time, end."""
    os.write(parent_socket(), b"\0\0\0\x09[")
    time.sleep(seconds)
    os._exit(3)


def hold(size: int) -> None:
    """Have memory for a long time, without DuckDB."""
    data = b"x" * size
    time.sleep(600 if data else 0)


@pytest.mark.parametrize("expression", LARGE_VALUES)
def test_memory_is_limited_within_one_expression(pool: QueryPool, tmp_path: Path, expression: str) -> None:
    """A value that needs more than the limit is an error that names it; the next statement has its rows."""
    with pytest.raises(LimitError, match="exceeded 64 MB of memory") as raised:
        pool.call(rows_of, tmp_path, f"SELECT {expression}", limits=LONG)
    assert raised.value.reason == "too_much_memory"
    assert pool.call(rows_of, tmp_path, "SELECT 1 AS one", limits=LONG) == [{"one": 1}]


@pytest.mark.parametrize("has_proc", [True, False])
def test_resident_memory_is_watched(pool: QueryPool, monkeypatch: pytest.MonkeyPatch, has_proc: bool) -> None:
    """Memory that the address space allows is limited too, also by the program ps, where there is no /proc."""
    monkeypatch.setattr(query_process, "_HAS_PROC", has_proc)
    with pytest.raises(LimitError, match="exceeded 64 MB of memory"):
        pool.call(hold, 400 * MB, limits=LONG)


def test_memory_of_a_process_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to ask for the memory of a process agree; that of an ended process is 0."""
    by_proc = resident_bytes(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert resident_bytes(ended.pid) == 0
    monkeypatch.setattr(query_process, "_HAS_PROC", False)
    assert resident_bytes(os.getpid()) == pytest.approx(by_proc, rel=0.2)
    assert resident_bytes(ended.pid) == 0


def test_time_is_limited_without_the_help_of_duckdb(pool: QueryPool) -> None:
    """Work that checks no time is killed after it, and another process answers the next call."""
    first = pool.call(os.getpid, limits=LONG)
    with pytest.raises(LimitError, match=r"exceeded 0\.3 seconds") as raised:
        pool.call(time.sleep, 600, limits=SHORT)
    assert raised.value.reason == "too_slow"
    assert pool.call(os.getpid, limits=LONG) != first


def test_half_an_answer_is_waited_for_until_the_deadline(pool: QueryPool) -> None:
    """A process that stops within its answer blocks no call; one that ends within it is an error that says so."""
    with pytest.raises(LimitError, match=r"exceeded 0\.3 seconds"):
        pool.call(send_half, 600, limits=SHORT)
    with pytest.raises(LimitError, match="exit code 3"):
        pool.call(send_half, 0, limits=LONG)


def test_start_of_a_process_is_not_waited_for_by_a_caller_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is cancelled ends also while its process starts; a process that never starts is an error."""
    monkeypatch.setattr(query_process, "_PROGRAM", "import time; time.sleep(600) # {path}{name}{fd}{modules}")
    pool = QueryPool()
    end = Event()
    end.set()
    with pytest.raises(LimitError):
        pool.call(abs, -1, limits=LONG, end=end)
    monkeypatch.setattr(query_process, "_START_SECONDS", 0.2)
    with pytest.raises(ConfigError, match="does not start"):
        pool.call(abs, -1, limits=LONG)
    pool.close()


def test_work_ends_when_its_caller_is_gone(pool: QueryPool) -> None:
    """If another thread says that nobody waits any more, the work does not go on."""
    end = Event()
    Timer(0.2, end.set).start()
    with pytest.raises(LimitError):
        pool.call(time.sleep, 600, limits=LONG, end=end)


def test_process_answers_call_after_call(pool: QueryPool) -> None:
    """A process stays for the next call; nothing is started again."""
    assert len({pool.call(os.getpid, limits=LONG) for _ in range(5)} - {os.getpid()}) == 1


def test_answer_over_the_size_is_refused(pool: QueryPool) -> None:
    """The parent reads no answer that is larger than its limit."""
    assert pool.call(str.ljust, "x", MB // 2, limits=LONG) == "x".ljust(MB // 2)
    with pytest.raises(LimitError, match="larger than 1 MB") as raised:
        pool.call(str.ljust, "x", 2 * MB, limits=LONG)
    assert raised.value.reason == "too_large"


def test_bytes_come_back(pool: QueryPool) -> None:
    """A result of bytes is sent as it is, and has the limit of an answer."""
    assert pool.call(bytes, range(256), limits=LONG) == bytes(range(256))
    assert pool.call(bytes, limits=LONG) == b""
    with pytest.raises(LimitError, match="larger than 1 MB"):
        pool.call(bytes, MB + 1, limits=LONG)


def test_parent_loads_no_pickle_of_a_process(pool: QueryPool, tmp_path: Path) -> None:
    """A process that sends a pickle runs nothing in its parent; another one answers the next call."""
    with pytest.raises(LimitError, match="no valid answer"):
        pool.call(send_pickle, tmp_path / "new", limits=LONG)
    assert list(tmp_path.iterdir()) == []
    assert pool.call(abs, -1, limits=LONG) == 1


def test_error_comes_back(pool: QueryPool, tmp_path: Path) -> None:
    """An error has its class, key and reason; a defect is one of an item, and the process stays."""
    with pytest.raises(ConfigError, match='no column "titel"') as raised:
        pool.call(rows_of, tmp_path, "SELECT titel FROM articles", limits=LONG)
    assert (raised.value.key, raised.value.reason) == ("sql", "bad_sql")
    with pytest.raises(BrokenItemError, match="ValueError"):
        pool.call(int, "no number", limits=LONG)


def test_error_of_a_file_names_it(pool: QueryPool, tmp_path: Path) -> None:
    """An error of the system has its class, number and file."""
    with pytest.raises(FileNotFoundError, match=f"No such file or directory: '{tmp_path}/x'"):
        pool.call(os.listdir, f"{tmp_path}/x", limits=LONG)


def test_end_of_a_process_is_an_error(pool: QueryPool) -> None:
    """A process that ends during a call is an error that says how; one that ends between calls is replaced."""
    with pytest.raises(LimitError, match="exit code 3") as raised:
        pool.call(os._exit, 3, limits=LONG)
    assert raised.value.reason == "process_ended"
    [waiting] = pool._idle
    waiting._process.kill()
    waiting._process.wait()
    assert pool.call(abs, -1, limits=LONG) == 1


def test_process_ends_with_its_parent() -> None:
    """If its parent is killed, a process ends in the middle of its work: nobody holds its standard error any more."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stderr=subprocess.PIPE)
    assert parent.stderr.read(1) == b"."
    parent.kill()
    assert parent.communicate(timeout=300)[1] == b""
