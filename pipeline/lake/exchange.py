"""The exchange of two files or folders in one system call: a reader sees the old or the new, never both or neither.

Python has no such call, so `renameat2` of the C library is called by `ctypes`. It needs Linux, glibc 2.28 and a file
system with RENAME_EXCHANGE: ext4, XFS, Btrfs and tmpfs have it.

An exchange is atomic, not durable: after power loss the old state may be back. The caller syncs first what it
exchanges (all files, and all folders below both paths), then exchanges, then syncs the folders above both paths
(``Disk.sync``), and removes the old content only after that.
"""

import ctypes
import errno
import os
import sys
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from newslake.pipeline.durability import os_error
from newslake.pipeline.errors import LakeError

_AT_FDCWD = -100  # a relative path starts in the current folder
_RENAME_EXCHANGE = 2
# EXDEV: another mount, or a folder from a lower layer of an overlay.
# glibc turns the ENOSYS of an old kernel into EINVAL.
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV}


def exchange(first: Path, second: Path) -> None:
    """Exchange two files or folders of one file system atomically; both must exist, neither may contain the other.

    An interrupted call is not repeated: if the file system has exchanged them, the second call would undo it.

    Raises: LakeError (no_exchange) if the system or the file system has no exchange; OSError of any other failure.
        Both leave everything as it was.
    """
    _exchange(first, second, named=second.parent)


def check_exchange(folder: Path) -> None:
    """Exchange two new folders in a folder and remove them, so that the caller can refuse before it changes anything.

    A death in between leaves folders ``exchange-*``, so the folder should be one for temporary files.

    Raises: LakeError (no_exchange), OSError.
    """
    first, second = (folder / f"exchange-{uuid.uuid4().hex}" for _ in range(2))
    marks = (first / "mark", second / "mark")
    try:
        marks[0].mkdir(parents=True)
        second.mkdir()
        _exchange(first, second, named=folder)
        # A network file system may ignore the flag and rename; then the second path has the mark, the first is gone.
        if not (first.is_dir() and marks[1].is_dir()):
            raise _no_exchange(folder, "it renames instead")
    finally:
        for path in (*marks, first, second):
            with suppress(FileNotFoundError):
                path.rmdir()


def _exchange(first: Path, second: Path, *, named: Path) -> None:
    number = _renameat2(first, second)
    if number in _NO_EXCHANGE:
        raise _no_exchange(named, os.strerror(number))
    if number:
        # The error of the system names neither path: name the one that is missing, else the second.
        raise os_error(number, os.strerror(number), second if os.path.lexists(first) else first)


def _no_exchange(folder: Path, why: str) -> LakeError:
    return LakeError(
        f"{folder} cannot be compacted: its file system cannot exchange two folders in one step ({why}); "
        "go on without compaction, or move the lake to ext4, XFS or Btrfs",
        key=str(folder),
        reason="no_exchange",
    )


def _renameat2(first: Path, second: Path) -> int:
    """Make the system call; return 0 or its error number."""
    call = _system_call()
    if call is None:
        return errno.ENOSYS
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return 0
    return ctypes.get_errno()


@cache
def _system_call() -> Any:
    """Return `renameat2` of the C library; None if the system or the library has none."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None, use_errno=True)  # the library of this process; its error number is per thread
    if not hasattr(library, "renameat2"):
        return None
    call = library.renameat2
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    call.restype = ctypes.c_int
    return call
