"""The fetcher: a URL in, a page out, or the reason why not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.fetch.address_guard import AddressBook
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.rate_limit import RateLimiter
from pipeline.fetch.request import RequestRunner, RequestSpec, RequestTarget
from pipeline.fetch.reservations import Reservations, reserving_header
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.robots import Robots
from pipeline.fetch.scheduler import Schedule
from pipeline.fetch.stream import Stream, StreamTransport
from pipeline.fetch.transport import Caps, Reply, Transport
from pipeline.fetch.turns import SharedRateLimit
from pipeline.fetch.walk import Gate, run_walk
from pipeline.model import Exchange, Hints, Page

_NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that what we have is still right (304). ``headers`` have lower-case names."""

    url: str
    fetched_at: datetime
    headers: Mapping[str, str]
    exchange: Exchange | None = field(default=None, compare=False, repr=False)

    @property
    def etag(self) -> str | None:
        """The ETag that the server repeated."""
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """The Last-Modified that the server repeated."""
        return self.headers.get("last-modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page to fetch: its URL, the validators of an earlier fetch, and what its listing said."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    hints: Hints = _NO_HINTS


FetchResult = Page | NotModified | TransientFetchError | RefusedFetchError


class Fetcher:
    """Fetches pages politely, one (``fetch``, ``try_fetch``) or many (``fetch_many``).

    Thread-safe: pace, robots, addresses and connections are shared by its threads.

    Processes whose fetchers have the same ``rate_limit_folder`` keep the interval of a host together.
    ``private_hosts`` are the "host:port" names that may be reached although their addresses are not public.
    Proxies, cookies and .netrc of the environment are not used.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        private_hosts: frozenset[str],
        now: Callable[[], datetime],
        rate_limit_folder: Path | None = None,
    ) -> None:
        self.limits = limits
        self._now = now
        self._book = book = AddressBook(private_hosts)
        shared_limit = SharedRateLimit(rate_limit_folder) if rate_limit_folder is not None else None
        self._limiter = limiter = RateLimiter(
            hold_max_seconds=limits.retry_after_max_seconds, shared_limit=shared_limit
        )
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
        """Return the page as it is now; NotModified where the validators of an earlier fetch still hold.

        ``interval_seconds`` until the host's next start; None means that of the limits.
        Raises: TransientFetchError after all tries, RefusedFetchError; reasons in the package's docstring.
        """
        got = self.try_fetch(
            url,
            etag=etag,
            last_modified=last_modified,
            is_listing=is_listing,
            hints=hints,
            interval_seconds=interval_seconds,
        )
        if isinstance(got, TransientFetchError | RefusedFetchError):
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
        """Return what ``fetch`` returns, or the error that it raises, for callers that go on without the page."""
        wanted = PageRequest(url=url, etag=etag, last_modified=last_modified, hints=hints)
        spec = self._spec(wanted, interval_seconds=interval_seconds, is_listing=is_listing)
        return self._result(wanted, run_walk(self._runner.walk(spec), self._limiter))

    def fetch_many[K](self, wanted: Iterable[tuple[K, PageRequest]]) -> Iterator[tuple[K, PageRequest, FetchResult]]:
        """Yield what became of each page, as it comes, with the caller's key of it. Hosts do not wait for each other.

        A page that is tried again goes behind the others of its host. ``wanted`` is read by the calling thread as
        results are, some thousands of pages ahead at most.
        """
        limits = self.limits
        schedule: Schedule[tuple[K, PageRequest]] = Schedule(
            self._limiter, threads=limits.threads, page_max_bytes=limits.wire_max_bytes + limits.page_max_bytes
        )
        walks = (((key, each), self._runner.walk(self._spec(each))) for key, each in wanted)
        for (key, each), got in schedule.run(walks):
            yield key, each, self._result(each, got)

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
        closed = yield from self._robots.gate(target)
        return closed if closed is not None else (yield from self._reservations.gate(target))

    @contextmanager
    def stream(self, url: str, *, max_bytes: int, interval_seconds: float | None = None) -> Iterator[Stream]:
        """Give a large file as it comes, up to ``max_bytes`` on the wire; its ``error`` says what went wrong.

        Redirects, robots, pace and addresses as for a page. The page's deadline is for the head, then none but
        ``read_timeout_seconds`` of silence and a least rate. What breaks off is not begun again.
        """
        limits = self.limits
        opening = StreamTransport(self._book, read_timeout_seconds=limits.read_timeout_seconds)
        try:
            runner = RequestRunner(limits, transport=opening, book=self._book, limiter=self._limiter, now=self._now)
            interval = limits.host_interval_seconds if interval_seconds is None else interval_seconds
            caps = Caps(max_bytes, max_bytes)
            spec = RequestSpec(url=url, caps=caps, interval_seconds=interval, gate=self._robots.gate)
            got = run_walk(runner.walk(spec), self._limiter)
            error = got.as_error(url) if isinstance(got, FetchFailure) else None
            yield Stream(url, opening, max_bytes=max_bytes, error=error)
        finally:
            opening.close()

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
        header = reserving_header(got.headers) if self.limits.obeys_reservation else None
        if header is not None:
            told = f"{header!r} reserves text and data mining; NEWS_TDM_POLICY=record keeps such pages"
            return FetchFailure("permanent", "tdm_reserved", told).as_error(wanted.url)
        is_reserved = self._reservations.is_reserved(got.url)
        return Page(
            url=wanted.url,
            final_url=got.url,
            status=got.status,
            headers=got.headers,
            body=got.body,
            fetched_at=self._now(),
            hints=replace(wanted.hints, tdm_reserved=True) if is_reserved else wanted.hints,
            exchange=got.exchange,
        )
