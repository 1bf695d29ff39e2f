"""Keep the house in order, daily: finish what a dead process left, verify every table file, collect garbage.

Re-run: safe. A failed verify fails the run and names the file.
"""

from airflow.sdk import DAG, task
from news_airflow.defaults import COMMIT_POOL, START, TASK_DEFAULTS
from news_airflow.run import run_stage

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
    def recover() -> dict:
        return run_stage("recover")

    @task(pool=COMMIT_POOL)
    def verify() -> dict:
        return run_stage("verify")

    @task(pool=COMMIT_POOL)
    def collect_garbage() -> dict:
        return run_stage("collect_garbage")

    recover() >> verify() >> collect_garbage()
