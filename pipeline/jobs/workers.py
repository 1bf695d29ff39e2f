"""Worker processes of `newslake run`: each does one job at a time and keeps what it has loaded for the next.

A worker that dies is replaced, and its job is tried again, as Airflow tries a task again: the items that were in flight
are known (``jobs.in_flight``), and the next try has articles read alone in a child (``jobs.suspects``). The other
workers go on. A defect is raised where the job came from: another worker would meet it again.
"""

import logging
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from types import FrameType, TracebackType
from typing import Any, NoReturn, Protocol, Self

from newslake.pipeline.boundary import place_of
from newslake.pipeline.errors import ExtractorError, NewsError
from newslake.pipeline.jobs.in_flight import MAX_DEATHS
from newslake.pipeline.jobs.workspace import CountCallback, Workspace
from newslake.pipeline.log_lines import configure_logging
from newslake.pipeline.settings import Settings

log = logging.getLogger(__name__)

_WORKER_MB = 1_000  # of a worker that reads pages, at most, with what the system needs for its files
# Of a job. An item that ends processes costs MAX_DEATHS of them while pages are archived, and an article one: then a
# child works on it (``jobs.suspects``).
_TRIES = 2 * MAX_DEATHS + 1
_PRELOAD = ["newslake.pipeline.jobs.run"]
_END_SECONDS = 10.0
_ERRORS = (NewsError, OSError, sqlite3.Error)  # after which a worker can do the next job


class Job[T](Protocol):
    """What a worker does: a partial of a function of a module, because it is sent to another process."""

    def __call__(self, workspace: Workspace, /, *, count_pages: CountCallback) -> T: ...


def reading_workers(settings: Settings) -> int:
    """Return how many processes read pages: as set, else one per core, but no more than fit into free memory."""
    if settings.run_workers is not None:
        return settings.run_workers
    cores = os.process_cpu_count() or 1
    free = _free_megabytes()
    return cores if free is None else max(1, min(cores, free // _WORKER_MB))


def _free_megabytes() -> int | None:
    """Return the memory that processes can still take, as Linux says; None on another system."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except FileNotFoundError:
        return None
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:")), None)


class WorkerPool:
    """At most ``size`` worker processes. Each starts with its first job; all end with the context."""

    def __init__(self, settings: Settings, *, size: int) -> None:
        self.size = size
        self._settings = settings
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="worker")
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._workers: set[WorkerProcess] = set()
        self._lock = Lock()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._is_closed = True
            workers = tuple(self._workers)
        for each in workers:
            each.terminate()
        self._threads.shutdown(cancel_futures=True)
        for each in workers:
            each.close()

    def submit[T](self, job: Job[T], *, count_pages: CountCallback) -> Future[T]:
        """Do a job in a worker when one is free. ``count_pages`` is called in another thread.

        The future raises what the job does, and ExtractorError (killed_worker) if too many workers died.
        """
        return self._threads.submit(self._do, job, count_pages)

    def _do[T](self, job: Job[T], count_pages: CountCallback) -> T:
        for _ in range(_TRIES):
            worker = self._take()
            try:
                result, error = worker.call(job, count_pages)
            except (EOFError, ConnectionError):  # it died
                code = worker.close()
                with self._lock:
                    self._workers.discard(worker)
                    if self._is_closed:
                        raise
                log.warning("a worker process ended (exit code %s); its work is tried again in another one", code)
                continue
            if error is None or isinstance(error, _ERRORS):
                self._idle.put(worker)
            if error is not None:
                raise error
            done: T = result
            return done
        raise ExtractorError(
            f"{_TRIES} worker processes ended while they worked on it (out of memory, crashes or kills); run it again, "
            "with a smaller NEWS_RUN_WORKERS if memory was short",
            key="worker",
            reason="killed_worker",
        )

    def _take(self) -> "WorkerProcess":
        try:
            return self._idle.get_nowait()
        except Empty:
            worker = WorkerProcess(self._settings)
        with self._lock:
            self._workers.add(worker)
            if self._is_closed:  # meanwhile; the others have been ended
                worker.terminate()
        return worker


class WorkerProcess:
    """One worker process, seen from the process that gives it jobs. One that ``is_daemon`` cannot have children."""

    def __init__(self, settings: Settings, *, is_daemon: bool = False) -> None:
        context = multiprocessing.get_context("forkserver")  # modules are loaded once, and shared by all workers
        context.set_forkserver_preload(_PRELOAD)
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=serve, args=(end, settings), daemon=is_daemon)
        self._process.start()
        end.close()

    def call[T](self, job: Job[T], count_pages: CountCallback) -> tuple[Any, Exception | None]:
        """Do a job; return its result or its error. Raises: EOFError or ConnectionError if the process dies."""
        self._pipe.send(job)
        while (message := self._receive())[0] == "count":
            count_pages(*message[1:])
        return message[1], message[2]

    def _receive(self) -> tuple[Any, ...]:
        try:
            message: tuple[Any, ...] = self._pipe.recv()
        except OSError as error:
            if error.errno is not None:
                raise
            raise EOFError(str(error)) from error  # the process died in the middle of a message
        return message

    def terminate(self) -> None:
        self._process.terminate()

    def close(self, *, seconds: float = _END_SECONDS) -> int | None:
        """Wait for the end of the process, at most some seconds; return its exit code."""
        self._process.join(seconds)
        self._process.kill()
        self._process.join()
        self._pipe.close()
        return self._process.exitcode


def serve(pipe: Connection, settings: Settings) -> None:
    """Do jobs until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run hears it, and ends its workers
    signal.signal(signal.SIGTERM, _exit)  # an ordinary end: no item is to blame
    configure_logging(settings.log_format)
    workspace = Workspace(settings)
    while True:
        try:
            job: Job[object] = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("done", *_result_of(job, workspace, pipe)))
        except (MemoryError, OSError):  # a death, as of any process without memory; or nobody is there to hear it
            raise
        except Exception as error:  # a defect, which another process would meet again
            error.add_note(f"in a worker process, at {place_of(error)}")
            pipe.send(("done", None, error))
            raise


def _result_of(job: Job[object], workspace: Workspace, pipe: Connection) -> tuple[object, Exception | None]:
    """Return the result or the error of a job. Any other exception ends the process."""
    try:
        return job(workspace, count_pages=lambda done, total: pipe.send(("count", done, total))), None
    except _ERRORS as error:
        return None, error


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


class CountSum:
    """Adds up the counts of several jobs that run at the same time. ``total`` is that of all jobs, if known."""

    def __init__(self, count_pages: CountCallback, *, total: int | None) -> None:
        self._count_pages = count_pages
        self._total = total
        self._done: dict[object, int] = {}
        self._lock = Lock()

    def of(self, key: object) -> CountCallback:
        """Return the callback of one job."""

        def count(done: int, _: int | None) -> None:
            with self._lock:
                self._done[key] = done
                whole = sum(self._done.values())
                self._count_pages(whole, None if self._total is None else max(self._total, whole))

        return count


def results_of[T](futures: Sequence[Future[T]]) -> list[T]:
    """Return the results of jobs after all have ended. Raises: the first error of any."""
    for each in futures:
        each.exception()  # waits
    return [each.result() for each in futures]
