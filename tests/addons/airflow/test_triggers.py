"""What triggers poll: a listing on a real server and an inbox; which sources a run takes."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from news_airflow.polls import Inboxes, LastGoodSources, Listings, PollResult, triggered_sources

from newslake.pipeline.model import Source
from newslake.pipeline.settings import Settings
from tests.architecture.tree import ROOT
from tests.faults.hostile import Hostile, hostile_server

STORE_BYTES = 64 * 1024


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A host without robots.txt."""
    with hostile_server() as hostile:
        yield hostile


def settings_for(folder: Path, sources: str) -> Settings:
    """Return settings that read these sources."""
    (folder / "sources.toml").write_text(sources)
    return Settings.load(
        data_dir=folder,
        sources_file=folder / "sources.toml",
        frozen_now=datetime(2026, 3, 2, 12, tzinfo=UTC),
        host_interval_seconds=0,
        fetch_attempts=1,
        retry_after_max_seconds=0,
        poll_seconds=60,
    )


class Watched:
    """One polled source: each poll gets the result of the last one, as in a trigger."""

    def __init__(self, folder: Path, server: Hostile, *, kind: str = "feed") -> None:
        self.server = server
        source = f'[sources.s]\nkind = "{kind}"\nurl = "{server.url("/list")}"\n'
        self.listings = Listings(settings_for(folder, f'private_hosts = ["{server.host}"]\n{source}'))
        self.last = PollResult()

    def poll(self) -> PollResult:
        (source,) = self.listings.sources()
        self.last = self.listings.poll(source, self.last)
        return self.last

    def lists(self, *entries: str, updated: str = "", note: str = "", **headers: str) -> None:
        """Let the feed list these paths, with one change date for all."""
        items = "".join(
            f"<entry><title>t</title><id>{path}</id><link href='{self.server.url(path)}'/>"
            f"{updated and f'<updated>{updated}</updated>'}</entry>"
            for path in entries
        )
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f{note}</title>{items}</feed>".encode()
        self.server.says("/list", 200, body, Content_Type="application/atom+xml", **headers)


@pytest.fixture
def feed(tmp_path: Path, server: Hostile) -> Watched:
    """A polled feed."""
    return Watched(tmp_path, server)


def test_only_unseen_pages_are_new(feed: Watched) -> None:
    """All pages are new in the first poll, then only added ones; a shorter or reworded listing has no new ones."""
    found = []
    for listed in ((("/a", "/b"), ""), (("/b", "/a"), "x"), (("/c", "/a"), ""), (("/a",), ""), (("/b", "/a"), "")):
        feed.lists(*listed[0], note=listed[1])
        found.append(len(feed.poll().new))
    assert found == [2, 0, 1, 0, 0]


def test_later_change_is_new(feed: Watched) -> None:
    """A page with another change date is new again."""
    feed.lists("/a", "/b", updated="2026-03-02T08:00:00Z")
    feed.poll()
    feed.lists("/a", "/b", updated="2026-03-02T09:00:00Z")
    assert len(feed.poll().new) == 2


def test_validators_come_from_the_last_poll(feed: Watched, server: Hostile) -> None:
    """A poll sends the validators of the last one; 304 keeps the state and has nothing new."""
    feed.lists("/a", ETag='"1"', Last_Modified="Mon, 02 Mar 2026 08:00:00 GMT")
    before = feed.poll().state
    server.says("/list", 304)
    assert (feed.poll().new, feed.last.state) == ((), before)
    sent = server.headers["/list"]
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Mon, 02 Mar 2026 08:00:00 GMT")


def test_another_url_starts_again(feed: Watched, server: Hostile) -> None:
    """The state of a source's old URL is not used for its new one."""
    feed.lists("/a", ETag='"1"')
    feed.poll()
    moved = Source(key="s", kind="feed", location=server.url("/list?new"))
    server.routes["/list?new"] = server.routes["/list"]
    assert len(feed.listings.poll(moved, feed.last).new) == 1
    assert "if-none-match" not in server.headers["/list?new"]


