"""Run one day from discovery to tables without Airflow: the same jobs in the same order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from pipeline.boundary import run_isolated
from pipeline.errors import NewsError
from pipeline.jobs.cluster import cluster
from pipeline.jobs.commit import DayCommit, commit_day
from pipeline.jobs.derive import derive
from pipeline.jobs.ingest import IngestResult, ingest
from pipeline.jobs.outcomes import append_run, batch_of, logged_outcomes, run_counts
from pipeline.jobs.pipeline_version import versions_of
from pipeline.jobs.workspace import CountCallback, ProgressCallback, Workspace, count_nothing
from pipeline.model import Outcome, StageReport
from pipeline.model.outcome import RunKind
from pipeline.sources import listable_days


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """One report of some sources with every news day to derive, its outcomes, and why sources could not be listed.

    ``received`` counts the pages that came over HTTP.
    """

    report: StageReport
    outcomes: tuple[Outcome, ...]
    received: int = 0
    errors: tuple[str, ...] = ()


def ingest_sources(
    workspace: Workspace,
    *,
    source_keys: Sequence[str],
    day: date,
    run_id: str,
    report_progress: ProgressCallback,
    count_pages: CountCallback = count_nothing,
) -> IngestSummary:
    """Ingest some sources, one after the other; a source that cannot be listed does not stop the others."""
    started_at = workspace.settings.now()
    done: dict[str, IngestResult | NewsError] = {}
    for key in source_keys:
        listed = listable_days(workspace.sources.named(key), now=started_at)
        report_progress(
            f"listing and fetching {key}" if day in listed else f"{key}: {listed.note}; fetching waiting pages of {day}"
        )
        done[key] = run_isolated(
            partial(ingest, workspace, source_key=key, day=day, run_id=run_id, count_pages=count_pages),
            key=f"source {key}",
        )
    ended = [each for each in done.values() if isinstance(each, IngestResult)]
    work = StageReport.merged("ingest", run_id, [each.report for each in ended]).work
    keys = list(dict.fromkeys([*source_keys, *(key for each in ended for key in each.others)]))
    finished = finish_ingest(
        workspace, source_keys=keys, work=dict(work), run_id=run_id, kind="manual", started_at=started_at
    )
    errors = ((key, each.error if isinstance(each, IngestResult) else each) for key, each in done.items())
    return replace(
        finished,
        received=sum(each.received for each in ended),
        errors=tuple(f"source {key}: {error}" for key, error in errors if error is not None),
    )


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


def extract_day(
    workspace: Workspace,
    *,
    day: date,
    run_id: str,
    report_progress: ProgressCallback,
    count_pages: CountCallback = count_nothing,
) -> DayCommit:
    """Derive, commit and cluster one news day in this process."""
    started_at = workspace.settings.now()
    report_progress(f"reading articles of {day}")
    derived = derive(workspace, day=day, run_id=run_id, count_pages=count_pages)
    report_progress(f"committing {day}")
    done = commit_day(workspace, derived=[derived], day=day, run_id=run_id, kind="manual", started_at=started_at)
    cluster(workspace, news_day=day, days=done.days)
    return done
