"""Ingest news on arrival: started by a file in an inbox, a feed or sitemap with new pages, and every 30 minutes.

A run ingests the sources that its signals name, or all sources if no signal names one, as in the half-hourly sweep. It
announces `raw_articles` for every news day with new pages. A signal is only a hint: folders and listings decide.
Re-run: safe. A run without new pages, such as the second of two signals, announces nothing.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable
from news_airflow.assets import FEEDS, INBOX
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.ingesting import ingest_and_announce

# Never max_active_runs=1: an event during the only run might get no run.
with DAG(
    "news_inbox",
    dag_display_name="News inbox: fetch what is new",
    schedule=AssetOrTimeSchedule(assets=INBOX | FEEDS, timetable=CronTriggerTimetable("*/30 * * * *", timezone="UTC")),
    start_date=START,
    catchup=False,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake", "fetch"],
):
    ingest_and_announce(is_daily=False)
