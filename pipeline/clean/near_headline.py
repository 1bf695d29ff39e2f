"""The short texts around a page's headline, where dates and bylines are shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.clean.headline import fold_title
from pipeline.clean.tree import Tree, tidy

_ELSEWHERE = re.compile(
    r"related|recommend|teaser|sidebar|side-bar|widget|footer|trending|popular|comment|calendar|archive|newest|latest|"
    r"breadcrumb|cookie|copyright|kommentar|menu|header-date|event|ticker|banner|\bnav",
    re.IGNORECASE,
)
_OUTSIDE = frozenset({"nav", "aside", "footer", "form", "script", "style", "noscript", "select", "title", "head"})
_BEFORE, _AFTER = 12, 40  # texts


@dataclass(frozen=True, slots=True)
class ShownText:
    """One text of a page, tidy, and the element that holds it."""

    element: Tree
    text: str

    @property
    def named(self) -> str:
        """Class and id of the element, to be searched for telling words."""
        return f"{self.element.get('class') or ''} {self.element.get('id') or ''}"


def texts_near_headline(root: Tree, *, title: str | None) -> tuple[ShownText, ...]:
    """Return the texts that follow the headline, in page order, then those shortly above it, nearest first.

    Menus, side columns, lists of other stories and comments are left out.
    """
    texts = list(_texts(root))
    start = _headline_at(texts, fold_title(title or ""))
    near = (*texts[start : start + _AFTER], *reversed(texts[max(0, start - _BEFORE) : start]))
    return tuple(text for text in near if not _is_elsewhere(text.element))


def _texts(root: Tree) -> Iterator[ShownText]:
    body = root.find("body")
    for element in (root if body is None else body).iter():
        is_read = isinstance(element.tag, str) and element.tag not in _OUTSIDE
        if is_read and (own := tidy(element.text)):
            yield ShownText(element, own)
        if (tail := tidy(element.tail)) and (parent := element.getparent()) is not None:
            yield ShownText(parent, tail)


def _headline_at(texts: list[ShownText], title: str) -> int:
    named = (
        index
        for index, each in enumerate(texts)
        if title and each.element.tag not in ("a", "title") and fold_title(each.text) == title
    )
    h1 = (index for index, each in enumerate(texts) if each.element.tag == "h1")
    return next(named, next(h1, 0))


def _is_elsewhere(element: Tree) -> bool:
    for each in (element, *element.iterancestors()):
        if each.tag in _OUTSIDE or (each.tag != "body" and _ELSEWHERE.search(f"{each.get('class')} {each.get('id')}")):
            return True
    return False
