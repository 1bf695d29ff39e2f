"""The one call from a task into a stage, and how a run is named in the tables."""

import logging
from datetime import date
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException

# The news day of a run, from one place.


def day_of(dag_run: Any) -> date:
    """Return the news day that a run is for: its partition key, else ``conf["day"]`` (YYYY-MM-DD).

    Never from run_after or run_id: in a backfill these say something else. In process there is no key.

    Raises: ValueError when the run names no day.
    """
    day = dag_run.partition_key or (dag_run.conf or {}).get("day")
    if day is None:
        raise ValueError(
            f"run {dag_run.run_id!r} has no partition key: trigger it with a key or with conf {{'day': 'YYYY-MM-DD'}}"
        )
    return date.fromisoformat(day)


RUN_KINDS = {name: name for name in ("scheduled", "backfill", "manual")}


def run_id_of(dag_run: Any) -> str:
    """Return the run's name in the tables: Airflow's ids are unique in one DAG only."""
    return f"{dag_run.dag_id}.{dag_run.run_id}"


def origin_of(dag_run: Any) -> dict[str, Any]:
    """Return which run it is, when it started and what started it, in the words of the ``runs`` table.

    A run that an asset's event started is a signal's.
    """
    kind = RUN_KINDS.get(str(getattr(dag_run.run_type, "value", dag_run.run_type)), "signal")
    return {"run_id": run_id_of(dag_run), "started_at": dag_run.start_date, "kind": kind}


def fail(message: str) -> NoReturn:
    """Fail the task for good: trying again would not help."""
    raise AirflowFailException(message)


def run_stage(stage: str, **given: Any) -> Any:
    """Run one stage of ``pipeline.jobs.tasks`` with JSON-able arguments; return its JSON-able result.

    What an error means, another try or none, ``defaults.RETRY_POLICY`` says.
    """
    from pipeline.jobs import tasks

    logging.getLogger("pipeline").setLevel(logging.INFO)
    return tasks.TASKS[stage](**given)
