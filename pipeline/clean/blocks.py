"""From pieces to one text with blocks, and from that to an Article."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.model import Block, LayoutRule
from pipeline.model.article import BlockKind

# A stretch of an article before it has a place in the text.


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Tidy text, never empty, no line break in it."""

    kind: BlockKind
    text: str
    word_count: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "word_count", len(self.text.split()))


# A value with the place where it was found.


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """A text, None where nothing says it, and the method that gave it, "unknown" for None."""

    text: str | None
    method: str


NOT_FOUND = ExtractedField(None, "unknown")


def first_nonempty(places: Iterable[tuple[str, str | None]]) -> ExtractedField:
    """Return the first text of (method, text) pairs that is not empty."""
    return next((ExtractedField(text, method) for method, text in places if text), NOT_FOUND)


# Where a page comes from, as its caller knows.


@dataclass(frozen=True, slots=True)
class Origin:
    """``publisher`` wins over what the page says; ``raw_ref`` is the payload digest of its archive record."""

    source_key: str
    publisher: str | None = None
    raw_ref: str | None = None
    rules: tuple[LayoutRule, ...] = ()


# Kana, Han, Thai, Lao, Burmese, Khmer.
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_GAP = "\n\n"


def join_pieces(pieces: Iterable[TextPiece]) -> tuple[str, tuple[Block, ...]]:
    """Return the text of pieces joined by blank lines, and a block for each."""
    blocks: list[Block] = []
    position = 0
    texts = []
    for piece in pieces:
        blocks.append(Block(piece.kind, position, position + len(piece.text)))
        texts.append(piece.text)
        position += len(piece.text) + len(_GAP)
    return _GAP.join(texts), tuple(blocks)


def count_words(texts: Iterable[str]) -> int:
    """Return the words of texts; where a script parts no words, two of its characters count as one."""
    return sum(len(text.split()) + len(_UNSPACED_SCRIPT.findall(text)) // 2 for text in texts)
