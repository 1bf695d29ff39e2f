"""The stages as an orchestrator calls them: JSON-able arguments in, small JSON-able results out.

``TASKS`` is the whole interface between Airflow and this package.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pipeline.errors import LakeError
from pipeline.model import StageReport
from pipeline.model.outcome import RunKind
from pipeline.settings import Settings
from pipeline.stages import cluster as clustering
from pipeline.stages import derive as deriving
from pipeline.stages import ingest as ingesting
from pipeline.stages import run
from pipeline.stages.workspace import Workspace


def _open() -> Workspace:
    return Workspace(Settings.load())


def sources() -> list[str]:
    """Return the keys of all sources."""
    return [source.key for source in _open().sources.sources]


def ingest(*, source_key: str, day: date, run_id: str) -> dict[str, object]:
    """Discover, fetch and archive one source; return its report."""
    return ingesting.ingest(_open(), source_key=source_key, day=day, run_id=run_id).as_dict()


def finish_ingest(
    *, reports: Sequence[Mapping[str, Any]], run_id: str, kind: RunKind, started_at: datetime
) -> dict[str, object]:
    """Return the sum of the sources' reports; ``days`` are the news days to derive."""
    workspace = _open()
    parsed = [StageReport.from_dict(report) for report in reports]
    started_at = workspace.settings.frozen_now or started_at
    return run.finish_ingest(workspace, reports=parsed, run_id=run_id, kind=kind, started_at=started_at).as_dict()


def plan_chunks(*, day: date) -> list[dict[str, int]]:
    """Return the pieces that a day is derived in, at least one."""
    return deriving.plan_chunks(_open(), day=day)


def derive(*, day: date, run_id: str, chunk: int, chunks: int) -> dict[str, object]:
    """Derive one piece of a day; return its report with the staged ``batch_id`` or None."""
    done = deriving.derive(_open(), day=day, run_id=run_id, chunk=chunk, chunks=chunks)
    return {**done.report.as_dict(), "batch_id": done.batch_id}


def commit(
    *, reports: Sequence[Mapping[str, Any]], day: date, run_id: str, kind: RunKind, started_at: datetime
) -> dict[str, object]:
    """Commit what the pieces staged; return the run's counts, rows by table and changed days."""
    workspace = _open()
    summary, done = run.finish_extract(
        workspace,
        derived=[StageReport.from_dict(report) for report in reports],
        batch_ids=[report["batch_id"] for report in reports if report["batch_id"]],
        day=day,
        run_id=run_id,
        kind=kind,
        started_at=workspace.settings.frozen_now or started_at,
    )
    days = [changed.isoformat() for changed in done.days]
    return {**summary.as_dict(), "rows": done.rows, "files_changed": done.files_changed, "days": days}


def cluster(*, day: date, days: Sequence[str]) -> dict[str, object]:
    """Write the cluster tables that a change of these published days, or of this news day, can reach."""
    changed = [date.fromisoformat(each) for each in days]
    return {"files_changed": clustering.cluster(_open(), news_day=day, days=changed)}


def recover() -> dict[str, object]:
    """Finish what dead processes left in archive and lake."""
    workspace = _open()
    return {"archive": str(workspace.archive.recover()), "lake": str(workspace.lake.recover())}


def verify() -> dict[str, object]:
    """Check every table file. Raises: LakeError naming the first problems."""
    problems = _open().lake.verify()
    if problems:
        raise LakeError(f"{len(problems)} problems, first: {'; '.join(problems[:5])}; run `newslake lake recover`")
    return {"problems": 0}


def collect_garbage() -> dict[str, object]:
    """Delete objects that no manifest names and that are older than the grace."""
    return {"removed": str(_open().lake.gc())}


TASKS: dict[str, Callable[..., Any]] = {
    "sources": sources,
    "ingest": ingest,
    "finish_ingest": finish_ingest,
    "plan_chunks": plan_chunks,
    "derive": derive,
    "commit": commit,
    "cluster": cluster,
    "recover": recover,
    "verify": verify,
    "collect_garbage": collect_garbage,
}
