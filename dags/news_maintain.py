"""Keep the house in order, daily: finish what dead processes left, verify every table file, relate late articles,
collect garbage, and report.

Re-run: safe. A failed verify fails the run and names the file. A source that gave no page for the day that ended, or
far fewer than on other such days, is a warning in the log of `report`, in its row of `runs` and in the event of
`lake_health`.
"""

from airflow.sdk import DAG, task
from news_airflow.assets import HEALTH
from news_airflow.defaults import COMMIT_POOL, START, TASK_DEFAULTS
from news_airflow.run import origin_of, run_stage

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

    @task(pool=COMMIT_POOL)
    def verify():
        return run_stage("verify")

    @task(pool=COMMIT_POOL)
    def relate():
        return run_stage("relate")

    @task(pool=COMMIT_POOL)
    def collect_garbage():
        return run_stage("collect_garbage")

    @task(outlets=[HEALTH])
    def report(done: list[dict], outlet_events=None, dag_run=None):
        counts = run_stage("report", done=done, **origin_of(dag_run))
        outlet_events[HEALTH].extra = counts
        return counts

    mended, verified, related, removed = recover(), verify(), relate(), collect_garbage()
    mended >> verified >> related >> removed
    report([mended, verified, related, removed])
