"""Gzip members of a WARC file: each record is one, so that it can be read by offset alone."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ArchiveError

_CHUNK = 1 << 16
_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member. ``offset`` and ``length`` are bytes of the file, ``data`` is decompressed."""

    offset: int
    length: int
    data: bytes


def read_member(path: Path, *, offset: int, length: int) -> bytes:
    """Return one member, decompressed.

    Raises: ArchiveError with record_missing where file or bytes are not there, record_corrupt where they are damaged.
    """
    key = f"{path}@{offset}"
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{path} is gone; put it back, or run `newslake lake recover` to forget it",
            key=key,
            reason="record_missing",
        ) from error
    if len(data) < length:
        raise ArchiveError(f"{path} ends before byte {offset + length}; restore it", key=key, reason="record_missing")
    try:
        unpacked = zlib.decompressobj(_GZIP)
        found = unpacked.decompress(data)
    except zlib.error as error:
        raise _corrupt(key, str(error)) from error
    if not unpacked.eof:
        raise _corrupt(key, "its gzip member has no end")
    return found


def _corrupt(key: str, why: str) -> ArchiveError:
    return ArchiveError(f"{key} is damaged ({why}); restore the file", key=key, reason="record_corrupt")


def complete_members(file: BinaryIO) -> Iterator[Member]:
    """Yield members from the file's start; stop without a word at a torn tail or at bytes that are no gzip.

    The last member's ``offset + length`` is where the good part of the file ends.
    """
    offset, rest = 0, b""
    while True:
        unpacker, data, length = zlib.decompressobj(_GZIP), bytearray(), 0
        while not unpacker.eof:
            chunk = rest or file.read(_CHUNK)
            rest = b""
            if not chunk:
                return
            try:
                data += unpacker.decompress(chunk)
            except zlib.error:
                return
            length += len(chunk) - len(unpacker.unused_data)
        rest = unpacker.unused_data
        yield Member(offset, length, bytes(data))
        offset += length
