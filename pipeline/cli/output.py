"""What the terminal sees: results on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.settings import Settings
from pipeline.stages.workspace import Workspace

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only results and problems.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

out = Console()
err = Console(stderr=True)


def workspace() -> Workspace:
    """Return the workspace of this process's settings. Raises: ConfigError."""
    return Workspace(Settings.load())


def problem(message: str) -> None:
    """Tell what is wrong, on stderr."""
    err.print(f"[red]newslake:[/red] {escape(message)}", highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON value; times and days as ISO text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool) -> None:
    """Print rows as a table, or as a JSON list of objects."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = Table(*(escape(column) for column in columns), header_style="bold")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    out.print(table)


@contextmanager
def telling(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that says what is going on now: a spinner on a terminal, lines elsewhere, nothing if quiet."""
    if quiet:
        yield lambda message: None
    elif err.is_terminal:
        with err.status("starting") as status:
            yield lambda message: status.update(escape(message))
    else:
        yield lambda message: err.print(message, highlight=False, markup=False)
