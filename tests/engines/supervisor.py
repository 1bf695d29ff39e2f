"""A supervisor of a process that reads files: the kernel stops each call that looks at a file until it says go on.

This is seccomp's user notification. It needs no rights; the process asks for it itself, before it reads. Children and
threads are supervised, too.
"""

import ctypes
import fcntl
import os
import select
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.without_exchange import machine

# The number of each system call that lists, looks at or opens a file, with the position of its path or folder.
CALLS = {
    "x86_64": {
        2: ("open", 0),
        4: ("stat", 0),
        6: ("lstat", 0),
        21: ("access", 0),
        217: ("getdents64", None),
        257: ("openat", 1),
        262: ("newfstatat", 1),
        269: ("faccessat", 1),
        332: ("statx", 1),
        439: ("faccessat2", 1),
    },
    "aarch64": {
        48: ("faccessat", 1),
        56: ("openat", 1),
        61: ("getdents64", None),
        79: ("newfstatat", 1),
        291: ("statx", 1),
        439: ("faccessat2", 1),
    },
}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _NO_NEW_PRIVILEGES = 1, 38
_TSYNC, _NEW_LISTENER, _TSYNC_ESRCH = 1, 8, 16
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _SKIP_UNLESS_EQUAL, _RETURN = 0x20, 0x15, 0x06
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # requests of the listener
_NOTICE, _ANSWER, _GO_ON = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI"), 1
_PATH_BYTES = 4096


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def request_supervision() -> int:
    """Stop the calls of this process, all its threads and children from now on; return the supervisor's listener."""
    code = [(_LOAD, 0, 0, 0)]
    for number in CALLS[machine()]:
        code += [(_SKIP_UNLESS_EQUAL, 0, 1, number), (_RETURN, 0, 0, _NOTIFY)]
    instructions = b"".join(struct.pack("=HBBI", *each) for each in [*code, (_RETURN, 0, 0, _ALLOW)])
    program = _Program(len(instructions) // 8, instructions)
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    flags = _TSYNC | _NEW_LISTENER | _TSYNC_ESRCH
    listener: int = library.syscall(_SECCOMP[machine()], _SET_MODE_FILTER, flags, ctypes.byref(program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


@dataclass(frozen=True, slots=True)
class Call:
    """A call that waits: its name and its path, as the process wrote it."""

    name: str
    path: str


def supervise(listener: int, channel: int, on_call: Callable[[Call], None]) -> None:
    """Let each call go on after ``on_call``, until the process writes to its channel or has ended."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(channel, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if channel in ready or ready.get(listener, 0) & select.POLLHUP:
            return
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, notice)
            number, process, _, call, _, _, *arguments = _NOTICE.unpack(notice)
            name, position = CALLS[machine()][call]
            on_call(Call(name, _path(process, arguments, position)))
            fcntl.ioctl(listener, _SEND, _ANSWER.pack(number, 0, 0, _GO_ON))
        except (FileNotFoundError, ProcessLookupError):  # the thread was killed meanwhile
            continue


def _path(process: int, arguments: list[int], position: int | None) -> str:
    """Return the path or folder of a call; empty if it has none, such as `statx` of an open file."""
    try:
        if position is None:
            return os.readlink(f"/proc/{process}/fd/{arguments[0]}")
        with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
            memory.seek(arguments[position])
            return os.fsdecode(memory.read(_PATH_BYTES).partition(b"\0")[0])
    except (OSError, OverflowError):
        return ""
