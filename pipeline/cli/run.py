"""`newslake run`: the main job of one day, without Airflow."""

from datetime import date, datetime
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, Quiet, left_out_told, out, print_json, telling, workspace
from pipeline.errors import ConfigError


def run(
    day: Annotated[str | None, typer.Option(help="News day, YYYY-MM-DD; today (UTC) when left out.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """List, fetch, archive, read and commit one day, then every other day that this touched."""
    from pipeline.stages.reading import version_of
    from pipeline.stages.run import extract_day, ingest_sources

    space = workspace()
    version_of(space.settings)  # a missing model or a wrong overrides file stops the run before it starts
    wanted = _day(day) if day else space.settings.now().date()
    keys = [space.sources.named(key).key for key in source] if source else [s.key for s in space.sources.sources]
    name = f"cli.{space.settings.now():%Y%m%dT%H%M%S%f}"
    with telling(quiet=quiet) as tell, left_out_told(quiet=quiet):
        ingested = ingest_sources(space, source_keys=keys, day=wanted, run_id=f"{name}.ingest", tell=tell)
        days = sorted({wanted, *ingested.days})
        extracted = [extract_day(space, day=each, run_id=f"{name}.extract.{each}", tell=tell) for each in days]
    if as_json:
        print_json(
            {
                "ingest": ingested.as_dict(),
                "extract": [{**summary.as_dict(), "rows": done.rows} for summary, done in extracted],
            }
        )
        return
    _say("ingest", ingested.discovered, ingested.outcomes)
    for each, (summary, done) in zip(days, extracted, strict=True):
        _say(f"extract {each}", summary.discovered, summary.outcomes)
        if done.files_changed == 0:
            out.print("  no table file changed", highlight=False)


def _say(what: str, discovered: int, outcomes: tuple[tuple[str, int], ...]) -> None:
    told = ", ".join(f"{count} {kind}" for kind, count in outcomes if count) or "nothing"
    out.print(f"{what}: {discovered} pages: {told}", highlight=False)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ConfigError(f"--day {text!r} is no day; write YYYY-MM-DD", key="day") from error
