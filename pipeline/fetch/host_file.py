"""A file in which a host says what may be done with its pages: asked for once an origin, kept a day."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.request import RequestRunner, RequestSpec, RequestTarget
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.transport import Caps, Reply
from pipeline.fetch.walk import WalkStep, ahead_of_others

_CACHE_TTL = timedelta(hours=24)
_RETRY_INTERVAL = timedelta(minutes=5)  # where it could not be had
_POLL_SECONDS, _POLL_MAX_SECONDS = 0.02, 1.0  # while another page of the origin asks for the file
_MAX_BYTES = 500 * 1024  # RFC 9309 section 2.5, for robots.txt; what follows is not read. Twice that may be sent
# As if there were no file: the RFC's "unavailable" (4xx) and redirects that lead nowhere.
_NO_FILE = ("redirect_loop", "redirect_limit", "https_downgrade", "unsupported_scheme", "bad_url", "bad_encoding")


@dataclass(frozen=True, slots=True)
class _CachedRules[T]:
    rules: T | FetchFailure | None
    good_until: datetime


class WellKnownFile[T]:
    """One file of every origin, at ``path``, as ``parse`` reads it. Thread-safe; one page asks, the others wait.

    4xx (but 429) means that there is none. 429, 5xx and no answer mean that nobody knows, for now.
    """

    def __init__(
        self,
        path: str,
        *,
        parse: Callable[[bytes, RequestTarget], T],
        runner: RequestRunner,
        limits: FetchLimits,
        now: Callable[[], datetime],
    ) -> None:
        self._path = path
        self._parse = parse
        self._runner = runner
        self._now = now
        self._interval_seconds = limits.host_interval_seconds
        self._caps = Caps(wire_bytes=min(limits.wire_max_bytes, 2 * _MAX_BYTES), body_bytes=_MAX_BYTES, is_cut=True)
        self._known: dict[str, _CachedRules[T]] = {}
        self._asking: set[str] = set()
        self._lock = Lock()

    def rules(self, target: RequestTarget) -> Generator[WalkStep, FetchFailure | None, T | FetchFailure | None]:
        """Return what the file of a target's origin says; None for no file, FetchFailure if unknown."""
        poll_seconds = _POLL_SECONDS
        while (known := self._current(target.origin)) is None:
            if self._begins(target.origin):
                try:
                    yield from self._request_file(target)
                finally:
                    self._asking.discard(target.origin)
            else:
                yield WalkStep(target.host_key, self._interval_seconds, time.monotonic() + poll_seconds)
                poll_seconds = min(2 * poll_seconds, _POLL_MAX_SECONDS)
        return known.rules

    def known_rules(self, origin: str) -> T | FetchFailure | None:
        """Return what is known of an origin's file without asking for it."""
        known = self._known.get(origin)
        return known.rules if known is not None else None

    def _current(self, origin: str) -> _CachedRules[T] | None:
        known = self._known.get(origin)
        return known if known is not None and self._now() < known.good_until else None

    def _begins(self, origin: str) -> bool:
        with self._lock:
            if origin in self._asking or self._current(origin) is not None:
                return False
            self._asking.add(origin)
            return True

    def _request_file(self, target: RequestTarget) -> Generator[WalkStep, FetchFailure | None, None]:
        url = f"{target.origin}{self._path}"
        spec = RequestSpec(url=url, caps=self._caps, interval_seconds=self._interval_seconds)
        got = yield from ahead_of_others(self._runner.walk(spec))
        if isinstance(got, Reply):
            known = _CachedRules(self._parse(got.body, target), self._now() + _CACHE_TTL)
        elif got.kind == "permanent" and ((got.status or 0) in range(400, 500) or got.reason in _NO_FILE):
            known = _CachedRules(None, self._now() + _CACHE_TTL)
        else:
            known = _CachedRules(replace(got, exchange=None), self._now() + _RETRY_INTERVAL)
        self._known[target.origin] = known
