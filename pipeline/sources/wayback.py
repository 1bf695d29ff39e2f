"""The index of a web archive (CDX server): which pages below a URL it captured on a day."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from pipeline.errors import BrokenListingError
from pipeline.model import Hints, Page, Ref, Source
from pipeline.sources.asked import ListingRequest
from pipeline.sources.copies import copy_url, time_of
from pipeline.sources.listing import Listing, ListingEntry, broken_entry
from pipeline.sources.normalize import absolute_url

WAYBACK = "https://web.archive.org"
# The index loses its place between two answers where urlkey is not asked for.
_FIELDS = ("urlkey", "timestamp", "original", "digest")
_ROWS = 10_000  # in one answer
_ROWS_MAX = 50_000
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class CdxResponse:
    """One answer of the index: rows of strings in the order of ``_FIELDS``, and what asks for the next ones."""

    rows: tuple[tuple[str, ...], ...]
    resume_key: str | None


def read_cdx(request: ListingRequest) -> Listing:
    """Return the pages that were captured on the day, each as its first capture then.

    All answers are read before anything is given: one that does not come fails the day, not half of it.
    Raises: BrokenListingError (not_a_cdx), TransientFetchError, RefusedFetchError.
    """
    rows: list[tuple[str, ...]] = []
    resume_key: str | None = None
    seen: set[str | None] = set()
    while len(rows) < _ROWS_MAX and resume_key not in seen:
        seen.add(resume_key)
        answer = _answer(request, resume_key)
        rows += answer.rows
        resume_key = answer.resume_key
        if resume_key is None:
            break
    return Listing(entries=_captures(rows, request, is_cut=resume_key is not None), day=request.day)


def _answer(request: ListingRequest, resume_key: str | None) -> CdxResponse:
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
    """Return what an answer in JSON says: a head with the names, rows, and maybe an empty row and the key to go on.

    Rows that are too short or hold no strings come as they are, for the caller to name.
    Raises: ValueError where it is no such answer.
    """
    if not body.strip():
        return CdxResponse((), None)
    try:
        lines = json.loads(body.decode())
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        raise ValueError("it is no list of rows")
    resume_key = None
    if len(lines) >= 2 and lines[-2] == [] and len(lines[-1]) == 1:
        resume_key = str(lines[-1][0])
        lines = lines[:-2]
    lines = [line for line in lines if line]
    if not lines:
        return CdxResponse((), resume_key)
    head, *rows = lines
    if not set(_FIELDS) <= {each for each in head if isinstance(each, str)}:
        raise ValueError(f"its first row does not name {', '.join(_FIELDS)}")
    places = [head.index(name) for name in _FIELDS]
    return CdxResponse(tuple(tuple(_cell(row, place) for place in places) for row in rows), resume_key)


def _cell(row: list[object], place: int) -> str:
    value = row[place] if place < len(row) else ""
    return value if isinstance(value, str) else ""


def _captures(rows: list[tuple[str, ...]], request: ListingRequest, *, is_cut: bool) -> Iterator[ListingEntry]:
    source, where = request.source, f"{_api(request.source)}/cdx#{request.day}"
    keys: set[str] = set()
    for number, (key, stamp, original, digest) in enumerate(rows, start=1):
        url = _without_port(absolute_url(original))
        try:
            is_of_day = time_of(stamp).date() == request.day
        except ValueError:
            is_of_day = False
        if url is None or not digest or not is_of_day:
            told = " ".join((key, stamp, original))[:300]
            detail = f"row {number} ({told!r}) is no capture of {request.day}; left out"
            yield broken_entry(source.key, f"{where}-{number}", reason="broken_capture", detail=detail)
        elif key not in keys:
            keys.add(key)
            yield ListingEntry(ref=_ref(source, url, stamp=stamp, original=original, digest=digest))
    if is_cut:
        detail = f"the index has more than {len(rows)} captures of the day; the rest is left out, name a longer prefix"
        yield broken_entry(source.key, where, reason="too_many_urls", detail=detail)


def _ref(source: Source, url: str, *, stamp: str, original: str, digest: str) -> Ref:
    hints = Hints(
        publisher=source.publisher,
        language=source.language,
        copy_url=copy_url(_api(source), stamp, original),
        copy_digest=digest,
    )
    return Ref(source_key=source.key, url=url, hints=hints)


def _without_port(url: str | None) -> str | None:
    """Return a URL without the default port that old captures spell out."""
    if url is None:
        return None
    parts = urlsplit(url)
    port = _DEFAULT_PORTS[parts.scheme.lower()]
    return parts._replace(netloc=parts.netloc.removesuffix(port)).geturl() if parts.netloc.endswith(port) else url
