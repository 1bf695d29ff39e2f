"""Output in the terminal: results on stdout, everything else on stderr."""

import json
import logging
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from newslake.pipeline.log_lines import MESSAGES, configure_logging, writes_json

if TYPE_CHECKING:
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors, no progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_NARROWEST = 18  # characters of a column of long texts, in a table that has to fit

# In a pipe or a file, a table is as wide as its rows.
log = logging.getLogger(MESSAGES)
out = Console(width=None if sys.stdout.isatty() else sys.maxsize)
err = Console(stderr=True)


def settings() -> "Settings":
    """Return the settings of this process. Raises: ConfigError."""
    from newslake.pipeline.settings import Settings

    configure_logs()
    return Settings.load()


def configure_logs() -> None:
    """Write the log in the format of this process's setting. Raises: ConfigError."""
    from newslake.pipeline.environment import log_format

    configure_logging(log_format())


def workspace(*, is_reader: bool = False) -> "Workspace":
    """Return a workspace with the settings of this process; a reader creates no shared store. Raises: ConfigError."""
    from newslake.pipeline.jobs.workspace import Workspace

    return Workspace(settings(), is_reader=is_reader)


def print_error(message: str) -> None:
    """Print an error on stderr."""
    if writes_json():
        log.error("%s", message)
        return
    err.print(f"[red]newslake:[/red] {escape(message)}", highlight=False, soft_wrap=True)


def print_note(*lines: str) -> None:
    """Print notes about a result on stderr, one line each; a terminal shows whole words and paths."""
    for line in lines:
        if writes_json():
            log.info("%s", line)
            continue
        text = (
            textwrap.fill(line, err.width, break_long_words=False, break_on_hyphens=False) if err.is_terminal else line
        )
        err.print(text, style="dim", highlight=False, markup=False, soft_wrap=True)


def note_missing_lake() -> None:
    """Print a note on stderr if the data folder has no lake: then all tables are empty."""
    from newslake.pipeline.jobs.places import place_of
    from newslake.pipeline.store.table_files import has_lake

    folder = settings().data_dir
    if not has_lake(place_of(settings())):
        print_note(f"{folder.absolute()} has no lake: go to the folder of your sources.toml, or set NEWS_DATA_DIR")


def print_json(value: object) -> None:
    """Print one JSON value, with times and days as ISO 8601 text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_text) + "\n")


def _text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool) -> None:
    """Print rows as a table, or as a JSON list of objects. Nothing is cut.

    A table fits the terminal: long texts are wrapped, and a table that would have too narrow columns is printed as
    records, one column per line. Elsewhere, each row is one line.
    """
    found = list(rows)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in found])
        return
    widths = [max(len(text) for text in texts) for texts in _cell_texts(columns, found)]
    if sum(min(width, _NARROWEST) for width in widths) + 3 * len(widths) + 1 <= out.width:
        out.print(_table(columns, found, is_tight=sum(widths) + 3 * len(widths) + 1 > out.width))
        return
    for number, row in enumerate(found, 1):
        out.rule(f"row {number}", align="left", style="dim")
        for column, value in zip(columns, row, strict=True):
            out.print(f"[bold]{escape(column)}[/bold]: {escape(str('' if value is None else value))}", highlight=False)


def _cell_texts(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[list[str]]:
    """Return the texts of each column, its name first."""
    return [[name, *(_cell(row[at]) for row in rows)] for at, name in enumerate(columns)]


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, is_tight: bool) -> Table:
    table = Table(header_style="bold", show_lines=is_tight)
    for at, name in enumerate(columns):
        is_number = all(row[at] is None or isinstance(row[at], int | float | Decimal) for row in rows)
        table.add_column(escape(name), justify="right" if rows and is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    return table


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the current step: a spinner in a terminal, lines elsewhere, nothing if quiet."""
    if quiet:
        yield lambda message: None
    elif writes_json():
        yield lambda message: log.info("%s", message)
    elif err.is_terminal:
        with err.status("starting") as status:
            yield lambda message: status.update(escape(message))
    else:
        yield lambda message: err.print(message, highlight=False, markup=False, soft_wrap=True)
