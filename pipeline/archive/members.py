"""Gzip members of a WARC file: each record is one, so that it can be read by offset alone."""

import mmap
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import BrokenRecordError

_CHUNK = 1 << 16
_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f\x8b\x08"
_WARC = b"WARC/"
_PEEK = 1 << 10  # packed bytes that unpack to more than "WARC/"


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member. ``offset`` and ``length`` are bytes of the file, ``data`` is decompressed."""

    offset: int
    length: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a file that no record can be read from. ``why`` is for a person; ``is_tail``: nothing good follows."""

    offset: int
    length: int
    why: str
    is_tail: bool


def read_member(path: Path, *, offset: int, length: int) -> bytes:
    """Return one member, decompressed.

    Raises: BrokenRecordError with record_missing where file or bytes are not there, record_corrupt where they are
    damaged.
    """
    key = f"{path}@{offset}"
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
    except FileNotFoundError as error:
        raise BrokenRecordError(
            f"{path} is gone; put it back, or run `newslake lake recover` to forget it",
            key=key,
            reason="record_missing",
        ) from error
    if len(data) < length:
        told = f"{path} ends before byte {offset + length}; restore it"
        raise BrokenRecordError(told, key=key, reason="record_missing")
    got = _member_at(data, 0)
    if isinstance(got, str):
        raise BrokenRecordError(
            f"{key} is damaged ({got}); restore the file, `newslake raw verify` names all that is lost",
            key=key,
            reason="record_corrupt",
        )
    return got.data


def members_of(file: BinaryIO | FileIO) -> Iterator[Member | Gap]:
    """Yield what a file holds, in order. Behind damage it goes on where a WARC record begins again."""
    size = os.fstat(file.fileno()).st_size
    if not size:
        return
    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
        yield from members_in(data)


def members_in(data: bytes | mmap.mmap) -> Iterator[Member | Gap]:
    """Yield what some bytes of a file hold, as ``members_of`` does; offsets count from their first."""
    at, size = 0, len(data)
    while at < size:
        got = _member_at(data, at)
        if isinstance(got, str):
            after = _next_start(data, at + 1)
            yield Gap(at, after - at, got, after == size)
            at = after
        else:
            yield got
            at += got.length


def _member_at(data: bytes | mmap.mmap, offset: int) -> Member | str:
    """Return the member that begins at an offset, or why there is none."""
    unpacker, unpacked, at = zlib.decompressobj(_GZIP), bytearray(), offset
    try:
        while not unpacker.eof:
            chunk = data[at : at + _CHUNK]
            if not chunk:
                return "cut short: its gzip member has no end"
            unpacked += unpacker.decompress(chunk)
            at += len(chunk)
    except zlib.error as error:
        return str(error)
    return Member(offset, at - len(unpacker.unused_data) - offset, bytes(unpacked))


def _next_start(data: bytes | mmap.mmap, at: int) -> int:
    """Return where the next record begins, the file's end where none does."""
    while (at := data.find(_MAGIC, at)) >= 0:
        try:
            if zlib.decompressobj(_GZIP).decompress(data[at : at + _PEEK], len(_WARC)) == _WARC:
                return at
        except zlib.error:
            pass
        at += 1
    return len(data)