def test_busy_listing_is_polled_less_and_less(feed: Watched, server: Hostile, caplog: pytest.LogCaptureFixture) -> None:
    """Each failure doubles the pause, to an hour at most; failure and recovery are logged once each."""
    feed.lists("/a")
    feed.poll()
    server.says("/list", 503)
    with caplog.at_level(logging.INFO, logger="news_airflow.polls"):
        pauses = [feed.poll().pause_seconds for _ in range(8)]
        feed.lists("/a", "/b")
        assert (len(feed.poll().new), feed.last.pause_seconds, feed.last.error) == (1, 60, None)
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.parametrize(("seconds", "pause"), [("300", 300), ("30", 120), ("86400", 3600)])
def test_retry_after_is_honoured(feed: Watched, server: Hostile, seconds: str, pause: float) -> None:
    """The server's pause counts if it is longer than ours, up to an hour."""
    server.says("/list", 429, Retry_After=seconds)
    assert feed.poll().pause_seconds == pause


@pytest.mark.parametrize(("status", "body"), [(404, b""), (200, b"<html><p>Not a feed.</p></html>")])
def test_refused_or_broken_listing_is_polled_hourly(feed: Watched, server: Hostile, status: int, body: bytes) -> None:
    """A listing that a person must correct is polled once an hour, and its state is kept meanwhile."""
    feed.lists("/a")
    before = feed.poll().state
    server.says("/list", status, body)
    assert (feed.poll().pause_seconds, feed.last.new, feed.last.state) == (3600, (), before)
    feed.lists("/a")
    assert (feed.poll().pause_seconds, feed.last.new) == (60, ())


def test_index_of_sitemaps_is_followed(tmp_path: Path, server: Hostile) -> None:
    """A change in a child sitemap is new, also if the index has not changed; a failing child stops no other."""
    watched = Watched(tmp_path, server, kind="news_sitemap")
    children = "".join(f"<sitemap><loc>{server.url(path)}</loc></sitemap>" for path in ("/1.xml", "/2.xml"))
    server.says("/list", 200, f"<sitemapindex>{children}</sitemapindex>".encode(), ETag='"1"')
    server.says("/1.xml", 503)
    found = []
    for paths in (("/a",), ("/a", "/b")):
        urls = "".join(f"<url><loc>{server.url(path)}</loc></url>" for path in paths)
        server.says("/2.xml", 200, f"<urlset>{urls}</urlset>".encode())
        found.append(len(watched.poll().new))
    assert found == [1, 1]


def test_state_of_a_large_listing_fits_the_store(tmp_path: Path, server: Hostile) -> None:
    """Of a large listing only the newest pages are kept: the state stays small, and old pages are not new again."""
    watched = Watched(tmp_path, server, kind="news_sitemap")

    def lists(count: int) -> None:
        changes = (f"2026-02-{1 + n // 1000:02}T{n % 24:02}:00:00Z" for n in range(count))
        urls = "".join(
            f"<url><loc>{server.url(f'/{n}')}</loc><lastmod>{changed}</lastmod></url>"
            for n, changed in enumerate(changes)
        )
        server.says("/list", 200, f"<urlset>{urls}</urlset>".encode())

    lists(9000)
    watched.poll()
    assert len(json.dumps(dict(watched.last.state))) < STORE_BYTES
    assert watched.poll().new == ()
    lists(9010)
    assert len(watched.poll().new) == 10


def test_poll_seconds_and_private_hosts_apply(tmp_path: Path, server: Hostile) -> None:
    """A source's own poll_seconds has priority, and a private host may be added later."""
    source = f'[sources.s]\nkind = "feed"\nurl = "{server.url("/list")}"\npoll_seconds = 7\n'
    server.says("/list", 200, b"<rss version='2.0'><channel><title>t</title></channel></rss>")
    listings = Listings(settings_for(tmp_path, source))
    (before,) = listings.sources()
    assert listings.poll(before, PollResult()).error == "private_address"
    (tmp_path / "sources.toml").write_text(f'private_hosts = ["{server.host}"]\n{source}')
    (after,) = listings.sources()
    assert listings.poll(after, PollResult()).pause_seconds == 7


