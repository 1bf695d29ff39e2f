"""A source's own rules for its layouts: what the body leaves out, and where it is. Data, counted."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache

from lxml.cssselect import CSSSelector

from pipeline.clean.tree import Tree
from pipeline.model import LayoutRule


@dataclass(frozen=True, slots=True)
class LayoutResult:
    """The page to read the body from, and how many elements each rule of that day found."""

    root: Tree
    fired: dict[str, int]


def apply_layout(root: Tree, rules: Iterable[LayoutRule], *, day: date) -> LayoutResult:
    """Return the page without what the rules of a day drop, and only with the container that one of them keeps.

    ``root`` stays as it is. A ``keep`` that finds nothing changes nothing; its count of 0 shows a changed layout.
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
    """Remove the elements and leave the text after them; the page itself cannot be dropped."""
    found = [element for element in _selector(css)(root) if element.getparent() is not None]
    for element in found:
        element.drop_tree()
    return len(found)


def _keep(root: Tree, css: str) -> int:
    """Make the container of the body all that the page shows."""
    found: list[Tree] = _selector(css)(root)
    body = root.find("body")
    if found and body is not None and found[0] is not body:
        container = found[0]
        for child in list(body):
            body.remove(child)
        body.text = None
        body.append(container)
    return len(found)
