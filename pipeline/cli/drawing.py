"""An article's page in the terminal: its text with what was found in it, then names, quotations and events."""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from pipeline.cli.output import out
from pipeline.pages import ArticlePage, Mark, Named, ShownBlock, ShownEvent, ShownQuote, visible

# Colour is never alone: names are underlined, triggers have the shape of their modality, all else its label.
_STYLES = {
    "said": "on grey23",
    "quote": "italic",
    "speaker": "bold",
    "cue": "bold italic",
    "event": "",
    "entity": "underline",
}
_GROUPS = {"person": "blue", "organisation": "red", "place": "green", "other": "magenta"}
_SHAPES = {"q": "", "happened": "●", "planned": "▷", "hypothetical": "◇", "negated": "⊘"}
_MARGIN = " " * 12
_HEADINGS = (("person", "People"), ("organisation", "Organisations"), ("place", "Places"), ("other", "Other names"))


def draw_text(page: ArticlePage) -> None:
    """Print the blocks in order. ⟨1⟩ stands before quotation 1, behind its speaker and its cue; what a margin of the
    page tells stands below each block."""
    out.print(Text(visible(page.title), style="bold"))
    for block in page.blocks:
        out.print()
        out.print(Text.assemble((f"{block.kind:>10}  ", "dim"), _drawn(block)))
        for note in _notes(block):
            out.print(Text(f"{_MARGIN}{visible(note)}", style="dim cyan"))


def _drawn(block: ShownBlock) -> Text:
    drawn, stack = Text(), list[Mark]()
    for piece in block.pieces:
        del stack[len(stack) - len(piece.ends) :]
        for label in piece.labels:
            if label.shown:
                drawn.append(f"⟨{_SHAPES[label.look]}{label.shown}⟩", "cyan")
        stack += piece.begins
        drawn.append(visible(piece.text), " ".join(filter(None, map(_style, stack))))
    return drawn


def _style(mark: Mark) -> str:
    return f"{_STYLES[mark.kind]} {_GROUPS[mark.look]}" if mark.kind == "entity" else _STYLES[mark.kind]


def _notes(block: ShownBlock) -> Iterator[str]:
    yield from (f"{quote.number}… {quote.speaker}, continued" for quote in block.continued)
    for quote in block.begun:
        yield f"{quote.number} {quote_told(quote)}"
    yield from (f"{_SHAPES[each.modality]}{each.number} {each.trigger}: {each.told}" for each in block.no_facts)


def quote_told(quote: ShownQuote) -> str:
    """Return who says a quotation, as what, and in which way."""
    cue = f"{quote.cue} ({quote.stance})" if quote.stance not in ("", "neutral") else quote.cue
    way = ", ".join(filter(None, [quote.kind, cue, "" if quote.is_closed else "closing mark missing"]))
    return f"{', '.join(filter(None, [quote.speaker, quote.role]))} ({way})"


def draw_lists(page: ArticlePage) -> None:
    """Print a line an entity, a quotation and an event."""
    for group, heading in _HEADINGS:
        _draw_list(heading, (name_line(each) for each in page.named if each.group == group))
    _draw_list("Quotations", map(_quote_line, page.quotes))
    _draw_list("Events", map(_event_line, page.events))


def _draw_list(heading: str, lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        if number == 0:
            out.print(Text(f"\n{heading}", style="bold"))
        out.print(Text(f"  {visible(line)}"), soft_wrap=True)


def name_line(named: Named) -> str:
    """Return an entity with its mentions, titles, roles, link and quotations."""
    kind = ", ".join(filter(None, [named.kind, named.gender, named.country]))
    forms = ", ".join(f"{form} {count}" for form, count in named.forms)
    parts = (
        f"{named.name} ({kind}): {forms}",
        f"{named.with_others} with others" if named.with_others else "",
        _told("title", named.titles),
        _told("role", named.roles),
        named.item or "not linked",
        _told("says", [str(quote.number) for quote in named.said]),
    )
    return "; ".join(filter(None, parts))


def _told(label: str, values: Sequence[str]) -> str:
    return f"{label} {', '.join(values)}" if values else ""


def _quote_line(quote: ShownQuote) -> str:
    return f"{quote.number} {quote_told(quote)}: {quote.text} ({quote.how})"


def _event_line(event: ShownEvent) -> str:
    who = " → ".join(filter(None, [event.actor or "?", event.recipient]))
    when = event.when or "no date"
    dated = f"{when} ({event.dated_by})" if event.dated_by else when
    return f"{_SHAPES[event.modality]}{event.number} {event.kind}, {event.told}: {event.trigger} ({who}; {dated})"


def draw_fields(page: ArticlePage) -> None:
    """Print each field of the article with the method that found it."""
    out.print(Text("\nDecided", style="bold"))
    width = max(len(field.name) for field in page.fields)
    for field in page.fields:
        how = f"  {field.how}" if field.how else ""
        out.print(Text(f"  {field.name:<{width}} {visible(field.value)}{how}"), soft_wrap=True)
