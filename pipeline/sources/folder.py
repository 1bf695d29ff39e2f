"""Folders of local files, and the reader for each kind of file."""

import csv
import hashlib
import mimetypes
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from newslake.pipeline.archive import Validators
from newslake.pipeline.errors import BrokenListingError
from newslake.pipeline.model import Ref
from newslake.pipeline.sources.csv_files import csv_page_names, read_csv
from newslake.pipeline.sources.files import SIDECAR, jsonl_page_names, read_jsonl, read_page_file, read_urls
from newslake.pipeline.sources.listing import (
    FILE_START,
    FilePosition,
    Listing,
    ListingEntry,
    LocalFile,
    PlaceOf,
    ReadContext,
    entries_in_turn,
    isolated_entries,
)
from newslake.pipeline.sources.page_facts import PAGE_SUFFIXES
from newslake.pipeline.sources.positions import FolderPosition, inbox_mark
from newslake.pipeline.sources.warc import read_warc
from newslake.pipeline.unicode import printable_path

_READERS: dict[str, Callable[[LocalFile, ReadContext], Iterator[ListingEntry]]] = {
    ".html": read_page_file,
    ".htm": read_page_file,
    ".txt": read_page_file,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".urls": read_urls,
    ".warc": read_warc,
    ".warc.gz": read_warc,
}
_ARC = {".arc": read_warc, ".arc.gz": read_warc}  # which refuses them by that name
_PAGE_NAMES: dict[str, Callable[..., Iterator[str | None]]] = {".jsonl": jsonl_page_names, ".csv": csv_page_names}
_INDEXES_MAX = 64  # whose names are remembered
_PAGE_PARTS = ("image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript")
_COMPANION = "_files"  # of "Story.html", as browsers save its pictures, styles and frames
_MIRROR_FILES = ("robots.txt", "hts-log.txt")  # of Wget and HTTrack ...
_MIRROR_FOLDERS = ("hts-cache",)  # ... which has each page of HTTrack a second time
_HALF_WRITTEN = (".part", ".tmp")


def _check_folder(folder: Path, context: ReadContext, *, is_deep: bool) -> None:
    """Raise BrokenListingError (folder_missing) if there is nothing to read."""
    if not folder.is_dir() and not (is_deep and folder.is_file()):
        raise BrokenListingError(
            f"{folder} is not a folder; create it or correct sources.toml",
            key=context.source_key,
            reason="folder_missing",
        )


