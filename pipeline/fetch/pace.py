"""Pace: the least time between two starts at one host, and the pauses that a host asks for."""

import time
from dataclasses import dataclass
from threading import Lock

from pipeline.fetch.trouble import Trouble
from pipeline.fetch.turns import Turns

_INTERVAL_MAX_SECONDS = 60.0  # neither doubling nor a Crawl-delay makes an interval longer
_SLOWDOWN_MAX = 64


@dataclass(slots=True)
class _Host:
    """Times are seconds of time.monotonic."""

    next_start: float = 0.0
    held_until: float = 0.0
    crawl_delay_seconds: float = 0.0
    slowdown: int = 1


class Pace:
    """The starts at every host, shared by all threads of one fetcher, and by ``turns`` with other processes.

    A host is "name:port". A thread reserves its start under the lock and waits for it outside.
    """

    def __init__(self, *, hold_max_seconds: float, turns: Turns | None = None) -> None:
        self._hold_max_seconds = hold_max_seconds
        self._turns = turns
        self._hosts: dict[str, _Host] = {}
        self._lock = Lock()

    def wait_for_start(self, host: str, interval_seconds: float) -> Trouble | None:
        """Return when the host may be asked; Trouble at once where it asked for a longer pause than a run waits."""
        while True:
            with self._lock:
                state = self._hosts.setdefault(host, _Host())
                now = time.monotonic()
                held_seconds = state.held_until - now
                if held_seconds > self._hold_max_seconds:
                    return _on_hold(host, held_seconds)
                interval = _interval(state, interval_seconds)
                start = max(now, state.next_start, state.held_until)
                if self._turns is not None and interval > 0:
                    start = now + self._turns.take(host, wait_seconds=start - now, interval_seconds=interval)
                state.next_start = start + interval
            time.sleep(max(0.0, start - now))
            if state.held_until <= start:  # else the host asked for a pause while we waited for our turn
                return None

    def slow_down(self, host: str) -> None:
        """Double the host's interval, as after 429 and 503."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.slowdown = min(state.slowdown * 2, _SLOWDOWN_MAX)

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody start at the host for so long."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.held_until = max(state.held_until, time.monotonic() + seconds)

    def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Raise the host's interval to its robots.txt's Crawl-delay."""
        with self._lock:
            state = self._hosts.setdefault(host, _Host())
            state.crawl_delay_seconds = seconds
            state.next_start = max(state.next_start, time.monotonic() + _interval(state, 0.0))


def _interval(state: _Host, interval_seconds: float) -> float:
    wanted = max(interval_seconds, min(state.crawl_delay_seconds, _INTERVAL_MAX_SECONDS))
    return max(wanted, min(wanted * state.slowdown, _INTERVAL_MAX_SECONDS))


def _on_hold(host: str, seconds: float) -> Trouble:
    return Trouble(
        "later",
        "host_on_hold",
        f"{host} asked to be left alone for {seconds:.0f} s more; tried in a later run",
        retry_after_seconds=seconds,
    )
