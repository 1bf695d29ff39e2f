"""One request, one reply, with a cap on every byte."""

import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import requests
import urllib3

from pipeline.content_encoding import BadEncodingError, CutShortError, TooLargeError, decode_body
from pipeline.fetch.address_guard import AddressBook
from pipeline.fetch.connections import Clock, FramingTooLargeError, PinnedAdapter
from pipeline.fetch.retry import FetchFailure
from pipeline.model import Exchange

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said to one request. ``headers`` have lower-case names; ``body`` has no content codings."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    exchange: Exchange


@dataclass(slots=True)
class Budget:
    """Seconds that one page may still spend with servers."""

    seconds_left: float


@dataclass(frozen=True, slots=True)
class Caps:
    """Most bytes of a body, on the wire and decoded. ``is_cut`` takes the beginning of one that is longer decoded."""

    wire_bytes: int
    body_bytes: int
    is_cut: bool = False


class Transport:
    """Sends requests. Thread-safe: connections are shared, the deadline is each thread's own.

    Not a ``requests.Session``: its ``send`` reads the bodies of redirects without a cap, and it keeps cookies.
    """

    def __init__(self, book: AddressBook, *, read_timeout_seconds: float) -> None:
        self._clock = Clock(read_timeout_seconds)
        self._adapter = PinnedAdapter(book, self._clock)

    def close(self) -> None:
        self._adapter.close()

    def get(self, request: requests.PreparedRequest, *, caps: Caps, budget: Budget) -> Reply | FetchFailure:
        """Return the reply to one GET, redirects not followed; bodies are read for status 200 to 299 only."""
        started = time.monotonic()
        self._clock.deadline = started + budget.seconds_left
        self._clock.framing_bytes_left = caps.wire_bytes
        try:
            reply = self._exchange(request, caps)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reply = failure_of(error)
        budget.seconds_left -= time.monotonic() - started
        if isinstance(reply, FetchFailure) and reply.kind != "permanent" and budget.seconds_left <= 0:
            told = "the server took longer than the page's deadline; tried in a later run"
            exchange = reply.exchange and replace(reply.exchange, truncated="time")
            return FetchFailure("defer", "deadline", told, exchange=exchange)
        return reply

    def _exchange(self, request: requests.PreparedRequest, caps: Caps) -> Reply | FetchFailure:
        timeout = self._clock.seconds_to_wait()
        response = self._adapter.send(request, stream=True, timeout=(timeout, timeout), verify=True, proxies={})
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            exchange = Exchange(request=self._clock.request, head=self._clock.head, body=b"")
            if not 200 <= response.status_code < 300:
                return Reply(request.url or "", response.status_code, headers, b"", exchange)
            return _reply(response, headers, caps, exchange)
        finally:
            response.close()


def _reply(
    response: requests.Response, headers: Mapping[str, str], caps: Caps, exchange: Exchange
) -> Reply | FetchFailure:
    """Return the answer with its body, decoded and as sent. A body that broke off is kept with the failure."""
    coding, sent = headers.get("content-encoding", ""), io.BytesIO()
    wire = _copy_chunks(_limit_chunks(_wire(response.raw), caps.wire_bytes), sent)
    try:
        body = decode_body(wire, content_encoding=coding, max_bytes=caps.body_bytes, is_cut=caps.is_cut)
    except (TooLargeError, FramingTooLargeError) as error:
        return FetchFailure("permanent", "too_large", f"{error}; raise the cap if such pages are wanted")
    except CutShortError as error:
        failure = FetchFailure("retry", "truncated", str(error))
        return replace(failure, exchange=_cut_exchange(exchange, sent, failure))
    except BadEncodingError as error:
        return FetchFailure("permanent", "bad_encoding", str(error))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        failure = failure_of(error)
        return replace(failure, exchange=_cut_exchange(exchange, sent, failure))
    as_sent = sent.getvalue() if coding else body  # the same bytes are held once
    return Reply(response.url, response.status_code, headers, body, replace(exchange, body=as_sent))


def _cut_exchange(exchange: Exchange, sent: io.BytesIO, failure: FetchFailure) -> Exchange | None:
    """Return what came of a body that broke off; None where nothing did."""
    if not (body := sent.getvalue()):
        return None
    return replace(exchange, body=body, truncated="time" if failure.reason == "timeout" else "disconnect")


def _wire(raw: urllib3.HTTPResponse) -> Iterator[bytes]:
    # read1 gives what has come; read would wait for the full amount, past any deadline of ours.
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
    """Return what an exchange ended in, as a reason and what may be done."""
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return FetchFailure(
            "defer", "tls_failed", f"no trusted TLS connection ({error}); check the server's certificate"
        )
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return FetchFailure("retry", "timeout", "the server is silent; tried again later")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return FetchFailure("permanent", "bad_url", str(error))
    if isinstance(error, FramingTooLargeError):
        return FetchFailure("permanent", "too_large", str(error))
    if isinstance(error, urllib3.exceptions.ProtocolError):  # after the head: while the body was read
        return FetchFailure("retry", "truncated", f"the body broke off ({error})")
    return FetchFailure("retry", "connection_failed", f"no connection, or a broken one ({_first_cause(error)})")


def _first_cause(error: BaseException) -> BaseException:
    """Return what set off a chain of errors: the system's own words, not the libraries' around them."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
