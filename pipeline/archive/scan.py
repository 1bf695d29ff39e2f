"""Read whole WARC files: captures, attempts and damage; verify them against their digests and the index."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from warcio.archiveiterator import WARCIterator

from newslake.pipeline.archive.members import Gap, Member, members_of
from newslake.pipeline.archive.warc import parse_metadata, parse_page, parse_record
from newslake.pipeline.archive.writer import PART, SUFFIX, lock_part
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ArchiveError, BrokenRecordError
from newslake.pipeline.model import Attempt, Capture

if TYPE_CHECKING:
    from newslake.pipeline.archive.interfaces import CaptureIndex

Record = Capture | Attempt

INDEX = "index.sqlite"
_RESTORE = "restore the file from a backup if you have one, then run `newslake archive reindex`"


@dataclass(frozen=True, slots=True)
class Damage:
    """Damage in the archive. ``offset`` and ``length`` are bytes of the file; None means the whole file."""

    file: str
    offset: int | None
    length: int | None
    message: str

    @property
    def is_of_index(self) -> bool:
        """Whether the index is damaged, so that it leads to no record."""
        return self.file == INDEX

    def __str__(self) -> str:
        place = self.file if self.offset is None else f"{self.file}, bytes {self.offset} to {self._end}"
        return f"{place}: {self.message}"

    @property
    def _end(self) -> int:
        return (self.offset or 0) + (self.length or 0)


@dataclass(frozen=True, slots=True)
class FileScan:
    """The records of a file in file order, and its damage."""

    records: tuple[Record, ...]
    damages: tuple[Damage, ...]


def read_file(path: Path, *, name: str, is_checked: bool = False) -> FileScan:
    """Return the records and the damage of a file, as ``scan_file`` does."""
    with path.open("rb") as file:
        return scan_file(file, name=name, is_checked=is_checked)


def scan_file(file: BinaryIO, *, name: str, is_checked: bool = False) -> FileScan:
    """Return the records and the damage of an open file; ``is_checked`` verifies every digest.

    Metadata precedes the record that it describes. A record without metadata is not ours, or its metadata is damaged.
    """
    facts: dict[str, dict[str, Any]] = {}
    records: list[Record] = []
    damages: list[Damage] = []
    for each in members_of(file):
        if isinstance(each, Gap):
            damages.append(Damage(name, each.offset, each.length, _describe_gap(each)))
            continue
        read = partial(_read_member, each, name, facts, is_checked=is_checked)
        got = run_isolated(read, key=f"{name}@{each.offset}")
        record, problem = got if isinstance(got, tuple) else (None, f"it has no readable record ({got})")
        if problem is not None:
            damages.append(Damage(name, each.offset, each.length, f"{problem}; {_RESTORE}"))
        if record is not None:
            records.append(record)
    return FileScan(tuple(records), tuple(damages))


def _read_member(
    member: Member, name: str, facts: dict[str, dict[str, Any]], *, is_checked: bool
) -> tuple[Record | None, str | None]:
    """Return the record in a member, and which of its digests do not match. Raises: BrokenRecordError."""
    try:
        record = _parse_member(member, name, facts)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        key = f"{name}@{member.offset}"
        raise BrokenRecordError(f"its index fields: {error!r}", key=key, reason="record_corrupt") from error
    return record, _broken_digests(member, record) if is_checked else None


def _describe_gap(gap: Gap) -> str:
    lost = "the rest of the file is lost" if gap.is_tail else "the records there are lost, later records are not"
    return f"damaged ({gap.why}); {lost}; {_RESTORE}"


def _parse_member(member: Member, name: str, facts: dict[str, dict[str, Any]]) -> Record | None:
    """Return the record in a member with its place. Metadata goes to ``facts``; other kinds are ignored."""
    record = parse_record(member.data, key=f"{name}@{member.offset}")
    if record.rec_type == "metadata":
        record_id, said = parse_metadata(record)
        facts[record_id] = said
        return None
    record_id = record.rec_headers.get_header("WARC-Record-ID")
    if record_id not in facts:
        return None
    said = facts.pop(record_id) | {"file": name, "offset": member.offset, "length": member.length}
    return Attempt(**said) if "reason" in said else Capture(**said)


def _broken_digests(member: Member, record: Record | None) -> str | None:
    """Return which digests of a record do not match; None if all match."""
    problems = list(_digest_problems(member.data))
    if isinstance(record, Capture) and not record.is_revisit and not problems:
        try:
            parse_page(member.data, capture=record)
        except BrokenRecordError as error:
            problems.append(str(error))
    return "; ".join(problems) or None


def _digest_problems(data: bytes) -> Iterator[str]:
    for record in WARCIterator(BytesIO(data), check_digests=True):
        while record.raw_stream.read(1 << 16):
            pass
        if getattr(record.raw_stream, "limit", 0) > 0:
            yield "the record is shorter than its Content-Length"
        yield from record.digest_checker.problems


def verify_files(
    root: Path,
    files: frozenset[str],
    index: "CaptureIndex | None",
    *,
    reads: Callable[[date], bool],
    tally: Counter[str],
) -> Iterator[Damage]:
    """Yield the damage of the files; a file is read if ``reads`` selects its news day. ``index`` may be missing."""
    indexed = files if index is None else index.files()
    for file in sorted(files | indexed):
        if file not in files:
            yield missing_file(file)
        elif file not in indexed:
            yield unindexed_file(file)
        elif reads(date.fromisoformat(file.split("/")[1])):
            scan = read_file(root / file, name=file, is_checked=True)
            tally.update(files=1, bytes=(root / file).stat().st_size, records=len(scan.records))
            yield from scan.damages if index is None else compare_with_index(file, scan, index)
    yield from _dead_parts(root)


def dangling_revisits(index: "CaptureIndex") -> Iterator[Damage]:
    """Yield the revisits whose bytes no record of the archive has."""
    for file, offset, length, digest in index.dangling_revisits():
        message = f"a revisit of {digest}, which no record has; restore the file that had it"
        yield Damage(file, offset, length, message)


def missing_file(file: str) -> Damage:
    """Return the damage of a file that the index has, and that is lost."""
    message = "is in the index, but missing; restore it, or run `newslake lake repair --drop-damaged`"
    return Damage(file, None, None, message)


def unindexed_file(file: str) -> Damage:
    """Return the damage of a file whose records the index does not have."""
    return Damage(file, None, None, "is not in the index; run `newslake lake repair`")


def indexed_records(index: "CaptureIndex", file: str) -> tuple[Record, ...]:
    """Return the index's records of a file; none if a row of them is damaged."""
    try:
        return index.records(file)
    except (ArchiveError, ValueError, TypeError, OverflowError):
        return ()


