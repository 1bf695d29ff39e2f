"""`newslake lake`, `archive` and `changes`: maintain, export and follow the table files, and verify the archive."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from newslake.pipeline.cli import completion
from newslake.pipeline.cli.output import (
    AsJson,
    Quiet,
    out,
    print_error,
    print_json,
    print_note,
    print_rows,
    progress,
    workspace,
)
from newslake.pipeline.cli.query import path_outside_lake
from newslake.pipeline.cli.run import Sources, day_of
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

lake_app = typer.Typer(help="Verify, repair, compact, clean up, snapshot and export the tables.", no_args_is_help=True)

Deep = Annotated[bool, typer.Option("--deep", help="Also check every row, and every record of the archive.")]
DropDamaged = Annotated[
    bool,
    typer.Option("--drop-damaged", help="First give up damaged data; the next run processes its articles again."),
]
GiveUp = Annotated[
    list[str] | None,
    typer.Option(
        "--give-up", metavar="STORE", help="Go on without a missing store that the message names. Repeatable."
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="folder|csv|sqlite",
        help="Format: Parquet files, CSV files or one SQLite file.",
        autocompletion=completion.export_formats,
    ),
]


@lake_app.command("export")
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
    from newslake.pipeline.addons.share import FORMS, Selection
    from newslake.pipeline.addons.share import export as write
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


@lake_app.command("verify")
def verify_lake(deep: Deep = False, as_json: AsJson = False) -> None:
    """Check the checksum of every file of the lake; on a shared store, that each is there with its size.

    Exit 1 if there is a problem.
    """
    from newslake.pipeline.upkeep import maintenance

    done = maintenance.verify(
        workspace(is_reader=True), reads=maintenance.read_everything if deep else maintenance.read_nothing
    )
    read = f"{pluralize(done.files, 'file')}, {done.megabytes:,.1f} MB"
    rows = f", {pluralize(done.rows, 'row')}, {pluralize(done.records, 'archive record')}" if deep else ""
    well = f"{'lake and archive are' if deep else 'the lake is'} intact: checked {read}{rows} in {done.seconds:.1f} s"
    _print_problems(done.problems, well=well, as_json=as_json, **done.counts)


@lake_app.command("repair")
def repair(drop_damaged: DropDamaged = False, give_up: GiveUp = None, as_json: AsJson = False) -> None:
    """Finish what interrupted processes left in archive and lake.

    Finishes archive files, commits of tables, the article index and takedowns. Exit 1 if a takedown cannot be finished.
    """
    from newslake.pipeline.upkeep import maintenance

    space = workspace()
    done = maintenance.repair(space, drops_damaged=drop_damaged, gives_up=give_up or ())
    _print_report(done, as_json=as_json)
    if any(not each.is_done for each in space.takedowns.all()):
        raise typer.Exit(1)


@lake_app.command("compact")
def compact(
    months: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MONTH]...", help="Months, YYYY-MM, quiet or not (default: those that are due)."),
    ] = None,
    every_month: Annotated[bool, typer.Option("--all", help="Every month that has ended, quiet or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make one file per table of each month that is quiet.

    A month is due NEWS_COMPACT_AFTER_DAYS (7) days after its end and its last change. No row changes; a question about
    years opens fewer files. `news_maintain` does it each night.
    """
    from newslake.pipeline.upkeep import maintenance

    if months and every_month:
        raise ConfigError("give months, or --all", key="all")
    done = maintenance.compact(workspace(), months=months or None, is_quiet=not every_month)
    if as_json:
        print_json(asdict(done))
    else:
        for line in (*done.tables, *done.log, *done.problems) or ("no month is due",):
            out.print(line, highlight=False, markup=False)
    if done.problems:
        raise typer.Exit(1)


@lake_app.command("gc")
def gc(as_json: AsJson = False) -> None:
    """Delete files that nothing needs any more.

    Deletes replaced table files, and leftovers of interrupted processes, that are older than NEWS_GC_GRACE_HOURS (24).
    Others wait until a later call: a reader may have them open.
    """
    _print_report(asdict(workspace().lake.gc()), as_json=as_json)


