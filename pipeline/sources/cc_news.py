"""Common Crawl's news crawl: WARC files with their start time in the name, streamed and never stored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from newslake.pipeline.errors import BrokenListingError
from newslake.pipeline.fetch import BadEncodingError, TooLargeError, gunzip
from newslake.pipeline.model import Page, Ref, Source
from newslake.pipeline.sources.listing import (
    Listing,
    ListingEntry,
    ListingRequest,
    LocalFile,
    ReadContext,
    broken_entry,
    entries_in_turn,
    isolated_entries,
    open_file,
)
from newslake.pipeline.sources.warc import read_records, read_warc
from newslake.pipeline.sources.wayback import time_of
from newslake.pipeline.unicode import printable_path

_NAME = re.compile(r"CC-NEWS-(\d{14})-[\w-]+\.warc(?:\.gz)?", re.ASCII)
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_LIST = "crawl-data/CC-NEWS/{:%Y/%m}/warc.paths.gz"
_LIST_MAX_BYTES = 10_000_000
_FILE_MAX_BYTES = 5_000_000_000  # a file has about 1 GB


@dataclass(frozen=True, slots=True)
class NewsFile:
    """A file of a list: its path in the list, and the time in its name, UTC."""

    path: str
    begun_at: datetime


def parse_paths(text: str) -> Iterator[NewsFile | str]:
    """Yield the files of a list, one path per line, in list order; an invalid line as text."""
    for line in text.splitlines():
        path = line.strip()
        if path:
            yield _news_file(path) or path


def _news_file(path: str) -> NewsFile | None:
    name = _NAME.fullmatch(path.rpartition("/")[2])
    if name is None or _PATH.fullmatch(path) is None or ".." in path.split("/"):
        return None
    try:
        return NewsFile(path, time_of(name[1]))
    except ValueError:
        return None


def read_cc_news(request: ListingRequest) -> Listing:
    """Return the pages of the source's hosts from the files that were started on the day.

    The whole file belongs to the day in its name. A file that another run has read to its end is not read again.
    Raises: BrokenListingError (not_a_list, folder_missing), TransientFetchError, RefusedFetchError.
    """
    source = request.source
    text = _online_list(request) if source.is_online else _local_list(source)
    return Listing(entries=_of_day(parse_paths(text), request), day=request.day)


def _online_list(request: ListingRequest) -> str:
    source = request.source
    url = f"{_base(source)}{_LIST.format(request.day)}"
    page = request.online().fetch(url, is_listing=True, interval_seconds=source.interval_seconds)
    assert isinstance(page, Page)  # no validators were sent
    return _list_text(page.body, url, source)


def _base(source: Source) -> str:
    return source.location.rstrip("/") + "/"


def _local_list(source: Source) -> str:
    """Return the paths of a folder's files, or the paths in a list file next to its WARC files."""
    place = Path(source.location)
    if place.is_dir():
        files = (path for path in sorted(place.rglob("*")) if ".warc" in path.suffixes and path.is_file())
        return "\n".join(printable_path(path.relative_to(place)) for path in files)
    try:
        return _list_text(place.read_bytes(), str(place), source)
    except FileNotFoundError as error:
        message = f"{place}: neither a folder of WARC files nor a list of them; create it or correct sources.toml"
        raise BrokenListingError(message, key=source.key, reason="folder_missing") from error


def _list_text(body: bytes, where: str, source: Source) -> str:
    try:
        text = gunzip(body, max_bytes=_LIST_MAX_BYTES) if body.startswith(b"\x1f\x8b") else body
        return text.decode("ascii", "backslashreplace")  # such a line is no path; the others are read
    except (BadEncodingError, TooLargeError) as error:
        raise BrokenListingError(f"{where}: {error}", key=source.key, reason="not_a_list") from error


def _of_day(files: Iterator[NewsFile | str], request: ListingRequest) -> Iterator[ListingEntry]:
    wanted: set[str] = set()
    for each in files:
        if isinstance(each, str):
            detail = "the line is not a path CC-NEWS-<time>-<number>.warc.gz; skipped"
            yield broken_entry(request.source.key, f"warc.paths#{each[:200]}", reason="broken_path", detail=detail)
        elif each.begun_at.date() == request.day:
            wanted.add(each.path)
    context = request.context()
    for path in sorted(wanted):
        if request.source.is_online:  # no turn: most of it is waiting, and a death then says nothing about the file
            yield from isolated_entries(_stream(path, request), context.source_key, where=path, ends_listing=True)
        else:
            for entry in isolated_entries(_read(path, request), context.source_key, where=path, ends_listing=True):
                yield entry
                if entry.position is not None:  # the slice is over
                    return


def _stream(path: str, request: ListingRequest) -> Iterator[ListingEntry]:
    source, url = request.source, f"{_base(request.source)}{path}"
    ref = Ref(source_key=source.key, url=url)
    mark = _mark(url, source)
    if request.is_done(mark):
        return
    if request.is_probe:
        yield ListingEntry(ref=ref, finished=mark)
        return
    interval = source.interval_seconds
    with request.online().stream(url, max_bytes=_FILE_MAX_BYTES, interval_seconds=interval) as stream:
        for entry in read_records(stream.pieces(), path, request.context()):
            # A broken connection is an error of the stream, not damage of the file.
            if stream.error is None or entry.problem is None:
                yield entry
        if stream.error is not None:
            # A pending file is an error of the whole listing already, so that the run is retried.
            is_pending = stream.error.disposition == "retry"
            yield ListingEntry(ref=ref, problem=stream.error, ends_listing=not is_pending)
            return
    yield ListingEntry(ref=ref, finished=mark)


def _mark(file: str, source: Source) -> str:
    """Return the mark of a file that was read for some hosts and pages; for others it is read again."""
    return " ".join((file, *source.page_filters))


def _read(path: str, request: ListingRequest) -> Iterator[ListingEntry]:
    """Yield the pages of a file on disk from its place on, then its mark; with a place in it if the slice is over."""
    place = Path(request.source.location)
    file = LocalFile(path=(place if place.is_dir() else place.parent) / path, name=path)
    ref = Ref(source_key=request.source.key, url=None, file=path)
    try:
        with open_file(file.path):
            state = file.path.stat()
    except OSError as error:
        yield _unreadable(path, request, error)
        return
    mark = _mark(f"{path} {state.st_size} {state.st_mtime_ns}", request.source)
    if request.is_done(mark):
        return
    context = replace(request.context(), start=request.place_of(mark), is_over=request.is_over)
    pages = iter(()) if request.is_probe else _pages_of(file, request, context)
    for entry in entries_in_turn(pages, context, name=path, ends_listing=True):
        if entry.position is not None:
            yield ListingEntry(ref=ref, finished=mark, position=entry.position)
            return
        yield entry
        if entry.ends_listing:
            return
    yield ListingEntry(ref=ref, finished=mark)


def _pages_of(file: LocalFile, request: ListingRequest, context: ReadContext) -> Iterator[ListingEntry]:
    try:
        yield from read_warc(file, context)
    except OSError as error:
        yield _unreadable(file.name, request, error)


def _unreadable(path: str, request: ListingRequest, error: OSError) -> ListingEntry:
    detail = f"it cannot be read ({error.strerror or error})"
    broken = broken_entry(request.source.key, path, reason="unreadable_file", detail=detail)
    return replace(broken, ends_listing=True)
