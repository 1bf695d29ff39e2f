"""The summary under the headline, where the page shows one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile, islice

from pipeline.clean.headline import fold_title
from pipeline.clean.html import Markup
from pipeline.clean.metadata import read_description
from pipeline.clean.pieces import TextPiece
from pipeline.clean.tree import Tree, text_of, text_start

_NAMED = re.compile(
    r"standfirst|(?:^|[\s_-])(?:dek|subtitle|summary|intro|excerpt|description|lead-?text)(?:$|[\s_-])|sub-?head",
    re.IGNORECASE,
)
_TAGS = ("h1", "h2", "h3", "p", "div", "span")
_AFTER_HEADLINE = 80  # elements after the h1 among which a standfirst stands
_MIN_WORDS, _MAX_WORDS = 5, 80
_START = 20
_MAX_CHILDREN = 6
_NEAR = 5  # a standfirst is among the first pieces of a body


def with_standfirst(pieces: Sequence[TextPiece], markup: Markup, *, title: str | None) -> tuple[TextPiece, ...]:
    """Return the pieces with the page's standfirst marked as one, set in front where the body lacks it.

    The markup's description tells which element it is; a lead paragraph that repeats it stays a paragraph.
    """
    text, is_named = _find_standfirst(markup)
    folded = fold_title(text)
    if not text or folded == fold_title(title or ""):
        return tuple(pieces)
    near = [fold_title(piece.text) for piece in pieces[:_NEAR]]
    if folded in near and is_named:
        place = near.index(folded)
        return (*pieces[:place], replace(pieces[place], kind="standfirst"), *pieces[place + 1 :])
    if any(line.startswith(folded) for line in near):  # the lead itself, or its teaser
        return tuple(pieces)
    return (TextPiece("standfirst", text), *pieces)


def _find_standfirst(markup: Markup) -> tuple[str, bool]:
    """Return the text of the element that shows the description, and whether its class names it a standfirst.

    It is named and begins alike, or it is alike to the last word. ("", False) where the page shows none.
    """
    described = fold_title(read_description(markup))
    if not _MIN_WORDS <= len(described.split()) <= _MAX_WORDS:
        return "", False
    for element in _after_headline(markup.root):
        if fold_title(text_start(element, _START))[:_START] != described[:_START]:
            continue
        folded = fold_title(text_of(element))
        is_named = _NAMED.search(element.get("class") or "") is not None
        if folded == described or (is_named and folded[:40] == described[:40]):
            return text_of(element), is_named
    return "", False


def _after_headline(root: Tree) -> Iterator[Tree]:
    """Yield the small elements that follow the first h1, in page order."""
    following = dropwhile(lambda element: element.tag != "h1", root.iter(*_TAGS))
    for element in islice(following, 1, _AFTER_HEADLINE):
        if len(element) <= _MAX_CHILDREN:
            yield element
