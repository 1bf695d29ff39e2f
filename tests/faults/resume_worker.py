"""The work of the processes that the fault tests start, kill and stop: the tasks of an evening of the newsroom.

Every task runs as in a worker of Airflow: in its own process, by its name in TASKS, with the run's id.
"""

import logging
import os
import shutil
import signal
import sqlite3
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# pyarrow imports these at first use. Import them once here, not in every process that is killed.
import pandas  # noqa: F401
import pyarrow.dataset  # noqa: F401
from news_airflow.tasks import TASKS

from newslake.pipeline.clean import clean
from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.knowledge import annotator_of
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.takedown import TakedownTarget, finish_takedowns, forget
from tests.faults.hostile import page
from tests.faults.inbox import plain_text

# Each is a moment when a file system changes, or is about to change.
_WRITES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_FLAGS = os.O_WRONLY | os.O_RDWR


def warm_up() -> None:
    """Load what every task would load again; called by the module that the fork server preloads."""
    settings = Settings()
    url = "https://harbour-post.example/ferry"
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    ferry = Page(url=url, final_url=url, status=200, headers={"content-type": "text/html"}, body=page(1), fetched_at=at)
    # A page without a language: language identification extracts its data into a temporary file.
    plain = replace(ferry, headers={"content-type": "text/plain"}, body=plain_text(1).encode())
    articles = [clean(each, source_key="harbour", publisher=None, payload_digest="sha256:0") for each in (ferry, plain)]
    list(annotator_of(settings).read(articles))


def open_space(folder: Path, day: date) -> Workspace:
    """Return a workspace at 20:00 on a day; ``folder`` has its sources.toml."""
    return Workspace(Settings.load(**_settings(folder, day)))


def _settings(folder: Path, day: date) -> dict[str, Any]:
    return {
        "data_dir": folder,
        "sources_file": folder / "sources.toml",
        "frozen_now": f"{day}T20:00:00+00:00",
        "durability": "process",
    }


def do_task(folder: Path, day: date, name: str, given: dict[str, Any]) -> Any:
    """Do one task of TASKS on the evening of a day."""
    os.environ.update({f"NEWS_{key.upper()}": str(value) for key, value in _settings(folder, day).items()})
    return TASKS[name](**given)


def empty_inbox(folder: Path, day: date, run: str) -> list[Any]:
    """Do tasks of one step each until the inbox is empty; return their reports."""
    os.environ["NEWS_FILE_SLICE_SECONDS"] = "0"
    reports = []
    while open_space(folder, day).store.inbox(str(folder / "inbox")).waiting() or any(
        (folder / "inbox" / "claimed").glob("*/*")
    ):
        task = {"source_key": "inbox", "day": day, "run_id": f"{run}-{len(reports)}"}
        reports.append(do_task(folder, day, "ingest", task))
    return reports


def whole_evening(folder: Path, day: date) -> None:
    """Ingest and extract a day in one process."""
    space = open_space(folder, day)
    keys = [source.key for source in space.sources.sources]
    report = ingest_sources(space, source_keys=keys, day=day, run_id=f"in-{day}", report_progress=lambda _: None).report
    for news_day in report.days:
        extract_day(space, day=news_day, run_id=f"out-{day}-{news_day}", report_progress=lambda _: None)


def derive_afresh(folder: Path, day: date, into: Path) -> None:
    """Derive a copy of a folder's archive, undisturbed, into a new lake."""
    shutil.copytree(folder / "archive", into / "archive")
    shutil.copy(folder / "sources.toml", into)
    extract_all(into, day)


def extract_all(folder: Path, day: date) -> None:
    """Extract every news day of the archive."""
    space = open_space(folder, day)
    for news_day in space.archive.days():
        extract_day(space, day=news_day, run_id=f"all-{news_day}", report_progress=lambda _: None)


class Steps(logging.Handler):
    """Counts file changes and outcomes of pages; at the ``at``-th it sends a signal to its own process."""

    def __init__(self, at: int | None, number: signal.Signals) -> None:
        super().__init__()
        self.at = at
        self.number = number
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.step()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _FLAGS):
            self.step()

    def step(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), self.number)


def work(pipe: Connection, at: int | None, number: signal.Signals, task: Any, given: tuple[Any, ...]) -> None:
    """Do some work; report its start, and at the end its result or error message, its steps and seconds.

    ``at`` is the step at which a signal is sent; None sends none.
    """
    steps = Steps(at, number)
    log = logging.getLogger("newslake.pipeline.jobs.outcomes")
    log.setLevel(logging.INFO)
    log.addHandler(steps)
    sys.addaudithook(steps.hear)
    began = time.monotonic()
    pipe.send(began)
    try:
        result = task(*given)
    except (NewsError, OSError, sqlite3.Error) as error:
        result = error
    pipe.send((result, steps.count, time.monotonic() - began))


def forget_one(folder: Path, day: date, what: str) -> None:
    """Take an article down; a takedown that another process has started is finished first."""
    space = open_space(folder, day)
    forget(space, TakedownTarget(kind="article", value=what), reason="asked to", report_progress=lambda _: None)


def finish_forgetting(folder: Path, day: date) -> tuple[str, ...]:
    """Finish the takedowns of a killed process."""
    return finish_takedowns(open_space(folder, day))


def work_a_while(folder: Path, day: date, name: str) -> None:
    """Hold the writer lock like a run until a file ends it; another file says that it has started."""
    with open_space(folder, day).at_work():
        (folder / f"{name}.works").touch()
        while not (folder / f"{name}.leaves").exists():
            time.sleep(0.02)
