"""Turns at a host among processes: a daily run, a signal and the feed trigger may all want the same one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from pipeline.model import file_name_of

_LONGEST_SECONDS = 3600.0  # further ahead is no turn but a clock that was set back
_TICK_SECONDS = 0.01  # file times move in steps of the kernel's timer


class SharedRateLimit:
    """A folder with a file a host: when it may be asked next, in seconds of the file system's own clock.

    So processes on several machines that share the folder share the clock as well.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, host: str, *, interval_seconds: float) -> float:
        """Take a host's turn where it may be asked now, and return 0.0; else return the seconds until it may be."""
        with self._opened(host) as (file, now):
            ahead_seconds = _number(file.read()) - now
            if 0 < ahead_seconds <= _LONGEST_SECONDS + _TICK_SECONDS:
                return ahead_seconds
            _write(file, now + interval_seconds + _TICK_SECONDS)
        return 0.0

    def defer(self, host: str, seconds: float) -> None:
        """Let no process ask a host for so long, an hour at most."""
        with self._opened(host) as (file, now):
            before = _number(file.read())
            if before - now > _LONGEST_SECONDS + _TICK_SECONDS:
                before = 0.0
            _write(file, max(before, now + min(seconds, _LONGEST_SECONDS) + _TICK_SECONDS))

    @contextmanager
    def _opened(self, host: str) -> Iterator[tuple[TextIOWrapper, float]]:
        """Give a host's file, locked, and the time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / file_name_of(host), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        with os.fdopen(handle, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.utime(file.fileno())
            yield file, os.fstat(file.fileno()).st_mtime


def _write(file: TextIOWrapper, at: float) -> None:
    file.seek(0)
    file.write(f"{at:017.6f}")  # of one width: nothing old is left behind it


def _number(text: str) -> float:
    """Return what a file says; 0 where it is new, or its writer died before it wrote."""
    try:
        return float(text)
    except ValueError:
        return 0.0
