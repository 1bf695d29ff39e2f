"""How long runs took, and how long the next may take. Wall time is committed_at - started_at in ``runs``."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any, Literal

from newslake.pipeline.jobs.workspace import Workspace

Stage = Literal["ingest", "extract"]
Launcher = Literal["cli", "airflow"]
LAUNCHERS: tuple[Launcher, ...] = ("cli", "airflow")
# The counts that decide a run's time, per stage.
_WORK: dict[Stage, tuple[str, ...]] = {"ingest": ("fetched",), "extract": ("derived_new", "derived_again")}
_ROWS_MAX = 600  # rows of ``runs`` to read, of all stages and ways
_RUNS_MAX = 50
_RUNS_MIN = 3  # runs with work to do
_SPREAD = 2  # a slope needs a largest run of at least this many times the smallest


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. ``size`` is the number of articles it read, or of pages it requested."""

    stage: Stage
    launcher: Launcher
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class History:
    """Finished runs, latest first."""

    runs: tuple[Run, ...]

    def of(self, stage: Stage, launcher: Launcher) -> tuple[Run, ...]:
        """Return the latest runs of a stage that were started by one launcher, or by any if those are too few.

        The command line loads the model once per process, Airflow once per task, so their times differ.
        """
        runs = [run for run in self.runs if run.stage == stage]
        alike = [run for run in runs if run.launcher == launcher][:_RUNS_MAX]
        return tuple(alike if sum(run.size > 0 for run in alike) >= _RUNS_MIN else runs[:_RUNS_MAX])


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Estimated seconds for a range of days, one run after the other; None without history of such runs.

    ``ingest_history`` and ``extract_history`` are the numbers of runs that the estimate uses. ``is_own``: all of them
    were started this way.
    """

    launcher: Launcher
    ingest_seconds: float | None
    extract_seconds: float | None
    ingest_history: int
    extract_history: int
    is_own: bool

    @property
    def seconds(self) -> float | None:
        if self.ingest_seconds is None or self.extract_seconds is None:
            return None
        return self.ingest_seconds + self.extract_seconds


def read_history(workspace: Workspace) -> History:
    """Return the latest finished runs. Runs of zero seconds, from a frozen clock, are skipped."""
    rows = workspace.lake.log.read("runs", newest=_ROWS_MAX).to_pylist()
    runs = (_run(row) for row in sorted(rows, key=lambda row: row["started_at"], reverse=True))
    return History(tuple(run for run in runs if run is not None and run.seconds > 0))


def _run(row: Mapping[str, Any]) -> Run | None:
    """Return a row of ``runs`` as a run; None if it did not end or has no counts of a stage."""
    counts = json.loads(row["counts"])
    stage = next((stage for stage, names in _WORK.items() if set(names) <= counts.keys()), None)
    if stage is None or row["status"] != "done" or row["committed_at"] is None:
        return None
    seconds = (row["committed_at"] - row["started_at"]).total_seconds()
    return Run(stage, launcher_of(row["run_id"]), sum(counts[name] for name in _WORK[stage]), seconds)


def launcher_of(run_id: str) -> Launcher:
    """Return which way a run was started."""
    return "cli" if run_id.startswith("cli.") else "airflow"


def run_of(run_id: str) -> str:
    """Return the run that a run id belongs to: one `newslake run` has an id per stage, day and slice."""
    return ".".join(run_id.split(".")[:2]) if launcher_of(run_id) == "cli" else run_id


def expected_seconds(history: History, *, stage: Stage = "extract", launcher: Launcher, articles: int) -> float | None:
    """Return the expected seconds of a run with a number of articles (pages for ingest); None without history.

    The result is never negative, and never less for more articles.
    """
    runs = history.of(stage, launcher)
    idle = [run.seconds for run in runs if run.size == 0]
    busy = [run for run in runs if run.size > 0]
    if not busy:
        return median(idle) if idle and articles == 0 else None
    base = median(idle) if idle else 0.0
    fixed, each = _fit_line(busy, base)
    if articles == 0:
        return min(base if idle else min(run.seconds for run in busy), fixed + each)
    return fixed + each * articles


def estimate(
    history: History, *, launcher: Launcher, pages: Sequence[int], articles: Sequence[int], least_seconds: float
) -> Estimate:
    """Return the estimate for runs of these sizes. ``least_seconds`` is the minimum that rate limits allow."""
    ingest = _sum_expected(history, "ingest", launcher, pages)
    ingested, extracted = history.of("ingest", launcher), history.of("extract", launcher)
    return Estimate(
        launcher=launcher,
        ingest_seconds=None if ingest is None else max(ingest, least_seconds),
        extract_seconds=_sum_expected(history, "extract", launcher, articles),
        ingest_history=len(ingested),
        extract_history=len(extracted),
        is_own=all(run.launcher == launcher for run in (*ingested, *extracted)),
    )


def _sum_expected(history: History, stage: Stage, launcher: Launcher, sizes: Sequence[int]) -> float | None:
    total = 0.0
    for size, times in Counter(sizes).items():
        seconds = expected_seconds(history, stage=stage, launcher=launcher, articles=size)
        if seconds is None:
            return None
        total += seconds * times
    return total


def _fit_line(runs: Sequence[Run], base: float) -> tuple[float, float]:
    """Return (fixed, each) of seconds = fixed + each * size, by the median of slopes, robust to a run that hung.

    With few runs, runs of one size, or a negative result, ``fixed`` is ``base``, the seconds of a run without work, and
    ``each`` is the median ratio above it.
    """
    ratio = median(max(run.seconds - base, 0.0) / run.size for run in runs)
    sizes = [run.size for run in runs]
    if len(runs) < _RUNS_MIN or max(sizes) < _SPREAD * min(sizes):
        return base, ratio
    each = median((b.seconds - a.seconds) / (b.size - a.size) for a, b in combinations(runs, 2) if a.size != b.size)
    fixed = median(run.seconds - each * run.size for run in runs)
    return (fixed, each) if fixed >= 0 and each >= 0 else (base, ratio)
