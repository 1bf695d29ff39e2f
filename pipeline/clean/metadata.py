"""Metadata of an article page, except title, dates, authors, section and publisher.

Standfirst, tags, language, news agency and paywall.
"""

import re
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, islice

from newslake.pipeline.clean.blocks import NOT_FOUND, ExtractedField, StoryText, TextPiece
from newslake.pipeline.clean.credits import agency_of, credited_agency, is_agency
from newslake.pipeline.clean.decoding import language_identifier
from newslake.pipeline.clean.html import Tree, fold_title, text_of, text_start, tidy
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.page_parts import (
    is_about_author,
    is_aside_class,
    is_caption_or_comment,
    is_of_other_story,
    is_standfirst_class,
)
from newslake.pipeline.model import Page

# Short texts near the headline, such as dates and bylines.

_ELSEWHERE_CLASS = re.compile(
    r"related|recommend|teaser|sidebar|side-bar|(?<!elementor-)widget|footer|trending|popular|comment|calendar|archive|newest|latest|"
    r"breadcrumb|cookie|copyright|kommentar|menu|header-date|event|ticker|banner|\bnav",
    re.IGNORECASE,
)
_OUTSIDE_TAGS = frozenset({"nav", "aside", "footer", "form", "script", "style", "noscript", "select", "title", "head"})
_TEXTS_BEFORE, _TEXTS_AFTER = 12, 40  # texts


@dataclass(frozen=True, slots=True)
class VisibleText:
    """One tidy text of a page and its element. ``is_above``: it is above the headline."""

    element: Tree
    text: str
    is_above: bool = False

    @property
    def named(self) -> str:
        """Class and id of the element, as one text."""
        return f"{self.element.get('class') or ''} {self.element.get('id') or ''}"


@dataclass(frozen=True, slots=True)
class HeadlineArea:
    """The texts after the headline, in page order, then those shortly above it, nearest first.

    They include menus, sidebars, lists of other stories and comments: check a text with ``is_elsewhere``.
    ``around`` are the elements that the headline is in, ``title`` is its text, "" without one.
    """

    title: str
    texts: tuple[VisibleText, ...]
    around: tuple[Tree, ...]


def read_headline_area(root: Tree, *, title: str | None) -> HeadlineArea:
    """Return the texts near the headline of a page."""
    headline = _headline_element(root, title)
    around = tuple(headline.iterancestors()) if headline is not None else ()
    return HeadlineArea(title or "", tuple(_texts_near(headline, root)), around)


def _texts_near(headline: Tree | None, root: Tree) -> Iterator[VisibleText]:
    above: deque[VisibleText] = deque(maxlen=_TEXTS_BEFORE)
    texts = _visible_texts(root)
    for shown in texts:
        if shown.element is headline or headline is None:
            yield from islice(texts, _TEXTS_AFTER)
            break
        above.append(shown)
    yield from (replace(shown, is_above=True) for shown in reversed(above))


def _headline_element(root: Tree, title: str | None) -> Tree | None:
    """Return the innermost element of the heading that is the title, else of the first heading."""
    title = fold_title(title or "")
    headings = list(root.iter("h1")) or list(root.iter("h2"))
    named = (heading for heading in headings if fold_title(text_of(heading)) == title != "")
    heading = next(named, next(iter(headings), None))
    inner = heading.iter() if heading is not None else ()
    return next((each for each in inner if isinstance(each.tag, str) and tidy(each.text)), None)


def _visible_texts(root: Tree) -> Iterator[VisibleText]:
    body = root.find("body")
    for element in (root if body is None else body).iter():
        inner, tail = element.text, element.tail
        is_read = inner and not inner.isspace() and element.tag not in _OUTSIDE_TAGS and isinstance(element.tag, str)
        if is_read and (text := tidy(inner)):
            yield VisibleText(element, text)
        if tail and not tail.isspace() and (text := tidy(tail)) and (parent := element.getparent()) is not None:
            yield VisibleText(parent, text)


def is_elsewhere(shown: VisibleText, *, around: Container[Tree] = ()) -> bool:
    """Return whether a text is outside the article: in a menu, a sidebar, a list or a comment.

    ``around``: elements that the article is in, whatever their class.
    """
    for each in (shown.element, *shown.element.iterancestors()):
        if each in around:
            return False
        if each.tag in _OUTSIDE_TAGS or (
            each.tag != "body" and _ELSEWHERE_CLASS.search(f"{each.get('class')} {each.get('id')}")
        ):
            return True
    return False


# Tags, language, agency and paywall.

