"""Run one day from discovery to tables without Airflow: the same jobs, in one process or in several."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from urllib.parse import urlsplit

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.cluster import changed_days, cluster
from newslake.pipeline.jobs.commit import DayCommit, DerivedDay, commit_days
from newslake.pipeline.jobs.derive import DeriveReport, derive
from newslake.pipeline.jobs.ingest import IngestResult, ingest
from newslake.pipeline.jobs.outcomes import append_run, batch_of, logged_outcomes, run_counts
from newslake.pipeline.jobs.pipeline_version import versions_of
from newslake.pipeline.jobs.workers import CountSum, WorkerPool, results_of
from newslake.pipeline.jobs.workspace import CountCallback, ProgressCallback, Workspace, count_nothing
from newslake.pipeline.model import Outcome, StageReport, domain_of, pluralize
from newslake.pipeline.model.outcome import RunKind
from newslake.pipeline.sources import listable_days

# Articles of a chunk for a worker: few enough to keep all workers busy, and enough to pay for its batch.
_MIN_ARTICLES, _MAX_ARTICLES = 16, 500


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """One report of some sources with every news day to derive, its outcomes, and why sources could not be listed.

    ``errors`` are sentences; ``failures`` are the same without words of a page: the source and the reason.
    ``received`` counts the pages that came over HTTP. ``unfinished`` are the sources with files to read on.
    """

    report: StageReport
    outcomes: tuple[Outcome, ...]
    unfinished: tuple[str, ...] = ()
    received: int = 0
    errors: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def ingest_sources(  # noqa: PLR0913 - what a run may say, by name
    workspace: Workspace,
    *,
    source_keys: Sequence[str],
    day: date,
    run_id: str,
    report_progress: ProgressCallback,
    count_pages: CountCallback = count_nothing,
    slice_seconds: float | None = None,
    earlier: IngestSummary | None = None,
) -> IngestSummary:
    """Ingest some sources; a source that cannot be listed does not stop the others.

    ``slice_seconds`` limits the time for the files of one folder or inbox. After a slice, give its summary as
    ``earlier``: then only its unfinished sources are ingested, and the summary is that of all slices of the run.

    Sources of several sites are ingested at the same time, each site in a process of its own, because most of the time
    of a source is waiting for its host. Then follow the sources of this machine, which may ask for pages of the others.
    """
    started_at = workspace.settings.now()
    done: dict[str, IngestResult | NewsError] = {}
    keys = source_keys if earlier is None else earlier.unfinished
    ingest_each = partial(_ingest_each, workspace, day=day, run_id=run_id, slice_seconds=slice_seconds)
    sites = _sites(workspace, keys) if workspace.settings.run_workers != 1 else []
    if len(sites) > 1:
        report_progress(f"listing and fetching {pluralize(sum(map(len, sites)), 'source')} of {len(sites)} sites")
        done |= _ingest_sites(workspace, sites, day=day, run_id=run_id, count_pages=count_pages)
    for key in keys:
        if key in done:
            continue
        listed = listable_days(workspace.sources.named(key), now=started_at)
        report_progress(
            f"listing and fetching {key}" if day in listed else f"{key}: {listed.note}; fetching waiting pages of {day}"
        )
        done |= ingest_each(source_keys=[key], count_pages=count_pages)
    ended = [each for each in done.values() if isinstance(each, IngestResult)]
    reports = [each.report for each in ended] + ([] if earlier is None else [earlier.report])
    work = StageReport.merged("ingest", run_id, reports).work
    logged = [*source_keys, *(key for each in ended for key in each.others)]
    logged += () if earlier is None else [each.source_key for each in earlier.outcomes]
    finished = finish_ingest(
        workspace,
        source_keys=list(dict.fromkeys(logged)),
        work=dict(work),
        run_id=run_id,
        kind="manual",
        started_at=started_at,
    )
    unfinished = tuple(key for key, each in done.items() if isinstance(each, IngestResult) and each.is_unfinished)
    received = sum(each.received for each in ended)
    errors, failures = _failures_in({key: done[key] for key in keys})
    return replace(finished, unfinished=unfinished, received=received, errors=errors, failures=failures)


def _failures_in(done: Mapping[str, IngestResult | NewsError]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ``errors`` and ``failures`` of a summary."""
    ends = ((key, each.error if isinstance(each, IngestResult) else each) for key, each in done.items())
    failed = [(key, error) for key, error in ends if error is not None]
    errors = tuple(f"source {key}: {error}" for key, error in failed)
    return errors, tuple(f"source {key}: {error.reason}" for key, error in failed)


def _sites(workspace: Workspace, source_keys: Sequence[str]) -> list[list[str]]:
    """Return the online sources by site: sources of one site may list the same pages, so they follow each other."""
    sites: dict[str, list[str]] = {}
    for key in source_keys:
        source = workspace.sources.named(key)
        if source.is_online:
            port = urlsplit(source.location).port
            sites.setdefault(f"{domain_of(source.location)} {port}", []).append(key)
    return list(sites.values())


