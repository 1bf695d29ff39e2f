"""`newslake lake export`, `ddl` and `changes`: exports, the tables in other engines, and the days to copy again."""

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.cli import completion
from newslake.pipeline.cli.days import Sources, day_of
from newslake.pipeline.cli.output import (
    AsJson,
    Quiet,
    out,
    print_json,
    print_note,
    print_rows,
    progress,
    settings,
    workspace,
)
from newslake.pipeline.cli.query import path_outside_lake
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.share.engine_ddl import CatalogAddress

Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="folder|csv|sqlite",
        help="Format: Parquet files, CSV files or one SQLite file.",
        autocompletion=completion.export_formats,
    ),
]


def export(  # noqa: PLR0913, PLR0917 - the options of the command
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to create.")],
    form_name: Format,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First published day, YYYY-MM-DD (default: all days).")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last published day, inclusive.")] = None,
    source: Sources = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Omit texts, headlines and quoted words.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Start CSV files with a byte order mark, for Excel.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Export the tables as plain Parquet, CSV or SQLite.

    Use it for people who do not use newslake. With --no-text you can share the tables even if you may not pass on the
    texts.
    """
    from newslake.pipeline.addons.share.export import FORMS, Selection
    from newslake.pipeline.addons.share.export import export as write
    from newslake.pipeline.query.saved_queries import check_sources

    form = next((each for each in FORMS if each == form_name), None)
    if form is None:
        raise ConfigError(f"--format {form_name!r} is unknown; choose one of {', '.join(FORMS)}", key="format")
    if bom and form != "csv":
        raise ConfigError(f"--bom is for --format csv, not for {form}", key="bom")
    selection = Selection(
        first=date.min if first is None else day_of(first, option="--from"),
        last=date.max if last is None else day_of(last, option="--to"),
        source_keys=frozenset(source or ()),
        has_text=not no_text,
    )
    if selection.last < selection.first:
        raise ConfigError(f"--to {selection.last} is before --from {selection.first}; swap them", key="to")
    space = workspace(is_reader=True)
    check_sources(space.place, selection.source_keys)
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


def ddl(
    engine: Annotated[
        str,
        typer.Argument(
            metavar="ENGINE", help=f"One of {', '.join(completion.ENGINES)}.", autocompletion=completion.engines
        ),
    ] = "duckdb",
    location: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where the engine finds the lake, e.g. s3://bucket/lake (default: its folder)."
        ),
    ] = None,
) -> None:
    """Print the SQL that opens the tables in an engine.

    It includes the views that the saved questions read. On the shared store, it attaches the Iceberg catalog.
    """
    from newslake.pipeline.addons.share.engine_ddl import catalog_views_sql, views_sql

    if (store := settings().store) != "local":
        address: CatalogAddress | None = addons_of(settings().addons).first("catalog_address", settings=settings())
        if address is None:
            raise ConfigError(f"NEWS_STORE={store}: no add-on says where its catalog is", key="NEWS_STORE")
        if location is not None:
            raise ConfigError(
                "--location is for a lake in files; NEWS_CATALOG_URL says where this one is", key="location"
            )
        sys.stdout.write(catalog_views_sql(address, engine))
        return
    sys.stdout.write(views_sql(settings().lake_dir, engine, location=location))


_CHANGE_COLUMNS = ("at", "kind", "day", "from_day", "article_id", "title", "url")


def changes(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="List changes after this date or time, ISO 8601; UTC if it has no zone.")
    ],
    as_json: AsJson = False,
) -> None:
    """List the articles that changed since a time.

    Kinds of change: new, changed, moved (to another day), removed, withdrawn (by the publisher), returned (published
    again after it was withdrawn).
    """
    from newslake.pipeline.addons.share.changes import changes_since

    found = changes_since(workspace(is_reader=True), _parse_time(since))
    if as_json:
        print_json(asdict(found))
        return
    rows = [tuple(getattr(each, name) for name in _CHANGE_COLUMNS) for each in found.articles]
    print_rows(_CHANGE_COLUMNS, rows, as_json=False)
    print_note(
        f"{pluralize(len(rows), 'change')}, {pluralize(len(found.days), 'published day')} with changed files; "
        f"next call: --since {found.until.isoformat()}"
    )


def _parse_time(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"--since {value!r} is not a valid date or time; write 2026-03-02 or 2026-03-02T08:00:00Z"
        raise ConfigError(message, key="since") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
