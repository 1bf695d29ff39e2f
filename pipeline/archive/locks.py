"""Who works on the data root now: a takedown waits for those who began before it was written down."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

_NAME, _TAKEDOWN = "work.lock", "takedown.lock"


@contextmanager
def writer_lock(root: Path) -> Iterator[None]:
    """Hold the shared lock of those who add to the data root. It ends with the process.

    What a takedown bars must be asked for inside: who enters after it was written down sees it.
    """
    root.mkdir(parents=True, exist_ok=True)
    while True:
        with (root / _NAME).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if _is_at(lock, root / _NAME):  # else it was put aside between the two calls
                yield
                return


def wait_for_writers(root: Path) -> float:
    """Return when all who held the writer lock have left; those who enter meanwhile are not waited for.

    Returns the time when it was called (seconds since 1970, of the file system): what is older and unfinished is
    nobody's any more.
    """
    mark = root / _TAKEDOWN
    mark.touch()
    called_at = mark.stat().st_mtime
    path = root / _NAME
    if path.exists():
        path.rename(root / f"{_NAME}.{uuid.uuid4().hex}")
    for aside in sorted(root.glob(f"{_NAME}.*")):  # also one that a killed takedown has put aside
        with aside.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        aside.unlink(missing_ok=True)
    return called_at


@contextmanager
def takedown_lock(root: Path) -> Iterator[None]:
    """Hold the lock under which one takedown after the other does its work."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / _TAKEDOWN).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_at(lock: TextIOWrapper, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
