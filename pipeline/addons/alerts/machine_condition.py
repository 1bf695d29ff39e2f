"""Alerts on the machine: little free disk space, and a damaged lake or archive."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.rules import MachineRule
from newslake.pipeline.jobs.inventory import missing_stores
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import connect, query

# The row of a maintenance run has the count "verified" only if its task verify had no problem to report.
_LAST_MAINTENANCE = """\
SELECT run_id, committed_at, counts FROM runs
WHERE starts_with(run_id, 'news_maintain.') AND status = 'done' ORDER BY committed_at DESC LIMIT 1"""


def check_machine(workspace: Workspace, rule: MachineRule) -> AlertCheck:
    """Return one item per state of the machine that is wrong."""
    items = [
        *(_disk(workspace.settings.data_dir, rule.disk_free_gb) if "disk" in rule.states else ()),
        *(_damage(workspace) if "verify" in rule.states else ()),
    ]
    return AlertCheck(rule=rule.policy.rule, kind="state", items=tuple(items))


def _disk(root: Path, least_gb: float) -> Iterator[AlertItem]:
    free_gb = shutil.disk_usage(root).free / 1e9
    if free_gb < least_gb:
        yield AlertItem(
            key="disk",
            title=f"{free_gb:.1f} GB of disk space are free, fewer than {least_gb:g} GB",
            detail=f"Free some space on the disk of {root.resolve()}; a run stops when it is full.",
            command="newslake doctor",
        )


def _damage(workspace: Workspace) -> Iterator[AlertItem]:
    """Yield the missing stores; without any, the last maintenance run if its verification failed."""
    missing = missing_stores(workspace.settings)
    for name, sentence in missing.items():
        yield AlertItem(key=f"missing:{name}", title=f"{name} is missing", detail=sentence, command="newslake doctor")
    if missing:
        return
    for row in query(connect(workspace.place), _LAST_MAINTENANCE).records():
        if "verified" not in json.loads(str(row["counts"])):
            yield AlertItem(
                key="verify",
                title="the last maintenance run could not verify the lake and the archive",
                detail=f"Run {row['run_id']}: read the log of its task verify.",
                command="newslake lake verify",
                at=row["committed_at"],  # type: ignore[arg-type]
            )
