"""News of a day: list, fetch and archive the pages of every source. One run per UTC day, one mapped task per source.

Re-run: safe, an unchanged page changes nothing. Backfill: safe; the archive is read first, and for a day that a source
no longer lists only waiting pages are fetched.
Announces `raw_articles` for its own day and every news day that it archived pages for. A source that fails stops no
other one, and the run fails.
"""

from airflow.sdk import DAG, CronPartitionTimetable
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.ingesting import ingest_and_announce

with DAG(
    "news_ingest",
    # Midnight: for a DAG with partitions, a backfill's last day carries the hour of its cron.
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=START,
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake"],
):
    ingest_and_announce(is_daily=True)
