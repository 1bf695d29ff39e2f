"""A large file over HTTP, read as it comes: every page's guards, no body in memory; silence and dripping end it."""

import time
from collections.abc import Iterator, Mapping

import requests
import urllib3

from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.transport import Caps, Reply, Transport, failure_of
from pipeline.model import Exchange

_PIECE = 1 << 16
_SLOW_AFTER = 4  # time-outs of waiting, after which the rate counts: a server must not drip for days
_LEAST_BYTES_A_SECOND = 10_000  # a gigabyte would take more than a day


class StreamTransport(Transport):
    """A transport that leaves the body of its last reply unread. Used by one thread, for one stream."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._open: requests.Response | None = None

    def _exchange(self, request: requests.PreparedRequest, caps: Caps) -> Reply | FetchFailure:
        timeout = self._clock.seconds_to_wait()
        response = self._adapter.send(request, stream=True, timeout=(timeout, timeout), verify=True, proxies={})
        headers = {name.lower(): value for name, value in response.headers.items()}
        if 200 <= response.status_code < 300 and not _is_coded(headers):
            self._open = response
        else:
            response.close()
        if 200 <= response.status_code < 300 and _is_coded(headers):
            return FetchFailure(
                "permanent", "bad_encoding", "a file that is streamed must come without a content coding"
            )
        exchange = Exchange(request=self._clock.request, head=self._clock.head, body=b"")
        return Reply(request.url or "", response.status_code, headers, b"", exchange)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        super().close()

    def pieces(self) -> Iterator[bytes]:
        """Yield the open body; each piece must come within ``read_timeout_seconds``, and all of them at a least rate.

        Raises: what requests and urllib3 raise.
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


class Stream:
    """The pieces of a file. ``error`` is why it did not come, or ended too soon; None while all is well."""

    def __init__(
        self,
        url: str,
        opening: StreamTransport,
        *,
        max_bytes: int,
        error: TransientFetchError | RefusedFetchError | None,
    ) -> None:
        self.error = error
        self._url = url
        self._opening = opening
        self._max_bytes = max_bytes

    def pieces(self) -> Iterator[bytes]:
        """Yield what comes, up to the cap or the first trouble, which is then ``error``."""
        if self.error is not None:
            return
        size = 0
        try:
            for piece in self._opening.pieces():
                size += len(piece)
                if size > self._max_bytes:
                    told = FetchFailure("permanent", "too_large", f"more than {self._max_bytes} bytes on the wire")
                    self.error = told.as_error(self._url)
                    return
                yield piece
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self.error = failure_of(error).as_error(self._url)


def _is_coded(headers: Mapping[str, str]) -> bool:
    return headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
