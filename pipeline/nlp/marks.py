"""Quotation marks, before any parsing: a scanner over characters that knows paragraphs and never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model import Block

_BODY = frozenset({"standfirst", "paragraph", "list"})
_DOUBLE = re.compile("[“”„«»\"]|``|''")
_SINGLE = re.compile("[‘’']")
_OPENERS = frozenset({"“", "„", "«", "``", "‘"})
_CLOSERS = frozenset({"”", "»", "''", "’"})
_TAIL = " \t\r\n.,;:!?)]…"


@dataclass(frozen=True, slots=True)
class Marked:
    """One stretch in quotation marks. ``parts`` are (start, end) code points with the marks, one a paragraph."""

    parts: tuple[tuple[int, int], ...]
    is_closed: bool

    @property
    def start(self) -> int:
        return self.parts[0][0]

    @property
    def end(self) -> int:
        return self.parts[-1][1]


@dataclass(frozen=True, slots=True)
class _Mark:
    """``opens`` and ``closes`` say which shapes it has: what stands beside it decides for straight marks."""

    start: int
    end: int
    opens: bool
    closes: bool
    is_single: bool


def scan_marks(text: str, blocks: tuple[Block, ...], *, elisions: frozenset[str]) -> tuple[Marked, ...]:
    """Return the quoted stretches of the running text, in reading order, never overlapping.

    A mark still open at its paragraph's end goes on if the next paragraph of running text begins with a mark, and
    ends there with ``is_closed`` False otherwise. Single marks count only where no double ones are. Inner quotes
    belong to the outer. Titles, headings and captions are left out.
    """
    body = [block for block in blocks if block.kind in _BODY]
    doubles = [list(_marks(text, block, _DOUBLE)) for block in body]
    if not any(doubles):
        doubles = [list(_single_marks(text, block, elisions)) for block in body]
    found: list[Marked] = []
    carried: tuple[tuple[int, int], ...] = ()
    for block, marks in zip(body, doubles, strict=True):
        carried = _scan_block(text, block, marks, carried, found)
    if carried:
        found.append(Marked(carried, is_closed=False))
    return tuple(found)


def _scan_block(
    text: str, block: Block, marks: list[_Mark], carried: tuple[tuple[int, int], ...], found: list[Marked]
) -> tuple[tuple[int, int], ...]:
    """Append what the block completes to ``found``; return the parts that are still open at its end."""
    first = block.start + len(text[block.start : block.end]) - len(text[block.start : block.end].lstrip())
    last = block.start + len(text[block.start : block.end].rstrip())
    if carried and not (marks and marks[0].start == first):
        found.append(Marked(carried, is_closed=False))
        carried = ()
    opened: int | None = None
    depth = 0
    for place, mark in enumerate(marks):
        if opened is None:
            opened = mark.start if mark.opens or (carried and mark.start == first) else None
        elif not mark.closes or (mark.opens and not _ends(text, mark, last)):
            depth, restart = _reopen(marks, place, depth)
            if restart:
                end = opened + len(text[opened : mark.start].rstrip())
                found.append(Marked((*carried, (opened, end)), is_closed=False))
                carried, opened = (), mark.start
        elif depth:
            depth -= 1
        else:
            found.append(Marked((*carried, (opened, mark.end)), is_closed=True))
            carried, opened = (), None
    return (*carried, (opened, last)) if opened is not None else ()


def _reopen(marks: list[_Mark], place: int, depth: int) -> tuple[int, bool]:
    """Return the depth after an opening mark inside an open quote, and whether a lost closing mark explains it.

    It is an inner quote if enough closing marks follow for both, and a new one otherwise.
    """
    later = marks[place + 1 :]
    closing = sum(mark.closes and not mark.opens for mark in later)
    opening = sum(mark.opens for mark in later)
    if closing >= opening + depth + 2:
        return depth + 1, False
    return 0, True


def _ends(text: str, mark: _Mark, last: int) -> bool:
    """Return whether only punctuation follows in the block: then even an opening-shaped mark is a stray closing one."""
    return not text[mark.end : last].strip(_TAIL)


def _marks(text: str, block: Block, pattern: re.Pattern[str]) -> Iterator[_Mark]:
    for match in pattern.finditer(text, block.start, block.end):
        mark = _shaped(text, block, match)
        if mark is not None:
            yield mark


def _shaped(text: str, block: Block, match: re.Match[str]) -> _Mark | None:
    start, end, sign = match.start(), match.end(), match.group()
    before = text[start - 1] if start > block.start else " "
    after = text[end] if end < block.end else " "
    at_end = not text[end : block.end].strip(_TAIL)
    if sign in _OPENERS:
        stray = at_end or (after.isspace() and not before.isspace())
        return _Mark(start, end, opens=not stray, closes=stray, is_single=False)
    if sign in _CLOSERS:
        opens = (before.isspace() or before in "([—–-") and not after.isspace() and after.isalnum() and not at_end
        return _Mark(start, end, opens=opens, closes=not opens, is_single=False)
    if before.isdigit() and (after.isspace() or after in ".,;:)") and not _odd_before(text, block, start):
        return None  # inches
    opens = not after.isspace() and not at_end and (not before.isalnum() and before not in ".,!?…")
    return _Mark(start, end, opens=opens, closes=not opens, is_single=False)


def _odd_before(text: str, block: Block, start: int) -> bool:
    return text.count('"', block.start, start) % 2 == 1


def _single_marks(text: str, block: Block, elisions: frozenset[str]) -> Iterator[_Mark]:
    for match in _SINGLE.finditer(text, block.start, block.end):
        start, end = match.span()
        before = text[start - 1] if start > block.start else " "
        after = text[end] if end < block.end else " "
        if (before.isspace() or before in "([—–") and after.isalpha():
            word = re.match(r"\w+", text[end : end + 12])
            if word and word.group().lower() not in elisions:
                yield _Mark(start, end, opens=True, closes=False, is_single=True)
        elif not before.isspace() and not after.isalnum() and _closes_single(text, block, start, before):
            yield _Mark(start, end, opens=False, closes=True, is_single=True)


def _closes_single(text: str, block: Block, start: int, before: str) -> bool:
    """Return whether a single mark after a word closes: the possessive of a plural is the same sign."""
    if before != "s":
        return True
    rest = text[start + 1 : block.end]
    return not (rest[:1] == " " and rest[1:2].islower() and re.search(r"[^\s]['’](?!\w)", rest))
