"""An article in the terminal: its text with annotations, then names, quotes, events and fields.

It is not part of ``output``, which every command loads: only commands that show an article load the web package.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from newslake.pipeline.cli.output import out
from newslake.pipeline.model import pluralize
from newslake.pipeline.show.annotations import EntityCard, EventView, QuoteView
from newslake.pipeline.show.article import ArticlePage
from newslake.pipeline.show.rendering import make_visible
from newslake.pipeline.show.text_markup import BlockView, Mark

# Colour is never the only sign: names are underlined, triggers have a shape per modality, the rest has labels.
_STYLES = {
    "said": "on grey23",
    "quote": "italic",
    "speaker": "bold",
    "cue": "bold italic",
    "event": "",
    "entity": "underline",
}
_GROUPS = {"person": "blue", "organisation": "red", "place": "green", "nationality": "yellow", "other": "magenta"}
_SHAPES = {"q": "", "happened": "●", "planned": "▷", "hypothetical": "◇", "negated": "⊘"}
_MARGIN = " " * 12
_HEADINGS = (
    ("person", "People"),
    ("organisation", "Organisations"),
    ("place", "Places"),
    ("nationality", "Nationalities and groups"),
    ("other", "Other names"),
)


def draw_text(page: ArticlePage) -> None:
    """Print the blocks in order, each with its margin notes below it.

    ⟨1⟩ is printed before quote 1, and after its speaker and its cue.
    """
    out.print(Text(make_visible(page.title), style="bold"))
    for block in page.blocks:
        out.print()
        out.print(Text.assemble((f"{block.kind:>10}  ", "dim"), _draw_block(block)))
        for note in _notes(block):
            out.print(Text(f"{_MARGIN}{make_visible(note)}", style="dim cyan"))


def _draw_block(block: BlockView) -> Text:
    drawn, stack = Text(), list[Mark]()
    for segment in block.segments:
        del stack[len(stack) - len(segment.ends) :]
        for label in segment.labels:
            if label.text:
                drawn.append(f"⟨{_SHAPES[label.look]}{label.text}⟩", "cyan")
        stack += segment.begins
        drawn.append(make_visible(segment.text), " ".join(filter(None, map(_style, stack))))
    return drawn


def _style(mark: Mark) -> str:
    return f"{_STYLES[mark.kind]} {_GROUPS[mark.look]}" if mark.kind == "entity" else _STYLES[mark.kind]


def _notes(block: BlockView) -> Iterator[str]:
    yield from (f"{quote.number}… {quote.speaker}, continued" for quote in block.continued)
    for quote in block.starting_quotes:
        yield f"{quote.number} {describe_quote(quote)}"
    yield from (
        f"{_SHAPES[each.modality]}{each.number} {each.trigger}: {each.modality_text}"
        for each in block.events
        if each.modality != "happened"
    )


def describe_quote(quote: QuoteView) -> str:
    """Return the speaker of a quote, the role, co-speakers and reporter, and the kind and cue of the quote."""
    stance = f" (stance {quote.stance})" if quote.stance not in ("", "neutral") else ""
    cue = f"cue “{quote.cue}”{stance}" if quote.cue else ""
    way = ", ".join(
        filter(None, [f"{quote.kind} quote", cue, "" if quote.is_closed else "closing quotation mark missing"])
    )
    others = f"with {', '.join(quote.co_speakers)}" if quote.co_speakers else ""
    reporter = f"reported by {quote.reported_by}" if quote.reported_by else ""
    return f"{', '.join(filter(None, [quote.speaker, quote.role, others, reporter]))} ({way})"


def draw_lists(page: ArticlePage) -> None:
    """Print one line per entity, quote and event."""
    for group, heading in _HEADINGS:
        _draw_list(heading, (name_line(each) for each in page.entities if each.group == group))
    _draw_list("Quotes", map(_quote_line, page.quotes))
    _draw_list("Events", map(_event_line, page.events))


def _draw_list(heading: str, lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        if number == 0:
            out.print(Text(f"\n{heading}", style="bold"))
        out.print(Text(f"  {make_visible(line)}"), soft_wrap=True)


def name_line(entity: EntityCard) -> str:
    """Return an entity with its mentions, titles, roles, link and quotes."""
    kind = ", ".join(filter(None, [entity.kind, entity.person, entity.gender, entity.country]))
    forms = ", ".join(f"{form} ×{count}" for form, count in entity.forms)
    shared = pluralize(entity.with_others, "more mention")
    parts = (
        f"{entity.name}: {kind}; mentions: {forms}",
        f"{shared} of this and other entities" if entity.with_others else "",
        _label_values("honorific", entity.titles),
        _label_values("role", entity.roles),
        entity.item,
        _label_values("quotes", [str(quote.number) for quote in entity.quotes]),
    )
    return "; ".join(filter(None, parts))


def _label_values(label: str, values: Sequence[str]) -> str:
    return f"{label} {', '.join(values)}" if values else ""


def _quote_line(quote: QuoteView) -> str:
    return f"{quote.number} {describe_quote(quote)}: {quote.text} ({quote.how})"


def _event_line(event: EventView) -> str:
    who = " → ".join(filter(None, [event.actor or "unknown actor", event.recipient]))
    when = event.when or "no date"
    dated = f"{when} ({event.dated_by})" if event.dated_by else when
    return (
        f"{_SHAPES[event.modality]}{event.number} {event.kind}, {event.modality_text}: {event.trigger} ({who}; {dated})"
    )


def draw_fields(page: ArticlePage) -> None:
    """Print each field of the article with the method that found it."""
    out.print(Text("\nFields", style="bold"))
    width = max(len(field.name) for field in page.fields)
    for field in page.fields:
        how = f"  {field.how}" if field.how else ""
        out.print(Text(f"  {field.name:<{width}} {make_visible(field.value)}{how}"), soft_wrap=True)
