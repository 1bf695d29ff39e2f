"""A smaller SVG of a chart, with the same picture.

Vega writes each style with each mark, names of its own parts, invisible backgrounds, and coordinates with 15 digits.
"""

import re
from collections import Counter
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_NAMESPACE = "http://www.w3.org/2000/svg"
_TAG = f"{{{_NAMESPACE}}}"
# For scripts and for screen readers, which read one text of the whole chart.
_WITHOUT_EFFECT = ("aria-hidden", "aria-label", "aria-roledescription", "class", "pointer-events", "role")
_DEFAULTS = {"opacity": "1", "stroke-width": "1", "transform": "translate(0,0)"}
_SHAPES = {f"{_TAG}{name}" for name in ("path", "line", "rect")}
_KEPT = {f"{_TAG}{name}" for name in ("defs", "clipPath", "linearGradient")}
# Styles that a group passes on, and whether shapes have them.
_INHERITED = {
    "fill": True,
    "stroke": True,
    "font-family": False,
    "font-size": False,
    "font-weight": False,
    "text-anchor": False,
}
_NUMBERS = ("d", "transform", "opacity", "x", "y", "x1", "y1", "x2", "y2", "width", "height")
_FRACTION = re.compile(r"-?\d*\.\d+(?:e[-+]?\d+)?|-?\d+e[-+]?\d+")


def compact(svg: str) -> str:
    """Return the SVG of a renderer without what has no effect, with coordinates to hundredths of a pixel."""
    ElementTree.register_namespace("", _NAMESPACE)
    root = ElementTree.fromstring(svg)  # noqa: S314 - of our own renderer
    for child in root:
        _reduce(child)
    root.attrib.pop("class", None)
    # A text of XML has no bare ">", so this is only the end of a tag.
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _reduce(element: Element) -> None:
    """Remove attributes without effect, invisible shapes and groups without attributes; shorten numbers.

    A group gets the styles of its children.
    """
    for name in [name for name, value in element.items() if name in _WITHOUT_EFFECT or value == _DEFAULTS.get(name)]:
        del element.attrib[name]
    for name in _NUMBERS:
        if value := element.get(name):
            element.set(name, _FRACTION.sub(_shorten, value))
    if element.tag in _KEPT:
        return
    children: list[Element] = []
    for child in element:
        _reduce(child)
        if child.tag == f"{_TAG}g" and not child.attrib:
            children += child
        elif not _is_invisible(child):
            children.append(child)
    element[:] = children
    _lift_styles(element)


def _is_invisible(element: Element) -> bool:
    """Return whether an element draws nothing: no style is inherited yet, so a shape without one has none."""
    if element.tag == f"{_TAG}g":
        return not len(element)
    is_plain = element.tag in _SHAPES and "fill" not in element.attrib and "stroke" not in element.attrib
    return is_plain or element.get("display") == "none" or element.get("opacity") == "0"


def _shorten(found: re.Match[str]) -> str:
    number = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if number == "-0" else number


def _lift_styles(element: Element) -> None:
    """Give a group the style that most of its children have, and take it from them.

    A style moves only if all children have some value of it, because a child without one would inherit it. Fonts mean
    nothing to shapes.
    """
    if element.tag != f"{_TAG}g":
        return
    for name, is_of_shapes in _INHERITED.items():
        children = [child for child in element if is_of_shapes or child.tag not in _SHAPES]
        values = Counter(child.get(name) for child in children)
        if len(children) > 1 and None not in values and name not in element.attrib:
            [(most, _)] = values.most_common(1)
            element.set(name, str(most))
            for child in children:
                if child.get(name) == most:
                    del child.attrib[name]
