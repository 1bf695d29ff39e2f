"""Quotation marks: a scanner over characters and paragraphs, independent of the parse, and the tokens inside marks."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from newslake.pipeline.model import Block
from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.tokens import BODY_KINDS, Tokens

# Both patterns begin with a set of characters: these are searched for three times as fast as alternatives.
_DOUBLE = re.compile("[“”„«»\"「」『』`'](?:(?<=[^`'])|(?<=`)`|(?<=')')")
# Marks that pair with each other: a pair of another family inside is a quote within the quote.
_FAMILIES = {sign: family for family in ('"', "“”„", "«»", "「」", "『』") for sign in family} | {
    "``": "``''",
    "''": "``''",
}
_SINGLE = re.compile("[‘’'](?<!['‘’].)(?!['‘’])")
_TAIL = " \t\r\n.,;:!?)]…"
_FIRST_WORD = re.compile(r"\w+")
_LATER_CLOSING = re.compile(r"\S['’](?!\w)")
_LOOK_AHEAD = 400
_PAIRED = frozenset("「」『』")
_STOPS = frozenset(".,!?…")
_SIGNS = "“”„«»\"‘’'` "


@dataclass(frozen=True, slots=True)
class QuotedSpan:
    """One span in quotation marks. ``parts`` are (start, end) code points with the marks, one pair per paragraph."""

    parts: tuple[tuple[int, int], ...]
    is_closed: bool

    @property
    def start(self) -> int:
        return self.parts[0][0]

    @property
    def end(self) -> int:
        return self.parts[-1][1]


@dataclass(frozen=True, slots=True)
class _QuotationMark:
    """An opening or closing mark; for a straight mark the adjacent characters decide.

    ``family`` is the same for all marks that can pair.
    """

    start: int
    end: int
    opens: bool
    family: str = "'"


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """``first`` and ``last`` bound its text without outer white space; only punctuation follows ``tail``."""

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


def scan_marks(text: str, blocks: tuple[Block, ...], cues: CueData) -> tuple[QuotedSpan, ...]:
    """Return the quoted spans of the running text, in reading order and without overlaps.

    A quote that is open at the end of its paragraph continues if the next paragraph of running text begins with a mark;
    otherwise it ends there with ``is_closed`` False. Single marks count if they, not double ones, mark speech. Inner
    quotes belong to the outer one. Titles, headings and captions are excluded. Time is linear in the length of the
    text.
    """
    body = [_Paragraph.of(text, block) for block in blocks if block.kind in BODY_KINDS]
    double = [_marks(text, paragraph, cues) for paragraph in body]
    single = [list(_single_marks(text, paragraph, cues.elisions)) for paragraph in body]
    outer = _stretches(text, body, double)
    if not any(single):
        return outer
    others = _stretches(text, body, single)
    if not outer or _speech(text, others, outer) > _speech(text, outer, others):
        return others
    return outer


def _stretches(text: str, body: list[_Paragraph], marks: list[list[_QuotationMark]]) -> tuple[QuotedSpan, ...]:
    spans: list[QuotedSpan] = []
    carried: tuple[tuple[int, int], ...] = ()
    for paragraph, its_marks in zip(body, marks, strict=True):
        carried = _scan(text, paragraph, its_marks, carried, spans)
    if carried:
        spans.append(QuotedSpan(carried, is_closed=False))
    return tuple(spans)


def _speech(text: str, stretches: tuple[QuotedSpan, ...], others: tuple[QuotedSpan, ...]) -> int:
    """Return how many spans end a sentence or end with a comma and lie in none of the others."""
    starts = [other.start for other in others]
    count = 0
    for each in stretches:
        place = bisect_right(starts, each.start) - 1
        is_inner = place >= 0 and others[place].end >= each.end
        count += each.is_closed and not is_inner and text[each.start : each.end].rstrip(_SIGNS)[-1:] in _STOPS
    return count


def _scan(
    text: str,
    paragraph: _Paragraph,
    marks: list[_QuotationMark],
    carried: tuple[tuple[int, int], ...],
    spans: list[QuotedSpan],
) -> tuple[tuple[int, int], ...]:
    """Append the spans that the paragraph completes to ``spans``; return the parts still open at its end."""
    if carried and not (marks and marks[0].start == paragraph.first):
        spans.append(QuotedSpan(carried, is_closed=False))
        carried = ()
    opened: _QuotationMark | None = None
    depth = 0
    for mark, surplus in _outermost(marks):
        if opened is None:
            opened = mark if mark.opens or (carried and mark.start == paragraph.first) else None
        elif mark.opens and surplus >= depth + 2:
            depth += 1  # enough closing marks follow for an inner quote and this one
        elif mark.opens:  # a closing mark is missing
            end = opened.start + len(text[opened.start : mark.start].rstrip())
            spans.append(QuotedSpan((*carried, (opened.start, end)), is_closed=False))
            carried, opened, depth = (), mark, 0
        elif depth:
            depth -= 1
        else:
            spans.append(QuotedSpan((*carried, (opened.start, mark.end)), is_closed=True))
            carried, opened = (), None
    return (*carried, (opened.start, paragraph.last)) if opened is not None else ()


def _outermost(marks: list[_QuotationMark]) -> Iterator[tuple[_QuotationMark, int]]:
    """Yield each mark with the surplus of closing marks after it; skip pairs of another family inside a quote."""
    closing = {mark.family: place for place, mark in enumerate(marks) if not mark.opens}
    outer: str | None = None
    inner: str | None = None
    for place, (mark, surplus) in enumerate(zip(marks, _closing_surplus(marks), strict=True)):
        if inner is not None:
            inner = None if mark.family == inner and not mark.opens else inner
        elif outer and mark.opens and mark.family != outer and closing.get(mark.family, -1) > place:
            inner = mark.family
        else:
            outer = mark.family if mark.opens else None
            yield mark, surplus


def _closing_surplus(marks: list[_QuotationMark]) -> list[int]:
    """Return, for each mark, the number of closing marks minus opening marks from there on."""
    surplus = [0]
    for mark in reversed(marks):
        surplus.append(surplus[-1] + (-1 if mark.opens else 1))
    return surplus[-2::-1]


def _marks(text: str, paragraph: _Paragraph, cues: CueData) -> list[_QuotationMark]:
    marks: list[_QuotationMark] = []
    for match in _DOUBLE.finditer(text, paragraph.start, paragraph.end):
        mark = _classify_mark(text, paragraph, match, cues, is_odd=len(marks) % 2 == 1)
        if mark is not None:
            marks.append(mark)
    return marks


def _classify_mark(
    text: str, paragraph: _Paragraph, match: re.Match[str], cues: CueData, *, is_odd: bool
) -> _QuotationMark | None:
    """Return the function of a mark, by its kind and then by the adjacent characters; None for inches."""
    start, end, sign = match.start(), match.end(), match.group()
    before = text[start - 1] if start > paragraph.start else " "
    after = text[end] if end < paragraph.end else " "
    at_end = end >= paragraph.tail
    family = _FAMILIES[sign]
    if sign in _PAIRED:
        return _QuotationMark(start, end, sign in cues.opening_marks, family)
    if sign in cues.opening_marks:
        ends = (after.isspace() or after in _TAIL) and not before.isspace()
        return _QuotationMark(start, end, not (at_end or ends), family)
    if sign in cues.closing_marks:
        begins = (before.isspace() or before in "([—–-") and after.isalnum() and not at_end
        return _QuotationMark(start, end, begins, family)
    if before.isdigit() and not is_odd and not after.isalnum():
        return None
    return _QuotationMark(start, end, not (after.isspace() or at_end or before.isalnum() or before in ".,!?…"), family)


def _single_marks(text: str, paragraph: _Paragraph, elisions: frozenset[str]) -> Iterator[_QuotationMark]:
    for match in _SINGLE.finditer(text, paragraph.start, paragraph.end):
        start, end = match.span()
        before = text[start - 1] if start > paragraph.start else " "
        after = text[end] if end < paragraph.end else " "
        if (before.isspace() or before in "([—–") and after.isalpha():
            word = _FIRST_WORD.match(text, end, end + 12)
            if word and word.group().lower() not in elisions:
                yield _QuotationMark(start, end, opens=True)
        elif not before.isspace() and not after.isalnum() and _closes(text, paragraph, end, before):
            yield _QuotationMark(start, end, opens=False)


def _closes(text: str, paragraph: _Paragraph, end: int, before: str) -> bool:
    """Return whether a single mark after a word closes a quote; a plural's possessive has the same sign."""
    if before != "s":
        return True
    rest = text[end : min(paragraph.end, end + _LOOK_AHEAD)]
    return not (rest[:1] == " " and rest[1:2].islower() and _LATER_CLOSING.search(rest))


