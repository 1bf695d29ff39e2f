"""What robots.txt allows. One file an origin, asked for through the same guards as any page."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from protego import Protego

from pipeline.fetch.hops import Ask, Hops, Target
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.pace import Pace
from pipeline.fetch.transport import Caps, Reply
from pipeline.fetch.trouble import Trouble

log = logging.getLogger(__name__)

_KEPT = timedelta(hours=24)
_ASKED_AGAIN = timedelta(minutes=5)  # where it could not be reached
_MAX_BYTES = 500 * 1024  # RFC 9309 section 2.5; what follows is not read
_CRAWL_DELAY_MAX_SECONDS = 60.0
# As if there were no file: the RFC's "unavailable" (4xx) and redirects that lead nowhere.
_NO_FILE = ("redirect_loop", "redirect_limit", "https_downgrade", "unsupported_scheme", "bad_url", "bad_encoding")


@dataclass(frozen=True, slots=True)
class _Rules:
    """``parsed`` is None where everything is allowed; ``trouble`` says why nothing is, for now."""

    parsed: Protego | None
    trouble: Trouble | None
    good_until: datetime


class Robots:
    """The rules of every origin, kept 24 hours. Thread-safe; one thread asks, the others of that origin wait.

    4xx (but 429) means that everything is allowed. 429, 5xx and no answer mean that nothing is, for now.
    A Crawl-delay raises the host's interval, to 60 s at most.
    """

    def __init__(self, limits: FetchLimits, *, hops: Hops, pace: Pace, now: Callable[[], datetime]) -> None:
        # Groups name the product, not the comment that follows it in our header.
        self._agent = limits.user_agent.split("/")[0].split(" ")[0]
        self._interval_seconds = limits.host_interval_seconds
        self._wire_max_bytes = limits.wire_max_bytes
        self._hops = hops
        self._pace = pace
        self._now = now
        self._rules: dict[str, _Rules] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def gate(self, target: Target) -> Trouble | None:
        """Return why a URL may not be fetched, None where it may."""
        rules = self._current(target.origin) or self._asked(target)
        if rules.trouble is not None:
            return rules.trouble
        if rules.parsed is None or rules.parsed.can_fetch(target.url, self._agent):
            return None
        return Trouble("never", "robots_refused", f"{target.origin}/robots.txt disallows it for {self._agent!r}")

    def _current(self, origin: str) -> _Rules | None:
        rules = self._rules.get(origin)
        return rules if rules is not None and self._now() < rules.good_until else None

    def _asked(self, target: Target) -> _Rules:
        with self._lock:
            lock = self._locks.setdefault(target.origin, Lock())
        with lock:
            if rules := self._current(target.origin):
                return rules
            caps = Caps(wire_bytes=self._wire_max_bytes, body_bytes=_MAX_BYTES, is_cut=True)
            ask = Ask(url=f"{target.origin}/robots.txt", caps=caps, interval_seconds=self._interval_seconds)
            rules = self._read(self._hops.get(ask), target)
            self._rules[target.origin] = rules
            return rules

    def _read(self, got: Reply | Trouble, target: Target) -> _Rules:
        if isinstance(got, Reply):
            parsed = Protego.parse(got.body.decode("utf-8-sig", "replace"))
            self._keep_pace(parsed.crawl_delay(self._agent), target)
            return _Rules(parsed, None, self._now() + _KEPT)
        if got.kind == "never" and ((got.status or 0) in range(400, 500) or got.reason in _NO_FILE):
            return _Rules(None, None, self._now() + _KEPT)
        return _Rules(None, _unreachable(got, target), self._now() + _ASKED_AGAIN)

    def _keep_pace(self, crawl_delay: float | None, target: Target) -> None:
        if crawl_delay is None or not math.isfinite(crawl_delay) or crawl_delay <= 0:
            return
        if crawl_delay > _CRAWL_DELAY_MAX_SECONDS:
            log.warning(
                "%s asks for a Crawl-delay of %g s; %g s is the longest kept",
                target.origin,
                crawl_delay,
                _CRAWL_DELAY_MAX_SECONDS,
            )
        self._pace.set_crawl_delay(target.host_key, min(crawl_delay, _CRAWL_DELAY_MAX_SECONDS))


def _unreachable(got: Trouble, target: Target) -> Trouble:
    return Trouble(
        "later",
        "robots_unreachable",
        f"{target.origin}/robots.txt: {got.detail}; nothing is fetched there before it can be read",
        retry_after_seconds=got.retry_after_seconds,
    )
