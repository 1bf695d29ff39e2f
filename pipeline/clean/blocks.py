"""Shared values of page cleaning: text pieces, extracted fields, the origin of a page, and the joined text."""

import re
from collections.abc import Iterable, Sequence
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
    """A text and the method that read it; None and "unknown" without one."""

    text: str | None
    method: str


NOT_FOUND = ExtractedField(None, "unknown")


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a page. ``publisher`` and ``outlets`` override the page; ``payload_digest`` is of its record.

    ``article_id`` is the article that the archive has the page for; None: the one that the page itself states.
    """

    source_key: str
    publisher: str | None = None
    payload_digest: str | None = None
    rules: tuple[LayoutRule, ...] = ()
    outlets: OutletKeys = NO_OUTLET_KEYS
    article_id: str | None = None


# Kana, Han, Thai, Lao, Burmese, Khmer.
UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class StoryText:
    """The pieces of an article without its title, its whole text and blocks, and its paragraphs and list items.

    ``words`` is the number of words in these.
    """

    pieces: tuple[TextPiece, ...]
    text: str
    blocks: tuple[Block, ...]
    paragraphs: tuple[str, ...]
    words: int


def join_pieces(title: str | None, pieces: Sequence[TextPiece]) -> StoryText:
    """Return the text of title and pieces, joined by blank lines, with one block per piece, in reading order."""
    blocks: list[Block] = []
    position = 0
    whole = (*((TextPiece("title", title),) if title else ()), *pieces)
    for piece in whole:
        blocks.append(Block(piece.kind, position, position + len(piece.text)))
        position += len(piece.text) + len(_GAP)
    paragraphs = tuple(piece.text for piece in pieces if piece.kind in ("paragraph", "list"))
    text = _GAP.join(piece.text for piece in whole)
    return StoryText(tuple(pieces), text, tuple(blocks), paragraphs, count_words(paragraphs))


def count_words(texts: Iterable[str]) -> int:
    """Return the number of words; in scripts without spaces, two characters count as one word."""
    return sum(len(text.split()) + (0 if text.isascii() else len(UNSPACED_SCRIPT.findall(text)) // 2) for text in texts)
