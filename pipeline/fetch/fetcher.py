"""The fetcher: a URL in, a page out, or the reason why not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.fetch.addresses import AddressBook
from pipeline.fetch.hops import Ask, Hops, Target
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.pace import Pace
from pipeline.fetch.reservations import Reservations, reserving_header
from pipeline.fetch.robots import Robots
from pipeline.fetch.schedule import Schedule
from pipeline.fetch.stream import Opening, Stream
from pipeline.fetch.transport import Caps, Reply, Transport
from pipeline.fetch.trouble import Trouble
from pipeline.fetch.turns import Turns
from pipeline.fetch.walk import Gate, walked
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
class Wanted:
    """A page to fetch: its URL, the validators of an earlier fetch, and what its listing said."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    hints: Hints = _NO_HINTS


Got = Page | NotModified | TransientFetchError | RefusedFetchError


class Fetcher:
    """Fetches pages politely, one (``fetch``, ``try_fetch``) or many (``fetch_many``).

    Thread-safe: pace, robots, addresses and connections are shared by its threads.

    Processes whose fetchers have the same ``turns_folder`` keep the interval of a host together.
    ``private_hosts`` are the "host:port" names that may be reached although their addresses are not public.
    Proxies, cookies and .netrc of the environment are not used.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        private_hosts: frozenset[str],
        now: Callable[[], datetime],
        turns_folder: Path | None = None,
    ) -> None:
        self.limits = limits
        self._now = now
        self._book = book = AddressBook(private_hosts)
        turns = Turns(turns_folder) if turns_folder is not None else None
        self._pace = pace = Pace(hold_max_seconds=limits.retry_after_max_seconds, turns=turns)
        self._transport = Transport(book, read_timeout_seconds=limits.read_timeout_seconds)
        self._hops = Hops(limits, transport=self._transport, book=book, pace=pace, now=now)
        self._robots = Robots(limits, hops=self._hops, pace=pace, now=now)
        self._reservations = Reservations(limits, hops=self._hops, now=now)

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
    ) -> Got:
        """Return what ``fetch`` returns, or the error that it raises, for callers that go on without the page."""
        wanted = Wanted(url=url, etag=etag, last_modified=last_modified, hints=hints)
        ask = self._ask(wanted, interval_seconds=interval_seconds, is_listing=is_listing)
        return self._got(wanted, walked(self._hops.walk(ask), self._pace))

    def fetch_many[K](self, wanted: Iterable[tuple[K, Wanted]]) -> Iterator[tuple[K, Wanted, Got]]:
        """Yield what became of each page, as it comes, with the caller's key of it. Hosts do not wait for each other.

        A page that is tried again goes behind the others of its host. ``wanted`` is read by the calling thread as
        results are, some thousands of pages ahead at most.
        """
        limits = self.limits
        schedule: Schedule[tuple[K, Wanted]] = Schedule(
            self._pace, threads=limits.threads, page_max_bytes=limits.wire_max_bytes + limits.page_max_bytes
        )
        walks = (((key, each), self._hops.walk(self._ask(each))) for key, each in wanted)
        for (key, each), got in schedule.run(walks):
            yield key, each, self._got(each, got)

    def _ask(self, wanted: Wanted, *, interval_seconds: float | None = None, is_listing: bool = False) -> Ask:
        validators = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
        return Ask(
            url=wanted.url,
            headers={name: value for name, value in validators.items() if value is not None},
            caps=self._caps(is_listing),
            interval_seconds=self.limits.host_interval_seconds if interval_seconds is None else interval_seconds,
            gate=self._robots.gate if is_listing else self._page_gate,
        )

    def _page_gate(self, target: Target) -> Gate:
        closed = yield from self._robots.gate(target)
        return closed if closed is not None else (yield from self._reservations.gate(target))

    @contextmanager
    def stream(self, url: str, *, max_bytes: int, interval_seconds: float | None = None) -> Iterator[Stream]:
        """Give a large file as it comes, up to ``max_bytes`` on the wire; its ``error`` says what went wrong.

        Redirects, robots, pace and addresses as for a page. The page's deadline is for the head, then none but
        ``read_timeout_seconds`` of silence and a least rate. What breaks off is not begun again.
        """
        limits = self.limits
        opening = Opening(self._book, read_timeout_seconds=limits.read_timeout_seconds)
        try:
            hops = Hops(limits, transport=opening, book=self._book, pace=self._pace, now=self._now)
            interval = limits.host_interval_seconds if interval_seconds is None else interval_seconds
            caps = Caps(max_bytes, max_bytes)
            ask = Ask(url=url, caps=caps, interval_seconds=interval, gate=self._robots.gate)
            got = walked(hops.walk(ask), self._pace)
            error = got.as_error(url) if isinstance(got, Trouble) else None
            yield Stream(url, opening, max_bytes=max_bytes, error=error)
        finally:
            opening.close()

    def _caps(self, is_listing: bool) -> Caps:
        limits = self.limits
        if is_listing:
            return Caps(max(limits.wire_max_bytes, limits.listing_max_bytes), limits.listing_max_bytes)
        return Caps(limits.wire_max_bytes, limits.page_max_bytes)

    def _got(self, wanted: Wanted, got: Reply | Trouble) -> Got:
        if isinstance(got, Trouble):
            return got.as_error(wanted.url)
        if got.status == 304:
            return NotModified(url=wanted.url, fetched_at=self._now(), headers=got.headers, exchange=got.exchange)
        header = reserving_header(got.headers) if self.limits.obeys_reservation else None
        if header is not None:
            told = f"{header!r} reserves text and data mining; NEWS_TDM_POLICY=record keeps such pages"
            return Trouble("never", "tdm_reserved", told).as_error(wanted.url)
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
