"""`newslake lake`, `raw` and `changes`: maintain, export and follow the table files, and verify the archive."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.output import AsJson, Quiet, err, out, print_error, print_json, print_rows, progress, workspace
from pipeline.cli.query import path_outside_lake
from pipeline.cli.run import day_of
from pipeline.errors import ConfigError
from pipeline.model import pluralize

lake_app = typer.Typer(help="Verify, recover, tidy, keep and export the table files.", no_args_is_help=True)

Deep = Annotated[bool, typer.Option("--deep", help="Every row and its receipt too, and the whole archive.")]
DropDamaged = Annotated[
    bool, typer.Option("--drop-damaged", help="Take out what is damaged first; the next run derives it again.")
]


@lake_app.command("export")
def export(  # noqa: PLR0913, PLR0917 - the options of the command
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


@lake_app.command("verify")
def verify_lake(deep: Deep = False, as_json: AsJson = False) -> None:
    """Check every byte of the lake against its digest; exit 1 if anything is wrong."""
    from pipeline.jobs import maintenance

    done = maintenance.verify(workspace(), reads=maintenance.read_everything if deep else maintenance.read_nothing)
    read = f"{pluralize(done.files, 'file')}, {done.megabytes:,.1f} MB"
    rows = f", {pluralize(done.rows, 'row')}, {pluralize(done.records, 'record')}" if deep else ""
    well = f"{'lake and archive are' if deep else 'the lake is'} whole: {read}{rows} read in {done.seconds:.1f} s"
    _print_problems(done.problems, well=well, as_json=as_json, **done.counts)


@lake_app.command("repair")
def repair(drop_damaged: DropDamaged = False, as_json: AsJson = False) -> None:
    """Finish what dead processes left: archive files, published tables, ledger, takedowns. Exit 1 if one cannot end."""
    from pipeline.jobs.takedown import finish_takedowns

    space = workspace()
    report = {"archive": space.archive.recover(), "lake": space.lake.recover(drops_damaged=drop_damaged)}
    state = {"state": space.fetch_state.drop_damaged()} if drop_damaged else {}
    _print_report(report | state | {"takedowns": finish_takedowns(space)}, as_json=as_json)
    if any(not each.is_done for each in space.takedowns.all()):
        raise typer.Exit(1)


@lake_app.command("gc")
def gc(as_json: AsJson = False) -> None:
    """Delete what was replaced, staged or left unfinished NEWS_GC_GRACE_HOURS ago or before, and nothing needs."""
    _print_report({"removed": workspace().lake.gc()}, as_json=as_json)


@lake_app.command("snapshot")
def snapshot(
    name: Annotated[str, typer.Argument(help="Letters, digits, '.', '_' and '-'.")],
    verify: Annotated[bool, typer.Option("--verify", help="Check it instead of taking it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Delete it instead of taking it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep all tables as they are now under a name, in snapshots/NAME of the data folder; or check or drop one."""
    lake = workspace().lake
    if verify:
        _print_problems(lake.snapshots.verify(name), well=f"the snapshot {name} is whole", as_json=as_json)
    elif drop:
        lake.snapshots.drop(name)
        _print_report({"dropped": name}, as_json=as_json)
    else:
        _print_report(lake.snapshots.take(name).as_dict(), as_json=as_json)


@lake_app.command("snapshots")
def snapshots(as_json: AsJson = False) -> None:
    """List the snapshots: when each was taken, its days and rows, and how many bytes nothing else has."""
    found = [each.as_dict() for each in workspace().lake.snapshots.list()]
    if not found and not as_json:
        out.print("there is no snapshot; `newslake lake snapshot NAME` takes one", highlight=False)
        return
    columns = tuple(found[0]) if found else ()
    print_rows(columns, [tuple(each.values()) for each in found], as_json=as_json)


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


# `newslake raw`: the archive.

archive_app = typer.Typer(help="Verify the archive, rebuild its index.", no_args_is_help=True)


@archive_app.command("verify")
def verify_archive(as_json: AsJson = False) -> None:
    """Read every WARC file whole and compare every digest, the index, the state of fetching; exit 1 if any is wrong."""
    from pipeline.jobs.maintenance import damages_of_archive

    _print_damages(damages_of_archive(workspace()), as_json=as_json, well="the archive is whole")


@archive_app.command("reindex")
def rebuild_index(as_json: AsJson = False) -> None:
    """Make the index anew from all WARC files, past what of them is damaged; exit 1 if anything is."""
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


# `newslake changes`: what to copy again.

_CHANGE_COLUMNS = ("at", "kind", "day", "from_day", "article_id", "title", "url")


def changes(
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="A date or time, ISO 8601, UTC unless it says; what came after is told.")
    ],
    as_json: AsJson = False,
) -> None:
    """List articles that are new, changed, moved to another day, removed, withdrawn by their publisher, or back."""
    from pipeline.jobs.changes import changes_since

    found = changes_since(workspace(), _parse_time(since))
    if as_json:
        print_json(asdict(found))
        return
    rows = [tuple(getattr(each, name) for name in _CHANGE_COLUMNS) for each in found.articles]
    print_rows(_CHANGE_COLUMNS, rows, as_json=False)
    err.print(
        f"{pluralize(len(rows), 'article')}, {pluralize(len(found.days), 'day')} with changed files; "
        f"next: --since {found.until.isoformat()}",
        highlight=False,
        soft_wrap=True,
    )


def _parse_time(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"--since {value!r} is neither a date nor a time: write 2026-03-02 or 2026-03-02T08:00:00Z"
        raise ConfigError(message, key="since") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
