"""News as it comes: woken by a file in an inbox, by a feed or sitemap that lists something new, and every half hour.

Takes the sources that its signals name, all of them where none is named, as in the half-hourly sweep, and announces
`raw_articles` for every news day that got new pages. A signal is a hint: what is new, the folders and listings say.
Re-run: safe. A run that finds nothing new, as the second of two signals may, ends with `publish` skipped.
"""

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable
from news_airflow.assets import FEEDS, INBOX
from news_airflow.defaults import START, TASK_DEFAULTS
from news_airflow.ingesting import ingest_and_announce

# Never max_active_runs=1: an event that comes while the one run is going on could be left without a run of its own.
with DAG(
    "news_inbox",
    schedule=AssetOrTimeSchedule(assets=INBOX | FEEDS, timetable=CronTriggerTimetable("*/30 * * * *", timezone="UTC")),
    start_date=START,
    catchup=False,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["newslake"],
):
    ingest_and_announce(is_daily=False)