_SPLIT_TAGS = re.compile(r"\s*[,;]\s*")
_MAX_TAGS = 30
_LANGUAGE = re.compile(r"[a-z]{2}(?=$|[-_])", re.IGNORECASE)
_LANGID_SURE = 0.9  # minimum probability for the language of the text to override the declared one
_LANGID_MIN_WORDS = 20
_LANGID_CHARS = 600
# Far more than a sixth of the words of an English text are in this set; other languages have few of them.
_COMMON_WORDS = {
    "en": frozenset({
        "the", "of", "and", "to", "in", "that", "is", "was", "for", "on",
        "with", "as", "by", "at", "it", "from", "are", "be", "have", "has",
    }),
    "de": frozenset({
        "der", "die", "das", "und", "ist", "den", "von", "zu", "mit", "im",
        "für", "auf", "ein", "eine", "des", "dem", "nicht", "sich", "als", "auch",
    }),
}  # fmt: skip
_COMMON_SHARE = 1 / 6
# An agency that is not in the list has the same dateline form: "PORT ARLEN (Northwire) - ...".
_SIGNED_DATELINE = re.compile(
    r"^[A-ZÀ-Þ][A-ZÀ-Þ .,'’-]{2,40}(?:, [A-Z][\w. ]{1,25})?\s*\(([A-Z][\w ]{1,24})\)\s*[-–—]{1,2}\s"
)
_PAYWALL_PATH = (
    "//*[contains(@class, 'paywall') or contains(@id, 'paywall') or contains(@class, 'piano-offer') or "
    "contains(@class, 'regwall') or contains(@class, 'subscriber-only') or contains(@class, 'premium-teaser')]"
)
_TEASER = re.compile(
    r"\b(?:subscribe|subscribers?|subscription|sign in|log in|register)\b.{0,60}\b(?:to (?:read|continue|unlock|"
    r"access)|only|"
    r"full (?:article|story|access))|\b(?:continue|keep) reading\b.{0,60}\b(?:subscri|account|free)",
    re.IGNORECASE,
)
_STUB_WORDS = 120
_PAID_WORDS = 300  # a page with more words is complete, even if its markup says that it is not free


@dataclass(frozen=True, slots=True)
class Details:
    """What markup and text say of an article. ``wall`` says why the text ends at a paywall; None if it is whole."""

    tags: tuple[str, ...]
    language: ExtractedField
    agency: str | None
    wall: str | None


def read_details(markup: Markup, page: Page, story: StoryText, *, publisher: str | None, has_terms: bool) -> Details:
    """Return tags, language, agency and paywall. ``has_terms``: the body ended in terms of a subscription."""
    texts = story.paragraphs
    lead, end = (texts[0], texts[-1]) if texts else ("", "")
    return Details(
        tags=read_tags(markup),
        language=read_language(markup, page, text="\n".join(texts)),
        agency=read_agency(markup, bylines=markup.all_meta("author"), lead=lead, end=end, publisher=publisher),
        wall=paywall_reason(markup, word_count=story.words, has_terms=has_terms),
    )


def read_tags(markup: Markup) -> tuple[str, ...]:
    """Return the publisher's keywords in page order, each once."""
    tags = (
        markup.story.lists["keywords"] or markup.all_meta("article:tag") or markup.all_meta("news_keywords", "keywords")
    )
    split = (tidy(tag).removeprefix("#") for text in tags for tag in _SPLIT_TAGS.split(text))
    return tuple(dict.fromkeys(tag for tag in split if 1 < len(tag) <= 80))[:_MAX_TAGS]


def read_description(markup: Markup) -> str:
    """Return the summary in the markup, "" without one."""
    return markup.story.texts["description"] or markup.meta("og:description", "description", "twitter:description")


def read_language(markup: Markup, page: Page, *, text: str) -> ExtractedField:
    """Return the language of a page, ISO 639-1: that of the text if it is long and clear, else the declared one.

    Method: "markup" or "feed" (the listing) for the declared one, "text" for that of the text.
    """
    stated = _declared_language(markup)
    declared = stated or page.hints.language
    code = language_of(text, declared=declared)
    method = "text" if code != declared else "markup" if stated else "feed"
    return ExtractedField(code, method) if code else NOT_FOUND


def _declared_language(markup: Markup) -> str | None:
    stated = (markup.root.get("lang"), markup.meta("og:locale"), markup.story.texts["inLanguage"])
    codes = (_LANGUAGE.match(text.strip()) for text in stated if text)
    return next((code.group().lower() for code in codes if code), None)


def language_of(text: str, *, declared: str | None) -> str | None:
    """Return the language of a text, ISO 639-1; None if it is neither declared nor clear."""
    words = text[:_LANGID_CHARS].casefold().split()
    if len(words) < _LANGID_MIN_WORDS or _confirms_language(words, declared):
        return declared
    code, probability = language_identifier().classify(text[:_LANGID_CHARS])
    return str(code) if declared is None or probability >= _LANGID_SURE else declared


