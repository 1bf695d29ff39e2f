"""Jobs for worker processes that end their process, or wait, so that the tests see what becomes of them."""

import os
import signal
import time
from datetime import date
from pathlib import Path

from newslake.pipeline.errors import LakeError
from newslake.pipeline.jobs.derive import DeriveReport, derive
from newslake.pipeline.jobs.workspace import CountCallback, Workspace
from tests.faults.injection import Fault, inject


def process_id(workspace: Workspace, /, *, count_pages: CountCallback) -> int:
    """Count to three, and name the process."""
    for number in range(1, 4):
        count_pages(number, None)
    return os.getpid()


def die_at_first(workspace: Workspace, /, *, count_pages: CountCallback, deaths: int) -> int:
    """Kill the own process ``deaths`` times, then return the number of tries."""
    mark = workspace.settings.data_dir / "tries"
    tries = len(mark.read_text()) if mark.exists() else 0
    mark.write_text("x" * (tries + 1))
    if tries < deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries + 1


def fail(workspace: Workspace, /, *, count_pages: CountCallback) -> None:
    raise LakeError("a file is lost", key="a file", reason="file_missing")


def wait(workspace: Workspace, /, *, count_pages: CountCallback) -> None:
    """Hold the turn of an item, and wait for the end."""
    with workspace.turns() as turns:
        turns.begin("an article")
        Path(workspace.settings.data_dir, "waits").touch()
        time.sleep(600)


def derive_with(
    workspace: Workspace, /, *, count_pages: CountCallback, day: date, fault: Fault | None, chunk: int, chunks: int
) -> DeriveReport:
    """Derive a chunk with a fault at the item of ``injection``."""
    if fault is not None:
        inject(fault)
    return derive(workspace, day=day, run_id="run", chunk=chunk, chunks=chunks, count_pages=count_pages)