def _ingest_sites(
    workspace: Workspace, sites: Sequence[Sequence[str]], *, day: date, run_id: str, count_pages: CountCallback
) -> dict[str, IngestResult | NewsError]:
    counts = CountSum(count_pages, total=None)
    done: dict[str, IngestResult | NewsError] = {}
    with WorkerPool(workspace.settings, size=min(len(sites), workspace.settings.fetch_threads)) as pool:
        jobs = [partial(_ingest_each, source_keys=keys, day=day, run_id=run_id) for keys in sites]
        futures = [pool.submit(job, count_pages=counts.of(number)) for number, job in enumerate(jobs)]
        for keys, future in zip(sites, futures, strict=True):
            got = run_isolated(future.result, key=f"sources {', '.join(keys)}")
            done |= dict.fromkeys(keys, got) if isinstance(got, NewsError) else got
    return done


def _ingest_each(
    workspace: Workspace,
    /,
    *,
    source_keys: Sequence[str],
    day: date,
    run_id: str,
    count_pages: CountCallback,
    slice_seconds: float | None = None,
) -> dict[str, IngestResult | NewsError]:
    """Ingest some sources, one after the other."""
    return {
        key: run_isolated(
            partial(
                ingest,
                workspace,
                source_key=key,
                day=day,
                run_id=run_id,
                count_pages=count_pages,
                slice_seconds=slice_seconds,
            ),
            key=f"source {key}",
        )
        for key in source_keys
    }


def finish_ingest(
    workspace: Workspace,
    *,
    source_keys: Sequence[str],
    work: Mapping[str, int],
    run_id: str,
    kind: RunKind,
    started_at: datetime,
) -> IngestSummary:
    """Summarize a run from the log and the archive, including failed attempts and sources; log the run."""
    outcomes = logged_outcomes(workspace, batch_ids=[batch_of(key, run_id=run_id) for key in source_keys])
    days = {day for key in source_keys for day in workspace.archive.days_of_run(source_key=key, run_id=run_id)}
    summary = StageReport.of("ingest", run_id, outcomes, days=days, work=work)
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts=run_counts(summary),
        days=summary.days,
        versions=versions_of(workspace.settings),
    )
    return IngestSummary(summary, outcomes)


@dataclass(frozen=True, slots=True)
class DayReading:
    """A news day that workers derive: one future per chunk."""

    day: date
    chunks: tuple[Future[DeriveReport], ...]

    @property
    def waiting(self) -> int:
        """The number of chunks that are not ready."""
        return sum(not each.done() for each in self.chunks)


def start_reading(
    pool: WorkerPool, *, day: date, run_id: str, articles: int, count_pages: CountCallback = count_nothing
) -> DayReading:
    """Let workers derive a news day, of which ``articles`` are to derive; ``extract_day`` commits it."""
    pieces = max(1, min(pool.size, articles // _MIN_ARTICLES), -(-articles // _MAX_ARTICLES))
    counts = CountSum(count_pages, total=articles)
    jobs = [partial(derive, day=day, run_id=run_id, chunk=number, chunks=pieces) for number in range(pieces)]
    return DayReading(day, tuple(pool.submit(job, count_pages=counts.of(job)) for job in jobs))


def extract_day(
    workspace: Workspace,
    *,
    day: date,
    run_id: str,
    report_progress: ProgressCallback,
    count_pages: CountCallback = count_nothing,
    reading: DayReading | None = None,
) -> DayCommit:
    """Derive, commit and cluster one news day. Without a ``reading`` of the same run, derive it in this process."""
    derived = derive_day(
        workspace, day=day, run_id=run_id, report_progress=report_progress, count_pages=count_pages, reading=reading
    )
    return commit_together(workspace, [derived], report_progress=report_progress)[day]


def derive_day(
    workspace: Workspace,
    *,
    day: date,
    run_id: str,
    report_progress: ProgressCallback,
    count_pages: CountCallback = count_nothing,
    reading: DayReading | None = None,
) -> DerivedDay:
    """Derive one news day. Without a ``reading`` of the same run, do it in this process."""
    started_at = workspace.settings.now()
    report_progress(f"reading articles of {day}")
    if reading is None:
        chunks = [derive(workspace, day=day, run_id=run_id, count_pages=count_pages)]
    else:
        chunks = results_of(reading.chunks)
    seconds = (workspace.settings.now() - started_at).total_seconds()
    return DerivedDay(day=day, run_id=run_id, started_at=started_at, chunks=chunks, seconds=seconds)


def commit_together(
    workspace: Workspace, days: Sequence[DerivedDay], *, report_progress: ProgressCallback
) -> dict[date, DayCommit]:
    """Commit some news days in one commit and cluster them, so that the files of a closed month are written once."""
    first, last = days[0].day, days[-1].day
    report_progress(f"committing {first}" if first == last else f"committing {first} to {last}")
    done = commit_days(workspace, days, kind="manual")
    changed = (changed_days(workspace, news_day=day, days=each.days) for day, each in done.items())
    cluster(workspace, news_day=last, days={day for those in changed for day in those})
    return done
