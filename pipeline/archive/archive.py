"""Public interface of the archive: WARC files under ``warc/``, and the index that finds records in them."""

import fcntl
import fnmatch
import logging
import sqlite3
import weakref
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path

from pipeline.archive.erase import erase_records, promote_revisit, remove_leftovers
from pipeline.archive.index import CaptureSummary, Index, index_problems
from pipeline.archive.members import read_member
from pipeline.archive.scan import INDEX, Damage, FileScan, indexed_records, missing_file, read_file, verify_files
from pipeline.archive.warc import parse_page, parse_record
from pipeline.archive.writer import FILE_MAX_BYTES, PART, SUFFIX, ArchiveWriter, finish_dead_part
from pipeline.durability import Durability
from pipeline.errors import ArchiveError, BrokenRecordError
from pipeline.model import Attempt, Capture, Page, file_name_of
from pipeline.sqlite import from_micros, is_new_database, open_database, overwrite_database

log = logging.getLogger(__name__)


class Archive:
    """The archive under one folder. Opens on first use; several processes may read and write at once.

    ``durability`` "full" survives power loss, "process" the death of a process. A WARC file of ``file_max_bytes`` gets
    no more records.
    """

    def __init__(self, root: Path, *, durability: Durability = "full", file_max_bytes: int = FILE_MAX_BYTES) -> None:
        self._root = root
        self._file_max_bytes = file_max_bytes
        self._durability: Durability = durability

    @cached_property
    def _index(self) -> Index:
        path = self._root / INDEX
        connection = open_database(path, durability=self._durability, broken=partial(_broken, path))
        weakref.finalize(self, connection.close)
        index = Index(connection)
        if not index.is_ready():
            with self._index_lock():
                if not index.is_ready():
                    self._rebuild_lost(index)
        return index

    def _rebuild_lost(self, index: Index) -> None:
        """Build an index that is new, was lost, or is of another version."""
        if next(self._files(), None) is not None:
            log.warning("the index of the archive is built from the WARC files, because %s had none", self._root)
        for damage in self._rebuild(index):
            log.warning("%s", damage)

    @contextmanager
    def _index_lock(self) -> Iterator[None]:
        """Hold the lock for a rebuild of the index."""
        with (self._root / "index.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def writer(self, *, source_key: str, run_id: str) -> ArchiveWriter:
        """Return a writer for one source in one run, to be used in a ``with`` block."""
        return ArchiveWriter(
            self._root,
            self._index,
            source_key=source_key,
            run_id=run_id,
            durability=self._durability,
            file_max_bytes=self._file_max_bytes,
        )

    def get(self, digest: str) -> Page:
        """Return the page whose payload has this digest, as it was first captured.

        Raises: BrokenRecordError with record_missing or record_corrupt.
        """
        return self._read(self._holder(digest, page_key=None))

    def page(self, capture: Capture) -> Page:
        """Return the page of a capture.

        A revisit has the bytes, status, headers and final URL of the revisited record, but its own URL, time and hints.
        So has a capture whose file is lost, if another record has its bytes.
        Raises: BrokenRecordError with record_missing or record_corrupt.
        """
        if not capture.is_revisit and self._is_there(capture):
            return self._read(capture)
        page = self._read(self._holder(capture.digest, page_key=capture.page_key))
        return replace(page, url=capture.url, fetched_at=capture.fetched_at, hints=capture.hints)

    def has_bytes(self, capture: Capture) -> bool:
        """Return whether the file of a record with the bytes of a capture is there."""
        return any(map(self._is_there, self._holders(capture.digest, page_key=capture.page_key)))

    def record_id(self, capture: Capture) -> str:
        """Return the WARC-Record-ID of a capture's own record. Raises: BrokenRecordError."""
        data = read_member(self._root / capture.file, offset=capture.offset, length=capture.length)
        record = parse_record(data, key=f"{capture.file}@{capture.offset}")
        return str(record.rec_headers.get_header("WARC-Record-ID"))

    def _holder(self, digest: str, *, page_key: str | None) -> Capture:
        known = tuple(self._holders(digest, page_key=page_key))
        held = next(filter(self._is_there, known), next(iter(known), None))
        if held is None:
            raise BrokenRecordError(
                f"the archive has no {digest}; if its WARC file exists, run `newslake lake repair`",
                key=digest,
                reason="record_missing",
            )
        return held

    def _holders(self, digest: str, *, page_key: str | None) -> Iterator[Capture]:
        """Yield the captures that have the bytes of a digest, first those of a page."""
        yield from self._index.holding(digest, page_key=page_key)
        if page_key is not None:
            yield from self._index.holding(digest)

    def _is_there(self, capture: Capture) -> bool:
        return (self._root / capture.file).exists()

    def _read(self, capture: Capture) -> Page:
        data = read_member(self._root / capture.file, offset=capture.offset, length=capture.length)
        return parse_page(data, capture=capture)

    def captures(self, *, page_key: str | None = None, article_id: str | None = None) -> tuple[Capture, ...]:
        """Return the captures of a page or of an article (all without either), oldest first."""
        return self._index.captures(page_key=page_key, article_id=article_id)

    def attempts(self, page_keys: Iterable[str]) -> tuple[Attempt, ...]:
        """Return the failed responses of pages (404, 410, a truncated body), oldest first."""
        return self._index.attempts(page_keys)

    def gone(self) -> frozenset[str]:
        """Return the articles with a page that is gone: its latest record is a tombstone."""
        return self._index.gone()

    def payloads(self, article_ids: Iterable[str]) -> Mapping[str, Mapping[str, datetime]]:
        """Return the digests of each article's payloads, each with the time of its first fetch."""
        found: dict[str, dict[str, datetime]] = defaultdict(dict)
        for article_id, digest, micros in self._index.payloads(article_ids):
            found[article_id][digest] = from_micros(micros)
        return found

    def latest(self, page_keys: Iterable[str]) -> Mapping[str, Capture]:
        """Return the last capture of each page that has one."""
        return self._index.latest(page_keys)

    def fetch_times(self, page_keys: Iterable[str]) -> Mapping[str, tuple[datetime, datetime]]:
        """Return the times of the first and the last fetch of each page that has a capture."""
        return self._index.fetch_times(page_keys)

    def captures_of_day(self, day: date) -> Iterator[Capture]:
        """Yield the captures of a news day, by ``fetched_at``, then ``page_key``."""
        return self._index.of_day(day)

    def articles_of_day(self, day: date) -> tuple[str, ...]:
        """Return the ids of the articles with a capture for a news day, sorted."""
        return self._index.articles_of_day(day)

    def capture_summaries(self, first: date, last: date) -> Iterator[CaptureSummary]:
        """Yield, oldest first, all captures of each article that has one for a news day from first to last."""
        return self._index.capture_summaries(first, last)

    def days(self) -> tuple[date, ...]:
        """Return the news days that have captures, sorted."""
        return self._index.days()

    def last_days(self) -> Mapping[str, date]:
        """Return the last news day with a capture, per source."""
        return self._index.last_days()

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        """Return the news days of pages with new or changed content in this run, sorted."""
        return self._index.days_of_run(source_key=source_key, run_id=run_id)

    def index_problems(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Return the damage of the index's file as predicates. Call it before the index is opened, and so rebuilt.

        Every row is read; with ``is_quick`` only one of each table.
        """
        path = self._root / INDEX
        has_files = next(self._files(), None) is not None  # first: a writer builds the index before its first file
        if not path.exists():
            return ("is missing",) if has_files else ()
        if not has_files and is_new_database(path):
            return ()
        return index_problems(path, is_quick=is_quick)

    def rebuild_index(self) -> tuple[Damage, ...]:
        """Rebuild the index from all WARC files and return the damage found.

        A lost file stays in the index and is returned, unless the old index is damaged or of another version.
        """
        if index_problems(self._root / INDEX):
            with self._index_lock():
                return self._replace_index()
        index = self._index  # open it first: an index that is not ready is built under the same lock
        with self._index_lock():
            return self._rebuild(index)

    def _replace_index(self) -> tuple[Damage, ...]:
        """Build an index in a file of its own, then replace the content of the damaged one."""
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

    def _rebuild(self, index: Index) -> tuple[Damage, ...]:
        """Fill the index from the files; the records of lost files stay, unless the index is of another version."""
        gone = sorted(index.files() - frozenset(self._files())) if index.is_ready() else ()
        lost = {file: indexed_records(index, file) for file in gone}
        damages = [missing_file(file) for file in lost]

        def read() -> Iterator[tuple[str, tuple[Capture | Attempt, ...]]]:
            yield from lost.items()
            for file in self._files():
                scan = self._read_file(file)
                damages.extend(scan.damages)
                yield file, scan.records

        index.rebuild(read())
        return tuple(damages)

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
        yield from verify_files(self._root, frozenset(self._files()), index, reads=reads, tally=counted)
        for file, offset, length, digest in () if index is None else index.dangling_revisits():
            message = f"a revisit of {digest}, which no record has; restore the file that had it"
            yield Damage(file, offset, length, message)

    def held(self, digests: Iterable[str]) -> frozenset[str]:
        """Return the digests for which the index has a record with the bytes."""
        return self._index.held(digests)

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
        there = frozenset(self._files(files))
        for file in sorted(there - indexed):
            scan = self._read_file(file)
            self._index.add({file: scan.records})
            done += [f"indexed {file}", *map(str, scan.damages)]
        for file in sorted(indexed - there) if drops_damaged else ():
            self._index.forget(file)
            done.append(f"removed {file} from the index; the file is gone")
        return tuple(done)

    def find_captures(
        self,
        *,
        page_keys: Iterable[str] = (),
        article_ids: Iterable[str] = (),
        source_key: str | None = None,
    ) -> tuple[Capture, ...]:
        """Return the captures of some pages or articles, or all captures of a source."""
        if source_key is not None:
            return self._index.of_source(source_key)
        found = (*self._index.of_pages(page_keys), *self._index.of_articles(article_ids))
        return tuple({(each.file, each.offset): each for each in found}.values())

    def reserved(self) -> tuple[Capture, ...]:
        """Return the captures of pages that the host's tdmrep.json or robots.txt reserves or puts under a license."""
        return self._index.reserved()

    def erase(self, captures: Iterable[Capture], *, page_keys: Iterable[str], source_key: str | None = None) -> int:
        """Delete captures, and the failed responses of some pages, permanently; return the number of deleted records.

        With ``source_key`` only failed responses of that source are deleted. A remaining revisit of deleted bytes
        becomes a record with these bytes, if they can be read. No writer may add records of these pages meanwhile.
        After an interruption call it again to continue.
        """
        remove_leftovers(self._root)
        attempts = self._index.attempts(page_keys) if source_key is None else self._index.attempts_of_source(source_key)
        doomed: list[Capture | Attempt] = [*captures, *attempts]
        doomed += self._promote_revisits([each for each in doomed if isinstance(each, Capture)])
        by_file: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for each in doomed:
            by_file[each.file].add((each.offset, each.length))
        for file, places in sorted(by_file.items()):
            self._erase_in(file, places)
        self._index.vacuum_and_truncate()
        return sum(map(len, by_file.values()))

    def _promote_revisits(self, doomed: Iterable[Capture]) -> list[Capture]:
        """Give the bytes of deleted records to their first remaining revisit; return the revisits that it replaces."""
        going = {(each.file, each.offset): each for each in doomed}
        moved = []
        for holder in (each for each in going.values() if not each.is_revisit):
            revisits = [each for each in self._index.of_pages([holder.page_key]) if each.digest == holder.digest]
            staying = [each for each in revisits if (each.file, each.offset) not in going]
            if not staying:
                continue
            new_holder = next((each for each in staying if not each.is_revisit), None)
            if new_holder is None:
                try:
                    file, new_holder = promote_revisit(self._root, holder, staying[0], durability=self._durability)
                except BrokenRecordError as error:  # the revisit stays without its bytes; no takedown waits for them
                    log.warning("%s", error)
                    continue
                self._index.add({file: [new_holder]})
            # After a kill at this point, the next call still finds the revisit that the new holder replaces.
            moved += [each for each in staying if each.is_revisit and _is_same_fetch(each, new_holder)]
        return moved

    def _erase_in(self, file: str, places: set[tuple[int, int]]) -> None:
        """Delete some records of a file, or the whole file if it has no others. A lost file keeps its others."""
        path, known = self._root / file, {(each.offset, each.length) for each in self._index.records(file)}
        if known <= places:
            path.unlink(missing_ok=True)
            self._index.forget(file)
            return
        if path.exists():
            erase_records(path, places, known=known, durability=self._durability)
        self._index.erase([(file, offset) for offset, _ in places])

    def _files(self, pattern: str = f"warc/*/*/*{SUFFIX}") -> Iterator[str]:
        return map(self._name, sorted(self._root.glob(pattern)))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _read_file(self, file: str) -> FileScan:
        return read_file(self._root / file, name=file)


def _remove_database(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def _is_same_fetch(capture: Capture, other: Capture) -> bool:
    names = ("fetched_at", "source_key", "run_id")
    return all(getattr(capture, name) == getattr(other, name) for name in names)


def _broken(path: Path, error: sqlite3.Error) -> ArchiveError:
    message = f"{path} cannot be read ({error}); rebuild it from the WARC files with `newslake archive reindex`"
    return ArchiveError(message, key=str(path), reason="database_broken")
