"""Turns at a host among processes: a daily run, a signal and the feed trigger may all want the same one."""

import fcntl
import os
from pathlib import Path

from pipeline.model import file_name_of

_LONGEST_SECONDS = 3600.0  # further ahead is no turn but a clock that was set back


class Turns:
    """A folder with a file a host: when it may be asked next, in seconds of the file system's own clock.

    So processes on several machines that share the folder share the clock as well.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, host: str, *, wait_seconds: float, interval_seconds: float) -> float:
        """Reserve a start at a host, in ``wait_seconds`` at the earliest; return the seconds until then."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / file_name_of(host), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        with os.fdopen(handle, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.utime(file.fileno())
            now = os.fstat(file.fileno()).st_mtime
            ahead_seconds = _number(file.read()) - now
            if wait_seconds < ahead_seconds < _LONGEST_SECONDS:
                wait_seconds = ahead_seconds
            file.seek(0)
            file.write(f"{now + wait_seconds + interval_seconds:017.6f}")  # of one width: nothing old is left behind it
        return wait_seconds


def _number(text: str) -> float:
    """Return what a file says; 0 where it is new, or its writer died before it wrote."""
    try:
        return float(text)
    except ValueError:
        return 0.0
