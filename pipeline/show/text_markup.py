"""Text markup: the blocks of an article as nested segments, with marks and labels for quotes, events and entities."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from newslake.pipeline.show.annotations import MODALITY_WORDS, EventView, QuoteView, Span, entity_group
from newslake.pipeline.tables.spec import Row

MarkKind = Literal["sentence", "quote", "said", "speaker", "cue", "argument", "event", "entity"]
# The nesting of overlapping marks, outermost first. An entity is always innermost, because it may be a link.
_NESTING_ORDER: dict[MarkKind, int] = {kind: at for at, kind in enumerate(get_args(MarkKind))}


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked span of the text. Offsets are code points, half-open.

    ``look`` is its CSS class; ``target`` is the id that it links to, "" for none.
    """

    kind: MarkKind
    start: int
    end: int
    look: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A label at the code point ``at``: before a span that starts there if ``is_opening``, else after one that ends.

    ``name`` is its id, ``target`` is the id that it links to; "" for none. ``text`` is "" for a label that has only
    an ``aria_label``, for screen readers.
    """

    at: int
    is_opening: bool
    look: str
    name: str
    target: str
    text: str
    aria_label: str


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A span of text with the same marks. Before its text come the marks that end (innermost first), labels, and the
    marks that begin (outermost first). The last segment of a block has no text."""

    ends: tuple[Mark, ...]
    labels: tuple[Label, ...]
    begins: tuple[Mark, ...]
    text: str


def split_text(
    text: str, *, start: int, end: int, marks: Sequence[Mark], labels: Sequence[Label]
) -> tuple[TextSegment, ...]:
    """Return a span of a text as segments. Marks that cross its bounds are cut there; overlapping marks are split.

    All ``labels`` are inside the span or at its bounds. Labels at one offset keep their order, closing before opening.
    """
    inside = [mark for mark in marks if mark.start < end and start < mark.end]
    bounds = {start, end, *(label.at for label in labels)}
    bounds.update(max(mark.start, start) for mark in inside)
    bounds.update(min(mark.end, end) for mark in inside)
    cuts = sorted(bounds)
    stacks = _stacks(inside, cuts)
    placed: dict[int, list[Label]] = {}
    for label in sorted(labels, key=lambda each: each.is_opening):
        placed.setdefault(label.at, []).append(label)
    segments: list[TextSegment] = []
    before: tuple[Mark, ...] = ()
    for (first, last), stack in zip([*pairwise(cuts), (end, end)], stacks, strict=True):
        shared = _shared(before, stack)
        ends, begins = tuple(reversed(before[shared:])), stack[shared:]
        segments.append(TextSegment(ends, tuple(placed.get(first, ())), begins, text[first:last]))
        before = stack
    return tuple(segments)


def _stacks(marks: Sequence[Mark], cuts: Sequence[int]) -> Iterator[tuple[Mark, ...]]:
    """Yield the marks over each span between two cuts, outermost first, and finally an empty tuple."""
    waiting = sorted(marks, key=lambda mark: -mark.start)
    active: list[Mark] = []
    for first in cuts[:-1]:
        active = [mark for mark in active if mark.end > first]
        while waiting and waiting[-1].start <= first:
            active.append(waiting.pop())
        yield tuple(sorted(active, key=_order) if len(active) > 1 else active)
    yield ()


def _order(mark: Mark) -> tuple[int, int, int, str]:
    return _NESTING_ORDER[mark.kind], mark.start, -mark.end, mark.target


def _shared(one: Sequence[Mark], other: Sequence[Mark]) -> int:
    """Return the number of marks that two stacks have in common, from the outermost."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a is not b:
            break
        shared += 1
    return shared


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """One block. ``number`` counts from 1.

    Its notes are the quotes that begin in it, those that continue from an earlier block, and the events in it.
    """

    number: int
    kind: str
    segments: tuple[TextSegment, ...]
    starting_quotes: tuple[QuoteView, ...]
    continued: tuple[QuoteView, ...]
    events: tuple[EventView, ...]


def build_blocks(
    article: Row, entities: Sequence[Row], quotes: Sequence[QuoteView], events: Sequence[EventView]
) -> tuple[BlockView, ...]:
    """Return the blocks of an article in reading order, with all annotations marked."""
    text, spans = article["text"], [(block["start_char"], block["end_char"]) for block in article["blocks"]]
    notes = _block_notes(spans, quotes, events)
    marks = _by_block(spans, [*entity_marks(entities), *quote_marks(text, spans, quotes), *event_marks(events)])
    labels = _labels_by_block(spans, [*_quote_labels(spans, quotes), *_event_labels(events)])
    return tuple(
        BlockView(
            number=at + 1,
            kind=block["kind"],
            segments=split_text(text, start=start, end=end, marks=marks[at], labels=labels[at]),
            starting_quotes=tuple(notes[at].starting_quotes),
            continued=tuple(notes[at].continued),
            events=tuple(notes[at].events),
        )
        for at, (block, (start, end)) in enumerate(zip(article["blocks"], spans, strict=True))
    )


def mark_blocks(article: Row, marks: Sequence[Mark]) -> tuple[BlockView, ...]:
    """Return the blocks of an article with these marks, without labels and notes."""
    text, spans = article["text"], [(block["start_char"], block["end_char"]) for block in article["blocks"]]
    placed = _by_block(spans, marks)
    return tuple(
        BlockView(
            number=at + 1,
            kind=block["kind"],
            segments=split_text(text, start=start, end=end, marks=placed[at], labels=()),
            starting_quotes=(),
            continued=(),
            events=(),
        )
        for at, (block, (start, end)) in enumerate(zip(article["blocks"], spans, strict=True))
    )


class _BlockNotes(NamedTuple):
    """The notes of one block."""

    starting_quotes: list[QuoteView]
    continued: list[QuoteView]
    events: list[EventView]


def _block_notes(spans: Sequence[Span], quotes: Sequence[QuoteView], events: Sequence[EventView]) -> list[_BlockNotes]:
    starts, notes = [start for start, _ in spans], [_BlockNotes([], [], []) for _ in spans]
    for quote in quotes:
        first, last = bisect_right(starts, quote.span[0]) - 1, bisect_left(starts, quote.span[1])
        notes[max(first, 0)].starting_quotes.append(quote)
        for at in range(max(first, 0) + 1, last):
            notes[at].continued.append(quote)
    for event in events:
        notes[max(bisect_right(starts, event.span[0]) - 1, 0)].events.append(event)
    return notes


def _by_block(spans: Sequence[Span], marks: Sequence[Mark]) -> list[list[Mark]]:
    """Return the marks of each block. A mark over several blocks is in each of them."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    by_block: list[list[Mark]] = [[] for _ in spans]
    for mark in marks:
        for at in range(bisect_right(ends, mark.start), bisect_left(starts, mark.end)):
            by_block[at].append(mark)
    return by_block


