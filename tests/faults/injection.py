"""Faults at one item of ten: at a chosen function, the turn of the item raises, runs out of memory or is killed."""

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from newslake.pipeline.jobs import workers
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.model import Outcome
from newslake.pipeline.settings import Settings
from tests.faults.resume_worker import open_space

How = Literal["raise", "memory", "kill"]
ITEM = "story-7"
_PATTERN = re.compile(r"story-7|plan 7 for")  # its address or its text

# The functions through which each item goes, as (module or class, name), by stage.
STAGES: dict[str, tuple[str, str]] = {
    "entry": ("newslake.pipeline.sources.feeds", "_hints"),
    "fetch": ("newslake.pipeline.fetch.redirects", "_target_of"),
    "identity": ("newslake.pipeline.jobs.ingest", "page_identity"),
    "archive": ("newslake.pipeline.archive.writer.ArchiveWriter", "put"),
    "clean": ("newslake.pipeline.derive.pages", "clean"),
    "parse": ("newslake.pipeline.nlp.annotator", "make_docs"),
    "entities": ("newslake.pipeline.nlp.annotator", "find_entities"),
    "quotes": ("newslake.pipeline.nlp.annotator", "extract_quotes"),
    "times": ("newslake.pipeline.nlp.annotator", "find_times"),
    "events": ("newslake.pipeline.nlp.annotator", "extract_events"),
    "rows": ("newslake.pipeline.derive.pages", "annotation_rows"),
    "checks": ("newslake.pipeline.derive.pages", "rows_table"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a stage in the turn of the item."""

    stage: str
    how: How

    def __str__(self) -> str:
        return f"{self.how} at {self.stage}"


def run_with(folder: Path, day: date, fault: Fault | None, name: str) -> list[Outcome]:
    """Ingest and extract a day in this process, with a fault at the item; return the outcomes of the run."""
    if fault is not None:
        inject(fault)
    space = open_space(folder, day)
    keys = [source.key for source in space.sources.sources]
    done = ingest_sources(space, source_keys=keys, day=day, run_id=f"{name}.in", report_progress=lambda _: None)
    outcomes = list(done.outcomes)
    for each in sorted({day, *done.report.days}):
        extracted = extract_day(space, day=each, run_id=f"{name}.out.{each}", report_progress=lambda _: None)
        outcomes += extracted.outcomes
    return outcomes


def inject(fault: Fault) -> None:
    """Put a fault into this process."""
    place, name = STAGES[fault.stage]
    owner = _owner(place)
    real: Callable[..., Any] = getattr(owner, name)

    def struck(*given: Any, **named: Any) -> Any:
        if _PATTERN.search(repr((given, named))):
            _strike(fault.how)
        return real(*given, **named)

    setattr(owner, name, struck)
    workers.serve = partial(_serve_with, fault)  # a worker or child of this process has the fault, too


def _serve_with(fault: Fault, pipe: Connection, settings: Settings) -> None:
    """Do jobs as ``workers.serve``, with a fault."""
    real = workers.serve
    inject(fault)
    real(pipe, settings)


def _owner(place: str) -> Any:
    """Return a module, or a class of a module."""
    module, _, last = place.rpartition(".")
    return getattr(import_module(module), last) if last[0].isupper() else import_module(place)


def _strike(how: How) -> None:
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise MemoryError if how == "memory" else ZeroDivisionError("half an emoji \ud83d")
