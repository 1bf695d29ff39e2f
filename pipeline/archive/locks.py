"""Locks of the data root: a takedown waits for the writers that started before it was recorded."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from newslake.pipeline.model import file_name_of

_WRITERS, _TAKEDOWN = "writers.lock", "takedown.lock"


@contextmanager
def writer_lock(root: Path) -> Iterator[None]:
    """Hold the shared writer lock of the data root. It ends with the process.

    Check the blocklist while holding it: a writer that starts after a takedown was recorded sees the takedown.
    """
    root.mkdir(parents=True, exist_ok=True)
    while True:
        with (root / _WRITERS).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if _is_at(lock, root / _WRITERS):  # else a takedown moved the file between the two calls
                yield
                return


@contextmanager
def sole_writer_lock(root: Path) -> Iterator[None]:
    """Hold the writer lock of the data root alone: wait until all writers have ended; later ones wait for the end."""
    root.mkdir(parents=True, exist_ok=True)
    while True:
        with (root / _WRITERS).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_at(lock, root / _WRITERS):
                yield
                return


def wait_for_writers(root: Path) -> float:
    """Wait until every current holder has released the writer lock; do not wait for later holders.

    Return the time of the call (seconds since 1970, by the file system's clock): older unfinished work has no living
    owner.
    """
    mark = root / _TAKEDOWN
    mark.touch()
    called_at = mark.stat().st_mtime
    path = root / _WRITERS
    if path.exists():
        path.rename(root / f"{_WRITERS}.{uuid.uuid4().hex}")
    for aside in sorted(root.glob(f"{_WRITERS}.*")):  # also one that a killed takedown moved
        with aside.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        aside.unlink(missing_ok=True)
    return called_at


@contextmanager
def takedown_lock(root: Path) -> Iterator[None]:
    """Hold the exclusive takedown lock: takedowns run one after another."""
    with file_lock(root / _TAKEDOWN):
        yield


@contextmanager
def source_lock(root: Path, source_key: str, *, waits: bool) -> Iterator[bool]:
    """Hold the exclusive lock of a source; yield whether it is held.

    If another run holds it, wait if ``waits`` is set, else yield False.
    """
    with file_lock(root / "locks" / file_name_of(source_key), waits=waits) as is_mine:
        yield is_mine


@contextmanager
def file_lock(path: Path, *, waits: bool = True) -> Iterator[bool]:
    """Hold the exclusive lock of a file; create the file. Yield False if it is locked and ``waits`` is False."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _is_at(lock: TextIOWrapper, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
