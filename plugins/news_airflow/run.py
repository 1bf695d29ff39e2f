"""The one call from a task into a stage, and what an error means to Airflow."""

import logging
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowException, AirflowFailException

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
    """Run one stage of ``pipeline.stages.tasks`` with JSON-able arguments; return its JSON-able result.

    An error whose disposition is "retry" fails the task for its next try; any other fails it for good.
    """
    from pipeline.errors import NewsError
    from pipeline.stages import tasks

    logging.getLogger("pipeline").setLevel(logging.INFO)
    try:
        return tasks.TASKS[stage](**given)
    except NewsError as error:
        verdict = AirflowException if error.disposition == "retry" else AirflowFailException
        raise verdict(f"{stage}: {error}") from error
