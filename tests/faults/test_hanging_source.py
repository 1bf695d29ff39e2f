"""A hanging source costs only the deadlines of its own pages: other pages and sources are fetched as usual."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.jobs.run import ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.faults.hostile import Hostile, HostileHandler, hostile_server, page
from tests.faults.invariants import broken_sums

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
DEADLINE = 1.0
HANGS = ("/silent", "/drip", "/endless")


def silent(answer: HostileHandler) -> None:
    """Receive the request and never respond."""
    time.sleep(8 * DEADLINE)


def drip(answer: HostileHandler) -> None:
    """Send a byte now and then."""
    answer.send_response(200)
    answer.send_header("Content-Length", "100000")
    answer.end_headers()
    for _ in range(40):
        answer.wfile.write(b"x")
        time.sleep(DEADLINE / 5)


def endless(answer: HostileHandler) -> None:
    """Send an endless body, slowly enough to stay below all limits."""
    answer.send_response(200)
    answer.end_headers()
    for _ in range(400):
        answer.wfile.write(b"<p>wind</p>" * 10)
        time.sleep(DEADLINE / 50)


def feed(server: Hostile, *paths: str) -> bytes:
    items = "".join(f"<item><title>{path}</title><link>{server.url(path)}</link></item>" for path in paths)
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Post</title>{items}</channel></rss>".encode()


@pytest.fixture
def servers() -> Iterator[tuple[Hostile, Hostile]]:
    """A host that hangs on three of its pages and one of its feeds, and a good host."""
    with hostile_server() as bad, hostile_server() as good:
        bad.routes |= {"/silent": silent, "/drip": drip, "/endless": endless, "/hanging.xml": silent}
        for server, paths in ((bad, ("/a", *HANGS, "/z")), (good, ("/1", "/2", "/3"))):
            server.says("/rss.xml", 200, feed(server, *paths), Content_Type="application/rss+xml")
            for number, path in enumerate(set(paths) - set(HANGS)):
                server.says(path, 200, page(number), Content_Type="text/html")
        yield bad, good


def test_hanging_source(servers: tuple[Hostile, Hostile], tmp_path: Path) -> None:
    """Each hanging page waits with its reason; all others are archived, in little more than the deadlines."""
    bad, good = servers
    (tmp_path / "sources.toml").write_text(
        f'private_hosts = ["{bad.host}", "{good.host}"]\n'
        f'[sources.hanging]\nkind = "feed"\nurl = "{bad.url("/hanging.xml")}"\n'
        f'[sources.bad]\nkind = "feed"\nurl = "{bad.url("/rss.xml")}"\n'
        f'[sources.good]\nkind = "feed"\nurl = "{good.url("/rss.xml")}"\n'
    )
    settings = Settings.load(
        data_dir=tmp_path,
        sources_file=tmp_path / "sources.toml",
        frozen_now=NOW,
        durability="process",
        host_interval_seconds=0,
        fetch_attempts=2,
        read_timeout_seconds=DEADLINE / 2,
        page_deadline_seconds=DEADLINE,
        retry_after_max_seconds=0.1,
    )
    space = Workspace(settings)
    began = time.monotonic()
    ingest_sources(
        space, source_keys=["hanging", "bad", "good"], day=NOW.date(), run_id="in", report_progress=lambda _: None
    )
    took = time.monotonic() - began
    rows = {row["url"]: row for row in space.lake.log.read("outcomes").to_pylist()}
    waiting = {url for url, row in rows.items() if row["outcome"] == "pending" and row["reason"] != "archived"}
    archived = {capture.url for capture in space.archive.captures()}
    assert waiting == {bad.url(path) for path in ("/hanging.xml", *HANGS)}
    assert {rows[url]["reason"] for url in waiting} <= {"deadline", "timeout"}
    assert all(rows[url]["detail"] for url in waiting)
    assert archived == {bad.url("/a"), bad.url("/z"), *map(good.url, ("/1", "/2", "/3"))}
    assert broken_sums(space) == []
    assert took < (len(HANGS) + 1) * DEADLINE + 15
