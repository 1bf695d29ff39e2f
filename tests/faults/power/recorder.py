"""Record the calls of a process that change files, SQLite's and Arrow's own included, with strace."""

import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.power.disk import ROOT, Mark, Naming, Recording, Sync, Write, apply, write_into

STRACE = shutil.which("strace")
_CALLS = (
    "open,openat,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync,"
    "syncfs,sync_file_range,copy_file_range,sendfile"
)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\)\s*", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
BEGIN = "begin"  # the mark of a job's start: everything before it is durable


def record(module: str, *given: str, log: Path, environment: dict[str, str]) -> list[str]:
    """Run a module in a process of its own; return the lines of its calls. Raises: CalledProcessError."""
    command = [str(STRACE), "-f", "--seccomp-bpf", "-o", str(log), "-xx", "-s", "100000000", "-e", f"trace={_CALLS}"]
    whole = [*command, sys.executable, "-P", "-m", module, *given]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    with log.open() as lines:
        return list(lines)


@dataclass
class _Opened:
    node: int
    offset: int = 0


class Reader:
    """Reads the lines of strace into the recording of each job: the steps below its folder.

    A job is a folder of ``top``. Calls of other processes and below other folders are left out.
    """

    def __init__(self, top: Path, marks: Path) -> None:
        self._top = str(top)
        self._marks = str(marks)
        self.recordings: dict[str, Recording] = {}
        self._opened: dict[int, tuple[str, str, _Opened | None]] = {}  # job, path, file
        self._live: dict[str, dict[int, dict[str, int]]] = {}
        self._contents: dict[str, dict[int, bytearray]] = {}
        self._nodes = ROOT
        self._waiting: dict[str, tuple[str, dict[str, int]]] = {}

    def read(self, lines: list[str]) -> dict[str, Recording]:
        """Return the recordings by the name of the job."""
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found:
                self._line(*found.groups())
        return self.recordings

    def _line(self, process: str, text: str) -> None:
        if text.endswith(_UNFINISHED):
            self._waiting[process] = text.removesuffix(_UNFINISHED), self._positions()
            if text.startswith("close("):
                self._opened.pop(int(text[len("close(") :].split(maxsplit=1)[0].rstrip(")")), None)
            return
        began = None
        if resumed := _RESUMED.match(text):
            start, began = self._waiting.pop(process)
            if start.startswith("close("):  # the number may belong to another file by now
                return
            text = start + resumed[1]
        head, _, result = text.rpartition(" = ")
        call = _CALL.match(head)
        if call is None or not result[:1].isdigit():  # failed, or not a call
            return
        value = int(result.split(maxsplit=1)[0], 0)
        handle: Callable[..., None] | None = getattr(self, f"_on_{call[1]}", None)
        assert handle is not None or not self._concerns(call[2]), f"strace shows an unknown call: {call[1]}"
        if handle is not None:
            handle(_Arguments(call[2]), value, began or self._positions())

    def _positions(self) -> dict[str, int]:
        return {name: len(recording.steps) for name, recording in self.recordings.items()}

    def _concerns(self, text: str) -> bool:
        number = text.split(",", maxsplit=1)[0]
        return any(self._place(path) for path in map(_decode, _TEXT.findall(text))) or (
            number.isdigit() and int(number) in self._opened
        )

    # Paths and nodes

    def _place(self, path: str) -> tuple[str, str] | None:
        """Return the job of a path and the rest of it; None elsewhere."""
        if not path.startswith(f"{self._top}/"):
            return None
        job, _, rest = posixpath.normpath(path)[len(self._top) + 1 :].partition("/")
        return job, rest

    def _split(self, job: str, rest: str) -> tuple[int, str]:
        """Return folder and name of a path in a job."""
        *folders, name = rest.split("/")
        node = ROOT
        for depth, each in enumerate(folders, start=1):
            if each not in self._live[job][node]:
                self._make_waiting_folder(f"{self._top}/{job}/{'/'.join(folders[:depth])}")
            node = self._live[job][node][each]
        return node, name

    def _make_waiting_folder(self, path: str) -> None:
        """Make a folder now whose mkdir is not back yet in its thread: the call of another has used it already."""
        for text, _ in self._waiting.values():
            if text.startswith("mkdir(") and _Arguments(text.removeprefix("mkdir(")).text(0) == path:
                self._make_folder(path)
                return

    def _node(self, job: str, rest: str) -> int | None:
        if rest == "":
            return ROOT
        folder, name = self._split(job, rest)
        return self._live[job][folder].get(name)

    def _new(self) -> int:
        self._nodes += 1
        return self._nodes

    def _absolute(self, folder: str, path: str) -> str:
        if path.startswith("/") or folder == "AT_FDCWD":
            return path
        known = self._opened.get(int(folder))
        return f"{known[1]}/{path}" if known else path

    # Steps

    def _add(self, job: str, step: Naming | Write | Sync | Mark) -> None:
        self.recordings[job].steps.append(step)
        if isinstance(step, Naming):
            apply(self._live[job], step)
        elif isinstance(step, Write):
            write_into(self._contents[job].setdefault(step.node, bytearray()), step)

    def _begin(self, job: str) -> None:
        names = {folder: dict(entries) for folder, entries in self._live[job].items()}
        contents = {node: bytes(content) for node, content in self._contents[job].items()}
        self.recordings[job] = Recording(names, contents)

    def _on_open(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._open(given.text(0), given[1], value)

    def _on_openat(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._open(self._absolute(given[0], given.text(1)), given[2], value)

    def _open(self, path: str, flags: str, descriptor: int) -> None:
        self._opened.pop(descriptor, None)
        if path == self._marks:
            self._opened[descriptor] = "", path, None
            return
        place = self._place(path)
        if place is None or place[0] not in self._live:
            return
        job, rest = place
        node = self._node(job, rest)
        if node is None:
            node = self._new()
            folder, name = self._split(job, rest)
            self._contents[job][node] = bytearray()
            self._add(job, Naming((folder,), ((folder, name, node, True),), f"create {rest}"))
        elif "O_TRUNC" in flags and self._contents[job].get(node):
            self._add(job, Write(node, 0, None))
        at = len(self._contents[job].get(node, b"")) if "O_APPEND" in flags else 0
        self._opened[descriptor] = job, path, _Opened(node, at)

    def _on_close(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._opened.pop(int(given[0]), None)

    def _on_lseek(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            known[2].offset = value

    def _on_write(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        known = self._opened.get(int(given[0]))
        if known is None:
            return
        data = given.data(1)[:value]
        job, _, file = known
        if file is None:
            self._mark(data.decode())
        else:
            self._add(job, Write(file.node, file.offset, data))
            file.offset += value

    def _on_writev(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            job, _, file = known
            data = b"".join(map(_bytes, _TEXT.findall(given.whole)))[:value]
            self._add(job, Write(file.node, file.offset, data))
            file.offset += value

    def _on_pwrite64(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            self._add(known[0], Write(known[2].node, int(given[3]), given.data(1)[:value]))

    def _on_ftruncate(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            self._add(known[0], Write(known[2].node, int(given[1]), None))

    def _on_fallocate(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            size = int(given[2]) + int(given[3])
            if given[1] == "0" and size > len(self._contents[known[0]][known[2].node]):
                self._add(known[0], Write(known[2].node, size, None))

    def _on_sendfile(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        into, source = self._opened.get(int(given[0])), self._opened.get(int(given[1]))
        if into and into[2] and source and source[2] and value:
            start = int(given[2].strip("[]").split("]")[0])
            data = bytes(self._contents[source[0]][source[2].node][start : start + value])
            self._add(into[0], Write(into[2].node, into[2].offset, data))
            into[2].offset += value

    def _mark(self, text: str) -> None:
        """Begin a job, or note what its process reports: "JOB what"."""
        job, _, what = text.strip().partition(" ")
        if job not in self._live:
            self._live[job], self._contents[job] = {ROOT: {}}, {}
            self.recordings[job] = Recording()
        elif what == BEGIN:
            self._begin(job)
        else:
            self._add(job, Mark(what))

    # Names

    def _on_mkdir(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._make_folder(given.text(0))

    def _on_mkdirat(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._make_folder(self._absolute(given[0], given.text(1)))

    def _make_folder(self, path: str) -> None:
        place = self._place(path)
        if place is None or place[0] not in self._live or not place[1]:
            return
        job, rest = place
        folder, name = self._split(job, rest)
        if name in self._live[job][folder]:  # by _make_waiting_folder
            return
        node = self._new()
        self.recordings[job].names.setdefault(node, {})
        self._live[job][node] = {}
        self._add(job, Naming((folder,), ((folder, name, node, True),), f"mkdir {rest}"))

    def _on_unlink(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._remove(given.text(0))

    _on_rmdir = _on_unlink

    def _on_unlinkat(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._remove(self._absolute(given[0], given.text(1)))

    def _remove(self, path: str) -> None:
        place = self._place(path)
        if place is not None and place[0] in self._live and place[1]:
            folder, name = self._split(*place)
            node = self._live[place[0]][folder][name]
            self._add(place[0], Naming((folder,), ((folder, name, node, False),), f"remove {place[1]}"))

    def _on_rename(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._rename(given.text(0), given.text(1))

    def _on_renameat(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._rename(self._absolute(given[0], given.text(1)), self._absolute(given[2], given.text(3)))

    def _on_renameat2(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        source, target = (self._absolute(given[place], given.text(place + 1)) for place in (0, 2))
        if given[4] == "RENAME_EXCHANGE":
            self._exchange(source, target)
        else:
            self._rename(source, target)

    def _exchange(self, one: str, other: str) -> None:
        before, after = self._place(one), self._place(other)
        if before is None or after is None or after[0] not in self._live:
            return
        job = after[0]
        assert before[0] == job, f"{one} is exchanged with a file of another job: {other}"
        (folder, name), (into, new) = self._split(*before), self._split(*after)
        first, second = self._live[job][folder][name], self._live[job][into][new]
        names = ((folder, name, second, True), (into, new, first, True))
        synced_by = tuple(dict.fromkeys((folder, into)))
        self._add(job, Naming(synced_by, names, f"exchange {before[1]} and {after[1]}"))

    def _rename(self, source: str, target: str) -> None:
        before, after = self._place(source), self._place(target)
        if before is None or after is None or after[0] not in self._live:
            return
        job = after[0]
        assert before[0] == job, f"{source} is renamed to another job: {target}"
        (folder, name), (into, new) = self._split(*before), self._split(*after)
        node = self._live[job][folder][name]
        if self._live[job][into].get(new) == node:  # two hard links of one file: the call does nothing
            return
        names = ((into, new, node, True), (folder, name, node, False))
        self._add(job, Naming((into,), names, f"rename {before[1]} to {after[1]}"))

    def _on_link(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._link(given.text(0), given.text(1))

    def _on_linkat(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        self._link(self._absolute(given[0], given.text(1)), self._absolute(given[2], given.text(3)))

    def _link(self, source: str, target: str) -> None:
        before, after = self._place(source), self._place(target)
        if before is None or after is None or after[0] not in self._live:
            return
        node = self._node(*before)
        assert node is not None
        folder, name = self._split(*after)
        self._add(after[0], Naming((folder,), ((folder, name, node, True),), f"link {after[1]}"))

    # Syncs

    def _on_fsync(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        if (known := self._opened.get(int(given[0]))) and known[2]:
            self._add(known[0], Sync(known[2].node, began.get(known[0], 0)))

    _on_fdatasync = _on_fsync

    def _on_sync(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        for job in self.recordings:
            self._add(job, Sync(None, began.get(job, 0)))

    def _on_sync_file_range(self, given: "_Arguments", value: int, began: dict[str, int]) -> None:
        """It makes nothing durable."""


class _Arguments:
    """The arguments of a call; strings are in hexadecimal, so that no comma is part of one."""

    def __init__(self, whole: str) -> None:
        self.whole = whole
        self._parts = whole.split(", ")

    def __getitem__(self, place: int) -> str:
        return self._parts[place]

    def text(self, place: int) -> str:
        return _decode(self._parts[place].strip('"'))

    def data(self, place: int) -> bytes:
        return _bytes(self._parts[place].strip('"'))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _decode(text: str) -> str:
    return _bytes(text).decode("utf-8", "surrogateescape")
