"""Daily maintenance: finish interrupted commits, verify every byte of the lake and a sample of its rows and of the
archive, cluster late articles, compact quiet months, collect garbage, announce days that a failed run left
unprocessed, report.

Re-run: safe. A failed task names the file and fails the run; the other tasks continue. A source without pages for the
past day, or with far fewer than on comparable days, is a warning in the log of `report`, in its row of `runs` and in
the event of `lake_health`; so is a file system on which no month can be compacted.
"""

from airflow.sdk import DAG, chain, task
from airflow.sdk.exceptions import AirflowSkipException
from news_airflow.assets import HEALTH, RAW
from news_airflow.defaults import COMMIT_POOL, START, TASK_DEFAULTS
from news_airflow.task_context import fail, origin_of, run_stage

with DAG(
    "news_maintain",
    schedule="30 3 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake"],
):

    @task(pool=COMMIT_POOL)
    def recover():
        return run_stage("recover")

    @task
    def verify():
        return run_stage("verify")

    @task(pool=COMMIT_POOL, trigger_rule="all_done")
    def relate():
        return run_stage("relate")

    @task(pool=COMMIT_POOL, trigger_rule="all_done")
    def compact():
        return run_stage("compact")

    @task(pool=COMMIT_POOL, trigger_rule="all_done")
    def collect_garbage():
        return run_stage("collect_garbage")

    @task(outlets=[RAW], trigger_rule="all_done")
    def announce(outlet_events=None):
        days = run_stage("unprocessed_days")
        if not days:
            raise AirflowSkipException("no unprocessed pages: no day is announced")
        outlet_events[RAW].extra = {"unprocessed": len(days)}
        outlet_events[RAW].add_partitions(days)

    @task(outlets=[HEALTH], trigger_rule="all_done")
    def report(done: list[dict], outlet_events=None, dag_run=None):
        counts = run_stage("report", done=[each for each in done if each], **origin_of(dag_run))
        outlet_events[HEALTH].extra = counts
        return counts

    @task(trigger_rule="one_failed")
    def report_failure():
        fail("a maintenance task failed; the others are done. Read the log of the failed task, fix the cause, clear it")

    steps = recover(), verify(), relate(), compact(), collect_garbage()
    chain(*steps)
    reported = report(list(steps))
    announced = steps[0] >> announce()
    [*steps, announced, reported] >> report_failure()
