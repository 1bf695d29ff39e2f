"""`newslake lake sizes`: where the bytes of the tables go."""

from dataclasses import asdict
from typing import Annotated

import typer

from newslake.pipeline.cli.output import AsJson, print_json, print_note, print_rows, workspace
from newslake.pipeline.errors import ConfigError


def sizes(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="Show the columns of this table.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the bytes of the tables go.

    Prints files, rows and bytes of each table, or bytes of each column of one table. The share is that of the texts of
    all articles, before compression. Reads only the footers of the files.
    """
    from newslake.pipeline.addons.operate.lake_sizes import sizes_of

    lake_sizes = sizes_of(workspace().place)
    chosen = next((each for each in lake_sizes.tables if each.name == table), None)
    if table is not None and chosen is None:
        known = ", ".join(each.name for each in lake_sizes.tables) or "none"
        raise ConfigError(f"{table!r} has no files; choose one of {known}", key="table")
    if as_json:
        print_json(asdict(lake_sizes) if chosen is None else asdict(chosen))
    elif chosen is None:
        rows = [
            (each.name, each.files, each.rows, each.bytes, lake_sizes.share(each.bytes)) for each in lake_sizes.tables
        ]
        print_rows(("table", "files", "rows", "bytes", "share"), rows, as_json=False)
        described = f"the four annotation tables / the texts they describe: {lake_sizes.annotation_share}"
        print_note(f"{described}; the texts have {lake_sizes.text_bytes:,} bytes")
    else:
        cells = [
            (each.name, each.bytes, each.unpacked_bytes, lake_sizes.share(each.bytes), ", ".join(each.encodings))
            for each in chosen.columns
        ]
        print_rows(("column", "bytes", "unpacked_bytes", "share", "encodings"), cells, as_json=False)
