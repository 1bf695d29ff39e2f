"""Jobs for worker processes that end their process, or wait, so that the tests see what becomes of them."""

import os
import signal
import time
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import LakeError
from newslake.pipeline.jobs import workers
from newslake.pipeline.jobs.derive import DeriveReport, derive
from newslake.pipeline.jobs.in_flight import InFlight
from newslake.pipeline.jobs.workspace import CountCallback, Workspace
from newslake.pipeline.nlp import annotator
from tests.faults.injection import Fault, inject
from tests.faults.resume_worker import open_space


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


def end_while_reading(workspace: Workspace, /, *, count_pages: CountCallback, number: int) -> None:
    """Begin to read, then end this process by a signal."""
    count_pages(0, None)
    os.kill(os.getpid(), number)


def end_while_sending(workspace: Workspace, /, *, count_pages: CountCallback) -> None:
    """Read, and end this process in the middle of the message with the result."""
    count_pages(0, None)

    def send_half(pipe: Connection, message: bytes) -> None:
        os.write(pipe.fileno(), message[: len(message) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send = send_half  # type: ignore[attr-defined]


def end_at_load(workspace: Workspace, /, *, count_pages: CountCallback, number: int = signal.SIGKILL) -> None:
    """End this process by a signal before it reads; count how often that was."""
    with Path(workspace.settings.data_dir, "loads").open("a") as loads:
        loads.write("x")
    os.kill(os.getpid(), number)


def raise_defect(workspace: Workspace, /, *, count_pages: CountCallback) -> None:
    """Begin to read, and raise what no code expects."""
    count_pages(0, None)
    raise LookupError("a defect outside of the boundary")


def wait(workspace: Workspace, /, *, count_pages: CountCallback) -> None:
    """Hold the turn of an item, and wait for the end."""
    with workspace.turns() as turns:
        turns.begin("an article")
        Path(workspace.settings.data_dir, "waits").touch()
        time.sleep(600)


def derive_unlucky(folder: Path, day: date) -> None:
    """Derive a day in this process, which somebody kills while it works on the item of ``injection``."""
    serve = workers.serve
    inject(Fault("parse", "kill"))
    workers.serve = serve  # the item is healthy: it ends no other process
    derive(open_space(folder, day), day=day, run_id="run")


def derive_until_a_trial(folder: Path, day: date) -> None:
    """Derive a day in this process, which is killed when its child begins to read the first suspect."""
    begin = InFlight.begin_trial

    def begin_trial(turns: InFlight, key: str) -> None:
        begin(turns, key)
        os.kill(os.getpid(), signal.SIGKILL)

    InFlight.begin_trial = begin_trial  # type: ignore[method-assign]
    derive(open_space(folder, day), day=day, run_id="run")


def derive_slowly(folder: Path, day: date) -> None:
    """Derive a day in this process; each text is in flight for a while."""
    real = annotator.make_docs

    def make_docs(*given: Any, **named: Any) -> Any:
        time.sleep(0.5)
        return real(*given, **named)

    annotator.make_docs = make_docs
    (folder / "begins").touch()
    derive(open_space(folder, day), day=day, run_id="run")


def derive_with(
    workspace: Workspace,
    /,
    *,
    count_pages: CountCallback,
    day: date,
    fault: Fault,
    run_id: str,
    chunk: int,
    chunks: int,
) -> DeriveReport:
    """Derive a chunk with a fault at the item of ``injection``."""
    inject(fault)
    return derive(workspace, day=day, run_id=run_id, chunk=chunk, chunks=chunks, count_pages=count_pages)
