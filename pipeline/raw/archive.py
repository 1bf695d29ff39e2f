"""The archive: WARC files under ``warc/``, and the index that finds records in them."""

import fcntl
import fnmatch
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pipeline.database import Durability, open_database
from pipeline.errors import ArchiveError
from pipeline.model import Capture, Page, file_name_of
from pipeline.raw.dayfile import PART, SUFFIX, finish_dead_part
from pipeline.raw.index import Filed, Index
from pipeline.raw.members import complete_members, read_member
from pipeline.raw.records import parse_metadata, parse_page, parse_record
from pipeline.raw.writer import ArchiveWriter


class Archive:
    """The raw archive under one folder. Opens on first use; several processes may read and write at once.

    ``durability`` "full" survives power loss, "process" the death of a process.
    """

    def __init__(self, root: Path, *, durability: Durability = "full") -> None:
        self._root = root
        self._durability: Durability = durability

    @cached_property
    def _index(self) -> Index:
        path = self._root / "index.sqlite"
        connection = open_database(path, durability=self._durability, broken=partial(_broken, path))
        weakref.finalize(self, connection.close)
        index = Index(connection)
        if not index.is_ready():
            with self._index_lock():
                if not index.is_ready():
                    index.rebuild(self._read_files())
        return index

    @contextmanager
    def _index_lock(self) -> Iterator[None]:
        """Hold the lock that one process rebuilds under."""
        with (self._root / "index.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def writer(self, *, source_key: str, run_id: str) -> ArchiveWriter:
        """Return a writer for one source in one run, to be used in a ``with`` block."""
        return ArchiveWriter(self._root, self._index, source_key=source_key, run_id=run_id, durability=self._durability)

    def get(self, digest: str) -> Page:
        """Return the page whose payload has this digest, as it was first captured.

        Raises: ArchiveError with record_missing or record_corrupt.
        """
        return self._read(self._holder(digest, page_key=None))

    def page(self, capture: Capture) -> Page:
        """Return the page of a capture.

        A revisit has bytes, status, headers and final URL of the record it revisits; URL, time and hints are its own.
        Raises: ArchiveError with record_missing or record_corrupt.
        """
        if not capture.is_revisit:
            return self._read(capture)
        page = self._read(self._holder(capture.digest, page_key=capture.page_key))
        return replace(page, url=capture.url, fetched_at=capture.fetched_at, hints=capture.hints)

    def _holder(self, digest: str, *, page_key: str | None) -> Capture:
        held = self._index.holding(digest, page_key=page_key) or self._index.holding(digest)
        if held is None:
            raise ArchiveError(
                f"the archive holds no {digest}; if its WARC file is there, run `newslake lake recover`",
                key=digest,
                reason="record_missing",
            )
        return held

    def _read(self, capture: Capture) -> Page:
        data = read_member(self._root / capture.file, offset=capture.offset, length=capture.length)
        record = parse_record(data, key=f"{capture.file}@{capture.offset}")
        return parse_page(record, capture=capture)

    def captures(self, *, page_key: str | None = None, article_id: str | None = None) -> tuple[Capture, ...]:
        """Return the captures of a page or of an article (all without either), oldest first."""
        return self._index.captures(page_key=page_key, article_id=article_id)

    def latest(self, page_keys: Iterable[str]) -> Mapping[str, Capture]:
        """Return the last capture of each page that has one."""
        return self._index.latest(page_keys)

    def iterate(self, day: date) -> Iterator[Capture]:
        """Yield the captures filed under a news day, by ``fetched_at``, then ``page_key``."""
        return self._index.of_day(day)

    def filed(self, first: date, last: date) -> Iterator[Filed]:
        """Yield, oldest first, all captures of each article that has one filed under a day from first to last."""
        return self._index.filed(first, last)

    def days(self) -> tuple[date, ...]:
        """Return the news days that have captures, sorted."""
        return self._index.days()

    def last_days(self) -> Mapping[str, date]:
        """Return the last news day that each source has a capture for."""
        return self._index.last_days()

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        """Return the news days of pages whose content this run changed or saw first, sorted."""
        return self._index.days_of_run(source_key=source_key, run_id=run_id)

    def rebuild_index(self) -> None:
        """Read all WARC files again and replace the index by what they say."""
        with self._index_lock():
            self._index.rebuild(self._read_files())

    def recover(self, *, source_key: str | None = None) -> tuple[str, ...]:
        """Finish what dead processes left, of one source or of all; return a sentence for each file that was mended.

        A ``.part`` without a living writer loses its torn tail and gets its final name. Files and index agree after.
        """
        done = []
        files = f"warc/*/{'*' if source_key is None else file_name_of(source_key)}/*{SUFFIX}"
        for part in sorted(self._root.glob(f"{files}{PART}")):
            finished = finish_dead_part(part, durability=self._durability)
            if finished is not None:
                done.append(f"finished {self._name(finished)}")
        indexed = frozenset(fnmatch.filter(self._index.files(), files))
        there = frozenset(self._files(files))
        for file in sorted(there - indexed):
            self._index.add({file: self._read_file(file)})
            done.append(f"indexed {file}")
        for file in sorted(indexed - there):
            self._index.forget(file)
            done.append(f"forgot {file}, which is gone")
        return tuple(done)

    def _files(self, pattern: str = f"warc/*/*/*{SUFFIX}") -> Iterator[str]:
        return map(self._name, sorted(self._root.glob(pattern)))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _read_files(self) -> Iterator[tuple[str, list[Capture]]]:
        for file in self._files():
            yield file, self._read_file(file)

    def _read_file(self, file: str) -> list[Capture]:
        """Return the captures of a file in its order; metadata stands before the record it speaks of."""
        facts: dict[str, dict[str, Any]] = {}
        captures = []
        with (self._root / file).open("rb") as stream:
            for member in complete_members(stream):
                record = parse_record(member.data, key=f"{file}@{member.offset}")
                if record.rec_type == "metadata":
                    record_id, said = parse_metadata(record)
                    facts[record_id] = said
                elif (record_id := record.rec_headers.get_header("WARC-Record-ID")) in facts:
                    said = facts.pop(record_id)
                    captures.append(Capture(**said, file=file, offset=member.offset, length=member.length))
        return captures


def _broken(path: Path, error: sqlite3.DatabaseError) -> ArchiveError:
    told = f"{path} cannot be opened ({error}); it may be deleted, it is rebuilt from the WARC files"
    return ArchiveError(told, key=str(path), reason="database_broken")
