"""The body of an article as text pieces: captions, the source's layout rules, and trafilatura's extraction."""

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

import trafilatura
from lxml.cssselect import CSSSelector
from trafilatura.settings import Extractor

from pipeline.clean.blocks import TextPiece
from pipeline.clean.html import Tree, text_of, text_start, tidy
from pipeline.model import LayoutRule
from pipeline.model.article import BlockKind

# Image captions and their places among the paragraphs.

_CAPTION_PATH = (
    "//figcaption | //*[self::div or self::p or self::span][@itemprop='caption'] | "
    "//*[self::div or self::p or self::span or self::small or self::dd][contains(@class, 'caption')]"
)
_CREDIT_CLASS = re.compile(r"credit|copyright|source|attribution|photographer|byline|agency", re.I)
_ELSEWHERE_CLASS = re.compile(
    r"related|recommend|teaser|promo|more-|sidebar|carousel|newsletter|footer|trending|popular", re.I
)
_OUTSIDE_TAGS = ("nav", "aside", "footer", "form")
_PLACED_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "blockquote", "figcaption")
_CREDIT_TAIL = re.compile(
    r"\s*[\[(|–—-]?\s*(?:photo(?:graph)?(?:er)?|image|picture|credit|copyright|©|\(c\)|foto|bild)\s*(?:credit|"
    r"by|:|©)\s*.{0,80}$",
    re.IGNORECASE,
)
_CAPTION_MIN_WORDS, _CAPTION_MAX_WORDS = 3, 90
_MAX_ECHOES = 300  # each is compared with each line; a page with more images is a gallery
_KEY_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions of a page. ``shown`` has them with page positions; ``echoes`` are texts that the body may repeat."""

    shown: tuple[tuple[int, str], ...]
    echoes: tuple[str, ...]
    positions: dict[str, int]

    def insert_into(self, pieces: Sequence[TextPiece]) -> tuple[TextPiece, ...]:
        """Return the pieces with captions in their places; captions after the end of the article are dropped."""
        places = self._places(pieces)
        if not places:
            return tuple(pieces)
        woven: list[TextPiece] = []
        waiting = [(place, text) for place, text in self.shown if place < places[-1]]
        for piece, place in zip(pieces, places, strict=True):
            while waiting and waiting[0][0] < place:
                woven.append(TextPiece("caption", waiting.pop(0)[1]))
            woven.append(piece)
        return tuple(woven)

    def _places(self, pieces: Iterable[TextPiece]) -> list[int]:
        """Return the page position of each piece; if it is not found, the position of the previous piece."""
        places, last = [], -1
        for piece in pieces:
            last = max(last, self.positions.get(_position_key(piece.text), last))
            places.append(last)
        return places


def read_captions(root: Tree) -> Captions:
    """Return the captions of a page in page order, each once, without photo credits."""
    elements = (element for element in _outermost(root.xpath(_CAPTION_PATH)) if not _is_elsewhere(element))
    captions = {element: _caption_text(element) for element in elements}
    tags = {element.tag for element in captions}.difference(_PLACED_TAGS)
    positions: dict[str, int] = {}
    shown: dict[str, int] = {}
    for index, element in enumerate(root.iter(*_PLACED_TAGS, *tags) if captions else ()):
        if element in captions and _CAPTION_MIN_WORDS <= len(captions[element].split()) <= _CAPTION_MAX_WORDS:
            shown.setdefault(captions[element], index)
        if element.tag in _PLACED_TAGS:
            positions.setdefault(_position_key(text_start(element, 2 * _KEY_LENGTH)), index)
    whole = (text_of(element) for element in captions)
    alts = (tidy(alt) for alt in root.xpath("//img/@alt") if len(alt.split()) >= 5)
    return Captions(
        shown=tuple((index, text) for text, index in shown.items()),
        echoes=tuple(dict.fromkeys((*shown, *(t for t in whole if t and len(t.split()) <= _CAPTION_MAX_WORDS), *alts)))[
            :_MAX_ECHOES
        ],
        positions=positions,
    )


def _position_key(text: str) -> str:
    return "".join(text[:_KEY_LENGTH].split()).casefold()[:40]


def _outermost(elements: Iterable[Tree]) -> Iterator[Tree]:
    chosen: set[Tree] = set()
    for element in elements:
        if chosen.isdisjoint(element.iterancestors()):
            chosen.add(element)
            yield element


def _is_elsewhere(element: Tree) -> bool:
    return any(
        ancestor.tag in _OUTSIDE_TAGS or _ELSEWHERE_CLASS.search(ancestor.get("class") or "")
        for ancestor in list(element.iterancestors())[:8]
    )


def _caption_text(element: Tree) -> str:
    picture_credits = {part for part in element.iterdescendants() if _CREDIT_CLASS.search(part.get("class") or "")}
    parts = [element.text or ""]
    for part in element.iterdescendants():
        if part not in picture_credits and picture_credits.isdisjoint(part.iterancestors()):
            parts.append(part.text or "")
        if picture_credits.isdisjoint(part.iterancestors()):
            parts.append(part.tail or "")
    return _CREDIT_TAIL.sub("", tidy(" ".join(parts)))


# Layout rules of a source: elements to drop, and the container of the body.


@dataclass(frozen=True, slots=True)
class LayoutResult:
    """The page after the layout rules, and the number of elements that each rule of the day matched."""

    root: Tree
    fired: dict[str, int]


def apply_layout(root: Tree, rules: Iterable[LayoutRule], *, day: date) -> LayoutResult:
    """Return the page after the rules of a day: without dropped elements, and reduced to the kept container, if any.

    ``root`` is unchanged. A ``keep`` without a match has no effect; its count of 0 shows that the layout has changed.
    """
    fired: dict[str, int] = {}
    holding = [rule for rule in rules if rule.holds_on(day)]
    root = deepcopy(root) if holding else root
    for rule in holding:
        for selector in rule.drop:
            fired[f"drop: {selector}"] = _drop(root, selector)
        if rule.keep is not None:
            fired[f"keep: {rule.keep}"] = _keep(root, rule.keep)
    return LayoutResult(root, fired)


@cache
def _selector(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def _drop(root: Tree, css: str) -> int:
    """Remove elements, but not the text after them. The root cannot be dropped."""
    found = [element for element in _selector(css)(root) if element.getparent() is not None]
    for element in found:
        element.drop_tree()
    return len(found)


def _keep(root: Tree, css: str) -> int:
    """Remove everything except the container of the body from the page."""
    found: list[Tree] = _selector(css)(root)
    body = root.find("body")
    if found and body is not None and found[0] is not body:
        container = found[0]
        for child in list(body):
            body.remove(child)
        body.text = None
        body.append(container)
    return len(found)


# The body.

_HEADING_TAGS = ("head", "h1", "h2", "h3", "h4", "h5", "h6")
_ITEM_TAGS = ("item", "li", "row", "tr")
_KINDS: dict[str, BlockKind] = {**dict.fromkeys(_HEADING_TAGS, "heading"), **dict.fromkeys(_ITEM_TAGS, "list")}
_BLOCK_TAGS = frozenset(
    {*_KINDS, "p", "div", "section", "article", "list", "ul", "ol", "quote", "blockquote", "table", "body"}
)
_SKIPPED_TAGS = frozenset({"graphic", "figure", "figcaption", "img", "code", "script", "style", "form", "button"})
_BREAK_TAGS = ("lb", "br")
_SENTENCE_ENDS = tuple('.!?…:"”’»')
_RULER = re.compile(r"^[_*=~-]{3,}\s+")  # a ruler before a closing note
# Precision mode has missed the body if it gives less than this share of the densest run of paragraphs.
_RECALL_SHARE = 0.5
_RECALL_MIN_WORDS = 120
_SECOND_LOOK_WORDS = 100


@dataclass(frozen=True, slots=True)
class Body:
    """Headings, paragraphs and list items in page order, and the extractor mode that selected them."""

    pieces: tuple[TextPiece, ...]
    method: str

    @property
    def word_count(self) -> int:
        return sum(piece.word_count for piece in self.pieces)


def read_body(root: Tree) -> Body:
    """Return the body of an article; without pieces if none is found.

    "fast": precision mode without trafilatura's fallback extractors, which change nothing on a news page and take a
    third of the time. "precision": with them, if "fast" gives little. "recall": if the densest run of paragraphs on the
    page is much longer than the result of precision mode.
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
    options = copy(_options(is_recall=is_recall, is_fast=is_fast))  # trafilatura modifies them
    document = trafilatura.bare_extraction(root, options=options)
    return tuple(_pieces(document.body)) if document is not None else ()


@cache
def _options(*, is_recall: bool, is_fast: bool) -> Extractor:
    """Return trafilatura's options. Creating them takes as long as a small page, because it reads the configuration."""
    return Extractor(output_format="txt", fast=is_fast, precision=not is_recall, recall=is_recall, comments=False)


def _densest_words(root: Tree) -> int:
    """Return the maximum number of words in the long paragraphs of one parent."""
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
        yield from _pieces(element, kind)


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
            yield TextPiece(kind, _RULER.sub("", " ".join(lines[start : index + 1])) or line)
            start = index + 1
