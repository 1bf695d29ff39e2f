"""When a page is fetched, its outcome and its news day, on a real server."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import brotli
import pytest
from warcio.archiveiterator import ArchiveIterator

from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.archive import Archive
from newslake.pipeline.clean import canonical
from newslake.pipeline.clean.decoding import DecodedText
from newslake.pipeline.jobs import pipeline_version
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.run import ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Capture, Page, RightsStatement, Source, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.provenance import trace_provenance
from newslake.pipeline.sources import Listing, ListingEntry, registry
from tests.faults.hostile import Hostile, HostileHandler, hostile_server

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = NOON.date()
PAGE = b"<html><head><title>Ferry</title></head><body><p>The ferry of Tarnwick sails again.</p></body></html>"


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A host without robots.txt."""
    with hostile_server() as hostile:
        yield hostile


def lists(server: Hostile, *entries: str, updated: str = "", **headers: str) -> None:
    """Let the feed list these paths, with one change date for all."""
    items = "".join(
        f"<entry><title>t</title><id>{path}</id><link href='{server.url(path)}'/>"
        f"{updated and f'<updated>{updated}</updated>'}</entry>"
        for path in entries
    )
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{items}</feed>".encode()
    server.says("/feed", 200, body, Content_Type="application/atom+xml", **headers)


def run(
    folder: Path,
    server: Hostile,
    name: str,
    *,
    hours: float = 0,
    day: date | None = None,
    entry: str = "",
    **changes: object,
) -> dict[str, tuple[str, str, date]]:
    """Ingest the feed some hours after noon, for that day or another; return outcome, reason, news day of each path.

    ``entry`` is added to the feed's entry in sources.toml.
    """
    sources = folder / "sources.toml"
    sources.write_text(
        f'private_hosts = ["{server.host}"]\n[sources.feed]\nkind = "feed"\nurl = "{server.url("/feed")}"\n{entry}'
    )
    settings = Settings.load(
        data_dir=folder,
        sources_file=sources,
        frozen_now=NOON + timedelta(hours=hours),
        durability="process",
        host_interval_seconds=0,
        fetch_attempts=1,
        retry_after_max_seconds=0,
        **changes,
    )
    space = Workspace(settings)
    report = ingest(space, source_key="feed", day=day or settings.now().date(), run_id=name).report
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == name]
    assert report.discovered == len(rows)
    return {row["url"].removeprefix(server.url("")): (row["outcome"], row["reason"], row["news_day"]) for row in rows}


def test_first_attempt_fixes_the_news_day(server: Hostile, tmp_path: Path) -> None:
    """A page without a date keeps the day of its first attempt, in every later outcome and in the archive."""
    lists(server, "/a")
    server.says("/a", 503)
    assert run(tmp_path, server, "1") == {"/a": ("pending", "http_503", DAY)}
    server.says("/a", 200, PAGE, Content_Type="text/html")
    assert run(tmp_path, server, "2", hours=20) == {"/a": ("pending", "archived", DAY)}
    assert run(tmp_path, server, "3", hours=30) == {"/a": ("not_checked", "already_fetched", DAY)}
    assert run(tmp_path, server, "4", hours=50) == {"/a": ("unchanged", "identical_payload", DAY)}


def test_day_that_is_no_longer_listed(server: Hostile, tmp_path: Path) -> None:
    """For a day that a feed no longer lists, only pages of that day that are due are requested, not the feed."""
    lists(server, "/a", "/b")
    server.says("/a", 503)
    server.says("/b", 200, PAGE, Content_Type="text/html")
    run(tmp_path, server, "1")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    requested = server.seen["/feed"]
    assert run(tmp_path, server, "2", hours=90, day=DAY - timedelta(days=1)) == {}
    assert run(tmp_path, server, "3", hours=90, day=DAY) == {
        "/a": ("pending", "archived", DAY),
        "/b": ("unchanged", "identical_payload", DAY),
    }
    assert run(tmp_path, server, "4", hours=90, day=DAY) == {}
    assert server.seen["/feed"] == requested


