"""The URLs that an HTML page states about itself: its canonical link (RFC 6596) and its og:url (Open Graph).

Only these tags are parsed, so a head may be long: some have half a megabyte of scripts before them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree, html

# Comments and elements whose content is no markup. One without an end goes to the end of the page, as in browsers.
_RAW_START = re.compile(r"<!--|<(script|style|template|textarea|title|svg|iframe)\b", re.IGNORECASE)
_ENDS: dict[str | None, re.Pattern[str]] = {
    None: re.compile("-->"),
    **{
        name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
        for name in ("script", "style", "template", "textarea", "title", "svg", "iframe")
    },
}
_TAG = re.compile(r"<(?:link|meta)\b[^<>]*>", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>|<body\b", re.IGNORECASE)
_STATES_URL = re.compile("canonical|og:url", re.IGNORECASE)


class StatedUrls(NamedTuple):
    """The values of a page's canonical link and og:url as written; None without one."""

    canonical: str | None
    og_url: str | None


def stated_urls(text: str) -> StatedUrls:
    """Return the URLs that a page states in its head. A reader's comment could set one in the body. Raises: nothing."""
    links, metas = _values("".join(_head_of(text)))
    return StatedUrls(next(iter(links), None), next(iter(metas), None))


def _head_of(text: str) -> Iterator[str]:
    """Yield the markup before the end of the head."""
    for part in _markup(text):
        if (end := _HEAD_END.search(part)) is not None:
            yield part[: end.start()]
            return
        yield part


def _markup(text: str) -> Iterator[str]:
    """Yield the parts of a page between comments and elements whose content is no markup."""
    at = 0
    while (start := _RAW_START.search(text, at)) is not None:
        yield text[at : start.start()]
        name = start[1]
        end = _ENDS[name and name.lower()].search(text, start.end())
        at = len(text) if end is None else end.end()
    yield text[at:]


def _values(source: str) -> tuple[list[str], list[str]]:
    """Return the values of canonical links and og:url in markup, in order."""
    tags = "".join(tag for tag in _TAG.findall(source) if _STATES_URL.search(tag))
    if not tags:
        return [], []
    try:
        root = html.document_fromstring(tags.encode(errors="ignore"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError):
        return [], []
    links = (link.get("href") for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split())
    metas = (meta.get("content") for meta in root.iter("meta") if "og:url" in (meta.get("property"), meta.get("name")))
    return [each for each in links if each], [each for each in metas if each]
