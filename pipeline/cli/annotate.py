"""`newslake try`, `annotate` and `clean`: one page printed, or many documents in and out, without a lake.

`newslake events`: why a sentence gives its events.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.cli.output import AsJson, Quiet, err, out, print_error, print_json, workspace
from pipeline.errors import ConfigError
from pipeline.model import Annotation, Event
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.reports.documents import Line


Input = Annotated[Path, typer.Argument(help="JSON lines to read; - for standard input.", allow_dash=True)]
Output = Annotated[Path, typer.Argument(help="JSON lines to write; - for standard output.", allow_dash=True)]
PublishedAt = Annotated[str | None, typer.Option(help="Date to resolve dates against, e.g. 2017-06-13.")]
SourceRules = Annotated[str | None, typer.Option(help="Key of the source whose layout rules hold for it.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes to work with.")]


def try_page(
    page: Annotated[str, typer.Argument(help="A file (.html, .txt) or a URL.", metavar="FILE|URL")],
    published_at: PublishedAt = None,
    source: SourceRules = None,
    as_json: AsJson = False,
) -> None:
    """Show what newslake makes of one page: its text with quotations and their speakers, each field with its method,
    a line an entity, a quotation and an event."""
    from pipeline.cli.article_text import draw_fields, draw_lists, draw_text
    from pipeline.reports.article_view import preview, view_preview
    from pipeline.reports.documents import annotation_object, extraction_object
    from pipeline.web import article_page

    space = workspace()
    tried = preview(space, page, published_at=published_at, source_key=source)
    if isinstance(tried.read, str):
        print_error(tried.read)
        raise typer.Exit(1)
    if as_json:
        cleaned = extraction_object(page, tried.article) | {"rules_fired": dict(tried.fired)}
        print_json(cleaned | annotation_object(page, tried.article, tried.read or Annotation()))
        return
    shown = article_page(view_preview(space, page, tried).rows, origin="")
    draw_text(shown)
    draw_fields(shown)
    rules = ", ".join(f"{rule} {count}" for rule, count in tried.fired.items()) or "none"
    out.print(f"  rules fired: {rules}", highlight=False, markup=False)
    if tried.rejected is not None:
        out.print(
            f"\n[red]a run would reject this page[/red]: {tried.rejected.reason}: {escape(tried.rejected.detail)}"
        )
    if tried.read is None:
        language = tried.article.language or "unknown, the text may be too short to tell"
        out.print(f"\nnot read: there are no words for its language ({language})", highlight=False, markup=False)
    draw_lists(shown)


def annotate(source: Input, target: Output, workers: Workers = 1, quiet: Quiet = False) -> None:
    """Read entities, quotes, events and times in documents {doc_id, text, title, published_at}.

    One line out for each valid line in, in order; a bad line is told with its number. Exit 1 if there was one.
    """
    from pipeline.reports.documents import annotate_lines

    settings = Settings.load()
    with _open_input(source) as lines:
        _write(annotate_lines(lines, settings=settings, workers=workers), target, quiet=quiet)


def clean(source: Input, target: Output, workers: Workers = 1, quiet: Quiet = False) -> None:
    """Extract title, authors, date, paragraphs and captions from pages {doc_id, url, html, fetched_at}.

    "html" names a file beside the input. One line out for each valid line in, in order. Exit 1 if one was bad.
    """
    from pipeline.reports.documents import clean_lines

    settings = Settings.load()
    folder = Path() if str(source) == "-" else source.parent
    with _open_input(source) as lines:
        _write(clean_lines(lines, folder=folder, settings=settings, workers=workers), target, quiet=quiet)


def _open_input(source: Path) -> typer.FileText:
    if str(source) == "-":
        return sys.stdin  # type: ignore[return-value]
    if not source.is_file():
        raise ConfigError(f"{source}: no such file", key=str(source))
    return source.open(encoding="utf-8", errors="surrogateescape")  # type: ignore[return-value]


def _write(lines: "Iterable[Line]", target: Path, *, quiet: bool) -> None:
    bad = 0
    stream = sys.stdout if str(target) == "-" else target.open("w", encoding="utf-8")
    with stream, _progress_bar(quiet=quiet) as progress:
        task = progress.add_task("documents", total=None)
        for line in lines:
            if line.result is None:
                bad += 1
                print_error(f"line {line.number}: {line.problem}")
            else:
                stream.write(json.dumps(line.result, ensure_ascii=False) + "\n")
            progress.advance(task)
    if bad:
        raise typer.Exit(1)


def _progress_bar(*, quiet: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)


# `newslake events`: why a sentence gives its events.

events_app = typer.Typer(help="Which frame of the lexicon fires in a sentence.", no_args_is_help=True)


@events_app.command("explain")
def explain(
    sentence: Annotated[str, typer.Argument(help="One or more sentences.")],
    published_at: PublishedAt = None,
    as_json: AsJson = False,
) -> None:
    """Show each event of a sentence: its frame, who and whom, modality and date; then the words without a type."""
    from pipeline.reports.article_view import read_text

    read = read_text(workspace(), sentence, published_at=published_at)
    if as_json:
        print_json([asdict(event) for event in read.events + read.untyped])
        return
    for event in read.events:
        _print_event(event)
    if read.untyped:
        untyped = ", ".join(event.trigger_text for event in read.untyped)
        out.print(f"[dim]no type:[/dim] {escape(untyped)}", highlight=False)
    if not read.events + read.untyped:
        out.print("no event")


def _print_event(event: Event) -> None:
    kind = "/".join(word for word in (event.event_type, event.event_mode or event.event_subtype) if word)
    derived = f", PLOVER {event.plover_type}" if event.plover_type not in (None, event.event_type) else ""
    out.print(f"[bold]{escape(event.trigger_text)}[/bold]  {kind}{derived}", highlight=False)
    for name, value in (
        ("frame", event.rule_id),
        ("actor", _participant(event, "actor")),
        ("recipient", _participant(event, "recipient")),
        ("modality", event.modality),
        ("date", _date(event)),
        ("place", event.place_text or "-"),
    ):
        out.print(f"  {name:<10} {value}", highlight=False, markup=False)


def _participant(event: Event, side: str) -> str:
    """Return the text of a participant, or its names where it has several, with country and sector."""
    several: tuple[str, ...] = getattr(event, f"{side}s")
    text = " + ".join(several) if several else getattr(event, f"{side}_text")
    known = [code for part in ("country", "sector") if (code := getattr(event, f"{side}_{part}"))]
    return (text or "-") + (f" ({', '.join(known)})" if known else "")


def _date(event: Event) -> str:
    days = " to ".join(str(day) for day in dict.fromkeys((event.event_date, event.event_date_end)) if day)
    words = f'"{event.event_date_text}"' if event.event_date_text else ""
    note = f"({event.event_date_note})" if event.event_date_note else ""
    return " ".join(part for part in (words, days, f"by {event.event_date_basis}", note) if part)