def test_failed_change_is_tried_again_while_listed(server: Hostile, tmp_path: Path) -> None:
    """A failed fetch of a change does not count as fetched: the page waits one hour, then it is fetched."""
    lists(server, "/a", updated="2026-03-02T10:00:00Z")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    run(tmp_path, server, "1")
    lists(server, "/a", updated="2026-03-02T13:00:00Z")
    server.says("/a", 503)
    assert run(tmp_path, server, "2", hours=1.5)["/a"][:2] == ("pending", "http_503")
    server.says("/a", 200, PAGE.replace(b"again", b"no more"), Content_Type="text/html")
    assert run(tmp_path, server, "3", hours=2)["/a"][:2] == ("pending", "http_503")
    assert run(tmp_path, server, "4", hours=3)["/a"][:2] == ("pending", "archived")


def test_refused_page_is_not_requested_again(server: Hostile, tmp_path: Path) -> None:
    """A refused page stays refused until its listing gives a later change date."""
    lists(server, "/a", updated="2026-03-02T10:00:00Z")
    server.says("/a", 404)
    for name, hours in (("1", 0), ("2", 1), ("3", 48)):
        assert run(tmp_path, server, name, hours=hours)["/a"][:2] == ("rejected", "http_404")
    assert server.seen["/a"] == 1
    lists(server, "/a", updated="2026-03-04T10:00:00Z")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    assert run(tmp_path, server, "4", hours=49)["/a"][:2] == ("pending", "archived")


def test_busy_page_is_rejected_after_eight_attempts(server: Hostile, tmp_path: Path) -> None:
    """A page that fails eight times in a row is rejected and no longer requested."""
    lists(server, "/a")
    server.says("/a", 503)
    kinds = [run(tmp_path, server, str(n), hours=n * 200)["/a"][:2] for n in range(10)]
    assert kinds == [("pending", "http_503")] * 7 + [("rejected", "retries_exhausted_http_503")] * 3
    assert server.seen["/a"] == 8


def test_one_page_under_two_spellings_is_fetched_once(server: Hostile, tmp_path: Path) -> None:
    """A URL listed with and without tracking parameters is one page, also if its first attempt failed."""
    lists(server, "/a?utm_source=feed", "/a")
    server.says("/a?utm_source=feed", 503)
    assert list(run(tmp_path, server, "1")) == ["/a?utm_source=feed"]
    lists(server, "/a")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    assert run(tmp_path, server, "2", hours=2) == {"/a": ("pending", "archived", DAY)}
    assert server.seen["/a?utm_source=feed"] == 1


def test_unchanged_listing_is_not_read(server: Hostile, tmp_path: Path) -> None:
    """The listing's validators are sent back: a 304 lists nothing and costs one request."""
    lists(server, "/a", ETag='"1"')
    server.says("/a", 200, PAGE, Content_Type="text/html")
    run(tmp_path, server, "1", entry="recheck_hours = []")
    server.says("/feed", 304)
    assert run(tmp_path, server, "2", hours=30, entry="recheck_hours = []") == {}
    assert (server.headers["/feed"]["if-none-match"], server.seen["/a"]) == ('"1"', 1)


def test_page_of_a_lost_file_is_requested_without_validators(server: Hostile, tmp_path: Path) -> None:
    """A page whose only record is lost is requested as if it were new, so that its bytes come back."""
    lists(server, "/a")
    server.says("/a", 200, PAGE, Content_Type="text/html", ETag='"1"')
    run(tmp_path, server, "1")
    [path] = tmp_path.glob("archive/warc/*/*/*.warc.gz")
    path.unlink()
    run(tmp_path, server, "2", hours=30)
    assert "if-none-match" not in server.headers["/a"]
    run(tmp_path, server, "3", hours=80)
    assert server.headers["/a"]["if-none-match"] == '"1"'
    captures = (archive := Archive(tmp_path / "archive")).captures()
    assert [archive.page(each).body for each in captures] == [PAGE] * 3


