"""Objects: bytes under a key, in a bucket of an object store or in a folder. An object is whole or not there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newslake.pipeline.errors import StoreError

KEY_MAX_BYTES = 1024  # of S3
_SEGMENT_MAX_BYTES = 255  # of file systems
_FORBIDDEN = frozenset("\\\x7f\ufffe\uffff") | {chr(number) for number in range(32)}  # also what XML cannot have


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing says of an object. ``size`` is in bytes, ``modified_at`` the time of its last put, in UTC."""

    key: str
    size: int
    modified_at: datetime


class Objects(Protocol):
    """A store of objects.

    A key has segments between slashes, each with 1 to 255 bytes of UTF-8, which do not begin with a dot, and no
    backslash, control character or noncharacter. No key is the folder of another key: the names that callers choose
    ensure it.
    Every method raises StoreError if the service fails, and for a key of another form (store_key_invalid).
    """

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object if the key has none; return whether the key has these bytes afterwards.

        It is also true if an earlier put stored the same bytes, as after an answer that was lost. So of several
        writers only one wins, if their bytes differ.
        """
        ...

    def put(self, key: str, data: bytes) -> None:
        """Store or replace an object. A reader sees the old bytes or the new ones."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return the bytes of an object, or None if there is no such object."""
        ...

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        """Return ``length`` bytes from ``offset`` on, fewer at the end of the object; None if there is no object.

        Raises: ValueError if one of both is negative.
        """
        ...

    def read_chunks(self, key: str) -> Iterator[bytes] | None:
        """Return the bytes of an object in pieces of some megabytes, or None. The object must not be replaced."""
        ...

    def info(self, key: str) -> ObjectInfo | None:
        """Return what the store says of an object, or None if there is no such object."""
        ...

    def list(self, folder: str = "", *, is_deep: bool = True) -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with a folder and a slash, all without one, by the bytes of the key.

        Without ``is_deep``, only those in the folder itself: the rest of their key has no slash.
        A store may list an object late, or for a while after its end. Keys of another form are left out. All names
        are in memory before the first is returned.
        """
        ...

    def delete(self, key: str) -> None:
        """Delete an object; without such an object nothing happens."""
        ...


def check_key(key: str) -> str:
    """Return a key of the right form. Raises: StoreError (store_key_invalid)."""
    if not is_key(key):
        raise StoreError(
            f"{key[:200]!r} is not a key of an object; rename it", key=key[:200], reason="store_key_invalid"
        )
    return key


def is_key(key: str) -> bool:
    """Return whether a text has the form of a key."""
    try:
        segments = key.encode().split(b"/")
    except UnicodeEncodeError:
        return False
    if len(key.encode()) > KEY_MAX_BYTES or _FORBIDDEN & set(key):
        return False
    return all(segment and segment[:1] != b"." and len(segment) <= _SEGMENT_MAX_BYTES for segment in segments)


def check_range(offset: int, length: int) -> None:
    """Raises: ValueError if a range of bytes has a negative offset or length."""
    if offset < 0 or length < 0:
        raise ValueError(f"no range of bytes: offset {offset}, length {length}")


def by_key(infos: list[ObjectInfo]) -> Iterator[ObjectInfo]:
    """Yield infos by the bytes of the key. Stores differ: some sort by folder, some do not sort."""
    return iter(sorted(infos, key=lambda each: each.key.encode()))
