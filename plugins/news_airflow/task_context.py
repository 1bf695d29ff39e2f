"""The context of a task: the news day and the id of its run, the call of a stage, and the sources that are late."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException

from news_airflow.assets import RAW
from news_airflow.metrics import measure_freshness

log = logging.getLogger(__name__)

RUN_KINDS = {name: name for name in ("scheduled", "backfill", "manual")}


def day_of(dag_run: Any) -> date:
    """Return the news day of a run: its partition key, else ``conf["day"]`` (YYYY-MM-DD), which `DAY_PARAM` fills in.

    In-process runs have no partition key. Never use run_after or run_id: in a backfill they have other days.

    Raises: AirflowFailException if the run has no day, or not a day: another try would not find one.
    """
    day: Any = dag_run.partition_key or (dag_run.conf or {}).get("day")
    try:
        return date.fromisoformat(day)
    except (ValueError, TypeError):
        problem = "it has none" if day is None else f"{day!r} is not a day"
        fail(
            f'{dag_run.dag_id} needs a news day, and {problem}. Trigger it again and fill in the field "News day", or '
            'give the configuration {"day": "2026-03-04"}, or over REST that day as partition_key'
        )


def run_id_of(dag_run: Any) -> str:
    """Return the run's id in the tables: Airflow's ids are unique only within one DAG."""
    return f"{dag_run.dag_id}.{dag_run.run_id}"


def origin_of(dag_run: Any) -> dict[str, Any]:
    """Return the id, start time and kind of a run, as columns of the ``runs`` table.

    A run that an asset event started is of kind "signal".
    """
    kind = RUN_KINDS.get(str(getattr(dag_run.run_type, "value", dag_run.run_type)), "signal")
    return {"run_id": run_id_of(dag_run), "started_at": dag_run.start_date, "kind": kind}


def fail(message: str) -> NoReturn:
    """Fail the task without a retry."""
    raise AirflowFailException(message)


def announce_days(days: Sequence[str], extra: Mapping[str, Any], *, outlet_events: Any, ti: Any) -> None:
    """Let a task with the outlet ``RAW`` announce days, each with ``extra``; without a day, let it announce nothing.

    A success emits an event per outlet, also if the task has set none: an event without a day, which could start no
    DAG. So without a day, this try of the task has no outlet. ``ti.task`` is a copy for this try.
    """
    if days:
        outlet_events[RAW].extra = dict(extra)
        outlet_events[RAW].add_partitions(days)
    else:
        log.info("no day is announced")
        ti.task.outlets = []


def run_stage(stage: str, **arguments: Any) -> Any:
    """Run one stage of ``news_airflow.tasks``. Arguments and result are JSON values.

    ``defaults.RETRY_POLICY`` decides which errors are retried.
    """
    from news_airflow import tasks

    logging.getLogger("newslake").setLevel(logging.INFO)
    return tasks.TASKS[stage](**arguments)


def read_freshness() -> tuple[tuple[Any, ...], str | None]:
    """Return the freshness of the sources, and send their ages if metrics are on.

    If the tables cannot be read, return the error as text: what the task has done must still be announced.
    """
    from newslake.pipeline.addon_registry import load_addons
    from newslake.pipeline.addons.operate.freshness import freshness
    from newslake.pipeline.errors import LakeError, StoreError
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings

    if "operate" not in load_addons().names:
        return (), None
    workspace = Workspace(Settings.load())
    try:
        sources = freshness(workspace)
    except (LakeError, StoreError) as error:
        log.error("freshness of the sources is not known: %s", error)
        return (), str(error)
    measure_freshness(sources, now=workspace.settings.now())
    return sources, None


def report_late_sources() -> dict[str, Any]:
    """Log a warning per source that is late or stale; return ``late``, a list of JSON objects, for an asset event."""
    sources, error = read_freshness()
    late = [each for each in sources if each.is_late]
    for each in late:
        log.warning("%s", each.line)
    return {
        "late": [
            {
                "source_key": each.source_key,
                "status": each.status,
                "cause": each.cause,
                "since": None if each.since is None else each.since.isoformat(),
                "line": each.line,
            }
            for each in late
        ],
        "error": error,
    }


def run_alerts(step: str) -> Any:
    """Run one step of the alerts. A rule of alerts.toml that is wrong fails the task without a retry.

    Without the add-on alerts (NEWS_ADDONS), log that and do nothing.
    """
    from newslake.pipeline.addon_registry import load_addons

    if "alerts" not in load_addons().names:
        log.info("the add-on alerts is not loaded (NEWS_ADDONS): no rule is checked, no message is sent")
        return None
    from newslake.pipeline.addons.alerts import tasks

    logging.getLogger("newslake").setLevel(logging.INFO)
    return tasks.TASKS[step]()


def record_failure(context: Any) -> None:
    """Log in the ``runs`` table that a task failed for the last time, so that an alert can report it.

    The message of the error is left out: it may quote a page, and a takedown does not reach it.
    """
    dag_run, task = context["dag_run"], context["task_instance"]
    place = task.task_id if task.map_index < 0 else f"{task.task_id}.{task.map_index}"
    origin = origin_of(dag_run) | {"run_id": f"{run_id_of(dag_run)}.{place}"}
    cause = type(context.get("exception")).__name__
    run_stage("record_failure", error=f"task {place} failed ({cause}); read its log", **origin)