def test_bad_links_are_outcomes(server: Hostile, tmp_path: Path) -> None:
    """An entry with an invalid link is one outcome, and the other entries are fetched."""
    links = ("http://x/\ud800", "http://.", server.url("/a"))
    items = [{"id": link, "url": link} for link in links]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "f", "items": items}
    server.says("/feed", 200, json.dumps(feed).encode(), Content_Type="application/feed+json")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    found = run(tmp_path, server, "1")
    assert {name: row[:2] for name, row in found.items()} == {
        "/feed#entry-1": ("quarantined", "bad_url"),
        "/feed#entry-2": ("quarantined", "bad_url"),
        "/a": ("pending", "archived"),
    }


def test_signal_leaves_a_source_that_another_run_has(server: Hostile, tmp_path: Path) -> None:
    """While a run has a source, a run that does not wait ends at once without pages; the next one takes all."""
    lists(server, "/a")
    server.says("/a", 200, PAGE)
    run(tmp_path, server, "first")
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", frozen_now=NOON))
    given = {"source_key": "feed", "day": DAY, "waits": False}
    with space.store.leases.source("feed", waits=True):
        report = ingest(space, run_id="second", **given).report
    assert (report.discovered, report.days) == (0, ())
    assert ingest(space, run_id="third", **given).report.discovered == 1


def test_gone_page_leaves_a_tombstone(server: Hostile, tmp_path: Path) -> None:
    """If a captured page answers 410, the archive records that; its article stays."""
    lists(server, "/a", "/never", updated="2026-03-02T10:00:00Z")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    server.says("/never", 404)
    run(tmp_path, server, "1")
    lists(server, "/a", updated="2026-03-02T14:00:00Z")
    server.says("/a", 410, b"gone", Content_Type="text/html")
    assert run(tmp_path, server, "2", hours=3)["/a"] == ("rejected", "http_410", DAY)
    archive = Archive(tmp_path / "archive")
    [capture] = archive.captures()
    keys = [capture.page_key, canonical_url(server.url("/never"))]
    [tombstone] = archive.attempts(keys)
    assert (tombstone.status, tombstone.article_id, tombstone.is_tombstone) == (410, capture.article_id, True)
    archive.rebuild_index()
    assert archive.attempts(keys) == (tombstone,)
    assert archive.captures() == (capture,)
    assert list(archive.verify()) == []


def test_body_that_broke_off_is_kept(server: Hostile, tmp_path: Path) -> None:
    """The received part of a truncated body is a record marked as truncated, not a capture of the page."""
    lists(server, "/a")
    sent = gzip.compress(PAGE * 50)[:-20]
    server.says("/a", 200, sent, Content_Type="text/html", Content_Encoding="gzip")
    assert run(tmp_path, server, "1")["/a"][:2] == ("pending", "truncated")
    archive = Archive(tmp_path / "archive")
    [attempt] = archive.attempts([canonical_url(server.url("/a"))])
    assert (attempt.reason, attempt.is_tombstone, archive.captures()) == ("truncated", False, ())
    with (tmp_path / "archive" / attempt.file).open("rb") as file:
        [record] = [
            (r.rec_headers.get_header("WARC-Truncated"), r.raw_stream.read())
            for r in ArchiveIterator(file)
            if r.rec_type == "response"
        ]
    assert record == ("disconnect", sent)


@pytest.mark.parametrize(
    ("accepted", "coding", "stored"),
    [({}, "gzip", gzip.compress(PAGE, mtime=0)), ({"accept_encoding": "br, gzip"}, "br", brotli.compress(PAGE))],
)
def test_archive_holds_the_coding_of_the_setting(
    server: Hostile, tmp_path: Path, accepted: dict[str, str], coding: str, stored: bytes
) -> None:
    """A server that prefers br sends gzip by default; it sends br if the setting accepts it, and so it is archived."""

    def negotiate(answer: HostileHandler) -> None:
        is_br = "br" in answer.headers["Accept-Encoding"].split(", ")
        body = brotli.compress(PAGE) if is_br else gzip.compress(PAGE, mtime=0)
        answer.say(200, body, Content_Encoding="br" if is_br else "gzip", Content_Type="text/html")

    lists(server, "/a")
    server.routes["/a"] = negotiate
    assert run(tmp_path, server, "1", **accepted) == {"/a": ("pending", "archived", DAY)}

    archive = Archive(tmp_path / "archive")
    (capture,) = archive.captures(page_key=canonical_url(server.url("/a")))
    with (tmp_path / "archive" / capture.file).open("rb") as file:
        [record] = [
            (found.http_headers.get_header("Content-Encoding"), found.raw_stream.read())
            for found in ArchiveIterator(file)
            if found.rec_type == "response"
        ]
    assert record == (coding, stored)
    assert archive.page(capture).body == PAGE