@lake_app.command("snapshot")
def snapshot(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Letters, digits, '.', '_' and '-'.", autocompletion=completion.snapshots),
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Check the snapshot instead of taking it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Delete the snapshot instead of taking it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take, check or delete a snapshot (no log tables).

    A snapshot keeps the tables as they are now: in snapshots/NAME of the data root; on a shared store as a tag of each
    table.
    """
    lake = workspace(is_reader=verify).lake
    if verify:
        _print_problems(lake.snapshots.verify(name), well=f"the snapshot {name} is intact", as_json=as_json)
    elif drop:
        lake.snapshots.drop(name)
        _print_report({"dropped": name}, as_json=as_json)
    else:
        _print_report(lake.snapshots.take(name).as_dict(), as_json=as_json)


@lake_app.command("snapshots")
def snapshots(as_json: AsJson = False) -> None:
    """List the snapshots with their time, days, rows and bytes.

    own_bytes is the space that you free if you delete the snapshot.
    """
    found = [each.as_dict() for each in workspace(is_reader=True).lake.snapshots.list()]
    if not found and not as_json:
        out.print("no snapshots; `newslake lake snapshot NAME` takes one", highlight=False)
        return
    columns = tuple(found[0]) if found else ()
    print_rows(columns, [tuple(each.values()) for each in found], as_json=as_json)


@lake_app.command("sizes")
def sizes(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="Show the columns of this table.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the bytes of the tables go.

    Prints files, rows and bytes of each table, or bytes of each column of one table. The share is that of the texts of
    all articles, before compression. Reads only the footers of the files.
    """
    from newslake.pipeline.addons.operate.lake_sizes import sizes_of

    found = sizes_of(workspace().place)
    chosen = next((each for each in found.tables if each.name == table), None)
    if table is not None and chosen is None:
        known = ", ".join(each.name for each in found.tables) or "none"
        raise ConfigError(f"{table!r} has no files; choose one of {known}", key="table")
    if as_json:
        print_json(asdict(found) if chosen is None else asdict(chosen))
    elif chosen is None:
        rows = [(each.name, each.files, each.rows, each.bytes, found.share(each.bytes)) for each in found.tables]
        print_rows(("table", "files", "rows", "bytes", "share"), rows, as_json=False)
        described = f"the four annotation tables / the texts they describe: {found.annotation_share}"
        print_note(f"{described}; the texts have {found.text_bytes:,} bytes")
    else:
        cells = [
            (each.name, each.bytes, each.unpacked_bytes, found.share(each.bytes), ", ".join(each.encodings))
            for each in chosen.columns
        ]
        print_rows(("column", "bytes", "unpacked_bytes", "share", "encodings"), cells, as_json=False)


def _print_problems(problems: Sequence[str], *, well: str, as_json: bool, **counts: float) -> None:
    if as_json:
        print_json({"problems": problems, **counts})
    for each in () if as_json else problems:
        print_error(each)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        out.print(well, highlight=False)


def _print_report(report: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False, markup=False)


# `newslake archive`: the archive.

archive_app = typer.Typer(help="Verify the archive and rebuild its index.", no_args_is_help=True)


@archive_app.command("verify")
def verify_archive(as_json: AsJson = False) -> None:
    """Check every WARC file, the index and the fetch state.

    Reads all files and compares every digest. Exit 1 if there is a problem.
    """
    from newslake.pipeline.upkeep.maintenance import damages_of_archive

    _print_damages(damages_of_archive(workspace(is_reader=True)), as_json=as_json, well="the archive is intact")


@archive_app.command("reindex")
def rebuild_index(as_json: AsJson = False) -> None:
    """Rebuild the index from all WARC files.

    Damaged records are reported and skipped. Exit 1 if there are any.
    """
    _print_damages(workspace().archive.rebuild_index(), as_json=as_json, well="the index is rebuilt")


def _print_damages(damages: Iterable[Any], *, as_json: bool, well: str) -> None:
    found = []
    for each in damages:
        found.append(each)
        if not as_json:
            print_error(str(each))
    if as_json:
        print_json({"problems": [asdict(each) for each in found]})
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print(well, highlight=False)


# `newslake changes`: the days to copy again.

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
