"""What a job works on: settings, sources, archive, fetch state and lake."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from newslake.pipeline.archive import RecordArchive, Takedown, TakedownPlan, source_name
from newslake.pipeline.archive.interfaces import Blocklist, PageStates
from newslake.pipeline.fetch import Fetcher, limits_from
from newslake.pipeline.jobs.in_flight import InFlight, open_turns
from newslake.pipeline.jobs.inventory import check_stores, note_stores
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.places import place_of
from newslake.pipeline.jobs.stores import open_store
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Source
from newslake.pipeline.settings import Settings, SourceList, load_sources
from newslake.pipeline.sources.registry import SOURCE_ADAPTERS
from newslake.pipeline.store.inbox import Inbox
from newslake.pipeline.store.store import Store

if TYPE_CHECKING:
    from newslake.pipeline.store.table_files import LakePlace
    from newslake.pipeline.store.tables import Tables

log = logging.getLogger(__name__)

ProgressCallback = Callable[[str], None]  # gets a message about the current step
CountCallback = Callable[[int, int | None], None]  # gets how many pages of the step are done, and of how many if known


def count_nothing(done: int, total: int | None) -> None:
    """Show no counts."""


@dataclass(frozen=True)
class Workspace:
    """One process's view of the data root. Everything opens on first use, so a job loads only what it needs.

    Opening a store that was there and is missing raises MissingStoreError. A shared store that was never there is
    created, but for a reader: there, opening it raises StoreError (store_new).
    """

    settings: Settings
    is_reader: bool = False

    @cached_property
    def sources(self) -> SourceList:
        return load_sources(self.settings.sources_file)

    def check_inboxes(self) -> None:
        """Check that the selected store can have each inbox. Raises: ConfigError (inbox_place)."""
        for source in self.sources.sources:
            if source.kind == "inbox":
                self.store.check_inbox(source.location, name=f"[sources.{source.key}] url")

    @cached_property
    def store(self) -> Store:
        """The store that the settings select."""
        return open_store(self.settings, is_reader=self.is_reader)

    # The parts of the store that most jobs need.

    @property
    def archive(self) -> RecordArchive:
        return self.store.archive

    @property
    def fetch_state(self) -> PageStates:
        return self.store.page_states

    @property
    def takedowns(self) -> Blocklist:
        return self.store.blocklist

    @property
    def lake(self) -> "Tables":
        return self.store.tables

    @property
    def place(self) -> "LakePlace":
        """Where questions find the tables."""
        return place_of(self.settings)

    @contextmanager
    def at_work(self) -> Iterator[Lease]:
        """Hold the lease that all writers of archive and lake share; a takedown waits until they release it. Yield it.

        Give it to what writes, or check it directly before: a holder on a shared store can lose it without dying.
        Before, the blocklist is restored if a part of it was lost. Raises: MissingStoreError.
        """
        with self.store.leases.writer() as lease:
            check_stores(self.settings)
            for line in self.restore_takedowns(is_quick=True):
                log.warning("%s", line)
            try:
                yield lease
            finally:
                note_stores(self.settings)

    def restore_takedowns(self, *, is_quick: bool = False) -> tuple[str, ...]:
        """Block again what the blocklist has lost, as its copies and the deletions say; return what was done.

        The deletions have the articles of a takedown, not its publisher or source. ``is_quick`` does not read copies
        that are as they were.
        """
        done = list(self.takedowns.restore(is_quick=is_quick))
        for takedown_id in self.unknown_deletions():
            rows = self.lake.log.read_batches("deletions", [takedown_id]).to_pylist()
            names = [row["article_id"] for row in rows]
            takedown = Takedown(
                takedown_id=takedown_id,
                kind="article",
                at=rows[0]["deleted_at"],
                reason=rows[0]["reason"],
                articles=len(names),
                is_done=False,  # this is not known
            )
            self.takedowns.block_again(takedown, names=names, work=TakedownPlan(article_ids=frozenset(names)))
            done.append(f"restored takedown {takedown_id} from the log table deletions: {len(names)} of its articles")
        return tuple(done)

    def unknown_deletions(self) -> list[str]:
        """Return the takedowns in the log table ``deletions`` that the blocklist does not know, not even as revoked."""
        return sorted(self.lake.log.batches("deletions") - self.takedowns.known())

    def turns(self) -> AbstractContextManager[InFlight]:
        """Open the turns of this process; see ``newslake.pipeline.jobs.in_flight``."""
        version = failure_version(version_of(self.settings))
        return open_turns(self.store.turns, version=version)

    @contextmanager
    def claim(self, source: Source, *, run_id: str, waits: bool) -> Iterator[Source | None]:
        """Yield a source for this run alone: an inbox with the files that this run claimed, any other source locked.

        Yield None if another run has it or a takedown blocks it. Two runs of one listing or folder would do the same
        work twice.
        """
        if self.takedowns.is_blocked(source_name(source.key)):
            yield None
        elif source.kind == "inbox":
            with self.inbox(source).claim(run_id=run_id) as folder:
                yield replace(source, location=str(folder))
        else:
            with self.store.leases.source(source.key, waits=waits) as lease:
                yield None if lease is None else source

    def inbox(self, source: Source) -> Inbox:
        """Return the inbox of a source of that kind. Raises: ConfigError, StoreError."""
        return self.store.inbox(self.sources.named(source.key).location)

    def fetcher(self, source: Source | None = None) -> Fetcher:
        """Return a new fetcher with the limits of a source, else of the settings; the caller closes it."""
        limits = limits_from(self.settings)
        if source is not None and (tries := SOURCE_ADAPTERS[source.kind].tries) is not None:
            limits = replace(limits, attempts=tries)
        if source is not None and source.interval_seconds is not None:
            limits = replace(limits, host_interval_seconds=source.interval_seconds)
        return Fetcher(
            limits,
            private_hosts=self.sources.private_hosts,
            now=self.settings.now,
            host_rates=self.store.host_rates,
        )
