"""Web archives such as the Wayback Machine: their index (CDX server) as listings, and their snapshots of pages.

A snapshot is fetched in place of its page, and becomes the page as it was at the time of its capture.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode, urlsplit

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenListingError, NewsError, RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch import Fetcher, FetchResult, PageRequest
from newslake.pipeline.model import Hints, Page, Ref, Source
from newslake.pipeline.sources.listing import Listing, ListingEntry, ListingRequest, broken_entry
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.unicode import well_formed_json

# The index.

WAYBACK = "https://web.archive.org"
# Without urlkey the index does not resume at the right row in the next response.
_FIELDS = ("urlkey", "timestamp", "original", "digest")
_ROWS = 10_000  # per response
_ROWS_MAX = 50_000
_REPLACEMENT = "\ufffd"  # bytes that are not UTF-8, or half a character
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class CdxResponse:
    """One response of the index: rows of strings in the order of ``_FIELDS``, and the resume key for the next ones."""

    rows: tuple[tuple[str, ...], ...]
    resume_key: str | None


def read_cdx(request: ListingRequest) -> Listing:
    """Return the pages that were captured on the day, each with its first capture of that day.

    All responses are read before any entry is returned, so that a missing one fails the whole day.
    Raises: BrokenListingError (not_a_cdx), TransientFetchError, RefusedFetchError.
    """
    rows: list[tuple[str, ...]] = []
    resume_key: str | None = None
    seen: set[str | None] = set()
    while len(rows) < _ROWS_MAX and resume_key not in seen:
        seen.add(resume_key)
        answer = _fetch_rows(request, resume_key)
        rows += answer.rows
        resume_key = answer.resume_key
        if resume_key is None:
            break
    return Listing(entries=_captures(rows, request, is_cut=resume_key is not None), day=request.day)


def _fetch_rows(request: ListingRequest, resume_key: str | None) -> CdxResponse:
    source = request.source
    url = f"{_api(source)}/cdx/search/cdx?{_query(request, resume_key)}"
    page = request.online().fetch(url, is_listing=True, interval_seconds=source.interval_seconds)
    assert isinstance(page, Page)  # no validators were sent
    try:
        return parse_response(page.body)
    except ValueError as error:
        raise BrokenListingError(f"{url}: {error}", key=source.key, reason="not_a_cdx") from error


def _api(source: Source) -> str:
    return (source.api or WAYBACK).rstrip("/")


def _query(request: ListingRequest, resume_key: str | None) -> str:
    day = f"{request.day:%Y%m%d}"
    query = [
        ("url", request.source.location),
        ("from", day),
        ("to", day),
        ("output", "json"),
        ("fl", ",".join(_FIELDS)),
        ("filter", "statuscode:200"),
        ("filter", "mimetype:text/html"),
        ("collapse", "digest"),
        ("limit", str(_ROWS)),
        ("showResumeKey", "true"),
    ]
    return urlencode([*query, ("resumeKey", resume_key)] if resume_key is not None else query)


def parse_response(body: bytes) -> CdxResponse:
    """Parse a JSON response: a header row with the field names, rows, and maybe an empty row and the resume key.

    Missing cells and cells that are not strings become ""; the caller reports them.
    Raises: ValueError if the response has another format.
    """
    if not body.strip():
        return CdxResponse((), None)
    try:
        lines = well_formed_json(json.loads(body.decode("utf-8", "replace")))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        raise ValueError("it is not a list of rows")
    resume_key = None
    if len(lines) >= 2 and lines[-2] == [] and len(lines[-1]) == 1:
        resume_key = str(lines[-1][0])
        lines = lines[:-2]
    lines = [line for line in lines if line]
    if not lines:
        return CdxResponse((), resume_key)
    head, *rows = lines
    if not set(_FIELDS) <= {each for each in head if isinstance(each, str)}:
        raise ValueError(f"its header row does not have {', '.join(_FIELDS)}")
    places = [head.index(name) for name in _FIELDS]
    return CdxResponse(tuple(tuple(_cell(row, place) for place in places) for row in rows), resume_key)


def _cell(row: list[object], place: int) -> str:
    value = row[place] if place < len(row) else ""
    return value if isinstance(value, str) else ""


def _captures(rows: list[tuple[str, ...]], request: ListingRequest, *, is_cut: bool) -> Iterator[ListingEntry]:
    source, where = request.source, f"{_api(request.source)}/cdx#{request.day}"
    keys: set[str] = set()
    for number, row in enumerate(rows, start=1):
        entry = run_isolated(partial(_capture, row, request, f"{where}-{number}"), key=f"{where}-{number}")
        if isinstance(entry, NewsError):
            yield ListingEntry(ref=Ref(source_key=source.key, url=f"{where}-{number}"), problem=entry)
        elif row[0] not in keys:
            keys.add(row[0])
            yield entry
    if is_cut:
        detail = f"the index has more than {len(rows)} captures of the day; the rest is skipped, use a longer prefix"
        yield replace(broken_entry(source.key, where, reason="too_many_urls", detail=detail), ends_listing=True)


def _capture(row: tuple[str, ...], request: ListingRequest, where: str) -> ListingEntry:
    """Return the entry of one row. Raises: BrokenListingError (broken_capture)."""
    key, stamp, original, digest = row
    url = None if _REPLACEMENT in original else _without_port(absolute_url(original))
    try:
        is_of_day = time_of(stamp).date() == request.day
    except ValueError:
        is_of_day = False
    if url is None or not digest or not is_of_day:
        shown = " ".join((key, stamp, original))[:300]
        message = f"{where}: the row {shown!r} is not a capture of {request.day}; skipped"
        raise BrokenListingError(message, key=where, reason="broken_capture")
    return ListingEntry(ref=_ref(request.source, url, stamp=stamp, original=original, digest=digest))


def _ref(source: Source, url: str, *, stamp: str, original: str, digest: str) -> Ref:
    hints = Hints(
        publisher=source.publisher,
        language=source.language,
        copy_url=copy_url(_api(source), stamp, original),
        copy_digest=digest,
    )
    return Ref(source_key=source.key, url=url, hints=hints)


def _without_port(url: str | None) -> str | None:
    """Return a URL without the explicit default port of old captures."""
    if url is None:
        return None
    parts = urlsplit(url)
    port = _DEFAULT_PORTS[parts.scheme.lower()]
    return parts._replace(netloc=parts.netloc.removesuffix(port)).geturl() if parts.netloc.endswith(port) else url


# Snapshots.

_STAMP_FORMAT = "%Y%m%d%H%M%S"
_COPY = re.compile(r"/web/(\d{14})id_/(https?:.+)$", re.ASCII | re.IGNORECASE)
_ORIGINAL = "x-archive-orig-"
_WIRE_HEADERS = ("content-encoding", "content-length", "transfer-encoding", "connection")
_STOP_REASONS = ("http_429", "host_backoff")


def copy_url(api: str, stamp: str, url: str) -> str:
    """Return the URL of an archive's snapshot of a page at a time, without the additions of the archive."""
    return f"{api.rstrip('/')}/web/{stamp}id_/{url}"


