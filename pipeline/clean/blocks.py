"""Shared values of page cleaning: text pieces, extracted fields, the origin of a page, and the joined text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from newslake.pipeline.model import NO_OUTLET_KEYS, Block, LayoutRule, OutletKeys
from newslake.pipeline.model.article import BlockKind


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A part of an article before it has offsets. ``text`` is tidy, not empty and has no line break."""

    kind: BlockKind
    text: str
    word_count: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "word_count", len(self.text.split()))


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """A text and the method that found it; None and "unknown" if it is not found."""

    text: str | None
    method: str


NOT_FOUND = ExtractedField(None, "unknown")


def first_nonempty(places: Iterable[tuple[str, str | None]]) -> ExtractedField:
    """Return the first text of (method, text) pairs that is not empty."""
    return next((ExtractedField(text, method) for method, text in places if text), NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a page. ``publisher`` and ``outlets`` override the page; ``payload_digest`` is of its record."""

    source_key: str
    publisher: str | None = None
    payload_digest: str | None = None
    rules: tuple[LayoutRule, ...] = ()
    outlets: OutletKeys = NO_OUTLET_KEYS


# Kana, Han, Thai, Lao, Burmese, Khmer.
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_GAP = "\n\n"


def join_pieces(pieces: Iterable[TextPiece]) -> tuple[str, tuple[Block, ...]]:
    """Return the text of the pieces, joined by blank lines, and one block per piece."""
    blocks: list[Block] = []
    position = 0
    texts = []
    for piece in pieces:
        blocks.append(Block(piece.kind, position, position + len(piece.text)))
        texts.append(piece.text)
        position += len(piece.text) + len(_GAP)
    return _GAP.join(texts), tuple(blocks)


def count_words(texts: Iterable[str]) -> int:
    """Return the number of words; in scripts without spaces, two characters count as one word."""
    return sum(
        len(text.split()) + (0 if text.isascii() else len(_UNSPACED_SCRIPT.findall(text)) // 2) for text in texts
    )
