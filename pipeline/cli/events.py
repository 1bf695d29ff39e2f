"""`newslake events`: why a sentence gives the events that it gives."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.output import AsJson, out, print_json, workspace
from pipeline.model import Event

events_app = typer.Typer(help="Which frame of the lexicon fires in a sentence.", no_args_is_help=True)


@events_app.command("explain")
def explain(
    sentence: Annotated[str, typer.Argument(help="One or more sentences.")],
    published_at: Annotated[str | None, typer.Option(help="Date to resolve dates against, e.g. 2017-06-13.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show each event of a sentence: its frame, who and whom, modality and date; then the words without a type."""
    from pipeline.reports.trial import read_text

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
    """Return who fills a place: the words, or the names where they are several, with country and sector."""
    several: tuple[str, ...] = getattr(event, f"{side}s")
    text = " + ".join(several) if several else getattr(event, f"{side}_text")
    known = [code for part in ("country", "sector") if (code := getattr(event, f"{side}_{part}"))]
    return (text or "-") + (f" ({', '.join(known)})" if known else "")


def _date(event: Event) -> str:
    days = " to ".join(str(day) for day in dict.fromkeys((event.event_date, event.event_date_end)) if day)
    words = f'"{event.event_date_text}"' if event.event_date_text else ""
    note = f"({event.event_date_note})" if event.event_date_note else ""
    return " ".join(part for part in (words, days, f"by {event.event_date_basis}", note) if part)
