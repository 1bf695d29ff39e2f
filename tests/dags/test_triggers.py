"""The triggers as the triggerer runs them: one event loop, a store, sources that appear, hang and fail."""

import asyncio
import itertools
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.server import DAYS, Newsroom
from tests.faults.hostile import Hostile, HostileHandler, hostile_server

pytestmark = [pytest.mark.airflow, pytest.mark.usefixtures("bag")]

FEED = "<rss version='2.0'><channel><title>t</title><item><title>t</title><link>/a{n}</link></item></channel></rss>"


class Store:
    """An asset state store for a trigger: two methods, and an API server that may be unavailable."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.is_away = False

    async def aget(self, key: str, default: Any = None) -> Any:
        self._answer()
        return self.kept.get(key, default)

    async def aset(self, key: str, value: Any) -> None:
        self._answer()
        self.kept[key] = value

    def _answer(self) -> None:
        if self.is_away:
            from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
            from airflow.sdk.execution_time.comms import ErrorResponse

            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortened pauses of the triggers."""
    from news_airflow import triggers

    for name in ("_REPEAT_SECONDS", "_LOOP_SECONDS", "_STORED_AFTER_SECONDS"):
        monkeypatch.setattr(triggers, name, 0.3)
    monkeypatch.setattr(triggers, "_BETWEEN_TWO_SECONDS", 0.0)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Callable[[str], None]:
    """A function that writes sources.toml, with settings that use it and poll often."""
    for name, value in {
        "DATA_DIR": str(tmp_path),
        "SOURCES_FILE": str(tmp_path / "sources.toml"),
        "HOST_INTERVAL_SECONDS": "0",
        "FETCH_ATTEMPTS": "1",
        "POLL_SECONDS": "0.3",
        "INBOX_POLL_SECONDS": "0.05",
    }.items():
        monkeypatch.setenv(f"NEWS_{name}", value)
    return lambda text: (tmp_path / "sources.toml").write_text(text) and None


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A host without robots.txt."""
    with hostile_server() as hostile:
        yield hostile


def feed_at(host: str, **paths: str) -> str:
    """Return a sources.toml with feeds of one host."""
    listed = "".join(f'[sources.{key}]\nkind = "feed"\nurl = "http://{host}{path}"\n' for key, path in paths.items())
    return f'private_hosts = ["{host}"]\n{listed}'


async def payload_of(events: AsyncIterator[Any], *, seconds: float = 20) -> Any:
    """Return the payload of the next event."""
    return (await asyncio.wait_for(anext(events), seconds)).payload


async def payload_with(events: AsyncIterator[Any], key: str) -> Any:
    """Return the payload of the next event that names a source."""
    async with asyncio.timeout(20):
        while key not in (payload := await payload_of(events))["sources"]:
            pass
    return payload


def take(key: str) -> None:
    """Ingest a source like the run of a signal."""
    from news_airflow.tasks import TASKS

    TASKS["ingest"](source_key=key, day=None, run_id=f"run-{time.monotonic_ns()}")


async def silent(events: AsyncIterator[Any], *, seconds: float = 1.5) -> bool:
    """Return whether no event occurs for some time; the events cannot be used afterwards."""
    try:
        await asyncio.wait_for(anext(events), seconds)
    except TimeoutError:
        return True
    return False


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, for at most 20 s."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.05)


def test_triggers_are_stored_without_a_path_of_this_machine() -> None:
    """A trigger is stored only by its class, so that another machine with other settings can run it."""
    from news_airflow.triggers import FeedTrigger, InboxTrigger

    assert InboxTrigger().serialize() == ("news_airflow.triggers.InboxTrigger", {})
    assert FeedTrigger().serialize() == ("news_airflow.triggers.FeedTrigger", {})


def drop(path: Path) -> None:
    """Write a file with an old modification time."""
    path.write_text("x")
    os.utime(path, (0, 0))


def test_waiting_files_are_announced_until_they_are_gone(watch: Callable[[str], None], tmp_path: Path) -> None:
    """A file is announced repeatedly until it is claimed; partial files are not announced."""
    from news_airflow.triggers import InboxTrigger

    watch('[sources.door]\nkind = "inbox"\npath = "in"\n')

    async def scene() -> None:
        events = InboxTrigger().run()
        first = asyncio.create_task(payload_of(events))
        await until((tmp_path / "in").is_dir)
        (tmp_path / "in" / "a.txt.part").write_text("half")
        drop(tmp_path / "in" / "a.txt")
        assert await first == {"sources": ["door"], "files": {"door": 1}}
        assert await payload_of(events) == {"sources": ["door"], "files": {"door": 1}}
        drop(tmp_path / "in" / "b.txt")
        assert await payload_of(events) == {"sources": ["door"], "files": {"door": 2}}
        for name in ("a.txt", "b.txt"):
            (tmp_path / "in" / name).unlink()
        assert await silent(events)

    asyncio.run(scene())


def test_remaining_files_are_announced_less_and_less_often(watch: Callable[[str], None], tmp_path: Path) -> None:
    """Busy workers are not flooded with signals for one file: each pause is twice the previous one."""
    from news_airflow.triggers import InboxTrigger

    watch('[sources.door]\nkind = "inbox"\npath = "in"\n')
    (tmp_path / "in").mkdir()
    drop(tmp_path / "in" / "a.txt")

    async def scene() -> list[float]:
        events = InboxTrigger().run()
        times = []
        for _ in range(5):
            await payload_of(events)
            times.append(time.monotonic())
        return times

    times = asyncio.run(scene())
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses[3] > 3 * pauses[0]


def test_new_pages_are_announced_until_a_run_has_them(watch: Callable[[str], None]) -> None:
    """The pages of the first evening are announced repeatedly until they are ingested; then those of the next one."""
    from news_airflow.triggers import FeedTrigger

    store = Store()

    async def scene(newsroom: Newsroom) -> None:
        watch(feed_at(f"127.0.0.1:{newsroom.port}", courier="/courier/rss.xml"))
        trigger = FeedTrigger()
        trigger.asset_state_store = store
        events = trigger.run()
        first = await payload_of(events)
        assert (first["sources"], store.kept) == (["courier"], {})
        assert await payload_of(events) == first
        await asyncio.to_thread(take, "courier")
        following = asyncio.create_task(payload_of(events))
        await asyncio.sleep(1.5)
        assert (following.done(), set(store.kept)) == (False, {"courier"})
        newsroom.day = DAYS[1]
        assert 0 < (await following)["pages"]["courier"] <= 7
        assert {request.status for request in newsroom.requests if request.path == "/courier/rss.xml"} == {200, 304}
        await events.aclose()

    with Newsroom(day=DAYS[0]) as newsroom:
        asyncio.run(scene(newsroom))


def test_a_new_trigger_continues_after_the_old_one_died(watch: Callable[[str], None], server: Hostile) -> None:
    """Announcements that were not stored are repeated; stored or archived ones are not."""
    from news_airflow.triggers import FeedTrigger

    server.says("/1", 200, FEED.format(n=1).encode())
    watch(feed_at(server.host, one="/1"))
    store = Store()

    async def first(kept: Store) -> AsyncIterator[Any]:
        trigger = FeedTrigger()
        trigger.asset_state_store = kept
        return trigger.run()

    async def scene() -> None:
        for _ in range(2):  # the first trigger is dropped before it has stored its announcement
            events = await first(store)
            assert await payload_of(events) == {"sources": ["one"], "pages": {"one": 1}}
            assert store.kept == {}
        while not store.kept:
            await payload_of(events)
        await events.aclose()
        assert await silent(await first(store))
        await asyncio.to_thread(take, "one")
        assert await silent(await first(Store()))

    asyncio.run(scene())


def test_hanging_source_delays_no_other(watch: Callable[[str], None], server: Hostile) -> None:
    """While one source never responds, another is polled at its own interval, and the event loop continues."""
    from news_airflow.triggers import FeedTrigger

    released = threading.Event()
    server.routes["/hangs"] = lambda answer: released.wait(30) and answer.say(503)
    numbers = iter(range(1000))

    def grows(answer: HostileHandler) -> None:
        answer.say(200, FEED.format(n=next(numbers)).encode())

    server.routes["/lives"] = grows
    watch(feed_at(server.host, hangs="/hangs", lives="/lives"))
    gaps: list[float] = []

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            gaps.append(time.monotonic() - before)

    async def scene() -> None:
        trigger = FeedTrigger()
        trigger.asset_state_store = Store()
        events = trigger.run()
        beating = asyncio.create_task(beat())
        while (await payload_with(events, "lives"))["pages"]["lives"] < 5:
            pass
        assert server.seen["/hangs"] == 1
        beating.cancel()
        released.set()
        await events.aclose()

    asyncio.run(scene())
    assert max(gaps) < 5, "a thread of the event loop's own hung"


def test_broken_file_keeps_the_sources_and_a_new_source_is_added(
    watch: Callable[[str], None], server: Hostile, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken sources.toml is reported and changes nothing; after its repair, a new source is polled."""
    from news_airflow.triggers import FeedTrigger

    for number in (1, 2):
        server.says(f"/{number}", 200, FEED.format(n=number).encode())
    watch(feed_at(server.host, one="/1"))

    async def scene() -> None:
        trigger = FeedTrigger()
        trigger.asset_state_store = Store()
        events = trigger.run()
        assert (await payload_of(events))["sources"] == ["one"]
        following = asyncio.create_task(payload_with(events, "two"))
        watch("[sources.one\n")
        await until(lambda: "until it is corrected" in caplog.text)
        requests = server.seen["/1"]
        await until(lambda: server.seen["/1"] > requests)
        watch(feed_at(server.host, one="/1", two="/2"))
        assert (await following)["pages"]["two"] == 1
        await events.aclose()

    asyncio.run(scene())


def test_trigger_survives_an_unavailable_store_and_bugs(
    watch: Callable[[str], None], server: Hostile, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unavailable API server delays storing; an unexpected error is logged, and the other sources continue."""
    from news_airflow import polls
    from news_airflow.triggers import FeedTrigger

    read = polls.discover

    def breaks(source: Any, **given: Any) -> Any:
        if source.key == "bug":
            raise ZeroDivisionError("a bug of ours")
        return read(source, **given)

    monkeypatch.setattr(polls, "discover", breaks)
    server.says("/1", 200, FEED.format(n=1).encode())
    watch(feed_at(server.host, bug="/2", one="/1"))
    store = Store()
    store.is_away = True

    async def scene() -> None:
        trigger = FeedTrigger()
        trigger.asset_state_store = store
        events = trigger.run()
        following = asyncio.create_task(payload_of(events))
        await until(lambda: "cannot be read" in caplog.text)
        store.is_away = False
        assert (await following)["sources"] == ["one"]
        store.is_away = True
        going_on = asyncio.create_task(payload_with(events, "nobody"))
        await until(lambda: "cannot be stored" in caplog.text)
        store.is_away = False
        await until(lambda: "one" in store.kept)
        going_on.cancel()

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert "a bug of ours" in caplog.text
