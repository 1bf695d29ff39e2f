"""One page's way: every hop checked, redirects followed by hand, failures tried again."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import requests

from pipeline.codings import ACCEPT_ENCODING
from pipeline.fetch.addresses import AddressBook
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.pace import Pace, Verdict
from pipeline.fetch.retries import pause_seconds, retry_after_seconds
from pipeline.fetch.transport import Budget, Caps, Reply, Transport
from pipeline.fetch.trouble import Trouble
from pipeline.fetch.walk import Gate, Step, Walk
from pipeline.model import GONE

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
_TRANSIENT = (408, 425, 429)
_SLOW_DOWN = (429, 503)


@dataclass(frozen=True, slots=True)
class Target:
    """One hop, ready to be sent. ``host_key`` is "host:port", the unit of pace and of private hosts."""

    request: requests.PreparedRequest
    url: str
    origin: str
    host: str
    port: int

    @property
    def host_key(self) -> str:
        return f"{self.host.rstrip('.')}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is wanted: a URL, under which caps, and who must allow each hop (None where nobody is asked)."""

    url: str
    caps: Caps
    interval_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: Callable[[Target], Gate] | None = None


class Hops:
    """Walks from a URL to its reply. Thread-safe."""

    def __init__(
        self, limits: FetchLimits, *, transport: Transport, book: AddressBook, pace: Pace, now: Callable[[], datetime]
    ) -> None:
        self._limits = limits
        self._transport = transport
        self._book = book
        self._pace = pace
        self._now = now

    def walk(self, ask: Ask) -> Walk:
        """Return the way to the reply (200 to 299 or an asked-for 304) behind all redirects, or why there is none.

        Between two tries it waits in a step, for the server's Retry-After by the host's pace.
        """
        budget, not_before, attempt = Budget(self._limits.page_deadline_seconds), 0.0, 1
        while True:
            got = yield from self._follow(ask, budget, not_before)
            if isinstance(got, Reply) or got.kind != "retry" or attempt >= self._tries(got):
                return got
            pause = 0.0 if got.retry_after_seconds else pause_seconds(attempt)
            not_before = time.monotonic() + min(pause, self._limits.retry_after_max_seconds)
            attempt += 1
            del got  # with what came of its body: a page waits long for its turn

    def _tries(self, got: Trouble) -> int:
        # What is cut short twice is cut short at its source.
        return min(2, self._limits.attempts) if got.reason == "truncated" else self._limits.attempts

    def _follow(self, ask: Ask, budget: Budget, not_before: float) -> Walk:
        url, visited = ask.url, {ask.url}
        while True:
            reply = yield from self._hop(url, ask, budget, not_before)
            if isinstance(reply, Trouble) or reply.status not in _REDIRECTS:
                return reply
            target = _redirect_of(reply)
            if isinstance(target, Trouble):
                return target
            if target in visited:
                return Trouble("never", "redirect_loop", f"redirects lead back to {target}")
            if len(visited) > self._limits.redirects_max:
                return Trouble("never", "redirect_limit", f"more than {self._limits.redirects_max} redirects")
            visited.add(target)
            url, not_before = target, 0.0

    def _hop(self, url: str, ask: Ask, budget: Budget, not_before: float) -> Walk:
        target = _target_of(url, {**ask.headers, **self._headers()})
        if isinstance(target, Trouble):
            return target
        yield Step(target.host_key, ask.interval_seconds, not_before)  # resolving and robots are the host's own time
        endpoint = self._book.endpoint(target.host, target.port)
        if isinstance(endpoint, Trouble):
            return endpoint
        if ask.gate is not None and (closed := (yield from ask.gate(target))):
            return closed
        if held := (yield Step(target.host_key, ask.interval_seconds, is_request=True)):
            return held
        return self._asked(target, ask, budget)

    def _asked(self, target: Target, ask: Ask, budget: Budget) -> Reply | Trouble:
        sent_at = time.monotonic()
        verdict: Verdict = "ill"
        try:
            reply = self._transport.get(target.request, caps=ask.caps, budget=budget)
            got = reply if isinstance(reply, Trouble) else self._judged(reply, target, ask)
            verdict = _verdict_of(got)
        finally:
            self._pace.finish(target.host_key, ask.interval_seconds, sent_at=sent_at, verdict=verdict)
        return got

    def _headers(self) -> dict[str, str]:
        return {"User-Agent": self._limits.user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING}

    def _judged(self, reply: Reply, target: Target, ask: Ask) -> Reply | Trouble:
        """Return the reply where its status is one to go on with; hold the host where it asks for that."""
        status = reply.status
        is_wanted = (200 <= status < 300 and status != 206) or status in _REDIRECTS
        if is_wanted or (status == 304 and _is_conditional(ask)):
            return reply
        if status not in _TRANSIENT and not 500 <= status < 600:
            exchange = reply.exchange if status in GONE else None
            detail = f"the server answers {status}"
            return Trouble("never", f"http_{status}", detail, status=status, exchange=exchange)
        wait = retry_after_seconds(reply.headers.get("retry-after"), now=self._now())
        if wait is not None:
            self._pace.hold(target.host_key, wait)
        is_soon = wait is None or wait <= self._limits.retry_after_max_seconds
        detail = f"the server answers {status}" + (f" and asks to wait {wait:.0f} s" if wait is not None else "")
        return Trouble("retry" if is_soon else "later", f"http_{status}", detail, status, wait)


def _verdict_of(got: Reply | Trouble) -> Verdict:
    if isinstance(got, Reply) or got.kind == "never":
        return "well"
    return "busy" if got.status in _SLOW_DOWN else "ill"


def _is_conditional(ask: Ask) -> bool:
    return "If-None-Match" in ask.headers or "If-Modified-Since" in ask.headers


def _target_of(url: str, headers: Mapping[str, str]) -> Target | Trouble:
    try:
        scheme = urlsplit(url).scheme.lower()
        if scheme not in _PORTS:
            return Trouble("never", "unsupported_scheme", "only http and https are fetched")
        request = requests.Request("GET", url, headers=headers).prepare()
        parts = urlsplit(request.url or "")
        host, port = parts.hostname or "", parts.port or _PORTS[scheme]
    except (requests.RequestException, ValueError) as error:
        return Trouble("never", "bad_url", f"no request can be made of it ({error})")
    if parts.username is not None:
        return Trouble("never", "credentials_in_url", "it holds a user name; write the URL without one")
    return Target(request, request.url or "", f"{scheme}://{parts.netloc}", host, port)


def _redirect_of(reply: Reply) -> str | Trouble:
    location = reply.headers.get("location", "").strip()
    if not location:
        detail = f"the server answers {reply.status} without a Location"
        return Trouble("never", f"http_{reply.status}", detail, status=reply.status)
    # http.client reads headers as Latin-1; servers write UTF-8.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        target = urljoin(reply.url, location).split("#", 1)[0]
        scheme = urlsplit(target).scheme
    except ValueError as error:
        return Trouble("never", "bad_url", f"redirect to {location[:200]!r} ({error})")
    if scheme == "http" and reply.url.startswith("https:"):
        return Trouble("never", "https_downgrade", f"redirect from https to {target}")
    return target
