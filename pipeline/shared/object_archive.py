"""The archive on object storage: WARC files as objects, in an index that all hosts share."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO

from newslake.pipeline.archive.erase import fill_records
from newslake.pipeline.archive.interfaces import CaptureIndex
from newslake.pipeline.archive.records import RecordArchive
from newslake.pipeline.archive.scan import (
    Damage,
    FileScan,
    compare_with_index,
    dangling_revisits,
    indexed_records,
    missing_file,
    scan_file,
    unindexed_file,
)
from newslake.pipeline.archive.writer import SUFFIX
from newslake.pipeline.model import Attempt, Capture
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.warc_objects import (
    FOLDER,
    Sealing,
    WarcObjects,
    folder_of,
    next_version,
    origin_of,
    put_whole,
    version_of,
)

log = logging.getLogger(__name__)


class ObjectArchive(RecordArchive):
    """The archive in a store of objects. Several hosts may read and write at once; erasures run one at a time.

    An object is never changed: an erasure puts its next version, lets the index point there, then deletes the old one.
    A listing that lags hides nothing: what the index has is read by its name.
    """

    def __init__(self, objects: Bucket, index: CaptureIndex, *, sealing: Sealing | None = None) -> None:
        super().__init__(WarcObjects(objects, sealing=sealing))
        self._objects = objects
        self._shared_index = index

    @property
    def _index(self) -> CaptureIndex:
        if not self._shared_index.is_ready():
            for damage in self._rebuild(self._shared_index):
                log.warning("%s", damage)
        return self._shared_index

    def index_problems(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Return the damage of the index as predicates: the service that has it checks its files."""
        is_sound = self._shared_index.is_ready() or next(self._objects.list(FOLDER), None) is None
        return () if is_sound else ("is not built",)

    def rebuild_index(self) -> tuple[Damage, ...]:
        """Rebuild the index from all WARC files and return the damage. A lost file stays in the index.

        Writers and takedowns wait for the end before they change the index.
        """
        return self._rebuild(self._shared_index)

    def recover(
        self, *, source_key: str | None = None, is_quick: bool = False, drops_damaged: bool = False
    ) -> tuple[str, ...]:
        """Take files into the index that dead processes put, for one source or for all; return one message per file.

        A file that is in the index but lost stays there, so that ``verify`` names it, unless ``drops_damaged``.
        """
        done = []
        folder = FOLDER if source_key is None else folder_of(source_key)
        listed = self._listed(folder)  # before the index: a file is put first
        indexed = self._index.files(folder=folder)
        for file, known in _strays(_latest(listed), indexed):
            if known is not None and self._files.exists(known):  # an erasure is about to finish, or will be repeated
                continue
            scan = self._scan(file)
            if scan is None:
                continue
            if known is None:
                self._index.add({file: scan.records})
            else:
                self._index.replace(known, {file: scan.records})
            if not self._files.exists(file):  # erased meanwhile, and taken out of the index before it was added
                self._index.forget(file)
                continue
            done += [f"indexed {file}", *map(str, scan.damages)]
        for file in sorted(indexed.difference(listed)) if drops_damaged else ():
            if not self._files.exists(file):
                self._index.forget(file)
                done.append(f"removed {file} from the index; the file is gone")
        return tuple(done)

    def verify(
        self, *, reads: Callable[[date], bool] = lambda day: True, tally: Counter[str] | None = None
    ) -> Iterator[Damage]:
        """Yield all damage: in the files with records of the news days that ``reads`` selects, and in the index.

        ``tally`` counts the files, bytes and records that were read.
        """
        index, counted = self._index, Counter[str]() if tally is None else tally
        listed = self._listed()
        indexed = index.files()
        unlisted = indexed.difference(listed)
        for file in sorted(indexed):
            if any(reads(each.news_day) for each in indexed_records(index, file)):
                yield from self._damage_of(file, index, counted)
            elif file in unlisted and not self._files.exists(file):
                yield missing_file(file)
        for file, known in _strays(listed, indexed):
            if not self._files.exists(file):  # the listing lags
                continue
            if known is not None and self._files.exists(known):
                yield Damage(file, None, None, "is left of a takedown that was interrupted; run the takedown again")
            else:
                yield unindexed_file(file)
        yield from dangling_revisits(index)

    def _damage_of(self, file: str, index: CaptureIndex, tally: Counter[str]) -> Iterator[Damage]:
        data = self._objects.get(file)
        if data is None:
            yield missing_file(file)
            return
        scan = scan_file(BytesIO(data), name=file, is_checked=True)
        tally.update(files=1, bytes=len(data), records=len(scan.records))
        yield from compare_with_index(file, scan, index)

    def _inventory(self, known: frozenset[str]) -> tuple[list[str], list[str]]:
        listed = self._listed()
        unlisted = known.difference(listed)
        late = [file for file in unlisted if self._files.exists(file)]
        there = _latest((*listed, *late))
        origins = frozenset(map(origin_of, there))
        return list(there), sorted(file for file in unlisted.difference(late) if origin_of(file) not in origins)

    def _listed(self, folder: str = FOLDER) -> tuple[str, ...]:
        return tuple(each.key for each in self._objects.list(folder) if each.key.endswith(SUFFIX))

    def _scan(self, file: str) -> FileScan | None:
        data = self._objects.get(file)
        return None if data is None else scan_file(BytesIO(data), name=file)

    def add_files(self, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        """Take files that were put into the index, with their records."""
        self._index.add(files)

    def _finish_erasure(self) -> None:
        listed = self._listed()
        for file, known in _strays(listed, self._index.files()):
            if known is not None and self._files.exists(known):
                self._objects.delete(file)

    def _erase_in(self, file: str, places: set[tuple[int, int]]) -> None:
        records = self._index.records(file)
        known = {(each.offset, each.length) for each in records}
        if not known and (later := self._later_version(file)) is not None:  # another takedown came first
            self._erase_in(later, places)
            return
        if known <= places:
            self._objects.delete(file)
            self._index.forget(file)
            return
        data = self._objects.get(file)
        if data is None and self._index.records(file):  # the file is lost
            self._index.erase([(file, offset) for offset, _ in places])
            return
        if data is None:  # the index has a later version since it was read, or none
            self._erase_in(file, places)
            return
        stream = BytesIO(data)
        fill_records(stream, places, known=known)
        name = next_version(file)
        put_whole(self._objects, name, stream.getvalue())
        staying = [replace(each, file=name) for each in records if (each.offset, each.length) not in places]
        self._index.replace(file, {name: staying})
        self._objects.delete(file)

    def _later_version(self, file: str) -> str | None:
        """Return the version of a file that the index has, if it is a later one. Records keep their places."""
        there = self._index.files(folder=file.rpartition("/")[0])
        mine = [each for each in there if origin_of(each) == origin_of(file) and version_of(each) > version_of(file)]
        return max(mine, key=version_of, default=None)


def _latest(listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last version of each file, sorted: an erasure that was interrupted has left two."""
    latest = {origin_of(file): file for file in sorted(listed, key=version_of)}
    return tuple(sorted(latest.values()))


def _strays(listed: tuple[str, ...], indexed: frozenset[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the listed files that are not in the index, each with another version that is."""
    known = {origin_of(file): file for file in indexed}
    for file in listed:
        if file not in indexed:
            yield file, known.get(origin_of(file))
