"""Identity of a page: its canonical URL and article id, from only the page's head, so that archiving is fast."""

import re
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from pipeline.clean.decoding import decode_body, media_kind_of
from pipeline.clean.html import parse_html
from pipeline.errors import UndecodablePageError
from pipeline.model import Page, article_id_of, canonical_url, domain_of

_HEAD_END = re.compile(r"</head\s*>|<body\b", re.I)
_OG_URL = "og:url"
_HEAD_MAX = 400_000


class PageIdentity(NamedTuple):
    """The article of a page. ``canonical_url`` is ``None`` for a page without a URL."""

    canonical_url: str | None
    article_id: str


def page_identity(page: Page) -> PageIdentity:
    """Return a page's canonical URL and its article_id.

    The canonical link, else og:url, counts if it is on the same site and not its front page; else the final URL
    counts. A page without a URL is identified by its decoded text. Raises: nothing.
    """
    try:
        text = decode_body(page).text
    except UndecodablePageError:  # cleaning reports it; here any stable text is enough
        text = page.body.decode("latin-1")
    return identity_of(page, text=text)


def identity_of(page: Page, *, text: str) -> PageIdentity:
    """Return ``page_identity`` of a page with text that is already decoded."""
    final = try_canonical_url(page.final_url or page.url)
    named = _stated_urls(text, page) if media_kind_of(page) == "html" else ()
    canonical = next((url for url in named if _is_same_site(url, final)), final)
    return PageIdentity(canonical, article_id_of(canonical=canonical, text=text))


def _stated_urls(text: str, page: Page) -> tuple[str, ...]:
    head = text[:_HEAD_MAX]
    end = _HEAD_END.search(head)
    root = parse_html(head[: end.start()] if end else head)
    if root is None:
        return ()
    links = [link.get("href") for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    metas = [meta.get("content") for meta in root.iter("meta") if _OG_URL in (meta.get("property"), meta.get("name"))]
    base = page.final_url or page.url or ""
    return tuple(url for raw in (*links[:1], *metas[:1]) if (url := try_canonical_url(raw, base=base)) is not None)


def try_canonical_url(url: str | None, *, base: str = "") -> str | None:
    """Return the canonical form of a URL, relative to ``base``; None if it is not a web address."""
    if not url or not url.strip():
        return None
    try:
        return canonical_url(urljoin(base, url.strip()))
    except ValueError:  # mailto:, file:, a host without a name
        return None


def _is_same_site(url: str, final: str | None) -> bool:
    """Return whether two URLs are on one site. A link of another page to the front page is a mistake of a template."""
    if final is None:
        return True
    return domain_of(url) == domain_of(final) and (urlsplit(url).path != "/" or urlsplit(final).path == "/")
