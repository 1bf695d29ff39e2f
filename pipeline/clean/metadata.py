"""What else a page says of its article: section, tags, publisher, language, agency, paywall, opt-out."""

import re
from collections.abc import Iterable, Mapping

from pipeline.clean.found import NOT_FOUND, ExtractedField, first_nonempty
from pipeline.clean.html import Markup, story_text
from pipeline.clean.jsonld import as_list, plain_text
from pipeline.clean.latin import language_identifier
from pipeline.clean.tree import text_of, tidy
from pipeline.model import Page

_SPLIT_TAGS = re.compile(r"\s*[,;]\s*")
_MAX_TAGS = 30
_LANGUAGE = re.compile(r"[a-z]{2}(?=$|[-_])", re.IGNORECASE)
_SURE = 0.9  # probability from which the text's own language beats the declared one
_LANGID_MIN_WORDS = 20
_LANGID_CHARS = 600
# English running text has far more than a sixth of its words among these; other languages share few of them.
_COMMON_WORDS = {
    "en": frozenset({
        "the", "of", "and", "to", "in", "that", "is", "was", "for", "on",
        "with", "as", "by", "at", "it", "from", "are", "be", "have", "has",
    })
}  # fmt: skip
_COMMON_SHARE = 1 / 6
# Agencies whose copy others print, by the name that stands in bylines, datelines and credits.
_AGENCIES = {
    "Reuters": r"reuters", "AP": r"ap|associated press", "AFP": r"afp|agence france[- ]presse", "dpa": r"dpa",
    "PA Media": r"pa media|press association", "UPI": r"upi|united press international", "Bloomberg": r"bloomberg",
    "EFE": r"efe", "ANSA": r"ansa", "Xinhua": r"xinhua", "TASS": r"tass", "Kyodo": r"kyodo(?: news)?", "PTI": r"pti",
    "ANI": r"ani", "AAP": r"aap", "CP": r"the canadian press|canadian press", "APA": r"apa", "Interfax": r"interfax",
}  # fmt: skip
_IN_CREDIT = {
    name: re.compile(rf"(?:^|\b(?:by|the)\s+|[/,&]\s*)(?:{words})\b", re.I) for name, words in _AGENCIES.items()
}
_IN_DATELINE = {name: re.compile(rf"^.{{0,60}}\((?:{words})\)", re.I | re.S) for name, words in _AGENCIES.items()}
# An agency nobody listed still signs as one: "PORT ARLEN (Northwire) - ...".
_DATELINE = re.compile(r"^[A-ZÀ-Þ][A-ZÀ-Þ .,'’-]{2,40}(?:, [A-Z][\w. ]{1,25})?\s*\(([A-Z][\w ]{1,24})\)\s*[-–—]{1,2}\s")
_PAYWALL = (
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
_PAID_WORDS = 300  # pages that say they are not free, with more than this, came whole


def read_section(markup: Markup) -> ExtractedField:
    """Return the publisher's section."""
    meta = markup.meta("article:section", "section", "parsely-section")
    return first_nonempty((("jsonld", story_text(markup, "articleSection")), ("meta", meta)))


def read_tags(markup: Markup) -> tuple[str, ...]:
    """Return the publisher's keywords in the page's order, each once."""
    stated = [plain_text(value) for value in as_list(markup.story.get("keywords"))[: 2 * _MAX_TAGS]]
    tags = stated or markup.all_meta("article:tag") or markup.all_meta("news_keywords", "keywords")
    split = (tidy(tag).removeprefix("#") for text in tags for tag in _SPLIT_TAGS.split(text))
    return tuple(dict.fromkeys(tag for tag in split if 1 < len(tag) <= 80))[:_MAX_TAGS]


def read_publisher(markup: Markup, page: Page, *, given: str | None) -> ExtractedField:
    """Return the outlet: the one that the source's entry gives, else what the page names, else the listing."""
    return first_nonempty((
        ("source", given),
        ("jsonld", plain_text(markup.data.resolved(markup.story.get("publisher")))),
        ("opengraph", markup.meta("og:site_name")),
        ("feed", page.hints.publisher),
    ))  # fmt: skip


def read_description(markup: Markup) -> str:
    """Return the summary that the markup states, "" for none."""
    return story_text(markup, "description") or markup.meta("og:description", "description", "twitter:description")


def read_language(markup: Markup, page: Page, *, text: str) -> ExtractedField:
    """Return the language of a text, ISO 639-1: the text's own where it is long and clear, else the declared one.

    Method "markup" where the text does not contradict it, "feed" for the listing's, "text" for the text's own.
    """
    stated = _declared_language(markup)
    declared = stated or page.hints.language
    code = language_of(text, declared=declared)
    method = "text" if code != declared else "markup" if stated else "feed"
    return ExtractedField(code, method) if code else NOT_FOUND


def _declared_language(markup: Markup) -> str | None:
    stated = (markup.root.get("lang"), markup.meta("og:locale"), story_text(markup, "inLanguage"))
    codes = (_LANGUAGE.match(text.strip()) for text in stated if text)
    return next((code.group().lower() for code in codes if code), None)


def language_of(text: str, *, declared: str | None) -> str | None:
    """Return the language of a text, ISO 639-1; None where neither the text nor anyone says."""
    words = text[:_LANGID_CHARS].casefold().split()
    if len(words) < _LANGID_MIN_WORDS or _confirms_language(words, declared):
        return declared
    code, probability = language_identifier().classify(text[:_LANGID_CHARS])
    return str(code) if declared is None or probability >= _SURE else declared


def _confirms_language(words: list[str], language: str | None) -> bool:
    """Return whether a text's commonest words confirm what is declared: a fraction of the time of an identification."""
    common = _COMMON_WORDS.get(language or "")
    return common is not None and sum(word in common for word in words) >= _COMMON_SHARE * len(words)


def read_agency(markup: Markup | None, *, bylines: Iterable[str], lead: str) -> str | None:
    """Return the news agency that byline, credit or dateline names."""
    credits_given = [text for text in bylines if len(text) < 120]
    if markup is not None:
        credits_given += [story_text(markup, key) for key in ("sourceOrganization", "creditText", "provider")]
        authors = as_list(markup.story.get("author"))[:_MAX_TAGS]
        credits_given += [plain_text(markup.data.resolved(value)) for value in authors]
    for name in _AGENCIES:
        if any(_IN_CREDIT[name].search(text) for text in credits_given) or _IN_DATELINE[name].match(lead):
            return name
    signed = _DATELINE.match(lead)
    return signed.group(1) if signed else story_text(markup, "sourceOrganization") or None if markup else None


def paywall_reason(markup: Markup, *, word_count: int) -> str | None:
    """Return why the text is only what a paywall lets through, None where it is all of it.

    Reasons: "not_free" (the markup says so and the text is short), "content_tier", "wall_element", "teaser_words".
    """
    nodes = (markup.story, *markup.data.articles()[:1])
    free = next((node["isAccessibleForFree"] for node in nodes if "isAccessibleForFree" in node), None)
    if str(free).lower() in ("false", "0", "no"):
        return "not_free" if word_count < _PAID_WORDS else None
    tier = markup.meta("article:content_tier", "content_tier").lower()
    if tier in ("locked", "metered") and word_count < 2 * _STUB_WORDS:
        return "content_tier"
    if free is not None or word_count >= _STUB_WORDS:
        return None
    if markup.root.xpath(_PAYWALL):
        return "wall_element"
    return "teaser_words" if _TEASER.search(text_of(markup.root)) else None


def is_mining_reserved(markup: Markup | None, headers: Mapping[str, str]) -> bool:
    """Return whether header or meta element reserve text and data mining (TDMRep, noai)."""
    stated = [headers.get("tdm-reservation", "")] + ([markup.meta("tdm-reservation")] if markup else [])
    robots = [headers.get("x-robots-tag", "")] + (list(markup.all_meta("robots", "googlebot")) if markup else [])
    return any(text.strip() == "1" for text in stated) or any(re.search(r"\bno(?:image)?ai\b", t, re.I) for t in robots)