# The tokens inside quotation marks.


@dataclass(frozen=True, slots=True)
class QuotedText:
    """The tokens inside marks: ``owner`` gives a token's index in ``marked``, -1 outside.

    ``inside`` says of each token whether it is inside marks. ``edges`` are the first and last token of each span,
    including its marks; ``texts`` are the spans as written.
    """

    marked: tuple[QuotedSpan, ...]
    owner: list[int]
    inside: list[bool]
    edges: tuple[tuple[int, int], ...]
    texts: tuple[str, ...]

    def counts_without(self, dropped: AbstractSet[int]) -> list[int]:
        """Return, per token and for the end, the number of earlier tokens inside marks that are not ``dropped``."""
        counted = set(range(len(self.marked))) - dropped
        return [0, *accumulate([index in counted for index in self.owner])]


def quoted_text(tokens: Tokens, marked: tuple[QuotedSpan, ...]) -> QuotedText:
    """Return the tokens inside quotation marks, including the marks."""
    owner = [-1] * len(tokens)
    for index, each in enumerate(marked):
        for start, end in each.parts:
            first, stop = bisect_left(tokens.start, start), bisect_left(tokens.start, end)
            owner[first:stop] = [index] * (stop - first)
    return QuotedText(
        marked,
        owner,
        inside=[index >= 0 for index in owner],
        edges=tuple(_edges(tokens, each) for each in marked),
        texts=tuple(tokens.content[each.start : each.end] for each in marked),
    )


def _edges(tokens: Tokens, span: QuotedSpan) -> tuple[int, int]:
    first = max(tokens.at(span.start), 0)
    return first, max(bisect_left(tokens.start, span.end) - 1, first)
