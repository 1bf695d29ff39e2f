"""A WARC file read whole: what it says of captures and attempts, and what of it is damaged."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Any

from warcio.archiveiterator import WARCIterator

from pipeline.archive.index import Index
from pipeline.archive.warc import Gap, Member, members_of, parse_metadata, parse_page, parse_record
from pipeline.archive.writer import PART, SUFFIX, lock_part
from pipeline.errors import BrokenRecordError
from pipeline.model import Attempt, Capture

INDEX = "index.sqlite"
_RESTORE = "restore the file from a copy; then, or without one, run `newslake raw rebuild`"


@dataclass(frozen=True, slots=True)
class Damage:
    """Something wrong with the archive. ``offset`` and ``length`` are bytes of the file, None where it is all of it."""

    file: str
    offset: int | None
    length: int | None
    told: str

    @property
    def is_of_index(self) -> bool:
        """Whether it is the index that is damaged, so that nothing can be looked up."""
        return self.file == INDEX

    def __str__(self) -> str:
        place = self.file if self.offset is None else f"{self.file}, bytes {self.offset} to {self._end}"
        return f"{place}: {self.told}"

    @property
    def _end(self) -> int:
        return (self.offset or 0) + (self.length or 0)


@dataclass(frozen=True, slots=True)
class FileScan:
    """What a file holds, in its order, and what of it is damaged."""

    records: tuple[Capture | Attempt, ...]
    damages: tuple[Damage, ...]


def read_file(path: Path, *, name: str, is_checked: bool = False) -> FileScan:
    """Return what a file says, whatever of it is damaged; ``is_checked`` compares every digest.

    Metadata stands before the record it speaks of; a record without it is not ours, or its metadata is damaged.
    """
    facts: dict[str, dict[str, Any]] = {}
    records: list[Capture | Attempt] = []
    damages: list[Damage] = []
    with path.open("rb") as file:
        for each in members_of(file):
            if isinstance(each, Gap):
                damages.append(Damage(name, each.offset, each.length, _describe_gap(each)))
                continue
            try:
                found = _record(each, name, facts)
                told = _broken_digests(each, found) if is_checked else None
            except (BrokenRecordError, ValueError, KeyError, TypeError) as error:
                found, told = None, f"it holds no record that can be read ({error})"
            if told is not None:
                damages.append(Damage(name, each.offset, each.length, f"{told}; {_RESTORE}"))
            if found is not None:
                records.append(found)
    return FileScan(tuple(records), tuple(damages))


def _describe_gap(gap: Gap) -> str:
    lost = "the rest of the file is lost" if gap.is_tail else "what stands there is lost, the records behind it are not"
    return f"damaged ({gap.why}); {lost}; {_RESTORE}"


def _record(member: Member, name: str, facts: dict[str, dict[str, Any]]) -> Capture | Attempt | None:
    """Return what a member is with its place; metadata goes to ``facts``, other kinds are nothing."""
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


def _broken_digests(member: Member, found: Capture | Attempt | None) -> str | None:
    """Return which digest of a record does not hold; None where all do."""
    problems = list(_digest_problems(member.data))
    if isinstance(found, Capture) and not found.is_revisit and not problems:
        try:
            parse_page(member.data, capture=found)
        except BrokenRecordError as error:
            problems.append(str(error))
    return "; ".join(problems) or None


def _digest_problems(data: bytes) -> Iterator[str]:
    for record in WARCIterator(BytesIO(data), check_digests=True):
        while record.raw_stream.read(1 << 16):
            pass
        if getattr(record.raw_stream, "limit", 0) > 0:
            yield "the record has fewer bytes than it says"
        yield from record.digest_checker.problems


# Is the archive whole: every record against its digests, the index against the files, and what of them is lost.

Record = Capture | Attempt


def verify_files(
    root: Path, files: frozenset[str], index: Index | None, *, reads: Callable[[date], bool], tally: Counter[str]
) -> Iterator[Damage]:
    """Yield what is wrong with the files, each read whole if ``reads`` says so of its news day; None is no index."""
    indexed = files if index is None else index.files()
    for file in sorted(files | indexed):
        if file not in files:
            yield Damage(file, None, None, "is in the index, but gone; put it back, or run `newslake lake recover`")
        elif file not in indexed:
            yield Damage(file, None, None, "is not in the index; run `newslake lake recover`")
        elif reads(date.fromisoformat(file.split("/")[1])):
            reading = read_file(root / file, name=file, is_checked=True)
            tally.update(files=1, bytes=(root / file).stat().st_size, records=len(reading.records))
            yield from reading.damages if index is None else _compare_with_index(file, reading, index)
    yield from _dead_parts(root)


def _compare_with_index(file: str, reading: FileScan, index: Index) -> Iterator[Damage]:
    """Yield a file's damages, each with what the index says is lost by it, and whether the index has the rest."""
    try:
        known = index.records(file)
    except (DatabaseError, ValueError, TypeError, OverflowError):
        known = ()
    if not reading.damages:
        if sorted(known, key=_offset) != sorted(reading.records, key=_offset):
            yield Damage(file, None, None, "the index has other records than the file; run `newslake raw rebuild`")
        return
    broken = {each.offset for each in reading.damages}
    read = {_without_place(each) for each in reading.records if each.offset not in broken}
    yield from _name_lost_records(reading.damages, [each for each in known if _without_place(each) not in read])


def _offset(record: Record) -> int:
    return record.offset


def _without_place(record: Record) -> Record:
    """Return what a record says of itself: behind bytes that are gone, all stand elsewhere."""
    return replace(record, offset=0, length=0)


def _name_lost_records(damages: Sequence[Damage], lost: Sequence[Record]) -> Iterator[Damage]:
    """Yield damages, each with the names of the records that are lost from there to the next one."""
    places = [damage.offset or 0 for damage in damages]
    names: list[list[str]] = [[] for _ in damages]
    for each in lost if damages else ():
        names[max(bisect_right(places, each.offset) - 1, 0)].append(_name(each))
    for damage, here in zip(damages, names, strict=True):
        yield replace(damage, told=f"lost {', '.join(here)}: {damage.told}") if here else damage


def _name(record: Record) -> str:
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
            yield Damage(name, None, None, "its writer died; run `newslake lake recover`")
