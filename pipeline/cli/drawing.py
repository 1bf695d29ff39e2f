"""An article's reading drawn in the terminal: quotations underlined, with their speakers; then a line a finding."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rich.text import Text

from pipeline.cli.output import out
from pipeline.model import Annotation, Article, Entity, Event, Quote

_CUE_REACH = 150  # characters beside a quotation in which its cue stands


def draw_article(article: Article, annotation: Annotation) -> None:
    """Print the blocks in order; quotations are underlined, cues bold, and each speaker's name follows in brackets."""
    out.print(Text(article.title or "(no title)", style="bold"))
    for block in article.blocks:
        out.print()
        out.print(
            Text.assemble((f"{block.kind:>10}  ", "dim"), _block(article, annotation.quotes, block.start, block.end))
        )


def _block(article: Article, quotes: Sequence[Quote], start: int, end: int) -> Text:
    drawn = Text(article.text[start:end])
    labels: list[tuple[int, str]] = []
    for quote in quotes:
        first, last = max(quote.start_char, start), min(quote.end_char, end)
        if cue := _cue_span(article.text, quote):
            drawn.stylize("bold", max(cue[0] - start, 0), max(cue[1] - start, 0))
        if first < last:
            drawn.stylize("underline", first - start, last - start)
            labels.append((last - start, speaker_of(quote)))
    pieces = drawn.divide([at for at, _ in labels])
    labelled = Text()
    for piece, (_, speaker) in zip(pieces, [*labels, (0, "")], strict=False):
        labelled.append_text(piece)
        labelled.append(f" [{speaker}]" if speaker else "", style="cyan")
    return labelled


def _cue_span(text: str, quote: Quote) -> tuple[int, int] | None:
    """Return where the cue stands: the nearest place of its words, before the quotation or after its start."""
    if not quote.cue_text:
        return None
    low, high = max(quote.start_char - _CUE_REACH, 0), quote.end_char + _CUE_REACH
    places = [match.span() for match in re.finditer(rf"\b{re.escape(quote.cue_text)}\b", text[low:high])]
    near = [(low + first, low + last) for first, last in places]
    return min(near, key=lambda span: _distance(span, quote), default=None)


def _distance(span: tuple[int, int], quote: Quote) -> int:
    return quote.start_char - span[1] if span[1] <= quote.start_char else abs(span[0] - quote.end_char)


def draw_reading(annotation: Annotation) -> None:
    """Print a line an entity, a quotation and an event."""
    for heading, lines in (
        ("Entities", _entity_lines(annotation.entities)),
        ("Quotes", map(_quote_line, annotation.quotes)),
        ("Events", map(_event_line, annotation.events)),
    ):
        out.print(Text(f"\n{heading}", style="bold"))
        for line in lines:
            out.print(Text(f"  {line}"), soft_wrap=True)


def _entity_lines(entities: Sequence[Entity]) -> Iterator[str]:
    """Yield a line an entity, in the order of first mention."""
    own: dict[int, list[Entity]] = {}
    shared: defaultdict[int, list[Entity]] = defaultdict(list)
    for entity in entities:
        if entity.cluster_index is not None:
            own.setdefault(entity.cluster_index, []).append(entity)
        for cluster in entity.group_cluster_indexes or ():
            shared[cluster].append(entity)
    return (_entity_line(mentions, shared[cluster]) for cluster, mentions in own.items())


def _entity_line(mentions: list[Entity], shared: list[Entity]) -> str:
    known = mentions[0]
    gender = f"{known.gender} by {known.gender_method}" if known.gender in ("F", "M") else known.gender
    kind = ", ".join(filter(None, [known.entity_type, gender, known.country_code]))
    parts = [
        f"{known.entity_name} ({kind}): {_forms(mentions)}",
        f"with others {_forms(shared)}" if shared else "",
        _told("title", [e.title_text for e in mentions]),
        _told("role", [e.role_text for e in mentions]),
        f"{known.qid} ({known.qid_confidence:.2f})" if known.qid and known.qid_confidence else "not linked",
    ]
    return "; ".join(filter(None, parts))


def _forms(mentions: list[Entity]) -> str:
    return ", ".join(f"{form} {count}" for form, count in Counter(e.entity_text for e in mentions).items())


def _told(label: str, values: list[str | None]) -> str:
    told = dict.fromkeys(value for value in values if value)
    return f"{label} {', '.join(told)}" if told else ""


def speaker_of(quote: Quote) -> str:
    """Return the name of a quotation's speaker, else the words beside it, else that it is unknown."""
    return quote.speaker_name or quote.speaker_text or "unknown speaker"


def _quote_line(quote: Quote) -> str:
    words = " ".join(quote.quote_text.split())
    decided = f"{quote.quote_type}, {quote.cue_text or 'no cue'}, {quote.rule_id}, {quote.confidence:.2f}"
    return f"{speaker_of(quote)} ({decided}): {words}"


def _event_line(event: Event) -> str:
    actor = ", ".join(event.actors) or event.actor_name or event.actor_text or "?"
    recipient = ", ".join(event.recipients) or event.recipient_name or event.recipient_text
    arrow = f"{actor} -> {recipient}" if recipient else actor
    when = event.event_date_text or event.event_date or "no date"
    if event.event_date is not None and event.event_date_text:
        when = f"{event.event_date_text}: {event.event_date}, {event.event_date_precision}"
    return f"{event.event_type} {event.modality}: {event.trigger_text} ({arrow}; {when})"
