"""`newslake kb`: the user's knowledge base for linking names. `newslake override`: try corrections by hand."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.output import AsJson, out, print_error, print_json, print_note, print_rows, workspace
from pipeline.model import pluralize
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.reports.overrides import OverrideCheck, RowChange


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


# `newslake override`: try corrections.

overrides_app = typer.Typer(help="Try the corrections of overrides.toml.", no_args_is_help=True)

_TEXT_WIDTH = 80  # characters
_OFFSET_SUFFIXES = ("_start_char", "_end_char", "_cluster_index")  # the text values say the same; --json has all


@overrides_app.callback()
def _group() -> None:
    """Keep ``check`` a command of its own: more may come."""


@overrides_app.command("preview")
def preview_overrides(
    articles: Annotated[
        list[str] | None, typer.Argument(metavar="[ARTICLE]...", help="Only these, by address or article_id.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The corrections to try instead of NEWS_OVERRIDES_FILE.", dir_okay=False)
    ] = None,
    line: Annotated[
        str | None, typer.Option(help="Try this, as pasted from a page, at the end of the file; - reads stdin.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Read at most so many articles.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show which rows corrections change, article by article, and write nothing.

    Exit 1 where a line touches nothing, or fits no quote any more.
    """
    from pipeline.reports.overrides import check_overrides

    given = typer.get_text_stream("stdin").read() if line == "-" else line
    tried = check_overrides(workspace(), file=file, line=given, articles=articles or (), limit=limit)
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
            _print_line(f"{line.key} ({_clip(line.about)}): touches {pluralize(len(line.articles), 'article')}")
        else:
            print_error(f"{line.key} ({_clip(line.about)}): {line.problem}")
    for article_id, why in tried.unread.items():
        print_error(f"article {article_id}: {why}")
    left = f", {tried.left_out} more were left out (--limit)" if tried.left_out else ""
    values, read = pluralize(len(tried.changes), "value"), pluralize(len(tried.read), "article")
    print_note(
        f"{values} would change in {read}{left}; nothing was written",
        f"with these corrections, the next runs of their days derive {pluralize(tried.to_derive, 'article')} again",
    )


def _print_changes(changes: "Iterable[RowChange]") -> None:
    for (table, text), values in groupby(changes, key=lambda each: (each.table, each.text)):
        _print_line(f"  {table} {_clip(text)}")
        for each in values:
            if each.column is None:
                _print_line(f"    {each.before} -> {each.after}")
            elif not each.column.endswith(_OFFSET_SUFFIXES):
                _print_line(f"    {each.column}: {_value_text(each.before)} -> {_value_text(each.after)}")


def _print_line(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def _clip(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _TEXT_WIDTH else f"{plain[: _TEXT_WIDTH - 1]}…"


def _value_text(value: object) -> str:
    return "nothing" if value is None else str(value)
