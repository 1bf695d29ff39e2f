"""Captions: the texts of images, and their places among the paragraphs. They are no text of the body."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, takewhile

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.credits import agency_of, is_agency
from newslake.pipeline.clean.html import Tree, text_of, text_start, tidy
from newslake.pipeline.clean.page_parts import (
    CREDIT_CLASS,
    is_caption_class,
    is_foreign_caption,
    is_in_figure,
    is_media_class,
    is_story_class,
    outermost,
)

_CAPTION_TAGS = ("div", "p", "span", "small", "dd", "h5", "h6", "figcaption")
_IMAGE_TAGS = ("img", "picture", "amp-img")
_BOX_TAGS = frozenset({"div", "span", "a", "section", "aside", "li", "figure", "picture", "p", "button"})
_BOX_DEPTH = 5  # ancestors of an image that may be its box
_HEADINGS = ("h1", "h2", "h3", "h4", "table", "blockquote")
_PLACED_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "blockquote", "figcaption")
_CREDIT_WORD = r"(?<!\ba )(?<!\bthe )(?:photo(?:graph)?(?:er)?|image|picture|credit|copyright|©|\(c\)|foto|bild)"
_CREDIT_TAIL = re.compile(
    rf"\s*[\[(|–—-]?\s*(?:{_CREDIT_WORD}\s*(?:credit|by|:|©)|©|\(c\)(?=\s*(?-i:[A-ZÀ-Þ\d])))\s*.{{0,80}}$",
    re.IGNORECASE,
)
# "(Ada Lorn/AP)": items with slashes, one of which is an agency
_SIGNATURE = re.compile(r"\s*\((?P<items>[^()/]{2,50}(?:/[^()/]{2,50}){1,3})\)\.?$")
_SIGNATURE_MAX_CHARS = 210
_SENTENCE_MIN_WORDS = 12
_SENTENCE_ENDS = tuple(f"{mark}{close}" for mark in ".!?…。" for close in ("", "”", "“", '"', "»", ")"))
_CAPTION_MIN_WORDS, _CAPTION_MAX_WORDS = 3, 90
_CAPTION_MAX_CHARS = 900  # longer than 90 words of any language with spaces
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
        places = self._places(pieces) if self.shown else []
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
        """Return the page position of each piece; without one, the position of the previous piece."""
        places, last = [], -1
        for piece in pieces:
            last = max(last, self.positions.get(position_key(piece.text), last))
            places.append(last)
        return places


def take_captions(root: Tree) -> Captions:
    """Return the captions of a page in page order, each once, without photo credits; remove them from the page.

    A caption at another story or in the site's header, and an offer of the publisher are removed, and not returned.
    """
    elements = _caption_elements(root)
    captions = {
        element: text for element in elements if not is_foreign_caption(element, text := _caption_text(element))
    }
    tags = {element.tag for element in captions}.difference(_PLACED_TAGS)
    positions: dict[str, int] = {}
    shown: dict[str, int] = {}
    for index, element in enumerate(root.iter(*_PLACED_TAGS, *tags) if captions else ()):
        if element in captions and _CAPTION_MIN_WORDS <= len(captions[element].split()) <= _CAPTION_MAX_WORDS:
            shown.setdefault(captions[element], index)
        if element.tag in _PLACED_TAGS:
            positions.setdefault(position_key(text_start(element, 2 * _KEY_LENGTH)), index)
    whole = [text_of(element) for element in captions]
    for element in elements:
        element.drop_tree()
    return Captions(
        shown=tuple((index, text) for text, index in shown.items()),
        echoes=tuple(dict.fromkeys((*shown, *filter(None, whole), *_alts(root))))[:_MAX_ECHOES],
        positions=positions,
    )


def _alts(root: Tree) -> Iterator[str]:
    return (tidy(alt) for alt in root.xpath("//img/@alt") if len(alt.split()) >= 5)


def position_key(text: str) -> str:
    """Return the start of a text in the form that finds its element on the page."""
    return "".join(text[:_KEY_LENGTH].split()).casefold()[:40]


def _caption_elements(root: Tree) -> list[Tree]:
    """Return the outermost elements of captions, by tag, class or microdata, and boxes of an image and few words."""
    boxes = dict.fromkeys(_media_boxes(root))
    marked = [
        element
        for element in root.iter(*_CAPTION_TAGS)
        if element in boxes
        or element.tag == "figcaption"
        or element.get("itemprop") == "caption"
        or ((names := element.get("class")) and is_caption_class(names))
    ]
    others = [box for box in boxes if box.tag not in _CAPTION_TAGS]
    return [element for element in outermost((*others, *marked)) if element in boxes or _is_short(element)]


def _media_boxes(root: Tree) -> Iterator[Tree]:
    """Yield the largest box of each image that has a text of a caption's length and a class of such boxes.

    A box with a paragraph of the story stays; so do all boxes that only their classes name if they are the page.
    """
    is_short = cache(_is_short)  # a box may be around thousands of images
    largest: dict[Tree, None] = {}
    for image in root.iter(*_IMAGE_TAGS):
        around = takewhile(lambda element: element.tag in _BOX_TAGS, islice(image.iterancestors(), _BOX_DEPTH))
        boxes = [box for box in around if box.tag == "figure" or is_media_class(box.get("class") or "")]
        largest.update(dict.fromkeys(islice((box for box in reversed(boxes) if is_short(box)), 1)))
    candidates = [box for box in largest if text_start(box, 1) and not _has_story(box)]
    paragraphs = {
        box: [part for part in box.iter("p") if text_start(part, 1) and not is_in_figure(part)] for box in candidates
    }
    words = sum(len(text_of(part).split()) for parts in paragraphs.values() for part in parts)
    if words > _CAPTION_MAX_WORDS and 2 * words > sum(len(text_of(part).split()) for part in root.iter("p")):
        candidates = [box for box in candidates if not paragraphs[box]]
    yield from (box for box in candidates if not any(map(_is_sentence, paragraphs[box])) or _is_credited(box))


def _is_sentence(paragraph: Tree) -> bool:
    text = text_of(paragraph)
    return len(text.split()) >= _SENTENCE_MIN_WORDS and text.endswith(_SENTENCE_ENDS)


def _is_credited(box: Tree) -> bool:
    text = text_of(box)
    return _without_credit(text) != text


def _is_short(element: Tree) -> bool:
    """Return whether an element has no heading, table or quotation, and not more words than a caption."""
    words = len(text_start(element, _CAPTION_MAX_CHARS).split())
    return words <= _CAPTION_MAX_WORDS and next(element.iter(*_HEADINGS), None) is None


def _has_story(element: Tree) -> bool:
    return any(is_story_class(part.get("class") or "") for part in element.iter("div", "section", "article"))


def _caption_text(element: Tree) -> str:
    picture_credits = {part for part in element.iterdescendants() if CREDIT_CLASS.search(part.get("class") or "")}
    parts = [element.text or ""]
    for part in element.iterdescendants():
        if part not in picture_credits and picture_credits.isdisjoint(part.iterancestors()):
            parts.append(part.text or "")
        if picture_credits.isdisjoint(part.iterancestors()):
            parts.append(part.tail or "")
    return _without_credit(tidy(" ".join(parts)))


def _without_credit(text: str) -> str:
    """Return a caption without the credit at its end: "Photo: Ada Lorn", "© Northwire", "(Ada Lorn/AP)"."""
    signature = _SIGNATURE.search(text, max(0, len(text) - _SIGNATURE_MAX_CHARS))
    items = signature["items"].split("/") if signature else ()
    if signature and any(is_agency(item.strip()) or agency_of(item.partition(" ")[0]) for item in items):
        text = text[: signature.start()]
    return _CREDIT_TAIL.sub("", text)
