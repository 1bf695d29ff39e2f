"""`newslake lake`: look after the table files."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from pipeline.cli.export import export
from pipeline.cli.output import AsJson, out, print_json, print_rows, problem, workspace

app = typer.Typer(help="Verify, recover, tidy, keep and export the table files.", no_args_is_help=True)
app.command("export")(export)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every table file against its manifest and the contract; exit 1 if anything is wrong."""
    _tell_problems(workspace().lake.verify(), well="the lake is whole", as_json=as_json)


def _tell_problems(problems: Sequence[str], *, well: str, as_json: bool) -> None:
    if as_json:
        print_json({"problems": list(problems)})
    for each in () if as_json else problems:
        problem(each)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        out.print(well, highlight=False)


@app.command()
def recover(as_json: AsJson = False) -> None:
    """Finish what dead processes left: archive files, published tables, ledger, takedowns."""
    from pipeline.stages.forget import finish_takedowns

    space = workspace()
    report = {
        "archive": space.archive.recover(),
        "lake": space.lake.recover(),
        "takedowns": finish_takedowns(space),
    }
    _tell(report, as_json=as_json)


@app.command()
def gc(as_json: AsJson = False) -> None:
    """Delete objects that no manifest names and that are older than NEWS_GC_GRACE_HOURS."""
    _tell({"removed": workspace().lake.gc()}, as_json=as_json)


@app.command()
def snapshot(
    name: Annotated[str, typer.Argument(help="Letters, digits, '.', '_' and '-'.")],
    verify: Annotated[bool, typer.Option("--verify", help="Check it instead of taking it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Delete it instead of taking it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep all tables as they are now under a name, in snapshots/NAME of the data folder; or check or drop one."""
    lake = workspace().lake
    if verify:
        _tell_problems(lake.verify_snapshot(name), well=f"the snapshot {name} is whole", as_json=as_json)
    elif drop:
        lake.drop_snapshot(name)
        _tell({"dropped": name}, as_json=as_json)
    else:
        _tell(lake.snapshot(name).as_dict(), as_json=as_json)


@app.command()
def snapshots(as_json: AsJson = False) -> None:
    """List the snapshots: when each was taken, its days and rows, and how many bytes nothing else has."""
    found = [each.as_dict() for each in workspace().lake.snapshots()]
    columns = tuple(found[0]) if found else ()
    print_rows(columns, [tuple(each.values()) for each in found], as_json=as_json)


def _tell(report: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False, markup=False)
