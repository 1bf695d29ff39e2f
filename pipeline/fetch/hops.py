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
from pipeline.fetch.pace import Pace
from pipeline.fetch.retries import pause_seconds, retry_after_seconds
from pipeline.fetch.transport import Budget, Caps, Reply, Transport
from pipeline.fetch.trouble import Trouble
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
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is wanted: a URL, under which caps, and who must allow each hop (robots; None where nobody is asked)."""

    url: str
    caps: Caps
    interval_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: Callable[[Target], Trouble | None] | None = None


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

    def get(self, ask: Ask) -> Reply | Trouble:
        """Return the reply (200 to 299 or an asked-for 304) at the end of the redirects, or why there is none."""
        budget = Budget(self._limits.page_deadline_seconds)
        attempt = 1
        while True:
            got = self._walk(ask, budget)
            if isinstance(got, Reply) or got.kind != "retry" or attempt >= self._limits.attempts:
                return got
            if not got.retry_after_seconds:  # a longer one is kept by the host's pace
                time.sleep(min(pause_seconds(attempt), self._limits.retry_after_max_seconds))
            attempt += 1

    def _walk(self, ask: Ask, budget: Budget) -> Reply | Trouble:
        url, visited = ask.url, {ask.url}
        while True:
            reply = self._hop(url, ask, budget)
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
            url = target

    def _hop(self, url: str, ask: Ask, budget: Budget) -> Reply | Trouble:
        target = _target_of(url, {**ask.headers, **self._headers()})
        if isinstance(target, Trouble):
            return target
        endpoint = self._book.endpoint(target.host, target.port)
        if isinstance(endpoint, Trouble):
            return endpoint
        if ask.gate is not None and (closed := ask.gate(target)):
            return closed
        if held := self._pace.wait_for_start(target.host_key, ask.interval_seconds):
            return held
        reply = self._transport.get(target.request, caps=ask.caps, budget=budget)
        return reply if isinstance(reply, Trouble) else self._judged(reply, target, ask)

    def _headers(self) -> dict[str, str]:
        return {"User-Agent": self._limits.user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING}

    def _judged(self, reply: Reply, target: Target, ask: Ask) -> Reply | Trouble:
        """Return the reply where its status is one to go on with; slow the host down where it asks for that."""
        status = reply.status
        is_wanted = (200 <= status < 300 and status != 206) or status in _REDIRECTS
        if is_wanted or (status == 304 and _is_conditional(ask)):
            return reply
        if status not in _TRANSIENT and not 500 <= status < 600:
            exchange = reply.exchange if status in GONE else None
            detail = f"the server answers {status}"
            return Trouble("never", f"http_{status}", detail, status=status, exchange=exchange)
        wait = retry_after_seconds(reply.headers.get("retry-after"), now=self._now())
        if status in _SLOW_DOWN:
            self._pace.slow_down(target.host_key)
        if wait is not None:
            self._pace.hold(target.host_key, wait)
        is_soon = wait is None or wait <= self._limits.retry_after_max_seconds
        detail = f"the server answers {status}" + (f" and asks to wait {wait:.0f} s" if wait is not None else "")
        return Trouble("retry" if is_soon else "later", f"http_{status}", detail, status, wait)


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
