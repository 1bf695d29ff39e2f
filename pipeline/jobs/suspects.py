"""Suspects: articles in whose turns a process died. Each is tried alone in a child before it is set aside.

The process that died says nothing of the cause: an article can end its process, but so can the kernel when others take
the memory, or a kill of the whole run. A child has one article as its only work, and its parent watches it. So only
this is a death of an article: its child ended after it had loaded the model and begun to read, and not by SIGTERM. Two
such deaths set it aside, if they are in two runs: what takes the memory of the machine now may be gone by the next one.
One run may try it several times, in each slice of a folder or on each of its news days.

SIGTERM comes from whoever stops processes, so it says less. But a guard of memory as earlyoom sends it, too: an article
whose child ends by it in three runs is set aside, else it would wait forever.

If the parent dies with the child, nobody saw who was to blame: a container without memory ends whole, and so does a run
that is killed. Three such deaths set the article aside, else it would end every run.
"""

import logging
import signal
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self

from newslake.pipeline.archive.locks import file_lock
from newslake.pipeline.errors import NewsError, SuspectError
from newslake.pipeline.jobs.in_flight import InFlight
from newslake.pipeline.jobs.workers import Job, WorkerProcess
from newslake.pipeline.settings import Settings

log = logging.getLogger(__name__)

_MAX_FAILED_STARTS = 2  # of children that end before they read, in one chunk
_LOCK = "trials.lock"
_END_SECONDS = 3.0  # less than a worker has to end, which waits for this
_ENDED_BY_SIGTERM = (-signal.SIGTERM, 128 + signal.SIGTERM)


class SuspectTrial:
    """Tries suspects of one run, one at a time. The child starts with the first suspect and ends with the context.

    A host has one such child for its data root, because it has a model: several at once would take the memory of which
    there may be too little. Others wait.
    """

    def __init__(self, settings: Settings, turns: InFlight, *, run: str) -> None:
        self._settings = settings
        self._turns = turns
        self._run = run
        self._child: WorkerProcess | None = None
        self._is_reading = False
        self._failed_starts = 0
        self._lock = ExitStack()
        self._has_lock = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            if self._child is not None:
                self._child.terminate()
                self._end_child()

    def in_order(self, keys: Collection[str]) -> list[str]:
        """Return suspects in the order of their trials: last those that may end this process, too."""
        return sorted(keys, key=lambda each: (self._turns.joint_deaths(each), each))

    def read[T](self, job: Job[T], *, key: str, name: str) -> T | NewsError:
        """Return the result of a job about one suspect, or its error: PoisonItemError, or SuspectError for a next run.

        The job calls ``count_pages`` when it is about to read the suspect. ``name`` names it in messages.
        Raises: what the job raises, unless it is an error of the suspect alone.
        """
        if (poison := self._turns.poison_of_joint_deaths(key, name=name)) is not None:
            return poison
        self._turns.begin()  # no article is to blame while the child starts
        while self._failed_starts < _MAX_FAILED_STARTS:
            self._child = self._child or self._start_child()
            self._is_reading = False
            try:
                result, error = self._child.call(job, partial(self._begin, key))
            except (EOFError, ConnectionError):
                code = self._end_child()
                self._turns.begin()
                log.warning("%s: a process ended that had no other work (exit code %s)", name, code)
                is_sigterm = code in _ENDED_BY_SIGTERM
                if is_sigterm or self._is_reading:
                    return self._outcome_of_end(key, name=name, is_sigterm=is_sigterm)
                self._failed_starts += 1
                continue
            self._turns.begin()
            if isinstance(error, NewsError) and error.disposition != "fail":
                return error
            if error is not None:
                raise error
            self._turns.clear(key)
            done: T = result
            return done
        return _suspect_error(name, "processes ended before they could read it, for which there may be no memory now")

    def _outcome_of_end(self, key: str, *, name: str, is_sigterm: bool) -> NewsError:
        poison = None
        if self._is_reading:
            count = self._turns.count_sigterm if is_sigterm else self._turns.count_death
            poison = count(key, run=self._run, name=name)
        why = "its process got SIGTERM" if is_sigterm else "a process ended that worked on it alone"
        return poison or _suspect_error(name, why)

    def _begin(self, key: str, _done: int, _total: int | None) -> None:
        self._is_reading = True
        self._turns.begin_trial(key)

    def _start_child(self) -> WorkerProcess:
        if not self._has_lock:
            self._lock.enter_context(file_lock(self._settings.archive_dir / "in_flight" / _LOCK))
            self._has_lock = True
        return WorkerProcess(self._settings, is_daemon=True)

    def _end_child(self) -> int | None:
        child, self._child = self._child, None
        return child.close(seconds=_END_SECONDS) if child is not None else None


def _suspect_error(name: str, why: str) -> SuspectError:
    return SuspectError(f"{name}: {why}; the next run tries it again, the others continue", key=name, reason="suspect")