def _labels_by_block(spans: Sequence[Span], labels: Sequence[Label]) -> list[list[Label]]:
    """Return the labels of each block. A label between two blocks ends the first or begins the second."""
    starts = [start for start, _ in spans]
    by_block: list[list[Label]] = [[] for _ in spans]
    for label in labels:
        at = (bisect_right(starts, label.at) if label.is_opening else bisect_left(starts, label.at)) - 1
        if at >= 0 and label.at <= spans[at][1]:
            by_block[at].append(label)
    return by_block


def entity_marks(entities: Sequence[Row]) -> Iterator[Mark]:
    """Yield the mention of each entity, as a link to the entity if that is known."""
    for row in entities:
        cluster, shared = row["cluster_index"], row["group_cluster_indexes"]
        target = f"e{cluster}" if cluster is not None else f"g{row['entity_index']}" if shared else ""
        yield Mark("entity", row["start_char"], row["end_char"], entity_group(row["entity_type"]), target)


def event_marks(events: Sequence[EventView]) -> Iterator[Mark]:
    """Yield the trigger of each event."""
    return (Mark("event", *event.span, event.modality) for event in events)


def quote_marks(text: str, spans: Sequence[Span], quotes: Sequence[QuoteView]) -> Iterator[Mark]:
    """Yield the quoted spans of each quote, and the whole quote if it has words outside of them."""
    for quote in quotes:
        if _has_more(text, spans, quote) or not quote.quoted_spans:
            yield Mark("quote", *quote.span, quote.kind)
        yield from (Mark("said", *part, quote.kind) for part in quote.quoted_spans)
        if quote.speaker_span is not None:
            yield Mark("speaker", *quote.speaker_span, "")
        if quote.cue_span is not None:
            yield Mark("cue", *quote.cue_span, "")


def _has_more(text: str, spans: Sequence[Span], quote: QuoteView) -> bool:
    """Return whether a quote has words outside of its parts."""
    place = quote.span[0]
    for start, end in (*quote.quoted_spans, (quote.span[1], quote.span[1])):
        if text[place:start].strip():
            return True
        place = max(place, end)
    return False


def _quote_labels(spans: Sequence[Span], quotes: Sequence[QuoteView]) -> Iterator[Label]:
    for quote in quotes:
        number, (start, end) = quote.number, quote.span
        tie = f"s{number}" if quote.speaker_span else f"n{number}"
        open_ = "" if quote.is_closed else ", closing quotation mark missing"
        aria_label = f"{quote.kind} quote {number} by {quote.speaker} begins{open_}"
        yield Label(start, True, "q", f"q{number}", tie, f"{number}", aria_label)
        for first, _ in spans[bisect_right(spans, (start, end)) :]:
            if first >= end:
                break
            if first > start:
                yield Label(first, True, "q", "", f"q{number}", f"{number}…", f"quote {number}…, continued")
        yield Label(end, False, "end", "", "", "", f"end of quote {number}")
        if quote.speaker_span is not None:
            yield Label(
                quote.speaker_span[1], False, "q", f"s{number}", f"q{number}", f"{number}", f"speaker of quote {number}"
            )
        if quote.cue_span is not None:
            yield Label(
                quote.cue_span[1], False, "q", f"c{number}", f"q{number}", f"{number}", f"cue of quote {number}"
            )


def _event_labels(events: Sequence[EventView]) -> Iterator[Label]:
    for event in events:
        word = MODALITY_WORDS[event.modality]
        text = f"{event.number} {word}".strip()
        aria_label = f"event {text}" if word else f"event {event.number}, {event.modality_text}"
        yield Label(event.span[1], False, event.modality, f"t{event.number}", f"v{event.number}", text, aria_label)
