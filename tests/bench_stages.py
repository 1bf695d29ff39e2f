"""Processor time from an archive to committed rows by stage, on pages of 800 words.

`python -m tests.bench_stages` prints one row per stage. A profiler slows calls of Python far more than spaCy, so each
stage has a clock around its functions instead. A stage that calls another does not have the time of that one.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console

from newslake.pipeline.archive import Archive
from newslake.pipeline.clean import article, metadata
from newslake.pipeline.derive import pages
from newslake.pipeline.jobs import derive as derive_job
from newslake.pipeline.nlp import annotator
from tests import bench_derive

ARTICLES = 96
ROUNDS = 3
OTHER = "all else: plans, boundaries, outcomes"
STAGES = (
    ("read records of the archive", ((Archive, "page"),)),
    ("decode bytes", ((article, "decode_page"),)),
    ("clean, without decoding and language", ((pages, "clean"),)),
    ("language", ((metadata, "read_language"),)),
    ("spaCy: tokens and model", ((annotator, "make_docs"), (annotator, "parse_docs"))),
    ("rules: names, quotes, events, times", ((annotator.Annotator, "annotate"),)),
    ("rows, their checks, Arrow", ((pages, "_checked_rows"), (pages, "_rows_as_tables"))),
    (
        "write: stage, commit, log",
        ((derive_job._BatchStager, "stage"), (derive_job, "append_outcomes"), (bench_derive, "commit_day")),
    ),
)
out = Console(highlight=False)


class StageClock:
    """Adds up the processor seconds of stages; the time of a stage inside another counts once, for the inner one."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = [OTHER]
        self._since = time.process_time()

    def _turn(self) -> None:
        now = time.process_time()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def timed[**P, T](self, stage: str, work: Callable[P, T]) -> Callable[P, T]:
        """Return a function that does the work, and counts its time for a stage."""

        def run(*given: P.args, **options: P.kwargs) -> T:
            self._turn()
            self._running.append(stage)
            try:
                found = work(*given, **options)
                return list(found) if work.__name__ == "parse_docs" else found  # type: ignore[return-value, call-overload]
            finally:
                self._turn()
                self._running.pop()

        return run


def main() -> None:
    """Print the milliseconds per page and the share of each stage, of the round that takes least."""
    rounds = [_round() for _ in range(ROUNDS + 1)][1:]  # the first loads the models
    least = min(rounds, key=lambda each: each.total())
    out.print("| stage | ms per page of 800 words | share |\n|---|---|---|")
    for stage in (*(name for name, _ in STAGES), OTHER):
        out.print(f"| {stage} | {1000 * least[stage] / ARTICLES:.1f} | {100 * least[stage] / least.total():.1f} % |")
    out.print(f"| all | {1000 * least.total() / ARTICLES:.1f} | |")


def _round() -> Counter[str]:
    with TemporaryDirectory() as folder, ExitStack() as patched:
        space = bench_derive.archived_pages(Path(folder), ARTICLES)
        clock = StageClock()
        for stage, places in STAGES:
            for owner, name in places:
                patched.enter_context(patch.object(owner, name, clock.timed(stage, getattr(owner, name))))
        clock.timed(OTHER, bench_derive.extract_archived)(space)
        return clock.seconds


if __name__ == "__main__":
    main()
