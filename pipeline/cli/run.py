"""`newslake run`: run a day or a range of days, without Airflow."""

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import count, groupby
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.cli.days import Sources, day_of, day_range
from newslake.pipeline.cli.output import AsJson, Quiet, out, print_error, print_json, workspace
from newslake.pipeline.cli.progress import PageProgress, duration, page_progress
from newslake.pipeline.errors import SERVICE_AWAY, ConfigError, LakeError, NewsError, StoreError
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.hooks import RunNote
    from newslake.pipeline.jobs.commit import DerivedDay
    from newslake.pipeline.jobs.run import DayReading, IngestSummary
    from newslake.pipeline.jobs.runtimes import History, Stage
    from newslake.pipeline.jobs.workers import WorkerPool
    from newslake.pipeline.jobs.workspace import CountCallback, ProgressCallback, Workspace
    from newslake.pipeline.model import Outcome, StageReport


FirstDay = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First news day of a range, YYYY-MM-DD; needs --to.")
]
LastDay = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Last news day of the range, inclusive; needs --from.")
]


_DAYS_SHOWN = 5  # days whose steps are shown one by one
_FEW_ARTICLES = 64  # one process reads them while others would load the model


@dataclass(frozen=True, slots=True)
class _RunResult:
    """A finished run, its seconds, and the seconds that earlier runs of its size took (None: no history)."""

    report: "StageReport"
    seconds: float
    expected: float | None
    rows: dict[str, int] | None = None

    def as_dict(self) -> dict[str, object]:
        timed = {"seconds": self.seconds, "expected_seconds": self.expected}
        return {**self.report.as_dict(), **({} if self.rows is None else {"rows": self.rows}), **timed}


