"""The gzip members of a WARC file: each record is one member, so that its offset is enough to read it.

After damage, reading continues at the next record. Files of our archive and foreign files, as they arrive, are read by
the same code.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from newslake.pipeline.content_encoding import BadEncodingError, CutShortError, inflate
from newslake.pipeline.errors import BrokenRecordError

_CHUNK = 1 << 16
_GZIP_WBITS = zlib.MAX_WBITS | 16
_START = re.compile(rb"\x1f\x8b\x08(?=[\x00-\x1f])")  # magic number, deflate, no reserved flag
_START_BYTES = 4
_WARC = b"WARC/"
_UNPACKED_MAX_RATIO = 200  # text is packed to a tenth
_PEEK = 1 << 10  # compressed bytes, enough for "WARC/"
_LOOKBACK_BYTES = 1 << 25  # compressed bytes of a damaged member that are searched for the next one


@dataclass(frozen=True, slots=True)
class MemberStart:
    """The start of a member; its content follows in pieces, then its ``MemberEnd`` or a ``Gap``."""

    offset: int


@dataclass(frozen=True, slots=True)
class MemberEnd:
    """The end of a member; ``length`` is its compressed size."""

    length: int


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member. ``offset`` and ``length`` are bytes of the file, ``data`` is decompressed."""

    offset: int
    length: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a file without a readable record. ``why`` is for people.

    ``is_tail``: no readable record follows. ``is_cut``: the file ends inside its member, and what came before the gap
    is right. ``is_padding``: all bytes are zero.
    """

    offset: int
    length: int
    why: str
    is_tail: bool
    is_cut: bool = False
    is_padding: bool = False


def missing_record(place: Path | str, offset: int) -> BrokenRecordError:
    """Return the error of a record whose file is gone."""
    message = f"{place} is missing; restore it, or run `newslake lake repair --drop-damaged`, which forgets it"
    return BrokenRecordError(message, key=f"{place}@{offset}", reason="record_missing")


def decompress_member(data: bytes, *, place: Path | str, offset: int, length: int) -> bytes:
    """Return the content of the member in the bytes of a file from ``offset`` on, which should be ``length`` bytes.

    Raises: BrokenRecordError, record_missing if bytes are missing, record_corrupt if they are damaged.
    """
    key = f"{place}@{offset}"
    if len(data) < length:
        message = f"{place} ends before byte {offset + length}; restore it"
        raise BrokenRecordError(message, key=key, reason="record_missing")
    got = next(members_in(data), Gap(0, 0, "it is empty", is_tail=True))
    if isinstance(got, Gap):
        raise BrokenRecordError(
            f"{key} is damaged ({got.why}); restore the file; `newslake archive verify` lists all lost records",
            key=key,
            reason="record_corrupt",
        )
    return got.data


def members_of(file: BinaryIO | FileIO) -> Iterator[Member | Gap]:
    """Yield the members of a file, in order. After damage continue at the next WARC record."""
    file.seek(0)
    return _whole(scan_members(iter(lambda: file.read(_CHUNK), b"")))


def members_in(data: bytes) -> Iterator[Member | Gap]:
    """Yield the members in a range of a file, like ``members_of``; offsets are relative to its first byte."""
    return _whole(scan_members((data,)))


def _whole(scan: Iterator[MemberStart | bytes | MemberEnd | Gap]) -> Iterator[Member | Gap]:
    offset, parts = 0, list[bytes]()
    for each in scan:
        match each:
            case MemberStart():
                offset, parts = each.offset, []
            case bytes():
                parts.append(each)
            case MemberEnd():
                yield Member(offset, each.length, b"".join(parts))
            case Gap():
                yield each


def scan_members(
    chunks: Iterable[bytes], *, record_max_bytes: int | None = None
) -> Iterator[MemberStart | bytes | MemberEnd | Gap]:
    """Yield each member of a file as it arrives: its start, its content in pieces, and its end.

    A damaged member ends with a ``Gap``, after the pieces before the damage. A gap ends where the next member begins
    with a WARC record. With ``record_max_bytes``, a record that unpacks to more, and to 200 times its size, is damaged.
    """
    window, at = _Lookback(iter(chunks)), 0
    growth = _Growth(window, record_max_bytes)
    while window.read(at, 1):
        yield MemberStart(at)
        engine = zlib.decompressobj(_GZIP_WBITS)
        try:
            yield from growth.checked(inflate(engine, b"", window.pieces(at)), at)
        except BadEncodingError as error:
            is_cut = isinstance(error, CutShortError)
            why = "its gzip member is truncated" if is_cut else str(error.__cause__ or error)
            end, is_padding = _next_start(window, max(at + 1, window.start), is_padding=window.read(at, 1) == b"\0")
            is_tail = not window.read(end, 1)
            yield Gap(at, end - at, why, is_tail, is_cut and is_tail, is_padding)
        else:
            end = window.end - len(engine.unused_data)
            yield MemberEnd(end - at)
        at = end
        window.forget(at)


class _Growth:
    """The size of a record, packed and unpacked, over all its members."""

    def __init__(self, window: "_Lookback", record_max_bytes: int | None) -> None:
        self._window = window
        self._max_bytes = record_max_bytes
        self._start = self._size = 0

    def checked(self, pieces: Iterable[bytes], at: int) -> Iterator[bytes]:
        """Yield the pieces of the member at an offset. Raises: BadEncodingError for a record that unpacks too far."""
        for number, piece in enumerate(pieces):
            if number == 0 and piece.startswith(_WARC):
                self._start, self._size = at, 0
            self._size += len(piece)
            packed = self._window.end - self._start
            if self._max_bytes is not None and self._size > max(self._max_bytes, _UNPACKED_MAX_RATIO * packed):
                raise BadEncodingError(f"it unpacks to more than {_UNPACKED_MAX_RATIO} times its size")
            yield piece


class _Lookback:
    """A stream that remembers its bytes since the last ``forget``."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._bytes = bytearray()
        self.start = 0  # offset of the first byte that it remembers
        self.end = 0  # offset of the last byte of ``pieces``

    def read(self, at: int, size: int) -> bytes:
        """Return bytes from an offset on; fewer than ``size`` only at the end of the stream."""
        first = at - self.start
        while len(self._bytes) < first + size and (chunk := next(self._chunks, b"")):
            self._bytes += chunk
        return bytes(self._bytes[first : first + size])

    def forget(self, at: int) -> None:
        if at > self.start:
            del self._bytes[: at - self.start]
            self.start = at

    def pieces(self, at: int) -> Iterator[bytes]:
        """Yield the bytes from an offset on, and set ``end`` to the end of each piece."""
        self.end = at
        while piece := self.read(self.end, _CHUNK):
            self.end += len(piece)
            self.forget(self.end - _LOOKBACK_BYTES)
            yield piece


def _next_start(window: _Lookback, at: int, *, is_padding: bool) -> tuple[int, bool]:
    """Return the offset of the next record, or the end of the file, and whether only zeros precede it."""
    while chunk := window.read(at, _CHUNK):
        for magic in _START.finditer(chunk):
            if _is_record(window.read(at + magic.start(), _PEEK)):
                return at + magic.start(), is_padding and not chunk[: magic.start()].strip(b"\0")
        is_padding = is_padding and not chunk.strip(b"\0")
        if len(chunk) < _CHUNK:
            return at + len(chunk), is_padding
        at += len(chunk) - _START_BYTES + 1
        window.forget(at)
    return at, is_padding


def _is_record(data: bytes) -> bool:
    try:
        return zlib.decompressobj(_GZIP_WBITS).decompress(data, len(_WARC)) == _WARC
    except zlib.error:
        return False