def test_server_decides_the_next_attempt(server: Hostile, tmp_path: Path) -> None:
    """A Retry-After that is too long for a run is the time of the page's next attempt, instead of one hour."""
    lists(server, "/a")
    server.says("/a", 503, Retry_After="7200")
    assert run(tmp_path, server, "1") == {"/a": ("pending", "http_503", DAY)}
    server.says("/a", 200, PAGE, Content_Type="text/html")
    assert run(tmp_path, server, "2", hours=1.9) == {"/a": ("pending", "http_503", DAY)}
    assert run(tmp_path, server, "3", hours=2) == {"/a": ("pending", "archived", DAY)}


def test_page_of_a_host_on_hold_keeps_its_attempts(server: Hostile, tmp_path: Path) -> None:
    """A page that was not requested because its host is on hold keeps its attempts."""
    lists(server, "/a", "/b")
    for path in ("/a", "/b"):
        server.says(path, 429, Retry_After="3600")
    for number in range(12):
        found = run(tmp_path, server, str(number), hours=1.01 * number, fetch_threads=1)
    requested = {path: server.seen[path] for path in ("/a", "/b")}

    # The first one is requested and rejected after eight attempts; until then the other one had no attempt.
    assert sorted(kind for kind, _, _ in found.values()) == ["pending", "rejected"]
    assert sorted(requested.values())[1] == 8


def test_obeyed_reservation_is_not_archived(server: Hostile, tmp_path: Path) -> None:
    """Pages that tdmrep.json or a header reserves are rejected before archiving, the former without a request."""
    lists(server, "/news/a", "/b", "/c")
    server.says("/.well-known/tdmrep.json", 200, b'[{"location": "/news/", "tdm-reservation": 1}]')
    server.says("/news/a", 200, PAGE, Content_Type="text/html")
    server.says("/b", 200, PAGE, Content_Type="text/html", TDM_Reservation="1")
    server.says("/c", 200, PAGE, Content_Type="text/html")

    found = run(tmp_path, server, "1", tdm_policy="obey")

    assert {path: reason for path, (_, reason, _) in found.items()} == {
        "/news/a": "tdm_reserved",
        "/b": "tdm_reserved",
        "/c": "archived",
    }
    assert server.seen["/news/a"] == 0
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml"))
    details = {row["url"]: row["detail"] for row in space.lake.log.read("outcomes").to_pylist()}
    assert details[server.url("/news/a")] == f"tdmrep.json of {server.host} reserves it (location /news/)"
    assert "'tdm-reservation: 1' reserves text and data mining" in details[server.url("/b")]


def test_reservation_of_the_host_is_kept_with_the_capture(server: Hostile, tmp_path: Path) -> None:
    """With the policy "record", a page that tdmrep.json reserves is archived, and its capture says so."""
    lists(server, "/a")
    server.says("/.well-known/tdmrep.json", 200, b'[{"location": "/", "tdm-reservation": 1}]')
    server.says("/a", 200, PAGE, Content_Type="text/html")

    assert run(tmp_path, server, "1") == {"/a": ("pending", "archived", DAY)}
    (capture,) = Archive(tmp_path / "archive").captures(page_key=canonical_url(server.url("/a")))
    assert capture.hints.tdm_reserved is True


ROBOTS = b"""License: https://post.example/license.xml
User-agent: *
Content-Signal: search=yes, ai-train=no
Content-Usage: /free/ train-ai=y
Allow: /
"""
SIGNALS = b"User-agent: *\nContent-Usage: /news/ train-ai=n\nAllow: /\n"


