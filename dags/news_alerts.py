"""Check the rules of alerts.toml every five minutes, and send the messages that wait. Without the file, nothing runs.

Re-run: safe; what was reported is not reported again. A sender that fails or hangs does not fail the task: its messages
wait, and each run tries again. A wrong rule fails the task, and is named.
"""

from airflow.sdk import DAG, task
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.task_context import run_alerts

with DAG(
    "news_alerts",
    schedule="*/5 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake"],
):

    @task(on_failure_callback=None)  # it fails for a wrong rule; then no alert can report it
    def check_alerts():
        return run_alerts("check_alerts")

    check_alerts()
