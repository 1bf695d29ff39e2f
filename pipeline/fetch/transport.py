"""One HTTP request and its reply: time and size limits, connections to checked addresses only, bodies as sent."""

import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException, HTTPResponse, parse_headers
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from newslake.pipeline.content_encoding import BadEncodingError, CutShortError, TooLargeError, decode_body
from newslake.pipeline.fetch.address_guard import AddressBook
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.model import Exchange
from newslake.pipeline.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Limits of one fetcher: time, bytes, tries. ``threads`` is the maximum number of open requests.

    ``page_deadline_seconds`` counts time with servers, not the waits of the rate limiter.
    ``retry_after_max_seconds`` limits every wait between two tries. ``obeys_reservation`` refuses pages if their host
    reserves text and data mining. A listing may have ``listing_max_bytes`` on the wire if that is more than
    ``wire_max_bytes``.
    """

    user_agent: str
    accept_encoding: str
    read_timeout_seconds: float
    page_deadline_seconds: float
    attempts: int
    retry_after_max_seconds: float
    page_max_bytes: int
    listing_max_bytes: int
    wire_max_bytes: int
    redirects_max: int
    host_interval_seconds: float
    threads: int
    obeys_reservation: bool


def limits_from(settings: Settings) -> FetchLimits:
    """Return the limits in the settings."""
    return FetchLimits(
        user_agent=settings.user_agent,
        accept_encoding=settings.accept_encoding,
        read_timeout_seconds=settings.read_timeout_seconds,
        page_deadline_seconds=settings.page_deadline_seconds,
        attempts=settings.fetch_attempts,
        retry_after_max_seconds=settings.retry_after_max_seconds,
        page_max_bytes=settings.page_max_bytes,
        listing_max_bytes=settings.listing_max_bytes,
        wire_max_bytes=settings.wire_max_bytes,
        redirects_max=settings.redirects_max,
        host_interval_seconds=settings.host_interval_seconds,
        threads=settings.fetch_threads,
        obeys_reservation=settings.tdm_policy == "obey",
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to one request. ``headers`` have lower-case names; ``body`` has no content codings."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    exchange: Exchange


@dataclass(slots=True)
class Budget:
    """Remaining seconds that one page may spend with servers."""

    seconds_left: float


@dataclass(frozen=True, slots=True)
class Caps:
    """Maximum bytes of a body, on the wire and decoded. With ``is_cut`` a longer decoded body is cut."""

    wire_bytes: int
    body_bytes: int
    is_cut: bool = False


# Connections to the checked address, with a deadline on every read; request and response heads stay as sent.

_INTERIM_MAX = 100  # responses before the final one
_SWITCHING_PROTOCOLS = 101  # final: the rest of the connection is no HTTP, and no request asks for it
_HEAD_END = (b"\r\n", b"\n", b"")
_POOL_HOSTS, _POOL_CONNECTIONS = 128, 32


class FramingTooLargeError(urllib3.exceptions.HTTPError):
    """Chunk sizes, extensions and trailers of a chunked body exceed the limit of bytes on the wire."""


class Clock(threading.local):
    """The current request of this thread: its deadline (seconds of time.monotonic), request and response head as sent,
    and the remaining bytes of chunk framing.
    """

    def __init__(self, read_timeout_seconds: float) -> None:
        self.read_timeout_seconds = read_timeout_seconds
        self.deadline = 0.0
        self.request = b""
        self.head = b""
        self.framing_bytes_left = 0

    def seconds_to_wait(self) -> float:
        """Return the seconds that the next read may block. Never 0, which would make the socket non-blocking."""
        return max(0.001, min(self.read_timeout_seconds, self.deadline - time.monotonic()))


class _TimedReader(io.RawIOBase):
    """The reading end of a socket. No slow sender can hold it past the deadline, however http.client reads."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        super().__init__()
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)  # counts as a user of the socket until it is closed
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() >= self._clock.deadline:
            raise TimeoutError("the page's deadline has passed")
        self._sock.settimeout(self._clock.seconds_to_wait())
        return self._file.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _HeadKeeper(io.BufferedReader):
    """Keeps the lines of the last head; the earlier heads of interim responses are dropped.

    Lines after ``take_head`` are the framing of a chunked body; they are counted. Raises: FramingTooLargeError.
    """

    def __init__(self, raw: io.RawIOBase, clock: Clock) -> None:
        super().__init__(raw)
        self._clock = clock
        self._lines: list[bytes] | None = []

    def take_head(self) -> bytes:
        head, self._lines = b"".join(self._lines or ()), None
        return head

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if self._lines is None:
            self._clock.framing_bytes_left -= len(line)
            if self._clock.framing_bytes_left < 0:
                raise FramingTooLargeError("more bytes between the chunks of the body than the limit on the wire")
            return line
        if self._lines and self._lines[-1] in _HEAD_END:
            self._lines.clear()
        self._lines.append(line)
        return line