def test_statements_of_robots_are_kept_with_the_capture(server: Hostile, tmp_path: Path) -> None:
    """With the policy "record", a page is archived with what robots.txt says about its path, by line and time."""
    lists(server, "/free/a")
    server.says("/robots.txt", 200, ROBOTS)
    server.says("/free/a", 200, PAGE, Content_Type="text/html")

    assert run(tmp_path, server, "1") == {"/free/a": ("pending", "archived", DAY)}
    archive = Archive(tmp_path / "archive")
    (capture,) = archive.captures(page_key=canonical_url(server.url("/free/a")))
    texts = ("rsl: https://post.example/license.xml", "content-signal: search=yes, ai-train=no")
    where = f"of {server.url('/robots.txt')}, 2026-03-02T12:00:00Z"
    assert capture.hints.rights == (
        RightsStatement(texts[0], f"line 1 {where}"),
        RightsStatement(texts[1], f"line 3 {where}"),
        RightsStatement("content-usage: train-ai=y", f"line 4 {where}"),
    )
    assert capture.hints.tdm_reserved is True
    assert archive.page(capture).hints == capture.hints
    assert archive.reserved() == (capture,)


def test_obeyed_statements_are_not_archived(server: Hostile, tmp_path: Path) -> None:
    """Pages that robots.txt reserves are rejected without a request, those that a header reserves before archiving."""
    lists(server, "/news/a", "/b", "/c", "/d")
    server.says("/robots.txt", 200, SIGNALS)
    server.says("/news/a", 200, PAGE, Content_Type="text/html")
    server.says("/b", 200, PAGE, Content_Type="text/html", Content_Signal="ai-train=no")
    rsl = '<https://post.example/license.xml>; rel="license"; type="application/rsl+xml"'
    server.says("/c", 200, PAGE, Content_Type="text/html", Link=rsl)
    server.says("/d", 200, PAGE, Content_Type="text/html", Content_Signal="search=yes")

    found = run(tmp_path, server, "1", tdm_policy="obey")

    assert {path: reason for path, (_, reason, _) in found.items()} == {
        "/news/a": "tdm_reserved",
        "/b": "tdm_reserved",
        "/c": "rsl_license",
        "/d": "archived",
    }
    assert server.seen["/news/a"] == 0
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml"))
    details = {row["url"]: row["detail"] for row in space.lake.log.read("outcomes").to_pylist()}
    reserved = f"'content-usage: train-ai=n' reserves text and data mining (line 2 of {server.url('/robots.txt')}, "
    assert reserved in details[server.url("/news/a")]
    assert "'rsl: https://post.example/license.xml' names a license" in details[server.url("/c")]


def test_license_of_the_host_refuses_its_pages_but_not_its_feed(server: Hostile, tmp_path: Path) -> None:
    """A License in robots.txt is obeyed for pages, not for listings, which are not stored."""
    lists(server, "/a")
    server.says("/robots.txt", 200, b"License: https://post.example/license.xml\n")
    server.says("/a", 200, PAGE, Content_Type="text/html")

    assert run(tmp_path, server, "1", tdm_policy="obey") == {"/a": ("rejected", "rsl_license", DAY)}
    assert server.seen["/a"] == 0


