"""Line rules at work: which pieces of a body are the story."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.clean.boilerplate import LINE_RULES, STORY_ENDS, STORY_ENDS_MAX_WORDS, LineRule
from pipeline.clean.headline import fold_title
from pipeline.clean.pieces import TextPiece

_HEAD, _TAIL = 3, 4  # pieces that count as near the start or the end
_ECHO_MAX_WORDS = 90
_ECHO_SHARE = 0.8
_STORY_SHARE = 0.8  # a list of other stories comes after this share of the words
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class StoryLines:
    """The pieces that are the story, and how often each rule fired."""

    pieces: tuple[TextPiece, ...]
    fired: Counter[str]


def keep_story_lines(pieces: Sequence[TextPiece], *, title: str | None, echoes: Iterable[str]) -> StoryLines:
    """Return a body without title echo, captions, repeats, boilerplate and headings that head nothing."""
    fired: Counter[str] = Counter()
    seen: set[str] = set()
    folded_title = fold_title(title or "")
    shingled = [shingles for text in echoes if (shingles := _shingles(text))]
    kept: list[TextPiece] = []
    end = _story_end(pieces)
    if end < len(pieces):
        fired["after_story"] = len(pieces) - end
    for index, piece in enumerate(pieces[:end]):
        folded = fold_title(piece.text)
        name = _echo(piece, folded, folded_title, shingled) or _line_rule(piece, index, len(pieces))
        if name is None and folded in seen and piece.word_count >= 4:
            name = "repeat"
        seen.add(folded)
        if name is None:
            kept.append(piece)
        else:
            fired[name] += 1
    return StoryLines(tuple(_without_empty_headings(kept, fired)), fired)


def _story_end(pieces: Sequence[TextPiece]) -> int:
    """Return the index of the line that opens a list of other stories, the number of pieces where none does."""
    total, read = sum(piece.word_count for piece in pieces), 0
    for index, piece in enumerate(pieces):
        if piece.word_count <= STORY_ENDS_MAX_WORDS and read > _STORY_SHARE * total and STORY_ENDS.match(piece.text):
            return index
        read += piece.word_count
    return len(pieces)


def _echo(piece: TextPiece, folded: str, title: str, shingled: Sequence[frozenset[tuple[str, ...]]]) -> str | None:
    if not folded:
        return "no_words"
    if folded == title:
        return "title_echo"
    if piece.word_count <= _ECHO_MAX_WORDS and shingled:
        mine = _shingles(piece.text)
        if any(len(mine & theirs) >= _ECHO_SHARE * len(mine) for theirs in shingled if mine):
            return "caption_echo"
    return None


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORDS.findall(text.casefold())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _line_rule(piece: TextPiece, index: int, total: int) -> str | None:
    return next((rule.name for rule in LINE_RULES if _applies(rule, piece, index, total)), None)


def _applies(rule: LineRule, piece: TextPiece, index: int, total: int) -> bool:
    if piece.word_count > rule.max_words:
        return False
    if (rule.place == "head" and index >= _HEAD) or (rule.place == "tail" and index < max(2, total - _TAIL)):
        return False
    return rule.pattern.search(piece.text) is not None


def _without_empty_headings(pieces: Sequence[TextPiece], fired: Counter[str]) -> list[TextPiece]:
    kept = list(pieces)
    while kept and kept[-1].kind == "heading":
        kept.pop()
        fired["last_heading"] += 1
    return kept
