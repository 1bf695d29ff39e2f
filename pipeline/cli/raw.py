"""`newslake raw`: look after the archive."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import typer

from pipeline.cli.output import AsJson, out, print_error, print_json, workspace

archive_app = typer.Typer(help="Verify the archive, rebuild its index.", no_args_is_help=True)


@archive_app.command("verify")
def verify_archive(as_json: AsJson = False) -> None:
    """Read every WARC file whole and compare every digest, the index, the state of fetching; exit 1 if any is wrong."""
    from pipeline.jobs.verify import damages_of_archive

    _print_damages(damages_of_archive(workspace()), as_json=as_json, well="the archive is whole")


@archive_app.command("rebuild")
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