def time_of(stamp: str) -> datetime:
    """Return the time of an archive's timestamp (14 digits), UTC. Raises: ValueError."""
    if not re.fullmatch(r"\d{14}", stamp, re.ASCII):
        raise ValueError(f"{stamp[:40]!r} is not a 14-digit timestamp")
    return datetime.strptime(stamp, _STAMP_FORMAT).replace(tzinfo=UTC)


class WaybackFetcher:
    """A fetcher that gets the archive's snapshot if a page's hints have one. Used by one thread.

    Snapshots are requested one after another. After a 429 from the archive no more are requested in this run.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._is_stopped = False

    def heed(self, error: NewsError) -> None:
        """Request no more snapshots if an error says that the archive requests a pause."""
        self._is_stopped |= isinstance(error, TransientFetchError) and error.reason in _STOP_REASONS

    def fetch_many[K](self, wanted: Iterable[tuple[K, PageRequest]]) -> Iterator[tuple[K, FetchResult]]:
        """Yield the result of each page with the caller's key: pages as they arrive, then snapshots in order.

        A snapshot has the original's URLs and headers, and its capture time. It is requested without validators.
        """
        copies: list[tuple[K, PageRequest]] = []
        for key, _, got in self._fetcher.fetch_many(_pages(wanted, copies)):
            yield key, got
        for key, each in copies:
            yield key, self._copy(each)

    def _copy(self, wanted: PageRequest) -> FetchResult:
        address = wanted.hints.copy_url or ""
        if self._is_stopped:
            message = f"{address}: not requested, because the archive requests a pause; retried in a later run"
            return TransientFetchError(message, key=wanted.url, reason="host_backoff")
        got = self._fetcher.try_fetch(address, hints=wanted.hints)
        if isinstance(got, TransientFetchError | RefusedFetchError):
            self.heed(got)
            got.exchange = None  # a missing snapshot is not a tombstone of its page
        return _original(got, wanted) if isinstance(got, Page) else got


def _pages[K](
    wanted: Iterable[tuple[K, PageRequest]], copies: list[tuple[K, PageRequest]]
) -> Iterator[tuple[K, PageRequest]]:
    """Yield the pages to fetch from their hosts; append the others to ``copies``."""
    for key, each in wanted:
        if each.hints.copy_url is None:
            yield key, each
        else:
            copies.append((key, each))


def _original(page: Page, wanted: PageRequest) -> Page | RefusedFetchError:
    """Return a snapshot as its original page. The archive may have redirected to the nearest capture in time.

    What robots.txt of the archive says about the snapshot is not about the page.
    """
    url = wanted.url
    match = _COPY.search(page.final_url or "")
    final_url = absolute_url(match[2]) if match else None
    if match is None or final_url is None:
        message = f"{page.url}: the archive redirects to {page.final_url}, which is not a snapshot"
        return RefusedFetchError(message, key=url, reason="not_a_copy")
    try:
        captured_at = time_of(match[1])
    except ValueError as error:
        return RefusedFetchError(f"{page.final_url}: {error}", key=url, reason="not_a_copy")
    headers = _headers(page.headers)
    # The exchange is the archive's response, not the page's, so it is dropped.
    original = replace(page, url=url, final_url=final_url, headers=headers, hints=wanted.hints)
    return replace(original, fetched_at=captured_at, exchange=None)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the original; of those of the archive, only type and time stay."""
    copy_headers = {name: headers[name] for name in ("content-type", "memento-datetime") if name in headers}
    original = {name.removeprefix(_ORIGINAL): value for name, value in headers.items() if name.startswith(_ORIGINAL)}
    return copy_headers | {name: value for name, value in original.items() if name not in _WIRE_HEADERS}
