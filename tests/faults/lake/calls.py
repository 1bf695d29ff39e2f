"""The system calls of a lake, one by one: named, counted, and one of them disturbed. For a separate process.

A name is the call and its target: ``replace head.json``, ``fsync data``, ``commit index``. A kill before the n-th
call happens after the previous call, so that kills before each call are kills between each two calls.
"""

import errno
import fcntl
import io
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newslake.pipeline.lake import exchange
from newslake.pipeline.sqlite import Database

HEAD = "head.json"
KILL, TEAR = "kill", "tear"  # TEAR: half of a write reaches the file
READS = ("read", "opendir")  # they may fail, but do not change anything
_SQLITE = {errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EIO: sqlite3.SQLITE_IOERR, errno.EACCES: sqlite3.SQLITE_READONLY}


@dataclass(frozen=True, slots=True)
class Strike:
    """The disturbance at the ``nth`` call of a name: KILL, TEAR, or the number of its error."""

    name: str
    nth: int
    how: str | int

    def __str__(self) -> str:
        how = errno.errorcode[self.how] if isinstance(self.how, int) else self.how
        return f"{how} at {self.name} {self.nth}"


class Calls:
    """Watches all calls of this process below ``root`` after ``watch``, and disturbs one of them.

    ``made`` are the names in order; ``on_commit`` is called after each replaced head.
    """

    def __init__(
        self, root: Path, strike: Strike | None = None, *, on_commit: Callable[[], object] = lambda: None
    ) -> None:
        self.root = root
        self.strike = strike
        self.made: list[str] = []
        self._on_commit = on_commit
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()  # objects are written by threads
        self._paths: dict[int, Path] = {}

    def watch(self) -> None:
        """Replace the real calls by watched ones, for the lifetime of the process."""
        for name, call in (("replace", "replace"), ("rename", "replace"), ("link", "link")):
            self._watch_pair(name, call)
        for name, call in (("unlink", "unlink"), ("remove", "unlink"), ("mkdir", "mkdir"), ("rmdir", "rmdir")):
            self._watch_path(name, call)
        self._watch_exchange()
        self._watch_descriptors()
        self._watch_files()
        self._watch_index()

    def _watch_pair(self, name: str, call: str) -> None:
        real = getattr(os, name)

        def watched(source: Any, target: Any, **given: Any) -> None:
            self._meet(call, target)
            real(source, target, **given)
            if self._area(Path(target)) == HEAD:
                self._on_commit()

        setattr(os, name, watched)

    def _watch_exchange(self) -> None:
        real = exchange._renameat2

        def watched(first: Path, second: Path) -> int:
            try:
                self._meet("exchange", first)
            except OSError as error:
                return error.errno or 0
            return real(first, second)

        exchange._renameat2 = watched

    def _watch_path(self, name: str, call: str) -> None:
        real = getattr(os, name)

        def watched(path: Any, *given: Any, dir_fd: int | None = None) -> None:
            self._meet(call, path if dir_fd is None else self._paths[dir_fd] / path)
            real(path, *given, dir_fd=dir_fd)

        setattr(os, name, watched)

    def _watch_descriptors(self) -> None:
        real_open, real_lock = os.open, fcntl.flock

        def watched_open(path: Any, flags: int, *given: Any, dir_fd: int | None = None) -> int:
            whole = Path(path) if dir_fd is None else self._paths[dir_fd] / path
            self._meet("open" if flags & (os.O_WRONLY | os.O_RDWR) else "opendir", whole)
            descriptor = real_open(path, flags, *given, dir_fd=dir_fd)
            self._paths[descriptor] = whole
            return descriptor

        def watched_sync(descriptor: int) -> None:
            self._meet(
                "fsync", self._paths.get(descriptor), is_named=False
            )  # only for power loss: not done, because it is slow

        def watched_lock(file: Any, kind: int) -> None:
            self._meet("flock", Path(file.name), is_named=False)
            real_lock(file, kind)

        os.open, os.fsync, fcntl.flock = watched_open, watched_sync, watched_lock

    def _watch_files(self) -> None:
        real = io.open

        def watched(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            if isinstance(file, int) or self._area(Path(file)) is None:
                return real(file, mode, *given, **named)
            self._meet("open" if set(mode) & set("wax+") else "read", file)
            if "w" not in mode:
                return real(file, mode, *given, **named)
            raw = _StruckFile(Path(file), self._write)
            self._paths[raw.fileno()] = Path(file)
            whole = io.BufferedWriter(raw)
            return whole if "b" in mode else io.TextIOWrapper(whole)

        io.open = watched

    def _watch_index(self) -> None:
        calls, real = self, Database.execute

        def watched(connection: Database, statement: str, *given: Any) -> sqlite3.Cursor:
            def fail(number: int, path: Path | None) -> None:
                connection.raise_named(_sqlite_error(number))

            if statement in ("BEGIN IMMEDIATE", "COMMIT"):
                calls._meet(statement.split(maxsplit=1)[0].lower(), calls.root / "_state" / "index", fail=fail)
            return real(connection, statement, *given)

        Database.execute = watched

    def _write(self, path: Path, data: Any, write: Callable[[Any], int]) -> int:
        def fail(number: int, path: Path | None) -> None:
            write(half)
            _fail(number, None)

        half = memoryview(data)[: len(data) // 2]
        self._meet("write", path, fail=fail, tear=lambda: write(half))
        return write(data)

    def _meet(
        self,
        call: str,
        path: Any,
        *,
        is_named: bool = True,
        fail: Callable[[int, Path | None], None] | None = None,
        tear: Callable[[], object] = lambda: None,
    ) -> None:
        """Count a call, and disturb it if it is the selected one."""
        area = path and self._area(Path(path))
        if not area:
            return
        name = f"{call} {area}"
        with self._lock:
            self._counts[name] += 1
            self.made.append(name)
            struck = self.strike is not None and (name, self._counts[name]) == (self.strike.name, self.strike.nth)
        if not struck or self.strike is None:
            return
        if isinstance(self.strike.how, int):
            (fail or _fail)(self.strike.how, Path(path) if is_named else None)
        else:
            if self.strike.how == TEAR:
                tear()
            os.kill(os.getpid(), signal.SIGKILL)

    def _area(self, path: Path) -> str | None:
        """Return the part of the lake that contains a path; None for a path elsewhere."""
        if not path.is_relative_to(self.root):
            return None
        parts = path.relative_to(self.root).parts
        return next((part for part in parts if part != "_state"), "lake")


class _StruckFile(io.FileIO):
    """A file that passes each write to a function."""

    def __init__(self, path: Path, write: Callable[[Path, Any, Callable[[Any], int]], int]) -> None:
        super().__init__(path, "w")
        self._path, self._write = path, write

    def write(self, data: Any) -> int:
        return self._write(self._path, data, super().write)


def _fail(number: int, path: Path | None) -> None:
    """Fail like the system: the error of a call on a descriptor has no file name."""
    raise OSError(number, os.strerror(number), *([str(path)] if path else []))


def _sqlite_error(number: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(os.strerror(number))
    error.sqlite_errorcode = _SQLITE[number]
    return error
