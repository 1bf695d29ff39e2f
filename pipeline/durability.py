"""Durable names: only a sync of the folder makes a new, renamed or removed name survive power loss.

Errors of the system name their file.
"""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Durability = Literal["full", "process"]
"""What a write survives: "full" power loss, "process" the death of a process."""
_CANNOT_SYNC = (errno.EINVAL, errno.EROFS, errno.EACCES, errno.EPERM)  # automounts, read-only and foreign folders
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def name_file_on_error(path: Path) -> Iterator[None]:
    """Add the file name to an OSError that lacks it, as from writing, syncing and locking. Raises: OSError."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename is not None and error.errno not in _NO_ROOM):
            raise
        raise os_error(error.errno, error.strerror, path) from error


def os_error(number: int, message: str | None, path: Path) -> OSError:
    """Return an OSError with its file, and with advice if the disk is full."""
    advice = "; free some space, then run it again" if number in _NO_ROOM else ""
    return OSError(number, f"{message}{advice}", str(path))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with name_file_on_error(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders_above(path: Path, *, levels: int) -> None:
    """Make the path itself durable: sync the folders above it, up to one of the system that cannot be synced.

    Raises: OSError if its folder cannot be synced, unless it may not be read.
    """
    first, *others = path.absolute().parents[:levels]
    try:
        sync_folder(first)
    except PermissionError:
        return
    for folder in others:
        try:
            sync_folder(folder)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                raise
            return


def make_folder(folder: Path, *, durability: Durability) -> None:
    """Create a folder and its parents; "full" makes the names of the new ones durable."""
    if not folder.is_dir():
        make_folder(folder.parent, durability=durability)
        folder.mkdir(exist_ok=True)
        if durability == "full":
            sync_folder(folder.parent)


def write_file(path: Path, data: bytes | memoryview, *, durability: Durability) -> None:
    """Write a file in place; "full" makes its bytes durable, not its name."""
    with name_file_on_error(path), path.open("wb") as file:
        file.write(data)
        if durability == "full":
            file.flush()
            os.fsync(file.fileno())


def write_whole_file(path: Path, data: bytes, *, durability: Durability) -> None:
    """Write or replace a small file atomically."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with name_file_on_error(path):
            write_file(temporary, data, durability=durability)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durability == "full":
        sync_folder(path.parent)


def sync_all(durability: Durability) -> None:
    """Make all writes and removals durable at once, which is faster for many small ones."""
    if durability == "full":
        os.sync()
