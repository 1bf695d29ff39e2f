"""`newslake kb`: your knowledge base for linking names."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.output import AsJson, out, print_error, print_json, print_rows
from pipeline.model import pluralize
from pipeline.settings import Settings

kb_app = typer.Typer(help="Take in, count and ask your knowledge base.", no_args_is_help=True)

_ENTRY_COLUMNS = ("qid", "name", "types", "country", "prior", "lat", "lon", "description")
_PROBLEMS_MAX = 20


@kb_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON objects, one a line; docs/knowledge-base.md has the keys.")],
    as_json: AsJson = False,
) -> None:
    """Make FILE your knowledge base, in place of the one before; exit 1 if a line had to be left out."""
    from pipeline.jobs.knowledge import import_kb

    done = import_kb(Settings.load(), file)
    if as_json:
        print_json({**asdict(done.info), "left_out": [asdict(each) for each in done.bad]})
    else:
        out.print(
            f"{done.info.entries} entries with {done.info.names} names, version {done.info.version}", highlight=False
        )
        for each in done.bad[:_PROBLEMS_MAX]:
            print_error(f"{file}: {each}")
        if len(done.bad) > _PROBLEMS_MAX:
            print_error(f"{file}: {pluralize(len(done.bad), 'line')} left out; --json lists all")
    if done.bad:
        raise typer.Exit(1)


@kb_app.command("info")
def info(as_json: AsJson = False) -> None:
    """Say how much your knowledge base holds, and its version."""
    from pipeline.jobs.knowledge import kb_info

    settings = Settings.load()
    found = kb_info(settings)
    if as_json:
        print_json(
            {"path": str(settings.kb_path), **(asdict(found) if found else {"entries": 0, "names": 0, "version": None})}
        )
    elif found is None:
        out.print(f"no knowledge base at {settings.kb_path}: only built-in names link", highlight=False)
    else:
        out.print(
            f"{settings.kb_path}: {found.entries} entries with {found.names} names, version {found.version}",
            highlight=False,
        )


@kb_app.command("lookup")
def lookup(name: Annotated[str, typer.Argument(help="A name or alias, in any case.")], as_json: AsJson = False) -> None:
    """Print all that go by NAME, yours and built in, and its correction; exit 1 where nothing is known."""
    from pipeline.jobs.knowledge import look_up

    known = look_up(Settings.load(), name)
    rows: list[dict[str, Any]] = [{key: getattr(entry, key) for key in _ENTRY_COLUMNS} for entry in known.entries]
    if as_json:
        print_json({"entries": rows, "correction": asdict(known.correction) if known.correction else None})
    elif rows:
        cells = ([" ".join(v) if isinstance(v, tuple) else v for v in row.values()] for row in rows)
        print_rows(_ENTRY_COLUMNS, cells, as_json=False)
    if known.correction and not as_json:
        said = ", ".join(f"{key} = {value!r}" for key, value in asdict(known.correction).items() if value is not None)
        out.print(f"overrides.toml: {said}", highlight=False, markup=False)
    if not rows and known.correction is None:
        if not as_json:
            print_error(f"nothing goes by {name!r}")
        raise typer.Exit(1)
