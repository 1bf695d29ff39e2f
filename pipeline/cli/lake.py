"""`newslake lake`: verify, repair, compact and snapshot the table files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from newslake.pipeline.cli import completion
from newslake.pipeline.cli.output import (
    AsJson,
    out,
    print_error,
    print_json,
    print_rows,
    workspace,
)
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

lake_app = typer.Typer(help="Verify, repair, compact, clean up and snapshot the tables.", no_args_is_help=True)

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
