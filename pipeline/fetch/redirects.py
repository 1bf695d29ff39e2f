"""One request from URL to reply: check and follow every redirect, retry failures.

A request is a walk: a generator that yields when it must wait, so that it does not block a thread. The scheduler and a
single fetch drive it.
"""

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

import requests

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.fetch.address_guard import AddressBook
from newslake.pipeline.fetch.rate_limit import HostHealth, RateLimiter
from newslake.pipeline.fetch.retry import FetchFailure, pause_seconds, retry_after_seconds
from newslake.pipeline.fetch.transport import Budget, Caps, FetchLimits, Reply, Transport
from newslake.pipeline.model import GONE, browser_url

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
_TRANSIENT = (408, 425, 429)
_SLOW_DOWN = (429, 503)


@dataclass(frozen=True, slots=True)
class WalkStep:
    """What a walk waits for: to continue at a host, not before a time (time.monotonic).

    With ``is_request`` the next step sends a request, and the driver of the walk takes its start from the rate limiter;
    without, it only uses cached rules. ``is_alone``: no other page of the host may continue before this one.
    """

    host: str
    interval_seconds: float
    not_before: float = 0.0
    is_request: bool = False
    is_alone: bool = False


# Yields its steps; receives None to continue, or why the request may not start.
Walk = Generator[WalkStep, FetchFailure | None, Reply | FetchFailure]
Gate = Generator[WalkStep, FetchFailure | None, FetchFailure | None]


def ahead_of_others(walk: Walk) -> Walk:
    """Return a walk that is ahead of all other pages of the host in each step."""
    refusal: FetchFailure | None = None
    while True:
        try:
            step = walk.send(refusal)
        except StopIteration as end:
            got: Reply | FetchFailure = end.value
            return got
        refusal = yield replace(step, is_alone=True)


def _isolated(walk: Walk, *, url: str) -> Walk:
    refusal: FetchFailure | None = None
    while True:
        moved = run_isolated(partial(_advance, walk, refusal), key=url)
        if isinstance(moved, NewsError):
            return FetchFailure("broken", moved.reason, str(moved).removeprefix(f"{url}: "))
        if not isinstance(moved, WalkStep):
            return moved
        refusal = yield moved


def _advance(walk: Walk, refusal: FetchFailure | None) -> WalkStep | Reply | FetchFailure:
    try:
        return walk.send(refusal)
    except StopIteration as end:
        got: Reply | FetchFailure = end.value
        return got


