"""Queries in a process: limits that hold within one expression, in which DuckDB checks neither time nor memory.

A process is a new interpreter, so that it inherits no DuckDB. It has an upper bound of its address space, and its
parent watches its memory and the time, and kills it. It ends itself when its parent is gone.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler  # as a connection uses it, which cannot limit a size
from pathlib import Path
from pkgutil import resolve_name
from queue import SimpleQueue
from struct import Struct
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from newslake.pipeline import errors
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.environment import log_format
from newslake.pipeline.errors import BrokenItemError, ConfigError, LimitError, NewsError
from newslake.pipeline.log_lines import configure_logging
from newslake.pipeline.query.connection import Limits, apply_limits, connect, query, too_much_memory, too_slow

SPARE_MB = 128  # above the limit of DuckDB: rows in Python, buffers of files
_RESERVED_MB, _RESERVED_MB_OF_THREAD = 512, 256  # of addresses: arenas and stacks, which are never used in full
_GRACE_SECONDS = 0.5  # DuckDB ends most statements at their limit, and the process stays
_LOOK_SECONDS = 0.02
_LOOK_SECONDS_PS = 0.25  # without /proc, each look starts a program
_PROGRAM = "import sys; sys.path[:] = {path!r}; from {name} import serve; serve({fd}, {modules!r}, {first_call!r})"
_ALLOCATION_FAILURES = (-signal.SIGABRT, 127)  # the C library ends a process that gets no memory for a thread
_START_SECONDS = 120.0  # of a process, on a machine that is busy
_LENGTH = Struct("!I")  # before each message of a connection
_READY = b"ready"
_HAS_PROC = Path("/proc/self/statm").exists()


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has now; 0 if it has ended. Systems without /proc need the program ps."""
    if _HAS_PROC:
        return _bytes_of(pid, 1)
    listed = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(listed.stdout.strip() or 0) << 10


def _bytes_of(pid: int, column: int) -> int:
    """Return a size of a process: 0 is its address space, 1 its resident memory."""
    try:
        text = Path(f"/proc/{pid}/statm").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(text.split()[column]) * resource.getpagesize()


