"""`newslake override`: corrections by hand, tried before they hold."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import AsJson, note, out, print_json, problem, workspace
from pipeline.model import counted

if TYPE_CHECKING:
    from pipeline.stages.override_check import Tried
    from pipeline.stages.row_changes import RowChange

app = typer.Typer(help="Try the corrections of overrides.toml.", no_args_is_help=True)

_WIDEST = 80  # characters of a row's words
_PLACES = ("_start_char", "_end_char", "_cluster_index")  # told by the words beside them; --json has them


@app.callback()
def _group() -> None:
    """Keep ``check`` a command of its own: more may come."""


@app.command()
def check(
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
    from pipeline.stages.override_check import check_overrides

    given = typer.get_text_stream("stdin").read() if line == "-" else line
    tried = check_overrides(workspace(), file=file, line=given, articles=articles or (), limit=limit)
    if as_json:
        print_json({"is_well": tried.is_well, **asdict(tried)})
    else:
        _print(tried)
    if not tried.is_well:
        raise typer.Exit(1)


def _print(tried: "Tried") -> None:
    for article_id, changes in groupby(tried.changes, key=lambda each: each.article_id):
        _tell(f"article {article_id}")
        _print_changes(changes)
    for line in tried.lines:
        if line.problem is None:
            _tell(f"{line.key} ({_clipped(line.about)}): touches {counted(len(line.articles), 'article')}")
        else:
            problem(f"{line.key} ({_clipped(line.about)}): {line.problem}")
    for article_id, why in tried.unread.items():
        problem(f"article {article_id}: {why}")
    left = f", {tried.left_out} more were left out (--limit)" if tried.left_out else ""
    values, read = counted(len(tried.changes), "value"), counted(len(tried.read), "article")
    note(
        f"{values} would change in {read}{left}; nothing was written",
        f"with these corrections, the next runs of their days derive {counted(tried.to_derive, 'article')} again",
    )


def _print_changes(changes: "Iterable[RowChange]") -> None:
    for (table, text), values in groupby(changes, key=lambda each: (each.table, each.text)):
        _tell(f"  {table} {_clipped(text)}")
        for each in values:
            if each.column is None:
                _tell(f"    {each.before} -> {each.after}")
            elif not each.column.endswith(_PLACES):
                _tell(f"    {each.column}: {_shown(each.before)} -> {_shown(each.after)}")


def _tell(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def _clipped(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _WIDEST else f"{plain[: _WIDEST - 1]}…"


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
