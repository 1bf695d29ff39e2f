"""The headline of a page: a vote of its headings, JSON-LD, OpenGraph, social card and title element.

Site names and section names are taken off first. A dash inside a headline stays.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from newslake.pipeline.clean.blocks import NOT_FOUND, ExtractedField
from newslake.pipeline.clean.html import Tree, fold_title, text_of, tidy
from newslake.pipeline.clean.markup import Markup

_SEPARATOR = re.compile(r"\s+[|–—·»«•:│]+\s+|\s+-+\s+|\s*[|│]\s*|\s+//\s+")
_KICKER_MARK = re.compile(r"[:|│]|\s[–—-]\s")
_BAR = frozenset("|│»«•·")  # these separate a headline from names, and are hardly ever inside one
_HOME = re.compile(r"(?:https?://[^/]+)?/?(?:index\.\w+)?")
_HEADLINE_CHARS = 300
_STATED_CHARS, _MAX_SEPARATORS = 1000, 30  # more of a title is not read: its parts are compared in all combinations
_MAX_HEADINGS = 12  # of each level
_TAIL_WORDS = 4  # words of a section or site name at the end of a title element
_SITE_CHARS = 4  # a shorter site name is compared as a whole only
_SITE_SHARE = 0.4  # of a tail that contains a site's name
# A social card repeats OpenGraph, and a title element is written for search engines: they count less.
_WEIGHTS = {"heading": 3.0, "jsonld": 2.0, "opengraph": 1.5, "twitter": 1.0, "title": 1.2}
# A voter with a longer title (headline and kicker, or and subtitle) supports one that is this share of it, by this
# weight.
_PART_SHARE, _PART_WEIGHT = 0.5, 0.75
_LONG_HEADING_WORDS = 3
_ALIKE_SHARE = 0.5  # of words that a heading and a claim have both
_ELLIPSIS = re.compile(r"(?:…|\.\.\.)$")
_CUT_WORDS = 3  # fewer words are not recognized as the start of another title
_LIMIT_CHARS = 100  # limits of social cards are longer; a shorter title that ends between two words is whole


@dataclass(frozen=True, slots=True)
class TitleClaim:
    """A headline that one voter gives, and its folded form. Voters are the keys of ``_WEIGHTS``."""

    voter: str
    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page: ``tag`` is h1 or h2."""

    tag: str
    text: str
    folded: str


def read_headline(markup: Markup, *, domain: str | None, hint: str | None) -> ExtractedField:
    """Return the article's headline; its method names the voters that agree, joined by "+", e.g. "heading+jsonld".

    The text with the most weight wins; of equal ones a heading's, then JSON-LD's. Without votes a single heading and
    then the listing's hint decide.
    """
    stated = (
        ("jsonld", markup.story.texts["headline"]),
        ("opengraph", markup.meta("og:title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title")),
        ("twitter", markup.meta("twitter:title")),
        ("title", markup.document_title),
    )
    sites = site_names(markup, domain=domain)
    headline = elect_title(_headings(markup.root, sites), stated, sites)
    if headline.text is None:
        headline = ExtractedField(hint, "feed") if hint else NOT_FOUND
    return ExtractedField(headline.text[:_HEADLINE_CHARS].rstrip(), headline.method) if headline.text else headline


def site_names(markup: Markup, *, domain: str | None) -> frozenset[str]:
    """Return the squashed names of a page's site: as it states them, of its publisher, of its registrable domain."""
    stated = (
        *markup.all_meta("og:site_name", "application-name", "apple-mobile-web-app-title"),
        markup.story.names["publisher"],
        domain or "",
        (domain or "").split(".")[0],
    )
    return frozenset(filter(None, map(_squash, stated)))