class TimedResponse(HTTPResponse):
    """A response that reads within the clock's deadline and stores its head in the clock."""

    def __init__(self, clock: Clock, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = self._keeper = _HeadKeeper(_TimedReader(sock, clock), clock)
        self._clock = clock

    def _read_status(self) -> tuple[str, int, str]:
        """Return the status line of the final response. http.client takes 102 and 103 for final ones.

        Raises: HTTPException after too many interim responses.
        """
        for _ in range(_INTERIM_MAX):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # begin calls it
            if not 100 <= line[1] < 200 or line[1] == _SWITCHING_PROTOCOLS:
                return line
            parse_headers(self.fp)
        raise HTTPException(f"more than {_INTERIM_MAX} interim responses")

    def begin(self) -> None:
        super().begin()
        self._clock.head = self._keeper.take_head()


class PinnedAdapter(HTTPAdapter):
    """Connects to the address that the guard checked. Host header, SNI and certificate check use the host name."""

    def __init__(self, book: AddressBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        super().__init__(pool_connections=_POOL_HOSTS, pool_maxsize=_POOL_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": self._pinned(HTTPConnectionPool, HTTPConnection),
            "https": self._pinned(HTTPSConnectionPool, HTTPSConnection),
        }

    def _pinned(self, pool: type[HTTPConnectionPool], connection: type[HTTPConnection]) -> type[HTTPConnectionPool]:
        book, clock = self._book, self._clock

        def connect(self: HTTPConnection) -> socket.socket:
            return _connect(book, self)

        def send(self: HTTPConnection, data: bytes) -> None:
            clock.request = bytes(data)  # a GET is sent in one piece
            connection.send(self, data)

        members = {
            "_new_conn": connect,
            "send": send,
            "response_class": staticmethod(partial(TimedResponse, clock)),
        }
        pinned = type(f"Pinned{connection.__name__}", (connection,), members)
        return type(f"Pinned{pool.__name__}", (pool,), {"ConnectionCls": pinned})


def _connect(book: AddressBook, connection: HTTPConnection) -> socket.socket:
    """Return a socket to the first address that accepts a connection.

    The address is checked again here, so that no connection bypasses the guard.
    Raises: RefusedFetchError for an address that is not public.
    """
    endpoint = book.endpoint(connection.host.strip("[]"), connection.port)
    if isinstance(endpoint, FetchFailure):
        raise endpoint.as_error(connection.host)
    failure: OSError = OSError(f"{connection.host} does not resolve")
    for address in endpoint.addresses:
        try:
            return urllib3.util.connection.create_connection(
                (address, connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError(connection, f"{connection.host} does not respond") from failure
    raise urllib3.exceptions.NewConnectionError(connection, f"{connection.host}: {failure}") from failure


# Requests.

_CHUNK = 1 << 16


class Transport:
    """Sends requests. Thread-safe: connections are shared, the deadline is per thread.

    Not a ``requests.Session``: its ``send`` reads the bodies of redirects without a limit, and it keeps cookies.
    """

    def __init__(self, book: AddressBook, *, read_timeout_seconds: float) -> None:
        self._clock = Clock(read_timeout_seconds)
        self._adapter = PinnedAdapter(book, self._clock)

    def close(self) -> None:
        self._adapter.close()

    def get(self, request: requests.PreparedRequest, *, caps: Caps, budget: Budget) -> Reply | FetchFailure:
        """Return the reply to one GET without following redirects; bodies are read for status 200 to 299 only."""
        started = time.monotonic()
        self._clock.deadline = started + budget.seconds_left
        self._clock.framing_bytes_left = caps.wire_bytes
        try:
            reply = self._exchange(request, caps)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reply = failure_of(error)
        budget.seconds_left -= time.monotonic() - started
        if isinstance(reply, FetchFailure) and reply.kind != "permanent" and budget.seconds_left <= 0:
            message = "the server took longer than the page's deadline; retried in a later run"
            exchange = reply.exchange and replace(reply.exchange, truncated="time")
            return FetchFailure("defer", "deadline", message, exchange=exchange)
        return reply

    def _exchange(self, request: requests.PreparedRequest, caps: Caps) -> Reply | FetchFailure:
        response, headers, exchange = self._send(request)
        try:
            if not 200 <= response.status_code < 300:
                return Reply(request.url or "", response.status_code, headers, b"", exchange)
            return _reply(response, headers, caps, exchange)
        finally:
            response.close()

    def _send(self, request: requests.PreparedRequest) -> tuple[requests.Response, Mapping[str, str], Exchange]:
        """Send a request; return the response with its body unread, its headers, and the heads as sent."""
        timeout = self._clock.seconds_to_wait()
        response = self._adapter.send(request, stream=True, timeout=(timeout, timeout), verify=True, proxies={})
        headers = {name.lower(): value for name, value in response.headers.items()}
        return response, headers, Exchange(request=self._clock.request, head=self._clock.head, body=b"")


def _reply(
    response: requests.Response, headers: Mapping[str, str], caps: Caps, exchange: Exchange
) -> Reply | FetchFailure:
    """Return the reply with its body, decoded and as sent. A failure keeps the part of a truncated body."""
    coding, sent = headers.get("content-encoding", ""), io.BytesIO()
    wire = _copy_chunks(_limit_chunks(_wire(response.raw), caps.wire_bytes), sent)
    try:
        body = decode_body(wire, content_encoding=coding, max_bytes=caps.body_bytes, is_cut=caps.is_cut)
    except (TooLargeError, FramingTooLargeError) as error:
        return FetchFailure("permanent", "too_large", f"{error}; raise the limit to fetch such pages")
    except CutShortError as error:
        failure = FetchFailure("retry", "truncated", str(error))
        return replace(failure, exchange=_cut_exchange(exchange, sent, failure))
    except BadEncodingError as error:
        return FetchFailure("permanent", "bad_encoding", str(error))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        failure = failure_of(error)
        return replace(failure, exchange=_cut_exchange(exchange, sent, failure))
    as_sent = sent.getvalue() if coding else body  # the same bytes are stored once
    return Reply(response.url, response.status_code, headers, body, replace(exchange, body=as_sent))


def _cut_exchange(exchange: Exchange, sent: io.BytesIO, failure: FetchFailure) -> Exchange | None:
    """Return the exchange with the received part of a truncated body; None if no byte arrived."""
    if not (body := sent.getvalue()):
        return None
    return replace(exchange, body=body, truncated="time" if failure.reason == "timeout" else "disconnect")


def _wire(raw: urllib3.HTTPResponse) -> Iterator[bytes]:
    # read1 returns what has arrived; read would wait for the full amount, past our deadlines.
    while chunk := raw.read1(_CHUNK, decode_content=False):
        yield chunk


def _copy_chunks(chunks: Iterator[bytes], sent: io.BytesIO) -> Iterator[bytes]:
    for chunk in chunks:
        sent.write(chunk)
        yield chunk


def _limit_chunks(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise TooLargeError(f"more than {max_bytes} bytes on the wire")
        yield chunk


def failure_of(error: requests.RequestException | urllib3.exceptions.HTTPError) -> FetchFailure:
    """Return the failure for an error of an exchange."""
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return FetchFailure(
            "defer", "tls_failed", f"no trusted TLS connection ({error}); check the server's certificate"
        )
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return FetchFailure("retry", "timeout", "the server does not respond; retried later")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return FetchFailure("permanent", "bad_url", str(error))
    if isinstance(error, FramingTooLargeError):
        return FetchFailure("permanent", "too_large", str(error))
    if isinstance(error, urllib3.exceptions.ProtocolError):  # after the head, while reading the body
        return FetchFailure("retry", "truncated", f"the body is truncated ({error})")
    return FetchFailure("retry", "connection_failed", f"no connection, or a broken one ({_first_cause(error)})")


def _first_cause(error: BaseException) -> BaseException:
    """Return the first error of a chain: the message of the system, not of the libraries around it."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
