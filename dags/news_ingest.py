"""Ingest the news of a day: list, fetch and archive its pages. One run per UTC day, one mapped task per source.

Archived pages are requested again on the schedule of their source, to see edits.
Re-run: safe; an unchanged page changes nothing. Backfill: safe; the archive is read first, and for a day that a source
no longer lists, only pages of that day are fetched that are due.
Announces `raw_articles` for its own day and every news day with archived pages. If a source fails, the others continue,
and the run fails.
"""

from airflow.sdk import DAG, CronPartitionTimetable
from news_airflow.defaults import DAY_PARAM, START, TASK_DEFAULTS
from news_airflow.ingesting import ingest_and_announce

with DAG(
    "news_ingest",
    dag_display_name="News ingest: fetch the pages of a day",
    # Midnight: for a DAG with partitions, the last day of a backfill includes the hour of its cron.
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=START,
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    params={"day": DAY_PARAM},
    tags=["newslake", "fetch"],
):
    ingest_and_announce(is_daily=True)
