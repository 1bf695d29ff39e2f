"""Equal states: crashed files from which the next process reads the same, so that one of them is enough to check."""

import hashlib
import struct
from collections.abc import Callable
from functools import cache

from tests.faults.power.disk import File, Tree

_WAL_HEADER, _FRAME_HEADER = struct.Struct(">8I"), struct.Struct(">6I")
_WAL_MAGICS = (0x377F0682, 0x377F0683)  # the second: its checksums are of big-endian words
_TEMPORARY = "_state/tmp/"


def key_of(tree: Tree, *, is_whole: Callable[[str, File], bool] = lambda path, file: False) -> bytes:
    """Return a digest of what recovery reads: names, links and bytes.

    It reads no temporary file, and of the log of SQLite what was committed; those that are ``is_whole`` count as they
    are.
    """
    whole = hashlib.sha256()
    for path, file in sorted(tree.items()):
        is_log, is_temporary = path.endswith("-wal"), _TEMPORARY in path
        digest: bytes | None = file.digest
        if path.endswith("-shm"):  # SQLite rebuilds it after power loss
            digest = None
        elif (is_log or is_temporary) and not is_whole(path, file):
            digest = _committed(file.data) if is_log else None
        if digest is not None:
            whole.update(f"{path}\0{file.node}\0".encode() + digest)
    return whole.digest()


@cache
def _committed(log: bytes) -> bytes | None:
    """Return a digest of the frames of a write-ahead log up to the last commit; None if it has no commit.

    SQLite stops at the first frame whose salts or checksum are wrong: https://www.sqlite.org/fileformat2.html#walformat
    """
    if len(log) < _WAL_HEADER.size:
        return None
    magic, _, page_size, _, *salts, first, second = _WAL_HEADER.unpack_from(log)
    order = ">" if magic == _WAL_MAGICS[1] else "<"
    sums = _checksum(log[:24], (0, 0), order)
    if magic not in _WAL_MAGICS or sums != (first, second):
        return None
    at, end = _WAL_HEADER.size, 0
    while at + _FRAME_HEADER.size + page_size <= len(log):
        _, pages_of_commit, *rest = _FRAME_HEADER.unpack_from(log, at)
        page_at = at + _FRAME_HEADER.size
        sums = _checksum(log[at : at + 8] + log[page_at : page_at + page_size], sums, order)
        if rest != [*salts, *sums]:
            break
        at = page_at + page_size
        if pages_of_commit:
            end = at
    return hashlib.sha256(log[:end]).digest() if end else None


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, other = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + other) & 0xFFFFFFFF
        other = (other + odd + one) & 0xFFFFFFFF
    return one, other
