"""`newslake run`: the main job of one day, or of a range of days, without Airflow."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import AsJson, Quiet, out, print_error, print_json, progress, report_skipped, workspace
from pipeline.cli.plan import day_of, day_range, duration
from pipeline.errors import ConfigError
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.jobs.runtimes import History, Stage
    from pipeline.jobs.workspace import Workspace
    from pipeline.model import StageReport


@dataclass(frozen=True, slots=True)
class _RunResult:
    """A finished run, and how long it took beside what runs of its size took before (None: no history)."""

    stage: "Stage"
    day: date
    report: "StageReport"
    seconds: float
    expected: float | None
    rows: dict[str, int] | None = None
    files_changed: int | None = None

    def as_dict(self) -> dict[str, object]:
        timed = {"seconds": self.seconds, "expected_seconds": self.expected}
        return {**self.report.as_dict(), **({} if self.rows is None else {"rows": self.rows}), **timed}


def run(
    day: Annotated[str | None, typer.Option(help="News day, YYYY-MM-DD; today (UTC) when left out.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First news day of a range, oldest first.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last news day of the range, included.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """List, fetch, archive, read and commit a day or a range, each other day touched, and what dead runs left unread.

    Exit 1 where a source could not be listed; all others are done.
    """
    from pipeline.jobs.annotator import version_of

    space = workspace()
    version_of(space.settings)  # a missing model or a wrong overrides file stops the run before it starts
    keys = [space.sources.named(key).key for key in source] if source else [s.key for s in space.sources.sources]
    wanted = _requested_days(day, first, last) or [space.settings.now().date()]
    with progress(quiet=quiet) as report_progress, report_skipped(quiet=quiet):
        job = _RunCommand(space, report_progress)
        done = [list(job.run_day(each, keys, to_come=wanted[number:])) for number, each in enumerate(wanted, 1)]
        done[-1] += job.run_unread()
    if as_json:
        days = [{"ingest": runs[0].as_dict(), "extract": [each.as_dict() for each in runs[1:]]} for runs in done]
        print_json(days[0] if first is None else {"days": days})
    for each in () if as_json else (each for runs in done for each in runs):
        _print_run(each)
    for trouble in job.troubles:
        print_error(trouble)
    if job.troubles:
        raise typer.Exit(1)


def _requested_days(day: str | None, first: str | None, last: str | None) -> list[date]:
    if first is None and last is None:
        return [] if day is None else [day_of(day, option="--day")]
    if day is not None or first is None or last is None:
        raise ConfigError("give --day, or --from and --to together", key="from")
    return day_range(first, last)


class _RunCommand:
    """One call of the command. Days of a range share its name in ``runs``, and the history before it."""

    def __init__(self, space: "Workspace", report_progress: Callable[[str], None]) -> None:
        from pipeline.jobs.runtimes import read_history

        self.space = space
        self.report_progress = report_progress
        self.name = f"cli.{space.settings.now():%Y%m%dT%H%M%S%f}"
        self.history: History = read_history(space)
        self.troubles: list[str] = []

    def run_day(self, day: date, keys: Sequence[str], *, to_come: Sequence[date]) -> Iterator[_RunResult]:
        """Ingest a day, then extract it and each day that this touched, but for those whose turn is to come."""
        from pipeline.jobs.run import ingest_sources

        now = self.space.settings.now
        started = now()
        run_id = f"{self.name}.ingest.{day}"
        done = ingest_sources(
            self.space, source_keys=keys, day=day, run_id=run_id, report_progress=self.report_progress
        )
        self.troubles += done.troubles
        yield self._run_result("ingest", day, done.report, (now() - started).total_seconds())
        for each in sorted({day, *done.report.days}.difference(to_come)):
            yield self._extract(each, run_id=f"{self.name}.extract.{day}.{each}")

    def run_unread(self) -> Iterator[_RunResult]:
        """Extract the days that earlier runs left unread because they died."""
        from pipeline.jobs.worklist import unread_days

        for each in unread_days(self.space):
            self.report_progress(f"{each} was left unread by a run that did not end")
            yield self._extract(each, run_id=f"{self.name}.extract.unread.{each}")

    def _extract(self, day: date, *, run_id: str) -> _RunResult:
        from pipeline.jobs.run import extract_day

        now = self.space.settings.now
        started = now()
        done = extract_day(self.space, day=day, run_id=run_id, report_progress=self.report_progress)
        seconds = (now() - started).total_seconds()
        return self._run_result("extract", day, done.report, seconds, rows=done.rows, files_changed=done.files_changed)

    def _run_result(
        self,
        stage: "Stage",
        day: date,
        report: "StageReport",
        seconds: float,
        *,
        rows: dict[str, int] | None = None,
        files_changed: int | None = None,
    ) -> _RunResult:
        from pipeline.jobs.runtimes import expected_seconds

        size = sum(dict(report.work).values())
        expected = expected_seconds(self.history, stage=stage, way="cli", articles=size)
        return _RunResult(stage, day, report, seconds, expected, rows, files_changed)


def _print_run(done: _RunResult) -> None:
    told = ", ".join(f"{count} {kind}" for kind, count in done.report.outcomes if count) or "nothing"
    work = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.report.work if count)
    expected = "" if done.expected is None else f", {duration(done.expected)} expected"
    took = f" ({duration(done.seconds)}{expected})" if done.seconds else ""
    out.print(
        f"{done.stage} {done.day}: {pluralize(done.report.discovered, 'page')}: {told}{work and f'; {work}'}{took}",
        highlight=False,
    )
    if done.files_changed == 0:
        out.print("  no table file changed", highlight=False)
