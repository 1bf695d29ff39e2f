"""An evening of the sample newsroom as in Airflow: one process per task; some are killed and retried."""

import atexit
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from samples.server import DAYS
from tests.faults.resume_worker import do_task, work

FIRST, SECOND = DAYS[:2]
STAGE_OF = {"ingest": "fetch", "derive": "derive", "commit": "commit", "finish_ingest": "commit", "cluster": "commit"}


def say(what: str) -> None:
    """Print a line of a test's report; pytest shows it if the test fails, and with -s."""
    sys.stdout.write(f"{what}\n")


@dataclass(frozen=True, slots=True)
class WorkerExit:
    """The end of a process: ``result`` is what its task returned or raised, None if it was killed."""

    code: int | None
    result: Any = None
    steps: int = 0
    seconds: float = 0.0

    def ended_by(self, step: int) -> bool:
        """Return whether the process was killed at a step, or had fewer: it has more steps the longer it waits."""
        return self.code == -9 or (self.code == 0 and self.steps < step)


class Worker:
    """A process that does one thing. ``at`` is the step at which it gets a signal."""

    def __init__(
        self,
        processes: ForkServerContext,
        task: Callable[..., Any],
        *given: Any,
        at: int | None = None,
        number: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._pipe, end = processes.Pipe(duplex=False)
        self._process: ForkServerProcess = processes.Process(target=work, args=(end, at, number, task, given))
        self._process.start()
        # Python waits at exit for running processes. The worker of a failed test may be stopped and never end.
        atexit.register(self.kill)
        end.close()
        self._pipe.recv()  # it has started

    def kill(self) -> None:
        self._process.kill()

    def has_ended(self) -> bool:
        """Return whether there is a result, or the process is dead."""
        return self._pipe.poll(0)

    def pause(self, seconds: float) -> None:
        """Continue the process after a number of seconds once it has stopped itself; ignore one that ends before."""
        state = Path(f"/proc/{self._process.pid}/stat")
        while not self._pipe.poll(0.005):
            if state.read_text().rpartition(")")[2].split()[0] == "T":
                time.sleep(seconds)
                os.kill(self._process.pid or 0, signal.SIGCONT)
                return

    def done(self, *, seconds: float = 600) -> WorkerExit:
        """Wait for its end, at most some seconds. Raises: TimeoutError."""
        received = _receive(self._pipe, seconds)
        self._process.join(timeout=300)
        code = self._process.exitcode
        atexit.unregister(self.kill)
        self._process.close()
        return WorkerExit(code, *received)


def _receive(pipe: Connection, seconds: float) -> tuple[Any, ...]:
    """Return what a process has sent, nothing if it is dead."""
    if not pipe.poll(seconds):
        raise TimeoutError(f"the process has not ended after {seconds:.0f} seconds")
    try:
        received: tuple[Any, ...] = pipe.recv()
    except EOFError:
        return ()
    return received


def at_leisure(processes: ForkServerContext, task: Callable[..., Any], *given: Any) -> Any:
    """Do one task in its own process, undisturbed; return its result."""
    return wait_for_exit(Worker(processes, task, *given)).result


def wait_for_exit(worker: Worker, *, seconds: float = 600) -> WorkerExit:
    """Wait for an undisturbed process. Raises: the exception of its task; TimeoutError."""
    done = worker.done(seconds=seconds)
    assert done.code == 0
    if isinstance(done.result, Exception):
        raise done.result
    return done


@dataclass
class Evening:
    """The tasks of the second evening in one data root, one after the other, each in its own process.

    ``tag`` distinguishes two evenings of one data root. ``doing`` runs a task, and may disturb it. ``done`` has the end
    of each task, in order.
    """

    processes: ForkServerContext
    folder: Path
    tag: str = ""
    doing: Callable[["Evening", str, dict[str, Any]], WorkerExit] | None = None
    days: list[date] = field(default_factory=list)
    done: list[WorkerExit] = field(default_factory=list)

    def run(self) -> "Evening":
        """Run all tasks; ``days`` are the news days that were read."""
        keys = [
            key for group in ("web", "files") for key in self.task("triggered_sources", event_extras=[], group=group)
        ]
        self.days = self.ingest(keys)
        for news_day in self.days:
            self.extract(news_day)
        return self

    def ingest(self, source_keys: list[str]) -> list[date]:
        run_id = self.ingest_id
        reports = [self.task("ingest", source_key=key, day=SECOND, run_id=run_id) for key in source_keys]
        summary = self.task("finish_ingest", reports=reports, run_id=run_id, **self._origin())
        return sorted(date.fromisoformat(day) for day in summary["days"])

    def extract(self, news_day: date) -> None:
        days = self.commit(news_day, self.derive(news_day))
        self.task("cluster", day=news_day, days=days)

    def derive(self, news_day: date) -> list[dict[str, Any]]:
        run_id = self.extract_id(news_day)
        return [self.task("derive", day=news_day, run_id=run_id, chunk=chunk, chunks=2) for chunk in range(2)]

    def commit(self, news_day: date, reports: list[dict[str, Any]]) -> list[str]:
        """Return the published days that changed."""
        run_id = self.extract_id(news_day)
        return self.task("commit", reports=reports, day=news_day, run_id=run_id, **self._origin())["days"]

    @property
    def ingest_id(self) -> str:
        return f"in{self.tag}-{SECOND}"

    def extract_id(self, news_day: date) -> str:
        return f"out{self.tag}-{SECOND}-{news_day}"

    def run_ids(self) -> list[str]:
        return [self.ingest_id, *map(self.extract_id, self.days)]

    def task(self, name: str, **given: Any) -> Any:
        self.done.append(self.doing(self, name, given) if self.doing else wait_for_exit(self.worker(name, given)))
        return self.done[-1].result

    def worker(self, name: str, given: dict[str, Any], **disturbed: Any) -> Worker:
        """Start a task."""
        return Worker(self.processes, do_task, self.folder, SECOND, name, given, **disturbed)

    def _origin(self) -> dict[str, Any]:
        return {"kind": "scheduled", "started_at": datetime(2026, 3, 3, 20, tzinfo=UTC)}


_EARLY = 0.7  # of a task's usual time: a kill after its end would be none


class Kills:
    """Kills each task of an evening once before its end, in turn at a seeded step and at a seeded time.

    The number of steps and the duration of a task are taken from an undisturbed evening. A kill at a time may come too
    late, because durations vary; a kill at a step never does. ``at_step`` counts the kills at a step; ``missed`` has
    the kills at a step that did not happen.
    """

    def __init__(self, chance: random.Random, undisturbed: Evening) -> None:
        self.chance = chance
        self.is_at_step = chance.random() < 0.5
        self.usual = iter(undisturbed.done)
        self.killed: dict[str, int] = dict.fromkeys(("fetch", "derive", "commit"), 0)
        self.moments: list[str] = []
        self.at_step = 0
        self.missed: list[str] = []

    def __call__(self, evening: Evening, name: str, given: dict[str, Any]) -> WorkerExit:
        usual = next(self.usual)
        if name in STAGE_OF:
            self._kill(evening, name, given, usual)
        return wait_for_exit(evening.worker(name, given))

    def _kill(self, evening: Evening, name: str, given: dict[str, Any], usual: WorkerExit) -> None:
        seconds = self.chance.random() * _EARLY * usual.seconds
        step = self.chance.randint(1, max(1, usual.steps - 2))  # a run may have fewer steps
        at = step if self.is_at_step else None
        self.is_at_step = not self.is_at_step
        worker = evening.worker(name, given, at=at)
        if at is None:
            time.sleep(seconds)
            worker.kill()
        moment = f"{seconds:.3f} of {usual.seconds:.3f} s" if at is None else f"step {at} of {usual.steps}"
        self.moments.append(f"{name} {given.get('source_key', '')} at {moment}")
        is_killed = worker.done().code == -signal.SIGKILL
        self.killed[STAGE_OF[name]] += is_killed
        self.at_step += at is not None
        if at is not None and not is_killed:
            self.missed.append(self.moments[-1])


class Meeting:
    """Two evenings of one data root, task by task at the same moment; depending on the seed, one pauses in its task."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.start = threading.Barrier(2, timeout=120)
        self.chances: dict[str, random.Random] = {}

    def __call__(self, evening: Evening, name: str, given: dict[str, Any]) -> WorkerExit:
        chance = self.chances.setdefault(evening.tag, random.Random(f"{self.seed}{evening.tag}"))
        at = chance.choice((None, chance.randint(1, 20)))
        self.start.wait()
        try:
            worker = evening.worker(name, given, at=at, number=signal.SIGSTOP)
            if at is not None:
                worker.pause(0.5)
            return wait_for_exit(worker)
        except BaseException:
            self.start.abort()  # the other must not wait for this one
            raise


def at_once(*works: Callable[[], Any]) -> None:
    """Do several things at the same time. Raises: the exception of one of them."""
    with ThreadPoolExecutor(len(works)) as pool:
        errors = [each.exception() for each in [pool.submit(work) for work in works]]
    for error in sorted(filter(None, errors), key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
