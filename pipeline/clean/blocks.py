"""From pieces to one text with blocks, and from that to an Article."""

import re
from collections.abc import Iterable

from pipeline.clean.pieces import TextPiece
from pipeline.model import Block

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
