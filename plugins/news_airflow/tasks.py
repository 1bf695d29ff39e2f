"""The jobs as Airflow calls them: JSON-able arguments in, small JSON-able results out.

``TASKS`` is the whole interface between Airflow and this package.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from news_airflow import polls as triggers
from newslake.pipeline.errors import LakeError, NewsError
from newslake.pipeline.jobs import cluster as cluster_job
from newslake.pipeline.jobs import derive as derive_job
from newslake.pipeline.jobs import ingest as ingest_job
from newslake.pipeline.jobs import run, worklist
from newslake.pipeline.jobs.broken_items import broken_items_error
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.outcomes import append_failure
from newslake.pipeline.jobs.runtimes import expected_seconds, launcher_of, read_history
from newslake.pipeline.jobs.summary import summarize, summary_lines, unlisted_lines
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import StageReport, pluralize
from newslake.pipeline.model.outcome import RunKind
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep import maintenance

log = logging.getLogger(__name__)


_SLICES = 30  # in one task, which delays no other source except for the next folder


def _open() -> Workspace:
    return Workspace(Settings.load())


def triggered_sources(*, event_extras: Sequence[Mapping[str, Any]], group: triggers.SourceGroup) -> list[str]:
    """Return the keys of the sources of one group that the events name; without events, those of all its sources."""
    return triggers.triggered_sources(_open().sources.sources, event_extras=event_extras, group=group)


def ingest(*, source_key: str, day: date | None, run_id: str) -> dict[str, object]:
    """Discover, fetch and archive one source for a day; return its report.

    Without a day, it lists what is new now: it skips a source that another run has, and only reports a source that
    cannot be listed, because the next sweep tries again. That sweep also reads on in a folder that takes long; in an
    inbox, the run of the next signal does, which comes at once.
    Raises: NewsError if the source cannot be listed for its day, after everything else is done.
    """
    workspace = _open()
    today = workspace.settings.now().date()
    is_of_day = workspace.sources.named(source_key).kind == "cc_news"  # no later task lists the files of this day
    done = ingest_job.ingest(
        workspace,
        source_key=source_key,
        day=day or today,
        run_id=run_id,
        waits=day is not None,
        slice_seconds=None if is_of_day else workspace.settings.file_slice_seconds * _SLICES,
    )
    if done.error is not None and day is not None:
        raise done.error
    return {**done.report.as_dict(), "received": done.received}


def finish_ingest(
    *, reports: Sequence[Mapping[str, Any]], run_id: str, kind: RunKind, started_at: datetime
) -> dict[str, object]:
    """Return the summed report of all sources, including failed ones; ``days`` are the news days to derive.

    ``broken`` is the message with which the run must fail after it announced them, or None.
    """
    workspace = _open()
    parsed = [StageReport.from_dict(report) for report in reports]
    done = run.finish_ingest(
        workspace,
        source_keys=[source.key for source in workspace.sources.sources],
        work=dict(StageReport.merged("ingest", run_id, parsed).work),
        run_id=run_id,
        kind=kind,
        started_at=workspace.settings.frozen_now or started_at,
    )
    summary = summarize(ingested=done.outcomes, fetched=sum(report.get("received", 0) for report in reports))
    log.info("%s", "\n".join(summary_lines(summary, label=run_id)))
    for line in unlisted_lines(summary):
        log.warning("%s", line)
    return {**done.report.as_dict(), "broken": _message_of(broken_items_error(workspace, done.outcomes))}


def plan_chunks(*, day: date) -> list[dict[str, int]]:
    """Return the chunks in which a day is derived, at least one."""
    return derive_job.plan_chunks(_open(), day=day)


def derive(*, day: date, run_id: str, chunk: int, chunks: int) -> dict[str, object]:
    """Derive one chunk of a day; return its report with the staged ``batch_ids``."""
    done = derive_job.derive(_open(), day=day, run_id=run_id, chunk=chunk, chunks=chunks)
    return {**done.report.as_dict(), "batch_ids": list(done.batch_ids)}


def commit(
    *, reports: Sequence[Mapping[str, Any]], day: date, run_id: str, kind: RunKind, started_at: datetime
) -> dict[str, object]:
    """Commit the staged chunks; return the run's counts, rows per table, changed days and duration.

    ``seconds`` count from the start of the run; without a history of such runs, ``expected_seconds`` is null.
    ``broken`` is the message with which the run must fail after everything else is done, or None.
    """
    workspace = _open()
    history = read_history(workspace)
    started = workspace.settings.frozen_now or started_at
    derived = [derive_job.DeriveReport(StageReport.from_dict(report), tuple(report["batch_ids"])) for report in reports]
    done = commit_day(workspace, derived=derived, day=day, run_id=run_id, kind=kind, started_at=started)
    articles = sum(dict(done.report.work).values())
    expected = expected_seconds(history, launcher=launcher_of(run_id), articles=articles)
    seconds = (workspace.settings.now() - started).total_seconds()
    took = f"{seconds:.0f} s" + ("" if expected is None else f", {expected:.0f} s expected")
    log.info("%s", "\n".join(summary_lines(summarize(extracted=done.outcomes), label=day.isoformat(), took=took)))
    return {
        **done.report.as_dict(),
        "rows": done.rows,
        "files_changed": done.files_changed,
        "days": [changed.isoformat() for changed in done.days],
        "seconds": seconds,
        "expected_seconds": expected,
        "broken": _message_of(broken_items_error(workspace, done.outcomes)),
    }


def _message_of(error: NewsError | None) -> str | None:
    return None if error is None else str(error)


def cluster(*, day: date, days: Sequence[str]) -> dict[str, object]:
    """Write the cluster tables that a change of some published days or of a news day can reach."""
    changed = [date.fromisoformat(each) for each in days]
    return {"files_changed": cluster_job.cluster(_open(), news_day=day, days=changed)}


def recover() -> dict[str, object]:
    """Finish the work that dead processes left in archive and lake; return sentences about it."""
    return {"repaired": [line for part in maintenance.repair(_open()).values() for line in part]}


def verify() -> dict[str, object]:
    """Check every byte of the lake, and the rows and records of yesterday and of one in 28 of the other days.

    Raises: LakeError naming the first problems.
    """
    workspace = _open()
    done = maintenance.verify(workspace, reads=maintenance.nightly_share(workspace.settings.now().date()))
    if done.problems:
        raise LakeError(f"{pluralize(len(done.problems), 'problem')}, first: {'; '.join(done.problems[:5])}")
    return {"problems": 0, "verified": done.counts}


def relate() -> dict[str, object]:
    """Write the cluster tables that recent runs may have left stale."""
    workspace = _open()
    return {"files_related": maintenance.relate_recent(workspace, day=_yesterday(workspace))}


def unprocessed_days() -> list[str]:
    """Return the news days with archived pages that were never derived."""
    return [day.isoformat() for day in worklist.unprocessed_days(_open())]


def compact() -> dict[str, object]:
    """Make one file per table of the months that are quiet, and remove old months of the log; return what was done."""
    return {name: list(lines) for name, lines in maintenance.compact_quiet(_open()).items()}


def collect_garbage() -> dict[str, object]:
    """Delete files that nothing needs and that are older than the grace period."""
    garbage = _open().lake.gc()
    return {"files_removed": garbage.removed, "files_waiting": garbage.waiting}


def report(
    *, done: Sequence[Mapping[str, Any]], run_id: str, kind: RunKind, started_at: datetime, late: Sequence[str] = ()
) -> dict[str, object]:
    """Do the nightly work of the add-ons, which warns of sources with few pages; return the run's counts.

    ``late`` are sentences about sources that are late or stale, for the row of the run.
    """
    workspace = _open()
    return maintenance.finish_upkeep(
        workspace,
        done={name: value for part in done for name, value in part.items()},
        day=_yesterday(workspace),
        run_id=run_id,
        kind=kind,
        started_at=workspace.settings.frozen_now or started_at,
        late=late,
    )


def record_failure(*, run_id: str, kind: RunKind, started_at: datetime | None, error: str) -> None:
    """Log that a task failed for the last time, so that an alert can report it."""
    workspace = _open()
    now = workspace.settings.now()
    append_failure(workspace, run_id=run_id, kind=kind, started_at=started_at or now, errors=[error])


def _yesterday(workspace: Workspace) -> date:
    return (workspace.settings.now() - timedelta(days=1)).date()


TASKS: dict[str, Callable[..., Any]] = {
    "triggered_sources": triggered_sources,
    "ingest": ingest,
    "finish_ingest": finish_ingest,
    "plan_chunks": plan_chunks,
    "derive": derive,
    "commit": commit,
    "cluster": cluster,
    "recover": recover,
    "verify": verify,
    "relate": relate,
    "compact": compact,
    "collect_garbage": collect_garbage,
    "unprocessed_days": unprocessed_days,
    "report": report,
    "record_failure": record_failure,
}
