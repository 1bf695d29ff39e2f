"""Check the rules of alerts.toml every five minutes, and send the messages that wait. Without the file, or
without the add-on alerts, nothing runs.

Re-run: safe; what was reported is not reported again. A sender that fails or hangs does not fail the task: its messages
wait, and each run tries again. A wrong rule fails the task, and is named.
"""

from airflow.sdk import DAG, task
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.task_context import run_alerts

with DAG(
    "news_alerts",
    dag_display_name="News alerts: check the rules and send messages",
    schedule="*/5 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake", "alerts"],
):
    # No failure is logged: a wrong rule fails the task, and then no alert can report it.
    @task(on_failure_callback=None, task_display_name="Check and send")
    def check_alerts():
        """Check each rule, record what it finds, and send what is due. If it fails, correct the rule that it names."""
        return run_alerts("check_alerts")

    check_alerts()
