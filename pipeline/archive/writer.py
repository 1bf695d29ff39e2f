"""Write pages into the archive: one WARC file per news day, source and run, a ``.part`` until it is finished."""

import fcntl
import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from newslake.pipeline.archive.members import Member, decompress_member, members_of
from newslake.pipeline.archive.warc import (
    NOT_MODIFIED,
    SAME_PAYLOAD,
    attempt_record,
    digest_of,
    info_record,
    metadata_record,
    new_record_id,
    page_key_of,
    page_record,
    parse_page,
    request_record,
    revisit_record,
    sent_digest_of,
)
from newslake.pipeline.durability import Durability, name_file_on_error, sync_folders_above
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Attempt, Capture, Exchange, Page, file_name_of

if TYPE_CHECKING:
    from newslake.pipeline.archive.interfaces import CaptureIndex
    from newslake.pipeline.leases import Lease

SUFFIX = ".warc.gz"
PART = ".part"
FILE_MAX_BYTES = 256_000_000  # a longer file is finished, and a new one started
_LEVELS = 4  # folders above a file that are synced: up to the root of the archive
_OPEN_FILES_MAX = 64  # a run over years of days must not exhaust the file descriptors


class RecordFile(Protocol):
    """A WARC file that is being written. ``records`` are those with a place in it, which only this writer sees."""

    records: list[Capture | Attempt]

    @property
    def name(self) -> str:
        """The name that the file will have."""
        ...

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    @property
    def is_due(self) -> bool:
        """Whether the file is long or old enough to be finished."""
        ...

    def append(self, *members: bytes) -> list[int]:
        """Write members in one step, all or none; return the offset of each. Raises: OSError."""
        ...

    def read(self, *, offset: int, length: int) -> bytes:
        """Return a range of the bytes written so far."""
        ...

    def finish(self) -> None:
        """Give the file its final name, or remove it if it has no records; it is not written again."""
        ...


class RecordFiles(Protocol):
    """The WARC files of an archive: in a folder, or in a store of objects."""

    has_file_per_day: bool
    """Whether a run writes one file per news day, or one for all days."""

    def create(self, *, news_day: date, source_key: str, run_id: str) -> RecordFile:
        """Return a new file, with a name that no other file has."""
        ...

    def exists(self, name: str) -> bool:
        """Return whether a file is there."""
        ...

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        """Return a range of bytes, fewer at the end of the file; None if there is no such file."""
        ...

    def place(self, name: str) -> str:
        """Return where a file is, for messages."""
        ...


class WarcFolder:
    """Implements ``RecordFiles`` in a folder. A file of ``file_max_bytes`` gets no more records."""

    has_file_per_day = True

    def __init__(self, root: Path, *, durability: Durability, file_max_bytes: int = FILE_MAX_BYTES) -> None:
        self._root = root
        self._durability: Durability = durability
        self._file_max_bytes = file_max_bytes

    def create(self, *, news_day: date, source_key: str, run_id: str) -> "WarcFile":
        folder = self._root / "warc" / news_day.isoformat() / file_name_of(source_key)
        folder.mkdir(parents=True, exist_ok=True)  # ``publish_part`` makes it durable
        part, file = _create_part(folder, file_name_of(run_id))
        name = part.with_suffix("").relative_to(self._root).as_posix()
        return WarcFile(part, file, name=name, durability=self._durability, max_bytes=self._file_max_bytes)

    def exists(self, name: str) -> bool:
        return (self._root / name).exists()

    def read(self, name: str, *, offset: int, length: int) -> bytes | None:
        try:
            with (self._root / name).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            return None

    def place(self, name: str) -> str:
        return str(self._root / name)


class WarcFile:
    """The file of one news day, source and run. Its writer holds a flock on it while it lives."""

    def __init__(self, part: Path, file: FileIO, *, name: str, durability: Durability, max_bytes: int) -> None:
        self.part = part
        self._file = file
        self.name = name
        self._durability: Durability = durability
        self._max_bytes = max_bytes
        self.records: list[Capture | Attempt] = []

    @property
    def size(self) -> int:
        return self._file.tell()

    @property
    def is_due(self) -> bool:
        return self.size >= self._max_bytes

    def append(self, *members: bytes) -> list[int]:
        offset = self._file.tell()
        rest = memoryview(b"".join(members))
        try:
            with name_file_on_error(self.part):
                while rest:
                    rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(offset)
            raise
        return [offset + sum(map(len, members[:index])) for index in range(len(members))]

    def read(self, *, offset: int, length: int) -> bytes:
        with self.part.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def finish(self) -> None:
        with self._file:
            if self.records:
                publish_part(self._file, self.part, durability=self._durability)
            else:
                self.part.unlink()


