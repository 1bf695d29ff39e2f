"""Public interface of the archive: WARC files under ``warc/``, and the index that finds records in them."""

import fcntl
import fnmatch
import logging
import sqlite3
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import cached_property, partial
from pathlib import Path

from newslake.pipeline.archive.erase import erase_records, remove_leftovers
from newslake.pipeline.archive.index import Index, index_problems
from newslake.pipeline.archive.records import RecordArchive
from newslake.pipeline.archive.scan import INDEX, Damage, FileScan, dangling_revisits, read_file, verify_files
from newslake.pipeline.archive.writer import FILE_MAX_BYTES, PART, SUFFIX, WarcFolder, finish_dead_part
from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import file_name_of
from newslake.pipeline.sqlite import can_write, open_database, overwrite_database
from newslake.pipeline.sqlite_checks import is_new_database

log = logging.getLogger(__name__)


class Archive(RecordArchive):
    """The archive under one folder. Opens on first use; several processes may read and write at once.

    ``durability`` "full" survives power loss, "process" the death of a process. A WARC file of ``file_max_bytes`` gets
    no more records.
    """

    def __init__(self, root: Path, *, durability: Durability = "full", file_max_bytes: int = FILE_MAX_BYTES) -> None:
        super().__init__(WarcFolder(root, durability=durability, file_max_bytes=file_max_bytes))
        self._root = root
        self._durability: Durability = durability

    @cached_property
    def _index(self) -> Index:
        path = self._root / INDEX
        connection = open_database(path, durability=self._durability, broken=partial(_broken, path))
        weakref.finalize(self, connection.close)
        index = Index(connection)
        if not index.is_ready():
            if not can_write(path):
                return self._index_in_memory()
            with self._index_lock():
                if not index.is_ready():
                    self._rebuild_lost(index)
        return index

    def _index_in_memory(self) -> Index:
        """Return an index for this process alone, which may not write the missing or old one."""
        path = Path(":memory:")
        connection = open_database(path, durability="process", broken=partial(_broken, path))
        weakref.finalize(self, connection.close)
        index = Index(connection)
        self._rebuild_lost(index)
        return index

    def _rebuild_lost(self, index: Index) -> None:
        """Build an index that is new, was lost, or is of another version."""
        if next(self._names(), None) is not None:
            log.warning("the index of the archive is built from the WARC files, because %s had none", self._root)
        for damage in self._rebuild(index):
            log.warning("%s", damage)

    @contextmanager
    def _index_lock(self) -> Iterator[None]:
        """Hold the lock for a rebuild of the index."""
        with (self._root / "index.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def index_problems(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Return the damage of the index's file as predicates. Call it before the index is opened, and so rebuilt.

        Every row is read; with ``is_quick`` only one of each table.
        """
        path = self._root / INDEX
        has_files = next(self._names(), None) is not None  # first: a writer builds the index before its first file
        if not path.exists():
            return ("is missing",) if has_files else ()
        if not has_files and is_new_database(path):
            return ()
        return index_problems(path, is_quick=is_quick)

    def rebuild_index(self) -> tuple[Damage, ...]:
        """Rebuild the index from all WARC files and return the damage.

        A lost file stays in the index and is returned, unless the old index is damaged or of another version.
        """
        if index_problems(self._root / INDEX):
            with self._index_lock():
                return self._replace_index()
        index = self._index  # open it first: an index that is not ready is built under the same lock
        with self._index_lock():
            return self._rebuild(index)

    def _replace_index(self) -> tuple[Damage, ...]:
        """Build an index in another file, then replace the content of the damaged one."""
        if (index := self.__dict__.pop("_index", None)) is not None:
            index.close()
        fresh = self._root / f".{INDEX}.new"  # under the lock, only a killed rebuild can have left one
        try:
            _remove_database(fresh)
            connection = open_database(fresh, durability="process", broken=partial(_broken, fresh))
            with closing(connection):
                damages = self._rebuild(Index(connection))
                overwrite_database(self._root / INDEX, connection)
        finally:
            _remove_database(fresh)
        return damages

    def verify(
        self, *, reads: Callable[[date], bool] = lambda day: True, tally: Counter[str] | None = None
    ) -> Iterator[Damage]:
        """Yield all damage: in the files of the news days that ``reads`` selects, and in the whole index.

        ``tally`` counts the files, bytes and records that were read.
        """
        damaged = self.index_problems()
        for problem in damaged:
            yield Damage(INDEX, None, None, f"{problem}; rebuild it with `newslake archive reindex`")
        index, counted = None if damaged else self._index, Counter[str]() if tally is None else tally
        yield from verify_files(self._root, frozenset(self._names()), index, reads=reads, tally=counted)
        if index is not None:
            yield from dangling_revisits(index)

    def recover(
        self, *, source_key: str | None = None, is_quick: bool = False, drops_damaged: bool = False
    ) -> tuple[str, ...]:
        """Repair what dead processes left, for one source or for all; return one message per repaired file.

        A ``.part`` without a living writer is truncated to whole records and gets its final name. Afterwards all files
        are in the index. A file that is in the index but lost stays there, so that ``verify`` names it, unless
        ``drops_damaged``. ``is_quick`` does not read every row of the index.
        """
        done = []
        if source_key is None and self.index_problems(is_quick=is_quick):
            done += ["rebuilt the index from the WARC files", *map(str, self.rebuild_index())]
        files = f"warc/*/{'*' if source_key is None else file_name_of(source_key)}/*{SUFFIX}"
        for part in sorted(self._root.glob(f"{files}{PART}")):
            finished = finish_dead_part(part, durability=self._durability)
            if finished is not None:
                done.append(f"finished {self._name(finished)}")
        indexed = frozenset(fnmatch.filter(self._index.files(), files))
        there = frozenset(self._names(files))
        for file in sorted(there - indexed):
            scan = self._scan(file)
            self._index.add({file: scan.records})
            done += [f"indexed {file}", *map(str, scan.damages)]
        for file in sorted(indexed - there) if drops_damaged else ():
            self._index.forget(file)
            done.append(f"removed {file} from the index; the file is gone")
        return tuple(done)

    def file_bytes(self, file: str) -> bytes | None:
        """Return the bytes of a WARC file; None if it is lost."""
        path = self._root / file
        return path.read_bytes() if path.exists() else None

    def file_size(self, file: str) -> int:
        """Return the size of a WARC file in bytes; 0 if it is lost."""
        path = self._root / file
        return path.stat().st_size if path.exists() else 0

    def leftovers(self) -> tuple[str, ...]:
        """Return the files that dead processes left, and that ``recover`` takes into the index."""
        parts = map(self._name, self._root.glob(f"warc/*/*/*{SUFFIX}{PART}"))
        return tuple(sorted({*parts, *self._names()} - self._index.files()))

    def _finish_erasure(self) -> None:
        remove_leftovers(self._root)

    def _erase_in(self, file: str, places: set[tuple[int, int]]) -> None:
        path, known = self._root / file, {(each.offset, each.length) for each in self._index.records(file)}
        if known <= places:
            path.unlink(missing_ok=True)
            self._index.forget(file)
            return
        if path.exists():
            erase_records(path, places, known=known, durability=self._durability)
        self._index.erase([(file, offset) for offset, _ in places])

    def _names(self, pattern: str = f"warc/*/*/*{SUFFIX}") -> Iterator[str]:
        return map(self._name, sorted(self._root.glob(pattern)))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _inventory(self, known: frozenset[str]) -> tuple[list[str], list[str]]:
        there = list(self._names())
        return there, sorted(known.difference(there))

    def _scan(self, file: str) -> FileScan:
        return read_file(self._root / file, name=file)


def _remove_database(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def _broken(path: Path, error: sqlite3.Error) -> ArchiveError:
    message = f"{path} cannot be read ({error}); rebuild it from the WARC files with `newslake archive reindex`"
    return ArchiveError(message, key=str(path), reason="database_broken")
