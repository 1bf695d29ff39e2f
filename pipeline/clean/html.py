"""Parse a page once, within fixed limits, and extract text from its tree."""

import re
from typing import Any

from lxml import etree, html

# Characters that XML does not allow; a null byte would end the parse.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# libxml2 compares each attribute of an element with all others: a tag with this many attributes loses all of them.
_ATTRIBUTES_MAX = 1000
_LONG_TAG = 2 * _ATTRIBUTES_MAX
_TAG = re.compile(r"<([a-z]\w*)[\s/](?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+(?:>|\Z)", re.IGNORECASE)
_VALUE = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/=]+")
# 3, 15 and 4 times the maximum of a thousand news pages.
_ELEMENTS_MAX, _IN_PARAGRAPHS_MAX, _TEXT_MAX = 30_000, 10_000, 3_000_000
_UNREAD = ("script", "style", "svg", "template", "iframe")
_ENCODING_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200e\u200f\u2060\ufeff\u00ad")

Tree = Any  # lxml.html.HtmlElement; lxml brings no types


def parse_html(text: str) -> Tree | None:
    """Return the root of a page; None if it has no element.

    libxml2 stops at 256 levels of nesting: deeper elements are not in the tree, and nothing else overflows.
    """
    source = _TAG.sub(_bounded_tag, _ENCODING_DECLARATION.sub("", _CONTROLS.sub("", text), count=1))
    if not source.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(source.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # only comments or white space
        return None


def excess_of(root: Tree) -> str | None:
    """Return the flag of ``EMPTY_FLAGS`` for a page that would take too long to read; None for any other.

    Fixed limits, unlike a timeout, give the same result on every machine. Time grows with the square of elements.
    """
    in_paragraphs = sum(1 for paragraph in root.iter("p") for _ in paragraph.iterdescendants())
    elements = characters = 0
    for element in root.iter():
        elements += 1
        characters += len(element.tail or "") + (0 if element.tag in _UNREAD else len(element.text or ""))
    if in_paragraphs > _IN_PARAGRAPHS_MAX or elements > _ELEMENTS_MAX:
        return "too_many_elements"
    return "too_much_text" if characters > _TEXT_MAX else None


def _bounded_tag(found: re.Match[str]) -> str:
    tag = found.group()
    if len(tag) < _LONG_TAG or len(_BETWEEN_ATTRIBUTES.findall(_VALUE.sub("= ", tag))) <= _ATTRIBUTES_MAX:
        return tag
    return f"<{found.group(1)}>"


def tidy(text: str | None) -> str:
    """Return a text without invisible characters, with each run of white space as one space."""
    if not text:
        return ""
    return " ".join((text if text.isascii() else text.translate(_INVISIBLE)).split())


def text_of(element: Tree) -> str:
    """Return the tidy text of an element and its descendants."""
    return tidy(" ".join(element.itertext()) if _has_breaks(element) else "".join(element.itertext()))


def _has_breaks(element: Tree) -> bool:
    return next(element.iter("br", "p", "div", "li"), None) is not None


def text_start(element: Tree, length: int) -> str:
    """Return at least the first ``length`` characters of an element's text, tidy, without reading all of it."""
    start = ""
    for text in element.itertext():
        start += text if start else text.lstrip()
        if len(start) > length:
            break
    return tidy(start)


def strip_unread(root: Tree) -> None:
    """Remove elements that are invisible to readers, after the markup has been read. Later steps become faster."""
    etree.strip_elements(root, *_UNREAD, with_tail=False)
