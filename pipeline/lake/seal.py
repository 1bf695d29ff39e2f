"""Checksums of the files that no manifest names, inside or beside them, so that corruption is detected."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

_KEY = "file_sha256"
_EMPTY = "0" * 64
# As Thrift writes the key and the length of its value into the footer, which ends the file.
_MARK = b"\x18" + bytes([len(_KEY)]) + _KEY.encode() + b"\x18\x40"
_DIGEST_BYTES = 32
SUMS = "sums"

EMPTY_CHECKSUM: Mapping[str, str] = {_KEY: _EMPTY}


def checksummed_parquet(data: memoryview) -> bytes:
    """Return a Parquet file that was written with ``EMPTY_CHECKSUM``, with the digest of all its other bytes in it."""
    whole = bytearray(data)
    at = whole.rindex(_MARK) + len(_MARK)
    whole[at : at + len(_EMPTY)] = hashlib.sha256(whole).hexdigest().encode()
    return bytes(whole)


def is_parquet_sound(data: bytes) -> bool:
    """Return whether a file has a checksum and its bytes match it."""
    at = data.rfind(_MARK)
    if at < 0:
        return False
    whole, at = bytearray(data), at + len(_MARK)
    stated = bytes(whole[at : at + len(_EMPTY)])
    whole[at : at + len(_EMPTY)] = _EMPTY.encode()
    return hashlib.sha256(whole).hexdigest().encode() == stated


def with_digest(data: bytes | memoryview) -> bytes:
    """Return bytes behind their digest."""
    return hashlib.sha256(data).digest() + data


def without_digest(data: bytes) -> bytes | None:
    """Return the bytes that stand behind their digest; None where they are not those of it."""
    rest = memoryview(data)[_DIGEST_BYTES:]
    return bytes(rest) if hashlib.sha256(rest).digest() == data[:_DIGEST_BYTES] else None


def sums_of(folder: Path) -> bytes:
    """Return name and digest of each file of a folder but ``SUMS``, which holds this; as `sha256sum` writes it."""
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != SUMS:
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines).encode()
