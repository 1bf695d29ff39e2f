"""Pages that state the canonical URL of another page of their domain."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.faults.hostile import Hostile, hostile_server

pytestmark = [pytest.mark.model]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = NOON.date()


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A host with three pages that state the URL of /harbour; that of /museum is another story."""
    with hostile_server() as hostile:
        named = hostile.url("/harbour")
        for path, layout in (("/harbour", ""), ("/museum", ""), ("/harbour/print", "class='print'")):
            page = story(path.split("/")[1], named, layout=layout)
            hostile.says(path, 200, page, Content_Type="text/html", ETag='"1"')
        yield hostile


def story(subject: str, canonical: str, *, layout: str = "") -> bytes:
    """Return a report whose text shares few words in a row with that of another subject."""
    plans = "".join(f"<p>{subject} council {n} told {subject} readers on {subject} day {n}.</p>" for n in range(12))
    head = f"<title>The {subject} report</title><link rel='canonical' href='{canonical}'>"
    body = f"<body {layout}><article><h1>The {subject}</h1>{plans}</article></body>"
    return f"<html lang='en'><head>{head}</head>{body}</html>".encode()


def fetch(folder: Path, server: Hostile, *paths: str, hours: float) -> Workspace:
    """Let the feed list these paths, and ingest it some hours after noon."""
    items = "".join(
        f"<entry><title>t</title><id>{each}</id><link href='{server.url(each)}'/></entry>" for each in paths
    )
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{items}</feed>".encode()
    server.says("/feed", 200, feed, Content_Type="application/atom+xml")
    entry = f'[sources.feed]\nkind = "feed"\nurl = "{server.url("/feed")}"\n'
    return ingested(folder, f'private_hosts = ["{server.host}"]\n{entry}', key="feed", hours=hours)


def ingested(folder: Path, sources: str, *, key: str, hours: float = 0) -> Workspace:
    """Ingest a source of a sources.toml some hours after noon, and derive the day."""
    file = folder / "sources.toml"
    file.write_text(sources)
    now = NOON + timedelta(hours=hours)
    space = Workspace(
        Settings.load(data_dir=folder, sources_file=file, frozen_now=now, durability="process", host_interval_seconds=0)
    )
    ingest(space, source_key=key, day=now.date(), run_id=f"{hours}")
    extract_day(space, day=DAY, run_id=f"{hours}", report_progress=lambda _: None)
    return space


def rows_of(space: Workspace) -> dict[str, tuple[str, bool]]:
    """Return title and flag of each row, by the path of its canonical URL."""
    return {
        urlsplit(row["canonical_url"]).path: (row["title"], "foreign_canonical" in row["flags"])
        for row in space.lake.read("articles").to_pylist()
    }


BOTH = {"/harbour": ("The harbour", False), "/museum": ("The museum", True)}


def test_page_that_names_a_known_page_has_a_row(server: Hostile, tmp_path: Path) -> None:
    """A page with the canonical link of another story has a row with a flag; a print version has none.

    The named page is requested in the same run, with the same bytes.
    """
    fetch(tmp_path, server, "/harbour", hours=0)
    space = fetch(tmp_path, server, "/harbour", "/museum", "/harbour/print", hours=2)
    assert rows_of(space) == BOTH


def test_long_update_of_an_alert_is_a_revision(server: Hostile, tmp_path: Path) -> None:
    """A page that opens with the text of the alert that it names shares its row; one that quotes it has a row."""
    alert = [f"The harbour office {n} said in its morning notice {n} that berth {n} stays closed." for n in range(6)]
    rest = [
        f"Later boat {n} reached pier {n} with crates {n} of fish {n} and rope {n} for shop {n}." for n in range(40)
    ]
    pages = {"/harbour": alert, "/print": alert + rest, "/museum": [f"“{each}”" for each in alert] + rest}
    for path, lines in pages.items():
        body = "".join(f"<p>{each}</p>" for each in lines)
        head = f"<title>Berths of {path}</title><link rel='canonical' href='{server.url('/harbour')}'>"
        html = (
            f"<html lang='en'><head>{head}</head><body><article><h1>Berths of {path}</h1>{body}</article></body></html>"
        )
        server.says(path, 200, html.encode(), Content_Type="text/html")
    fetch(tmp_path, server, "/harbour", hours=0)
    space = fetch(tmp_path, server, "/print", "/museum", hours=0.5)
    assert rows_of(space) == {"/harbour": ("Berths of /print", False), "/museum": ("Berths of /museum", True)}


def test_page_that_names_an_unknown_page_is_believed_until_it_is_known(server: Hostile, tmp_path: Path) -> None:
    """The named page takes its row when it comes; the next request of the other page has no validators."""
    space = fetch(tmp_path, server, "/museum", hours=0)
    assert rows_of(space) == {"/harbour": ("The museum", False)}
    space = fetch(tmp_path, server, "/harbour", hours=0.5)
    assert rows_of(space) == {"/harbour": ("The harbour", False)}
    space = fetch(tmp_path, server, "/museum", "/harbour", hours=20)
    assert "if-none-match" not in server.headers["/museum"]
    assert rows_of(space) == BOTH
    server.says("/museum", 304)
    space = fetch(tmp_path, server, "/museum", "/harbour", hours=60)
    assert server.headers["/museum"]["if-none-match"] == '"1"'
    assert rows_of(space) == BOTH


def test_saved_page_that_names_an_earlier_page_of_its_file_has_a_row(tmp_path: Path) -> None:
    """Pages of a folder are judged as fetched ones, also if the named page is on another host of their domain."""
    files = tmp_path / "files"
    files.mkdir()
    for path, host in (("/harbour", "post"), ("/museum", "post"), ("/harbour/print", "post"), ("/quay", "desk")):
        html = story(path.split("/")[1], "https://post.example.org/harbour", layout=f"class='{len(path)}'").decode()
        page = {"url": f"https://{host}.example.org{path}", "html": html, "published_at": NOON.isoformat()}
        with (files / "pages.jsonl").open("a") as lines:
            lines.write(json.dumps(page) + "\n")
    space = ingested(tmp_path, f'[sources.drop]\nkind = "folder"\npath = "{files}"\n', key="drop")
    captures = {urlsplit(each.page_key).path: each.article_id for each in space.archive.captures()}
    harbour = article_id_of(canonical="https://post.example.org/harbour", text="")
    museum = article_id_of(canonical="https://post.example.org/museum", text="")
    quay = article_id_of(canonical="https://desk.example.org/quay", text="")
    assert captures == {"/harbour": harbour, "/museum": museum, "/harbour/print": harbour, "/quay": quay}
    assert rows_of(space)["/museum"] == ("The museum", True)


@pytest.mark.parametrize("target", ["/harbour", "/museum"])
def test_takedown_blocks_both_urls(server: Hostile, tmp_path: Path, target: str) -> None:
    """After a takedown of the page, or of the page that it names, the page is not archived again."""
    fetch(tmp_path, server, "/harbour", hours=0)
    space = fetch(tmp_path, server, "/harbour", "/museum", hours=2)
    work = TakedownTarget(kind="article", value=server.url(target))
    forget(space, work, reason="asked", report_progress=lambda _: None)
    key = canonical_url(server.url("/museum"))
    captures = space.archive.captures(page_key=key)
    space = fetch(tmp_path, server, "/museum", hours=20)
    assert server.seen["/museum"] == (1 if target == "/museum" else 2)
    assert space.archive.captures(page_key=key) == captures
