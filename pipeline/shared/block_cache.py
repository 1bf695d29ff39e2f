"""Blocks of data files in memory: a data file never changes, so that a block is right for ever."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Protocol

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.patience import ProcessLock

_BLOCK = 1 << 16
_WHOLE_BLOCKS = 4  # a file with no more is read by one request
_CACHE_BYTES = 64 << 20
_END_BYTES = 1 << 15  # of the end of a file, which has the footer
_UNCACHED_BYTES = 8 << 20  # a read of more is not cached: it would push everything else out
_DROPPED_MAX = 10_000  # files whose drops are remembered
_NEVER = datetime.fromtimestamp(0, UTC)


class RangeReader(Protocol):
    """What a reader of data files needs of ``Bucket``."""

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        """Return bytes of an object; None if there is no object. Raises: StoreError."""
        ...


class BlockCache:
    """Blocks by file and number; the least recently used go first. Any number of threads may use it.

    ``generation`` counts the drops. A reader that began before a file was dropped does not put its blocks back.
    """

    def __init__(self, max_bytes: int = _CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._blocks: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0
        self._lock = ProcessLock()
        self.generation = 0
        self._dropped: dict[str, int] = {}  # files, with the generation of their drop
        self._forgotten = 0  # the newest generation whose files are not in ``_dropped`` any more

    def get(self, key: str, number: int) -> bytes | None:
        with self._lock:
            block = self._blocks.get((key, number))
            if block is not None:
                self._blocks.move_to_end((key, number))
            return block

    def put(self, key: str, number: int, block: bytes, *, began: float = inf) -> None:
        """Keep a block, unless its file was dropped after the generation in which its reader began."""
        with self._lock:
            if began < self._dropped.get(key, self._forgotten):
                return
            earlier = self._blocks.pop((key, number), b"")
            self._blocks[key, number] = block
            self._size += len(block) - len(earlier)
            while self._size > self._max_bytes:
                _, oldest = self._blocks.popitem(last=False)
                self._size -= len(oldest)

    def drop(self, keys: Collection[str]) -> None:
        """Forget the blocks of some files, also those that are being read."""
        with self._lock:
            self.generation += 1
            self._dropped |= dict.fromkeys(keys, self.generation)
            if len(self._dropped) > _DROPPED_MAX:
                self._dropped, self._forgotten = {}, self.generation
            for each in [each for each in self._blocks if each[0] in keys]:
                self._size -= len(self._blocks.pop(each))


@dataclass(slots=True)
class CachedObject:
    """A data file in object storage, read by blocks through the cache. ``gone`` makes the error of a missing file.

    ``began`` is the generation of the cache in which its reader began.
    """

    objects: RangeReader
    key: str
    size: int
    cache: BlockCache
    gone: Callable[[], Exception]
    modified: datetime = _NEVER
    began: float = inf

    def read(self, size: int, place: int) -> bytes:
        """Return bytes; those that are not in the cache come by one request for each run of blocks."""
        end = min(place + size, self.size)
        if end <= place:
            return b""
        first, last = place // _BLOCK, (end - 1) // _BLOCK
        try:
            blocks = self._blocks(first, last + 1)
        except FileNotFoundError as error:
            raise self.gone() from error
        whole = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        return whole[place - first * _BLOCK : end - first * _BLOCK]

    def read_end(self) -> None:
        """Read the end into the cache, which has the footer; of a small file, all of it. Raises: FileNotFoundError."""
        count = -(-self.size // _BLOCK)
        self._blocks(0 if count <= _WHOLE_BLOCKS else max(0, self.size - _END_BYTES) // _BLOCK, count)

    def has_end(self) -> bool:
        """Return whether the cache has the end."""
        return self.cache.get(self.key, (self.size - 1) // _BLOCK) is not None

    def close(self) -> None:
        """Return: nothing is open."""

    def _blocks(self, first: int, end: int) -> list[bytes]:
        blocks = [self.cache.get(self.key, number) for number in range(first, end)]
        missing = [first + place for place, block in enumerate(blocks) if block is None]
        if missing:
            # One request from the first to the last missing block: blocks between them are few.
            for number, block in enumerate(self._fetch(missing[0], missing[-1] + 1), start=missing[0]):
                blocks[number - first] = block
        return [block for block in blocks if block is not None]

    def _fetch(self, first: int, end: int) -> list[bytes]:
        offset = first * _BLOCK
        length = min(end * _BLOCK, self.size) - offset
        data = self.objects.get_range(self.key, offset=offset, length=length)
        if data is None:
            raise FileNotFoundError(self.key)
        if len(data) != length:
            message = f"{self.key} has not the {self.size} bytes that the catalog says; run `newslake lake verify`"
            raise StoreError(message, key=self.key, reason="file_broken")
        blocks = [data[place : place + _BLOCK] for place in range(0, length, _BLOCK)]
        if length <= _UNCACHED_BYTES:
            for number, block in enumerate(blocks, start=first):
                self.cache.put(self.key, number, block, began=self.began)
        return blocks
