"""Defaults of all DAGs: pools, retries, time limits."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT_POOL, WEB_POOL, FILES_POOL = "lake_commit", "fetch_web", "fetch_files"
# (slots, description). Fetching waits for hosts, files are only read: neither may delay the other. Together they
# leave one of the four task slots of a machine to the DAG that processes articles.
POOLS = {
    COMMIT_POOL: (1, "one committer of the lake"),
    WEB_POOL: (2, "sources that are fetched from"),
    FILES_POOL: (1, "folders and inboxes"),
}
# The dispositions of pipeline.errors: transient errors are retried, any other NewsError would occur again. A dead
# worker or a full disk is neither: Airflow's own rule counts its tries.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule("pipeline.errors.TransientFetchError", RetryAction.RETRY, reason="it may be had later"),
        RetryRule("pipeline.errors.NewsError", RetryAction.FAIL, reason="another try would end the same"),
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
}
LONG = timedelta(hours=12)  # for the first run over a large archive, and for slow hosts
