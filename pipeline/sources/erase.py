"""Remove pages from the files of an inbox: a page's file, or its lines and records in other files."""

import csv
import hashlib
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from newslake.pipeline.archive.members import Member, members_in
from newslake.pipeline.archive.warc import parse_record
from newslake.pipeline.durability import write_file
from newslake.pipeline.errors import BrokenRecordError
from newslake.pipeline.model import Page, Ref
from newslake.pipeline.sources.csv_files import split_rows
from newslake.pipeline.sources.files import LINE_READERS, SIDECAR, read_line
from newslake.pipeline.sources.folder import is_ready, read_one
from newslake.pipeline.sources.inbox import REASON_SUFFIX, is_file, reason_file
from newslake.pipeline.sources.listing import ListingEntry, LocalFile, ReadContext, open_file
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.unicode import printable_path

_MEMBERS_MIN = 2  # of a file with one gzip member per record
_URN, _HEAD = b"WARC-Target-URI: urn:newslake:", 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which pages to remove: ``is_page`` decides on an entry, ``is_url`` on a URL.

    ``marks`` are lower-case bytes: a file without any of them is skipped; if empty, no file is skipped. A broken entry
    is removed if it contains one of ``spellings``, also lower-case bytes.
    """

    is_page: Callable[[ListingEntry], bool]
    is_url: Callable[[str], bool]
    marks: tuple[bytes, ...] = ()
    spellings: tuple[bytes, ...] = ()

    def matches_broken(self, data: bytes) -> bool:
        """Return whether unreadable bytes contain such a page."""
        return _holds(data, self.spellings)


def erase_from(folder: Path, context: ReadContext, doomed: EntryFilter) -> int:
    """Remove pages from the files of a folder; return the number of changed files. If interrupted, call it again."""
    return sum(_erase(path, context, doomed) for path in _files(folder) if _may_hold(path, doomed))


def _files(folder: Path) -> list[Path]:
    """Return the page files of a folder, in order, without sidecars and reason files."""
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        path
        for path in there
        if is_ready(path.name)
        and not path.name.endswith((SIDECAR, REASON_SUFFIX))
        and path.is_file()
        and not path.is_symlink()
    ]


def _companions(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(SIDECAR), reason_file(path)


def _may_hold(path: Path, doomed: EntryFilter) -> bool:
    if not doomed.marks or path.name.lower().endswith(".gz"):
        return True
    return any(_holds(each.read_bytes(), doomed.marks) for each in (path, *_companions(path)) if is_file(each))


def _holds(data: bytes, needles: tuple[bytes, ...]) -> bool:
    lowered = data.lower()
    return any(needle in lowered for needle in needles)


def _erase(path: Path, context: ReadContext, doomed: EntryFilter) -> bool:
    name = path.name.lower()
    if path.suffix.lower() in LINE_READERS:
        return _erase_lines(path, context, doomed)
    if name.endswith(".csv"):
        return _erase_rows(path, context, doomed)
    if name.endswith((".warc", ".warc.gz")):
        return _erase_records(path, context, doomed)
    is_doomed = any(
        doomed.is_page(each) or (each.problem is not None and _mentions(path, doomed))
        for each in read_one(_local(path), context)
    )
    if is_doomed:
        _remove(path)
    return is_doomed


def _local(path: Path) -> LocalFile:
    return LocalFile(path=path, name=printable_path(path.name))


def _mentions(path: Path, doomed: EntryFilter) -> bool:
    return any(doomed.matches_broken(each.read_bytes()) for each in (path, *_companions(path)) if is_file(each))


def _remove(path: Path) -> None:
    """Remove a file with its sidecar and reason file; the file last, so that a retry finds it after an interruption."""
    for each in (*_companions(path), path):
        if is_file(each):
            each.unlink(missing_ok=True)


def _erase_lines(path: Path, context: ReadContext, doomed: EntryFilter) -> bool:
    rest, gone = [], 0
    with open_file(path) as stream:
        for line in stream:
            entry = read_line(line, printable_path(path.name), context, suffix=path.suffix.lower())
            is_doomed = entry is not None and (
                doomed.is_page(entry) or (entry.problem is not None and doomed.matches_broken(line))
            )
            gone += is_doomed
            if not is_doomed:
                rest.append(line)
            elif entry is not None and entry.page is None and entry.ref.file is not None:
                _remove(path.parent / entry.ref.file)  # the line names it
    return bool(gone) and _rewrite(path, rest, doomed)


def _erase_rows(path: Path, context: ReadContext, doomed: EntryFilter) -> bool:
    """Remove the rows of pages, and the page files that they name; an unreadable file with such a page as a whole."""
    try:
        rest, gone = split_rows(
            _local(path),
            context,
            lambda each, row: doomed.is_page(each) or (each.problem is not None and doomed.matches_broken(row)),
        )
    except (csv.Error, ValueError):
        is_doomed = doomed.matches_broken(path.read_bytes())
        if is_doomed:
            _remove(path)
        return is_doomed
    for each in gone:
        if each.page is None and each.ref.file is not None:
            _remove(path.parent / each.ref.file)
    return bool(gone) and _rewrite(path, [rest], doomed)


def _erase_records(path: Path, context: ReadContext, doomed: EntryFilter) -> bool:
    """Remove the records of pages with their requests and metadata.

    A file without one gzip member per record is removed as a whole, also if a page is in a broken record.
    """
    data = path.read_bytes()
    members = list(members_in(data)) if path.name.lower().endswith(".gz") else []
    pages = list(read_one(_local(path), context))
    uris = {each.ref.url for each in pages if doomed.is_page(each)}
    uris |= {_target(each) for each in members if isinstance(each, Member) and _is_text(each, context, doomed)}
    gone = [isinstance(each, Member) and _is_of(each, uris, doomed) for each in members]
    if len(members) < _MEMBERS_MIN:
        content = next((each.data for each in members if isinstance(each, Member)), data)
        is_broken = any(each.problem is not None and each.ref.url is None for each in pages)
        if uris or (is_broken and doomed.matches_broken(content)):
            _remove(path)
            return True
    rest = (data[m.offset : m.offset + m.length] for m, is_gone in zip(members, gone, strict=True) if not is_gone)
    return any(gone) and _rewrite(path, rest, doomed)


def _is_text(member: Member, context: ReadContext, doomed: EntryFilter) -> bool:
    """Return whether a record is a text without a URL, from one of our archives, that must be removed."""
    if _URN not in member.data[:_HEAD] or b"WARC-Type: resource" not in member.data[:_HEAD]:
        return False
    body = member.data.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    headers = {"content-type": "text/plain"}
    page = Page(url=None, final_url=None, status=200, headers=headers, body=body, fetched_at=context.now)
    return doomed.is_page(ListingEntry(ref=Ref(source_key=context.source_key, url=None), page=page))


def _is_of(member: Member, uris: Collection[str | None], doomed: EntryFilter) -> bool:
    try:
        uri = _target(member)
    except BrokenRecordError:
        return doomed.matches_broken(member.data)
    url = absolute_url(uri or "")
    return uri is not None and (uri in uris or url in uris or (url is not None and doomed.is_url(url)))


def _target(member: Member) -> str | None:
    uri = parse_record(member.data, key=str(member.offset)).rec_headers.get_header("WARC-Target-URI")
    return None if uri is None else uri.strip("<>")


def _rewrite(path: Path, parts: Iterable[bytes], doomed: EntryFilter) -> bool:
    """Replace a file with some of its parts; drop the reasons that mention a removed page. Return True."""
    data = b"".join(parts)
    _replace(path, data) if data else _remove(path)
    reasons = reason_file(path)
    if reasons.is_file():
        lines = reasons.read_bytes().splitlines(keepends=True)
        _replace(reasons, b"".join(line for line in lines if not doomed.matches_broken(line)))
    return True


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:32]}.part")
    write_file(temporary, data, durability="full")
    temporary.replace(path)