def test_identity_of_a_page_is_computed_once(server: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is decoded once to get its identity, also if it comes in a file."""
    decode, decoded = canonical.decode_body, Counter[bytes]()

    def counting(page: Page) -> DecodedText:
        decoded[page.body] += 1
        return decode(page)

    monkeypatch.setattr(canonical, "decode_body", counting)
    lists(server, "/a")
    server.says("/a", 200, PAGE, Content_Type="text/html")
    assert run(tmp_path, server, "1") == {"/a": ("pending", "archived", DAY)}
    files, in_file = tmp_path / "files", PAGE.replace(b"Ferry", b"Boat")
    files.mkdir()
    (files / "boat.html").write_bytes(in_file)
    sources = tmp_path / "folder.toml"
    sources.write_text(f'[sources.drop]\nkind = "folder"\npath = "{files}"\n')
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOON, durability="process"))
    ingest(space, source_key="drop", day=DAY, run_id="2")
    assert decoded == {PAGE: 1, in_file: 1}


def test_feed_that_ends_early_is_partial(server: Hostile, tmp_path: Path) -> None:
    """Entries before the end are fetched; the log of listings has the reason, and a whole feed later is read again."""
    lists(server, "/a", "/b", ETag='"one"')
    whole = server.routes["/feed"]
    body = (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title><entry><link href='{server.url('/a')}'/></entry><en"
    )
    server.says("/feed", 200, body.encode(), ETag='"one"')
    for path in ("/a", "/b"):
        server.says(path, 200, PAGE, Content_Type="text/html")

    first = run(tmp_path, server, "1")
    server.routes["/feed"] = whole
    second = run(tmp_path, server, "2", hours=0.5)

    assert {path: row[:2] for path, row in first.items()} == {
        "/a": ("pending", "archived"),
        "/feed": ("quarantined", "broken_feed"),
    }
    assert {path: row[:2] for path, row in second.items()} == {
        "/a": ("not_checked", "already_fetched"),
        "/b": ("pending", "archived"),
    }
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", durability="process"))
    why = trace_provenance(space, server.url("/feed"))
    assert why.answer == "not_kept"
    assert "quarantined: broken_feed" in [each.headline for each in why.steps]
    assert listing_rows(tmp_path) == {"1": ("partial", "broken_feed", 1), "2": ("listed", None, 2)}


def listing_rows(folder: Path) -> dict[str, tuple[str, str | None, int]]:
    """Return the result, the reason and the entries of each run's listing."""
    settings = Settings.load(data_dir=folder, sources_file=folder / "sources.toml", durability="process")
    rows = Workspace(settings).lake.log.read("listing_fetches").to_pylist()
    return {row["run_id"]: (row["result"], row["reason"], row["entries"]) for row in rows}


def test_exception_on_one_page_is_its_outcome(server: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page on which the code fails is quarantined as broken_item with type and place; the others are archived.

    It is requested again a day later: the next version may be able to read it.
    """
    decode = canonical.decode_body

    def failing(page: Page) -> DecodedText:
        if page.url == server.url("/b"):
            raise KeyError("half")
        return decode(page)

    monkeypatch.setattr(canonical, "decode_body", failing)
    lists(server, "/a", "/b", "/c")
    for path in ("/a", "/b", "/c"):
        server.says(path, 200, PAGE, Content_Type="text/html")

    first = run(tmp_path, server, "1")
    second = run(tmp_path, server, "2", hours=1)
    seen_in_the_first_hour = server.seen["/b"]
    third = run(tmp_path, server, "3", hours=24)

    assert {path: row[:2] for path, row in first.items()} == {
        "/a": ("pending", "archived"),
        "/b": ("quarantined", "broken_item"),
        "/c": ("pending", "archived"),
    }
    assert second["/b"][:2] == third["/b"][:2] == ("quarantined", "broken_item")
    assert (seen_in_the_first_hour, server.seen["/b"]) == (1, 2)
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", durability="process"))
    details = [row["detail"] for row in space.lake.log.read("outcomes").to_pylist() if row["reason"] == "broken_item"]
    assert "newslake failed on it (KeyError in pipeline/clean/canonical.py:" in details[0]


def test_exception_on_one_file_is_its_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file on which the code fails moves to failed/ with its reason; the others are archived and moved to done/."""
    decode = canonical.decode_body

    def failing(page: Page) -> DecodedText:
        if b"second" in page.body:
            raise RecursionError("too deep")
        return decode(page)

    monkeypatch.setattr(canonical, "decode_body", failing)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in ("first", "second", "third"):
        (inbox / f"{name}.txt").write_text(f"The {name} ferry sails.")
    sources = tmp_path / "sources.toml"
    sources.write_text(f'[sources.door]\nkind = "inbox"\npath = "{inbox}"\n')
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOON, durability="process"))
    report = ingest(space, source_key="door", day=DAY, run_id="1").report

    assert {kind: count for kind, count in report.outcomes if count} == {"pending": 2, "quarantined": 1}
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["first.txt", "third.txt"]
    assert (inbox / "failed" / "second.txt.reason.txt").read_text().startswith("broken_item: second.txt: ")


