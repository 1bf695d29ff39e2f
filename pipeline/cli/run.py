"""`newslake run`, `plan` and `push`: run a day or a range without Airflow, plan a range, push URLs."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import repeat
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from pipeline.boundary import run_isolated
from pipeline.cli.completion import sources
from pipeline.cli.output import (
    AsJson,
    Quiet,
    out,
    print_error,
    print_json,
    print_note,
    print_rows,
    workspace,
)
from pipeline.cli.progress import PageProgress, duration, page_progress
from pipeline.errors import ConfigError, LakeError, NewsError
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.jobs.commit import DayCommit
    from pipeline.jobs.runtimes import Estimate, History, Stage
    from pipeline.jobs.workspace import CountCallback, ProgressCallback, Workspace
    from pipeline.model import Outcome, StageReport
    from pipeline.reports.plan import DayPlan, Plan


Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="KEY", help="Only this source; repeatable.", autocompletion=sources),
]
FirstDay = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First news day of a range, YYYY-MM-DD; needs --to.")
]
LastDay = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Last news day of the range, inclusive; needs --from.")
]


_DAYS_SHOWN = 5  # days whose steps are shown one by one


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
    days that an interrupted run left unprocessed. Exit 1 if a source could not be listed, if a day has lost a file of
    its tables, or if an item broke newslake for the first time; everything else is processed.
    """
    from pipeline.jobs.pipeline_version import version_of

    space = workspace()
    version_of(space.settings)  # a missing model or a wrong overrides file stops the run before it starts
    keys = [space.sources.named(key).key for key in source] if source else [s.key for s in space.sources.sources]
    wanted = _requested_days(day, first, last) or [space.settings.now().date()]
    with _exit_on_sigterm(), page_progress(quiet=quiet) as progress:
        job = _RunCommand(space, progress)
        done = [list(job.run_day(each, keys, to_come=wanted[number:])) for number, each in enumerate(wanted, 1)]
        done[-1] += job.run_unprocessed()
    if as_json:
        days = [{"ingest": runs[0].as_dict(), "extract": [each.as_dict() for each in runs[1:]]} for runs in done]
        print_json(days[0] if first is None else {"days": days})
    else:
        # The default day says nothing about a run that found only pages of other days, as those of an archive.
        found = sorted({each.news_day for each in job.ingested})
        label = _label(wanted if day or first or wanted[0] in found or not found else found)
        _print_summary(job, [each for runs in done for each in runs], label=label, days=wanted)
    for error in dict.fromkeys(job.errors):  # a day that failed fails again as an unprocessed one
        print_error(error)
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
    """One call of the command. All days of a range have its run name and the history before it."""

    def __init__(self, space: "Workspace", progress: PageProgress) -> None:
        from pipeline.jobs.runtimes import read_history

        self.space = space
        self.progress = progress
        self.name = f"cli.{space.settings.now():%Y%m%dT%H%M%S%f}"
        self.history: History = read_history(space)
        self.errors: list[str] = []
        self.ingested: list[Outcome] = []
        self.extracted: list[Outcome] = []
        self.received = 0

    def run_day(self, day: date, keys: Sequence[str], *, to_come: Sequence[date]) -> Iterator[_RunResult]:
        """Ingest a day, then process it and each other day that got pages, except the days ``to_come``."""
        from pipeline.jobs.run import ingest_sources

        now = self.space.settings.now
        started = now()
        run_id = f"{self.name}.ingest.{day}"
        done = ingest_sources(
            self.space,
            source_keys=keys,
            day=day,
            run_id=run_id,
            report_progress=self.progress,
            count_pages=self.progress.count,
        )
        self.errors += done.errors
        self._note_broken(done.outcomes)
        self.ingested += done.outcomes
        self.received += done.received
        yield self._run_result("ingest", done.report, (now() - started).total_seconds())
        days = sorted({day, *done.report.days}.difference(to_come))
        for each, progress in zip(days, self._progress_of(days), strict=True):
            yield self._extract(each, run_id=f"{self.name}.extract.{day}.{each}", progress=progress)

    def _progress_of(self, days: Sequence[date]) -> Iterator["DayProgress"]:
        """Yield the progress of processing each day; if there are many, they count pages of all days together."""
        from pipeline.jobs.worklist import articles_to_derive

        if len(days) <= _DAYS_SHOWN:
            yield from repeat(DayProgress(self.progress, self.progress.count), len(days))
            return
        pages = len(articles_to_derive(self.space, days=days))
        self.progress(f"processing {pluralize(pages, 'page')} of {pluralize(len(days), 'day')}")
        done: dict[date, int] = {}
        for day in days:
            yield DayProgress(lambda _: None, partial(self._count_of_days, done, day, pages))

    def _count_of_days(self, done: dict[date, int], day: date, pages: int, number: int, _: int | None) -> None:
        """Count pages of a day, of which ``number`` are done, together with those ``done`` of the days before."""
        done[day] = number
        self.progress.count(sum(done.values()), max(pages, sum(done.values())))

    def run_unprocessed(self) -> Iterator[_RunResult]:
        """Process the days that interrupted runs left unprocessed."""
        from pipeline.jobs.worklist import unprocessed_days

        for each in unprocessed_days(self.space):
            self.progress(f"{each} was left unprocessed by an interrupted run")
            own = DayProgress(self.progress, self.progress.count)
            yield self._extract(each, run_id=f"{self.name}.extract.unprocessed.{each}", progress=own)

    def _extract(self, day: date, *, run_id: str, progress: "DayProgress") -> _RunResult:
        from pipeline.jobs.run import extract_day
        from pipeline.model import StageReport

        now = self.space.settings.now
        started = now()
        name = f"news day {day}"
        work = partial(
            extract_day,
            self.space,
            day=day,
            run_id=run_id,
            report_progress=progress.report_step,
            count_pages=progress.count_pages,
        )
        done: DayCommit | NewsError
        try:
            done = run_isolated(work, key=name)
        except LakeError as error:  # this day, or one near it, has lost a file; the lake is there, and its other days
            done = error
        if isinstance(done, NewsError):  # the other days are processed
            self.errors.append(f"{name}: {str(done).removeprefix(f'{name}: ')}")
            return self._run_result("extract", StageReport.of("extract", run_id, (), days=[day]), 0.0)
        seconds = (now() - started).total_seconds()
        self._note_broken(done.outcomes)
        self.extracted += done.outcomes
        return self._run_result("extract", done.report, seconds, rows=done.rows)

    def _note_broken(self, outcomes: "Sequence[Outcome]") -> None:
        from pipeline.jobs.broken_items import broken_items_error

        if (error := broken_items_error(self.space, outcomes)) is not None:
            self.errors.append(str(error))

    def _run_result(
        self,
        stage: "Stage",
        report: "StageReport",
        seconds: float,
        *,
        rows: dict[str, int] | None = None,
    ) -> _RunResult:
        from pipeline.jobs.runtimes import expected_seconds

        size = sum(dict(report.work).values())
        expected = expected_seconds(self.history, stage=stage, launcher="cli", articles=size)
        return _RunResult(report, seconds, expected, rows)


