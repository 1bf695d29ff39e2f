"""The log tables: what became of each page, what each run did."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from pipeline.jobs.workspace import Workspace
from pipeline.model import Outcome, StageReport
from pipeline.model.outcome import RunKind
from pipeline.tables import rows_table, table_named


def batch_of(source_key: str, *, run_id: str) -> str:
    """Return the name under which a run's outcomes of a source are logged."""
    return f"{run_id}.{source_key}"


def append_outcomes(workspace: Workspace, outcomes: Sequence[Outcome], *, batch_id: str) -> None:
    """Append outcomes under a batch's name; the same batch again overwrites itself, also with none."""
    table = rows_table(table_named("outcomes"), [asdict(outcome) for outcome in outcomes])
    workspace.lake.log.append("outcomes", batch_id, table)


def logged_outcomes(workspace: Workspace, *, batch_ids: Iterable[str]) -> tuple[Outcome, ...]:
    """Return the outcomes that were appended under some batches' names."""
    return tuple(Outcome(**row) for row in workspace.lake.log.read_batches("outcomes", batch_ids).to_pylist())


def run_counts(summary: StageReport) -> dict[str, object]:
    """Return what the row of a run says of its pages and its work."""
    return {"discovered": summary.discovered, **dict(summary.outcomes), **dict(summary.work)}


def append_run(  # noqa: PLR0913 - the columns of one row
    workspace: Workspace,
    *,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
    counts: Mapping[str, object],
    days: Sequence[date],
    versions: Mapping[str, object],
) -> None:
    """Append the row of a finished run; the same run again overwrites it."""
    row = {
        "run_id": run_id,
        "kind": kind,
        "status": "done",
        "started_at": started_at,
        "committed_at": workspace.settings.now(),
        "counts": json.dumps(counts, sort_keys=True),
        "days_touched": [day.isoformat() for day in days],
        "versions": json.dumps(versions, sort_keys=True),
    }
    workspace.lake.log.append("runs", run_id, rows_table(table_named("runs"), [row]))
