"""State: the index of the archive, the state of pages and listings, and the blocklist.

All times are UTC, exact to the microsecond. Text is compared by its bytes in UTF-8. Every change is one transaction:
it is there after the call, or the call raises. Raises: StoreError of a service; ArchiveError, BusyDatabaseError and
OSError of files.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from newslake.pipeline.archive import (
    CaptureInPlace,
    CaptureSummary,
    Damage,
    KnownPage,
    PageState,
    Takedown,
    TakedownKind,
    TakedownPlan,
    Validators,
)
from newslake.pipeline.archive.fetch_state import AnyValidators
from newslake.pipeline.archive.index import FileRecords
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Attempt, Capture


class CaptureIndex(Protocol):
    """Captures and attempts by page, article, digest, day and run. "Oldest first" is by time, file and offset."""

    def is_ready(self) -> bool:
        """Return whether the index was built from the files of the archive."""
        ...

    def rebuild(self, read: Callable[[], Iterable[FileRecords]]) -> None:
        """Replace all rows with those that ``read`` returns in one transaction: readers see the old index or the new.

        ``read`` is called before the old rows are deleted, and may query them. No other process changes the index
        from then on until the end: what is listed in ``read`` cannot be older than a row that the rebuild deletes.
        """
        ...

    def add(self, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        """Add whole files in one transaction; adding a file again changes nothing."""
        ...

    def replace(self, file: str, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        """Add whole files and remove the rows of another one, in one transaction."""
        ...

    def forget(self, file: str) -> None:
        """Remove the rows of a file that is gone."""
        ...

    def erase(self, places: Iterable[tuple[str, int]]) -> None:
        """Remove the rows of some records, by file and offset."""
        ...

    def vacuum_and_truncate(self) -> None:
        """Remove all bytes of deleted rows from the files of the database."""
        ...

    def of_source(self, source_key: str) -> tuple[Capture, ...]:
        """Return the captures of a source, oldest first."""
        ...

    def attempts_of_source(self, source_key: str) -> tuple[Attempt, ...]:
        """Return the attempts of a source, in no order."""
        ...

    def of_pages(self, page_keys: Iterable[str]) -> tuple[Capture, ...]:
        """Return the captures of some pages, oldest first."""
        ...

    def of_articles(self, article_ids: Iterable[str]) -> tuple[Capture, ...]:
        """Return the captures of some articles, oldest first."""
        ...

    def reserved(self) -> tuple[Capture, ...]:
        """Return the captures of pages that the host's tdmrep.json or robots.txt reserves or puts under a license.

        Oldest first.
        """
        ...

    def files(self, *, folder: str | None = None) -> frozenset[str]:
        """Return the names of all files that were added, or of those below a folder."""
        ...

    def captures(self, *, page_key: str | None = None, article_id: str | None = None) -> tuple[Capture, ...]:
        """Return captures, oldest first, filtered by each argument that is not None."""
        ...

    def latest(self, page_keys: Iterable[str]) -> Mapping[str, Capture]:
        """Return the last capture of each page that has one."""
        ...

    def fetch_times(self, page_keys: Iterable[str]) -> Mapping[str, tuple[datetime, datetime]]:
        """Return the times of the first and the last fetch of each page that has a capture."""
        ...

    def holding(self, digest: str, *, page_key: str | None = None) -> Iterator[Capture]:
        """Yield the captures that hold the bytes of a digest, of one page or of any, oldest first."""
        ...

    def holding_as_sent(self, digest: str, *, page_key: str, sent_digest: str | None) -> Iterator[Capture]:
        """Yield the captures of a page that hold these bytes in the same content coding, oldest first."""
        ...

    def attempts(self, page_keys: Iterable[str]) -> tuple[Attempt, ...]:
        """Return the attempts of some pages, oldest first."""
        ...

    def gone(self) -> frozenset[str]:
        """Return the articles with a page that is gone: its latest record is a tombstone."""
        ...

    def payloads(self, article_ids: Iterable[str]) -> Iterator[tuple[str, str, int]]:
        """Yield (article_id, digest, first fetch in microseconds) of every payload, oldest first per article."""
        ...

    def dangling_revisits(self) -> Iterator[tuple[str, int, int, str]]:
        """Yield (file, offset, length, digest) of the revisits without a capture that has the bytes, by place."""
        ...

    def held(self, digests: Iterable[str]) -> frozenset[str]:
        """Return the digests for which a capture has the bytes."""
        ...

    def records(self, file: str) -> tuple[Capture | Attempt, ...]:
        """Return the index's records of a file, in no order."""
        ...

    def of_day(self, day: date) -> Iterator[Capture]:
        """Yield the captures of a news day, by fetched_at, then page_key."""
        ...

    def articles_of_day(self, day: date) -> tuple[str, ...]:
        """Return the ids of the articles with a capture for a news day, sorted."""
        ...

    def capture_summaries(self, first: date, last: date) -> Iterator[CaptureSummary]:
        """Yield, oldest first, all captures of each article that has one for a news day from first to last."""
        ...

    def counts_by_day(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> Mapping[date, int]:
        """Return the number of captures of each news day with captures, sorted; of all sources by default."""
        ...

    def in_file_order(self, first: date, last: date, *, source_keys: Collection[str] = ()) -> Iterator[CaptureInPlace]:
        """Yield the captures of some news days by day, then file and offset; of all sources by default."""
        ...

    def days(self) -> tuple[date, ...]:
        """Return the news days that have captures, sorted."""
        ...

    def last_days(self) -> Mapping[str, date]:
        """Return the last news day with a capture, per source."""
        ...

    def days_of_run(self, *, source_key: str, run_id: str) -> tuple[date, ...]:
        """Return the news days of pages with new or changed content in this run, sorted."""
        ...


class PageStates(Protocol):
    """The validators of listings, and the state of every listed page, also of pages not in the archive."""

    def validators(self, source_key: str, *, url: str = "") -> Validators | None:
        """Return the stored validators of a listing; ``url`` selects it if the source has several."""
        ...

    def store_validators(
        self, source_key: str, validators: AnyValidators, *, url: str = "", lease: Lease | None = None
    ) -> None:
        """Store a listing's validators. Call it after every listed page has an outcome: a 304 hides the others.

        Raises: StoreError (lease_lost) if ``lease`` is no longer held; nothing is stored then.
        """
        ...

    def drop_validators(self, source_key: str, *, url: str) -> None:
        """Delete the validators of one listing of a source, if there are any."""
        ...

    def listings(self, source_key: str | None = None) -> Iterator[tuple[str, str, Validators]]:
        """Yield the source, the URL and the validators of each listing that has some, in order, maybe of one source."""
        ...

    def has_listed(self, source_key: str, url: str) -> bool:
        """Return whether validators are stored for a listing of a source."""
        ...

    def seen(self, page_key: str) -> PageState | None:
        """Return the state of a page; None if no source has listed it."""
        ...

    def known(self, first: date, last: date) -> Iterator[KnownPage]:
        """Yield the pages that were listed for a news day from first to last, in no order."""
        ...

    def record_many(self, rows: Iterable[PageState], *, lease: Lease | None = None) -> None:
        """Store the state of pages in one transaction; of two rows of a page the later one counts.

        Raises: StoreError (lease_lost) if ``lease`` is no longer held; nothing is stored then.
        """
        ...

    def pending(self, source_key: str, now: datetime) -> tuple[PageState, ...]:
        """Return the pages of a source that are due for a retry or a recheck, the longest waiting first."""
        ...

    def with_recheck(self, source_key: str) -> tuple[PageState, ...]:
        """Return the archived pages of a source that are requested again for an edit, the next one first."""
        ...

    def drop(self, state_keys: Iterable[str]) -> None:
        """Delete some states; a snapshot's state is not that of its page."""
        ...

    def pages_of(self, source_keys: Iterable[str]) -> Iterator[tuple[str, str, str, str | None]]:
        """Yield page_key, URL, source and the publisher from the listing's hints, for all pages of some sources.

        In no order.
        """
        ...

    def of_pages(self, page_keys: Iterable[str]) -> tuple[PageState, ...]:
        """Return the states of some pages and of their web archive snapshots, page by page."""
        ...

    def verify(self, *, is_quick: bool = False) -> Iterator[Damage]:
        """Yield the damage of what is stored. ``is_quick`` does not read every row."""
        ...

    def drop_damaged(self) -> tuple[str, ...]:
        """Drop the damaged rows; return one message per row."""
        ...

    def erase(self, page_keys: Iterable[str], *, source_key: str | None = None) -> int:
        """Delete the states of some pages, or all states and listings of ``source_key``; return the number of pages."""
        ...


class Blocklist(Protocol):
    """All takedowns, and the names that they block. Names are hashes."""

    def blocked_among(self, names: Iterable[str]) -> frozenset[str]:
        """Return the blocked ones of some names."""
        ...

    def is_blocked(self, *names: str | None) -> bool:
        """Return whether any of some names is blocked."""
        ...

    def blocks_publishers(self) -> bool:
        """Return whether any publisher is blocked; if so, check the publisher of each page."""
        ...

    def names(self, takedown_id: str | None = None) -> tuple[str, ...]:
        """Return all blocked names, or those of a takedown, in no order."""
        ...

    def all(self) -> tuple[Takedown, ...]:
        """Return all takedowns, oldest first."""
        ...

    def begin(
        self, kind: TakedownKind, *, names: Iterable[str], work: TakedownPlan, at: datetime, reason: str | None
    ) -> Takedown:
        """Record a takedown before anything is removed: from now on its names are blocked."""
        ...

    def block_again(self, takedown: Takedown, *, names: Iterable[str], work: TakedownPlan | None) -> None:
        """Block names of a takedown that the database has lost; ``work`` is its plan, None if it was carried out."""
        ...

    def work(self, takedown_id: str) -> TakedownPlan:
        """Return the plan of a takedown that is not done; an empty one if only ``finish`` was interrupted."""
        ...

    def widen(self, takedown_id: str, *, names: Iterable[str], work: TakedownPlan) -> None:
        """Replace the plan of a takedown with a wider one, and block more names."""
        ...

    def block_alias(self, name: str, *, like: Iterable[str | None]) -> None:
        """Add a name to the takedown that blocks one of the names ``like``: both identify the same page."""
        ...

    def finish(self, takedown_id: str) -> None:
        """Mark a takedown as done; delete its plan, and the deleted states of its pages, permanently."""
        ...

    def revoke(self, takedown_id: str) -> bool:
        """Unblock the pages of a takedown; return False if it does not exist, or is not done."""
        ...

    def known(self) -> frozenset[str]:
        """Return the ids of all takedowns, revoked ones included."""
        ...

    def restore(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Block again what was lost, and its copies have; return a sentence each. ``is_quick`` reads no whole copy."""
        ...

    def verify(self) -> Iterator[Damage]:
        """Yield how the takedowns differ from their copies."""
        ...
