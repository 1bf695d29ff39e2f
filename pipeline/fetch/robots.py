"""The well-known files of a host: robots.txt, and tdmrep.json with the reservation of text and data mining.

Both also say how a page may be used.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from threading import Lock
from urllib.parse import urlsplit

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.fetch.rate_limit import RateLimiter
from newslake.pipeline.fetch.redirects import Gate, RequestRunner, RequestSpec, RequestTarget, WalkStep, ahead_of_others
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.fetch.robots_rules import RobotsRules
from newslake.pipeline.fetch.transport import Caps, FetchLimits, Reply
from newslake.pipeline.model import RightsStatement
from newslake.pipeline.model.rights import evidence_of, refusal_of
from newslake.pipeline.unicode import well_formed_json

log = logging.getLogger(__name__)

# Well-known files: requested once per origin, cached for a day.

_CACHE_TTL = timedelta(hours=24)
_RETRY_INTERVAL = timedelta(minutes=5)  # after a failure
_POLL_SECONDS, _POLL_MAX_SECONDS = 0.02, 1.0  # while another page of the origin requests the file
_MAX_BYTES = 500 * 1024  # RFC 9309 section 2.5, for robots.txt; the rest is ignored. At most twice that is received
# Treated as a missing file, like "unavailable" (4xx) in the RFC: failed redirects, broken content codings.
_NO_FILE = ("redirect_loop", "redirect_limit", "https_downgrade", "unsupported_scheme", "bad_url", "bad_encoding")


@dataclass(frozen=True, slots=True)
class _CachedRules[T]:
    rules: T | FetchFailure | None
    read_at: datetime
    good_until: datetime


class WellKnownFile[T]:
    """One file of every origin, at ``path``, read by ``parse``. Thread-safe; one page requests it, the others wait.

    4xx (except 429) means that the file does not exist. 429, 5xx and no response mean that it is unknown for now.
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
        """Return the rules of a target's origin; None without a file, FetchFailure if they are unknown."""
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

    def known_rules(self, origin: str) -> tuple[T, datetime] | None:
        """Return the rules of an origin and when they were read; None if its file was not read or does not exist."""
        known = self._known.get(origin)
        if known is None or known.rules is None or isinstance(known.rules, FetchFailure):
            return None
        return known.rules, known.read_at

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
            known = self._read(got, target, url)
        elif got.kind == "permanent" and ((got.status or 0) in range(400, 500) or got.reason in _NO_FILE):
            known = self._cached(None, _CACHE_TTL)
        else:
            known = self._cached(replace(got, exchange=None), _RETRY_INTERVAL)
        self._known[target.origin] = known

    def _cached(self, rules: T | FetchFailure | None, ttl: timedelta) -> _CachedRules[T]:
        now = self._now()
        return _CachedRules(rules, now, now + ttl)

    def _read(self, reply: Reply, target: RequestTarget, url: str) -> _CachedRules[T]:
        rules = run_isolated(partial(self._parse, reply.body, target), key=url)
        if isinstance(rules, NewsError):
            failure = FetchFailure("broken", rules.reason or "broken_item", str(rules).removeprefix(f"{url}: "))
            return self._cached(failure, _RETRY_INTERVAL)
        return self._cached(rules, _CACHE_TTL)


# robots.txt.

_CRAWL_DELAY_MAX_SECONDS = 60.0


class Robots:
    """The robots.txt of every origin. If it cannot be read, nothing is fetched for now.

    A Crawl-delay raises the host's interval, to at most 60 s. If reservations are obeyed, a page that a Content-Signal
    or Content-Usage reserves, or that a License applies to, may not be fetched.
    """

    def __init__(
        self, limits: FetchLimits, *, runner: RequestRunner, limiter: RateLimiter, now: Callable[[], datetime]
    ) -> None:
        # The first product of our User-Agent header; the comment after it names others.
        self._agent = limits.user_agent.split("/")[0].split(" ")[0]
        self._is_obeyed = limits.obeys_reservation
        parse = partial(_parse_robots, agent=self._agent, limiter=limiter)
        self._file = WellKnownFile("/robots.txt", parse=parse, runner=runner, limits=limits, now=now)

    def gate(self, target: RequestTarget, *, is_page: bool = False) -> Gate:
        """Return why a URL may not be fetched; None if it is allowed. Statements about rights are for pages only."""
        rules = yield from self._file.rules(target)
        if isinstance(rules, FetchFailure):
            return rules.of_host_file(f"{target.origin}/robots.txt", reason="robots_unreachable")
        if rules is None or rules.allows(target.url):
            return None if rules is None or not (is_page and self._is_obeyed) else refusal_for(self.rights(target.url))
        line = rules.line_against(target.url)
        message = f"robots.txt of {urlsplit(target.origin).netloc} disallows it for {self._agent!r}"
        return FetchFailure("permanent", "robots_refused", f"{message} ({line})" if line else message)

    def rights(self, url: str) -> tuple[RightsStatement, ...]:
        """Return the statements of the file of a URL's origin, if it was read, about the use of the URL."""
        origin = _origin_of(url)
        if (known := self._file.known_rules(origin)) is None:
            return ()
        rules, read_at = known
        return tuple(
            RightsStatement(statement, evidence_of(f"line {number} of {origin}/robots.txt", read_at))
            for number, statement in rules.rights(url)
        )


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def refusal_for(statements: Iterable[RightsStatement]) -> FetchFailure | None:
    """Return why a page with these statements may not be stored, if they are obeyed; None if it may."""
    if (refusal := refusal_of(statements)) is None:
        return None
    reason, because = refusal
    what = "reserves text and data mining" if reason == "tdm_reserved" else "names a license, whose terms are not read"
    message = f"{because.statement!r} {what} ({because.evidence}); NEWS_TDM_POLICY=record keeps such pages"
    return FetchFailure("permanent", reason, message)


