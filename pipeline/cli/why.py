"""`newslake why`: where a row comes from, or why a page has none."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.cli.output import AsJson, out, print_json, workspace

if TYPE_CHECKING:
    from pipeline.model.provenance import Check, Fact, ProvenanceStep

_CHECK_MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "yellow")}
_INDENT, _NAME = "  ", 14


def why(
    what: Annotated[
        str, typer.Argument(metavar="URL|ARTICLE_ID|ROW", help="A page, an article, or a row: ARTICLE_ID:quotes:3.")
    ],
    as_json: AsJson = False,
) -> None:
    """Walk from a row to its words, article and raw record, or to the decision that left a page out; check each step.

    Exit 1 where nothing is known, or a check fails.
    """
    from pipeline.reports.provenance import trace_provenance

    found = trace_provenance(workspace(), what)
    if as_json:
        print_json({**asdict(found), "is_whole": found.is_whole})
    else:
        for number, step in enumerate(found.steps):
            print_step(step, is_first=number == 0)
    if not found.is_whole:
        raise typer.Exit(1)


def print_step(step: "ProvenanceStep", *, is_first: bool) -> None:
    """Print one step of the provenance."""
    from pipeline.model.provenance import STEP_HEADINGS

    heading = Text(f"{STEP_HEADINGS[step.name]:<{_NAME + len(_INDENT)}}", style="bold cyan")
    out.print(Text() if is_first else Text("\n"), end="")
    out.print(heading.append(step.told, style="bold"), soft_wrap=True)
    if step.excerpt is not None:
        each = step.excerpt
        words = Text.assemble((each.before, "dim"), (f"»{each.span}«", "bold reverse"), (each.after, "dim"))
        for line in words.split("\n", allow_blank=False):
            out.print(Text(_INDENT).append_text(line), soft_wrap=True)
    for fact in step.facts:
        out.print(_fact(fact), soft_wrap=True)
    for check in step.checks:
        out.print(_check(check), soft_wrap=True)


def _fact(fact: "Fact") -> Text:
    line = Text(f"{_INDENT}{fact.name:<{_NAME}}" if fact.name else _INDENT, style="dim").append(
        str(fact.value), "not dim"
    )
    return line.append(f"  {fact.how}", "dim") if fact.how else line


def _check(check: "Check") -> Text:
    mark, style = _CHECK_MARKS[check.holds]
    return Text(_INDENT).append(mark, style).append(f" {check.told}")
