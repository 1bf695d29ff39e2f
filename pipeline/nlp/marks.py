"""Quotation marks, before any parsing: a scanner over characters that knows paragraphs and never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pipeline.model import Block
from pipeline.nlp.languages.spec import CueData

_BODY = frozenset({"standfirst", "paragraph", "list"})
_DOUBLE = re.compile("[“”„«»\"]|``|''")
_SINGLE = re.compile("[‘’']")
_TAIL = " \t\r\n.,;:!?)]…"
_FIRST_WORD = re.compile(r"\w+")
_LATER_CLOSING = re.compile(r"\S['’](?!\w)")
_LOOK_AHEAD = 400


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
    """A mark that opens, or else closes: what stands beside it decides for straight ones."""

    start: int
    end: int
    opens: bool


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """``first`` and ``last`` bound it without white space; from ``tail`` on only punctuation follows, if anything."""

    start: int
    end: int
    first: int
    last: int
    tail: int

    @classmethod
    def of(cls, text: str, block: Block) -> Self:
        content = text[block.start : block.end]
        return cls(
            block.start,
            block.end,
            block.end - len(content.lstrip()),
            block.start + len(content.rstrip()),
            block.start + len(content.rstrip(_TAIL)),
        )


def scan_marks(text: str, blocks: tuple[Block, ...], cues: CueData) -> tuple[Marked, ...]:
    """Return the quoted stretches of the running text, in reading order, never overlapping.

    A mark still open at its paragraph's end goes on if the next paragraph of running text begins with a mark, and
    ends there with ``is_closed`` False otherwise. Single marks count only where no double ones are. Inner quotes
    belong to the outer. Titles, headings and captions are left out. Time grows with the length of the text.
    """
    body = [_Paragraph.of(text, block) for block in blocks if block.kind in _BODY]
    marks = [_marks(text, paragraph, cues) for paragraph in body]
    if not any(marks):
        marks = [list(_single_marks(text, paragraph, cues.elisions)) for paragraph in body]
    found: list[Marked] = []
    carried: tuple[tuple[int, int], ...] = ()
    for paragraph, its_marks in zip(body, marks, strict=True):
        carried = _scan(text, paragraph, its_marks, carried, found)
    if carried:
        found.append(Marked(carried, is_closed=False))
    return tuple(found)


def _scan(
    text: str,
    paragraph: _Paragraph,
    marks: list[_Mark],
    carried: tuple[tuple[int, int], ...],
    found: list[Marked],
) -> tuple[tuple[int, int], ...]:
    """Append what the paragraph completes to ``found``; return the parts that are still open at its end."""
    if carried and not (marks and marks[0].start == paragraph.first):
        found.append(Marked(carried, is_closed=False))
        carried = ()
    surplus = _closing_surplus(marks)
    opened: int | None = None
    depth = 0
    for place, mark in enumerate(marks):
        if opened is None:
            opened = mark.start if mark.opens or (carried and mark.start == paragraph.first) else None
        elif mark.opens and surplus[place + 1] >= depth + 2:
            depth += 1  # enough closing marks follow for an inner quote and this one
        elif mark.opens:  # a closing mark was lost
            end = opened + len(text[opened : mark.start].rstrip())
            found.append(Marked((*carried, (opened, end)), is_closed=False))
            carried, opened, depth = (), mark.start, 0
        elif depth:
            depth -= 1
        else:
            found.append(Marked((*carried, (opened, mark.end)), is_closed=True))
            carried, opened = (), None
    return (*carried, (opened, paragraph.last)) if opened is not None else ()


def _closing_surplus(marks: list[_Mark]) -> list[int]:
    """Return by how many the closing marks outnumber the opening ones from each mark to the end."""
    surplus = [0]
    for mark in reversed(marks):
        surplus.append(surplus[-1] + (-1 if mark.opens else 1))
    return surplus[::-1]


def _marks(text: str, paragraph: _Paragraph, cues: CueData) -> list[_Mark]:
    found: list[_Mark] = []
    for match in _DOUBLE.finditer(text, paragraph.start, paragraph.end):
        mark = _shaped(text, paragraph, match, cues, is_odd=len(found) % 2 == 1)
        if mark is not None:
            found.append(mark)
    return found


def _shaped(text: str, paragraph: _Paragraph, match: re.Match[str], cues: CueData, *, is_odd: bool) -> _Mark | None:
    """Return what a mark does, by kind first, then by what stands beside it; None for inches."""
    start, end, sign = match.start(), match.end(), match.group()
    before = text[start - 1] if start > paragraph.start else " "
    after = text[end] if end < paragraph.end else " "
    at_end = end >= paragraph.tail
    if sign in cues.opening_marks:
        return _Mark(start, end, opens=not (at_end or (after.isspace() and not before.isspace())))
    if sign in cues.closing_marks:
        return _Mark(start, end, opens=(before.isspace() or before in "([—–-") and after.isalnum() and not at_end)
    if before.isdigit() and not is_odd and not after.isalnum():
        return None
    return _Mark(start, end, opens=not (after.isspace() or at_end or before.isalnum() or before in ".,!?…"))


def _single_marks(text: str, paragraph: _Paragraph, elisions: frozenset[str]) -> Iterator[_Mark]:
    for match in _SINGLE.finditer(text, paragraph.start, paragraph.end):
        start, end = match.span()
        before = text[start - 1] if start > paragraph.start else " "
        after = text[end] if end < paragraph.end else " "
        if (before.isspace() or before in "([—–") and after.isalpha():
            word = _FIRST_WORD.match(text, end, end + 12)
            if word and word.group().lower() not in elisions:
                yield _Mark(start, end, opens=True)
        elif not before.isspace() and not after.isalnum() and _closes(text, paragraph, end, before):
            yield _Mark(start, end, opens=False)


def _closes(text: str, paragraph: _Paragraph, end: int, before: str) -> bool:
    """Return whether a single mark after a word closes: the possessive of a plural is the same sign."""
    if before != "s":
        return True
    rest = text[end : min(paragraph.end, end + _LOOK_AHEAD)]
    return not (rest[:1] == " " and rest[1:2].islower() and _LATER_CLOSING.search(rest))
