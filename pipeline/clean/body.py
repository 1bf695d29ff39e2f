"""The body of an article: trafilatura chooses, its tree is read as pieces."""

import re
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import trafilatura
from trafilatura.settings import Extractor

from pipeline.clean.pieces import TextPiece
from pipeline.clean.tree import Tree, tidy
from pipeline.model.article import BlockKind

_HEADINGS = ("head", "h1", "h2", "h3", "h4", "h5", "h6")
_ITEMS = ("item", "li", "row", "tr")
_KINDS: dict[str, BlockKind] = {**dict.fromkeys(_HEADINGS, "heading"), **dict.fromkeys(_ITEMS, "list")}
_BLOCKS = frozenset(
    {*_KINDS, "p", "div", "section", "article", "list", "ul", "ol", "quote", "blockquote", "table", "body"}
)
_SKIPPED = frozenset({"graphic", "figure", "figcaption", "img", "code", "script", "style", "form", "button"})
_BREAKS = ("lb", "br")
_SENTENCE_ENDS = tuple('.!?…:"”’»')
_RULER = re.compile(r"^[_*=~-]{3,}\s+")  # a drawn line before a closing note
# Where precision gives less than this share of the words in plain paragraphs of one parent, it missed the body.
_RECALL_SHARE = 0.5
_RECALL_MIN_WORDS = 120
_SECOND_LOOK_WORDS = 100


@dataclass(frozen=True, slots=True)
class Body:
    """Headings, paragraphs and list items in page order, and the mode of the extractor that chose them."""

    pieces: tuple[TextPiece, ...]
    method: str

    @property
    def word_count(self) -> int:
        return sum(piece.word_count for piece in self.pieces)


def read_body(root: Tree) -> Body:
    """Return the article's body, without pieces where there is none.

    "fast": precision mode without trafilatura's look at other extractors, which changes nothing on a news page and
    costs a third of the time. "precision": with it, where little came out. "recall": only where the page's densest
    run of paragraphs is much longer than what precision gave.
    """
    body = Body(_extract(root, is_recall=False, is_fast=True), "fast")
    if body.word_count < _SECOND_LOOK_WORDS:
        body = Body(_extract(root, is_recall=False), "precision")
    densest = _densest_words(root)
    if densest >= _RECALL_MIN_WORDS and body.word_count < _RECALL_SHARE * densest:
        wider = Body(_extract(root, is_recall=True), "recall")
        if wider.word_count > body.word_count:
            return wider
    return body


def _extract(root: Tree, *, is_recall: bool, is_fast: bool = False) -> tuple[TextPiece, ...]:
    options = copy(_options(is_recall=is_recall, is_fast=is_fast))  # trafilatura writes into them
    document = trafilatura.bare_extraction(root, options=options)
    return tuple(_pieces(document.body)) if document is not None else ()


@cache
def _options(*, is_recall: bool, is_fast: bool) -> Extractor:
    """Return trafilatura's options; making them reads its configuration, which takes as long as a small page."""
    return Extractor(output_format="txt", fast=is_fast, precision=not is_recall, recall=is_recall, comments=False)


def _densest_words(root: Tree) -> int:
    """Return the most words that the long paragraphs of one parent have together."""
    words: dict[Tree, int] = {}
    for paragraph in root.iter("p"):
        count = len("".join(paragraph.itertext()).split())
        if count > 12:
            parent = paragraph.getparent()
            words[parent] = words.get(parent, 0) + count
    return max(words.values(), default=0)


def _pieces(element: Tree, kind: BlockKind = "paragraph") -> Iterator[TextPiece]:
    """Yield the pieces of a container: its blocks, and the loose text between them."""
    loose: list[str | None] = [element.text]
    for child in element:
        if child.tag in _SKIPPED or not isinstance(child.tag, str):
            loose.append(child.tail)
        elif child.tag in _BLOCKS:
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
        yield from _pieces(element, kind)


def _inline(element: Tree) -> Iterator[str | None]:
    """Yield the texts of an inline element, None for a line break in it."""
    if element.tag in _BREAKS:
        yield None
    yield element.text or ""
    for child in element:
        if child.tag not in _SKIPPED:
            yield from _inline(child)
        yield child.tail or ""


def _join_lines(parts: Iterable[str | None], kind: BlockKind) -> Iterator[TextPiece]:
    """Yield one piece a line; a break inside a sentence is a space."""
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
            yield TextPiece(kind, _RULER.sub("", " ".join(lines[start : index + 1])) or line)
            start = index + 1
