"""A text with what was found in it: stretches that overlap, cut so that they can be drawn one inside the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

MarkKind = Literal["quote", "said", "speaker", "cue", "event", "entity"]
# Which kind is drawn inside which, where stretches overlap: an entity, which may be a link, is always innermost.
_NESTING_ORDER: dict[MarkKind, int] = {"quote": 0, "said": 1, "speaker": 2, "cue": 3, "event": 4, "entity": 5}


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text that is drawn in its own way. Offsets are code points, half-open.

    ``look`` is the name of that way; ``target`` the id that it leads to, "" for none.
    """

    kind: MarkKind
    start: int
    end: int
    look: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A sign between two letters, at the code point ``at``, before or behind what begins or ends there.

    ``name`` is its own id, ``target`` the id that it leads to; "" for none. ``text`` is for readers, "" for a sign
    that has only an ``aria_label``, for screen readers.
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
    """A stretch of text that is drawn in one way. Before its text: what ends (the innermost first), the labels, what
    begins (the outermost first). The last piece of a block has no text."""

    ends: tuple[Mark, ...]
    labels: tuple[Label, ...]
    begins: tuple[Mark, ...]
    text: str


def split_text(
    text: str, *, start: int, end: int, marks: Sequence[Mark], labels: Sequence[Label]
) -> tuple[TextSegment, ...]:
    """Return the stretch of a text as pieces; what crosses its bounds is cut there, what crosses each other is split.

    ``labels`` are all inside the stretch or at its bounds; those of one place keep their order, behind before ahead.
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
    found: list[TextSegment] = []
    before: tuple[Mark, ...] = ()
    for (first, last), stack in zip([*pairwise(cuts), (end, end)], stacks, strict=True):
        kept = _shared(before, stack)
        ends, begins = tuple(reversed(before[kept:])), stack[kept:]
        found.append(TextSegment(ends, tuple(placed.get(first, ())), begins, text[first:last]))
        before = stack
    return tuple(found)


def _stacks(marks: Sequence[Mark], cuts: Sequence[int]) -> Iterator[tuple[Mark, ...]]:
    """Yield the marks over each stretch between two cuts, the outermost first, and at last none."""
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
    """Return how many marks two stacks have in common, from the outermost."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a is not b:
            break
        shared += 1
    return shared
