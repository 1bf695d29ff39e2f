"""Bad input: each broken page has one outcome with a message for people, nothing else is lost, the run continues."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.unicode import printable_path
from tests.faults.hostile import Hostile, HostileHandler, gzip_bomb, hostile_server, page

pytestmark = [pytest.mark.model]

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
DAY = NOW.date()
HTML = "text/html; charset=utf-8"
LISTED = "Mon, 02 Mar 2026 09:30:00 GMT"

# The result of each page: (outcome, reason), and a word in its detail for people.
PAGES = {
    "/good/1": ("kept", None, None),
    "/malformed": ("kept", None, None),
    "/empty-body": ("rejected", "empty", "no bytes"),
    "/good/2": ("kept", None, None),
    "/wrong-charset": ("kept", None, None),
    "/undecodable": ("rejected", "content_type", "neither HTML"),
    "/fifty-megabytes": ("rejected", "too_large", "bytes"),
    "/gzip-bomb": ("rejected", "too_large", "bytes"),
    "/loop": ("rejected", "redirect_loop", "/loop"),
    "/429": ("pending", "http_429", "429"),
    "/404": ("rejected", "http_404", "404"),
    "/private/1": ("rejected", "robots_refused", "robots"),
    "/no-article": ("rejected", "too_short", "0 words"),
    "/no-date": ("kept", None, None),
    "/good/3": ("kept", None, None),
}
# Pages of feeds that are broken in themselves, before the healthy one.
FEEDS = {
    "/half-emoji": ("kept", None, None),
    "/after-half-emoji": ("kept", None, None),
    "/before-the-end": ("kept", None, None),
    "/cut.xml": ("quarantined", "broken_feed", "ends before </rss>"),
    "/many-attributes": ("kept", None, None),
    "/many-namespaces.xml": ("quarantined", "too_complex", "namespaces"),
    "/nothing.xml": ("quarantined", "not_a_feed", "it is empty"),
    "/a%20blank": ("kept", None, None),
}
INBOX = {
    "good.txt": ("kept", None, None),
    "caf\\xe9.html": ("kept", None, None),
    "caf\\xe9.jsonl#1": ("quarantined", "broken_line", "line 1"),
    "emoji.html": ("kept", None, None),
    "pages.jsonl#1": ("kept", None, None),
    "pages.jsonl#2": ("quarantined", "broken_line", "line 1 column"),
    "pages.jsonl#3": ("kept", None, None),
    "pages.jsonl#4": ("kept", None, None),
    "nothing.txt": ("quarantined", "empty_file", "empty"),
    "picture.bmp": ("quarantined", "unknown_kind", ".jsonl"),
    "links.urls#2": ("quarantined", "bad_url", "http"),
    "/pushed": ("kept", None, None),
}


ALL = PAGES | FEEDS | INBOX


def feed(server: Hostile, busy: Hostile) -> bytes:
    items = "".join(
        f"<item><title>{path}</title><link>{(busy if path == '/429' else server).url(path)}</link>"
        f"{'' if path == '/no-date' else f'<pubDate>{LISTED}</pubDate>'}</item>"
        for path in PAGES
    )
    return (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>Tarnwick Post</title>{items}</channel></rss>".encode()
    )


def broken_feeds(server: Hostile) -> dict[str, bytes]:
    """Return the feeds of ``FEEDS`` by path: each has a fault that must not stop the next one."""
    item = "<item><title>t</title><link>{}</link></item>"
    rss = "<rss version='2.0'><channel{}><title>Tarnwick Post</title>{}</channel></rss>"
    attributes = " ".join(f'a{number}="1"' for number in range(40_000))
    prefixes = " ".join(f'xmlns:a{number}="u:{number}"' for number in range(9000))
    items = [
        {"url": server.url("/half-emoji"), "title": "Ferry \ud83d"},
        {"url": server.url("/after-half-emoji"), "title": "Pier \ud83d\ude00 \0"},
    ]
    version = "https://jsonfeed.org/version/1.1"
    return {
        "/emoji.json": json.dumps({"version": version, "title": "Post \udc00", "items": items}).encode(),
        "/cut.xml": rss.format("", item.format(server.url("/before-the-end"))).encode()[:-20] + b"<item><tit",
        "/attributes.xml": rss.format(f" {attributes}", item.format(server.url("/many-attributes"))).encode(),
        "/many-namespaces.xml": rss.format(f" {prefixes}", "").encode(),
        "/nothing.xml": b"",
        "/links.xml": rss.format("", item.format(f"\n {server.url('/a')} blank\n")).encode(),
    }


def fifty_megabytes(answer: HostileHandler) -> None:
    answer.send_response(200)
    answer.send_header("Content-Type", HTML)
    answer.end_headers()
    for _ in range(50):
        answer.wfile.write(b"<p>wind</p>" * ((1 << 20) // 11))
    answer.close_connection = True


@pytest.fixture(scope="module")
def busy() -> Iterator[Hostile]:
    """A separate host for the page with a 429, because the whole host is then on hold."""
    with hostile_server() as hostile:
        hostile.says("/429", 429, Retry_After="3600")
        yield hostile


@pytest.fixture(scope="module")
def server(busy: Hostile) -> Iterator[Hostile]:
    """A newsroom with one page per kind of fault, and good pages between them."""
    with hostile_server() as hostile:
        says: Callable[..., str] = hostile.says
        says("/robots.txt", 200, b"User-agent: *\nDisallow: /private/\n", Content_Type="text/plain")
        says("/rss.xml", 200, feed(hostile, busy), Content_Type="application/rss+xml")
        says("/broken.xml", 200, b"<html><h1>Be right back</h1></html>", Content_Type="application/rss+xml")
        for path, body in broken_feeds(hostile).items():
            says(path, 200, body)
        kept = [path for path, (outcome, _, _) in FEEDS.items() if outcome == "kept"]
        for number, path in enumerate(kept, start=50):
            says(path, 200, page(number), Content_Type=HTML)
        for number in (1, 2, 3):
            says(f"/good/{number}", 200, page(number), Content_Type=HTML)
        says("/private/1", 200, page(9), Content_Type=HTML)
        says("/pushed", 200, page(10), Content_Type=HTML)
        says("/no-date", 200, page(11), Content_Type=HTML)
        torn = page(4).replace(b"</p><p>", b"<p><b><i></div></table><<").replace(b"</article></body></html>", b"<p")
        says("/malformed", 200, torn, Content_Type=HTML)
        says("/empty-body", 200, b"", Content_Type=HTML)
        latin = page(5).replace(b"Tarnwick", "Tarnw\u00efck \u201cold\u201d".encode("cp1252"))
        says("/wrong-charset", 200, latin, Content_Type=HTML)
        says("/undecodable", 200, bytes(range(256)) * 40, Content_Type="image/png")
        hostile.routes["/fifty-megabytes"] = fifty_megabytes
        says("/gzip-bomb", 200, gzip_bomb(300), Content_Type=HTML, Content_Encoding="gzip")
        says("/loop", 302, Location="/loop/again")
        says("/loop/again", 302, Location="/loop")
        links = "".join(f"<li><a href='/good/{n}'>Harbour plan {n}</a></li>" for n in range(40))
        says("/no-article", 200, f"<html><body><h1>News</h1><ul>{links}</ul></body></html>".encode(), Content_Type=HTML)
        yield hostile


def fill_inbox(inbox: Path, server: Hostile) -> None:
    inbox.mkdir()
    text = "Harbour vote\n\n" + "\n\n".join(f"The clerk read plan {n} aloud to the full council." for n in range(9))
    line = '{"text": "%s", "title": "Line %d", "published_at": "2026-03-02"}'
    lines = (line % ("The bridge of Tarnwick opens on Friday, the mayor said. " * 5, 1), '{"text": "never ends')
    (inbox / "good.txt").write_text(text)
    ferry = line % ("The ferry sails again, its captain said. " * 7, 3)
    emoji = line % ("The lock gates opened \\ud83d at noon, the keeper said. " * 7, 4)
    (inbox / "pages.jsonl").write_text("\n".join((*lines, ferry, emoji)))
    (inbox / os.fsdecode(b"caf\xe9.html")).write_bytes(page(60))
    (inbox / os.fsdecode(b"caf\xe9.jsonl")).write_bytes(b"{")
    (inbox / "emoji.html").write_bytes(page(61))
    (inbox / "emoji.json").write_text('{"title": "Half an emoji \\ud83d", "publisher": "Post \\u0000"}')
    (inbox / "nothing.txt").touch()
    (inbox / "picture.bmp").write_bytes(b"BM")
    (inbox / "links.urls").write_text(f"{server.url('/pushed')}\nhttp://[broken\n")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, server: Hostile, busy: Hostile):
    """The job, run once: its workspace, the final outcome rows by page, and the increase of its memory (MB)."""
    folder = tmp_path_factory.mktemp("data")
    fill_inbox(folder / "inbox", server)
    (folder / "sources.toml").write_text(
        f'private_hosts = ["{server.host}", "{busy.host}"]\n'
        + "".join(
            f'[sources.feed_{number}]\nkind = "feed"\nurl = "{server.url(path)}"\n'
            for number, path in enumerate(broken_feeds(server))
        )
        + f'[sources.broken]\nkind = "feed"\nurl = "{server.url("/broken.xml")}"\n'
        f'[sources.post]\nkind = "feed"\nurl = "{server.url("/rss.xml")}"\n'
        f'[sources.inbox]\nkind = "inbox"\npath = "{folder}/inbox"\n'
    )
    space = Workspace(
        Settings.load(
            data_dir=folder,
            sources_file=folder / "sources.toml",
            frozen_now=NOW,
            durability="process",
            host_interval_seconds=0,
            fetch_attempts=2,
            retry_after_max_seconds=0.1,
            read_timeout_seconds=2,
            page_deadline_seconds=5,
        )
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    keys = [*(f"feed_{number}" for number in range(len(broken_feeds(server)))), "broken", "post", "inbox"]
    ingested = ingest_sources(space, source_keys=keys, day=DAY, run_id="in", report_progress=lambda _: None).report
    risen = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    extract_day(space, day=DAY, run_id="out", report_progress=lambda _: None)
    return space, ingested, risen


def outcome_rows(space: Workspace, *runs: str) -> dict[str, dict]:
    """Return the last outcome row of each page, by path or file."""
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] in runs]
    rows.sort(key=lambda row: runs.index(row["run_id"]))
    return {urlsplit(row["url"]).path if "//" in row["url"] else row["url"]: row for row in rows}


@pytest.mark.parametrize("name", ALL)
def test_page_has_its_outcome(job, name: str) -> None:
    """Each page has one outcome with the expected kind and reason, and a detail for people."""
    space, _, _ = job
    outcome, reason, word = ALL[name]
    row = outcome_rows(space, "in", "out")[name]
    assert (row["outcome"], row["reason"]) == (outcome, reason), row["detail"]
    assert word is None or word in row["detail"]


def test_every_page_once_in_each_run(job) -> None:
    """In the log, each run has each page once: every listed page, every file, and the invalid listing."""
    space, ingested, _ = job
    rows = space.lake.log.read("outcomes").to_pandas()
    assert rows.duplicated(["run_id", "source_key", "url"]).sum() == 0
    assert len(rows[rows.run_id == "in"]) == ingested.discovered == len(ALL) + 1


def test_feed_that_is_not_xml_is_one_outcome(job, server: Hostile) -> None:
    """A listing that cannot be read is quarantined with its URL, and the other sources continue."""
    space, _, _ = job
    row = outcome_rows(space, "in")["/broken.xml"]
    assert (row["source_key"], row["outcome"], row["reason"]) == ("broken", "quarantined", "not_a_feed")
    assert row["detail"].startswith("it is neither RSS nor Atom")


def test_kept_pages_are_in_the_table(job) -> None:
    """Every kept page is an article, and no other page is."""
    space, _, _ = job
    kept = [name for name, (outcome, _, _) in ALL.items() if outcome == "kept"]
    assert space.lake.read("articles").num_rows == len(kept)
    assert space.lake.verify() == ()


def test_broken_files_wait_with_their_reasons(job) -> None:
    """Files with a broken page move to failed/ with a file of reasons, whole files to done/."""
    space, _, _ = job
    inbox = space.settings.inbox_dir
    failed = {printable_path(path.name): path.read_text() for path in (inbox / "failed").glob("*.reason.txt")}
    done = sorted(printable_path(path.name) for path in (inbox / "done").iterdir())
    assert done == ["caf\\xe9.html", "emoji.html", "emoji.json", "good.txt"]
    assert {name: text.count("\n") for name, text in failed.items()} == {
        f"{name}.reason.txt": 1
        for name in ("caf\\xe9.jsonl", "links.urls", "nothing.txt", "pages.jsonl", "picture.bmp")
    }
    assert failed["pages.jsonl.reason.txt"].startswith("broken_line: pages.jsonl#2: ")
    assert not any((inbox / "claimed").iterdir())


def test_memory_stays_bounded(job) -> None:
    """50 MB on the wire and 300 MB in a bomb increase the memory by a few limited pages, not by the size sent."""
    _, _, risen = job
    assert risen < 150


def test_busy_page_is_retried_later(job, server: Hostile, busy: Hostile) -> None:
    """A page with a 429 waits for an hour, then it is fetched although no listing has it any more."""
    space, _, _ = job
    busy.says("/429", 200, page(12), Content_Type=HTML)
    server.says("/rss.xml", 200, feed(server, busy).replace(busy.url("/429").encode(), server.url("/good/1").encode()))
    seen = {}
    for minutes in (30, 90):
        later = Settings(**{**space.settings.model_dump(), "frozen_now": NOW + timedelta(minutes=minutes)})
        ingest_sources(
            Workspace(later), source_keys=["post"], day=DAY, run_id=f"+{minutes}", report_progress=lambda _: None
        )
        seen[minutes] = outcome_rows(space, f"+{minutes}").get("/429")
    assert seen[30] is None
    assert (seen[90]["outcome"], seen[90]["reason"], seen[90]["news_day"]) == ("pending", "archived", DAY)
