"""The tasks that `news_ingest` and `news_inbox` share: select sources, ingest each of them, announce the days."""

from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowSkipException

from news_airflow.assets import RAW
from news_airflow.defaults import FILES_POOL, LONG, WEB_POOL
from news_airflow.task_context import day_of, fail, origin_of, run_id_of, run_stage

SOURCE_POOLS = {"web": WEB_POOL, "files": FILES_POOL}


def ingest_and_announce(*, is_daily: bool) -> None:
    """Add the tasks to the DAG that is being defined.

    A daily run is for the day of its partition key and always announces it. Any other run is for the present: it
    ingests the sources that its signals name, and announces only days with new pages.
    """
    reports = [_ingest_group(group, pool, is_daily=is_daily) for group, pool in SOURCE_POOLS.items()]
    report_broken_items(publish(reports, is_daily=is_daily))
    reports >> report_failure()


def _ingest_group(group: str, pool: str, *, is_daily: bool) -> Any:
    keys = sources.override(task_id=f"sources_{group}")(group, is_daily=is_daily)
    one = ingest.override(task_id=f"ingest_{group}", pool=pool, execution_timeout=LONG)
    return one.partial(is_daily=is_daily).expand(source_key=keys)


@task
def sources(group: str, is_daily: bool, triggering_asset_events: Any = None, dag_run: Any = None) -> list[str]:
    if is_daily:
        day_of(dag_run)  # a run without a day fails here, before it does anything
    event_extras = [event.extra or {} for events in (triggering_asset_events or {}).values() for event in events]
    return run_stage("triggered_sources", event_extras=event_extras, group=group)  # type: ignore[no-any-return]


@task
def ingest(source_key: str, is_daily: bool, dag_run: Any = None) -> Any:
    day = day_of(dag_run) if is_daily else None
    return run_stage("ingest", source_key=source_key, day=day, run_id=run_id_of(dag_run))


# Often one of the two groups is empty and its mapped task is skipped; the reports of the other must still count.
@task(outlets=[RAW], trigger_rule="all_done")  # type: ignore[untyped-decorator]
def publish(reports: list[Any], is_daily: bool, outlet_events: Any = None, dag_run: Any = None) -> Any:
    own = [day_of(dag_run).isoformat()] if is_daily else []
    got = [report for group in reports if group for report in group[:]]
    summary: dict[str, Any] = run_stage("finish_ingest", reports=got, **origin_of(dag_run))
    days = {*summary["days"], *own}
    if not days and summary["broken"]:
        fail(summary["broken"])
    if not days:
        raise AirflowSkipException("no new pages: no day is announced")
    outlet_events[RAW].extra = {**summary, "days": len(days)}
    outlet_events[RAW].add_partitions(sorted(days))
    return summary


@task
def report_broken_items(summary: dict[str, Any]) -> None:
    if summary["broken"]:
        fail(summary["broken"])


@task(trigger_rule="one_failed")  # type: ignore[untyped-decorator]
def report_failure() -> None:
    fail(
        "a task failed; the days of the sources that succeeded are announced. Read the log of the first failed task, "
        "fix its cause, then clear it"
    )
