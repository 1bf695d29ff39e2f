"""A WARC file read whole: what it says of captures and attempts, and what of it is damaged."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import WARCIterator

from pipeline.archive.members import Gap, Member, members_of
from pipeline.archive.warc import parse_metadata, parse_page, parse_record
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
