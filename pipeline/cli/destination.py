"""Where the rows of an answer go, when it is not the terminal: CSV, Parquet or JSON, as they come."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import print_note
from pipeline.errors import ConfigError
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.query import Connection

STDOUT = "-"
ToCsv = Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Write CSV; - is standard output.")]
ToParquet = Annotated[str | None, typer.Option("--parquet", metavar="FILE", help="Write Parquet.")]


class Destination:
    """What --json, --csv and --parquet say together. ``is_given`` is false where none is: the terminal shows a table.

    Raises: ConfigError for two of them, and for a file inside the lake, which only commits write.
    """

    def __init__(self, lake: Path, *, as_json: bool, csv: str | None, parquet: str | None) -> None:
        given = [name for name, is_given in (("--json", as_json), ("--csv", csv), ("--parquet", parquet)) if is_given]
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(given)}: the rows go to one place; leave one out", key=given[0])
        if parquet == STDOUT:
            raise ConfigError("--parquet needs the name of a file", key="--parquet")
        self.is_given = bool(given)
        self._is_csv = bool(csv)
        name = csv or parquet
        self._path = path_outside_lake(lake, name) if name and name != STDOUT else None

    def write(self, connection: "Connection", statement: str) -> None:
        """Write the rows of one statement. Raises: ConfigError for what DuckDB refuses, OSError."""
        from pipeline.query import stream
        from pipeline.query.result_files import whole_file, write_csv, write_json, write_parquet

        with stream(connection, statement) as (schema, batches):
            if self._path:
                with whole_file(self._path) as file:
                    rows = (write_csv if self._is_csv else write_parquet)(schema, batches, file)
                print_note(f"{pluralize(rows, 'row')} written to {self._path}")
            elif self._is_csv:
                write_csv(schema, batches, sys.stdout.buffer)
            else:
                write_json(schema, batches, sys.stdout)


def path_outside_lake(lake: Path, name: str) -> Path:
    """Return a path that a person named. Raises: ConfigError where it is in the lake's folder or its snapshots'."""
    path = Path(name)
    if any(path.resolve().is_relative_to(each.resolve()) for each in (lake, lake.with_name("snapshots"))):
        told = f"{path} is inside the lake or its snapshots, which only newslake writes; name another folder"
        raise ConfigError(told, key=name)
    return path
