"""News of a day: list, fetch and archive what every source has. One run is one UTC day, one mapped branch a source.

Re-run: safe, an unchanged page changes nothing. Backfill: safe, the archive is read first.
Announces `raw_articles` for its own day and every news day that it archived something for; a source that fails holds
back no other, and the run is red.
"""

from airflow.sdk import DAG, CronPartitionTimetable, task
from news_airflow.assets import RAW
from news_airflow.days import day_of
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.run import fail, origin_of, run_id_of, run_stage

with DAG(
    "news_ingest",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=START,
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake"],
):

    @task
    def sources() -> list[str]:
        return run_stage("sources")

    @task(max_active_tis_per_dag=4)
    def ingest(source_key: str, dag_run=None) -> dict:
        return run_stage("ingest", source_key=source_key, day=day_of(dag_run), run_id=run_id_of(dag_run))

    @task(outlets=[RAW], trigger_rule="all_done")
    def publish(reports: list[dict], outlet_events=None, dag_run=None) -> dict:
        summary = run_stage("finish_ingest", reports=reports[:], **origin_of(dag_run))
        outlet_events[RAW].add_partitions(sorted({day_of(dag_run).isoformat(), *summary["days"]}))
        return summary

    @task(trigger_rule="one_failed")
    def tell_failure() -> None:
        fail("a source failed; the others are announced. Look at the red branch of ingest, mend, then clear it")

    reports = ingest.expand(source_key=sources())
    publish(reports)
    reports >> tell_failure()
