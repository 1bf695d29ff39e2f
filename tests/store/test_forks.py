"""A fork while another thread opens or uses a store: the child does not wait for a lock that nobody there holds."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.patience import ProcessLock
from tests.architecture.tree import ROOT


def said(tmp_path: Path, *given: str) -> str:
    """Return what the worker prints."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.store.fork_worker", *given]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_child_queries_while_its_parent_does(postgres, schema, tmp_path):
    """A database whose lock another thread held at the fork answers in the child, by a session of its own."""
    assert said(tmp_path, "query", postgres.url, schema) == "answered 7"


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ("part", "opened PostgresLeases"),
        ("files", "failed: store_unreachable"),
        ("classes", "opened SharedStore"),
    ],
)
def test_child_opens_a_store_while_its_parent_does(tmp_path, case: str, answer: str):
    """A child opens a part, the files, and the store itself, each while another thread was in the middle of that."""
    answers = (said(tmp_path, case) for _ in range(5))
    assert next(each for each in answers if each != "too late") == answer


def in_child(work) -> bytes:
    """Return what a function returns in a forked child."""
    reader, sender = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.write(sender, work())
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    found = os.read(reader, 100)
    os.close(reader)
    return found


def test_thread_that_forks_keeps_its_lock():
    """A child of the thread that holds a lock holds it, too, and releases it as usual."""
    lock = ProcessLock()

    def leave() -> bytes:
        lock.__exit__()
        with lock, lock:
            return b"left"

    with lock:
        assert in_child(leave) == b"left"


def test_child_whose_first_session_fails_never_uses_that_of_its_parent(postgres, schema, tmp_path):
    """A child that could not connect at first opens a session of its own later."""
    password = tmp_path / "password"
    password.write_text("drift-wood")
    url = postgres.url.replace(":drift-wood@", "@")
    database = PostgresDatabase(url, schema=schema, password_file=password)
    [(mine,)] = database.query("SELECT pg_backend_pid()")

    def connect_later() -> bytes:
        password.rename(tmp_path / "away")
        with pytest.raises(StoreError, match="cannot be read"):
            database.query("SELECT 1")
        (tmp_path / "away").rename(password)
        return str(database.query("SELECT pg_backend_pid()")[0][0]).encode()

    other = in_child(connect_later)
    assert other not in (b"", str(mine).encode())
    assert database.query("SELECT pg_backend_pid()") == [(mine,)]
