"""Text pieces of a tree: its headings, paragraphs and list items, and the loose text between them."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.html import Tree, tidy
from newslake.pipeline.model.article import BlockKind

_HEADING_TAGS = ("head", "h1", "h2", "h3", "h4", "h5", "h6")
_ITEM_TAGS = ("item", "li", "row", "tr")
_KINDS: dict[str, BlockKind] = {**dict.fromkeys(_HEADING_TAGS, "heading"), **dict.fromkeys(_ITEM_TAGS, "list")}
_BLOCK_TAGS = frozenset(
    {*_KINDS, "p", "div", "section", "article", "list", "ul", "ol", "quote", "blockquote", "table", "body"}
)
_SKIPPED_TAGS = frozenset({"graphic", "figure", "figcaption", "img", "code", "script", "style", "form", "button"})
_BREAK_TAGS = ("lb", "br")
_SENTENCE_ENDS = tuple('.!?…:"”’»')
_RULER = re.compile(r"[_*=~-]{3,}\s+")  # a ruler before a closing note


def read_pieces(element: Tree, kind: BlockKind = "paragraph") -> Iterator[TextPiece]:
    """Yield the pieces of a container: its blocks, and the loose text between them."""
    loose: list[str | None] = [element.text]
    for child in element:
        if child.tag in _SKIPPED_TAGS or not isinstance(child.tag, str):
            loose.append(child.tail)
        elif child.tag in _BLOCK_TAGS:
            yield from _join_lines(loose, kind)
            yield from _block(child, kind)
            loose = [child.tail]
        else:
            loose += [*_inline(child), child.tail]
    yield from _join_lines(loose, kind)


def _block(element: Tree, outer: BlockKind) -> Iterator[TextPiece]:
    kind = _KINDS.get(element.tag, outer)
    if element.tag in ("row", "tr"):
        cells = [tidy(" ".join(cell.itertext())) for cell in element]
        if text := " | ".join(cell for cell in cells if cell):
            yield TextPiece(kind, text)
    else:
        yield from read_pieces(element, kind)


def _inline(element: Tree) -> Iterator[str | None]:
    """Yield the texts of an inline element, None for a line break."""
    if element.tag in _BREAK_TAGS:
        yield None
    yield element.text or ""
    for child in element:
        if child.tag not in _SKIPPED_TAGS:
            yield from _inline(child)
        yield child.tail or ""


def _join_lines(parts: Iterable[str | None], kind: BlockKind) -> Iterator[TextPiece]:
    """Yield one piece per line; a line break inside a sentence becomes a space."""
    lines, current = [], ""
    for part in parts:
        if part is None:
            lines.append(tidy(current))
            current = ""
        else:
            current += part
    lines = [line for line in (*lines, tidy(current)) if line]
    start = 0
    for index, (line, after) in enumerate(pairwise((*lines, ""))):
        if line.endswith(_SENTENCE_ENDS) or not after:
            text = " ".join(lines[start : index + 1])
            ruler = _RULER.match(text)
            yield TextPiece(kind, (text[ruler.end() :] if ruler else text) or line)
            start = index + 1
