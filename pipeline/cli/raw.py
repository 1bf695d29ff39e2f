"""`newslake raw`: look after the archive."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import typer

from pipeline.cli.output import AsJson, out, print_json, problem, workspace

app = typer.Typer(help="Verify the archive, rebuild its index.", no_args_is_help=True)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read every WARC file whole and compare every digest, the index, the state of fetching; exit 1 if any is wrong."""
    from pipeline.stages.verify import damages_of_archive

    _tell(damages_of_archive(workspace()), as_json=as_json, well="the archive is whole")


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the index anew from all WARC files, past what of them is damaged; exit 1 if anything is."""
    _tell(workspace().archive.rebuild_index(), as_json=as_json, well="the index is rebuilt")


def _tell(damages: Iterable[Any], *, as_json: bool, well: str) -> None:
    found = []
    for each in damages:
        found.append(each)
        if not as_json:
            problem(str(each))
    if as_json:
        print_json({"problems": [asdict(each) for each in found]})
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print(well, highlight=False)