class NotModifiedResponse(Protocol):
    """A server's 304 response: its time and the validators that it repeats."""

    @property
    def fetched_at(self) -> datetime: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def last_modified(self) -> str | None: ...
    @property
    def exchange(self) -> Exchange | None: ...


class ArchiveWriter:
    """Writes pages of one source and run into the archive. Used by one thread.

    Leaving the ``with`` block finishes every file, also after an exception, so that no fetched page is lost. Until then
    only this writer sees the pages. If the lease is lost, the files are not finished. Raises: StoreError (lease_lost).
    """

    def __init__(
        self,
        files: RecordFiles,
        index: "CaptureIndex",
        *,
        source_key: str,
        run_id: str,
        lease: "Lease | None" = None,
    ) -> None:
        self._files = files
        self._index = index
        self._lease = lease
        self.source_key = source_key
        self.run_id = run_id
        self._open: dict[date | None, RecordFile] = {}
        self._held: dict[tuple[str, str, str | None], Capture] = {}
        self._last: dict[str, Capture] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish_files()

    def finish_files(self) -> None:
        """Finish all open files, so that their pages cannot be lost; later pages go into new files."""
        self._finish(tuple(self._open))

    def put(self, page: Page, *, news_day: date, article_id: str) -> Capture:
        """Store a page; bytes that the archive already has for it become a revisit without a body.

        The same content in another content coding is a separate record with the same digest.
        """
        key, digest, sent = page_key_of(page), digest_of(page.body), sent_digest_of(page)
        held = self._held.get((key, digest, sent))
        if held is None:  # a record of a lost file has no bytes to revisit
            known = self._index.holding_as_sent(digest, page_key=key, sent_digest=sent)
            held = next((each for each in known if self._files.exists(each.file)), None)
        capture = self._capture(page, key=key, digest=digest, news_day=news_day, article_id=article_id)
        capture = replace(capture, sent_digest=sent)
        record_id = new_record_id()
        if held is None:
            return self._append_capture(capture, page_record(page, capture, record_id), record_id, page.exchange)
        record = revisit_record(page, record_id, earlier=held, profile=SAME_PAYLOAD)
        return self._append_capture(replace(capture, is_revisit=True), record, record_id, page.exchange)

    def put_not_modified(self, answer: NotModifiedResponse, *, page_key: str) -> Capture:
        """Store a 304 as a revisit of the page's last capture.

        Raises: ArchiveError (no_capture) if the archive has no capture to revisit.
        """
        last = self.last(page_key)
        if last is None:
            raise ArchiveError(
                f"a 304 for {page_key}, which is not in the archive; fetch it without validators",
                key=page_key,
                reason="no_capture",
            )
        page = _not_modified_page(answer, last)
        capture = self._capture(
            page, key=page_key, digest=last.digest, news_day=last.news_day, article_id=last.article_id
        )
        capture = replace(capture, is_revisit=True, sent_digest=last.sent_digest)
        record_id = new_record_id()
        record = revisit_record(page, record_id, earlier=last, profile=NOT_MODIFIED)
        return self._append_capture(capture, record, record_id, page.exchange)

    def last(self, page_key: str) -> Capture | None:
        """Return the last capture of a page, also if its file is not finished."""
        return self._last.get(page_key) or self._index.latest([page_key]).get(page_key)

    def unfinished_page(self, capture: Capture) -> Page | None:
        """Return the page of a capture whose bytes are in a file that is not finished; None if they are not."""
        same = self._held.get((capture.page_key, capture.digest, capture.sent_digest))
        held = same if capture.is_revisit else capture
        file = next((each for each in self._open.values() if held is not None and each.name == held.file), None)
        if held is None or file is None:
            return None
        data = file.read(offset=held.offset, length=held.length)
        place = self._files.place(held.file)
        return parse_page(decompress_member(data, place=place, offset=held.offset, length=held.length), capture=held)

    def _capture(self, page: Page, *, key: str, digest: str, news_day: date, article_id: str) -> Capture:
        return Capture(
            page_key=key,
            url=page.url,
            article_id=article_id,
            source_key=self.source_key,
            news_day=news_day,
            run_id=self.run_id,
            fetched_at=page.fetched_at,
            status=page.status,
            digest=digest,
            is_revisit=False,
            file="",
            offset=0,
            length=0,
            etag=page.headers.get("etag"),
            last_modified=page.headers.get("last-modified"),
            hints=page.hints,
        )

    def put_attempt(self, attempt: Attempt, exchange: Exchange) -> Attempt:
        """Store a failed response. ``attempt`` has this writer's source and run, and no place yet."""
        record_id = new_record_id()
        record = attempt_record(attempt, exchange, record_id)
        return self._append(attempt, record, record_id, exchange)

    def _append_capture(self, capture: Capture, record: bytes, record_id: str, exchange: Exchange | None) -> Capture:
        placed = self._append(capture, record, record_id, exchange)
        if not placed.is_revisit:
            self._held[placed.page_key, placed.digest, placed.sent_digest] = placed
        self._last[placed.page_key] = placed
        return placed

    def _append[T: (Capture, Attempt)](self, what: T, record: bytes, record_id: str, exchange: Exchange | None) -> T:
        """Write request and metadata before the record: after a torn write each whole record can be indexed."""
        file = self._file_of(what.news_day, what.fetched_at)
        request = [] if exchange is None else [request_record(what, exchange, record_id)]
        *_, offset = file.append(*request, metadata_record(what, record_id), record)
        placed = replace(what, file=file.name, offset=offset, length=len(record))
        file.records.append(placed)
        return placed

    def _file_of(self, news_day: date, at: datetime) -> RecordFile:
        key = news_day if self._files.has_file_per_day else None
        if key in self._open and self._open[key].is_due:
            self._finish([key])
        if key not in self._open:
            if len(self._open) == _OPEN_FILES_MAX:
                self._finish([next(iter(self._open))])
            file = self._files.create(news_day=news_day, source_key=self.source_key, run_id=self.run_id)
            self._open[key] = file
            file.append(info_record(at))
        return self._open[key]

    def _finish(self, keys: Iterable[date | None]) -> None:
        """Finish files and index them. If one fails, the others are finished nevertheless."""
        with ExitStack() as each:
            for key in keys:
                file = self._open.pop(key)
                each.callback(self._finish_file, file)

    def _finish_file(self, file: RecordFile) -> None:
        if self._lease is not None:
            self._lease.check()
        file.finish()
        if file.records:
            self._index.add({file.name: file.records})