def test_folder_with_a_broken_item_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If newslake fails on one file of a folder, the next version reads the folder again, and archives the file.

    The plan counts the files as not read only for the next version.
    """
    decode = canonical.decode_body

    def failing(page: Page) -> DecodedText:
        if b"second" in page.body:
            raise RecursionError("too deep")
        return decode(page)

    for name in ("first", "second"):
        (tmp_path / "old" / f"{name}.txt").parent.mkdir(exist_ok=True)
        (tmp_path / "old" / f"{name}.txt").write_text(f"The {name} ferry sails.")
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.old]\nkind = "folder"\npath = "old"\n')
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOON, durability="process"))
    with monkeypatch.context() as patch:
        patch.setattr(canonical, "decode_body", failing)
        ingest(space, source_key="old", day=DAY, run_id="1")
    runs = [ingest(space, source_key="old", day=DAY, run_id="2").report]
    waiting = [files_waiting(space)]
    monkeypatch.setattr(pipeline_version, "code_version", lambda: "next")
    waiting += [files_waiting(space)]
    runs += [ingest(space, source_key="old", day=DAY, run_id=name).report for name in ("3", "4")]

    assert [{kind: count for kind, count in each.outcomes if count} for each in runs] == [
        {},
        {"pending": 1, "unchanged": 1},
        {},
    ]
    assert [*waiting, files_waiting(space)] == [0, 2, 0]


def files_waiting(space: Workspace) -> int | None:
    """Return how many files of the only source the next run reads, as the plan says it."""
    [source] = plan(space, first=DAY, last=DAY).sources
    return source.files_waiting


@pytest.mark.parametrize("is_late", [False, True])
def test_exception_in_one_listing_is_its_failure(
    server: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    """A listing whose reader fails, at once or after some entries, is an outcome; the next source is read."""
    read = registry.read_feed

    def failing(page: Page, source: Source, *, now: datetime) -> Iterator[ListingEntry]:
        found = read(page, source, now=now)
        if source.key == "next":
            return found
        if not is_late:
            raise KeyError("half")
        return (each if number == 0 else {}["half"] for number, each in enumerate(found))

    monkeypatch.setattr(
        registry, "_feed", lambda page, request: Listing(entries=failing(page, request.source, now=NOON))
    )
    monkeypatch.setitem(
        registry.SOURCE_ADAPTERS,
        "feed",
        replace(registry.SOURCE_ADAPTERS["feed"], read=registry._if_new(registry._feed)),
    )
    lists(server, "/a", "/b")
    for path in ("/a", "/b"):
        server.says(path, 200, PAGE, Content_Type="text/html")
    sources = tmp_path / "sources.toml"
    feeds = "".join(f'[sources.{key}]\nkind = "feed"\nurl = "{server.url("/feed")}"\n' for key in ("first", "next"))
    sources.write_text(f'private_hosts = ["{server.host}"]\n{feeds}')
    space = Workspace(
        Settings.load(
            data_dir=tmp_path, sources_file=sources, frozen_now=NOON, durability="process", host_interval_seconds=0
        )
    )
    done = ingest_sources(space, source_keys=["first", "next"], day=DAY, run_id="1", report_progress=lambda _: None)

    found = Counter((row.source_key, row.outcome, row.reason) for row in done.outcomes)
    pages = {("first", "pending", "archived"): 1, ("next", "not_checked", "already_fetched"): 1} if is_late else {}
    assert found[("first", "quarantined", "broken_item")] == 1
    assert sum(count for (key, outcome, _), count in found.items() if key == "next" and outcome != "quarantined") == 2
    assert pages.items() <= found.items()
    [first] = [row for row in space.lake.log.read("listing_fetches").to_pylist() if row["source_key"] == "first"]
    assert (first["result"], first["reason"]) == ("partial" if is_late else "failed", "broken_item")


SAVED = (
    b"<html><head><title>Ferry</title><link rel='canonical' href='https://post.example/ferry'>%s</head>"
    b"<body><p>The ferry of Tarnwick sails again.</p></body></html>"
)
DATED = SAVED % b"<meta property='article:published_time' content='2021-05-04T08:00:00Z'>"


def test_folder_that_is_read_again_has_no_new_captures(tmp_path: Path) -> None:
    """A page of a changed folder is unchanged if the archive has it, although another source brought other bytes."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[sources.desk]\nkind = "folder"\npath = "desk"\n[sources.copy]\nkind = "folder"\npath = "copy"\n'
    )
    for name, day in (("desk", 7), ("copy", 8)):
        file = tmp_path / name / "ferry.html"
        file.parent.mkdir()
        file.write_bytes(SAVED % name.encode())
        os.utime(file, (datetime(2022, 6, day, tzinfo=UTC).timestamp(),) * 2)
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOON, durability="process"))
    ingest(space, source_key="desk", day=DAY, run_id="1")
    ingest(space, source_key="copy", day=DAY, run_id="2")
    (tmp_path / "desk" / "later.html").write_bytes(PAGE)
    ingest(space, source_key="desk", day=DAY, run_id="3")
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == "3"]
    found = {row["url"].rpartition("/")[2]: (row["outcome"], row["reason"]) for row in rows}
    assert found == {"ferry": ("unchanged", "identical_payload"), "later.html": ("pending", "archived")}