def _confirms_language(words: list[str], language: str | None) -> bool:
    """Return whether common words confirm the declared language; this is faster than language identification."""
    common = _COMMON_WORDS.get(language or "")
    return common is not None and sum(word in common for word in words) >= _COMMON_SHARE * len(words)


def read_agency(
    markup: Markup | None, *, bylines: Iterable[str], lead: str, end: str = "", publisher: str | None = None
) -> str | None:
    """Return the news agency in byline, credit, dateline or at the end of the last paragraph.

    An agency that the markup gives as publisher or source is credited, unless it is the ``publisher`` of the page. Any
    other source is an outlet.
    """
    named = [text for text in bylines if len(text) < 120]
    source = ""
    if markup is not None:
        source = markup.story.names["sourceOrganization"]
        source = source if source != publisher and is_agency(source) else ""
        named += [source, *map(markup.story.texts.__getitem__, ("creditText", "provider"))]
        named += [author.text for author in markup.story.authors[:_MAX_TAGS]]
        named += [text for text in _stated_publishers(markup) if text != publisher and agency_of(text)]
    if (agency := credited_agency(named, lead=lead, end=end)) is not None:
        return agency
    signed = _SIGNED_DATELINE.match(lead)
    return signed.group(1) if signed else source or None


def _stated_publishers(markup: Markup) -> tuple[str, str]:
    return markup.story.names["publisher"], markup.meta("og:site_name")


def paywall_reason(markup: Markup, *, word_count: int, has_terms: bool = False) -> str | None:
    """Return why the text is only the part before a paywall; None if it is complete.

    ``has_terms``: the body ended in terms of a subscription.
    Reasons: "not_free" (the markup says so and the text is short), "content_tier", "wall_element", "teaser_words".
    """
    nodes = (markup.story.node, *markup.data.articles[:1])
    free = next((node["isAccessibleForFree"] for node in nodes if "isAccessibleForFree" in node), None)
    if str(free).lower() in ("false", "0", "no"):
        return "not_free" if word_count < _PAID_WORDS else None
    tier = markup.meta("article:content_tier", "content_tier").lower()
    if tier in ("locked", "metered") and word_count < 2 * _STUB_WORDS:
        return "content_tier"
    if has_terms and word_count < _PAID_WORDS:
        return "teaser_words"
    if free is not None or word_count >= _STUB_WORDS:
        return None
    if markup.root.xpath(_PAYWALL_PATH):
        return "wall_element"
    return "teaser_words" if _TEASER.search(text_of(markup.root)) else None


# The standfirst: the summary under the headline.

_STANDFIRST_TAGS = ("h1", "h2", "h3", "p", "div", "span")
_AFTER_HEADLINE = 80  # elements after the headline that may be the standfirst
_STANDFIRST_MIN_WORDS, _STANDFIRST_MAX_WORDS = 5, 80
_SAME_START = 20
_BRACE = re.compile(r"[{}]")  # words of a template: "{ 38 comments… read them below }"
_MAX_CHILDREN = 6
_PLAIN_TAGS, _PLAIN_ELEMENTS = frozenset({"p", "h2", "h3"}), 12
_PLAIN_MIN_WORDS, _PLAIN_ENDS, _CUT_ENDS = 8, (".", "!", "?", "…", "。"), ("…", "...")
_HIDDEN_NAMES, _NEAR_DEPTH = frozenset({"hidden", "d-none", "is-hidden", "visually-hidden"}), 4
_FIRST_PIECES = 5  # pieces at the start of a body that may be the standfirst


def with_standfirst(
    pieces: Sequence[TextPiece],
    markup: Markup,
    *,
    title: str | None,
    is_foreign: Callable[[str], bool],
) -> tuple[TextPiece, ...]:
    """Return the pieces with the page's standfirst marked, or inserted first if the body lacks it.

    The markup's description, the class of its element, or its place under the headline identifies it. A lead paragraph
    that repeats the description remains a paragraph. ``is_foreign`` says whether a line is of the publisher.
    """
    near = [fold_title(piece.text) for piece in pieces[:_FIRST_PIECES]]
    first = next((index for index, piece in enumerate(pieces[:_FIRST_PIECES]) if piece.kind != "heading"), 0)
    for text, is_named, is_said in _find_standfirsts(markup, title=title, near=near[first:], is_foreign=is_foreign):
        folded = fold_title(text)
        if folded == fold_title(title or ""):
            continue
        if folded in near and (is_named or folded in near[:first]):
            place = near.index(folded)
            return (*pieces[:place], replace(pieces[place], kind="standfirst"), *pieces[place + 1 :])
        later = [fold_title(piece.text) for piece in pieces[_FIRST_PIECES:]]
        if any(line in folded for line in (*near, *later) if line.count(" ") >= _PLAIN_MIN_WORDS):
            continue  # the first paragraphs in one
        if not any(
            line.startswith(folded) for line in (near if is_said else (*near, *later))
        ):  # the lead or its teaser
            return (TextPiece("standfirst", text), *pieces)
    return tuple(pieces)


