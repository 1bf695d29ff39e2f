"""`newslake lake`: look after the table files."""

from collections.abc import Mapping

import typer

from pipeline.cli.output import AsJson, out, print_json, problem, workspace

app = typer.Typer(help="Verify, recover and tidy the table files.", no_args_is_help=True)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every table file against its manifest and the contract; exit 1 if anything is wrong."""
    problems = workspace().lake.verify()
    if as_json:
        print_json({"problems": list(problems)})
    for each in () if as_json else problems:
        problem(each)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        out.print("the lake is whole", highlight=False)


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


def _tell(report: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name}: {value}", highlight=False, markup=False)
