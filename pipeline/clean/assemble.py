"""From pieces to one text with blocks, and from that to an Article."""

from collections.abc import Iterable

from pipeline.clean.pieces import Piece
from pipeline.model import Block

_GAP = "\n\n"


def joined_text(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
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
    return sum(len(text.split()) for text in texts)
