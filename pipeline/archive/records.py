"""The records of an archive, wherever its WARC files are: pages read and written, captures listed, records erased."""

import logging
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING

from newslake.pipeline.archive.erase import promote_revisit
from newslake.pipeline.archive.index import CaptureInPlace, CaptureSummary, FileRecords
from newslake.pipeline.archive.members import decompress_member, missing_record
from newslake.pipeline.archive.scan import Damage, FileScan, indexed_records, missing_file
from newslake.pipeline.archive.warc import parse_page, parse_record
from newslake.pipeline.archive.writer import ArchiveWriter, RecordFiles
from newslake.pipeline.errors import BrokenRecordError
from newslake.pipeline.model import Attempt, Capture, Page
from newslake.pipeline.sqlite import from_micros

if TYPE_CHECKING:
    from newslake.pipeline.archive.interfaces import CaptureIndex
    from newslake.pipeline.leases import Lease

log = logging.getLogger(__name__)


class RecordArchive(ABC):
    """What an archive does through its WARC files and its index. A subclass says what both are, and repairs them."""

    def __init__(self, files: RecordFiles) -> None:
        self._files = files

    @property
    @abstractmethod
    def _index(self) -> "CaptureIndex":
        """The index of the captures, built if it was not."""

    @abstractmethod
    def _inventory(self, known: frozenset[str]) -> tuple[list[str], list[str]]:
        """Return the files that are there, and those of ``known`` that are lost; sorted."""

    @abstractmethod
    def _scan(self, file: str) -> FileScan | None:
        """Return the records and the damage of a file; None if it has just been deleted."""

    @abstractmethod
    def _finish_erasure(self) -> None:
        """Do the rest of an interrupted erasure: delete files that an erasure has replaced or not yet published."""

    @abstractmethod
    def _erase_in(self, file: str, places: set[tuple[int, int]]) -> None:
        """Delete some records of a file, or the whole file if it has no others. A lost file keeps its others."""

    @abstractmethod
    def index_problems(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Return the damage of the index as predicates. Call it before the index is opened, and so rebuilt."""

    @abstractmethod
    def rebuild_index(self) -> tuple[Damage, ...]:
        """Rebuild the index from all WARC files and return the damage. A lost file stays in the index."""

    @abstractmethod
    def recover(
        self, *, source_key: str | None = None, is_quick: bool = False, drops_damaged: bool = False
    ) -> tuple[str, ...]:
        """Repair what dead processes left, for one source or for all; return one message per repaired file."""

    @abstractmethod
    def verify(
        self, *, reads: Callable[[date], bool] = lambda day: True, tally: Counter[str] | None = None
    ) -> Iterator[Damage]:
        """Yield all damage: in the files of the news days that ``reads`` selects, and in the whole index."""

    def writer(self, *, source_key: str, run_id: str, lease: "Lease | None" = None) -> ArchiveWriter:
        """Return a writer for one source in one run, to be used in a ``with`` block.

        ``lease`` is checked before each file is finished: a file is not finished after it was lost.
        """
        return ArchiveWriter(self._files, self._index, source_key=source_key, run_id=run_id, lease=lease)

    def get(self, digest: str) -> Page:
        """Return the page whose payload has this digest, as it was first captured.

        Raises: BrokenRecordError with record_missing or record_corrupt.
        """
        return self._held_page(digest, page_key=None)

    def page(self, capture: Capture) -> Page:
        """Return the page of a capture.

        A revisit has the bytes, status, headers and final URL of the revisited record. URL, time and hints are its.
        So has a capture whose file is lost, if another record has its bytes.
        Raises: BrokenRecordError with record_missing or record_corrupt.
        """
        page = None if capture.is_revisit else self._recorded_page(capture)
        if page is not None:
            return page
        page = self._held_page(capture.digest, page_key=capture.page_key)
        return replace(page, url=capture.url, fetched_at=capture.fetched_at, hints=capture.hints)

    def has_bytes(self, capture: Capture) -> bool:
        """Return whether the file of a record with the bytes of a capture is there."""
        return any(self._files.exists(each.file) for each in self._holders(capture.digest, page_key=capture.page_key))

    def record_id(self, capture: Capture) -> str:
        """Return the WARC-Record-ID of a capture's record. Raises: BrokenRecordError."""
        record = parse_record(self._member(capture), key=f"{capture.file}@{capture.offset}")
        return str(record.rec_headers.get_header("WARC-Record-ID"))

    def _held_page(self, digest: str, *, page_key: str | None) -> Page:
        """Return a page with the bytes of a digest, from the first record whose file is there."""
        lost = None
        for holder in self._holders(digest, page_key=page_key):
            page = self._recorded_page(holder)
            if page is not None:
                return page
            lost = lost or holder
        if lost is not None:
            raise missing_record(self._files.place(lost.file), lost.offset)
        raise BrokenRecordError(
            f"the archive has no {digest}; if its WARC file exists, run `newslake lake repair`",
            key=digest,
            reason="record_missing",
        )

    def _holders(self, digest: str, *, page_key: str | None) -> Iterator[Capture]:
        """Yield the captures that have the bytes of a digest, first those of a page."""
        yield from self._index.holding(digest, page_key=page_key)
        if page_key is not None:
            yield from self._index.holding(digest)

    def _recorded_page(self, capture: Capture) -> Page | None:
        """Return the page in a capture's record; None if its file is not there. Raises: BrokenRecordError."""
        data = self._find_member(capture)
        return None if data is None else parse_page(data, capture=capture)

    def _member(self, capture: Capture) -> bytes:
        """Return a capture's record, decompressed. Raises: BrokenRecordError."""
        data = self._find_member(capture)
        if data is None:
            raise missing_record(self._files.place(capture.file), capture.offset)
        return data

    def _find_member(self, capture: Capture) -> bytes | None:
        offset, length = capture.offset, capture.length
        data = self._files.read(capture.file, offset=offset, length=length)
        place = self._files.place(capture.file)
        return None if data is None else decompress_member(data, place=place, offset=offset, length=length)

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
        payloads: dict[str, dict[str, datetime]] = defaultdict(dict)
        for article_id, digest, micros in self._index.payloads(article_ids):
            payloads[article_id][digest] = from_micros(micros)
        return payloads

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

    def counts_by_day(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> Mapping[date, int]:
        """Return the number of captures of each news day with captures, sorted; with ``sources`` only of these."""
        return self._index.counts_by_day(first, last, source_keys=source_keys)

    def captures_in_file_order(
        self, first: date, last: date, *, source_keys: Collection[str] = ()
    ) -> Iterator[CaptureInPlace]:
        """Yield the captures of some news days by day, then file and offset; with ``sources`` only of these."""
        return self._index.in_file_order(first, last, source_keys=source_keys)

    def days(self) -> tuple[date, ...]:
        """Return the news days that have captures, sorted."""
        return self._index.days()

    def last_days(self) -> Mapping[str, date]:
        """Return the last news day with a capture, per source."""
        return self._index.last_days()

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        """Return the news days of pages with new or changed content in this run, sorted."""
        return self._index.days_of_run(source_key=source_key, run_id=run_id)

    def file_names(self) -> tuple[str, ...]:
        """Return the names of the WARC files in the index, sorted."""
        return tuple(sorted(self._index.files()))

    def records_of(self, file: str) -> tuple[Capture | Attempt, ...]:
        """Return the records of a WARC file as the index has them, by offset."""
        return tuple(sorted(self._index.records(file), key=lambda each: each.offset))

    def held(self, digests: Iterable[str]) -> frozenset[str]:
        """Return the digests for which the index has a record with the bytes."""
        return self._index.held(digests)

    def _rebuild(self, index: "CaptureIndex") -> tuple[Damage, ...]:
        """Fill the index from the files; the records of lost files stay, unless the index is of another version."""
        damages: list[Damage] = []

        def read() -> Iterator[FileRecords]:
            there, gone = self._inventory(index.files() if index.is_ready() else frozenset())
            lost = [(file, indexed_records(index, file)) for file in gone]
            damages.extend(missing_file(file) for file in gone)
            return chain(lost, self._scan_all(there, damages))

        index.rebuild(read)
        return tuple(damages)

    def _scan_all(self, files: Iterable[str], damages: list[Damage]) -> Iterator[FileRecords]:
        """Yield the records of files that are still there; add their damage to ``damages``."""
        for file in files:
            if (scan := self._scan(file)) is not None:
                damages.extend(scan.damages)
                yield file, scan.records

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
        captures = (*self._index.of_pages(page_keys), *self._index.of_articles(article_ids))
        return tuple({(each.file, each.offset): each for each in captures}.values())

    def reserved(self) -> tuple[Capture, ...]:
        """Return the captures of pages that the host's tdmrep.json or robots.txt reserves or puts under a license."""
        return self._index.reserved()

    def erase(self, captures: Iterable[Capture], *, page_keys: Iterable[str], source_key: str | None = None) -> int:
        """Delete captures, and the failed responses of some pages, permanently; return the number of deleted records.

        With ``source_key`` only failed responses of that source are deleted. A remaining revisit of deleted bytes
        becomes a record with these bytes, if they can be read. No writer may add records of these pages meanwhile.
        After an interruption call it again to continue.
        """
        self._finish_erasure()
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
                    new_holder = promote_revisit(self._member(holder), holder, staying[0], files=self._files)
                except BrokenRecordError as error:  # the revisit stays without its bytes; no takedown waits for them
                    log.warning("%s", error)
                    continue
                self._index.add({new_holder.file: [new_holder]})
            # After a kill at this point, the next call still finds the revisit that the new holder replaces.
            moved += [each for each in staying if each.is_revisit and _is_same_fetch(each, new_holder)]
        return moved


def _is_same_fetch(capture: Capture, other: Capture) -> bool:
    names = ("fetched_at", "source_key", "run_id")
    return all(getattr(capture, name) == getattr(other, name) for name in names)
