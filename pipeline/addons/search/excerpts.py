"""Where an article matches a search: spans in title and text, and the snippet around them.

FTS5 itself marks the matches, in a table in memory with only the articles of one page of results. So phrases, prefixes
and accents match as in the index, and an article whose words have changed since does not match.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from newslake.pipeline.addons.search.index import TOKENIZER, plain

_SNIPPET_LETTERS, _LEAD_LETTERS = 240, 60
_MARKS = range(0xE000, 0xF900)  # characters of private use, which articles hardly have
_ELLIPSIS = "…"

type Span = tuple[int, int]
"""Start and end of a match, in code points, half-open."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a title or snippet. ``is_match`` says whether it matches the search."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches in title and text of an article, in order."""

    title: tuple[Span, ...]
    text: tuple[Span, ...]


def find_matches(expression: str, articles: Sequence[tuple[str, str]]) -> Mapping[int, Matches]:
    """Return the matches of those articles, each a title and a text, that match an FTS5 expression; by position."""
    present = set().union(*(set(title) | set(text) for title, text in articles))
    start, end = islice((mark for mark in map(chr, _MARKS) if mark not in present), 2)
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (title, text, tokenize='{TOKENIZER}')")
        rows = [(number, plain(title), plain(text)) for number, (title, text) in enumerate(articles)]
        memory.executemany("INSERT INTO texts (rowid, title, text) VALUES (?, ?, ?)", rows)
        query = "SELECT rowid, highlight(texts, 0, ?1, ?2), highlight(texts, 1, ?1, ?2) FROM texts WHERE texts MATCH ?3"
        marked = memory.execute(query, (start, end, expression)).fetchall()
    return {
        number: Matches(tuple(_spans(title, start, end)), tuple(_spans(text, start, end)))
        for number, title, text in marked
    }


def _spans(marked: str, start: str, end: str) -> Iterator[Span]:
    """Yield the spans between marks, as positions in the text without marks."""
    place = 0
    first, *parts = marked.split(start)
    place = len(first)
    for part in parts:
        match, _, rest = part.partition(end)
        yield place, place + len(match)
        place += len(match) + len(rest)


def segments(text: str, spans: Sequence[Span], *, first: int = 0, last: int | None = None) -> tuple[Segment, ...]:
    """Return a part of a text in segments, with white space as single spaces, and "…" where the text goes on."""
    end = len(text) if last is None else last
    parts: list[Segment] = [Segment(_ELLIPSIS, is_match=False)] if first > 0 else []
    place = first
    for start, stop in ((start, stop) for start, stop in spans if start >= first and stop <= end):
        parts += [Segment(text[place:start], is_match=False), Segment(text[start:stop], is_match=True)]
        place = stop
    parts.append(Segment(text[place:end], is_match=False))
    if end < len(text):
        parts.append(Segment(_ELLIPSIS, is_match=False))
    return tuple(Segment(_single_spaced(each.text), each.is_match) for each in parts if each.text)


def _single_spaced(text: str) -> str:
    inner = " ".join(text.split())
    before, after = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return f"{before}{inner}{after}" if inner else " "


def snippet(text: str, spans: Sequence[Span], *, title: str) -> tuple[Segment, ...]:
    """Return the stretch of a text with the most matches, whole words; matches in a title that it begins with count
    only if there are no others."""
    lead = len(title) if title and text.startswith(title) else 0
    chosen = [span for span in spans if span[0] >= lead] or list(spans)
    best, most = lead, 0
    for start, _ in chosen:
        first = max(0, start - _LEAD_LETTERS)
        count = sum(first <= each and stop <= first + _SNIPPET_LETTERS for each, stop in chosen)
        if count > most:
            best, most = first, count
    first = best if best in (0, lead) else _next_word(text, best, chosen)
    return segments(text, spans, first=first, last=_end_of_word(text, first + _SNIPPET_LETTERS, spans))


def _next_word(text: str, place: int, spans: Sequence[Span]) -> int:
    """Return the start of the next word after a place, but not after the start of the next match."""
    limit = min((start for start, _ in spans if start >= place), default=len(text))
    while place < limit and not text[place - 1].isspace():
        place += 1
    return place


def _end_of_word(text: str, place: int, spans: Sequence[Span]) -> int:
    """Return the end of the last whole word before a place, but not inside of a match."""
    if place >= len(text):
        return len(text)
    limit = max((stop for _, stop in spans if stop <= place), default=0)
    end = place
    while end > limit and not text[end].isspace():
        end -= 1
    return end if end > max(limit, place - _LEAD_LETTERS) else place
