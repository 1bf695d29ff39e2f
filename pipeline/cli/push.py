"""`newslake push`: URLs for the next run to fetch."""

import sys
from typing import Annotated

import typer

from newslake.pipeline.cli.completion import sources
from newslake.pipeline.cli.output import AsJson, out, print_json, print_note, workspace
from newslake.pipeline.model import pluralize


def push(
    urls: Annotated[
        list[str],
        typer.Argument(metavar="URL", help="http(s) URLs; - reads them from standard input, one per line."),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Inbox to write to (default: the first one in sources.toml).", autocompletion=sources
        ),
    ] = None,
    refetch: Annotated[
        bool, typer.Option("--refetch", help="Also request pages again that are in the archive, to see their edits.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put URLs into an inbox for the next run to fetch.

    Writes the URLs into one file of the inbox and prints its name. A running Airflow fetches them within seconds. Pages
    that are in the archive are requested again only with --refetch.
    """
    from newslake.pipeline.jobs.push import push_urls

    given = [line for url in urls for line in (_read_urls() if url == "-" else [url])]
    done = push_urls(workspace(), given, source_key=source, is_refetch=refetch)
    if as_json:
        print_json({"file": str(done.file), "urls": len(given), "archived": len(done.archived), "is_refetch": refetch})
        return
    out.print(str(done.file), highlight=False, soft_wrap=True)
    if done.archived and not refetch:
        known = f"{len(done.archived):,} of {pluralize(len(given), 'URL')}"
        print_note(f"in the archive, and so not requested: {known}; give --refetch to request pages again")


def _read_urls() -> list[str]:
    """Return the lines of standard input, without empty lines and comments."""
    lines = (line.strip() for line in sys.stdin)
    return [line for line in lines if line and not line.startswith("#")]
