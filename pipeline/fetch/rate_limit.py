"""Rate limits: the minimum time between two requests to a host, and the pauses that a host requests."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Literal

from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.leases import POLL_SECONDS, HostRates
from newslake.pipeline.model import file_name_of

# Between processes: a daily run, a run started by a signal and the feed trigger may fetch from the same host.

_LONGEST_SECONDS = 3600.0  # a later time is from a clock that was set back
_TICK_SECONDS = 0.01  # file times move in steps of the kernel's timer


class FileRates:
    """A folder with one file per host: the time of its next request, and until when the current one counts as open.

    Times are seconds of the file system's clock. Machines that share the folder thus share the clock.
    """

    def __init__(self, folder: Path, *, open_seconds: float) -> None:
        self._folder = folder
        self.open_seconds = min(open_seconds, _LONGEST_SECONDS)
        self._open_until: dict[str, float] = {}

    def take(self, host: str, *, interval_seconds: float) -> float:
        """Open a request now and return 0.0; if it is too early or another one is open, return the seconds to wait."""
        with self._opened(host) as (file, now):
            next_at, open_until = _read(file, now)
            if next_at > now:
                return next_at - now
            if 0 < open_until - now <= _LONGEST_SECONDS + _TICK_SECONDS:
                return min(open_until - now, POLL_SECONDS)
            self._open_until[host] = until = round(now + self.open_seconds, 6)  # as the file has it
            _write(file, now + interval_seconds + _TICK_SECONDS, until)
        return 0.0

    def renew(self, host: str) -> None:
        """Let the request that this object opened count as open for ``open_seconds`` from now."""
        with self._opened(host) as (file, now):
            next_at, open_until = _read(file, now)
            if open_until == self._open_until.get(host):
                self._open_until[host] = until = round(now + self.open_seconds, 6)
                _write(file, next_at, until)

    def finish(self, host: str, *, interval_seconds: float) -> None:
        """Close the request that this object opened at a host; the interval starts now."""
        self._defer(host, interval_seconds, mine=self._open_until.pop(host, None))

    def defer(self, host: str, seconds: float) -> None:
        """Let no process send a request to a host for a number of seconds, at most one hour."""
        self._defer(host, seconds, mine=None)

    def _defer(self, host: str, seconds: float, *, mine: float | None) -> None:
        """Defer a host; close its request if it is open until ``mine``, because a later one is of another process."""
        with self._opened(host) as (file, now):
            next_at, open_until = _read(file, now)
            next_at = max(next_at, now + min(seconds, _LONGEST_SECONDS) + _TICK_SECONDS)
            _write(file, next_at, 0.0 if open_until == mine else open_until)

    @contextmanager
    def _opened(self, host: str) -> Iterator[tuple[TextIOWrapper, float]]:
        """Yield a host's locked file and the current time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / file_name_of(host), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        with os.fdopen(handle, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.utime(file.fileno())
            yield file, os.fstat(file.fileno()).st_mtime


def _write(file: TextIOWrapper, next_at: float, open_until: float) -> None:
    file.seek(0)
    file.write(f"{next_at:017.6f} {open_until:017.6f}")  # fixed width, so that it overwrites the old text


def _read(file: TextIOWrapper, now: float) -> tuple[float, float]:
    """Return both times of a file; 0 if the file is new, its writer died before writing, or its clock was set back."""
    try:
        next_at, open_until = map(float, file.read().split())
    except ValueError:
        return 0.0, 0.0
    return next_at if next_at - now <= _LONGEST_SECONDS + _TICK_SECONDS else 0.0, open_until


# Between the threads of one fetcher.

_INTERVAL_MAX_SECONDS = 60.0  # the maximum after doubling, and of a Crawl-delay
_SLOWDOWN_MAX = 64
_POLL_SECONDS = 0.02  # while another thread's request to the host is open
_RENEWAL_SHARE = 0.25  # of the time for which a request counts as open
_FAILURES_MAX = 10
_DEAD_SECONDS = 600.0

HostHealth = Literal["ok", "failed", "overloaded"]


@dataclass(slots=True)
class _Host:
    """Times are seconds of time.monotonic. ``failures`` counts consecutive responses that are not ok."""

    next_start: float = 0.0
    next_renewal: float = 0.0
    held_until: float = 0.0
    crawl_delay_seconds: float = 0.0
    slowdown: int = 1
    failures: int = 0
    open: int = 0


