"""Daily maintenance: finish interrupted commits, verify every byte of the lake and a sample of its rows and of the
archive, cluster late articles, compact quiet months, collect garbage, announce days that a failed run left
unprocessed, report.

Re-run: safe. A failed task names the file and fails the run; the other tasks continue. A source that is late or STALE,
and one with far fewer pages for the past day than on comparable days, is a warning in the log of `report`, in its row
of `runs` and in the event of `lake_health`; so is a file system on which no month can be compacted.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, chain, task
from news_airflow.assets import HEALTH, RAW
from news_airflow.defaults import COMMIT_POOL, START, TASK_DEFAULTS
from news_airflow.metrics import measure_waiting_days
from news_airflow.task_context import announce_days, origin_of, report_late_sources, run_stage

FINISH = "Succeeds if all tasks did. If it is *upstream failed*, fix the cause in the log of the failed task, clear it."

with DAG(
    "news_maintain",
    dag_display_name="News maintain: verify and compact the lake",
    schedule="30 3 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake", "maintenance"],
):

    @task(pool=COMMIT_POOL, task_display_name="Recover")
    def recover():
        """Finish the work that dead processes left in archive and lake."""
        return run_stage("recover")

    @task(task_display_name="Verify")
    def verify():
        """Check every byte of the lake, and a sample of its rows and of the archive."""
        return run_stage("verify")

    @task(pool=COMMIT_POOL, trigger_rule="all_done", task_display_name="Cluster late articles")
    def relate():
        """Write the cluster tables that recent runs may have left stale."""
        return run_stage("relate")

    @task(pool=COMMIT_POOL, trigger_rule="all_done", task_display_name="Compact quiet months")
    def compact():
        """Make one file per table of each month that ended and is quiet."""
        return run_stage("compact")

    @task(pool=COMMIT_POOL, trigger_rule="all_done", task_display_name="Collect garbage")
    def collect_garbage():
        """Delete files that were replaced longer ago than the grace period."""
        return run_stage("collect_garbage")

    @task(outlets=[RAW], trigger_rule="all_done", task_display_name="Announce unprocessed days")
    def announce(outlet_events=None, ti=None):
        """Announce the days with pages that no run has processed; each starts a run of `news_extract`."""
        days = run_stage("unprocessed_days")
        measure_waiting_days(days)
        announce_days(days, {"unprocessed": len(days)}, outlet_events=outlet_events, ti=ti)

    @task(outlets=[HEALTH], trigger_rule="all_done", task_display_name="Report")
    def report(done: list[dict], outlet_events=None, dag_run=None):
        """Record the run, and warn of late sources and of those with few or no pages yesterday."""
        freshness = report_late_sources()
        lines = [each["line"] for each in freshness["late"]]
        counts = run_stage("report", done=[each for each in done if each], late=lines, **origin_of(dag_run))
        outlet_events[HEALTH].extra = {**counts, "freshness": freshness}
        return counts

    steps = recover(), verify(), relate(), compact(), collect_garbage()
    chain(*steps)
    reported = report(list(steps))
    announced = steps[0] >> announce()
    # It runs no code. As the last task it fails the run if another task failed.
    finish = EmptyOperator(task_id="finish", task_display_name="Finish", doc_md=FINISH)
    [*steps, announced, reported] >> finish