def run_walk(walk: Walk, limiter: RateLimiter) -> Reply | FetchFailure:
    """Return the result of a walk; the calling thread sleeps while the walk must wait."""
    refusal: FetchFailure | None = None
    while True:
        try:
            step = walk.send(refusal)
        except StopIteration as end:
            got: Reply | FetchFailure = end.value
            return got
        time.sleep(max(0.0, step.not_before - time.monotonic()))
        refusal = limiter.wait_for_start(step.host, step.interval_seconds) if step.is_request else None


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """One request, ready to be sent. ``host_key`` is "host:port", the unit of rate limits and private hosts."""

    request: requests.PreparedRequest
    url: str
    origin: str
    host: str
    port: int

    @property
    def host_key(self) -> str:
        return f"{self.host.rstrip('.')}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """A URL to request, its size limits, and the gate that must allow each redirect (None means no gate)."""

    url: str
    caps: Caps
    interval_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: Callable[[RequestTarget], Gate] | None = None


class RequestRunner:
    """Walks from a URL to its reply. Thread-safe."""

    def __init__(
        self,
        limits: FetchLimits,
        *,
        transport: Transport,
        book: AddressBook,
        limiter: RateLimiter,
        now: Callable[[], datetime],
    ) -> None:
        self._limits = limits
        self._transport = transport
        self._book = book
        self._limiter = limiter
        self._now = now

    def walk(self, spec: RequestSpec) -> Walk:
        """Return the walk to the reply (200 to 299, or 304 to a conditional request) after all redirects, or a failure.

        Between two tries it waits in a step; the rate limiter applies the server's Retry-After. An unexpected exception
        is the failure of this walk.
        """
        return _isolated(self._walk(spec), url=spec.url)

    def _walk(self, spec: RequestSpec) -> Walk:
        budget, not_before, attempt = Budget(self._limits.page_deadline_seconds), 0.0, 1
        while True:
            got = yield from self._follow(spec, budget, not_before)
            if isinstance(got, Reply) or got.kind != "retry" or attempt >= self._tries(got):
                return got
            pause = 0.0 if got.retry_after_seconds else pause_seconds(attempt)
            not_before = time.monotonic() + min(pause, self._limits.retry_after_max_seconds)
            attempt += 1
            del got  # frees its partial body: a page may wait for a long time

    def _tries(self, got: FetchFailure) -> int:
        # A body that is truncated twice is truncated at its source.
        return min(2, self._limits.attempts) if got.reason == "truncated" else self._limits.attempts

    def _follow(self, spec: RequestSpec, budget: Budget, not_before: float) -> Walk:
        url, visited = spec.url, {spec.url}
        while True:
            reply = yield from self._request(url, spec, budget, not_before)
            if isinstance(reply, FetchFailure) or reply.status not in _REDIRECTS:
                return reply
            target = _redirect_of(reply)
            if isinstance(target, FetchFailure):
                return target
            if target in visited:
                return FetchFailure("permanent", "redirect_loop", f"redirect loop: {target} again")
            if len(visited) > self._limits.redirects_max:
                return FetchFailure("permanent", "redirect_limit", f"more than {self._limits.redirects_max} redirects")
            visited.add(target)
            url, not_before = target, 0.0

    def _request(self, url: str, spec: RequestSpec, budget: Budget, not_before: float) -> Walk:
        target = _target_of(url, {**spec.headers, **self._headers()})
        if isinstance(target, FetchFailure):
            return target
        # Name resolution and robots.txt are part of the host's waiting time.
        yield WalkStep(target.host_key, spec.interval_seconds, not_before)
        endpoint = self._book.endpoint(target.host, target.port)
        if isinstance(endpoint, FetchFailure):
            return endpoint
        if spec.gate is not None and (closed := (yield from spec.gate(target))):
            return closed
        if refusal := (yield WalkStep(target.host_key, spec.interval_seconds, is_request=True)):
            return refusal
        return self._send(target, spec, budget)

    def _send(self, target: RequestTarget, spec: RequestSpec, budget: Budget) -> Reply | FetchFailure:
        health: HostHealth = "failed"
        try:
            reply = self._transport.get(target.request, caps=spec.caps, budget=budget)
            got = reply if isinstance(reply, FetchFailure) else self._check_status(reply, target, spec)
            health = _health_of(got)
        finally:
            self._finish(target.host_key, spec.interval_seconds, health=health)
        return got

    def _finish(self, host: str, interval_seconds: float, *, health: HostHealth) -> None:
        self._limiter.finish(host, interval_seconds, health=health)

    def _headers(self) -> dict[str, str]:
        limits = self._limits
        return {"User-Agent": limits.user_agent, "Accept": "*/*", "Accept-Encoding": limits.accept_encoding}

    def _check_status(self, reply: Reply, target: RequestTarget, spec: RequestSpec) -> Reply | FetchFailure:
        """Return the reply if its status is usable, else why not; back off if the host requests it."""
        status = reply.status
        is_wanted = (200 <= status < 300 and status != 206) or status in _REDIRECTS
        if is_wanted or (status == 304 and _is_conditional(spec)):
            return reply
        if status not in _TRANSIENT and not 500 <= status < 600:
            exchange = reply.exchange if status in GONE else None
            detail = f"the server answers {status}"
            return FetchFailure("permanent", f"http_{status}", detail, status=status, exchange=exchange)
        wait = retry_after_seconds(reply.headers.get("retry-after"), now=self._now())
        if wait is not None:
            self._limiter.back_off(target.host_key, wait)
        is_soon = wait is None or wait <= self._limits.retry_after_max_seconds
        detail = f"the server answers {status}" + (f" and asks to wait {wait:.0f} s" if wait is not None else "")
        return FetchFailure("retry" if is_soon else "defer", f"http_{status}", detail, status, wait)


def _health_of(got: Reply | FetchFailure) -> HostHealth:
    if isinstance(got, Reply) or got.kind == "permanent":
        return "ok"
    return "overloaded" if got.status in _SLOW_DOWN else "failed"


def _is_conditional(spec: RequestSpec) -> bool:
    return "If-None-Match" in spec.headers or "If-Modified-Since" in spec.headers


def _target_of(url: str, headers: Mapping[str, str]) -> RequestTarget | FetchFailure:
    try:
        scheme = urlsplit(url).scheme.lower()
        if scheme not in _PORTS:
            return FetchFailure("permanent", "unsupported_scheme", "only http and https are fetched")
        request = requests.Request("GET", url, headers=headers).prepare()
        parts = urlsplit(request.url or "")
        host, port = parts.hostname or "", parts.port or _PORTS[scheme]
    except (requests.RequestException, ValueError) as error:
        return FetchFailure("permanent", "bad_url", f"the URL cannot be requested ({error})")
    if parts.username is not None:
        return FetchFailure("permanent", "credentials_in_url", "the URL contains a user name; remove it")
    return RequestTarget(request, request.url or "", f"{scheme}://{parts.netloc}", host, port)


def _redirect_of(reply: Reply) -> str | FetchFailure:
    location = reply.headers.get("location", "").strip()
    if not location:
        detail = f"the server answers {reply.status} without a Location"
        return FetchFailure("permanent", f"http_{reply.status}", detail, status=reply.status)
    # http.client decodes headers as Latin-1; servers send UTF-8.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        target = urljoin(reply.url, browser_url(location)).split("#", 1)[0]
        scheme = urlsplit(target).scheme
    except ValueError as error:
        return FetchFailure("permanent", "bad_url", f"redirect to {location[:200]!r} ({error})")
    if scheme == "http" and reply.url.startswith("https:"):
        return FetchFailure("permanent", "https_downgrade", f"redirect from https to {target}")
    return target
