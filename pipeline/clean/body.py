"""The body of an article as text pieces: the source's layout rules, trafilatura's extraction, and what it missed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache

import trafilatura
from lxml import etree
from lxml.cssselect import CSSSelector
from trafilatura.settings import Extractor

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.captions import Captions, take_captions
from newslake.pipeline.clean.completeness import Prose, is_far_shorter, read_prose
from newslake.pipeline.clean.completion import complete_pieces
from newslake.pipeline.clean.html import Tree
from newslake.pipeline.clean.page_parts import drop_foreign_parts, mend_text
from newslake.pipeline.clean.story_edges import IsLink
from newslake.pipeline.clean.text_pieces import read_pieces
from newslake.pipeline.model import LayoutRule

# Layout rules of a source: elements to drop, and the container of the body.


@dataclass(frozen=True, slots=True)
class LayoutResult:
    """The page after the layout rules, and the number of elements that each rule of the day matched."""

    root: Tree
    fired: dict[str, int]


def apply_layout(root: Tree, rules: Iterable[LayoutRule], *, day: date) -> LayoutResult:
    """Return the page after the rules of a day: without dropped elements, and reduced to the container to keep, if any.

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
    matches = [element for element in _selector(css)(root) if element.getparent() is not None]
    for element in matches:
        element.drop_tree()
    return len(matches)


def _keep(root: Tree, css: str) -> int:
    """Remove everything except the container of the body from the page."""
    containers: list[Tree] = _selector(css)(root)
    body = root.find("body")
    if containers and body is not None and containers[0] is not body:
        container = containers[0]
        for child in list(body):
            body.remove(child)
        body.text = None
        body.append(container)
    return len(containers)


# The body.

_SECOND_LOOK_WORDS = 100
_LONG_PARAGRAPH = 12  # words
# Elements that trafilatura drops too, but only after it has tried its XPaths on them: half of the elements of a page.
_DROPPED_TAGS = (
    "aside", "audio", "button", "embed", "fieldset", "footer", "head", "input", "label", "link", "map", "menu", "nav",
    "noscript", "object", "picture", "select", "source", "textarea", "time", "video",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """Headings, paragraphs and list items in page order, and the extractor mode that selected them.

    ``bounds`` are the texts of pieces at which the page may begin another story.
    """

    pieces: tuple[TextPiece, ...]
    method: str
    bounds: frozenset[str] = frozenset()

    @property
    def word_count(self) -> int:
        return sum(piece.word_count for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class PageBody:
    """The body of a page, its captions, and the number of elements that each layout rule matched.

    ``prose`` are the long paragraphs of the page and ``densest`` is the number of words of the densest run of them,
    before boxes are removed. ``bounds`` are the texts of pieces at which the page may begin another story.
    ``is_link`` says whether a text is the whole text of a link.
    """

    pieces: tuple[TextPiece, ...]
    method: str
    captions: Captions
    fired: Mapping[str, int]
    densest: int
    prose: tuple[Prose, ...]
    bounds: frozenset[str]
    is_link: IsLink


def read_body(root: Tree, rules: Iterable[LayoutRule], *, day: date) -> PageBody:
    """Return the body of a page after the layout rules of a day. What is no text of a story leaves the page.

    The markup of the page must have been read.
    """
    mend_text(root)
    laid = apply_layout(root, rules, day=day)
    densest, prose = _densest_run(laid.root)[1], read_prose(laid.root)
    drop_foreign_parts(laid.root)
    captions = take_captions(laid.root)
    body = _extract_body(laid.root, densest=densest)
    is_link = link_finder(laid.root)
    return PageBody(body.pieces, body.method, captions, laid.fired, densest, prose, body.bounds, is_link)


def link_finder(root: Tree) -> IsLink:
    """Return a function that says whether a text is the whole text of a link. It reads the page at its first call."""

    @cache
    def links() -> frozenset[str]:
        return frozenset(" ".join("".join(link.itertext()).split()) for link in root.iter("a") if link.get("href"))

    return lambda text: text in links()


def _extract_body(root: Tree, *, densest: int) -> Body:
    """Return the body of an article; without pieces if it has none.

    ``densest`` is the number of words of the densest run of paragraphs, before boxes and captions were removed.

    "fast": precision mode without trafilatura's fallback extractors, which change nothing on a news page and take a
    third of the time. "precision": with them, if "fast" gives little. If the densest run of paragraphs on the page is
    much longer, "recall", or if that gives little too, "containers": the paragraphs of that run. "completed": with
    paragraphs of the same containers that the extractor left out.
    """
    body = Body(_extract(root, is_recall=False, is_fast=True), "fast")
    if body.word_count < _SECOND_LOOK_WORDS:
        body = Body(_extract(root, is_recall=False), "precision")
    if is_far_shorter(body.word_count, densest):
        run, left = _densest_run(root)
        body = _second_look(root, run, body, left) if is_far_shorter(body.word_count, left) else body
    complete = complete_pieces(body.pieces, root)
    method = body.method if len(complete.pieces) == len(body.pieces) else "completed"
    return Body(complete.pieces, method, complete.bounds)


def _second_look(root: Tree, run: Iterable[Tree], first: Body, densest: int) -> Body:
    """Return the longest of three bodies: the first, that of recall mode, and, if both miss it, the densest run."""
    best = max((first, Body(_extract(root, is_recall=True), "recall")), key=lambda body: body.word_count)
    if is_far_shorter(best.word_count, densest):
        best = Body(tuple(piece for paragraph in run for piece in read_pieces(paragraph)), "containers")
    return best


def _extract(root: Tree, *, is_recall: bool, is_fast: bool = False) -> tuple[TextPiece, ...]:
    options = copy(_options(is_recall=is_recall, is_fast=is_fast))  # trafilatura modifies them
    if is_fast:  # its second extractors, without "fast", read them
        root = copy(root)
        etree.strip_elements(root, *_DROPPED_TAGS, with_tail=False)
    document = trafilatura.bare_extraction(root, options=options)
    return tuple(read_pieces(document.body)) if document is not None else ()


@cache
def _options(*, is_recall: bool, is_fast: bool) -> Extractor:
    """Return trafilatura's options. Creating them takes as long as a small page, because it reads the configuration."""
    return Extractor(output_format="txt", fast=is_fast, precision=not is_recall, recall=is_recall, comments=False)


def _densest_run(root: Tree) -> tuple[tuple[Tree, ...], int]:
    """Return the long paragraphs of the parent that has most words in such, and the number of these words."""
    runs: dict[Tree, list[Tree]] = {}
    words: Counter[Tree] = Counter()
    for paragraph in root.iter("p"):
        count = len("".join(paragraph.itertext()).split())
        if count > _LONG_PARAGRAPH:
            parent = paragraph.getparent()
            runs.setdefault(parent, []).append(paragraph)
            words[parent] += count
    densest = max(words, key=words.__getitem__, default=None)
    return (tuple(runs[densest]), words[densest]) if densest is not None else ((), 0)
