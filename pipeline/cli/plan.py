"""`newslake plan`: what a range of days still needs, before anything starts."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import AsJson, out, print_json, print_rows, workspace
from pipeline.errors import ConfigError
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.jobs.runtimes import Estimate
    from pipeline.reports.plan import DayPlan, Plan

_PLAN_COLUMNS = ("known", "archived", "to_fetch", "refused", "derived", "left_out", "to_derive")


def plan(
    first: Annotated[str, typer.Option("--from", help="First news day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last news day, included.")],
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count what a range of days holds and still needs, and estimate how long that takes. Starts nothing."""
    from pipeline.reports.plan import plan

    days = day_range(first, last)
    found = plan(workspace(), first=days[0], last=days[-1], source_keys=source or ())
    if as_json:
        print_json(_as_dict(found, source or ()))
    else:
        _print_plan(found, source or ())


def day_of(text: str, *, option: str) -> date:
    """Return a day that was typed. Raises: ConfigError naming the option."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is no day; write YYYY-MM-DD", key=option.lstrip("-")) from error


def day_range(first: str, last: str) -> list[date]:
    """Return the days from first to last, both included. Raises: ConfigError."""
    start, end = day_of(first, option="--from"), day_of(last, option="--to")
    if end < start:
        raise ConfigError(f"--to {end} is before --from {start}; turn them round", key="to")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def _as_dict(found: "Plan", sources: Sequence[str]) -> dict[str, object]:
    """Return the plan as JSON; how many pages a listing would add is null, for nobody knows."""
    return {
        "from": found.first,
        "to": found.last,
        "pipeline_version": found.version,
        "sources": [asdict(each) for each in found.sources],
        "days": [{**asdict(day), **_counts([day]), "not_yet_known": None} for day in found.days],
        "totals": {**_counts(found.days), "not_yet_known": None},
        "estimates": [
            {**asdict(each), "minutes": None if each.seconds is None else round(each.seconds / 60, 2)}
            for each in found.estimates
        ],
        "next": _next_commands(found, sources),
    }


def _counts(days: Sequence["DayPlan"]) -> dict[str, int]:
    return {name: sum(getattr(day, name) for day in days) for name in _PLAN_COLUMNS}


def _print_plan(found: "Plan", sources: Sequence[str]) -> None:
    rows: list[tuple[object, ...]] = []
    for each in found.sources:
        rows += _rows(each.key, found)
    rows.append(("all", f"{found.first} to {found.last}", "", *_counts(found.days).values()))
    print_rows(("source", "news day", "listing", *_PLAN_COLUMNS), rows, as_json=False)
    lines = [
        *_notes(found),
        "",
        *map(_estimate, found.estimates),
        "",
        "next:",
        *(f"  {each}" for each in _next_commands(found, sources)),
    ]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _rows(key: str, found: "Plan") -> Iterator[tuple[object, ...]]:
    """Yield a row a day of which something is known, and one for each stretch of days between them."""
    known = [day for day in found.days if day.source_key == key]
    free = found.first
    for day in known:
        yield from _empty_rows(key, free, day.news_day - timedelta(days=1))
        yield (key, day.news_day, "asked" if day.can_list else "archive only", *_counts([day]).values())
        free = day.news_day + timedelta(days=1)
    yield from _empty_rows(key, free, found.last)


def _empty_rows(key: str, first: date, last: date) -> Iterator[tuple[object, ...]]:
    if first <= last:
        days = f"{first} to {last}" if first < last else f"{first}"
        yield (key, days, "nothing known", *("" for _ in _PLAN_COLUMNS))


def _notes(found: "Plan") -> Iterator[str]:
    for each in found.sources:
        waiting = "" if each.files_waiting is None else f"; files waiting to be read: {each.files_waiting}"
        if each.files_waiting is None and each.is_folder:
            waiting = "; its folder is not there"
        yield f"{each.key}: {each.lists}{waiting}"
    again = sum(day.derive_again for day in found.days)
    if again:
        told = pluralize(again, "article")
        yield f"to derive with rows of another pipeline version: {told}; this one is {found.version}"
    yield "Pages that no listing told of yet and pages inside waiting files are not counted: how many is not known."


def _estimate(each: "Estimate") -> str:
    name = "newslake run" if each.way == "cli" else "Airflow"
    if each.ingest_seconds is None or each.extract_seconds is None:
        return f"{name}: no estimate, for `runs` has no finished run to judge by"
    parts = f"ingest {duration(each.ingest_seconds)}, extract {duration(each.extract_seconds)}"
    runs = f"{each.ingest_history} and {each.extract_history} runs{'' if each.is_own else ' of other starts too'}"
    total = duration(each.ingest_seconds + each.extract_seconds)
    return f"{name}: about {total} for what is counted, one run after the other ({parts}; judged by {runs})"


def _next_commands(found: "Plan", sources: Sequence[str]) -> list[str]:
    """Return what to type; Airflow's backfill is of all sources."""
    only = "".join(f" --source {key}" for key in sources)
    return [
        f"newslake run --from {found.first} --to {found.last}{only}",
        f"airflow backfill create --dag-id news_ingest --from-date {found.first} --to-date {found.last} "
        "--max-active-runs 2",
    ]
