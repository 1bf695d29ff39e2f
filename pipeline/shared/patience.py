"""Patience with services that are away: an attempt is repeated until they are back, or for too long.

Who waits for more than some seconds logs what for, and until when. Nobody waits for a lock of another process.
"""

import logging
import os
import time
from collections.abc import Callable
from threading import RLock
from weakref import WeakSet

from newslake.pipeline.errors import StoreError
from newslake.pipeline.settings import time_in

log = logging.getLogger(__name__)

AWAY_SECONDS = 300.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
_MISSING_MAX = 4
_SILENT_SECONDS = 3.0  # a shorter wait is not logged, nor one that ends so soon
_SAME_SECONDS = 10.0  # waits for one service that end within these are logged once: those of threads
_NOTED: dict[str, float] = {}  # until when each service is waited for, as the log says


class ProcessLock:
    """A lock for the threads of one process, which its holder may take again. A forked child begins with a free one.

    Only the thread that forks is in the child. Another one may have held the lock, and there nobody would release it.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def free(self) -> None:
        """Free the lock, unless this thread holds it. Call it only where no other thread is."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
        else:
            self._lock = RLock()


_LOCKS: WeakSet[ProcessLock] = WeakSet()


def _free_locks() -> None:
    for each in list(_LOCKS):
        each.free()


os.register_at_fork(after_in_child=_free_locks)
_NOTING = ProcessLock()


class Wait:
    """A wait for a service that is away: tries with pauses between them, which grow, for ``seconds`` in all."""

    def __init__(
        self,
        seconds: float,
        *,
        first_pause_seconds: float = _FIRST_PAUSE_SECONDS,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
    ) -> None:
        self._began = time.monotonic()
        self._end = self._began + seconds
        self._pause_seconds, self._longest_seconds = first_pause_seconds, longest_pause_seconds
        self._is_noted = False

    def is_over(self) -> bool:
        """Return whether no time is left for another try."""
        return time.monotonic() + self._pause_seconds > self._end

    def pause(self, service: str | None) -> None:
        """Sleep before the next try. ``service`` is the one that is away; None if none is."""
        now = time.monotonic()
        is_long = now - self._began >= _SILENT_SECONDS and self._end - now >= _SILENT_SECONDS
        if service is not None and is_long and not self._is_noted:
            self._is_noted = True
            _note(service, end=self._end)
        time.sleep(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, self._longest_seconds)


def _note(service: str, *, end: float) -> None:
    """Log that a service is waited for, unless the log says so already."""
    with _NOTING:
        if end <= _NOTED.get(service, 0.0) + _SAME_SECONDS:
            return
        _NOTED[service] = end
    log.warning("%s does not answer; trying again until %s UTC", service, f"{time_in(end - time.monotonic()):%H:%M:%S}")


def wait_for_services[T](attempt: Callable[[], T], *, what: str, seconds: float = AWAY_SECONDS) -> T:
    """Return the result of an attempt, repeated while the catalog or the object store is away.

    A file that is gone may have been removed since it was planned; the attempt has to plan again.
    Raises: StoreError (store_unreachable), (store_file_missing), and those of the attempt.
    """
    wait, missing, service = Wait(seconds), 0, None
    while True:
        try:
            return attempt()
        except StoreError as error:
            if error.reason != "store_unreachable" or wait.is_over():
                raise
            service = f"{'the object storage' if error.key.startswith('s3:') else 'the catalog'} at {error.key}"
        except FileNotFoundError as error:
            missing += 1
            if missing == _MISSING_MAX:
                message = f"{what}: a file is gone from the object store ({error}); restore it from a copy"
                raise StoreError(message, key=what, reason="store_file_missing") from error
        except OSError as error:
            if wait.is_over():
                message = f"the object store does not answer to {what} ({error}); try again when it is up"
                raise StoreError(message, key=what, reason="store_unreachable") from error
            service = f"the object storage of {what}"
        wait.pause(service)
