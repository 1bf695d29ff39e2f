"""`newslake archive`: verify the archive and rebuild its index."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import typer

from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, workspace

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
