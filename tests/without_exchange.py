"""A process in which the kernel answers `renameat2` with an error, as one without it, or its file system, does.

A seccomp filter needs no rights, no mount and no library of its own, and holds for children too. It cannot be taken
back, so it is set in a process of its own: ``python -m tests.without_exchange ERROR COMMAND...``, for example
``python -m tests.without_exchange EINVAL newslake lake compact``.
"""

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# The number of the system call, by machine.
SYSTEM_CALLS = {"x86_64": 316, "aarch64": 276}
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
# Classic BPF: load the number of the call, compare it, return a decision.
_LOAD, _SKIP_UNLESS_EQUAL, _RETURN = 0x20, 0x15, 0x06


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def machine() -> str:
    """Return the machine of a Linux; empty elsewhere."""
    return platform.machine() if sys.platform == "linux" else ""


def forbid_exchange(number: int) -> None:
    """Let `renameat2` fail with an error number in this process and its children, until they end."""
    instructions = b"".join(
        struct.pack("=HBBI", *each)
        for each in (
            (_LOAD, 0, 0, 0),
            (_SKIP_UNLESS_EQUAL, 0, 1, SYSTEM_CALLS[machine()]),
            (_RETURN, 0, 0, _ERROR | number),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    program = _Program(len(instructions) // 8, instructions)
    call = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)):
        if call(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def mount_overlay(folder: Path) -> Iterator[Path]:
    """Mount an overlay over ``folder/lower``, as over an image of a container; its folders cannot be exchanged.

    Skips the test where it cannot be mounted.
    """
    for name in ("upper", "work", "disk"):
        (folder / name).mkdir()
    layers = ",".join(f"{name}dir={folder / name}" for name in ("lower", "upper", "work"))
    command = ["mount", "-t", "overlay", "-o", layers, "none", str(folder / "disk")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount an overlay here ({done.stderr.strip()}); a kernel without the call is tested")
    try:
        yield folder / "disk"
    finally:
        subprocess.run(["umount", "--lazy", str(folder / "disk")], check=True)  # databases may still be open


if __name__ == "__main__":
    forbid_exchange(getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