def _squash(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _headings(root: Tree, sites: frozenset[str]) -> list[Heading]:
    """Return the first h1 and h2 elements, h1 first, without logos and site names."""
    headings = []
    for tag in ("h1", "h2"):
        for element in list(root.iter(tag))[:_MAX_HEADINGS]:
            text = text_of(element)[:_STATED_CHARS]
            if text and _squash(text) not in sites | {""} and not _links_home(element):
                headings.append(Heading(tag, text, fold_title(text)))
    return headings


def _links_home(heading: Tree) -> bool:
    links = heading.xpath("./ancestor-or-self::a/@href | .//a/@href")
    return any(_HOME.fullmatch(tidy(link)) for link in links)


# The vote.


def elect_title(headings: list[Heading], stated: Iterable[tuple[str, str]], sites: frozenset[str]) -> ExtractedField:
    """Return the elected text and the voters for it, joined by "+". ``stated`` are (voter, text) pairs."""
    texts = [(voter, text) for voter, text in stated if text]
    claims = _completed(list(_claims(headings, texts, sites)), headings)
    heading = _heading_claim(headings, claims)
    ballot = [heading, *claims] if heading else claims
    if not ballot:
        return NOT_FOUND
    scores = {each.folded: _score(each.folded, ballot) for each in ballot}
    winner = max(ballot, key=lambda each: scores[each.folded])  # of equal ones the first
    voters = [each for each in ballot if each.folded == winner.folded]
    return ExtractedField(_written(voters), "+".join(each.voter for each in voters))


def _claims(headings: list[Heading], texts: list[tuple[str, str]], sites: frozenset[str]) -> Iterator[TitleClaim]:
    shown, claimed = {each.folded for each in headings}, set[str]()
    for voter, text in texts:
        bare = without_site(text, sites, shown=shown, claimed=claimed, is_tail_expected=voter == "title")
        if folded := fold_title(bare):
            claimed.add(folded)
            yield TitleClaim(voter, bare, folded)


def _completed(claims: list[TitleClaim], headings: list[Heading]) -> list[TitleClaim]:
    """Return the claims; one that is the cut-off start of a heading or of a whole claim is a vote for that text."""
    shown = [(each.text, each.folded) for each in headings]
    stated = [(each.text, each.folded) for each in claims if not _ELLIPSIS.search(each.text)]
    completed = []
    for claim in claims:
        whole = (*shown, *stated) if _ELLIPSIS.search(claim.text) else shown
        title = next((each for each in whole if _is_start(claim, *each)), (claim.text, claim.folded))
        completed.append(TitleClaim(claim.voter, *title))
    return completed


def _is_start(claim: TitleClaim, text: str, folded: str) -> bool:
    """Return whether a claim is the start of another title, cut off inside it.

    An ellipsis says so, a cut inside a word, or for a long claim one between two words: "Ferry gets a vote" of "Ferry
    gets a vote in Arlen" may be the title that its editors want there.
    """
    words = claim.folded.split()
    if len(words) < _CUT_WORDS or folded == claim.folded or not folded.startswith(claim.folded):
        return False
    if _ELLIPSIS.search(claim.text) or folded[len(claim.folded)] != " ":
        return True
    start = r"[\W_]+".join(map(re.escape, words))
    return len(claim.text) > _LIMIT_CHARS and re.match(rf"[\W_]*{start}\s+[^\W_]", text.casefold()) is not None


def _score(folded: str, ballot: list[TitleClaim]) -> float:
    return sum(_WEIGHTS[each.voter] * _support(each.folded, folded) for each in ballot)


def _support(mine: str, other: str) -> float:
    """Return how far a voter's title supports another one: wholly if equal, partly if it contains a shorter one."""
    if mine == other:
        return 1.0
    return _PART_WEIGHT if other in mine and len(other) > _PART_SHARE * len(mine) else 0.0


def _written(voters: list[TitleClaim]) -> str:
    """Return the heading's spelling, else the one that most voters use; of equal ones the first voter's.

    A heading's markup may have white space that readers do not see, or an element in place of the separator after a
    kicker: then the voters decide.
    """
    texts = [each.text for each in voters]
    most = max(texts, key=texts.count)
    is_spaced = "".join(texts[0].split()) == "".join(most.split())
    is_layout = is_spaced or len(_KICKER_MARK.findall(texts[0])) < len(_KICKER_MARK.findall(most))
    return texts[0] if voters[0].voter == "heading" and not is_layout else most


def _heading_claim(headings: list[Heading], claims: list[TitleClaim]) -> TitleClaim | None:
    """Return the heading that the other voters confirm best.

    A page's only h1 needs no confirmation if it is long, or if nothing but a title element is against it: "Menu" is an
    h1 too.
    """
    best = max(headings, key=lambda each: _confirmation(each, claims), default=None)
    if best is None or not _confirmation(best, claims):
        first = [each for each in headings if each.tag == "h1"]
        is_alone = len(first) == 1 and all(claim.voter == "title" for claim in claims)
        is_long = len(first) == 1 and len(first[0].folded.split()) >= _LONG_HEADING_WORDS
        best = first[0] if first and (is_alone or is_long or not claims) else None
    return TitleClaim("heading", best.text, best.folded) if best else None


def _confirmation(heading: Heading, claims: list[TitleClaim]) -> float:
    return sum(_WEIGHTS[claim.voter] * _likeness(heading, claim.folded) for claim in claims)


def _likeness(heading: Heading, claim: str) -> float:
    """Return how alike a heading and a claim are: 1 for equal, 0 for too different; an h2 must be equal."""
    if heading.folded == claim:
        return 1.0
    if heading.tag != "h1":
        return 0.0
    mine, theirs = set(heading.folded.split()), set(claim.split())
    share = len(mine & theirs) / max(len(mine), len(theirs), 1)
    is_part = _support(heading.folded, claim) or _support(claim, heading.folded)
    return share * 0.99 if share >= _ALIKE_SHARE or is_part else 0.0


# Names of the site and of sections, before and after a headline.


def without_site(
    title: str, sites: frozenset[str], *, shown: set[str], claimed: set[str], is_tail_expected: bool
) -> str:
    """Return a title without names of the site and of sections before or after it.

    A part that is a heading of the page (``shown``, folded) is the headline, else one that another voter ``claimed``.
    With ``is_tail_expected`` a short text after the last separator is a name too, as in a title element.
    """
    title = tidy(title)[:_STATED_CHARS].rstrip()
    if fold_title(title) in shown:
        return title
    separators = islice(_SEPARATOR.finditer(title), _MAX_SEPARATORS)
    cuts = [(0, 0), *(each.span() for each in separators), (len(title), len(title))]
    part = _known_part(title, cuts, shown)
    if part is not None:
        return part
    inner = _inner_cuts(title, cuts, sites)
    bare = title[inner[0][1] : inner[-1][0]]
    if fold_title(bare) in claimed or not is_tail_expected:
        return tidy(bare)
    part = _known_part(title, inner, claimed)
    if part is None and len(inner) == len(cuts):
        return tidy(_without_tail(title, inner))
    return tidy(part or bare)


def _inner_cuts(title: str, cuts: list[tuple[int, int]], sites: frozenset[str]) -> list[tuple[int, int]]:
    """Return the separators without those that names of the site are before or after."""
    start, end = 0, len(cuts) - 1
    while end - start > 1 and is_site_name(title[cuts[end - 1][1] : cuts[end][0]], sites):
        end -= 1
    while end - start > 1 and is_site_name(title[cuts[start][1] : cuts[start + 1][0]], sites):
        start += 1
    return cuts[start : end + 1]


def _without_tail(title: str, cuts: list[tuple[int, int]]) -> str:
    (start, tail_start), end = cuts[-2], cuts[-1][0]
    is_name = len(title[tail_start:end].split()) <= _TAIL_WORDS or title[start:tail_start].strip() in _BAR
    return title[cuts[0][1] : start if is_name and len(cuts) > 2 else end]


def _known_part(title: str, cuts: list[tuple[int, int]], known: set[str]) -> str | None:
    """Return the longest run of parts that is a known title."""
    runs = (title[cuts[first][1] : cuts[last][0]] for last in range(len(cuts) - 1, 0, -1) for first in range(last))
    return max((run for run in runs if fold_title(run) in known), key=len, default=None)


def is_site_name(text: str, sites: frozenset[str]) -> bool:
    """Return whether a text is a name of the site: it is equal to one, or it is little longer than one inside it."""
    mine = _squash(text)
    return not mine or any(
        mine == site or (len(site) >= _SITE_CHARS and site in mine and len(site) >= _SITE_SHARE * len(mine))
        for site in sites
    )
