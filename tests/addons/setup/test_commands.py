"""`newslake sources` on a real server: the list, the checks, and a site's entries."""

import gzip
import json
import os
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.faults.hostile import Hostile, hostile_server
from tests.unit.cli.test_commands import called

NOON = "2026-03-02T12:00:00+00:00"
FEED = (
    b"<rss version='2.0'><channel><title>Tarnwick Post</title><item><title>Pier</title><link>/pier</link>"
    b"<pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate></item><item><title>None</title></item></channel></rss>"
)


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A site with a feed that has one page and one broken entry."""
    with hostile_server() as hostile:
        hostile.says("/rss", 200, FEED, Content_Type="application/rss+xml")
        hostile.says("/pier", 200, b"<p>The pier is open.</p>", Content_Type="text/html")
        yield hostile


def _write(folder: Path, server: Hostile, *entries: str) -> None:
    (folder / "sources.toml").write_text("\n".join((f'private_hosts = ["{server.host}"]', *entries)))


def _check(folder: Path, *args: str) -> tuple[int, list[dict]]:
    done = called("sources", "check", *args, "--json", cwd=folder, NEWS_FROZEN_NOW=NOON, NEWS_HOST_INTERVAL_SECONDS="0")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.model
def test_list_says_kind_days_and_last_outcome(tmp_path: Path, server: Hostile) -> None:
    """Each source has its kind, location, the days that it can list, and the outcomes of its last run."""
    _write(
        tmp_path,
        server,
        f'[sources.post]\nkind = "feed"\nurl = "{server.url("/rss")}"',
        '[sources.door]\nkind = "inbox"\npath = "in"',
    )
    space = Workspace(
        Settings.load(
            data_dir=tmp_path / "data", sources_file=tmp_path / "sources.toml", frozen_now=NOON, host_interval_seconds=0
        )
    )
    ingest_sources(space, source_keys=["post"], day=date(2026, 3, 2), run_id="r", report_progress=lambda _: None)

    done = called("sources", "--json", cwd=tmp_path, NEWS_FROZEN_NOW=NOON)

    post, door = json.loads(done.stdout)
    assert (post["kind"], post["location"], post["outcomes"]) == (
        "feed",
        server.url("/rss"),
        "1 quarantined, 1 pending",
    )
    assert post["lists"] == "today and yesterday"
    assert (door["kind"], door["last_run_at"], door["outcomes"]) == ("inbox", None, None)

    extract_day(space, day=date(2026, 3, 2), run_id="x", report_progress=lambda _: None)
    post, _ = json.loads(called("sources", "--json", cwd=tmp_path, NEWS_FROZEN_NOW=NOON).stdout)
    assert (post["last_run_at"], post["outcomes"]) == ("2026-03-02T12:00:00Z", "1 rejected, 1 quarantined")


def test_check_polls_every_kind(tmp_path: Path, server: Hostile) -> None:
    """Each source is polled for the newest day that it can list; nothing is archived, claimed or streamed."""
    month = "crawl-data/CC-NEWS/2026/02/"
    warc = f"{month}CC-NEWS-20260227080000-00001.warc.gz"
    server.says(f"/{month}warc.paths.gz", 200, gzip.compress(warc.encode()))
    server.says("/map-2026-03-01.xml", 200, b"<urlset><url><loc>/pier</loc></url></urlset>")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The pier is open.")
    os.utime(tmp_path / "in" / "a.txt", (0, 0))
    _write(
        tmp_path,
        server,
        f'[sources.post]\nkind = "feed"\nurl = "{server.url("/rss")}"',
        f'[sources.old]\nkind = "sitemap_archive"\nurl = "{server.url("/map-{year}-{month}-{day}.xml")}"',
        f'[sources.crawl]\nkind = "cc_news"\nurl = "{server.url("/")}"\nhosts = ["post.example"]',
        '[sources.door]\nkind = "inbox"\npath = "in"',
    )

    code, found = _check(tmp_path)

    assert [(each["key"], each["day"], each["entries"], each["page"], each["problems"]) for each in found] == [
        ("post", "2026-03-02", 1, "fetched; robots.txt allows it", "1 entry_without_link"),
        ("old", "2026-03-01", 1, "fetched; robots.txt allows it", ""),
        ("crawl", "2026-02-27", 1, "", ""),
        ("door", "2026-03-02", 1, "", ""),
    ]
    assert (code, found[0]["newest"]) == (0, "2026-03-02T08:00:00Z")
    assert (server.seen[f"/{warc}"], (tmp_path / "in" / "a.txt").exists()) == (0, True)
    assert not (tmp_path / "data" / "archive" / "index.sqlite").exists()


def test_broken_source_is_exit_1(tmp_path: Path, server: Hostile) -> None:
    """A source that cannot be listed, and one with pages that robots.txt forbids, are named; a good one alone is ok."""
    server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /pier")
    server.says("/quay.xml", 200, FEED.replace(b"/pier", b"/quay"))
    server.says("/quay", 200, b"<p>q</p>")
    entries = {"shut": "/rss", "gone": "/none.xml", "good": "/quay.xml"}
    _write(
        tmp_path,
        server,
        *(f'[sources.{key}]\nkind = "feed"\nurl = "{server.url(path)}"' for key, path in entries.items()),
    )

    code, found = _check(tmp_path)

    assert (code, [bool(each["error"]) for each in found]) == (1, [True, True, False])
    assert found[0]["page"] == "robots_refused"
    assert "404" in found[1]["error"]
    assert _check(tmp_path, "good")[0] == 0
    assert called("sources", "check", "goood", cwd=tmp_path).returncode == 2


def test_site_gives_entries_to_paste(tmp_path: Path, server: Hostile) -> None:
    """The feed in the head of a site and the sitemap in its robots.txt are probed; their entries can be pasted."""
    _write(tmp_path, server)
    server.says("/", 200, b"<html><head><link rel=alternate type='application/rss+xml' href='/rss'></head></html>")
    server.says("/robots.txt", 200, f"Sitemap: {server.url('/all.xml')}".encode())
    server.says("/all.xml", 200, b"<sitemapindex><sitemap><loc>/posts-2026-03-01.xml</loc></sitemap></sitemapindex>")
    server.says("/posts-2026-03-01.xml", 200, b"<urlset><url><loc>/pier</loc></url></urlset>")

    code, found = _check(tmp_path, server.url("/"))

    assert (code, [(each["kind"], each["location"], each["entries"]) for each in found]) == (
        0,
        [("feed", server.url("/rss"), 1), ("sitemap_archive", server.url("/all.xml"), 1)],
    )
    pasted = tomllib.loads("\n".join(each["entry"] for each in found))["sources"]
    assert pasted[found[0]["key"]] == {"kind": "feed", "url": server.url("/rss"), "publisher": "Tarnwick Post"}
    _write(tmp_path, server, *(each["entry"] for each in found))
    assert _check(tmp_path)[0] == 0


def test_common_paths_are_the_last_resort(tmp_path: Path, server: Hostile) -> None:
    """If a site names no feed, common paths are tried; the URL of a feed is used as it is."""
    _write(tmp_path, server)
    server.says("/", 200, b"<html><p>Welcome.</p></html>")

    code, found = _check(tmp_path, server.url("/"))
    assert (code, [each["location"] for each in found]) == (0, [server.url("/rss")])
    assert [each["location"] for each in _check(tmp_path, server.url("/rss"))[1]] == [server.url("/rss")]


def test_feed_that_ends_early_is_not_ok(tmp_path: Path, server: Hostile) -> None:
    """An incomplete listing is marked with its reason, and the check ends with 1; so does an empty body."""
    server.says("/cut", 200, FEED[: FEED.index(b"<item><title>None")])
    server.says("/empty", 200, b"")
    _write(
        tmp_path,
        server,
        *(f'[sources.{name}]\nkind = "feed"\nurl = "{server.url("/" + name)}"' for name in ("cut", "empty")),
    )

    code, [cut, empty] = _check(tmp_path)

    assert (code, cut["entries"], cut["incomplete"], cut["error"]) == (1, 1, "it ends before </rss>", None)
    assert empty["error"] == "it is empty; check the source's url"
    shown = called("sources", "check", "cut", cwd=tmp_path, NEWS_FROZEN_NOW=NOON, NEWS_HOST_INTERVAL_SECONDS="0").stdout
    assert shown.startswith("PART cut (feed)")
    assert "; incomplete: it ends before </rss>;" in shown


def test_site_without_anything_is_exit_1(tmp_path: Path, server: Hostile) -> None:
    """A site without a feed and a sitemap is reported."""
    _write(tmp_path, server)
    del server.routes["/rss"]
    server.says("/", 200, b"<p>Welcome.</p>")

    assert _check(tmp_path, server.url("/")) == (1, [])
