"""Process the articles of one news day and commit them to the tables. One run per day that ingest announced.

Re-run: safe. Articles committed at this pipeline version are not processed again, and no file changes. The four tables
change atomically. Another pipeline version processes all articles again: `derived_new` and `derived_again` in the asset
events count new and reprocessed articles.
An item that breaks newslake is quarantined, and everything else is committed. Then the run fails in its last task, once
per item and version.
"""

from airflow.sdk import DAG, PartitionedAssetTimetable, task
from news_airflow.assets import RAW, TABLES
from news_airflow.defaults import COMMIT_POOL, DAY_PARAM, LONG, START, TASK_DEFAULTS
from news_airflow.metrics import count_pages, count_rows
from news_airflow.task_context import day_of, fail, origin_of, run_id_of, run_stage

# Airflow takes the docstring of a task as its text, but not if the task is mapped.
DERIVE = "Clean and annotate the articles of a chunk, and stage their rows. Re-run: safe."

with DAG(
    "news_extract",
    dag_display_name="News extract: tables of a day",
    schedule=PartitionedAssetTimetable(assets=RAW),
    start_date=START,
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    params={"day": DAY_PARAM},
    tags=["newslake", "tables"],
):

    @task(inlets=[RAW], task_display_name="Plan the chunks")
    def plan(dag_run=None):
        """Split the pages of the day to process into chunks, at least one. Fails at once if the run has no day."""
        return run_stage("plan_chunks", day=day_of(dag_run))

    @task(inlets=[RAW], execution_timeout=LONG, task_display_name="Process a chunk", doc_md=DERIVE)
    def derive(chunk: dict, dag_run=None):
        return run_stage("derive", day=day_of(dag_run), run_id=run_id_of(dag_run), **chunk)

    @task(
        pool=COMMIT_POOL,
        inlets=[RAW],
        outlets=list(TABLES),
        trigger_rule="none_failed",
        task_display_name="Commit the tables",
    )
    def commit(reports: list[dict], outlet_events=None, dag_run=None):
        """Commit the staged rows to all tables at once. One commit at a time: the pool has one slot."""
        summary = run_stage("commit", reports=reports[:], day=day_of(dag_run), **origin_of(dag_run))
        common = {"run_id": summary["run_id"], "days": summary["days"], **summary["work"]}
        for table in TABLES:
            outlet_events[table].extra = {"rows": summary["rows"][table.name], **common}
        count_pages(summary, stage="extract")
        count_rows(summary)
        return summary

    @task(pool=COMMIT_POOL, task_display_name="Cluster articles")
    def cluster(summary: dict, dag_run=None):
        """Write duplicates, quote clusters and event clusters of the days that changed."""
        return run_stage("cluster", day=day_of(dag_run), days=summary["days"])

    @task(task_display_name="Report broken items")
    def report_broken_items(summary: dict):
        """Fail the run if newslake broke on an item, once per item and version. All other rows are committed."""
        if summary["broken"]:
            fail(summary["broken"])

    summary = commit(derive.expand(chunk=plan()))
    cluster(summary) >> report_broken_items(summary)
