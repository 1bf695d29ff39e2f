"""What runs in the processes that the resume tests start and kill: one evening of the sample newsroom."""

import logging
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.settings import Settings
from pipeline.stages.run import extract_day, ingest_sources
from pipeline.stages.workspace import Workspace

# Each is a moment at which a file system changes, or is about to.
_WRITES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_FLAGS = os.O_WRONLY | os.O_RDWR


def open_space(folder: Path, day: date) -> Workspace:
    """Return a workspace at eight in the evening of a day; ``folder`` holds its sources.toml."""
    now = f"{day}T20:00:00+00:00"
    return Workspace(
        Settings.load(data_dir=folder, sources_file=folder / "sources.toml", frozen_now=now, durability="process")
    )


def run_ingest(folder: Path, day: date) -> list[date]:
    """List, fetch and archive all sources; return the news days to derive."""
    space = open_space(folder, day)
    keys = [source.key for source in space.sources.sources]
    report = ingest_sources(space, source_keys=keys, day=day, run_id=f"in-{day}", tell=lambda _: None)
    return sorted({day, *report.days})


def run_extract(folder: Path, day: date, news_day: date) -> None:
    """Derive, commit and cluster one news day."""
    extract_day(open_space(folder, day), day=news_day, run_id=f"out-{day}-{news_day}", tell=lambda _: None)


class _Death(logging.Handler):
    """Kills its own process at the ``die_at``-th change of a file or outcome of a page."""

    def __init__(self, die_at: int) -> None:
        super().__init__()
        self.left = die_at

    def emit(self, record: logging.LogRecord) -> None:
        self.step()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _FLAGS):
            self.step()

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def die_within(die_at: int, work: Any, *given: Any) -> None:
    """Do some work, killed at its ``die_at``-th step; exits 0 when it has fewer."""
    death = _Death(die_at)
    log = logging.getLogger("pipeline.stages.disposition")
    log.setLevel(logging.INFO)
    log.addHandler(death)
    sys.addaudithook(death.hear)
    work(*given)
