"""A byte search for pieces of texts in all files of a folder, also in compressed ones."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_GRAM = 20  # bytes
_BLOCK = _GRAM // 2  # each occurrence of a piece covers a block that begins at a multiple of this


class Traces:
    """All pieces of 20 bytes of some texts. Shorter texts are searched for as a whole."""

    def __init__(self, words: Iterable[str]) -> None:
        given = [word.encode() for word in words]
        self._short = [word for word in given if len(word) < _GRAM]
        self._look_for({gram for word in given for gram in _slices(word, _GRAM)})

    def _look_for(self, grams: set[bytes]) -> None:
        self._grams = grams
        self._blocks = {block for gram in grams for block in _slices(gram, _BLOCK)}

    def in_bytes(self, data: bytes) -> set[bytes]:
        """Return the pieces that occur in some bytes."""
        return {word for word in self._short if word in data} | (self._grams & self._suspects(data))

    def _suspects(self, data: bytes) -> set[bytes]:
        """Return the pieces of some bytes that share a block with a searched piece."""
        suspects = set()
        for at in range(0, len(data) - _BLOCK + 1, _BLOCK):
            if data[at : at + _BLOCK] in self._blocks:
                suspects |= _slices(data[max(0, at - _BLOCK) : at + _GRAM], _GRAM)
        return suspects

    def in_file(self, data: bytes) -> set[bytes]:
        """Return the pieces that occur in the content of a file, raw or decompressed."""
        return {hit for view in _views(data) for hit in self.in_bytes(view)}

    def unless_under(self, root: Path) -> "Traces":
        """Return the pieces that do not occur under a folder."""
        others = {hit for hits in self.under(root).values() for hit in hits}
        rest = Traces(())
        rest._short = [word for word in self._short if word not in others]
        rest._look_for(self._grams - others)
        return rest

    def under(self, root: Path) -> dict[str, set[bytes]]:
        """Return the files with a piece in their content or name, with these pieces."""
        found = {}
        for path in sorted(root.rglob("*")):
            hits = self.in_bytes(str(path.relative_to(root)).encode())
            if path.is_file():
                hits |= self.in_file(path.read_bytes())
            if hits:
                found[path.relative_to(root).as_posix()] = hits
        return found


def _slices(data: bytes, length: int) -> set[bytes]:
    return {data[at : at + length] for at in range(len(data) - length + 1)}


def _views(data: bytes) -> Iterator[bytes]:
    """Yield a file's bytes, raw and decompressed."""
    yield data
    if data.startswith(b"PAR1"):
        table = pq.read_table(pa.BufferReader(data), partitioning=None)
        yield b"\n".join(_texts(table.to_pylist()))
    if data.startswith(b"\x1f\x8b"):
        yield _unpacked(data)


def _unpacked(data: bytes) -> bytes:
    """Return all gzip members, without damaged ones, including nested ones."""
    out, at = bytearray(), 0
    while (at := data.find(b"\x1f\x8b\x08", at)) >= 0:
        unpacker = zlib.decompressobj(wbits=31)
        with suppress(zlib.error):  # damaged, or not the beginning of a member
            out += unpacker.decompress(data[at:])
        at += 3
    return bytes(out)


def _texts(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
