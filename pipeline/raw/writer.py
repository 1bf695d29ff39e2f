"""Writing pages into the archive."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pipeline.database import Durability
from pipeline.errors import ArchiveError
from pipeline.model import Capture, Page
from pipeline.raw.dayfile import DayFile
from pipeline.raw.index import Index
from pipeline.raw.records import (
    NOT_MODIFIED,
    SAME_PAYLOAD,
    digest_of,
    info_record,
    metadata_record,
    new_record_id,
    page_key_of,
    page_record,
    revisit_record,
)

_OPEN_FILES_MAX = 64  # a run over years of days must not use up the process's descriptors


class NotModifiedAnswer(Protocol):
    """A server's 304: when it came, and the validators that it repeated."""

    @property
    def fetched_at(self) -> datetime: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def last_modified(self) -> str | None: ...


class ArchiveWriter:
    """Puts pages of one source and run into the archive. Used by one thread.

    Leaving the ``with`` block finishes every file, also when it raises: pages fetched are pages kept. Until then no
    reader sees them; this writer does.
    """

    def __init__(self, root: Path, index: Index, *, source_key: str, run_id: str, durability: Durability) -> None:
        self._root = root
        self._index = index
        self._source_key = source_key
        self._run_id = run_id
        self._durability = durability
        self._files: dict[date, DayFile] = {}
        self._held: dict[tuple[str, str], Capture] = {}
        self._last: dict[str, Capture] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish_files()

    def finish_files(self) -> None:
        """Finish what was put until now, so that nothing of it can be lost any more; what comes goes into new files."""
        self._finish(tuple(self._files))

    def put(self, page: Page, *, news_day: date, article_id: str) -> Capture:
        """Keep a page; bytes that the archive already holds for it become a revisit without a body."""
        key, digest = page_key_of(page), digest_of(page.body)
        held = self._held.get((key, digest)) or self._index.holding(digest, page_key=key)
        capture = self._capture(page, key=key, digest=digest, news_day=news_day, article_id=article_id)
        record_id = new_record_id()
        if held is None:
            return self._append(capture, page_record(page, record_id), record_id)
        record = revisit_record(page, record_id, earlier=held, profile=SAME_PAYLOAD)
        return self._append(replace(capture, is_revisit=True), record, record_id)

    def put_not_modified(self, answer: NotModifiedAnswer, *, page_key: str) -> Capture:
        """Keep a 304 as a revisit of the page's last capture.

        Raises: ArchiveError (no_capture) where the archive has none, so that nothing can be unchanged.
        """
        last = self._last.get(page_key) or self._index.latest([page_key]).get(page_key)
        if last is None:
            raise ArchiveError(
                f"a 304 for {page_key}, which the archive does not hold; fetch it without validators",
                key=page_key,
                reason="no_capture",
            )
        page = _not_modified_page(answer, last)
        capture = self._capture(
            page, key=page_key, digest=last.digest, news_day=last.news_day, article_id=last.article_id
        )
        record_id = new_record_id()
        record = revisit_record(page, record_id, earlier=last, profile=NOT_MODIFIED)
        return self._append(replace(capture, is_revisit=True), record, record_id)

    def _capture(self, page: Page, *, key: str, digest: str, news_day: date, article_id: str) -> Capture:
        return Capture(
            page_key=key,
            url=page.url,
            article_id=article_id,
            source_key=self._source_key,
            news_day=news_day,
            run_id=self._run_id,
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

    def _append(self, capture: Capture, record: bytes, record_id: str) -> Capture:
        """Write metadata, then the record: a torn tail never leaves a record that cannot be indexed."""
        file = self._file_of(capture.news_day, capture.fetched_at)
        _, offset = file.append(metadata_record(capture, record_id), record)
        placed = replace(capture, file=file.name, offset=offset, length=len(record))
        file.captures.append(placed)
        if not placed.is_revisit:
            self._held[placed.page_key, placed.digest] = placed
        self._last[placed.page_key] = placed
        return placed

    def _file_of(self, news_day: date, at: datetime) -> DayFile:
        if news_day not in self._files:
            if len(self._files) == _OPEN_FILES_MAX:
                self._finish([next(iter(self._files))])
            self._files[news_day] = DayFile(
                self._root, news_day=news_day, source_key=self._source_key, run_id=self._run_id
            )
            self._files[news_day].append(info_record(at))
        return self._files[news_day]

    def _finish(self, news_days: Iterable[date]) -> None:
        """Finish files and index them; one that fails does not keep the others from it."""
        with ExitStack() as each:
            for news_day in news_days:
                file = self._files.pop(news_day)
                each.callback(self._finish_file, file)

    def _finish_file(self, file: DayFile) -> None:
        file.finish(durability=self._durability)
        if file.captures:
            self._index.add({file.name: file.captures})


def _not_modified_page(answer: NotModifiedAnswer, last: Capture) -> Page:
    headers = {"etag": answer.etag or last.etag, "last-modified": answer.last_modified or last.last_modified}
    return Page(
        url=last.url,
        final_url=last.url,
        status=304,
        headers={name: value for name, value in headers.items() if value is not None},
        body=b"",
        fetched_at=answer.fetched_at,
        hints=last.hints,
    )
