"""`newslake plan`: the work that a range of days still needs."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.cli.days import Sources, day_range
from newslake.pipeline.cli.output import AsJson, out, print_json, print_rows, workspace
from newslake.pipeline.cli.progress import duration
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.operate.plan import DayPlan, Plan
    from newslake.pipeline.jobs.runtimes import Estimate

_PLAN_COLUMNS = ("known", "archived", "to_fetch", "unfetchable", "kept", "rejected", "to_process")


def plan(
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First news day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last news day, inclusive.")],
    source: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Count pages still to fetch or to process; estimate the time.

    Counts the pages of a range of days per source and news day. Starts nothing.
    """
    from newslake.pipeline.addons.operate.plan import plan

    days = day_range(first, last)
    report = plan(workspace(is_reader=True), first=days[0], last=days[-1], source_keys=source or ())
    if as_json:
        print_json(_plan_as_dict(report, source or ()))
    else:
        _print_plan(report, source or ())


def _plan_as_dict(report: "Plan", sources: Sequence[str]) -> dict[str, object]:
    """Return the plan as JSON. How many pages a listing would add is unknown, so it is null."""
    return {
        "from": report.first,
        "to": report.last,
        "pipeline_version": report.version,
        "sources": [asdict(each) for each in report.sources],
        "days": [{**asdict(day), **_plan_counts([day]), "not_yet_known": None} for day in report.days],
        "totals": {**_plan_counts(report.days), "not_yet_known": None},
        "rechecks": [
            {
                "source": each.source_key,
                "due": each.due,
                "requests": {str(day): requests for day, requests in each.days.items()},
            }
            for each in report.rechecks
        ],
        "estimates": [
            {**asdict(each), "minutes": None if each.seconds is None else round(each.seconds / 60, 2)}
            for each in report.estimates
        ],
        "next": _next_commands(report, sources),
    }


def _plan_counts(days: Sequence["DayPlan"]) -> dict[str, int]:
    return {name: sum(getattr(day, name) for day in days) for name in _PLAN_COLUMNS}


def _print_plan(report: "Plan", sources: Sequence[str]) -> None:
    rows: list[tuple[object, ...]] = []
    for each in report.sources:
        rows += _source_rows(each.key, report)
    rows.append(("total", f"{report.first} to {report.last}", "", *_plan_counts(report.days).values()))
    print_rows(("source", "news day", "listing", *_PLAN_COLUMNS), rows, as_json=False)
    lines = [
        *_plan_notes(report),
        "",
        *map(_estimate_text, report.estimates),
        "",
        "next:",
        *(f"  {each}" for each in _next_commands(report, sources)),
    ]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _source_rows(key: str, report: "Plan") -> Iterator[tuple[object, ...]]:
    """Yield one row per day with known pages, and one per range of days between them."""
    known = [day for day in report.days if day.source_key == key]
    free = report.first
    for day in known:
        yield from _empty_rows(key, free, day.news_day - timedelta(days=1))
        yield (key, day.news_day, "available" if day.can_list else "archive only", *_plan_counts([day]).values())
        free = day.news_day + timedelta(days=1)
    yield from _empty_rows(key, free, report.last)


def _empty_rows(key: str, first: date, last: date) -> Iterator[tuple[object, ...]]:
    if first <= last:
        days = f"{first} to {last}" if first < last else f"{first}"
        yield (key, days, "nothing known", *("" for _ in _PLAN_COLUMNS))


def _plan_notes(report: "Plan") -> Iterator[str]:
    for each in report.sources:
        if not each.is_folder:
            waiting = ""
        elif each.files_waiting is None:
            waiting = "; its folder does not exist"
        else:
            waiting = f"; {pluralize(each.files_waiting, 'file')} not read yet"
        lists = f"lists {each.lists}" if each.kind else each.lists
        yield f"{each.key}: {lists}{waiting}"
    yield f"kept and rejected count pages that pipeline version {report.version} has processed."
    if again := sum(day.derive_again for day in report.days):
        new = pluralize(sum(day.derive_new for day in report.days), "other page")
        yield f"to_process: {pluralize(again, 'page')} with rows of another version or other corrections; {new}."
    yield "Not counted: pages that no listing has named so far, and pages in files that are not read yet."
    yield from _recheck_notes(report)


def _recheck_notes(report: "Plan") -> Iterator[str]:
    """Yield how many requests the rechecks of known pages cost, per source and UTC day from today on."""
    for each in report.rechecks:
        days = ", ".join(f"{requests:,} on {day}" for day, requests in each.days.items())
        due = f" ({each.due:,} due now)" if each.due else ""
        yield f"{each.source_key}: rechecks of known pages cost at most {pluralize(each.total, 'request')}{due}: {days}"
    if report.rechecks:
        yield "Rechecks look for edits at the hours in `recheck_hours`; several missed ones of a page are one request."


def _estimate_text(each: "Estimate") -> str:
    name = "newslake run" if each.launcher == "cli" else "Airflow"
    if each.ingest_seconds is None or each.extract_seconds is None:
        return f"{name}: no estimate, because `runs` has no comparable run with a measured duration"
    parts = f"fetch {duration(each.ingest_seconds)}, process {duration(each.extract_seconds)}"
    other = "Airflow" if each.launcher == "cli" else "`newslake run`"
    also = "" if each.is_own else f", also by {other}"
    runs = (
        f"based on {pluralize(each.ingest_history, 'fetch run')} and {pluralize(each.extract_history, 'process run')}"
    )
    total = duration(each.ingest_seconds + each.extract_seconds)
    return f"{name}: about {total} for the counted pages, one run at a time ({parts}; {runs}{also})"


def _next_commands(report: "Plan", sources: Sequence[str]) -> list[str]:
    """Return the commands to run next; an Airflow backfill covers all sources."""
    only = "".join(f" --source {shlex.quote(key)}" for key in sources)
    return [
        f"newslake run --from {report.first} --to {report.last}{only}",
        f"newslake airflow backfill create --dag-id news_ingest --from-date {report.first} --to-date {report.last} "
        "--max-active-runs 2",
    ]