def run(
    day: Annotated[str | None, typer.Option(metavar="DAY", help="News day, YYYY-MM-DD (default: today, UTC).")] = None,
    first: FirstDay = None,
    last: LastDay = None,
    source: Sources = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fetch, archive and process a day, or a range of days.

    Processes the days of a range in order, oldest first. Also processes other days for which it archived pages, and
    days that an interrupted run left unprocessed. Ends with a line per source that is late or STALE. Exit 1 if a source
    could not be listed, if a day has lost a file of its tables, or if an item broke newslake for the first time;
    everything else is processed. At the end, checks the rules of alerts.toml and sends the messages that wait.
    """
    from newslake.pipeline.jobs.pipeline_version import version_of

    space = workspace()
    version_of(space.settings)  # a missing model or a wrong overrides file stops the run before it starts
    for problem in addons_of(space.settings.addons).collect("run_starting", workspace=space)[1]:
        raise problem  # so does a wrong file of an add-on
    keys = [space.sources.named(key).key for key in source] if source else [s.key for s in space.sources.sources]
    space.check_inboxes()
    wanted = _requested_days(day, first, last) or [space.settings.now().date()]
    with _log_crash(space), _exit_on_sigterm(), page_progress(quiet=quiet) as progress, ExitStack() as workers:
        job = _RunCommand(space, progress, workers)
        done = [
            runs
            for days in job.together(wanted)
            for runs in job.run_days(days, keys, to_come=[each for each in wanted if each > days[-1]])
        ]
        for runs, each in zip(done, wanted, strict=True):
            job.read_on(runs, each, keys)
        done[-1] += job.run_unprocessed()
        notes = job.notes_of_addons(keys)
    job.log_failure()
    if as_json:
        days = [{"ingest": runs[0].as_dict(), "extract": [each.as_dict() for each in runs[1:]]} for runs in done]
        more = {name: value for note in notes for name, value in note.json.items()}
        print_json({**(days[0] if first is None else {"days": days}), **more})
    else:
        # The default day says nothing about a run that found only pages of other days, as those of an archive.
        found = sorted({each.news_day for each in job.ingested})
        label = _label(wanted if day or first or wanted[0] in found or not found else found)
        _print_summary(job, [each for runs in done for each in runs], label=label, days=wanted)
        for line in (line for note in notes for line in note.lines):
            out.print(line, highlight=False, markup=False, soft_wrap=True)
    for error in dict.fromkeys(job.errors):  # a day that failed fails again as an unprocessed one
        print_error(error)
    _call_addons_after_run(space)
    if job.errors:
        raise typer.Exit(1)


def _label(days: Sequence[date]) -> str:
    return f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"


@contextmanager
def _exit_on_sigterm() -> Iterator[None]:
    """Make SIGTERM an ordinary end, as Ctrl-C is: then no page counts as one that ended the process.

    Not for commands that query: a handler in Python waits until DuckDB returns.
    """
    before = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _log_crash(space: "Workspace") -> Iterator[None]:
    """Log an error that ends the run in the ``runs`` table, and call the add-ons, so that an alert reports it.

    If it ends because a service of the shared store is away, so are log and add-ons: nobody waits for them again.
    """
    from newslake.pipeline.jobs.outcomes import append_failure

    started_at = space.settings.now()
    try:
        yield
    except Exception as error:
        if isinstance(error, StoreError) and error.reason in SERVICE_AWAY:
            raise
        failure = f"it ended early ({type(error).__name__})"  # a message may quote a page
        append_failure(space, run_id=_run_name(started_at), kind="manual", started_at=started_at, errors=[failure])
        _call_addons_after_run(space)
        raise


def _call_addons_after_run(space: "Workspace") -> None:
    """Call the add-ons after a run is logged, and print their problems, which do not fail the run."""
    results, errors = addons_of(space.settings.addons).collect("after_run", workspace=space)
    for line in (*(line for _, lines in results for line in lines or ()), *map(str, errors)):
        print_error(line)


def _run_name(started_at: datetime) -> str:
    """Return what the ids of one run have in common: ``jobs.runtimes.run_of`` returns it."""
    return f"cli.{started_at:%Y%m%dT%H%M%S%f}"


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _requested_days(day: str | None, first: str | None, last: str | None) -> list[date]:
    if first is None and last is None:
        return [] if day is None else [day_of(day, option="--day")]
    if day is not None or first is None or last is None:
        raise ConfigError("give --day, or --from and --to together", key="from")
    return day_range(first, last)


class DayProgress(NamedTuple):
    """What a day reports while it is processed: its steps, and its pages so far, of how many."""

    report_step: "ProgressCallback"
    count_pages: "CountCallback"


class _RunCommand:
    """One call of the command. All days of a range have its run name and the history before it.

    ``workers`` ends the processes that read pages.
    """

    def __init__(self, space: "Workspace", progress: PageProgress, workers: ExitStack) -> None:
        from newslake.pipeline.jobs.runtimes import read_history

        self.space = space
        self.progress = progress
        self.started_at = space.settings.now()
        self.name = _run_name(self.started_at)
        self.history: History = read_history(space)
        self.errors: list[str] = []
        self.failures: list[str] = []  # what failed, without messages: these may quote a page
        self.summaries: dict[date, IngestSummary] = {}  # of the day's last slice, which has those of all
        self.slice_outcomes: list[Outcome] = []  # of the last slice alone
        self.extracted: list[Outcome] = []
        self.received = 0
        self._workers = workers
        self._pool: WorkerPool | None = None

    def together(self, days: Iterable[date]) -> list[list[date]]:
        """Return days in order, in groups: those of one closed month are committed together, because each commit
        rewrites the files of that month; all others alone.
        """
        try:
            closed = self.space.lake.closed_months()
        except LakeError:  # each day that needs what was lost fails later
            closed = frozenset()
        return [
            list(each) for _, each in groupby(days, lambda day: f"{day:%Y-%m}" if f"{day:%Y-%m}" in closed else day)
        ]

    def run_days(
        self, days: Sequence[date], keys: Sequence[str], *, to_come: Sequence[date]
    ) -> "Iterable[list[_RunResult]]":
        """Ingest some days, then process them and each other day that got pages, except the days ``to_come``.

        Return the runs of each day.
        """
        found: dict[date, date] = {}  # each day to process, and the day whose run found its pages
        runs: dict[date, list[_RunResult]] = {}
        for number, day in enumerate(days, 1):
            runs[day] = [self._ingest(day, keys)]
            for each in {day, *runs[day][0].report.days}.difference(days[number:], to_come):
                found.setdefault(each, day)
        run_ids = {each: f"{self.name}.extract.{found[each]}.{each}" for each in sorted(found)}
        for each, result in zip(run_ids, self._extract_all(run_ids), strict=True):
            runs[found[each]].append(result)
        return runs.values()

    @property
    def ingested(self) -> "list[Outcome]":
        return [each for summary in self.summaries.values() for each in summary.outcomes]

    def read_on(self, runs: list[_RunResult], day: date, keys: Sequence[str]) -> None:
        """Read on where the slice of a ``day`` was over before the end of the files; process the pages of each slice.

        Each slice takes twice the time of the one before, because all days are processed after it. ``runs`` are those
        of the day.
        """
        for number in count(1):
            if not (unfinished := self.summaries[day].unfinished):
                return
            self.progress(f"reading on in {', '.join(unfinished)}")
            before, seconds = runs[0], self.space.settings.file_slice_seconds * 2**number
            runs[0] = self._ingest(day, keys, seconds=seconds)
            runs[0] = replace(runs[0], seconds=runs[0].seconds + before.seconds)
            days = sorted({each.news_day for each in self.slice_outcomes if each.article_id is not None})
            runs += self._extract_all({each: f"{self.name}.extract.slice{number}.{each}" for each in days})

    def _ingest(self, day: date, keys: Sequence[str], *, seconds: float | None = None) -> _RunResult:
        from newslake.pipeline.jobs.run import ingest_sources

        now = self.space.settings.now
        started = now()
        run_id = f"{self.name}.ingest.{day}"
        earlier = self.summaries.get(day)
        done = ingest_sources(
            self.space,
            source_keys=keys,
            day=day,
            run_id=run_id,
            report_progress=self.progress,
            count_pages=self.progress.count,
            slice_seconds=self.space.settings.file_slice_seconds if seconds is None else seconds,
            earlier=earlier,
        )
        self.errors += done.errors
        self.failures += done.failures
        known = set() if earlier is None else set(earlier.outcomes)
        self.slice_outcomes = [each for each in done.outcomes if each not in known]
        self._note_broken(self.slice_outcomes)
        self.summaries[day] = done
        self.received += done.received
        return self._run_result("ingest", done.report, (now() - started).total_seconds())

    def run_unprocessed(self) -> Iterator[_RunResult]:
        """Process the days that earlier runs left unprocessed; what this run left is for the next one."""
        from newslake.pipeline.jobs.worklist import unprocessed_days

        left = {each.news_day for each in self.extracted if each.outcome == "pending"}
        days = [each for each in unprocessed_days(self.space) if each not in left]
        for each in days:
            self.progress(f"{each} was left unprocessed by an earlier run")
        yield from self._extract_all({each: f"{self.name}.extract.unprocessed.{each}" for each in days})

    def _extract_all(self, run_ids: Mapping[date, str]) -> Iterator[_RunResult]:
        """Process some days in order; workers read the next days while some are committed. Yield a run per day."""
        from newslake.pipeline.jobs.run import start_reading

        articles = {day: self._articles_of(day) for day in run_ids}
        pool = self._pool_for(sum(articles.values()))
        progress = self._progress_of(articles)
        readings: dict[date, DayReading] = {}
        ahead = iter(run_ids)
        for days in self.together(run_ids):
            derived = {}
            for day in days:
                while pool is not None and sum(each.waiting for each in readings.values()) < 2 * pool.size:
                    if (coming := next(ahead, None)) is None:
                        break
                    readings[coming] = start_reading(
                        pool,
                        day=coming,
                        run_id=run_ids[coming],
                        articles=articles[coming],
                        count_pages=progress[coming].count_pages,
                    )
                derived[day] = self._derive(
                    day, run_id=run_ids[day], progress=progress[day], reading=readings.pop(day, None)
                )
            yield from self._commit(derived, run_ids, report_step=progress[days[-1]].report_step)

    def _articles_of(self, day: date) -> int:
        """Return the number of articles that a day must derive; 0 for a day with a lost file, which fails later."""
        from newslake.pipeline.jobs.worklist import articles_to_derive

        try:
            return len(articles_to_derive(self.space, days=[day]))
        except LakeError:
            return 0

    def _pool_for(self, articles: int) -> "WorkerPool | None":
        """Return the workers; None if starting them takes longer than reading the articles."""
        from newslake.pipeline.jobs.workers import WorkerPool, reading_workers

        if self._pool is None and articles >= _FEW_ARTICLES:
            size = min(reading_workers(self.space.settings), articles // (_FEW_ARTICLES // 2))
            if size > 1:
                self._pool = self._workers.enter_context(WorkerPool(self.space.settings, size=size))
        return self._pool

    def _progress_of(self, articles: Mapping[date, int]) -> "dict[date, DayProgress]":
        """Return the progress of processing each day; if there are many, they count pages of all days together."""
        from newslake.pipeline.jobs.workers import CountSum

        if len(articles) <= _DAYS_SHOWN:
            return {
                day: DayProgress(self.progress, CountSum(self.progress.count, total=count).of(day))
                for day, count in articles.items()
            }
        total = sum(articles.values())
        self.progress(f"processing {pluralize(total, 'page')} of {pluralize(len(articles), 'day')}")
        counts = CountSum(self.progress.count, total=total)
        return {day: DayProgress(lambda _: None, counts.of(day)) for day in articles}

    def _derive(
        self, day: date, *, run_id: str, progress: "DayProgress", reading: "DayReading | None"
    ) -> "DerivedDay | None":
        from newslake.pipeline.jobs.run import derive_day

        work = partial(
            derive_day,
            self.space,
            day=day,
            run_id=run_id,
            report_progress=progress.report_step,
            count_pages=progress.count_pages,
            reading=reading,
        )
        return self._try(work, name=f"news day {day}")

    def _commit(
        self,
        derived: "Mapping[date, DerivedDay | None]",
        run_ids: Mapping[date, str],
        *,
        report_step: "ProgressCallback",
    ) -> Iterator[_RunResult]:
        """Commit the derived days together; yield a run per day, an empty one if it failed."""
        from newslake.pipeline.jobs.run import commit_together
        from newslake.pipeline.model import StageReport

        days = [each for each in derived.values() if each is not None]
        started = self.space.settings.now()
        name = f"news day {days[0].day}" if len(days) == 1 else f"news days {_label([*derived])}"
        work = partial(commit_together, self.space, days, report_progress=report_step)
        done = (self._try(work, name=name) if days else None) or {}
        seconds = (self.space.settings.now() - started).total_seconds() / max(len(days), 1)
        for day, each in derived.items():
            if each is None or day not in done:
                yield self._run_result("extract", StageReport.of("extract", run_ids[day], (), days=[day]), 0.0)
                continue
            self._note_broken(done[day].outcomes)
            self.extracted += done[day].outcomes
            yield self._run_result("extract", done[day].report, each.seconds + seconds, rows=done[day].rows)

    def _try[T](self, work: Callable[[], T], *, name: str) -> T | None:
        """Return the result of some work; None if it failed: the other days are processed."""
        done: T | NewsError
        try:
            done = run_isolated(work, key=name)
        except LakeError as error:  # this day, or one near it, has lost a file; the lake is there, and its other days
            done = error
        if isinstance(done, NewsError):
            self.errors.append(f"{name}: {str(done).removeprefix(f'{name}: ')}")
            self.failures.append(f"{name} ({type(done).__name__})")
            return None
        return done

    def notes_of_addons(self, keys: Sequence[str]) -> "list[RunNote]":
        """Return what add-ons say at the end of the run; one that fails is an error of the run."""
        addons = addons_of(self.space.settings.addons)
        notes = (
            self._try(partial(call, workspace=self.space, source_keys=keys), name=f"add-on {info.name}")
            for info, call in addons.implementations("run_ended")
        )
        return [note for note in notes if note is not None]

    def log_failure(self) -> None:
        """Log what failed in the ``runs`` table, so that an alert can report it."""
        from newslake.pipeline.jobs.outcomes import append_failure

        if self.failures:
            errors = list(dict.fromkeys(self.failures))
            append_failure(self.space, run_id=self.name, kind="manual", started_at=self.started_at, errors=errors)

    def _note_broken(self, outcomes: "Sequence[Outcome]") -> None:
        from newslake.pipeline.jobs.broken_items import broken_items_error

        if (error := broken_items_error(self.space, outcomes)) is not None:
            self.errors.append(str(error))
            self.failures.append("items that broke newslake, or too many pages in quarantine")

    def _run_result(
        self,
        stage: "Stage",
        report: "StageReport",
        seconds: float,
        *,
        rows: dict[str, int] | None = None,
    ) -> _RunResult:
        from newslake.pipeline.jobs.runtimes import expected_seconds

        size = sum(dict(report.work).values())
        expected = expected_seconds(self.history, stage=stage, launcher="cli", articles=size)
        return _RunResult(report, seconds, expected, rows)


def _print_summary(job: _RunCommand, done: Sequence[_RunResult], *, label: str, days: Sequence[date]) -> None:
    """Print what the run kept and rejected, what is pending, its time, and the time expected from earlier runs."""
    from newslake.pipeline.jobs.summary import summarize, summary_lines
    from newslake.pipeline.jobs.worklist import settled_articles

    seconds = sum(each.seconds for each in done)
    expected = [each.expected for each in done if each.expected is not None]
    usual = f", {duration(sum(expected))} expected" if len(expected) == len(done) else ""
    waiting = {each.article_id for each in job.ingested if each.reason == "archived" and each.article_id}
    waiting -= {each.article_id for each in job.extracted}
    current = settled_articles(job.space, waiting) if waiting else ()
    summary = summarize(ingested=job.ingested, extracted=job.extracted, fetched=job.received, current=current)
    headline, *others = summary_lines(summary, label=label, took=f"{duration(seconds)}{usual}" if seconds else "")
    for line in (headline, *(_days_line(done, days) if summary.committed else ()), *others):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _days_line(done: Sequence[_RunResult], days: Sequence[date]) -> Iterator[str]:
    """Yield the published days of the articles, and where to see them, if they are other days than the run's own."""
    found = sorted({day for each in done if each.rows and each.rows.get("articles") for day in each.report.days})
    if set(found) - set(days):
        see = f"`newslake coverage --from {found[0]} --to {found[-1]}`"
        yield f"  published on {pluralize(len(found), 'day')}, {_label(found)}: {see}"
