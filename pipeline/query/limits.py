"""Time and memory limits for queries: one budget for everything that one stretch of work asks of the lake."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

import duckdb

from pipeline.errors import ConfigError, LimitError

_AGAIN_SECONDS = 0.05  # an interrupt ends the statement that runs, and no later one
_NO_MEMORY = "Out of Memory Error"  # through Arrow, only the words of DuckDB's error come


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest time for all statements together, the memory and threads of each connection, and the most rows of an
    answer: those leave DuckDB, and so what it counts as its memory.
    """

    seconds: float
    memory_mb: int
    threads: int
    rows: int

    @property
    def config(self) -> dict[str, str]:
        """How DuckDB is told, before its settings are locked."""
        return {"memory_limit": f"{self.memory_mb}MB", "threads": str(self.threads)}


class _Watch:
    """Ends what the connections of one stretch of work do when its time is over."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._deadline = monotonic() + limits.seconds
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._done = Event()

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connections.append(connection)

    @property
    def is_over(self) -> bool:
        return monotonic() >= self._deadline

    def end_when_due(self) -> None:
        if self._done.wait(self.limits.seconds):
            return
        while not self._done.wait(_AGAIN_SECONDS):
            for each in tuple(self._connections):
                with suppress(duckdb.Error):  # one that is closed
                    each.interrupt()

    def stop(self) -> None:
        self._done.set()


_WATCH: ContextVar[_Watch | None] = ContextVar("_WATCH", default=None)


@contextmanager
def apply_limits(limits: Limits) -> Iterator[None]:
    """Hold to ``limits`` every connection that is opened in here, in this thread.

    Raises: LimitError, with reason "too_slow", "too_much_memory" or "too_many_rows", where they are reached.
    """
    watch = _Watch(limits)
    thread = Thread(target=watch.end_when_due, name="newslake-limits", daemon=True)
    token = _WATCH.set(watch)
    thread.start()
    try:
        yield
    except (duckdb.Error, ConfigError) as error:
        if watch.is_over:
            raise _too_slow(limits) from error
        if _NO_MEMORY in str(error):
            told = f"it needs more than {limits.memory_mb} MB of memory: ask for fewer days, or for one source"
            raise LimitError(told, reason="too_much_memory") from error
        raise
    finally:
        watch.stop()
        _WATCH.reset(token)
        thread.join()


def check_time() -> None:
    """Go on while the work has time left: what is no SQL asks here, step by step. Raises: LimitError."""
    watch = _WATCH.get()
    if watch is not None and watch.is_over:
        raise _too_slow(watch.limits)


def _too_slow(limits: Limits) -> LimitError:
    told = f"it was ended after {limits.seconds:g} seconds: ask for fewer days, or for one source"
    return LimitError(told, reason="too_slow")


def connect_within_limits() -> duckdb.DuckDBPyConnection:
    """Return a new, empty DuckDB that is held to the limits of the work that it is opened in, if any."""
    watch = _WATCH.get()
    if watch is None:
        return duckdb.connect(":memory:")
    connection = duckdb.connect(":memory:", config=watch.limits.config)
    connection.execute("SET enable_progress_bar = false")
    watch.add(connection)
    return connection


def fetch_within_limits(result: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Return all rows of an answer. Raises: LimitError for more than the work that asks may have."""
    check_time()
    watch = _WATCH.get()
    rows: list[tuple[object, ...]] = result.fetchall() if watch is None else result.fetchmany(watch.limits.rows + 1)
    if watch is not None and len(rows) > watch.limits.rows:
        told = f"it has more than {watch.limits.rows:,} rows: ask for fewer days, or for one source"
        raise LimitError(told, reason="too_many_rows")
    return rows
