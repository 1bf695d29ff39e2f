"""The tasks that `news_ingest` and `news_inbox` share: select sources, ingest each of them, announce the days."""

import logging
from typing import Any

from airflow.sdk import task

from news_airflow.assets import RAW
from news_airflow.defaults import FILES_POOL, LONG, WEB_POOL
from news_airflow.metrics import count_pages, is_on
from news_airflow.task_context import (
    announce_days,
    day_of,
    fail,
    origin_of,
    read_freshness,
    report_late_sources,
    run_alerts,
    run_id_of,
    run_stage,
)

log = logging.getLogger(__name__)

GROUP_NAMES = {"web": "Online", "files": "Files"}
SOURCE_POOLS = {"web": WEB_POOL, "files": FILES_POOL}


def ingest_and_announce(*, is_daily: bool) -> None:
    """Add the tasks to the DAG that is being defined.

    A daily run is for the day of its partition key and always announces it. Any other run is for the present: it
    ingests the sources that its signals name, and announces only days with new pages.
    """
    reports = [_ingest_group(group, pool, is_daily=is_daily) for group, pool in SOURCE_POOLS.items()]
    # As the last task it has all reports upstream: a failed source fails the run, after the others are announced.
    reports >> report_broken_items(publish(reports, is_daily=is_daily))


def _ingest_group(group: str, pool: str, *, is_daily: bool) -> Any:
    listing = sources.override(task_id=f"sources_{group}", task_display_name=f"{GROUP_NAMES[group]}: select sources")
    one = ingest.override(
        task_id=f"ingest_{group}",
        task_display_name=f"{GROUP_NAMES[group]}: ingest each source",
        pool=pool,
        execution_timeout=LONG,
        doc_md=ingest.function.__doc__,  # Airflow does this itself, but not for a mapped task
    )
    return one.partial(is_daily=is_daily).expand(source_key=listing(group, is_daily=is_daily))


@task
def sources(
    group: str, is_daily: bool, triggering_asset_events: Any = None, dag_run: Any = None
) -> list[str] | list[None]:
    """Select the sources of one group: those that the signals of the run name, or all.

    A daily run without a day fails here, before it does anything: trigger it again with a day. Without a source, the
    list has one empty entry, because Airflow skips a task that is mapped over an empty list.
    """
    if is_daily:
        day_of(dag_run)
    run_alerts("check_rules")  # a wrong rule in alerts.toml stops the run here, too
    event_extras = [event.extra or {} for events in (triggering_asset_events or {}).values() for event in events]
    return run_stage("triggered_sources", event_extras=event_extras, group=group) or [None]


@task(map_index_template="{{ task.op_kwargs['source_key'] or 'no source' }}")  # type: ignore[untyped-decorator]
def ingest(source_key: str | None, is_daily: bool, dag_run: Any = None) -> Any:
    """List, fetch and archive the pages of one source. Re-run: safe.

    If it fails, the other sources continue, and the run fails at its end. Read the log, fix the cause, and clear this
    task with its downstream tasks.
    """
    if source_key is None:
        log.info("no source of this kind")
        return None
    day = day_of(dag_run) if is_daily else None
    return run_stage("ingest", source_key=source_key, day=day, run_id=run_id_of(dag_run))


# A failed source must not suppress the days of the others.
@task(outlets=[RAW], trigger_rule="all_done", task_display_name="Announce the days")  # type: ignore[untyped-decorator]
def publish(reports: list[Any], is_daily: bool, outlet_events: Any = None, dag_run: Any = None, ti: Any = None) -> Any:
    """Sum up the reports of all sources, and announce `raw_articles` for each day to process.

    Each announced day starts a run of `news_extract`. Without a day, it announces nothing.
    """
    run_days = [day_of(dag_run).isoformat()] if is_daily else []
    got = [report for group in reports if group for report in group[:] if report]
    summary: dict[str, Any] = run_stage("finish_ingest", reports=got, **origin_of(dag_run))
    days = sorted({*summary["days"], *run_days})
    extra = {**summary, "days": len(days)}
    if is_daily:
        extra["freshness"] = report_late_sources()
    elif is_on():
        read_freshness()  # sends the ages; a signal comes from a source that has news
    announce_days(days, extra, outlet_events=outlet_events, ti=ti)
    count_pages(summary, stage="ingest")
    return summary


@task(task_display_name="Report failures and broken items")  # type: ignore[untyped-decorator]
def report_broken_items(summary: dict[str, Any]) -> None:
    """Fail the run if newslake broke on an item, once per item and version. All other pages are done.

    If this task is *upstream failed*, a source failed. Its log has the cause; the days of the other sources are
    announced. Fix the cause, then clear the failed task.
    """
    if summary["broken"]:
        fail(summary["broken"])
