"""The headline that a reader sees, told from site names, kickers and search titles."""

import re
from collections.abc import Iterator

from pipeline.clean.found import ExtractedField, first_nonempty
from pipeline.clean.html import Markup, story_text
from pipeline.clean.tree import Tree, text_of, tidy

_SEPARATOR = re.compile(r"\s+[|–—·»«•:]+\s+|\s+-+\s+|\s*\|\s*|\s+//\s+")
_WORDS = re.compile(r"[^\W_]+")
_TRIM_BEFORE, _TRIM_AFTER = " \t\n|–—·»/:-", " \t\n|–—·«/:-"
_MAX_LENGTH = 300


def fold_title(text: str) -> str:
    """Return a title for comparing: its words in lower case."""
    return " ".join(_WORDS.findall(text.casefold()))


def read_headline(markup: Markup, *, hint: str | None) -> ExtractedField:
    """Return the article's headline.

    A heading of the page that the markup's titles confirm wins; then JSON-LD, OpenGraph and the document's title
    without the site's name; then a lone h1; last the listing's hint.
    """
    stated = [
        (method, claim)
        for method, claim in (
            ("jsonld", story_text(markup, "headline")),
            ("opengraph", _opengraph(markup)),
            ("meta", markup.meta("twitter:title")),
        )
        if claim
    ]
    whole = next((text_of(element) for element in markup.root.iter("title")), "")
    site = fold_title(markup.meta("og:site_name", "application-name"))
    headings = _headings(markup.root, site)
    found = first_nonempty(_places(headings, stated, whole, site, hint))
    return ExtractedField(found.text[:_MAX_LENGTH].rstrip(), found.method) if found.text else found


def _places(
    headings: list[tuple[str, str]], stated: list[tuple[str, str]], whole: str, site: str, hint: str | None
) -> Iterator[tuple[str, str | None]]:
    claims = [claim for _, claim in stated]
    yield (
        "heading",
        _confirmed_heading(headings, claims)
        or _segment(headings, whole)
        or _similar_heading(headings, [*claims, whole]),
    )
    yield from ((method, _without_site(claim, site)) for method, claim in stated[:1])
    first_h1 = next((text for tag, text in headings if tag == "h1"), None)
    yield "heading", first_h1 if not whole else None
    yield "title", _without_site(whole, site)
    yield "heading", first_h1
    yield "feed", hint


def _opengraph(markup: Markup) -> str:
    return markup.meta("og:title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title")


def _headings(root: Tree, site: str) -> list[tuple[str, str]]:
    """Return (tag, text) of the first h1 and h2 elements, h1 first, logos and site names left out."""
    found = []
    for tag in ("h1", "h2"):
        for element in list(root.iter(tag))[:12]:
            text = text_of(element)
            if text and fold_title(text) not in ("", site) and not _links_home(element):
                found.append((tag, text))
    return found


def _links_home(heading: Tree) -> bool:
    links = heading.xpath("./ancestor-or-self::a/@href | .//a/@href")
    return any(re.fullmatch(r"(?:https?://[^/]+)?/?(?:index\.\w+)?", tidy(link)) for link in links)


def _confirmed_heading(headings: list[tuple[str, str]], claims: list[str]) -> str | None:
    folded = [(fold_title(claim), claim) for claim in claims]
    for _, text in headings:
        if any(fold_title(text) == claim for claim, _ in folded):
            return text
    for tag, text in headings:
        mine = fold_title(text)
        for claim, written in folded:
            if tag == "h1" and mine in claim and len(mine) > 0.5 * len(claim):
                return text
            if tag == "h1" and claim in mine and len(claim) > 0.5 * len(mine):
                return written
    return None


def _segment(headings: list[tuple[str, str]], whole: str) -> str | None:
    """Return the heading that is a part of the document's title, the longest of several."""
    title = fold_title(whole)
    parts = {fold_title(part) for part in _SEPARATOR.split(whole)} | {title}
    matching = [text for _, text in headings if fold_title(text) in parts]
    matching += [text for tag, text in headings if tag == "h1" and title.startswith(fold_title(text)) and " " in text]
    return max(matching, key=len, default=None)


def _similar_heading(headings: list[tuple[str, str]], claims: list[str]) -> str | None:
    for tag, text in headings:
        mine = set(fold_title(text).split())
        for claim in claims:
            theirs = set(fold_title(claim).split())
            if tag == "h1" and len(mine & theirs) >= 0.5 * max(len(mine), len(theirs), 1):
                return text
    return None


def _without_site(title: str, site: str) -> str | None:
    parts = [part for part in _SEPARATOR.split(title) if fold_title(part) not in ("", site)]
    if len(parts) < 2:
        return tidy(parts[0]) if parts else None
    last = parts[-1]
    cut = title[: title.rindex(last)] if len(last.split()) <= 4 else title
    return tidy(cut.lstrip(_TRIM_BEFORE).rstrip(_TRIM_AFTER)) or tidy(title)
