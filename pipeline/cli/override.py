"""`newslake override`: corrections by hand, tried before they hold."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import AsJson, out, print_error, print_json, print_note, workspace
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.reports.overrides import OverrideCheck
    from pipeline.reports.row_changes import RowChange

overrides_app = typer.Typer(help="Try the corrections of overrides.toml.", no_args_is_help=True)

_TEXT_WIDTH = 80  # characters of a row's words
_OFFSET_SUFFIXES = ("_start_char", "_end_char", "_cluster_index")  # the words before them say the same; --json has them


@overrides_app.callback()
def _group() -> None:
    """Keep ``check`` a command of its own: more may come."""


@overrides_app.command("check")
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
        print_json({"is_well": tried.is_well, **asdict(tried)})
    else:
        _print_check(tried)
    if not tried.is_well:
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
