"""Marks by which a page shows that it is something else than an article: a forum, a reference work, a paper, a shop.

The words are data, in ``data/page_types.toml``. Only what a page says of itself as a whole counts: types of schema.org,
metas, its software, its URL, the name of its site. A page that marks itself as an article stays one,
whatever products or terms it also has: a lost article costs more than another page that stays.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from lxml import etree

from newslake.pipeline.clean.genres import WORDS
from newslake.pipeline.clean.html import Tree, fold_title, tidy
from newslake.pipeline.clean.jsonld import Node, is_article_type, types_of
from newslake.pipeline.clean.markup import Markup, property_values
from newslake.pipeline.model.article import PageType

_FORUM, _REFERENCE, _PRODUCT, _SOFTWARE, _PAPER, _POLICY = (
    WORDS[kind] for kind in ("forum", "reference", "product", "software", "paper", "policy")
)
_TYPED: tuple[PageType, ...] = ("forum", "reference", "product", "software", "paper")  # a thread about a paper: a forum
# Article types for other modules, but no news.
_NOT_NEWS = frozenset({"DiscussionForumPosting", "ScholarlyArticle", "MedicalScholarlyArticle"})
_UNCERTAIN = frozenset({"Article"})  # encyclopedias and papers have this type, too
_WITH_GENERATORS: tuple[PageType, ...] = ("forum", "reference")
_WITH_ROOT_MARKS: tuple[PageType, ...] = (*_WITH_GENERATORS, "product", "policy")
_GENERATORS: tuple[tuple[PageType, tuple[str, ...]], ...] = tuple(
    (kind, tuple(f"{name} " for name in sorted(WORDS[kind]["generators"]))) for kind in _WITH_GENERATORS
)
_ROOT_MARKS: tuple[tuple[PageType, frozenset[str]], ...] = tuple(
    (kind, frozenset(mark.split())) for kind in _WITH_ROOT_MARKS for mark in sorted(WORDS[kind]["root_marks"])
)
_POLICY_STARTS, _POLICY_ENDS = (
    tuple(f"{words} " for words in sorted(_POLICY["titles"])),
    tuple(f" {words}" for words in sorted(_POLICY["titles"])),
)
_TOP_ITEMS = etree.XPath("//@itemtype[not(../@itemprop)]")
_OFFERS = etree.XPath("//*[contains(@itemtype, 'Offer')]")
_TITLE_PART = re.compile(r"\s+[|–—·-]\s+|\s*[|_]\s*")
_SITE_NAME_WORDS, _NAME_WORDS = 5, 3
_SLUG_MARKS = re.compile(r"[\W_]+")
_ENDING = re.compile(r"\.(?:html?|aspx?|jsp|php)$")


@dataclass(frozen=True, slots=True)
class PageMark:
    """The type that a page shows for itself, the place that shows it in snake_case, and its words for people."""

    page_type: PageType
    method: str
    evidence: str


def page_mark_of(markup: Markup, *, url: str, title: str | None) -> PageMark | None:
    """Return what a page shows itself to be instead of an article; None if nothing shows it.

    Its software, a policy's title, and the identifiers of a paper count even next to the general type Article.
    """
    linked = _article_types(name for types in markup.data.types for name in types)
    if linked - _UNCERTAIN:
        return None
    items = _top_items(markup.root)
    articles = linked | _article_types(items)
    if articles - _UNCERTAIN:
        return None
    parts = urlsplit(url)
    if certain := _software(markup, parts) or _policy(markup, parts, title or "") or _paper(markup):
        return certain
    if articles:
        return None
    by_type = _typed(markup, items)
    # Every page of some sites has this type, also of forums; a time of publication is that of a post.
    is_card = markup.meta("og:type").lower() == "article" or bool(markup.meta("article:published_time"))
    if by_type and (by_type.page_type == "forum" or not is_card):
        return by_type
    return None if is_card else _card(markup) or _located(parts) or _named(markup, parts, title or "")


def _article_types(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if is_article_type(frozenset((name,)))) - _NOT_NEWS


def _top_items(root: Tree) -> list[str]:
    """Return the types of the microdata objects that are no property of another one, in page order."""
    values = _TOP_ITEMS(root)
    return [name.rsplit("/", 1)[-1] for value in values for name in value.split()]


def _software(markup: Markup, parts: SplitResult) -> PageMark | None:
    """Return the page of a forum, a reference work, a shop or a repository by its software."""
    for text in markup.all_meta("generator"):
        for kind, names in _GENERATORS:
            if f"{fold_title(text)} ".startswith(names) and not _is_post(kind, parts):
                return PageMark(kind, "generator", f"{text[:60]!r} as its generator")
    present = _root_marks(markup.root)
    for kind, marks in _ROOT_MARKS:
        if marks <= present and not _is_post(kind, parts):
            return PageMark(kind, "root_mark", f"{' '.join(sorted(marks))!r} as class or id of the page")
    name = next((name for name in sorted(_SOFTWARE["metas"]) if name in markup.metas), None)
    return PageMark("software", "repository_meta", f"the meta {name!r}") if name else None


def _is_post(kind: PageType, parts: SplitResult) -> bool:
    """Return whether the URL is that of a post of a wiki or manual, as of a wiki of news."""
    host, folders = parts.hostname or "", _folders(parts)
    return kind == "reference" and any(word in host or word in folders for word in _REFERENCE["post_urls"])


def _root_marks(root: Tree) -> frozenset[str]:
    values = (element.get(name) or "" for element in (root, *root.iterchildren("body")) for name in ("id", "class"))
    return frozenset(mark for value in values for mark in value.lower().split())


def _policy(markup: Markup, parts: SplitResult, title: str) -> PageMark | None:
    """Return the policy or legal notice whose name is the whole headline, or the last part of the URL.

    The start of the document's title counts if the headline is no longer than a name: "Datenschutz" is also the topic
    of a story.
    """
    headline, start = fold_title(title), fold_title(_title_parts(markup.root)[0])
    is_name = len(headline.split()) <= _NAME_WORDS and not headline.startswith(f"{start} ")
    for text in (headline, start if is_name else ""):
        if text in _POLICY["titles"]:
            return PageMark("policy", "title", f"{text!r} as its title")
    last = _slug(parts.path.rstrip("/").rsplit("/", 1)[-1])
    host = (parts.hostname or "").split(".")[0] if len(last.split()) <= _NAME_WORDS else ""
    if last in _POLICY["urls"]:
        return PageMark("policy", "url", f"{last!r} in its URL")
    weak = next((name for name in (last, host) if name in _POLICY["weak_urls"]), None)
    if weak and (f"{headline} ".startswith(_POLICY_STARTS) or f" {headline}".endswith(_POLICY_ENDS)):
        return PageMark("policy", "title_and_url", f"{headline!r} as its title, {weak!r} in its URL")
    return None


def _paper(markup: Markup) -> PageMark | None:
    """Return the paper that metas identify as a part of a journal, a conference or a repository, or that has a file."""
    kinds = (part for name in sorted(_PAPER["kind_metas"]) for part in markup.all_meta(name))
    if any(fold_title(kind) in _PAPER["news_kinds"] for kind in kinds):
        return None
    first, second = (
        next((name for name in sorted(_PAPER[place]) if name in markup.metas), None)
        for place in ("identifiers", "containers")
    )
    return PageMark("paper", "citation_meta", f"the metas {first!r} and {second!r}") if first and second else None


def _typed(markup: Markup, items: list[str]) -> PageMark | None:
    """Return the page whose JSON-LD or microdata has the type of another kind of page."""
    for kind in _TYPED:
        names = WORDS[kind]["types"]
        nodes, matches = markup.data.of_type(*names), [name for name in items if name in names]
        if (nodes or matches) and not _is_refuted(kind, markup, nodes, matches):
            name = min(types_of(nodes[0]) & names) if nodes else matches[0]
            return PageMark(kind, "jsonld_type" if nodes else "microdata_type", f"{name} as its type")
    return None


def _is_refuted(kind: PageType, markup: Markup, nodes: tuple[Node, ...], items: list[str]) -> bool:
    """Return whether a product is not the one that the page offers, or an entry has a date, as a post has."""
    if kind == "product":
        return not _is_offer(markup, nodes, items)
    return kind == "reference" and _is_dated(markup, nodes)


def _is_dated(markup: Markup, nodes: tuple[Node, ...]) -> bool:
    return any(node.get("datePublished") for node in nodes) or bool(property_values(markup.root, "datePublished"))


def _is_offer(markup: Markup, nodes: tuple[Node, ...], items: list[str]) -> bool:
    """Return whether a page has one product, with an offer: articles have a list of them, or a rating only."""
    if nodes:
        return len(nodes) == 1 and bool(nodes[0].get("offers"))
    return len(items) == 1 and bool(_OFFERS(markup.root))


def _card(markup: Markup) -> PageMark | None:
    kind = markup.meta("og:type")
    is_product = fold_title(kind) in _PRODUCT["opengraph_types"]
    return PageMark("product", "opengraph_type", f"{kind!r} as its og:type") if is_product else None


def _located(parts: SplitResult) -> PageMark | None:
    """Return the page by a directory of its URL, the first name of its host, or the script of a forum."""
    for kind in _WITH_GENERATORS:
        words = WORDS[kind]["urls"]
        for name in (*_folders(parts), (parts.hostname or "").split(".")[0]):
            if name in words and not _is_post(kind, parts):
                return PageMark(kind, "url", f"{name!r} in its URL")
    script = parts.path.rsplit("/", 1)[-1].lower()
    return PageMark("forum", "url", f"{script!r} in its URL") if script in _FORUM["scripts"] else None


def _named(markup: Markup, parts: SplitResult, title: str) -> PageMark | None:
    """Return the entry of a reference work by a word in the name of its site: in the host, og:site_name or title."""
    last = _title_parts(markup.root)[-1]
    is_site = len(last.split()) <= _SITE_NAME_WORDS and fold_title(last) not in fold_title(title)
    host = (parts.hostname or "").rpartition(".")[0]
    for text in (host, markup.meta("og:site_name"), last if is_site else ""):
        if any(word in text.casefold() for word in _REFERENCE["site_names"]):
            return PageMark("reference", "site_name", f"{text!r} as the name of its site")
    return None


def _title_parts(root: Tree) -> list[str]:
    return _TITLE_PART.split(tidy(root.findtext("head/title")))


def _folders(parts: SplitResult) -> list[str]:
    return [_slug(each) for each in parts.path.split("/")[:-1]]


def _slug(part: str) -> str:
    """Return a part of a path as words: "privacy policy" of "Privacy-Policy.html"."""
    return _SLUG_MARKS.sub(" ", _ENDING.sub("", unquote(part).casefold())).strip()
