"""Pages that a web archive keeps: the copy is fetched, and the page is what was there then."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.errors import NewsError, RefusedFetchError, TransientFetchError
from pipeline.fetch import Fetcher, FetchResult, PageRequest
from pipeline.model import Page
from pipeline.sources.normalize import absolute_url

_STAMP = "%Y%m%d%H%M%S"
_COPY = re.compile(r"/web/(\d{14})id_/(https?:.+)$", re.ASCII | re.IGNORECASE)
_ORIGINAL = "x-archive-orig-"
_WIRE_HEADERS = ("content-encoding", "content-length", "transfer-encoding", "connection")
_STOPS = ("http_429", "host_on_hold")


def copy_url(api: str, stamp: str, url: str) -> str:
    """Return where an archive gives a page as it was at a time, without anything of its own in it."""
    return f"{api.rstrip('/')}/web/{stamp}id_/{url}"


def time_of(stamp: str) -> datetime:
    """Return the time of an archive's 14 digits, UTC. Raises: ValueError."""
    if not re.fullmatch(r"\d{14}", stamp, re.ASCII):
        raise ValueError(f"{stamp[:40]!r} is no time of 14 digits")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


class WaybackFetcher:
    """A fetcher that gets the copy where a page's hints name one. Used by one thread.

    Copies are asked for one after the other, and none any more in this run once the archive said 429.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._is_stopped = False

    def heed(self, error: NewsError) -> None:
        """Ask for no further copy if an error says that we ask too much."""
        self._is_stopped |= isinstance(error, TransientFetchError) and error.reason in _STOPS

    def fetch_many[K](self, wanted: Iterable[tuple[K, PageRequest]]) -> Iterator[tuple[K, FetchResult]]:
        """Yield what became of each page, with the caller's key of it: pages as they come, then copies in order.

        A copy has the original's URLs and headers, and the time of its capture; validators are not for an archive.
        """
        copies: list[tuple[K, PageRequest]] = []
        for key, _, got in self._fetcher.fetch_many(_pages(wanted, copies)):
            yield key, got
        for key, each in copies:
            yield key, self._copy(each)

    def _copy(self, wanted: PageRequest) -> FetchResult:
        address = wanted.hints.copy_url or ""
        if self._is_stopped:
            told = f"{address}: not asked for, the archive wants a pause; tried in a later run"
            return TransientFetchError(told, key=wanted.url, reason="host_on_hold")
        got = self._fetcher.try_fetch(address, hints=wanted.hints)
        if isinstance(got, NewsError):
            self.heed(got)
            got.exchange = None  # that a copy is gone says nothing of its page: it is no tombstone
        return _original(got, wanted.url) if isinstance(got, Page) else got


def _pages[K](
    wanted: Iterable[tuple[K, PageRequest]], copies: list[tuple[K, PageRequest]]
) -> Iterator[tuple[K, PageRequest]]:
    """Yield the pages to be had from their own hosts; put those that are copies into ``copies``."""
    for key, each in wanted:
        if each.hints.copy_url is None:
            yield key, each
        else:
            copies.append((key, each))


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
    headers = _headers(page.headers)
    # What went over the wire is the archive's answer, not the page's: it is not kept as if it were.
    return replace(page, url=url, final_url=final_url, headers=headers, fetched_at=captured_at, exchange=None)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the original; the archive's own but for type and time are not the page's."""
    kept = {name: headers[name] for name in ("content-type", "memento-datetime") if name in headers}
    original = {name.removeprefix(_ORIGINAL): value for name, value in headers.items() if name.startswith(_ORIGINAL)}
    return kept | {name: value for name, value in original.items() if name not in _WIRE_HEADERS}