def compare_with_index(file: str, scan: FileScan, index: "CaptureIndex") -> Iterator[Damage]:
    """Yield the damages of a file, each with the lost records of the index; without damage, how the index differs."""
    known = indexed_records(index, file)
    if not scan.damages:
        if sorted(known, key=_offset) != sorted(scan.records, key=_offset):
            message = f"{INDEX} and this file have different records; run `newslake archive reindex`"
            yield Damage(file, None, None, message)
        return
    broken = {each.offset for each in scan.damages}
    read = {_without_place(each) for each in scan.records if each.offset not in broken}
    yield from _name_lost_records(scan.damages, [each for each in known if _without_place(each) not in read])


def _offset(record: Record) -> int:
    return record.offset


def _without_place(record: Record) -> Record:
    """Return a record without its place, to compare it: after lost bytes all offsets differ."""
    return replace(record, offset=0, length=0)


def _name_lost_records(damages: Sequence[Damage], lost: Sequence[Record]) -> Iterator[Damage]:
    """Yield damages, each with the records that are lost between it and the next one."""
    places = [damage.offset or 0 for damage in damages]
    names: list[list[str]] = [[] for _ in damages]
    for each in lost if damages else ():
        names[max(bisect_right(places, each.offset) - 1, 0)].append(_describe_record(each))
    for damage, here in zip(damages, names, strict=True):
        yield replace(damage, message=f"lost {', '.join(here)}: {damage.message}") if here else damage


def _describe_record(record: Record) -> str:
    what = record.url or (record.hints.file if isinstance(record, Capture) else None) or record.page_key
    return f"{what} of {record.fetched_at:%Y-%m-%d %H:%M}, article {record.article_id}"


def _dead_parts(root: Path) -> Iterator[Damage]:
    for part in sorted(root.glob(f"warc/*/*/*{SUFFIX}{PART}")):
        try:
            with part.open("r+b") as file:
                is_dead = lock_part(file, part)
        except FileNotFoundError:  # its writer has just finished it
            continue
        if is_dead:
            name = part.relative_to(root).as_posix()
            yield Damage(name, None, None, "its writer died; run `newslake lake repair`")
