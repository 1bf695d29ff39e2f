"""News of a day: list, fetch and archive what every source has. One run is one UTC day, one mapped branch a source.

Re-run: safe, an unchanged page changes nothing. Backfill: safe; the archive is read first, and of a day that a source
lists no more, only pages that still wait are fetched.
Announces `raw_articles` for its own day and every news day that it archived something for; a source that fails holds
back no other, and the run is red.
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
