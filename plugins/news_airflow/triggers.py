"""The triggers of `news_inbox`: files that wait in an inbox, and listings with new pages.

`pipeline.jobs.triggers` does the work in threads; the triggerer's event loop only waits. Both triggers read the
settings and sources.toml where they run, so nothing specific to one machine is stored with the DAG.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from pipeline.jobs.triggers import Inboxes, ListedPage, Listings, PollResult

log = logging.getLogger(__name__)

_REPEAT_SECONDS, _REPEAT_MAX_SECONDS = 15.0, 300.0  # doubled each time
_BETWEEN_TWO_SECONDS = 3.0  # so that a burst of files makes few events, not one per file
_THREADS = 64  # listings polled at once; one that hangs holds its thread for a minute or two
_LOOP_SECONDS = 1.0
_GATHER_SECONDS = 0.5  # polls that end together make one event
_STORED_AFTER_SECONDS = 5.0  # the triggerer hands an event on about a second after it was yielded
_UNNAMED_ERROR_SECONDS = 3600.0


class InboxTrigger(BaseEventTrigger):  # type: ignore[misc] # airflow has no types here
    """Announces the inboxes with waiting files, again and again until the files are gone."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "news_airflow.triggers.InboxTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        inboxes = await asyncio.to_thread(_inboxes)
        announced: set[tuple[str, str]] = set()
        last, pause = float("-inf"), _REPEAT_SECONDS
        while True:
            waiting = await asyncio.to_thread(inboxes.waiting)
            now = time.monotonic()
            there = {(key, name) for key, names in waiting.items() for name in names}
            has_new = not there <= announced
            if now - last >= _BETWEEN_TWO_SECONDS and (has_new or (there and now - last >= pause)):
                # Files that stay mean a lost event, or busy workers, which must not be flooded with events.
                pause = _REPEAT_SECONDS if has_new else min(2 * pause, _REPEAT_MAX_SECONDS)
                last, announced = now, there
                yield TriggerEvent({"sources": sorted(waiting), "files": {key: len(waiting[key]) for key in waiting}})
            announced &= there
            await asyncio.sleep(inboxes.poll_seconds)


class FeedTrigger(BaseEventTrigger):  # type: ignore[misc]
    """Announces the online sources with new pages. One loop for all of them, each with its own interval."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "news_airflow.triggers.FeedTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        rounds = _PollRounds(await asyncio.to_thread(_listings), self.asset_state_store)
        try:
            while True:
                if new := await rounds.next():
                    yield TriggerEvent({"sources": sorted(new), "pages": new})
        finally:
            rounds.close()


@dataclass(frozen=True, slots=True)
class _Announcement:
    """New pages of a source that no run had fetched when they were last announced. ``due`` is of time.monotonic."""

    pages: "tuple[ListedPage, ...]"
    due: float
    pause: float


class _PollRounds:
    """The running polls, the last result of each source, and what of it is still to be announced or stored.

    Of two events in quick succession Airflow may leave one without a run. So new pages are announced again, less and
    less often, until a run has fetched them; after that the half-hourly sweep does. A poll's state is stored a moment
    after its announcement: if the triggerer dies in between, it announces the pages again.
    """

    def __init__(self, listings: "Listings", store: Any) -> None:
        self._listings = listings
        self._store = store
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="listings")
        self._going: dict[str, asyncio.Future[PollResult]] = {}
        self._last: dict[str, PollResult] = {}
        self._due: dict[str, float] = {}
        self._announcements: dict[str, _Announcement] = {}
        self._to_store: dict[str, tuple[float, Mapping[str, str | None]]] = {}

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def next(self) -> dict[str, int]:
        """Start the due polls, wait a moment, and return the number of pages to announce per source."""
        await self._start()
        if self._going:
            await asyncio.wait(self._going.values(), timeout=_LOOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(_GATHER_SECONDS)
        else:
            await asyncio.sleep(_LOOP_SECONDS)
        done = {key: poll for key, poll in self._going.items() if poll.done()}
        for key in done:
            self._take(key, self._going.pop(key))
        await self._store_states()
        return await self._due_announcements()

    async def _start(self) -> None:
        now = time.monotonic()
        loop = asyncio.get_running_loop()
        for source in await asyncio.to_thread(self._listings.sources):
            if source.key not in self._going and self._due.get(source.key, now) <= now:
                before = await self._before(source.key)
                if before is not None:
                    poll = loop.run_in_executor(self._threads, self._listings.poll, source, before)
                    self._going[source.key] = poll

    async def _before(self, key: str) -> "PollResult | None":
        """Return the previous poll, after a start the stored one; None while the store cannot be read."""
        if key not in self._last:
            from pipeline.jobs.triggers import PollResult

            try:
                self._last[key] = PollResult(state=await self._store.aget(key, {}))
            except AirflowRuntimeError as error:
                log.error("the state of source %s cannot be read (%s); tried again", key, error)
                return None
        return self._last[key]

    def _take(self, key: str, going: "asyncio.Future[PollResult]") -> None:
        """Take the result of a finished poll."""
        now = time.monotonic()
        if error := going.exception():
            # Not a NewsError, so it is a bug: logged in full. The other sources must not wait for its repair.
            log.error("%s: looking at its listing broke", key, exc_info=error)
            self._due[key] = now + _UNNAMED_ERROR_SECONDS
            return
        poll = going.result()
        if poll.state != self._last[key].state:
            self._to_store[key] = now + _STORED_AFTER_SECONDS, poll.state
        self._last[key] = poll
        self._due[key] = now + poll.pause_seconds
        if poll.new:
            earlier = self._announcements[key].pages if key in self._announcements else ()
            self._announcements[key] = _Announcement((*earlier, *poll.new), due=now, pause=_REPEAT_SECONDS)

    async def _due_announcements(self) -> dict[str, int]:
        """Return the number of pages to announce now, per source."""
        now = time.monotonic()
        found = {}
        due = [(key, announced) for key, announced in self._announcements.items() if announced.due <= now]
        for key, announced in due:
            pages = await asyncio.to_thread(self._listings.unfetched, announced.pages)
            if pages and announced.pause <= _REPEAT_MAX_SECONDS:
                found[key] = len(pages)
                self._announcements[key] = _Announcement(pages, due=now + announced.pause, pause=2 * announced.pause)
            else:
                del self._announcements[key]
        return found

    async def _store_states(self) -> None:
        now = time.monotonic()
        for key, (at, state) in list(self._to_store.items()):
            if at <= now:
                try:
                    await self._store.aset(key, dict(state))
                except AirflowRuntimeError as error:
                    log.error("the state of source %s cannot be stored (%s); tried again", key, error)
                    self._to_store[key] = now + _STORED_AFTER_SECONDS, state
                else:
                    del self._to_store[key]


def _inboxes() -> "Inboxes":
    from pipeline.jobs.triggers import Inboxes
    from pipeline.settings import Settings

    return Inboxes(Settings.load())


def _listings() -> "Listings":
    from pipeline.jobs.triggers import Listings
    from pipeline.settings import Settings

    return Listings(Settings.load())
