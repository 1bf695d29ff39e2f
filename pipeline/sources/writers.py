"""Whether somebody is still writing a file under its final name."""

import errno
import fcntl
import os
import signal
import sys
from functools import cache
from pathlib import Path
from tempfile import mkstemp
from typing import Literal

_QUIET_SECONDS = 2.0
_NO_LEASES = (errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP)


class FolderClock:
    """The time as a folder's own file system tells it, asked for once, when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now: float | None = None

    def now(self) -> float:
        """Return seconds of the epoch. Touches the folder, and makes it where it is missing."""
        if self._now is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            os.utime(self._folder)
            self._now = self._folder.stat().st_mtime
        return self._now


def is_finished(file: Path, *, clock: FolderClock) -> bool:
    """Return whether nobody is writing a file any more; False for one that is gone.

    Of this user's files on this machine's disks the kernel knows who has them open. Of all others (another owner,
    NFS, not Linux) one that has not changed for two seconds is taken for finished.
    """
    try:
        told = _writer_of(file)
        if told == "none" or (told == "some" and _knows_writers(file.parent)):
            return told == "none"
        return file.lstat().st_mtime <= clock.now() - _QUIET_SECONDS
    except FileNotFoundError:
        return False


def _writer_of(file: Path) -> Literal["none", "some", "unknown"]:
    """Return who has a file open for writing: a read lease is granted where nobody has."""
    if sys.platform != "linux":
        return "unknown"
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return "unknown"
    try:
        # Who opens it for writing just now breaks the lease; SIGIO, the signal for that, would end this process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            return "some"
        if error.errno in _NO_LEASES:
            return "unknown"
        raise
    finally:
        os.close(descriptor)
    return "none"


@cache
def _knows_writers(folder: Path) -> bool:
    """Return whether leases tell of writers in a folder: NFS refuses one on a file that nobody writes, too."""
    descriptor, name = mkstemp(dir=folder, prefix=".")
    os.close(descriptor)
    try:
        return _writer_of(Path(name)) == "none"
    finally:
        os.unlink(name)