def read_one(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield the entries of one file of a folder; an exception while reading it becomes a broken entry."""
    return isolated_entries(_read_one(file, context), context.source_key, where=file.name)


def folder_listing(folder: Path, context: ReadContext, *, known: Validators) -> Listing:
    """Return the entries of a folder and its subfolders; unchanged if no file changed since ``known``.

    So a backfill reads a year of files once, not once per day. The version is computed before reading: a file that
    changes meanwhile is read again next time. If the slice is over first, the last entry is ``unfinished``.
    Raises: BrokenListingError (folder_missing).
    """
    version = folder_version(folder, filters=context.filters)
    if known == Validators(etag=version):
        return Listing(entries=(), validators=known, is_unchanged=True)
    _check_folder(folder, context, is_deep=True)
    files: Sequence[LocalFile] = list(local_files(folder, is_deep=True))
    context = replace(context, indexed=_union(_indexes(files, context)))
    last = FolderPosition.parse(known.etag, filters=context.filters)
    if last is None or (rest := last.files_from(files)) is None:
        return Listing(entries=_slice_of(files, context, version=version), validators=Validators(etag=version))
    # The folder may have changed since its first slice: with that version, it is read again after its end.
    entries = _slice_of(rest[0], context, version=last.version, start=rest[1])
    return Listing(entries=entries, validators=Validators(etag=last.version), is_continued=True)


def _slice_of(
    files: Sequence[LocalFile], context: ReadContext, *, version: str, start: FolderPosition | None = None
) -> Iterator[ListingEntry]:
    """Yield the entries of files until the slice is over, with at least one step. ``start`` is in the first file."""
    for number, file in enumerate(files):
        there = FolderPosition.of(file, version=version, filters=context.filters) if number or start is None else start
        is_over = number > 0 and context.is_over()
        if not is_over:
            reading = replace(context, start=there.place)
            for entry in entries_in_turn(_read_one(file, reading), reading, name=file.name):
                if entry.position is not None:
                    there, is_over = there.at(file, entry.position), True
                else:
                    yield entry
        if is_over:
            yield ListingEntry(ref=Ref(source_key=context.source_key, url=None), unfinished=there.etag)
            return


def inbox_listing(folder: Path, context: ReadContext, *, place_of: PlaceOf) -> Listing:
    """Return the entries of the claimed files of an inbox, from their places on. Files without a place come first.

    If the slice is over first, the last entries name the files that are not read to their end.
    Raises: BrokenListingError (folder_missing).
    """
    _check_folder(folder, context, is_deep=False)
    return Listing(entries=_inbox_slice(list(local_files(folder, is_deep=False)), context, place_of))


def _inbox_slice(files: Sequence[LocalFile], context: ReadContext, place_of: PlaceOf) -> Iterator[ListingEntry]:
    """Yield the entries of files until the slice is over, with at least one step; then the ``unfinished`` ones.

    Pages of an index go with it. They and sidecars are no step: a slice that ended after one would get no further.
    """
    indexes = _indexes(files, context)
    context = replace(context, indexed=_union(indexes))
    starts = {file: FILE_START if _is_one_step(file) else place_of(inbox_mark(file)) for file in files}
    passive = {file for file in files if file.name in context.indexed or file.name.lower().endswith(SIDECAR)}
    rest: dict[LocalFile, FilePosition | None] = {}
    for number, file in enumerate(sorted(files, key=lambda each: (each in passive, starts[each] != FILE_START))):
        if number > 0 and file not in passive and context.is_over():
            rest[file] = None
            continue
        reading = replace(context, start=starts[file])
        for entry in entries_in_turn(_read_one(file, reading), reading, name=file.name):
            if entry.position is not None:
                rest[file] = entry.position
            else:
                yield entry
    pages = _union({file: names for file, names in indexes.items() if file in rest})
    for file in files:
        if file in rest or file.name in pages:
            ref = Ref(source_key=context.source_key, url=None)
            yield ListingEntry(ref=ref, unfinished=file.name, position=rest.get(file))


def _is_one_step(file: LocalFile) -> bool:
    """Return whether a file is read in one step, so that it never has a place: an inbox may have thousands of them."""
    return file.name.lower().endswith((*PAGE_SUFFIXES, SIDECAR))


def folder_version(folder: Path, *, filters: tuple[str, ...] = ()) -> str:
    """Return a hash of the name, size and change time of every file in a folder and its subfolders.

    The hash includes ``filters``, which decide which pages of the files are read.
    """
    digest = hashlib.sha256(" ".join(filters).encode())
    for file in local_files(folder, is_deep=True):
        try:
            state = file.path.lstat()
        except FileNotFoundError:  # removed meanwhile
            continue
        digest.update(f"{file.name}\0{state.st_size}\0{state.st_ctime_ns}\n".encode())
    return digest.hexdigest()


def expected_pages(folder: Path) -> int | None:
    """Return how many pages the files of a folder have; None if some have several."""
    names = [file.name.lower() for file in local_files(folder, is_deep=True)]
    pages = sum(name.endswith(PAGE_SUFFIXES) for name in names)
    return pages if pages + sum(name.endswith(SIDECAR) for name in names) == len(names) else None


def is_ready(name: str) -> bool:
    """Return whether a file name is that of a complete file, not of a temporary one."""
    return not name.startswith(".") and not name.endswith(_HALF_WRITTEN)


def local_files(folder: Path, *, is_deep: bool) -> Iterator[LocalFile]:
    """Yield the files of a folder in name order, or the one file; with those of subfolders if ``is_deep``.

    With subfolders, the parts of saved pages are left out: pictures, styles, scripts, and folders of a page's files.
    So are robots.txt, logs and caches of mirrors.
    """
    if is_deep and folder.is_file():
        yield LocalFile(path=folder, name=printable_path(folder.name))
        return
    for parent, folders, names in os.walk(folder):  # links to folders are not followed
        pages = {name.rpartition(".")[0] for name in names if name.lower().endswith(PAGE_SUFFIXES)}
        folders[:] = sorted(name for name in folders if is_deep and not _is_passed_over(name, pages))
        for name in sorted(names):
            if is_ready(name) and not (is_deep and (name in _MIRROR_FILES or _is_page_part(name))):
                path = Path(parent, name)
                yield LocalFile(path=path, name=printable_path(path.relative_to(folder).as_posix()))


def _is_passed_over(name: str, pages: Collection[str]) -> bool:
    if name.startswith(".") or name in _MIRROR_FOLDERS:
        return True
    return name.endswith(_COMPANION) and name.removesuffix(_COMPANION) in pages


def _is_page_part(name: str) -> bool:
    if not name.lower().endswith(PAGE_SUFFIXES):
        name = name.partition("?")[0]  # Wget keeps queries in names: "site.css?v=3"
    return (mimetypes.guess_type(name, strict=False)[0] or "").startswith(_PAGE_PARTS)


def _indexes(files: Iterable[LocalFile], context: ReadContext) -> dict[LocalFile, frozenset[str]]:
    """Return the page files that each index names. A file is an index if its first line names one."""
    indexes: dict[LocalFile, frozenset[str]] = {}
    for file in files:
        if file.name.lower().endswith(tuple(_PAGE_NAMES)):
            with suppress(OSError):  # it is removed meanwhile, or reading it as pages names the problem
                state = file.path.lstat()
                if stat.S_ISREG(state.st_mode):
                    version = (state.st_ino, state.st_size, state.st_ctime_ns)
                    indexes[file] = _page_names(file, version, page_max_bytes=context.page_max_bytes)
    return indexes


def _union(indexes: Mapping[LocalFile, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*indexes.values())


@lru_cache(maxsize=_INDEXES_MAX)
def _page_names(file: LocalFile, _version: tuple[int, ...], *, page_max_bytes: int) -> frozenset[str]:
    """Return the page files that an index names. They are remembered: each slice of a folder asks for them again."""
    names = _PAGE_NAMES[file.path.suffix.lower()](file, page_max_bytes=page_max_bytes)
    pages: set[str] = set()
    with suppress(OSError, ValueError, csv.Error):  # reading the file as pages names the problem
        if (first := next(names, None)) is not None:
            pages.add(first)
            pages.update(name for name in names if name is not None)
    return frozenset(pages)


def _read_one(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    name = file.path.name.lower()
    reader = next((read for suffix, read in (_READERS | _ARC).items() if name.endswith(suffix)), None)
    try:
        if not stat.S_ISREG(file.path.lstat().st_mode):
            detail = "not a regular file, not followed; copy the file itself"
            yield context.broken(file.name, reason="not_a_regular_file", detail=detail)
        elif reader is not None:
            yield from reader(file, context)
        elif name.endswith(SIDECAR):
            yield from _orphan(file, context)
        else:
            known = ", ".join(_READERS)
            yield context.broken(file.name, reason="unknown_kind", detail=f"its suffix is not one of {known}")
    except OSError as error:
        detail = f"it cannot be read ({error.strerror or error})"
        yield context.broken(file.name, reason="unreadable_file", detail=detail)


def _orphan(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    if not any(file.path.with_suffix(suffix).exists() for suffix in PAGE_SUFFIXES):
        detail = "the folder has no page of the same name"
        yield context.broken(file.name, reason="sidecar_without_page", detail=detail)
