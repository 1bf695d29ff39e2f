"""Defaults of all DAGs: pools, retries, time limits, and the form of a run with a day."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule

from news_airflow.task_context import record_failure

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT_POOL, WEB_POOL, FILES_POOL = "lake_commit", "fetch_web", "fetch_files"
# (slots, description). Online sources wait for hosts, files do not: separate pools, so that neither delays the other.
# Together they leave one of a machine's four task slots to the DAG that processes articles.
POOLS = {
    COMMIT_POOL: (1, "single committer of the lake"),
    WEB_POOL: (2, "online sources"),
    FILES_POOL: (1, "folders and inboxes"),
}
# By the dispositions of errors, transient errors are retried; any other NewsError would occur again, or is the outcome
# of an article (SuspectError), which no task raises. A dead worker or a full disk is not a NewsError: the rule of
# Airflow counts its tries. A service of the shared store may come back after the run has stopped, and a lost lease can
# be taken again.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule("newslake.pipeline.errors.TransientFetchError", RetryAction.RETRY, reason="transient error"),
        RetryRule("newslake.pipeline.errors.StoreError", RetryAction.RETRY, reason="a service of the shared store"),
        RetryRule("newslake.pipeline.errors.NewsError", RetryAction.FAIL, reason="permanent error"),
    ]
)
# The pause before a retry is Airflow's setting, AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY; it doubles with each try.
TASK_DEFAULTS = {
    "owner": "newslake",
    "retries": 2,
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(hours=1),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": record_failure,
}
LONG = timedelta(hours=12)  # for the first run on a large archive, and for slow hosts
# Scheduled runs and backfills have their day as partition key, so the field may be empty.
DAY_PARAM = Param(
    None,
    type=["null", "string"],
    format="date",
    title="News day",
    description="The day to process (UTC). Give it for a run by hand; scheduled runs and backfills have their own day.",
)
