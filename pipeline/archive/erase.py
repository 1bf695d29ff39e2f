"""Delete records from WARC files: a filler replaces each, so that all others keep their bytes and offsets."""

import os
import re
import shutil
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from newslake.pipeline.archive.members import Member, members_in
from newslake.pipeline.archive.warc import info_record, metadata_record, new_record_id, readdress_record
from newslake.pipeline.archive.writer import RecordFiles
from newslake.pipeline.durability import Durability, name_file_on_error, sync_folder
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Capture

RecordSpan = tuple[int, int]  # offset and length of a record, bytes of its file

_OWNED_RECORD = re.compile(rb"WARC/1\.[01]\r\nWARC-Type: (request|metadata)\r\n")

# A filler: one gzip member of stored (uncompressed) blocks.
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # gzip, without a name or a time
_BLOCK_MAX = 0xFFFF
_BLOCK_HEAD, _TRAILER = 5, 8
_FILLER_HEAD = (
    "WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: {}\r\nWARC-Date: 1970-01-01T00:00:00Z\r\nContent-Length: "
)


def erase_records(
    path: Path, doomed: Iterable[RecordSpan], *, known: Iterable[RecordSpan], durability: Durability
) -> None:
    """Replace some records of a file, with their request and metadata, by fillers; the file changes atomically.

    ``known`` are the spans of all records of the file in the index. Idempotent.
    """
    temporary = path.parents[3] / f"erase.{uuid.uuid4().hex}"
    try:
        with name_file_on_error(temporary):
            shutil.copyfile(path, temporary)
        with temporary.open("r+b") as file:
            fill_records(file, doomed, known=known)
            file.flush()
            if durability == "full":
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durability == "full":
        sync_folder(path.parent)


def fill_records(file: BinaryIO, doomed: Iterable[RecordSpan], *, known: Iterable[RecordSpan]) -> None:
    """Write fillers over some records of an open file, with their request and metadata. Idempotent."""
    ends = sorted(offset + length for offset, length in known)
    for offset, length in sorted(doomed):
        before = max((end for end in ends if end <= offset), default=0)
        first = _first_of(file, before, offset, length)
        if first is not None:
            file.seek(first)
            file.write(filler(offset + length - first))


def _first_of(file: BinaryIO, before: int, offset: int, length: int) -> int | None:
    """Return the offset of the request and metadata of a record: directly before it, after the previous record.

    None if a filler already replaces it.
    """
    file.seek(before)
    stretch, first = list(members_in(file.read(offset + length - before))), offset
    for each in reversed(stretch):
        start = before + each.offset
        if start < offset < start + each.length:
            return None
        if start < offset:
            if not isinstance(each, Member) or not _OWNED_RECORD.match(each.data):
                break
            first = start
    return first


def filler(length: int) -> bytes:
    """Return an empty ``warcinfo`` record as a gzip member of exactly ``length`` bytes; about 250 are the minimum."""
    blocks = -(-(length - len(_HEADER) - _TRAILER) // (_BLOCK_MAX + _BLOCK_HEAD))
    size = length - len(_HEADER) - _TRAILER - blocks * _BLOCK_HEAD
    head = _FILLER_HEAD.format(new_record_id())
    body = size - len(head) - len("0000000000\r\n\r\n") - len("\r\n\r\n")
    if body < 0:
        raise ArchiveError(f"{length} bytes are too few for a filler", key="filler", reason="no_filler")
    record = f"{head}{body:010d}\r\n\r\n{' ' * body}\r\n\r\n".encode()
    parts = []
    for number in range(blocks):
        part = record[number * _BLOCK_MAX : (number + 1) * _BLOCK_MAX]
        sizes = len(part).to_bytes(2, "little") + (len(part) ^ _BLOCK_MAX).to_bytes(2, "little")
        parts.append((b"\1" if number == blocks - 1 else b"\0") + sizes + part)
    end = zlib.crc32(record).to_bytes(4, "little") + (len(record) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join((_HEADER, *parts, end))


def promote_revisit(data: bytes, holder: Capture, new_holder: Capture, *, files: RecordFiles) -> Capture:
    """Copy the content of a record to delete into a new record for one of its revisits, in a new file of that run.

    Return the capture that now has the bytes, with time, URL and hints of the revisit.
    """
    record_id = new_record_id()
    record = readdress_record(
        data, record_id=record_id, url=new_holder.url, digest=holder.digest, at=new_holder.fetched_at
    )
    moved = replace(new_holder, is_revisit=False, status=holder.status, sent_digest=holder.sent_digest)
    file = files.create(news_day=new_holder.news_day, source_key=new_holder.source_key, run_id=new_holder.run_id)
    *_, offset = file.append(info_record(new_holder.fetched_at), metadata_record(moved, record_id), record)
    placed = replace(moved, file=file.name, offset=offset, length=len(record))
    file.records.append(placed)
    file.finish()
    return placed


def remove_leftovers(root: Path) -> None:
    """Remove the temporary files of an interrupted erasure."""
    for path in root.glob("erase.*"):
        path.unlink()