def test_last_good_sources_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A broken or missing sources.toml is logged once and changes nothing; a corrected one counts at once."""
    path = tmp_path / "sources.toml"
    watched = LastGoodSources(path)
    assert watched.read().sources == ()
    path.write_text('[sources.door]\nkind = "inbox"\npath = "in"\n')
    assert [source.key for source in watched.read().sources] == ["door"]
    caplog.clear()
    path.write_text("[sources.door\n")
    assert [source.key for _ in range(3) for source in watched.read().sources] == ["door"] * 3
    assert len(caplog.records) == 1
    path.write_text('[sources.gate]\nkind = "inbox"\npath = "in"\n')
    assert [source.key for source in watched.read().sources] == ["gate"]


def test_inboxes_list_the_files_to_claim(tmp_path: Path) -> None:
    """Names are grouped by source; a missing inbox is created; folders of other kinds do not count."""
    (tmp_path / "one").mkdir()
    for name in ("b.txt", "a.html", "a.json", ".c.txt", "d.part"):
        (tmp_path / "one" / name).write_text("{}")
        os.utime(tmp_path / "one" / name, (0, 0))
    kinds = {"one": "inbox", "two": "inbox", "three": "folder"}
    listed = "".join(f'[sources.{key}]\nkind = "{kind}"\npath = "{key}"\n' for key, kind in kinds.items())
    assert Inboxes(settings_for(tmp_path, listed)).waiting() == {"one": ("a.html", "b.txt")}
    assert (tmp_path / "two").is_dir()


def test_unreadable_inbox_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file in place of an inbox is one message, and the other inboxes still work."""
    (tmp_path / "one").write_text("no folder")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "a.txt").write_text("x")
    os.utime(tmp_path / "two" / "a.txt", (0, 0))
    listed = "".join(f'[sources.{key}]\nkind = "inbox"\npath = "{key}"\n' for key in ("one", "two"))
    inboxes = Inboxes(settings_for(tmp_path, listed))
    assert [inboxes.waiting() for _ in range(3)] == [{"two": ("a.txt",)}] * 3
    assert len(caplog.records) == 1


FEED = Source(key="feed", kind="feed", location="http://feed.example/rss")
MAP = Source(key="map", kind="news_sitemap", location="http://map.example/news.xml")
DOOR = Source(key="door", kind="inbox", location="in")
OLD = Source(key="old", kind="folder", location="old")


@pytest.mark.parametrize(
    ("event_extras", "web", "files"),
    [
        ([], ["feed", "map"], ["door", "old"]),
        ([{"from_trigger": True, "payload": {"sources": ["map"], "pages": {"map": 1}}}], ["map"], []),
        ([{"payload": {"sources": ["door"]}}, {"payload": {"sources": ["feed"]}}], ["feed"], ["door"]),
        ([{"sources": ["door"], "from_rest_api": True}], [], ["door"]),
        ([{"payload": {"sources": ["door"]}}, {"from_rest_api": True}], ["feed", "map"], ["door", "old"]),
        ([{"sources": "door"}], ["feed", "map"], ["door", "old"]),
        ([{"sources": ["gone", "map"]}], ["map"], []),
        ([{"sources": ["gone"]}], [], []),
    ],
)
def test_a_run_takes_the_sources_that_its_signals_name(event_extras: list, web: list[str], files: list[str]) -> None:
    """The names of all signals count together; a signal without names, or no signal, means every source."""
    sources = (DOOR, FEED, OLD, MAP)
    assert triggered_sources(sources, event_extras=event_extras, group="web") == web
    assert triggered_sources(sources, event_extras=event_extras, group="files") == files


def test_signals_are_light() -> None:
    """The triggerer loads no library that cleans, annotates or writes tables."""
    heavy = ("spacy", "pyarrow", "trafilatura", "duckdb", "bs4", "numpy")
    code = f"import sys, news_airflow.polls; print(sorted(set({heavy!r}) & set(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins")))}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
