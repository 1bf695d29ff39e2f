"""Parse a page once, within fixed limits, and extract text from its tree."""

import re
from typing import Any

from lxml import etree, html

# Bytes and characters that XML does not allow; a null byte would end the parse. Surrogates are not encoded at all.
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_NOT_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())
# libxml2 compares each attribute of an element with all others: a tag with this many attributes loses all of them.
_ATTRIBUTES_MAX = 1000
_LONG_TAG = 2 * _ATTRIBUTES_MAX
_TAG = re.compile(rb"<([a-zA-Z][\w\x80-\xff-]*+)[\s/](?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+(?:>|\Z)")
_VALUE = re.compile(rb"=\s*(?:\"[^\"]*\"|'[^']*')")
_BETWEEN_ATTRIBUTES = re.compile(rb"[\s/=]+")
# 3, 15 and 4 times the maximum of a thousand news pages.
_ELEMENTS_MAX, _IN_PARAGRAPHS_MAX, _TEXT_MAX = 30_000, 10_000, 3_000_000
UNREAD_TAGS = ("script", "style", "svg", "template", "iframe")
_WORDS = re.compile(r"[^\W_]+")
_ENCODING_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_INVISIBLE = "\u200b\u200c\u200e\u200f\u2060\ufeff\u00ad"
_WITHOUT_INVISIBLE = str.maketrans("", "", _INVISIBLE)

Tree = Any  # lxml.html.HtmlElement; lxml brings no types

# One class for all elements: lxml.html asks a Python function for the class of each, and nothing here needs its forms.
_ELEMENT_CLASSES = etree.ElementDefaultClassLookup(element=html.HtmlElement)
_COUNT, _IS_NESTED = map(etree.XPath, ("count(//*)", "boolean(//p//p)"))


def parse_html(text: str) -> Tree | None:
    """Return the root of a page; None if it has no element.

    libxml2 stops at 256 levels of nesting: deeper elements are not in the tree, and nothing else overflows.
    """
    source = _bounded_tags(_ENCODING_DECLARATION.sub(b"", _xml_bytes(text), count=1))
    if not source or source.isspace():
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_ELEMENT_CLASSES)
    try:
        return html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # only comments or white space
        return None


def parse_page(source: str) -> tuple[Tree | None, str | None]:
    """Return the root of a page, None if it has no element or is too large, and then the flag of ``EMPTY_FLAGS``."""
    root = parse_html(source)
    if root is None:
        return None, "empty"
    excess = _excess_of(root, source)
    return (root if excess is None else None), excess


def _excess_of(root: Tree, source: str) -> str | None:
    """Return the flag of ``EMPTY_FLAGS`` for a page that would take too long to read; None for any other.

    ``source`` is the text that was parsed; the text in the tree is not longer.
    Fixed limits, unlike a timeout, give the same result on every machine. Time grows with the square of elements.
    """
    if len(source) <= _TEXT_MAX and _COUNT(root) <= _IN_PARAGRAPHS_MAX and not _IS_NESTED(root):
        return None
    in_paragraphs = sum(1 for paragraph in root.iter("p") for _ in paragraph.iterdescendants())
    elements = characters = 0
    for element in root.iter():
        elements += 1
        characters += len(element.tail or "") + (0 if element.tag in UNREAD_TAGS else len(element.text or ""))
    if in_paragraphs > _IN_PARAGRAPHS_MAX or elements > _ELEMENTS_MAX:
        return "too_many_elements"
    return "too_much_text" if characters > _TEXT_MAX else None


def _xml_bytes(text: str) -> bytes:
    """Return a text in UTF-8, without the characters that XML does not allow."""
    source = text.encode("utf-8", "ignore").translate(None, _CONTROLS)
    for character in _NOT_CHARACTERS:
        source = source.replace(character, b"")
    return source


def _bounded_tags(source: bytes) -> bytes:
    """Return a source in which each tag with too many attributes has none."""
    parts, end = [], 0
    for tag in _TAG.finditer(source):
        start, after = tag.span()
        if after - start >= _LONG_TAG and _is_overloaded(tag.group()):
            parts += [source[end:start], b"<", tag.group(1), b">"]
            end = after
    return b"".join((*parts, source[end:])) if parts else source


def _is_overloaded(tag: bytes) -> bool:
    return len(_BETWEEN_ATTRIBUTES.findall(_VALUE.sub(b"= ", tag))) > _ATTRIBUTES_MAX


def tidy(text: str | None) -> str:
    """Return a text without invisible characters, with each run of white space as one space."""
    if not text or text.isspace():
        return ""
    if not text.isascii() and any(map(text.__contains__, _INVISIBLE)):  # to translate each text takes 30 times as long
        text = text.translate(_WITHOUT_INVISIBLE)
    return " ".join(text.split())


def fold_title(text: str) -> str:
    """Return a title in the form for comparison: its words in lower case."""
    return " ".join(_WORDS.findall(text.casefold()))


def text_of(element: Tree) -> str:
    """Return the tidy text of an element and its descendants."""
    return tidy(" ".join(element.itertext()) if _has_breaks(element) else "".join(element.itertext()))


def _has_breaks(element: Tree) -> bool:
    return next(element.iter("br", "p", "div", "li"), None) is not None


def text_start(element: Tree, length: int) -> str:
    """Return at least the first ``length`` characters of an element's text, tidy, without reading all of it."""
    start = (element.text or "").lstrip()
    if len(start) > length or not len(element):
        return tidy(start)
    start = ""
    for text in element.itertext():
        start += text if start else text.lstrip()
        if len(start) > length:
            break
    return tidy(start)
