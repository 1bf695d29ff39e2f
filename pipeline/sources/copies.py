"""Pages that a web archive keeps: the copy is fetched, and the page is what was there then."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock

from pipeline.errors import NewsError, RefusedFetchError, TransientFetchError
from pipeline.fetch import Fetcher, NotModified
from pipeline.model import Hints, Page
from pipeline.sources.links import absolute_url

_STAMP = "%Y%m%d%H%M%S"
_COPY = re.compile(r"/web/(\d{14})id_/(https?:.+)$", re.ASCII | re.IGNORECASE)
_ORIGINAL = "x-archive-orig-"
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding", "connection")
_STOPS = ("http_429", "host_on_hold")


def copy_url(api: str, stamp: str, url: str) -> str:
    """Return where an archive gives a page as it was at a time, without anything of its own in it."""
    return f"{api.rstrip('/')}/web/{stamp}id_/{url}"


def time_of(stamp: str) -> datetime:
    """Return the time of an archive's 14 digits, UTC. Raises: ValueError."""
    if not re.fullmatch(r"\d{14}", stamp, re.ASCII):
        raise ValueError(f"{stamp[:40]!r} is no time of 14 digits")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


class Copies:
    """A fetcher that gets the copy where a page's hints name one. Thread-safe.

    Copies come over one connection, and none is asked for in this run once the archive said 429.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._one_at_a_time = Lock()
        self._stopped_by: NewsError | None = None

    def heed(self, error: NewsError) -> None:
        """Ask for no further copy if an error says that we ask too much."""
        if isinstance(error, TransientFetchError) and error.reason in _STOPS:
            self._stopped_by = error

    def try_fetch(
        self, url: str, *, etag: str | None, last_modified: str | None, hints: Hints
    ) -> Page | NotModified | TransientFetchError | RefusedFetchError:
        """Return what ``Fetcher.try_fetch`` does. A copy has the original's URLs and headers, and the time of its
        capture; validators are not for an archive."""
        if hints.copy_url is None:
            return self._fetcher.try_fetch(url, etag=etag, last_modified=last_modified, hints=hints)
        with self._one_at_a_time:
            if self._stopped_by is not None:
                told = f"{hints.copy_url}: not asked for, the archive wants a pause; tried in a later run"
                return TransientFetchError(told, key=url, reason="host_on_hold")
            got = self._fetcher.try_fetch(hints.copy_url, hints=hints)
            if isinstance(got, NewsError):
                self.heed(got)
        return _original(got, url) if isinstance(got, Page) else got


def _original(page: Page, url: str) -> Page | RefusedFetchError:
    """Return the page that a copy is of; the archive may have gone on to the capture nearest in time."""
    match = _COPY.search(page.final_url or "")
    final_url = absolute_url(match[2]) if match else None
    if match is None or final_url is None:
        told = f"{page.url}: the archive leads to {page.final_url}, which is no copy"
        return RefusedFetchError(told, key=url, reason="not_a_copy")
    try:
        captured_at = time_of(match[1])
    except ValueError as error:
        return RefusedFetchError(f"{page.final_url}: {error}", key=url, reason="not_a_copy")
    return replace(page, url=url, final_url=final_url, headers=_headers(page.headers), fetched_at=captured_at)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the original; the archive's own but for type and time are not the page's."""
    kept = {name: headers[name] for name in ("content-type", "memento-datetime") if name in headers}
    original = {name.removeprefix(_ORIGINAL): value for name, value in headers.items() if name.startswith(_ORIGINAL)}
    return kept | {name: value for name, value in original.items() if name not in _OF_THE_WIRE}