def _print_summary(job: _RunCommand, done: Sequence[_RunResult], *, label: str, days: Sequence[date]) -> None:
    """Print what the run kept and rejected, what is pending, its time, and the time expected from earlier runs."""
    from pipeline.jobs.summary import summarize, summary_lines
    from pipeline.jobs.worklist import settled_articles

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


# `newslake plan`: the work that a range of days still needs.

_PLAN_COLUMNS = ("known", "archived", "to_fetch", "unfetchable", "kept", "rejected", "to_process")


def plan(
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First news day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last news day, inclusive.")],
    source: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Count pages still to fetch or to process; estimate the time.

    Counts the pages of a range of days per source and news day. Starts nothing.
    """
    from pipeline.reports.plan import plan

    days = day_range(first, last)
    found = plan(workspace(), first=days[0], last=days[-1], source_keys=source or ())
    if as_json:
        print_json(_plan_as_dict(found, source or ()))
    else:
        _print_plan(found, source or ())


def _plan_as_dict(found: "Plan", sources: Sequence[str]) -> dict[str, object]:
    """Return the plan as JSON. How many pages a listing would add is unknown, so it is null."""
    return {
        "from": found.first,
        "to": found.last,
        "pipeline_version": found.version,
        "sources": [asdict(each) for each in found.sources],
        "days": [{**asdict(day), **_plan_counts([day]), "not_yet_known": None} for day in found.days],
        "totals": {**_plan_counts(found.days), "not_yet_known": None},
        "rechecks": [
            {
                "source": each.source_key,
                "due": each.due,
                "requests": {str(day): requests for day, requests in each.days.items()},
            }
            for each in found.rechecks
        ],
        "estimates": [
            {**asdict(each), "minutes": None if each.seconds is None else round(each.seconds / 60, 2)}
            for each in found.estimates
        ],
        "next": _next_commands(found, sources),
    }


def _plan_counts(days: Sequence["DayPlan"]) -> dict[str, int]:
    return {name: sum(getattr(day, name) for day in days) for name in _PLAN_COLUMNS}


def _print_plan(found: "Plan", sources: Sequence[str]) -> None:
    rows: list[tuple[object, ...]] = []
    for each in found.sources:
        rows += _source_rows(each.key, found)
    rows.append(("total", f"{found.first} to {found.last}", "", *_plan_counts(found.days).values()))
    print_rows(("source", "news day", "listing", *_PLAN_COLUMNS), rows, as_json=False)
    lines = [
        *_plan_notes(found),
        "",
        *map(_estimate_text, found.estimates),
        "",
        "next:",
        *(f"  {each}" for each in _next_commands(found, sources)),
    ]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _source_rows(key: str, found: "Plan") -> Iterator[tuple[object, ...]]:
    """Yield one row per day with known pages, and one per range of days between them."""
    known = [day for day in found.days if day.source_key == key]
    free = found.first
    for day in known:
        yield from _empty_rows(key, free, day.news_day - timedelta(days=1))
        yield (key, day.news_day, "available" if day.can_list else "archive only", *_plan_counts([day]).values())
        free = day.news_day + timedelta(days=1)
    yield from _empty_rows(key, free, found.last)


def _empty_rows(key: str, first: date, last: date) -> Iterator[tuple[object, ...]]:
    if first <= last:
        days = f"{first} to {last}" if first < last else f"{first}"
        yield (key, days, "nothing known", *("" for _ in _PLAN_COLUMNS))


def _plan_notes(found: "Plan") -> Iterator[str]:
    for each in found.sources:
        if not each.is_folder:
            waiting = ""
        elif each.files_waiting is None:
            waiting = "; its folder does not exist"
        else:
            waiting = f"; {pluralize(each.files_waiting, 'file')} not read yet"
        lists = f"lists {each.lists}" if each.kind else each.lists
        yield f"{each.key}: {lists}{waiting}"
    yield f"kept and rejected count pages that pipeline version {found.version} has processed."
    if again := sum(day.derive_again for day in found.days):
        new = pluralize(sum(day.derive_new for day in found.days), "other page")
        yield f"to_process: {pluralize(again, 'page')} with rows of another version or other corrections; {new}."
    yield "Not counted: pages that no listing has named so far, and pages in files that are not read yet."
    yield from _recheck_notes(found)


def _recheck_notes(found: "Plan") -> Iterator[str]:
    """Yield how many requests the rechecks of known pages cost, per source and UTC day from today on."""
    for each in found.rechecks:
        days = ", ".join(f"{requests:,} on {day}" for day, requests in each.days.items())
        due = f" ({each.due:,} due now)" if each.due else ""
        yield f"{each.source_key}: rechecks of known pages cost at most {pluralize(each.total, 'request')}{due}: {days}"
    if found.rechecks:
        yield "Rechecks look for edits at the hours in `recheck_hours`; several missed ones of a page are one request."


def _estimate_text(each: "Estimate") -> str:
    name = "newslake run" if each.launcher == "cli" else "Airflow"
    if each.ingest_seconds is None or each.extract_seconds is None:
        return f"{name}: no estimate, because `runs` has no comparable run with a measured duration"
    parts = f"fetch {duration(each.ingest_seconds)}, process {duration(each.extract_seconds)}"
    other = "Airflow" if each.launcher == "cli" else "`newslake run`"
    also = "" if each.is_own else f", also by {other}"
    runs = (
        f"based on {pluralize(each.ingest_history, 'fetch run')} and {pluralize(each.extract_history, 'process run')}"
    )
    total = duration(each.ingest_seconds + each.extract_seconds)
    return f"{name}: about {total} for the counted pages, one run at a time ({parts}; {runs}{also})"


def _next_commands(found: "Plan", sources: Sequence[str]) -> list[str]:
    """Return the commands to run next; an Airflow backfill covers all sources."""
    only = "".join(f" --source {shlex.quote(key)}" for key in sources)
    return [
        f"newslake run --from {found.first} --to {found.last}{only}",
        f"newslake airflow backfill create --dag-id news_ingest --from-date {found.first} --to-date {found.last} "
        "--max-active-runs 2",
    ]


# `newslake push`: URLs for the next run to fetch.


def push(
    urls: Annotated[
        list[str],
        typer.Argument(metavar="URL", help="http(s) URLs; - reads them from standard input, one per line."),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Inbox to write to (default: the first one in sources.toml).", autocompletion=sources
        ),
    ] = None,
    refetch: Annotated[
        bool, typer.Option("--refetch", help="Also request pages again that are in the archive, to see their edits.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put URLs into an inbox for the next run to fetch.

    Writes the URLs into one file of the inbox and prints its name. A running Airflow fetches them within seconds. Pages
    that are in the archive are requested again only with --refetch.
    """
    from pipeline.jobs.push import push_urls

    given = [line for url in urls for line in (_read_urls() if url == "-" else [url])]
    done = push_urls(workspace(), given, source_key=source, is_refetch=refetch)
    if as_json:
        print_json({"file": str(done.file), "urls": len(given), "archived": len(done.archived), "is_refetch": refetch})
        return
    out.print(str(done.file), highlight=False, soft_wrap=True)
    if done.archived and not refetch:
        known = f"{len(done.archived):,} of {pluralize(len(given), 'URL')}"
        print_note(f"in the archive, and so not requested: {known}; give --refetch to request pages again")


def _read_urls() -> list[str]:
    """Return the lines of standard input, without empty lines and comments."""
    lines = (line.strip() for line in sys.stdin)
    return [line for line in lines if line and not line.startswith("#")]


# `newslake airflow`: Airflow's own command line.

_PLUGINS = Path(__file__).parents[2] / "plugins"
# The package may not import Airflow, nor what knows it: another Python takes the place of this process.
_RUN_AIRFLOW = "import sys; sys.path.insert(0, sys.argv.pop(1)); from news_airflow.local_airflow import main; main()"


def airflow(
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="A command of Airflow, with its options; also --help.")
    ],
) -> None:
    """Run a command of Airflow's own command line.

    It uses the home, database and settings of the Airflow that `make up` starts.
    """
    if not _PLUGINS.is_dir():
        message = f"{_PLUGINS} is missing: call newslake from the project's own .venv, or set up Airflow yourself"
        raise ConfigError(message, key="airflow")
    sys.stdout.flush()
    os.execv(  # noqa: S606 - no shell, our own program
        sys.executable, [sys.executable, "-c", _RUN_AIRFLOW, str(_PLUGINS), "airflow", *words]
    )


# Days, shared by the commands.


def day_of(text: str, *, option: str) -> date:
    """Parse a day. Raises: ConfigError naming the option."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is not a valid date (YYYY-MM-DD)", key=option.lstrip("-")) from error


def day_range(first: str, last: str) -> list[date]:
    """Return the days from first to last, both included. Raises: ConfigError."""
    start, end = day_of(first, option="--from"), day_of(last, option="--to")
    if end < start:
        raise ConfigError(f"--to {end} is before --from {start}; swap them", key="to")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]
