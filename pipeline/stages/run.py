"""One day from discovery to tables, without Airflow: the same stages in the same order."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from pipeline.model import StageReport
from pipeline.model.outcome import RunKind
from pipeline.stages.cluster import cluster
from pipeline.stages.commit import Committed, commit
from pipeline.stages.derive import DeriveReport, derive
from pipeline.stages.ingest import ingest
from pipeline.stages.log_rows import append_run
from pipeline.stages.reading import version_of
from pipeline.stages.workspace import Workspace
from pipeline.tables import SCHEMA_VERSION

Told = Callable[[str], None]


def ingest_sources(
    workspace: Workspace, *, source_keys: Sequence[str], day: date, run_id: str, tell: Told
) -> StageReport:
    """Ingest some sources one after the other; return one report with every news day to derive."""
    started_at = workspace.settings.now()
    reports = []
    for key in source_keys:
        tell(f"listing and fetching {key}")
        reports.append(ingest(workspace, source_key=key, day=day, run_id=run_id))
    return finish_ingest(workspace, reports=reports, run_id=run_id, kind="manual", started_at=started_at)


def finish_ingest(
    workspace: Workspace, *, reports: Sequence[StageReport], run_id: str, kind: RunKind, started_at: datetime
) -> StageReport:
    """Sum the sources' reports and write the run's row."""
    summary = StageReport.merged("ingest", run_id, reports)
    counts: dict[str, object] = {"discovered": summary.discovered, **dict(summary.outcomes)}
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts=counts,
        days=summary.days,
        versions={"schema": SCHEMA_VERSION},
    )
    return summary


def finish_extract(  # noqa: PLR0913 - what a run is: who, when, why, and what it is made of
    workspace: Workspace,
    *,
    derived: Sequence[StageReport],
    batch_ids: Sequence[str],
    day: date,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
) -> tuple[StageReport, Committed]:
    """Commit what the chunks of a day staged, sum their reports and write the run's row."""
    done = commit(workspace, batch_ids=batch_ids, day=day, run_id=run_id)
    summary = StageReport.merged("extract", run_id, [*derived, done.report])
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts={
            "discovered": summary.discovered,
            **dict(summary.outcomes),
            "files_changed": done.files_changed,
            "rows": done.rows,
        },
        days=done.days,
        versions={"pipeline": version_of(workspace.settings), "schema": SCHEMA_VERSION},
    )
    return summary, done


def extract_day(workspace: Workspace, *, day: date, run_id: str, tell: Told) -> tuple[StageReport, Committed]:
    """Derive, commit and cluster one news day in this process."""
    started_at = workspace.settings.now()
    tell(f"reading articles of {day}")
    derived: DeriveReport = derive(workspace, day=day, run_id=run_id)
    tell(f"committing {day}")
    summary, done = finish_extract(
        workspace,
        derived=[derived.report],
        batch_ids=[derived.batch_id] if derived.batch_id else [],
        day=day,
        run_id=run_id,
        kind="manual",
        started_at=started_at,
    )
    cluster(workspace, news_day=day, days=done.days)
    return summary, done
