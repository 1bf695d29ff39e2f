"""Is the archive whole: every record against its digests, the index against the files, and what of them is lost."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from sqlite3 import DatabaseError

from pipeline.archive.dayfile import PART, SUFFIX, lock_part
from pipeline.archive.index import Index
from pipeline.archive.scan import Damage, FileScan, read_file
from pipeline.model import Attempt, Capture

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
