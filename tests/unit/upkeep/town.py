"""A town whose newsroom has pages to take down: data roots after a week, traces of the pages, and ways back."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import CachedOutcome
from newslake.pipeline.lake.staging import KEYS_SCHEMA
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from newslake.pipeline.upkeep.takedown import (
    TakedownTarget,
    forget,
)
from tests.faults.hostile import Hostile, hostile_server
from tests.faults.invariants import table_files
from tests.traces import Traces

pytestmark = [pytest.mark.model]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONTH = "2026-03"
DOOMED = tuple(f"/zq-tarnwick-lantern-boats-{each}" for each in ("first", "again", "video", "waits", "broken"))
FERRY, AGAIN, VIDEO, WAITS, BROKEN = DOOMED
STAYING = ("/bridge", "/market", "/company")
TRACKED = "?utm_source=feed"
# Words of the deleted pages, and of no other page.
MARKS = ("Zephyrine Quackenthorpe", "Ulla Brandvold-Ostertag", "quicksilver lanterns over Tarnwick")


def story(title: str, *paragraphs: str, url: str) -> bytes:
    """Return an invented report."""
    said = "".join(f"<p>{each}</p>" for each in paragraphs)
    head = f"<title>{title}</title><link rel='canonical' href='{url}'>"
    when = "<meta property='article:published_time' content='2026-03-02T07:00:00Z'>"
    body = f"<body><article><h1>{title}</h1>{said}</article></body>"
    return f"<html lang='en'><head>{head}{when}</head>{body}</html>".encode()


def doomed_text(turn: int) -> tuple[str, ...]:
    said = f"“The {turn} boats will carry {MARKS[2]}, and nobody has asked the harbour master,” said {MARKS[0]}."
    more = (
        f"Councillor {MARKS[1]} told reporters in the town hall that the council would pay for {turn} boats in the end."
    )
    return said, more, f"{MARKS[0]} met the mayor of Tarnwick on Monday and promised {turn} more boats before summer."


def other_text(number: int) -> tuple[str, ...]:
    said = (
        f"“The harbour of Tarnwick will be deepened before the summer, whatever plan {number} says,” said Ada Brandt."
    )
    more = (
        f"Councillor Ada Brandt told reporters that the ferry company had signed plan {number} for the harbour at last."
    )
    return said, more, f"The mayor met Ada Brandt in Tarnwick on Monday and agreed to read plan {number} once more."


@dataclass
class Town:
    """A newsroom on a local server, and data roots that ingest it: ``says`` changes a page, ``lists`` the feed."""

    server: Hostile
    folder: Path

    def says(self, path: str, status: int = 200, body: bytes = b"") -> None:
        for spelling in (path, f"{path}{TRACKED}"):
            self.server.says(spelling, status, body, Content_Type="text/html; charset=utf-8")

    def lists(self, *paths: str, hours: int = 0) -> None:
        at = (NOON + timedelta(hours=hours)).isoformat()
        items = "".join(
            f"<entry><title>{MARKS[2] if path in DOOMED else 'News'} {path}</title><id>{path}</id>"
            f"<updated>{at}</updated><link href='{self.server.url(path)}{TRACKED}'/></entry>"
            for path in paths
        )
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{items}</feed>".encode()
        self.server.says("/feed", 200, body, Content_Type="application/atom+xml")

    def write(self, turn: int) -> None:
        """Put all pages online in the version of a turn."""
        url = self.server.url
        self.says(FERRY, body=story(f"Boats and {MARKS[2]}", *doomed_text(turn), url=url(FERRY)))
        self.says(AGAIN, body=story(f"Boats and {MARKS[2]}", *doomed_text(1), url=url(AGAIN)))
        self.says(VIDEO, body=f"<html><body><p>{MARKS[0]} sings.</p></body></html>".encode())
        self.says(WAITS, 503)
        self.says(BROKEN, body=b"%PDF-1.7\n" + MARKS[2].encode() + bytes(range(256)) * 9)
        for number, path in enumerate(STAYING):
            self.says(path, body=story(f"Plan {number} for the harbour", *other_text(number), url=url(path)))

    def space(self, name: str, *, hours: int = 0) -> Workspace:
        """Return a data root some hours after noon."""
        root = self.folder / name
        (root / "inbox").mkdir(parents=True, exist_ok=True)
        sources = root / "sources.toml"
        sources.write_text(
            f'private_hosts = ["{self.server.host}"]\n[sources.feed]\nkind = "feed"\n'
            f'url = "{self.server.url("/feed")}"\n'
            'publisher = "The Feed"\n[sources.drop]\nkind = "inbox"\npath = "inbox"\n'
        )
        return Workspace(
            Settings.load(
                data_dir=root,
                sources_file=sources,
                frozen_now=NOON + timedelta(hours=hours),
                durability="process",
                host_interval_seconds=0,
                fetch_attempts=1,
                retry_after_max_seconds=0,
            )
        )


def run(space: Workspace, name: str) -> None:
    """Do the main job of a day."""
    day = space.settings.now().date()
    keys = [source.key for source in space.sources.sources]
    report = ingest_sources(
        space, source_keys=keys, day=day, run_id=f"in-{name}", report_progress=lambda _: None
    ).report
    for each in {day, *report.days}:
        extract_day(space, day=each, run_id=f"out-{name}-{each}", report_progress=lambda _: None)


def drop(space: Workspace, town: Town, *, with_doomed: bool) -> None:
    """Put files into the inbox: lines, a text without a URL, a link, a page with a sidecar, a broken line."""
    inbox, url = space.settings.data_dir / "inbox", town.server.url
    lines = [
        {"url": url(f"/line/{n}"), "title": f"Line {n}", "text": "\n\n".join(other_text(n + 10))} for n in range(2)
    ]
    if with_doomed:
        text = "\n\n".join(doomed_text(3))
        lines.insert(1, {"url": url(FERRY) + "?gclid=x", "title": MARKS[2], "text": text})
        lines.append({"url": url(FERRY), "title": MARKS[2], "published_at": "never", "text": text})
        (inbox / "aside.json").write_text(json.dumps({"url": url(FERRY), "title": MARKS[2]}))
        (inbox / "aside.html").write_bytes(story(MARKS[2], *doomed_text(4), url=url(FERRY)))
        (inbox / f"{MARKS[2]}.txt").write_text(f"{MARKS[2]}\n\n" + "\n\n".join(doomed_text(5)))
    links = [url("/bridge"), *([url(FERRY)] if with_doomed else [])]
    (inbox / "links.urls").write_text("\n".join(links) + "\n")
    (inbox / "lines.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    for file in inbox.glob("*.*"):
        os.utime(file, (0, 0))  # written whole long ago


def week(town: Town, name: str, *, doomed: bool) -> Workspace:
    """Return a data root after three runs; the pages change before the second one."""
    paths = (*DOOMED, *STAYING) if doomed else STAYING
    for turn in (0, 1, 2):
        town.write(turn + 1)
        town.lists(*paths, hours=turn)
        space = town.space(name, hours=turn)
        if turn == 1:
            drop(space, town, with_doomed=doomed)
        run(space, str(turn))
    return space


def traces_of_doomed() -> Traces:
    """Return all that must be nowhere: the words, the texts, the URLs."""
    texts = (text for turn in range(1, 6) for text in doomed_text(turn))
    return Traces((*MARKS, *DOOMED, *(_own(text) for text in texts)))


def _own(text: str) -> str:
    """Return the longest part of a text that no other page has: from its first mark to its last."""
    first = min(text.index(mark) for mark in MARKS if mark in text)
    last = max(text.index(mark) + len(mark) for mark in MARKS if mark in text)
    return text[first:last]


def all_targets(space: Workspace, town: Town) -> list[TakedownTarget]:
    """Return all targets: the pages by URL, the text without a URL by its id."""
    local = {each.article_id for each in space.archive.captures() if each.url is None}
    return [TakedownTarget(kind="article", value=each) for each in (*map(town.server.url, DOOMED), *local)]


def forget_all(space: Workspace, town: Town) -> None:
    for target in all_targets(space, town):
        forget(space, target, reason="asked to", report_progress=lambda _: None)


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    with hostile_server() as started:
        yield started


@pytest.fixture
def town(server: Hostile, tmp_path: Path) -> Town:
    """A newsroom with nothing online yet."""
    server.routes.clear()
    return Town(server, tmp_path)


@pytest.fixture(scope="module")
def after_a_week(server: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root after a week with the pages to delete; tests get copies of it."""
    return week(Town(server, tmp_path_factory.mktemp("week")), "data", doomed=True).settings.data_dir


