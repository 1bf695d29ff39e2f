"""Times of the saved questions on a large lake, for `make bench-lake`.

Alone: `python -m tests.bench_questions [FOLDER | ARTICLES]`: an existing lake, or a generated one that is removed.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from pipeline.query import answer, connect, list_questions
from tests.big_lake import ARTICLES, make_big_lake

FIFTEEN = (
    *("top-speakers", "gender-of-sources", "who-said-what", "quote-travel", "co-mentions", "country-pairs"),
    *("reporting-lag", "syndication", "source-diversity", "unnamed-sources", "new-voices", "said-or-claimed"),
    *("who-speaks-first", "silent-edits", "trust-check"),
)
RUNS = 3
MOST_SECONDS, MOST_SECONDS_TOGETHER = 2.0, 20.0
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class QuestionTiming:
    """A question's wall time and total CPU time, medians in seconds, including opening the lake."""

    slug: str
    seconds: float
    processor_seconds: float


def timed_questions(lake: Path, *, runs: int = RUNS) -> Iterator[QuestionTiming]:
    """Yield the times of every saved question, the fifteen first; files are cached from a previous run."""
    others = [question.slug for question in list_questions() if question.slug not in FIFTEEN]
    for slug in (*FIFTEEN, *others):
        answer(connect(lake), slug)
        times = [_times(lake, slug) for _ in range(runs)]
        yield QuestionTiming(slug, median(wall for wall, _ in times), median(busy for _, busy in times))


def _times(lake: Path, slug: str) -> tuple[float, float]:
    wall, busy = time.perf_counter(), _processor_seconds()
    answer(connect(lake), slug)
    return time.perf_counter() - wall, _processor_seconds() - busy


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def question_lines(lake: Path) -> Iterator[tuple[str, float, str, float]]:
    """Yield name, value, "<=" and goal of each of the fifteen, and of their sum."""
    together = 0.0
    for each in timed_questions(lake):
        if each.slug in FIFTEEN:
            together += each.seconds
            yield f"ask {each.slug}: seconds", each.seconds, "<=", MOST_SECONDS
    yield "the fifteen questions: seconds", together, "<=", MOST_SECONDS_TOGETHER


def main(lake: Path) -> None:
    """Print each question's times."""
    wall = busy = 0.0
    for each in timed_questions(lake):
        is_one = each.slug in FIFTEEN
        wall, busy = wall + each.seconds * is_one, busy + each.processor_seconds * is_one
        times = f"{each.slug:<20} {each.seconds:6.2f} s, {each.processor_seconds:6.2f} s CPU"
        out.print(times if is_one else f"{times} (not among the fifteen)")
    out.print(f"{'the fifteen':<20} {wall:6.2f} s, {busy:6.2f} s CPU")


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else str(ARTICLES)
    if Path(given).is_dir():
        main(Path(given))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(make_big_lake(Path(folder) / "lake", articles=int(given)))
