"""What all DAGs share."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
TASK_DEFAULTS = {
    "owner": "newslake",
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "execution_timeout": timedelta(hours=6),
}
COMMIT_POOL = "lake_commit"
