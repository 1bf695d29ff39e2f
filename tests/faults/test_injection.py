"""A fault at any stage in the turn of one of ten items: nine arrive, and the tenth has an outcome with its reason."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from newslake.pipeline.errors import BrokenItemsError
from newslake.pipeline.jobs.broken_items import broken_items_error
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from tests.faults.hostile import Hostile, hostile_server, page
from tests.faults.injection import ITEM, STAGES, Fault, run_with
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import Worker, WorkerExit
from tests.long_form import LONG

pytestmark = [pytest.mark.model]

DAY = date(2026, 3, 2)
# All entries of a feed are one turn, and threads fetch several pages at once: there no death has a single item.
IN_TURN = [stage for stage in STAGES if stage not in ("entry", "fetch")]
TRIES = 4
FAULTS = [
    *(Fault(stage, "raise") for stage in STAGES),
    *(Fault(stage, "kill") for stage in IN_TURN if LONG or stage == "identity"),
    *(Fault(stage, "memory") for stage in IN_TURN if LONG or stage == "events"),
]


@pytest.fixture(scope="module")
def ten_pages() -> Iterator[Hostile]:
    """A feed of ten pages."""
    with hostile_server() as server:
        items = ""
        for number in range(10):
            link = server.says(f"/story-{number}", 200, page(number), Content_Type="text/html; charset=utf-8")
            items += f"<item><title>Plan {number}</title><link>{link}</link></item>"
        feed = f"<rss version='2.0'><channel><title>Tarnwick Post</title>{items}</channel></rss>"
        server.says("/rss.xml", 200, feed.encode(), Content_Type="application/rss+xml")
        yield server


@pytest.fixture
def folder(tmp_path: Path, ten_pages: Hostile) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    (root / "sources.toml").write_text(
        f'private_hosts = ["{ten_pages.host}"]\n'
        f'[sources.post]\nkind = "feed"\nurl = "{ten_pages.url("/rss.xml")}"\ninterval_seconds = 0.0\n'
    )
    return root


def _last_outcomes(space: Workspace) -> dict[str, Outcome]:
    rows = space.lake.log.read("outcomes").to_pylist()
    return {row["url"]: Outcome(**row) for row in sorted(rows, key=lambda row: (row["run_id"], row["stage"]))}


def _is_open(end: WorkerExit) -> bool:
    """Return whether another run follows: this one died, or left a suspect to the next."""
    if end.code != 0 or isinstance(end.result, BaseException):
        return True
    return any(each.reason == "suspect" for each in end.result)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_nine_of_ten_items_arrive(processes: ForkServerContext, folder: Path, fault: Fault) -> None:
    """After an exception, no memory or a kill in the turn of one item, the other nine are committed."""
    expected_reason = "broken_item" if fault.how == "raise" else "killed_worker"
    ends = []
    while (not ends or _is_open(ends[-1])) and len(ends) < TRIES:
        ends.append(Worker(processes, run_with, folder, DAY, fault, f"run{len(ends)}").done())

    assert len(ends) == (1 if fault.how == "raise" else 3)
    assert {end.code for end in ends[:-1]} <= {-signal.SIGKILL if fault.how == "kill" else 1, 0}
    space = open_space(folder, DAY)
    articles = space.lake.read("articles").column("url").to_pylist()
    assert sorted(url.rpartition("-")[2] for url in articles) == [str(each) for each in range(10) if each != 7]
    [broken] = [each for each in _last_outcomes(space).values() if each.outcome == "quarantined"]
    assert broken.url.endswith("#entry-8" if fault.stage == "entry" else ITEM)
    assert broken.reason == expected_reason
    assert broken.detail


def test_run_fails_once_per_new_broken_item(processes: ForkServerContext, folder: Path) -> None:
    """The first run with a broken item reports it after its commit, a later run of the same version does not."""
    errors = []
    for name in ("first", "second"):
        end = Worker(processes, run_with, folder, DAY, Fault("entities", "raise"), name).done()
        assert end.code == 0
        errors.append(broken_items_error(open_space(folder, DAY), end.result))

    first, second = errors
    assert isinstance(first, BrokenItemsError)
    assert "1 item broke newslake for the first time" in str(first)
    assert ITEM in str(first)
    assert second is None


@pytest.mark.parametrize("path", ["/rss.xml", "/story-0"])
def test_terminated_while_waiting_is_nobodys_death(folder: Path, ten_pages: Hostile, path: str) -> None:
    """A run that is terminated twice while a listing or a page hangs sets nothing aside; the third run reads all."""
    answer = ten_pages.routes[path]
    released = threading.Event()
    ten_pages.routes[path] = lambda handler: released.wait(300)
    for _ in range(2):
        seen = ten_pages.seen[path]
        given = {**os.environ, "NEWS_DATA_DIR": str(folder), "NEWS_SOURCES_FILE": str(folder / "sources.toml")}
        given["NEWS_READ_TIMEOUT_SECONDS"] = "3"  # a thread that reads ends only then
        run = subprocess.Popen([sys.executable, "-m", "newslake", "run", "--quiet"], env=given)
        deadline = time.monotonic() + 300
        while ten_pages.seen[path] == seen and time.monotonic() < deadline:
            time.sleep(0.05)
        run.terminate()
        assert run.wait(300) == 128 + signal.SIGTERM
    ten_pages.routes[path] = answer
    released.set()

    done = ingest(open_space(folder, DAY), source_key="post", day=DAY, run_id="third").report

    outcomes = dict(done.outcomes)
    assert outcomes["pending"] + outcomes["not_checked"] == 10  # not checked: archived by a terminated run
