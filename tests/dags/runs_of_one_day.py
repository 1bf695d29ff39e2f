"""`python -m tests.dags.runs_of_one_day DAY`: run the four DAGs in process, as tasks of Airflow do it.

Prints a JSON object: the states of the runs, and the modules of OpenTelemetry and OpenLineage that were loaded.
"""

import json
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from airflow.utils.db import initdb

LIBRARIES = ("opentelemetry.sdk.metrics", "opentelemetry.exporter", "openlineage.client")


def main(day: str) -> None:
    """Run each DAG once. Metrics are set up as the process of a task does, and sent at its end."""
    initdb()
    legacy = conf.getboolean("metrics", "legacy_names_on")
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=legacy)
    bag = DagBag()
    states = {}
    for dag_id, run_conf in (
        ("news_ingest", {"day": day}),
        ("news_extract", {"day": day}),
        ("news_inbox", None),
        ("news_maintain", None),
    ):
        states[dag_id] = str(bag.dags[dag_id].test(run_conf=run_conf).state)
    loaded = sorted(name for name in LIBRARIES if name in sys.modules)
    sys.stdout.write("\n" + json.dumps({"states": states, "loaded": loaded}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
