"""The one call from a task into a stage, and how a run is named in the tables."""

import logging
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException

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
