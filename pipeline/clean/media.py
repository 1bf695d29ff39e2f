"""What kind of document the bytes are, before they are read."""

import re
from typing import Literal

from pipeline.model import Page

MediaKind = Literal["html", "text", "other"]

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_UNSURE_TYPES = (
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "text/xml",
    "application/xml",
    "unknown/unknown",
)
_STARTS_AS_HTML = re.compile(
    rb"^\W{0,4}(?:<\?xml[^>]*+>|(?><!--.*?-->)|\s)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_HAS_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|div|p|h1|meta|title|script)\b[^>]*>", re.I)
_XML_FEED = re.compile(rb"<(?:rss|feed|urlset|sitemapindex|rdf:rdf)\b", re.I)


def media_kind_of(page: Page) -> MediaKind:
    """Return what the page is by its content type, by its first bytes where that says nothing."""
    head = page.body[:4096].replace(b"\x00", b"")
    if page.content_type in _HTML_TYPES:
        return "html"
    if page.content_type in ("text/plain", "text/markdown"):
        return "html" if _STARTS_AS_HTML.match(head) else "text"
    if page.content_type in _UNSURE_TYPES and not _XML_FEED.search(head[:1000]):
        return "html" if _HAS_HTML.search(head) else "text"
    return "other"