def _find_standfirsts(
    markup: Markup, *, title: str | None, near: Sequence[str], is_foreign: Callable[[str], bool]
) -> Iterator[tuple[str, bool, bool]]:
    """Yield texts that may be the standfirst, best first.

    With each, whether its element has a standfirst class, and whether it is the markup's description.

    The element equals the description, or has such a class and starts like it, or goes on where the description is cut;
    else it is the first one with such a class, if it is a sentence; else the first sentences between the headline and
    ``near``, the body's first lines in folded form.
    """
    described = fold_title(read_description(markup))
    is_described = _STANDFIRST_MIN_WORDS <= len(described.split()) <= _STANDFIRST_MAX_WORDS
    is_cut = read_description(markup).endswith(_CUT_ENDS) and len(described.split()) >= _PLAIN_MIN_WORDS
    named = plain = ""
    has_begun = is_lead = False  # the body has begun; its lead repeats the description
    for index, element in enumerate(_after_headline(markup.root, title=title)):
        is_named = is_standfirst_class(element.get("class") or "")
        start = fold_title(text_start(element, _SAME_START))[:_SAME_START]
        is_alike = is_described and start == described[:_SAME_START]
        has_begun = has_begun or any(line.startswith(start) for line in near if start)
        is_open = not plain and not has_begun and index < _PLAIN_ELEMENTS and element.tag in _PLAIN_TAGS
        if (not is_alike and not is_open and (named or not is_named)) or is_caption_or_comment(element):
            continue
        text = text_of(element)
        if _BRACE.search(text):
            continue
        folded = fold_title(text)
        is_short = len(folded.split()) <= _STANDFIRST_MAX_WORDS  # a division may hold the whole story
        is_same = is_short and (folded == described or (is_named and folded[:40] == described[:40]))
        if is_alike and (is_same or (is_cut and folded.startswith(described) and _is_summary(text, element))):
            is_lead = True
            yield text, is_named, is_same
        elif is_named and not named and not (has_begun and is_lead) and _is_summary(text, element):
            named = text
        elif is_open and _is_plain_summary(text, element) and not is_foreign(text):
            plain = text
    yield from ((text, text == named, False) for text in (named, plain) if text)


def _is_plain_summary(text: str, element: Tree) -> bool:
    """Return whether a text without a sign of a standfirst is one or more sentences without links, and no aside."""
    return (
        len(text.split()) >= _PLAIN_MIN_WORDS
        and text.endswith(_PLAIN_ENDS)
        and next(element.iter("a", "time", "button"), None) is None
        and _is_summary(text, element)
        and not any(is_aside_class(each.get("class") or "") for each in (element, *islice(element.iterancestors(), 3)))
    )


def _is_summary(text: str, element: Tree) -> bool:
    """Return whether a text is whole and has the length of a summary, and its element is of this story and no link."""
    linked = sum(len(text_of(link).split()) for link in element.iter("a", "time"))
    return (
        _STANDFIRST_MIN_WORDS <= len(text.split()) <= _STANDFIRST_MAX_WORDS
        and 2 * linked < len(text.split())
        and not text.endswith(_CUT_ENDS)
        and next(element.iter("li"), None) is None
        and not is_about_author(element)
        and not is_of_other_story(element)
        and not any(map(_is_hidden, (element, *islice(element.iterancestors(), _NEAR_DEPTH))))
    )


def _is_hidden(element: Tree) -> bool:
    """Return whether a page hides an element at first, such as an offer for readers without a subscription."""
    names = (element.get("class") or "").split()
    is_hidden = not _HIDDEN_NAMES.isdisjoint(names) and not any(":" in name for name in names)  # "hidden md:block"
    return is_hidden or element.get("aria-hidden") == "true" or "display:none" in (element.get("style") or "")


def _after_headline(root: Tree, *, title: str | None) -> Iterator[Tree]:
    """Yield the small elements after the headline, in page order: the heading with the title, else the first h1."""
    folded = fold_title(title or "")
    headings = [element for element in root.iter("h1", "h2") if folded and fold_title(text_of(element)) == folded]
    headline = next((each for each in headings if each.tag == "h1"), next(iter(headings), None))
    following = dropwhile(
        lambda element: element is not headline if headline is not None else element.tag != "h1",
        root.iter(*_STANDFIRST_TAGS),
    )
    header = root.xpath("//article//header//*[self::p or self::div]")  # the headline may be in a bar above it
    for element in (*islice(following, 1, _AFTER_HEADLINE), *header[:_AFTER_HEADLINE]):
        if element.tag != "h1" and len(element) <= _MAX_CHILDREN:
            yield element
