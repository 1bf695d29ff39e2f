"""The triggers of `news_inbox`: waiting files in an inbox, and listings with new pages.

`news_airflow.polls` does the work in threads; the triggerer's event loop only waits. Both triggers read the
settings and sources.toml of their machine, so nothing specific to a machine is stored with the DAG.
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
    from news_airflow.polls import Inboxes, ListedPage, Listings, PollResult

log = logging.getLogger(__name__)

_REPEAT_SECONDS, _REPEAT_MAX_SECONDS = 15.0, 300.0  # doubled each time
_BETWEEN_TWO_SECONDS = 3.0  # minimum pause, so that a burst of files makes few events
_THREADS = 64  # concurrent polls; a poll that hangs holds its thread for one or two minutes
_LOOP_SECONDS = 1.0
_GATHER_SECONDS = 0.5  # polls that end within this time make one event
_STORED_AFTER_SECONDS = 5.0  # the triggerer sends an event about 1 s after it was yielded
_UNNAMED_ERROR_SECONDS = 3600.0


class InboxTrigger(BaseEventTrigger):  # type: ignore[misc] # airflow has no types here
    """Announces the inboxes with waiting files, repeatedly until the files are gone."""

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
                # Remaining files mean a lost event or busy workers; busy workers must not be flooded with events.
                pause = _REPEAT_SECONDS if has_new else min(2 * pause, _REPEAT_MAX_SECONDS)
                last, announced = now, there
                yield TriggerEvent({"sources": sorted(waiting), "files": {key: len(waiting[key]) for key in waiting}})
            announced &= there
            await asyncio.sleep(inboxes.poll_seconds)


class FeedTrigger(BaseEventTrigger):  # type: ignore[misc]
    """Announces the online sources with new pages. One loop polls all of them, each at its interval."""

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
    """New pages of a source that no run had fetched at their last announcement. ``due`` is a time.monotonic value."""

    pages: "tuple[ListedPage, ...]"
    due: float
    pause: float


class _PollRounds:
    """The running polls, the last result of each source, and the pages and states to be announced or stored.

    Of two events in quick succession, Airflow may start no run for one. So new pages are announced again, less and less
    often, until a run has fetched them; finally the half-hourly sweep fetches them. The state of a poll is stored a few
    seconds after its announcement: if the triggerer dies before, it announces the pages again.
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
        """Start the due polls, wait for results, and return the number of pages to announce per source."""
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
        """Return the previous result, after a start the stored one; None while the store cannot be read."""
        if key not in self._last:
            from news_airflow.polls import PollResult

            try:
                self._last[key] = PollResult(state=await self._store.aget(key, {}))
            except AirflowRuntimeError as error:
                log.error("the state of source %s cannot be read (%s); retrying", key, error)
                return None
        return self._last[key]

    def _take(self, key: str, going: "asyncio.Future[PollResult]") -> None:
        """Take the result of a finished poll."""
        now = time.monotonic()
        if error := going.exception():
            # Not a NewsError, so it is a bug: logged with its traceback. The other sources continue.
            log.error("%s: unexpected error while polling its listing", key, exc_info=error)
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
        counts = {}
        due = [(key, announced) for key, announced in self._announcements.items() if announced.due <= now]
        for key, announced in due:
            pages = await asyncio.to_thread(self._listings.unfetched, announced.pages)
            if pages and announced.pause <= _REPEAT_MAX_SECONDS:
                counts[key] = len(pages)
                self._announcements[key] = _Announcement(pages, due=now + announced.pause, pause=2 * announced.pause)
            else:
                del self._announcements[key]
        return counts

    async def _store_states(self) -> None:
        now = time.monotonic()
        for key, (at, state) in list(self._to_store.items()):
            if at <= now:
                try:
                    await self._store.aset(key, dict(state))
                except AirflowRuntimeError as error:
                    log.error("the state of source %s cannot be stored (%s); retrying", key, error)
                    self._to_store[key] = now + _STORED_AFTER_SECONDS, state
                else:
                    del self._to_store[key]


def _inboxes() -> "Inboxes":
    from news_airflow.polls import Inboxes
    from newslake.pipeline.settings import Settings

    return Inboxes(Settings.load())


def _listings() -> "Listings":
    from news_airflow.polls import Listings
    from newslake.pipeline.settings import Settings

    return Listings(Settings.load())
