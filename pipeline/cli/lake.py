"""`newslake lake`: look after the table files."""

from collections.abc import Mapping
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, out, print_json, problem, workspace

Deep = Annotated[bool, typer.Option("--deep", help="Every row and its receipt too, and the whole archive.")]
Withdraw = Annotated[
    bool, typer.Option("--withdraw", help="Take out what is damaged first; the next run derives it again.")
]

app = typer.Typer(help="Verify, recover and tidy the table files.", no_args_is_help=True)


@app.command()
def verify(deep: Deep = False, as_json: AsJson = False) -> None:
    """Check every byte of the lake against its digest; exit 1 if anything is wrong."""
    from pipeline.stages import verify as stage

    done = stage.verify(workspace(), reads=stage.everything if deep else stage.nothing)
    if as_json:
        print_json({"problems": done.problems, **done.counts})
    for each in () if as_json else done.problems:
        problem(each)
    if not as_json:
        what = "lake and archive are" if deep else "the lake is"
        how = f"{len(done.problems)} problems" if done.problems else f"{what} whole"
        read = f"{done.files:,} files, {done.megabytes:,.1f} MB"
        rows = f", {done.rows:,} rows, {done.records:,} records" if deep else ""
        out.print(f"{how}: {read}{rows} read in {done.seconds:.1f} s", highlight=False)
    if done.problems:
        raise typer.Exit(1)


@app.command()
def recover(withdraw: Withdraw = False, as_json: AsJson = False) -> None:
    """Finish what dead processes left: archive files, published tables, ledger."""
    space = workspace()
    report = {"archive": space.archive.recover(), "lake": space.lake.recover(withdraws=withdraw)}
    _tell(report | ({"state": space.fetch_state.withdraw()} if withdraw else {}), as_json=as_json)


@app.command()
def gc(as_json: AsJson = False) -> None:
    """Delete objects that no manifest names and that are older than NEWS_GC_GRACE_HOURS."""
    _tell({"removed": workspace().lake.gc()}, as_json=as_json)


def _tell(report: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False, markup=False)
