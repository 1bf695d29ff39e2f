"""`newslake lake`: look after the table files."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from pipeline.cli.export import export
from pipeline.cli.output import AsJson, out, print_error, print_json, print_rows, workspace
from pipeline.model import pluralize

Deep = Annotated[bool, typer.Option("--deep", help="Every row and its receipt too, and the whole archive.")]
Withdraw = Annotated[
    bool, typer.Option("--withdraw", help="Take out what is damaged first; the next run derives it again.")
]

lake_app = typer.Typer(help="Verify, recover, tidy, keep and export the table files.", no_args_is_help=True)
lake_app.command("export")(export)


@lake_app.command("verify")
def verify_lake(deep: Deep = False, as_json: AsJson = False) -> None:
    """Check every byte of the lake against its digest; exit 1 if anything is wrong."""
    from pipeline.jobs import verify as stage

    done = stage.verify(workspace(), reads=stage.read_everything if deep else stage.read_nothing)
    read = f"{pluralize(done.files, 'file')}, {done.megabytes:,.1f} MB"
    rows = f", {pluralize(done.rows, 'row')}, {pluralize(done.records, 'record')}" if deep else ""
    well = f"{'lake and archive are' if deep else 'the lake is'} whole: {read}{rows} read in {done.seconds:.1f} s"
    _print_problems(done.problems, well=well, as_json=as_json, **done.counts)


def _print_problems(problems: Sequence[str], *, well: str, as_json: bool, **counts: float) -> None:
    if as_json:
        print_json({"problems": problems, **counts})
    for each in () if as_json else problems:
        print_error(each)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        out.print(well, highlight=False)


@lake_app.command("recover")
def recover(withdraw: Withdraw = False, as_json: AsJson = False) -> None:
    """Finish what dead processes left: archive files, published tables, ledger, takedowns. Exit 1 if one cannot end."""
    from pipeline.jobs.takedown import finish_takedowns

    space = workspace()
    report = {"archive": space.archive.recover(), "lake": space.lake.recover(withdraws=withdraw)}
    state = {"state": space.fetch_state.withdraw()} if withdraw else {}
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


def _print_report(report: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False, markup=False)
