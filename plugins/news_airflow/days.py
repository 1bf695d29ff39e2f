"""The news day of a run, from one place."""

from datetime import date
from typing import Any


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
