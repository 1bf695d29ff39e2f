"""What all DAGs share."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMIT_POOL, WEB_POOL, FILES_POOL = "lake_commit", "fetch_web", "fetch_files"
# (slots, what for). Hosts are waited for, files are read: one kind must not hold up the other, nor both of them the
# reading, so together they leave a slot of the four that tasks have on one machine.
POOLS = {
    COMMIT_POOL: (1, "one committer of the lake"),
    WEB_POOL: (2, "sources that are fetched from"),
    FILES_POOL: (1, "folders and inboxes"),
}
# The dispositions of pipeline.errors: what may be had later is tried again, anything else of ours would fail again.
# A dead worker or a full disk is neither: Airflow's own rule counts its tries.
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
LONG = timedelta(hours=12)  # a first reading of a large archive; hosts that must be waited for
