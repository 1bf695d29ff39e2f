"""Connections pinned to the checked address, with a deadline on every read; the heads that go over them are kept."""

import io
import socket
import threading
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pipeline.fetch.address_guard import AddressBook
from pipeline.fetch.retry import FetchFailure

_HEAD_END = (b"\r\n", b"\n", b"")
_HOSTS_KEPT, _CONNECTIONS_KEPT = 128, 32


class FramingTooLargeError(urllib3.exceptions.HTTPError):
    """Sizes, extensions and trailers of a chunked body beyond the cap of bytes on the wire."""


class Clock(threading.local):
    """The request that this thread is in: its deadline, in seconds of time.monotonic, the heads that went over the
    wire, as bytes, and how many bytes of chunks' framing may still come.
    """

    def __init__(self, read_timeout_seconds: float) -> None:
        self.read_timeout_seconds = read_timeout_seconds
        self.deadline = 0.0
        self.request = b""
        self.head = b""
        self.framing_bytes_left = 0

    def seconds_to_wait(self) -> float:
        """Return how long the next read may block. Never 0, which would mean not at all."""
        return max(0.001, min(self.read_timeout_seconds, self.deadline - time.monotonic()))


class _TimedReader(io.RawIOBase):
    """A socket's reading end that no slow sender can hold past the deadline, whatever http.client asks of it."""

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
    """Keeps the lines of the head that was read last; one before it was that of a 100 Continue.

    Lines after ``take_head`` frame a chunked body: they are counted. Raises: FramingTooLargeError.
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
                raise FramingTooLargeError("more bytes between the chunks of the body than the cap on the wire")
            return line
        if self._lines and self._lines[-1] in _HEAD_END:
            self._lines.clear()
        self._lines.append(line)
        return line


class _TimedResponse(HTTPResponse):
    """A response whose reads keep the clock's deadline, and which leaves its head with the clock."""

    def __init__(self, clock: Clock, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = self._keeper = _HeadKeeper(_TimedReader(sock, clock), clock)
        self._clock = clock

    def begin(self) -> None:
        super().begin()
        self._clock.head = self._keeper.take_head()


class PinnedAdapter(HTTPAdapter):
    """Connects to the address that the book has checked; the Host header, SNI and certificate keep the name."""

    def __init__(self, book: AddressBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        super().__init__(pool_connections=_HOSTS_KEPT, pool_maxsize=_CONNECTIONS_KEPT)

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
            "response_class": staticmethod(partial(_TimedResponse, clock)),
        }
        pinned = type(f"Pinned{connection.__name__}", (connection,), members)
        return type(f"Pinned{pool.__name__}", (pool,), {"ConnectionCls": pinned})


def _connect(book: AddressBook, connection: HTTPConnection) -> socket.socket:
    """Return a socket to the first address that answers.

    The check is made here once more, so that no path to a connection goes round it.
    Raises: RefusedFetchError for an address that is not public.
    """
    endpoint = book.endpoint(connection.host.strip("[]"), connection.port)
    if isinstance(endpoint, FetchFailure):
        raise endpoint.as_error(connection.host)
    failure: OSError = OSError(f"{connection.host} has no address")
    for address in endpoint.addresses:
        try:
            return urllib3.util.connection.create_connection(
                (address, connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError(connection, f"{connection.host} does not answer") from failure
    raise urllib3.exceptions.NewConnectionError(connection, f"{connection.host}: {failure}") from failure