@pytest.fixture
def space(after_a_week: Path, town: Town) -> Workspace:
    """The end of the week: a copy of its data root, with hard links, and the same pages online."""
    subprocess.run(["cp", "-a", str(after_a_week), str(town.folder / "data")], check=True)
    town.write(3)
    town.lists(*DOOMED, *STAYING, hours=2)
    return town.space("data", hours=2)


def set_environment(monkeypatch: pytest.MonkeyPatch, space: Workspace) -> None:
    """Let the command line use a data root, at noon."""
    root = space.settings.data_dir
    for name, value in (("DATA_DIR", root), ("SOURCES_FILE", root / "sources.toml"), ("FROZEN_NOW", NOON.isoformat())):
        monkeypatch.setenv(f"NEWS_{name}", str(value))


def tables(space: Workspace) -> dict[str, bytes]:
    return table_files(space.settings.data_dir)


def row_of(space: Workspace, article_id: str) -> dict[str, pa.Table]:
    """Return the committed rows of an article in the tables of a staged batch."""
    found = {spec.name: space.lake.read(spec.name, columns=spec.schema.names) for spec in ANNOTATION_TABLES}
    return {name: rows.filter(pc.equal(rows["article_id"], article_id)) for name, rows in found.items()}


def ways_back(space: Workspace, url: str) -> dict[str, Callable[[Workspace], object]]:
    """Return, by its name, each way in which a writer that lost its lease could bring back a page: what it writes.

    Call it before the takedown; the functions write after it.
    """
    key = canonical_url(url)
    article_id = article_id_of(canonical=key, text="")
    states, rows = space.fetch_state.of_pages([key]), row_of(space, article_id)
    logged = [row for row in space.lake.log.read("outcomes").to_pylist() if row["article_id"] == article_id]
    outcomes = rows_table(TABLE_SPECS["outcomes"], logged)
    unnamed = rows_table(TABLE_SPECS["outcomes"], [{**row, "article_id": None} for row in logged])
    [article] = rows["articles"].to_pylist()
    key_row = {**{name: article[name] for name in ("article_id", "revision_id")}, "seen_at": NOON}
    keys = pa.Table.from_pylist([{**key_row, "published_date": article["published_at"].date()}], schema=KEYS_SCHEMA)
    cached = CachedOutcome("seen", "version", "rejected", "too_short", MARKS[0])
    assert states
    assert logged
    return {
        "state": lambda late: late.fetch_state.record_many(states),
        "outcomes": lambda late: late.lake.log.append("outcomes", "back", outcomes),
        "outcomes by URL": lambda late: late.lake.log.append("outcomes", "back", unnamed),
        "batch": lambda late: late.lake.stage("back", rows, keys),
        "cached outcome": lambda late: late.lake.index.put_outcomes({article_id: cached}),
    }
