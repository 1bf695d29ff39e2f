"""A run that rechecks pages, or requests them because somebody asks, is killed at any step: no recheck is lost."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.hostile import Hostile, hostile_server, page
from tests.faults.inbox import drop
from tests.faults.invariants import broken_sums
from tests.faults.resume_worker import do_task, open_space
from tests.faults.sample_run import FIRST, SECOND, Worker, at_leisure, say, wait_for_exit
from tests.long_form import LONG

pytestmark = [pytest.mark.model]

PAGES = [f"/story-{number}" for number in range(3)]


@pytest.fixture
def news() -> Iterator[Hostile]:
    """A feed with three pages, which answers 304 from its second request on."""
    with hostile_server() as server:
        links = "".join(
            f"<entry><title>t</title><id>{path}</id><link href='{server.url(path)}'/></entry>" for path in PAGES
        )
        feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{links}</feed>".encode()
        first = {"ETag": '"1"', "Content_Type": "application/atom+xml"}
        server.says_in_turn("/feed", (200, feed, first), (304, b"", {}))
        for number, path in enumerate(PAGES):
            server.says(path, 200, page(number), Content_Type="text/html")
        yield server


def first_evening(processes: ForkServerContext, folder: Path, server: Hostile, *, entry: str) -> Path:
    """Return a data root in which a first evening has archived all pages; then one is gone, and one is edited."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "sources.toml").write_text(
        f'private_hosts = ["{server.host}"]\n[sources.feed]\nkind = "feed"\nurl = "{server.url("/feed")}"\n'
        f'interval_seconds = 0\n{entry}\n[sources.door]\nkind = "inbox"\npath = "inbox"\n'
    )
    at_leisure(processes, do_task, folder, FIRST, "ingest", _given("feed", FIRST, "first"))
    server.says(PAGES[0], 410)
    server.says(PAGES[1], 200, page(9), Content_Type="text/html")
    return folder


def _given(source_key: str, day: date, run_id: str) -> dict[str, object]:
    return {"source_key": source_key, "day": day, "run_id": run_id}


def records(folder: Path) -> dict[str, list[int]]:
    """Return the HTTP status of every record of each page, captures before tombstones."""
    archive = open_space(folder, SECOND).archive
    captures = archive.captures()
    found = [*captures, *archive.attempts({each.page_key for each in captures})]
    return {path: [each.status for each in found if (each.url or "").endswith(path)] for path in PAGES}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("source_key", "entry"), [("feed", ""), ("door", "recheck_hours = []")], ids=["schedule", "push"]
)
def test_killed_at_every_step(
    processes: ForkServerContext, news: Hostile, tmp_path: Path, source_key: str, entry: str
) -> None:
    """Whatever the step, after the next runs each page has one recheck in the archive, and the outcomes add up."""
    base = first_evening(processes, tmp_path / "base", news, entry=entry)
    if source_key == "door":
        lines = [json.dumps({"url": news.url(path), "refetch_after": f"{FIRST}T21:00:00Z"}) for path in PAGES]
        drop(base, "again.jsonl", "\n".join(lines))
    whole = tmp_path / "whole"
    shutil.copytree(base, whole)
    given = _given(source_key, SECOND, "killed")
    steps = wait_for_exit(Worker(processes, do_task, whole, SECOND, "ingest", given)).steps
    expected = {path: [200, 410 if path == PAGES[0] else 200] for path in PAGES}
    assert records(whole) == expected
    differ = []
    for step in range(1, steps + 1) if LONG else range(2, steps + 1, 6):
        folder = tmp_path / f"step-{step}"
        shutil.copytree(base, folder)
        assert Worker(processes, do_task, folder, SECOND, "ingest", given, at=step).done().code == -9
        for run_id, key in (("next", source_key), ("last", "feed")):
            at_leisure(processes, do_task, folder, SECOND, "ingest", _given(key, SECOND, run_id))
        found, wrong = records(folder), broken_sums(open_space(folder, SECOND))
        differ += [f"step {step}: {path}: {found[path]}" for path in PAGES if found[path] != expected[path]]
        differ += [f"step {step}: {each}" for each in wrong]
    say(f"{steps} steps")
    assert not differ, "\n".join(differ)
