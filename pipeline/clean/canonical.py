"""Identity of a page: its canonical URL and article id, without parsing the page, so that archiving is fast."""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import islice
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from newslake.pipeline.clean.decoding import MediaKind, decode_body, media_kind_of
from newslake.pipeline.clean.html import parse_html, text_of
from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.model import Page, article_id_of, canonical_link, domain_of
from newslake.pipeline.stated_urls import stated_urls

_LINKS_MAX = 2000  # links of a page that are compared with it
_HEADLINE_WORDS = 5  # of a link to another article; "Next page" and "Share on a network" have fewer
_OTHER_ARTICLES = 2
_ANY = "surrogateescape"  # bytes of a query that are not UTF-8


class PageIdentity(NamedTuple):
    """The article of a page. ``canonical_url`` is ``None`` for a page without a URL."""

    canonical_url: str | None
    article_id: str


def page_identity(page: Page) -> PageIdentity:
    """Return a page's canonical URL and its article_id.

    The canonical link, else og:url, counts if it is on the same site, is not its front page, and drops no parameter
    that tells articles apart in the page's links; else the final URL counts. A page without a URL is identified by
    its decoded text. Decision record 40 has the reasons. Raises: nothing.
    """
    try:
        decoded = decode_body(page)
    except UndecodablePageError:  # cleaning reports it; here any stable text is enough
        return identity_of(page, text=page.body.decode("latin-1"), kind=media_kind_of(page))
    return identity_of(page, text=decoded.text, kind=decoded.kind)


def identity_of(page: Page, *, text: str, kind: MediaKind) -> PageIdentity:
    """Return ``page_identity`` of a page with text that is already decoded, and its kind."""
    final = try_canonical_url(page.final_url or page.url)
    named = _stated_urls(text, page) if kind == "html" else ()
    believed = (_believed(each, final, page, text) for each in named)
    canonical = next((url for url in believed if url is not None), final)
    return PageIdentity(canonical, article_id_of(canonical=canonical, text=text))


def url_identity(page: Page) -> PageIdentity | None:
    """Return the identity of the final URL of a page, whatever the page states; None without a URL."""
    final = try_canonical_url(page.final_url or page.url)
    return None if final is None else PageIdentity(final, article_id_of(canonical=final, text=""))


def archived_identity(page: Page, stated: PageIdentity, *, article_id: str | None) -> PageIdentity:
    """Return the identity of a page for which the archive has ``article_id``: that of its final URL, else ``stated``.

    The archive does not believe a page that takes the place of another one (decision record 70).
    """
    by_url = url_identity(page)
    return by_url if by_url is not None and by_url.article_id == article_id else stated


def _stated_urls(text: str, page: Page) -> tuple[str, ...]:
    base = page.final_url or page.url or ""
    return tuple(url for raw in stated_urls(text) if (url := try_canonical_url(raw, base=base)) is not None)


def try_canonical_url(url: str | None, *, base: str = "") -> str | None:
    """Return the canonical form of a URL, relative to ``base``; None if it is not a web address. Idempotent."""
    if not url or not url.strip():
        return None
    try:
        return canonical_link(url, base=base)
    except ValueError:  # mailto:, file:, a host without a name
        return None


# What a page says about its URL, compared with the URL that it came from and with its links.


def _believed(stated: str, final: str | None, page: Page, text: str) -> str | None:
    """Return the URL that a page states about itself, with the parameters that identify it; None if it is not believed.

    A link to another site is a copy's, a link of any other page to the front page is a mistake of a template.
    """
    parts = urlsplit(stated)
    if final is None:
        return None if _is_front_page(parts) else stated
    requested = urlsplit(final)
    if domain_of(stated) != domain_of(final) or (_is_front_page(parts) and not _is_front_page(requested)):
        return None
    if (parts.netloc, parts.path) != (requested.netloc, requested.path):
        return stated
    requested_values = _values(requested)
    dropped = requested_values.keys() - _values(parts).keys()
    links = _links_to(requested, text, base=page.final_url or page.url or "") if dropped else ()
    identifying = [
        (name, value) for name in _identifiers(dropped, requested_values, links) for value in requested_values[name]
    ]
    query = "&".join(filter(None, (parts.query, urlencode(identifying, errors=_ANY))))
    return try_canonical_url(parts._replace(query=query).geturl()) or stated


def _is_front_page(parts: SplitResult) -> bool:
    return (parts.path, parts.query, parts.fragment) == ("/", "", "")


def _values(parts: SplitResult) -> dict[str, list[str]]:
    return parse_qs(parts.query, keep_blank_values=True, errors=_ANY)


def _identifiers(
    names: Set[str], page_values: Mapping[str, list[str]], links: Iterable[tuple[SplitResult, str]]
) -> list[str]:
    """Return the parameters that tell articles apart on this host, sorted. ``page_values`` are the values of the page.

    At least two links lead to the page's path with other values of the parameter, and have headlines as text.
    """
    articles: dict[str, dict[str, str]] = {}
    for link, headline in links:
        values = _values(link)
        for name in names & values.keys():
            if values[name] != page_values[name]:
                articles.setdefault(name, {}).setdefault(headline, values[name][0])
    return sorted(name for name, headlines in articles.items() if len(set(headlines.values())) >= _OTHER_ARTICLES)


def _links_to(requested: SplitResult, text: str, *, base: str) -> Iterator[tuple[SplitResult, str]]:
    """Yield the links of a page to its path that have a headline as text, with that text, in page order."""
    root = parse_html(text)
    for element in () if root is None else islice(root.iter("a"), _LINKS_MAX):
        parts = urlsplit(try_canonical_url(element.get("href"), base=base) or "")
        if (parts.netloc, parts.path) == (requested.netloc, requested.path):
            headline = text_of(element)
            if len(headline.split()) >= _HEADLINE_WORDS:
                yield parts, headline