class QueryPool:
    """Processes that answer calls, each one call at a time; as many as there are calls at the same time.

    ``ready`` of them wait for the first call, and replace those that were killed. ``modules`` are loaded before it.
    ``first_call`` is a function ("module:name") that has what else a process needs before it is limited. Standard
    output of a process is ``stdout``: standard error, or with None that of this process. Thread-safe.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        *,
        ready: int = 1,
        most_bytes: int = 1 << 20,
        stdout: int | None = 2,
        first_call: str = "",
    ) -> None:
        self._start = partial(
            _QueryProcess, tuple(modules), most_bytes=most_bytes, stdout=stdout, first_call=first_call
        )
        self._ready = ready
        self._changing = Lock()
        self._idle: list[_QueryProcess] = []
        self._fill()

    def call(
        self, function: Callable[..., object], *arguments: object, limits: Limits, end: Event | None = None
    ) -> Any:
        """Return the result of a function of a module, which a process calls within ``limits``.

        Arguments are pickled. A result is bytes or a JSON value: a pickle of a process that a statement took over would
        run code here. If another thread sets ``end``, the time is over.
        Raises: LimitError, with reason "too_slow", "too_much_memory", "too_large" or "process_ended"; what the function
        raises, an unexpected exception as BrokenItemError.
        """
        process = self._take()
        try:
            reply = process.call(bytes(ForkingPickler.dumps((function, arguments, limits))), limits, end or Event())
            error = _error_of(reply)
        except BaseException:
            process.kill()
            self._fill()
            raise
        self._give_back(process, limits)
        if error is not None:
            raise error
        return reply["result"]

    def close(self) -> None:
        """End the processes that wait."""
        with self._changing:
            while self._idle:
                self._idle.pop().kill()

    def _take(self) -> "_QueryProcess":
        with self._changing:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                process.kill()  # collects what is left of it
        return self._start()

    def _give_back(self, process: "_QueryProcess", limits: Limits) -> None:
        if process.is_worn(limits):
            process.kill()
        else:
            with self._changing:
                self._idle.append(process)
        self._fill()

    def _fill(self) -> None:
        with self._changing:
            while len(self._idle) < self._ready:
                self._idle.append(self._start())


class _QueryProcess:
    """One process, from the side of its parent."""

    def __init__(self, modules: tuple[str, ...], *, most_bytes: int, stdout: int | None, first_call: str) -> None:
        self._most_bytes = most_bytes
        self._connection, other = Pipe()
        program = _PROGRAM.format(
            path=sys.path, name=__name__, fd=other.fileno(), modules=modules, first_call=first_call
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            pass_fds=(other.fileno(),),
        )
        other.close()
        self._rest_bytes = 0

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def is_worn(self, limits: Limits) -> bool:
        """Return whether the process holds so much memory after a call that the next one would have less."""
        return resident_bytes(self._process.pid) - self._rest_bytes > (SPARE_MB << 19) + (limits.memory_mb << 18)

    def call(self, request: bytes, limits: Limits, end: Event) -> Any:
        """Return the reply to a request. After an exception, the process is of no use.

        Raises: LimitError; ConfigError if the process does not start.
        """
        self._wait_until_ready(limits, end)
        deadline = monotonic() + limits.seconds + _GRACE_SECONDS
        try:
            self._connection.send_bytes(request)
            reply = json.loads(self._read_message(deadline, limits, end))
            if reply.get("is_bytes"):
                return {"result": self._read_message(deadline, limits, end)}
            return reply
        except (EOFError, ConnectionError) as error:
            raise self._death(limits) from error
        except (AttributeError, ValueError, RecursionError) as error:
            message = f"the process of the query sent no valid answer: {limits.advice}"
            raise LimitError(message, reason="process_ended") from error

    def _read_message(self, deadline: float, limits: Limits, end: Event) -> bytes:
        [size] = _LENGTH.unpack(self._read(_LENGTH.size, deadline, limits, end))
        if size > self._most_bytes:
            message = f"the answer is larger than {self._most_bytes >> 20} MB: {limits.advice}"
            raise LimitError(message, reason="too_large")
        return self._read(size, deadline, limits, end)

    def _read(self, size: int, deadline: float, limits: Limits, end: Event) -> bytes:
        """Return the next bytes of a reply. ``recv_bytes`` has no deadline. Raises: LimitError, EOFError."""
        most_resident = self._rest_bytes + (limits.memory_mb + SPARE_MB << 20)
        received = bytearray()
        while len(received) < size:
            is_there = self._connection.poll(_LOOK_SECONDS if _HAS_PROC else _LOOK_SECONDS_PS)
            if end.is_set() or monotonic() >= deadline:
                raise too_slow(limits)
            if is_there:
                piece = os.read(self._connection.fileno(), size - len(received))
                if not piece:
                    raise EOFError
                received += piece
            elif resident_bytes(self._process.pid) > most_resident:
                raise too_much_memory(limits)
        return bytes(received)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def _wait_until_ready(self, limits: Limits, end: Event) -> None:
        if self._rest_bytes:
            return
        deadline = monotonic() + _START_SECONDS
        while not self._connection.poll(_LOOK_SECONDS):
            if end.is_set():
                raise too_slow(limits)
            if monotonic() >= deadline:
                message = f"a process for queries does not start within {_START_SECONDS:g} seconds"
                raise ConfigError(message, key=sys.executable)
        try:
            self._connection.recv_bytes(len(_READY))
        except (EOFError, ConnectionError) as error:
            message = (
                f"a process for queries does not start (exit code {self._process.wait()}); standard error says why"
            )
            raise ConfigError(message, key=sys.executable) from error
        self._rest_bytes = resident_bytes(self._process.pid)

    def _death(self, limits: Limits) -> LimitError:
        code = self._process.wait()
        if code in _ALLOCATION_FAILURES:
            return too_much_memory(limits)
        what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        message = f"the process of the query ended ({what}), perhaps for lack of memory: {limits.advice}"
        return LimitError(message, reason="process_ended")


def _error_of(reply: Any) -> Exception | None:
    """Return the error of a reply; None if it has a result."""
    if "os_error" in reply:
        return OSError(*reply["os_error"])  # a broken pipe is one here too
    if "error" not in reply:
        return None
    name, message, key, reason = reply["error"]
    error_class = getattr(errors, name, None)
    if isinstance(error_class, type) and issubclass(error_class, NewsError):
        return error_class(message, key=key, reason=reason)
    return BrokenItemError(message, key=key, reason=reason)


# The side of the process.


def serve(fd: int, modules: Sequence[str], first_call: str) -> None:
    """Answer the calls that come from a connection until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    connection = Connection(fd)
    requests: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_receive, args=(connection, requests), daemon=True).start()
    configure_logging(log_format())
    for name in modules:
        import_module(name)
    if first_call:
        resolve_name(first_call)()
    _warm_up()
    rest_bytes = _bytes_of(os.getpid(), 0) if _HAS_PROC else 0
    connection.send_bytes(_READY)
    while True:
        function, arguments, limits = ForkingPickler.loads(requests.get())
        for message in _reply(partial(function, *arguments), limits, rest_bytes):
            connection.send_bytes(message)


def _receive(connection: Connection, requests: "SimpleQueue[bytes]") -> None:
    """Pass on the requests. When the parent is gone, end the process, whatever it does."""
    while True:
        try:
            requests.put(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)


def _warm_up() -> None:
    """Have all that a connection loads and reserves, so that the address space at rest is known."""
    limits = Limits(seconds=600, memory_mb=64, threads=2, rows=10)
    with tempfile.TemporaryDirectory() as folder, apply_limits(limits), connect(Path(folder)) as connection:
        query(connection, "SELECT count(*) FROM articles")


def _call_within(limits: Limits, work: Callable[[], object]) -> object:
    """Return a result. The limits translate what DuckDB raises at any time, before the boundary sees it."""
    with apply_limits(limits):
        return work()


def _error_reply(error: NewsError | OSError) -> bytes:
    if isinstance(error, OSError):
        named = (error.strerror, *([str(error.filename)] if error.filename else []))
        return json.dumps({"os_error": (error.errno, *named) if error.errno else (str(error),)}).encode()
    return json.dumps({"error": (type(error).__name__, str(error), error.key, error.reason)}).encode()


def _reply(work: Callable[[], object], limits: Limits, rest_bytes: int) -> list[bytes]:
    """Return the result of a call, or its error, as JSON; a result of bytes as a second message."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if _HAS_PROC:  # macOS has the call, but no such limit
        reserved_mb = _RESERVED_MB + _RESERVED_MB_OF_THREAD * (limits.threads or os.cpu_count() or 1)
        most = rest_bytes + (limits.memory_mb + reserved_mb << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        result = run_isolated(partial(_call_within, limits, work), key="a query in a process")
        if isinstance(result, NewsError):
            return [_error_reply(result)]
        if isinstance(result, bytes):
            return [json.dumps({"is_bytes": True}).encode(), result]
        return [json.dumps({"result": result}).encode()]
    except (NewsError, OSError) as error:
        return [_error_reply(error)]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
