"""Captions and credited of a page's pictures, and where they stand among its paragraphs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.clean.pieces import TextPiece
from pipeline.clean.tree import Tree, text_of, text_start, tidy

_CAPTION = (
    "//figcaption | //*[self::div or self::p or self::span][@itemprop='caption'] | "
    "//*[self::div or self::p or self::span or self::small or self::dd][contains(@class, 'caption')]"
)
_CREDIT = re.compile(r"credit|copyright|source|attribution|photographer|byline|agency", re.I)
_ELSEWHERE = re.compile(
    r"related|recommend|teaser|promo|more-|sidebar|carousel|newsletter|footer|trending|popular", re.I
)
_OUTSIDE = ("nav", "aside", "footer", "form")
_PLACED = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "blockquote", "figcaption")
_CREDIT_TAIL = re.compile(
    r"\s*[\[(|–—-]?\s*(?:photo(?:graph)?(?:er)?|image|picture|credit|copyright|©|\(c\)|foto|bild)\s*(?:credit|"
    r"by|:|©)\s*.{0,80}$",
    re.IGNORECASE,
)
_MIN_WORDS, _MAX_WORDS = 3, 90
_MAX_ECHOES = 300  # a page with more pictures is a gallery, and each is compared with each line
_KEY_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Captions:
    """What a page says of its pictures. ``shown`` are captions by page position; ``echoes`` may recur in a body."""

    shown: tuple[tuple[int, str], ...]
    echoes: tuple[str, ...]
    positions: dict[str, int]

    def insert_into(self, pieces: Sequence[TextPiece]) -> tuple[TextPiece, ...]:
        """Return the pieces with captions where the page has them; those after the article's end are left out."""
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
        """Return each piece's position in the page, that of the one before where it is not found."""
        places, last = [], -1
        for piece in pieces:
            last = max(last, self.positions.get(_key(piece.text), last))
            places.append(last)
        return places


def read_captions(root: Tree) -> Captions:
    """Return the captions of a page in page order, each once, credited cut off."""
    elements = (element for element in _outermost(root.xpath(_CAPTION)) if not _is_elsewhere(element))
    captions = {element: _caption_text(element) for element in elements}
    tags = {element.tag for element in captions}.difference(_PLACED)
    positions: dict[str, int] = {}
    shown: dict[str, int] = {}
    for index, element in enumerate(root.iter(*_PLACED, *tags) if captions else ()):
        if element in captions and _MIN_WORDS <= len(captions[element].split()) <= _MAX_WORDS:
            shown.setdefault(captions[element], index)
        if element.tag in _PLACED:
            positions.setdefault(_key(text_start(element, 2 * _KEY_LENGTH)), index)
    whole = (text_of(element) for element in captions)
    alts = (tidy(alt) for alt in root.xpath("//img/@alt") if len(alt.split()) >= 5)
    return Captions(
        shown=tuple((index, text) for text, index in shown.items()),
        echoes=tuple(dict.fromkeys((*shown, *(t for t in whole if t and len(t.split()) <= _MAX_WORDS), *alts)))[
            :_MAX_ECHOES
        ],
        positions=positions,
    )


def _key(text: str) -> str:
    return "".join(text[:_KEY_LENGTH].split()).casefold()[:40]


def _outermost(elements: Iterable[Tree]) -> Iterator[Tree]:
    chosen: set[Tree] = set()
    for element in elements:
        if chosen.isdisjoint(element.iterancestors()):
            chosen.add(element)
            yield element


def _is_elsewhere(element: Tree) -> bool:
    return any(
        ancestor.tag in _OUTSIDE or _ELSEWHERE.search(ancestor.get("class") or "")
        for ancestor in list(element.iterancestors())[:8]
    )


def _caption_text(element: Tree) -> str:
    credited = {part for part in element.iterdescendants() if _CREDIT.search(part.get("class") or "")}
    parts = [element.text or ""]
    for part in element.iterdescendants():
        if part not in credited and credited.isdisjoint(part.iterancestors()):
            parts.append(part.text or "")
        if credited.isdisjoint(part.iterancestors()):
            parts.append(part.tail or "")
    return _CREDIT_TAIL.sub("", tidy(" ".join(parts)))