class RateLimiter:
    """Decides when requests to a host start, for all threads of a fetcher and, by ``shared``, other processes.

    A host is "name:port". The interval starts at the end of a request, because only its response proves that the host
    has it. So a host gets no two requests within the interval, however late the first one arrives. A host has one open
    request, unless the interval is 0.
    """

    def __init__(self, *, hold_max_seconds: float, shared: HostRates | None = None) -> None:
        self._hold_max_seconds = hold_max_seconds
        self._shared = shared
        self._renewal_seconds = 0.0 if shared is None else _RENEWAL_SHARE * shared.open_seconds
        self._hosts: dict[str, _Host] = {}
        self._lock = Lock()

    def take(self, host: str, interval_seconds: float) -> float | FetchFailure:
        """Start a request to the host and return 0.0; if it is too early, return the seconds to wait.

        Return a FetchFailure if the host requests a longer pause than a run waits. Call ``finish`` after every start.
        """
        with self._lock:
            state, now = self._hosts.setdefault(host, _Host()), time.monotonic()
            held_seconds = state.held_until - now
            if held_seconds > self._hold_max_seconds:
                return _back_off_failure(host, held_seconds)
            interval = _base_interval(state, interval_seconds)  # ``finish`` extends it if necessary
            wait_seconds = max(0.0, held_seconds, state.next_start - now)
            if state.open and interval > 0:
                wait_seconds = max(wait_seconds, _POLL_SECONDS)
            if not wait_seconds and self._shared is not None and interval > 0:
                wait_seconds = self._shared.take(host, interval_seconds=interval)
                if wait_seconds > max(self._hold_max_seconds, 2 * _INTERVAL_MAX_SECONDS):
                    return _back_off_failure(host, wait_seconds)
            if not wait_seconds:
                state.open += 1
                state.next_start = now + interval
                state.next_renewal = now + self._renewal_seconds
            return wait_seconds

    def wait_for_start(self, host: str, interval_seconds: float) -> FetchFailure | None:
        """Sleep until a request to the host may start, and start it; return a FetchFailure like ``take``."""
        while wait_seconds := self.take(host, interval_seconds):
            if isinstance(wait_seconds, FetchFailure):
                return wait_seconds
            time.sleep(wait_seconds)
        return None

    def renew(self, host: str, interval_seconds: float) -> None:
        """Keep a long request open for other processes. Call it at each sign of life; most calls do nothing."""
        with self._lock:
            state, now = self._hosts[host], time.monotonic()
            if self._shared is not None and _base_interval(state, interval_seconds) > 0 and now >= state.next_renewal:
                self._shared.renew(host)
                state.next_renewal = now + self._renewal_seconds

    def finish(self, host: str, interval_seconds: float, *, health: HostHealth) -> None:
        """Record the end of a request; the interval starts now.

        A 429 or 503 (overloaded) doubles the interval, an ok response halves it again. After 10 consecutive responses
        that are not ok, the host is on hold for 10 minutes.
        """
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.open -= 1
            state.failures = 0 if health == "ok" else state.failures + 1
            if health == "overloaded":
                state.slowdown = min(state.slowdown * 2, _SLOWDOWN_MAX)
            elif health == "ok":
                state.slowdown = max(state.slowdown // 2, 1)
            now, interval = time.monotonic(), _current_interval(state, interval_seconds)
            state.next_start = max(state.next_start, now + interval)
            if self._shared is not None and interval > 0:
                self._shared.finish(host, interval_seconds=interval)
            if state.failures >= _FAILURES_MAX:
                state.held_until = max(state.held_until, now + _DEAD_SECONDS)

    def back_off(self, host: str, seconds: float) -> None:
        """Let no request to the host start for a number of seconds; for other processes at most one hour."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.held_until = max(state.held_until, time.monotonic() + seconds)
            if self._shared is not None and seconds > 0:
                self._shared.defer(host, seconds)

    def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Raise the host's interval to the Crawl-delay of its robots.txt."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.crawl_delay_seconds = seconds
            interval = _current_interval(state, 0.0)
            state.next_start = max(state.next_start, time.monotonic() + interval)
            if self._shared is not None and interval > 0:
                self._shared.defer(host, interval)


def _base_interval(state: _Host, interval_seconds: float) -> float:
    return max(interval_seconds, min(state.crawl_delay_seconds, _INTERVAL_MAX_SECONDS))


def _current_interval(state: _Host, interval_seconds: float) -> float:
    wanted = _base_interval(state, interval_seconds)
    return max(wanted, min(wanted * state.slowdown, _INTERVAL_MAX_SECONDS))


def _back_off_failure(host: str, seconds: float) -> FetchFailure:
    return FetchFailure(
        "defer",
        "host_backoff",
        f"{host} is on hold for {seconds:.0f} s more; retried in a later run",
        retry_after_seconds=seconds,
    )
