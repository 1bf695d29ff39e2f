"""`newslake push`: URLs that the next run fetches."""

import sys
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, out, print_json, workspace


def push(
    urls: Annotated[list[str], typer.Argument(help="http(s) URLs; - reads them from standard input, one a line.")],
    source: Annotated[str | None, typer.Option(help="The inbox to push into; the first one when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put URLs into an inbox, as one file that survives whatever comes; Airflow fetches them in seconds."""
    from pipeline.jobs.push import push_urls

    given = [line for url in urls for line in (_read_urls() if url == "-" else [url])]
    file = push_urls(workspace(), given, source_key=source)
    if as_json:
        print_json({"file": str(file), "urls": len(given)})
        return
    out.print(str(file), highlight=False, soft_wrap=True)


def _read_urls() -> list[str]:
    """Return the lines of standard input, without empty ones and remarks."""
    lines = (line.strip() for line in sys.stdin)
    return [line for line in lines if line and not line.startswith("#")]
