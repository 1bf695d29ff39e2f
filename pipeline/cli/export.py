"""`newslake lake export`: the tables as files for others."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.destination import path_outside_lake
from pipeline.cli.output import AsJson, Quiet, out, print_json, progress, workspace
from pipeline.cli.plan import day_of
from pipeline.errors import ConfigError
from pipeline.model import pluralize


def export(  # noqa: PLR0913, PLR0917 - what the command line offers
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    to: Annotated[str, typer.Option("--to", metavar="folder|csv|sqlite", help="Plain Parquet, CSV or SQLite.")],
    first: Annotated[str | None, typer.Option("--from", help="First published day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--until", help="Last published day, included.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Leave out texts, headlines and quoted words.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="CSV for Excel: begin with a byte order mark.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the tables for people without an SQL engine, or without the right to pass on text."""
    from pipeline.exports import FORMS, Selection
    from pipeline.exports import export as write
    from pipeline.query.saved_queries import check_sources

    form = next((each for each in FORMS if each == to), None)
    if form is None:
        raise ConfigError(f"--to {to!r} is not known; take {', '.join(FORMS)}", key="to")
    if bom and form != "csv":
        raise ConfigError(f"--bom is for --to csv, not for {form}", key="bom")
    selection = Selection(
        first=date.min if first is None else day_of(first, option="--from"),
        last=date.max if last is None else day_of(last, option="--until"),
        source_keys=frozenset(source or ()),
        has_text=not no_text,
    )
    if selection.last < selection.first:
        raise ConfigError(f"--until {selection.last} is before --from {selection.first}; turn them round", key="until")
    space = workspace()
    check_sources(space.settings.lake_dir, selection.source_keys)
    path_outside_lake(space.settings.lake_dir, str(target))
    with progress(quiet=quiet) as report_progress:
        done = write(space.lake, target, form=form, selection=selection, has_bom=bom, report_progress=report_progress)
    if as_json:
        print_json(asdict(done))
        return
    for name, count in done.rows.items():
        out.print(f"{name}: {pluralize(count, 'row')}", highlight=False, markup=False)
    out.print(
        f"{done.folder}: {pluralize(done.days, 'day')}, {done.bytes:,} bytes; read its README.txt",
        highlight=False,
        markup=False,
    )