def _capture_of(tmp_path: Path, page: bytes, *, saved_at: datetime, name: str = "1", hours: float = 0) -> Capture:
    """Ingest a folder with one page whose file has this time; return its last capture."""
    (tmp_path / "saved").mkdir(exist_ok=True)
    (tmp_path / "saved" / "ferry.html").write_bytes(page)
    os.utime(tmp_path / "saved" / "ferry.html", (saved_at.timestamp(),) * 2)
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.desk]\nkind = "folder"\npath = "saved"\n')
    now = NOON + timedelta(hours=hours)
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=now, durability="process"))
    ingest(space, source_key="desk", day=DAY, run_id=name)
    return space.archive.captures(page_key="https://post.example/ferry")[-1]


@pytest.mark.parametrize(
    ("page", "saved_at", "news_day", "fetched_at"),
    [
        (DATED, datetime(2022, 6, 7, tzinfo=UTC), date(2021, 5, 4), datetime(2022, 6, 7, tzinfo=UTC)),
        (SAVED % b"", datetime(2022, 6, 7, tzinfo=UTC), date(2022, 6, 7), datetime(2022, 6, 7, tzinfo=UTC)),
        (DATED, datetime(2020, 1, 1, tzinfo=UTC), date(2021, 5, 4), NOON),
    ],
)
def test_saved_page_has_the_day_of_its_publication(
    tmp_path: Path, page: bytes, saved_at: datetime, news_day: date, fetched_at: datetime
) -> None:
    """The news day of a saved page is that of its publication, else of its file; a file older than its page is now."""
    capture = _capture_of(tmp_path, page, saved_at=saved_at)

    assert (capture.news_day, capture.fetched_at, capture.url) == (news_day, fetched_at, "https://post.example/ferry")
    assert (capture.hints.url_method, capture.hints.fetched_at_method) == ("canonical_link", "file")


@pytest.mark.parametrize("saved_at", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 6, 7, tzinfo=UTC)])
def test_file_that_is_read_again_has_one_fetch_time(tmp_path: Path, saved_at: datetime) -> None:
    """A saved page that a later run reads again keeps its fetch time, also if its file is older than the page."""
    first = _capture_of(tmp_path, DATED, saved_at=saved_at)
    (tmp_path / "saved" / "other.txt").write_text("The pier is closed.")
    again = _capture_of(tmp_path, DATED, saved_at=saved_at, name="2", hours=5)

    assert (again.run_id, again.fetched_at, again.is_revisit) == ("2", first.fetched_at, True)


def test_edited_file_is_another_capture_of_its_page(tmp_path: Path) -> None:
    """A file that changes is a later capture of the same page, on the same news day."""
    first = _capture_of(tmp_path, DATED, saved_at=datetime(2022, 6, 7, tzinfo=UTC))
    last = _capture_of(
        tmp_path, DATED.replace(b"again", b"no more"), saved_at=datetime(2022, 6, 8, tzinfo=UTC), name="2"
    )

    assert (last.page_key, last.news_day, last.digest == first.digest) == (first.page_key, first.news_day, False)
