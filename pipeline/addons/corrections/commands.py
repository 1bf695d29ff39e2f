"""`newslake kb`: your knowledge base for entity linking. `newslake overrides`: preview manual corrections."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newslake.pipeline.cli.output import (
    AsJson,
    out,
    print_error,
    print_json,
    print_note,
    print_rows,
    settings,
    workspace,
)
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.corrections.preview import OverrideCheck, RowChange


kb_app = typer.Typer(help="Import your knowledge base, show its size, and search it.", no_args_is_help=True)

_ENTRY_COLUMNS = ("qid", "name", "types", "country", "prior", "lat", "lon", "description")
_PROBLEMS_MAX = 20


@kb_app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines, one entry per line; docs/knowledge-base.md lists the keys."),
    ],
    as_json: AsJson = False,
) -> None:
    """Replace your knowledge base by the entries of FILE.

    Skips and reports invalid lines. Exit 1 if there are any.
    """
    from newslake.pipeline.jobs.knowledge import import_kb

    done = import_kb(settings(), file)
    if as_json:
        print_json({**asdict(done.info), "invalid": [asdict(each) for each in done.bad]})
    else:
        out.print(f"{_size_text(done.info.entries, done.info.names)}, version {done.info.version}", highlight=False)
        for each in done.bad[:_PROBLEMS_MAX]:
            print_error(f"{file}: {each}")
        if len(done.bad) > _PROBLEMS_MAX:
            print_error(f"{file}: {pluralize(len(done.bad), 'invalid line')}; --json lists all")
    if done.bad:
        raise typer.Exit(1)


def _size_text(entries: int, names: int) -> str:
    return f"{pluralize(entries, 'entry', 'entries')} with {pluralize(names, 'name')}"


@kb_app.command("info")
def info(as_json: AsJson = False) -> None:
    """Show the size and version of your knowledge base."""
    from newslake.pipeline.jobs.knowledge import kb_info

    given = settings()
    found = kb_info(given)
    if as_json:
        print_json(
            {"path": str(given.kb_path), **(asdict(found) if found else {"entries": 0, "names": 0, "version": None})}
        )
    elif found is None:
        out.print(f"no knowledge base at {given.kb_path}; only built-in names are linked", highlight=False)
    else:
        out.print(
            f"{given.kb_path}: {_size_text(found.entries, found.names)}, version {found.version}",
            highlight=False,
        )


@kb_app.command("lookup")
def lookup(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or alias, in any case.")], as_json: AsJson = False
) -> None:
    """Print the entries and the correction of a name.

    Searches your knowledge base, the built-in names and overrides.toml. Exit 1 if nothing is found.
    """
    from newslake.pipeline.jobs.knowledge import look_up

    known = look_up(settings(), name)
    rows: list[dict[str, Any]] = [{key: getattr(entry, key) for key in _ENTRY_COLUMNS} for entry in known.entries]
    if as_json:
        print_json({"entries": rows, "correction": asdict(known.correction) if known.correction else None})
    elif rows:
        cells = ([" ".join(v) if isinstance(v, tuple) else v for v in row.values()] for row in rows)
        print_rows(_ENTRY_COLUMNS, cells, as_json=False)
    if known.correction and not as_json:
        values = ", ".join(f"{key} = {value!r}" for key, value in asdict(known.correction).items() if value is not None)
        out.print(f"overrides.toml: {values}", highlight=False, markup=False)
    if not rows and known.correction is None:
        if not as_json:
            print_error(f"no entry has the name {name!r}")
        raise typer.Exit(1)


# `newslake overrides`: preview corrections.

overrides_app = typer.Typer(help="Preview the corrections of overrides.toml.", no_args_is_help=True)

_TEXT_WIDTH = 80  # characters
_OFFSET_SUFFIXES = (
    "_start_char",
    "_end_char",
    "_cluster_index",
)  # the text columns have the same facts; --json has all


@overrides_app.callback()
def _group() -> None:
    """Keep ``check`` a subcommand: more may follow."""


@overrides_app.command("preview")
def preview_overrides(
    articles: Annotated[list[str] | None, typer.Argument(metavar="URL|ARTICLE_ID", help="Only these articles.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Corrections to preview (default: NEWS_OVERRIDES_FILE).", dir_okay=False),
    ] = None,
    line: Annotated[
        str | None,
        typer.Option(
            metavar="TOML",
            help="Preview only these lines of TOML, for example from Newsroom; - reads them from standard input.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of articles to process.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show which rows the corrections change, and write nothing.

    Exit 1 if a correction matches no article or no quote.
    """
    from newslake.pipeline.addons.corrections.preview import check_overrides

    given = typer.get_text_stream("stdin").read() if line == "-" else line
    tried = check_overrides(workspace(is_reader=True), file=file, line=given, articles=articles or (), limit=limit)
    if as_json:
        print_json({"is_ok": tried.is_ok, **asdict(tried)})
    else:
        _print_check(tried)
    if not tried.is_ok:
        raise typer.Exit(1)


def _print_check(tried: "OverrideCheck") -> None:
    for article_id, changes in groupby(tried.changes, key=lambda each: each.article_id):
        _print_line(f"article {article_id}")
        _print_changes(changes)
    for line in tried.lines:
        if line.problem is None:
            _print_line(f"{line.key} ({_clip(line.about)}): affects {pluralize(len(line.articles), 'article')}")
        else:
            print_error(f"{line.key} ({_clip(line.about)}): {line.problem}")
    for article_id, why in tried.unread.items():
        print_error(f"article {article_id}: {why}")
    left = f"; {pluralize(tried.skipped, 'more article')} not annotated (--limit)" if tried.skipped else ""
    hidden = sum(_is_hidden(each) for each in tried.changes)
    print_note(
        f"{_describe_changes(tried.changes)} in {pluralize(len(tried.read), 'article')}{left}; nothing was written",
        *([f"{hidden} of the values are offsets or indexes; only --json shows them"] if hidden else []),
        f"to apply the corrections, run the news day of each article again; {pluralize(tried.to_process, 'article')} "
        "will be processed again",
    )


def _describe_changes(changes: "Sequence[RowChange]") -> str:
    """Return how many values would change, and how many rows would be removed or added."""
    values = sum(each.column is not None for each in changes)
    removed = sum(each.column is None and each.after == "absent" for each in changes)
    added = len(changes) - values - removed
    parts = (
        f"{pluralize(values, 'value')} would change" if values or not changes else "",
        f"{pluralize(removed, 'row')} would be removed" if removed else "",
        f"{pluralize(added, 'row')} would be added" if added else "",
    )
    return " and ".join(filter(None, parts))


def _is_hidden(change: "RowChange") -> bool:
    return change.column is not None and change.column.endswith(_OFFSET_SUFFIXES)


def _print_changes(changes: "Iterable[RowChange]") -> None:
    for (table, text), values in groupby(changes, key=lambda each: (each.table, each.text)):
        _print_line(f"  {table}: {_clip(text)}")
        for each in values:
            if each.column is None:
                _print_line("    row removed" if each.after == "absent" else "    row added")
            elif not _is_hidden(each):
                _print_line(f"    {each.column}: {_value_text(each.before)} -> {_value_text(each.after)}")


def _print_line(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def _clip(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _TEXT_WIDTH else f"{plain[: _TEXT_WIDTH - 1]}…"


def _value_text(value: object) -> str:
    return "null" if value is None else str(value)
