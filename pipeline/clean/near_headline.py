"""The short texts around a page's headline, where dates and bylines are shown."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.clean.headline import fold_title
from pipeline.clean.tree import Tree, text_of, tidy

_ELSEWHERE = re.compile(
    r"related|recommend|teaser|sidebar|side-bar|widget|footer|trending|popular|comment|calendar|archive|newest|latest|"
    r"breadcrumb|cookie|copyright|kommentar|menu|header-date|event|ticker|banner|\bnav",
    re.IGNORECASE,
)
_OUTSIDE = frozenset({"nav", "aside", "footer", "form", "script", "style", "noscript", "select", "title", "head"})
_TEXTS_BEFORE, _TEXTS_AFTER = 12, 40  # texts


@dataclass(frozen=True, slots=True)
class VisibleText:
    """One text of a page, tidy, and the element that holds it."""

    element: Tree
    text: str

    @property
    def named(self) -> str:
        """Class and id of the element, to be searched for telling words."""
        return f"{self.element.get('class') or ''} {self.element.get('id') or ''}"


def texts_near_headline(root: Tree, *, title: str | None) -> Iterator[VisibleText]:
    """Yield the texts that follow the headline, in page order, then those shortly above it, nearest first.

    Menus, side columns, lists of other stories and comments are among them: ask ``is_elsewhere`` of a text to be used.
    """
    headline = _headline(root, fold_title(title or ""))
    above: deque[VisibleText] = deque(maxlen=_TEXTS_BEFORE)
    texts = _texts(root)
    for shown in texts:
        if shown.element is headline or headline is None:
            yield from islice(texts, _TEXTS_AFTER)
            break
        above.append(shown)
    yield from reversed(above)


def _headline(root: Tree, title: str) -> Tree | None:
    headings = list(root.iter("h1")) or list(root.iter("h2"))
    named = (heading for heading in headings if fold_title(text_of(heading)) == title != "")
    found = next(named, next(iter(headings), None))
    inner = found.iter() if found is not None else ()
    return next((each for each in inner if isinstance(each.tag, str) and tidy(each.text)), None)


def _texts(root: Tree) -> Iterator[VisibleText]:
    body = root.find("body")
    for element in (root if body is None else body).iter():
        own, tail = element.text, element.tail
        is_read = own and element.tag not in _OUTSIDE and isinstance(element.tag, str)
        if is_read and (text := tidy(own)):
            yield VisibleText(element, text)
        if tail and (text := tidy(tail)) and (parent := element.getparent()) is not None:
            yield VisibleText(parent, text)


def is_elsewhere(shown: VisibleText) -> bool:
    """Return whether a text stands outside the article: in a menu, a side column, a list, a comment."""
    for each in (shown.element, *shown.element.iterancestors()):
        if each.tag in _OUTSIDE or (each.tag != "body" and _ELSEWHERE.search(f"{each.get('class')} {each.get('id')}")):
            return True
    return False