def _parse_robots(body: bytes, target: RequestTarget, *, agent: str, limiter: RateLimiter) -> RobotsRules:
    rules = RobotsRules(body.decode("utf-8-sig", "replace"), agent=agent)
    if rules.crawl_delay:
        if rules.crawl_delay > _CRAWL_DELAY_MAX_SECONDS:
            message = "%s requests a Crawl-delay of %g s; the maximum of %g s is used"
            log.warning(message, target.origin, rules.crawl_delay, _CRAWL_DELAY_MAX_SECONDS)
        limiter.set_crawl_delay(target.host_key, min(rules.crawl_delay, _CRAWL_DELAY_MAX_SECONDS))
    return rules


# Reservation of text and data mining in tdmrep.json (TDMRep).

_TDMREP_PATH = "/.well-known/tdmrep.json"
_RULES_MAX = 1000
_LOCATION_MAX = 500  # characters
_WILDCARDS_MAX = 8


@dataclass(frozen=True)
class _ReservationRule:
    """Whether the paths that match ``location`` are reserved; "*" and a final "$" as in robots.txt."""

    location: str
    is_reserved: bool

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        end = "$" if self.location.endswith("$") else ""
        parts = re.split(r"\*+", self.location.removesuffix("$"))
        return re.compile(".*?".join(map(re.escape, parts)) + end, re.DOTALL)

    def matches(self, path: str) -> bool:
        return self._pattern.match(path) is not None


ReservationRules = tuple[_ReservationRule, ...]


class Reservations:
    """The tdmrep.json of every origin. The longest location that matches a path decides, as in robots.txt.

    If it cannot be read, a fetcher that obeys reservations fetches nothing for now.
    """

    def __init__(self, limits: FetchLimits, *, runner: RequestRunner, now: Callable[[], datetime]) -> None:
        self._is_obeyed = limits.obeys_reservation
        self._file = WellKnownFile(_TDMREP_PATH, parse=_parse_tdmrep, runner=runner, limits=limits, now=now)

    def gate(self, target: RequestTarget) -> Gate:
        """Read the file of a target's origin; if reservations are obeyed, return why the page may not be fetched."""
        rules = yield from self._file.rules(target)
        if not self._is_obeyed:
            return None
        if isinstance(rules, FetchFailure):
            return rules.of_host_file(f"{target.origin}{_TDMREP_PATH}", reason="tdm_unreachable")
        rule = None if rules is None else _deciding_rule(target.url, rules)
        if rule is not None and rule.is_reserved:
            message = f"tdmrep.json of {urlsplit(target.origin).netloc} reserves it (location {rule.location})"
            return FetchFailure("permanent", "tdm_reserved", message)
        return None

    def rights(self, url: str) -> tuple[RightsStatement, ...]:
        """Return the reservation of a URL in the file of its origin, if the file was read and has one."""
        origin = _origin_of(url)
        if (known := self._file.known_rules(origin)) is None:
            return ()
        rules, read_at = known
        rule = _deciding_rule(url, rules)
        if rule is None or not rule.is_reserved:
            return ()
        place = f"location {rule.location} of {origin}{_TDMREP_PATH}"
        return (RightsStatement("tdm-reservation: 1", evidence_of(place, read_at)),)


def _deciding_rule(url: str, rules: ReservationRules) -> _ReservationRule | None:
    """Return the rule with the longest location that matches a URL's path; of equal ones, one that reserves."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = [rule for rule in rules if rule.matches(path)]
    return max(named, key=lambda rule: (len(rule.location), rule.is_reserved), default=None)


def _parse_tdmrep(body: bytes, _: RequestTarget) -> ReservationRules:
    """Return the rules of a tdmrep.json. Invalid entries are skipped; an invalid file has no rules."""
    try:
        items = well_formed_json(json.loads(body))
    except (ValueError, RecursionError):
        return ()
    objects = [each for each in items if isinstance(each, dict)][:_RULES_MAX] if isinstance(items, list) else []
    rules = (
        _ReservationRule(str(each.get("location", "")), str(each.get("tdm-reservation")) == "1") for each in objects
    )
    return tuple(rule for rule in rules if rule.location and _is_bounded(rule.location))


def _is_bounded(location: str) -> bool:
    return len(location) <= _LOCATION_MAX and location.count("*") <= _WILDCARDS_MAX
