"""The fetcher: fetches one or many pages by URL, and large files as streams."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import requests
import urllib3

from newslake.pipeline.errors import BrokenItemError, NewsError, RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch.address_guard import AddressBook
from newslake.pipeline.fetch.rate_limit import HostHealth, RateLimiter
from newslake.pipeline.fetch.redirects import Gate, RequestRunner, RequestSpec, RequestTarget, run_walk
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.fetch.robots import Reservations, Robots, refusal_for
from newslake.pipeline.fetch.scheduler import Schedule
from newslake.pipeline.fetch.transport import Caps, FetchLimits, Reply, Transport, failure_of
from newslake.pipeline.leases import HostRates
from newslake.pipeline.model import Exchange, Hints, Page
from newslake.pipeline.model.rights import distinct_rights, rights_in_headers

_NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server's 304 response: the content that we have is current. ``headers`` have lower-case names."""

    url: str
    fetched_at: datetime
    headers: Mapping[str, str]
    exchange: Exchange | None = field(default=None, compare=False, repr=False)

    @property
    def etag(self) -> str | None:
        """The ETag in the response."""
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """The Last-Modified in the response."""
        return self.headers.get("last-modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page to fetch: its URL, the validators of an earlier fetch, and the hints of its listing."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    hints: Hints = _NO_HINTS


FetchError = TransientFetchError | RefusedFetchError | BrokenItemError
FetchResult = Page | NotModified | FetchError


# Streams: large files with the checks of a page, never whole in memory; a read timeout or a slow rate ends them.

_PIECE = 1 << 16
_SLOW_AFTER = 4  # the rate is checked after waiting this multiple of the read timeout
_LEAST_BYTES_A_SECOND = 10_000  # a gigabyte would take more than a day


class StreamTransport(Transport):
    """A transport that keeps the body of its last reply open. Used by one thread, for one stream."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._open: requests.Response | None = None

    def _exchange(self, request: requests.PreparedRequest, caps: Caps) -> Reply | FetchFailure:
        response, headers, exchange = self._send(request)
        is_success = 200 <= response.status_code < 300
        if is_success and not _is_coded(headers):
            self._open = response
        else:
            response.close()
        if is_success and _is_coded(headers):
            return FetchFailure("permanent", "bad_encoding", "a streamed file must not have a content coding")
        return Reply(request.url or "", response.status_code, headers, b"", exchange)

    @property
    def is_open(self) -> bool:
        """Whether a reply has a body to read."""
        return self._open is not None

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        super().close()

    def pieces(self) -> Iterator[bytes]:
        """Yield the open body. Each piece must arrive within ``read_timeout_seconds``, all at a minimum rate.

        Raises: the errors of requests and urllib3.
        """
        if self._open is None:
            return
        patience = self._clock.read_timeout_seconds
        size, waited_seconds = 0, 0.0
        while True:
            started = time.monotonic()
            self._clock.deadline = started + patience
            piece = self._open.raw.read1(_PIECE, decode_content=False)
            if not piece:
                return
            size, waited_seconds = size + len(piece), waited_seconds + time.monotonic() - started
            if waited_seconds > _SLOW_AFTER * patience and size < _LEAST_BYTES_A_SECOND * waited_seconds:
                raise urllib3.exceptions.TimeoutError(f"{size} bytes in {waited_seconds:.0f} s")
            yield piece


class StreamRunner(RequestRunner):
    """A runner whose last request stays open, also for other processes, until the end of its body (``end``)."""

    def __init__(self, limits: FetchLimits, *, transport: StreamTransport, **options: Any) -> None:
        super().__init__(limits, transport=transport, **options)
        self._body = transport
        self._request_held: tuple[str, float] | None = None

    def _finish(self, host: str, interval_seconds: float, *, health: HostHealth) -> None:
        if self._body.is_open:
            self._request_held = host, interval_seconds
        else:
            super()._finish(host, interval_seconds, health=health)

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces of the body; each renews the request."""
        for piece in self._body.pieces():
            if self._request_held is not None:
                self._limiter.renew(*self._request_held)
            yield piece

    def end(self, *, health: HostHealth) -> None:
        """Close the body and its request."""
        self._body.close()
        if self._request_held is not None:
            self._limiter.finish(*self._request_held, health=health)


class Stream:
    """The pieces of a file. ``error`` says why it is missing or incomplete; None on success."""

    def __init__(
        self,
        url: str,
        runner: StreamRunner,
        *,
        max_bytes: int,
        error: FetchError | None,
    ) -> None:
        self.error = error
        self._url = url
        self._runner = runner
        self._max_bytes = max_bytes

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces as they arrive, up to ``max_bytes`` or to a failure, which sets ``error``."""
        if self.error is not None:
            return
        size = 0
        try:
            for piece in self._runner.pieces():
                size += len(piece)
                if size > self._max_bytes:
                    failure = FetchFailure("permanent", "too_large", f"more than {self._max_bytes} bytes on the wire")
                    self.error = failure.as_error(self._url)
                    return
                yield piece
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self.error = failure_of(error).as_error(self._url)


def _is_coded(headers: Mapping[str, str]) -> bool:
    return headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


class Fetcher:
    """Fetches pages politely, one (``fetch``, ``try_fetch``) or many (``fetch_many``).

    Thread-safe: its threads share rate limits, robots rules, addresses and connections. Processes with the same
    ``host_rates`` share rate limits, too. ``private_hosts`` are the "host:port" names that may have addresses that are
    not public.
    Proxies, cookies and .netrc of the environment are not used.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        private_hosts: frozenset[str],
        now: Callable[[], datetime],
        host_rates: HostRates | None = None,
    ) -> None:
        self.limits = limits
        self._now = now
        self._book = book = AddressBook(private_hosts)
        self._limiter = limiter = RateLimiter(hold_max_seconds=limits.retry_after_max_seconds, shared=host_rates)
        self._transport = Transport(book, read_timeout_seconds=limits.read_timeout_seconds)
        self._runner = RequestRunner(limits, transport=self._transport, book=book, limiter=limiter, now=now)
        self._robots = Robots(limits, runner=self._runner, limiter=limiter, now=now)
        self._reservations = Reservations(limits, runner=self._runner, now=now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        is_listing: bool = False,
        hints: Hints = _NO_HINTS,
        interval_seconds: float | None = None,
    ) -> Page | NotModified:
        """Return the current page; NotModified if the validators of an earlier fetch are still valid.

        ``interval_seconds`` is the minimum time until the host's next request; None means the value of the limits.
        Raises: TransientFetchError after all tries, RefusedFetchError, BrokenItemError. The package's docstring has the
        reasons.
        """
        got = self.try_fetch(
            url,
            etag=etag,
            last_modified=last_modified,
            is_listing=is_listing,
            hints=hints,
            interval_seconds=interval_seconds,
        )
        if isinstance(got, NewsError):
            raise got
        return got

    def try_fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        is_listing: bool = False,
        hints: Hints = _NO_HINTS,
        interval_seconds: float | None = None,
    ) -> FetchResult:
        """Return the result of ``fetch``, or the error that it raises, for callers that continue without the page."""
        wanted = PageRequest(url=url, etag=etag, last_modified=last_modified, hints=hints)
        spec = self._spec(wanted, interval_seconds=interval_seconds, is_listing=is_listing)
        return self._result(wanted, run_walk(self._runner.walk(spec), self._limiter))

    def fetch_many[K](self, wanted: Iterable[tuple[K, PageRequest]]) -> Iterator[tuple[K, PageRequest, FetchResult]]:
        """Yield the result of each page as it arrives, with the caller's key. Hosts do not wait for each other.

        A retried page comes after the others of its host. The calling thread reads ``wanted`` while it reads results,
        at most some thousands of pages ahead.
        """
        limits = self.limits
        schedule: Schedule[tuple[K, PageRequest]] = Schedule(
            self._limiter, threads=limits.threads, page_max_bytes=limits.wire_max_bytes + limits.page_max_bytes
        )
        walks = (((key, each), self._runner.walk(self._spec(each))) for key, each in wanted)
        for (key, each), got in schedule.run(walks):
            yield key, each, self._result(each, got)

    @contextmanager
    def stream(self, url: str, *, max_bytes: int, interval_seconds: float | None = None) -> Iterator[Stream]:
        """Yield the stream of a large file, up to ``max_bytes`` on the wire; its ``error`` says what failed.

        Redirects, robots rules, rate limits and address checks are the same as for a page. The page's deadline applies
        to the head; the body has only ``read_timeout_seconds`` and a minimum rate. A truncated stream is not retried.
        The request is open until the end of the block, so do not request more of the host in it.
        """
        limits = self.limits
        opening = StreamTransport(self._book, read_timeout_seconds=limits.read_timeout_seconds)
        runner = StreamRunner(limits, transport=opening, book=self._book, limiter=self._limiter, now=self._now)
        health: HostHealth = "ok"
        try:
            interval = limits.host_interval_seconds if interval_seconds is None else interval_seconds
            caps = Caps(max_bytes, max_bytes)
            spec = RequestSpec(url=url, caps=caps, interval_seconds=interval, gate=self._robots.gate)
            got = run_walk(runner.walk(spec), self._limiter)
            error = got.as_error(url) if isinstance(got, FetchFailure) else None
            stream = Stream(url, runner, max_bytes=max_bytes, error=error)
            yield stream
            health = "failed" if isinstance(stream.error, TransientFetchError) else "ok"
        finally:
            runner.end(health=health)

    def _spec(
        self, wanted: PageRequest, *, interval_seconds: float | None = None, is_listing: bool = False
    ) -> RequestSpec:
        validators = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
        return RequestSpec(
            url=wanted.url,
            headers={name: value for name, value in validators.items() if value is not None},
            caps=self._caps(is_listing),
            interval_seconds=self.limits.host_interval_seconds if interval_seconds is None else interval_seconds,
            gate=self._robots.gate if is_listing else self._page_gate,
        )

    def _page_gate(self, target: RequestTarget) -> Gate:
        closed = yield from self._robots.gate(target, is_page=True)
        return closed if closed is not None else (yield from self._reservations.gate(target))

    def _caps(self, is_listing: bool) -> Caps:
        limits = self.limits
        if is_listing:
            return Caps(max(limits.wire_max_bytes, limits.listing_max_bytes), limits.listing_max_bytes)
        return Caps(limits.wire_max_bytes, limits.page_max_bytes)

    def _result(self, wanted: PageRequest, got: Reply | FetchFailure) -> FetchResult:
        if isinstance(got, FetchFailure):
            return got.as_error(wanted.url)
        if got.status == 304:
            return NotModified(url=wanted.url, fetched_at=self._now(), headers=got.headers, exchange=got.exchange)
        received_at = self._now()
        stated = rights_in_headers(got.headers, url=got.url, at=received_at)
        if self.limits.obeys_reservation and (refusal := refusal_for(stated)) is not None:
            return refusal.as_error(wanted.url)
        return Page(
            url=wanted.url,
            final_url=got.url,
            status=got.status,
            headers=got.headers,
            body=got.body,
            fetched_at=received_at,
            hints=self._with_rights(wanted.hints, got.url),
            exchange=got.exchange,
        )

    def _with_rights(self, hints: Hints, url: str) -> Hints:
        """Return the hints of a page at ``url`` with what its host's files say about it now, instead of before."""
        rights = distinct_rights((*self._robots.rights(url), *self._reservations.rights(url)))
        is_reserved = any(each.is_reservation for each in rights)
        return replace(hints, rights=rights or None, tdm_reserved=is_reserved or None)