def _not_modified_page(answer: NotModifiedResponse, last: Capture) -> Page:
    headers = {"etag": answer.etag or last.etag, "last-modified": answer.last_modified or last.last_modified}
    return Page(
        url=last.url,
        final_url=last.url,
        status=304,
        headers={name: value for name, value in headers.items() if value is not None},
        body=b"",
        fetched_at=answer.fetched_at,
        hints=last.hints,
        exchange=answer.exchange,
    )


def _create_part(folder: Path, stem: str) -> tuple[Path, FileIO]:
    """Create and lock a ``.part`` with a free final name: a retried run writes ``~2``, ``~3``, ..."""
    number = 0
    while True:
        number += 1
        final = folder / f"{stem}{'' if number == 1 else f'~{number}'}{SUFFIX}"
        part = final.with_name(final.name + PART)
        if final.exists():
            continue
        try:
            file = part.open("xb", buffering=0)
        except FileExistsError:
            continue
        if lock_part(file, part) and not final.exists():
            return part, file
        file.close()


def lock_part(file: BinaryIO | FileIO, part: Path) -> bool:
    """Lock the file; return whether that succeeded and the file is still at ``part``."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def publish_part(file: BinaryIO | FileIO, part: Path, *, durability: Durability) -> None:
    """Make the bytes durable, then give the file its final name."""
    if durability == "full":
        os.fsync(file.fileno())
    part.rename(part.with_suffix(""))
    if durability == "full":
        sync_folders_above(part, levels=_LEVELS)


def finish_dead_part(part: Path, *, durability: Durability) -> Path | None:
    """Truncate a dead writer's ``.part`` to whole records and give it its final name.

    Return None if a living writer holds it, or if it has no whole record (then it is removed).
    """
    try:
        file = part.open("r+b")
    except FileNotFoundError:  # its writer has just finished it
        return None
    with file:
        if not lock_part(file, part):
            return None
        end = 0
        for member in members_of(file):  # damage before whole records stays; verify reports it
            if isinstance(member, Member):
                end = member.offset + member.length
        if end == 0:
            part.unlink()
            return None
        file.truncate(end)
        publish_part(file, part, durability=durability)
        return part.with_suffix("")
