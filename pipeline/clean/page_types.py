"""Page types, and the reasons to reject a page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newslake.pipeline.clean.blocks import StoryText, TextPiece, count_words
from newslake.pipeline.clean.genres import Genre
from newslake.pipeline.clean.line_lists import PROSE_WORDS, line_list_of, prose_outside_cards, prose_words
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.page_marks import page_mark_of
from newslake.pipeline.model import Article, Page, Rejected, Threshold
from newslake.pipeline.model.article import PageType

_LIVE_URL = re.compile(r"/live(?:-updates?|blog|-blog|stream)?(?:/|-|$)|[/-]live-?blog\b|live-updates", re.I)
_LIVE_TITLE = re.compile(
    r"^(?:live|live updates?|live blog|as it happened)\b\s*[:|–-]|\blive (?:updates|"
    r"blog)\b|[-–—:] live$|"
    r"\bas it happened\b",
    re.IGNORECASE,
)
_VIDEO_URL = re.compile(r"/(?:videos?|watch|tv/video|av)/", re.I)
_VIDEO_TITLE = re.compile(r"^\W*(?:video|watch)\s*[:|–-]", re.I)
_AUDIO_URL = re.compile(r"/(?:audio|podcasts?|listen)/", re.I)
_GALLERY_URL = re.compile(r"/(?:gallery|galleries|slideshow|photos|in-pictures)/", re.I)
_SECTION_URL = re.compile(
    r"/(?:tags?|topics?|category|categories|section|sections|author|authors|search|"
    r"archive)(?:/|$)|^https?://[^/]+/?$",
    re.IGNORECASE,
)
_SECTION_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ProfilePage", "ItemList"})
_CONSENT = re.compile(
    r"\b(?:before you continue|we value your privacy|we and our partners|your privacy choices|"
    r"manage (?:your )?consent|"
    r"accept all cookies|cookie consent|consent to the use of cookies)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"^\W*(?:sign in|log ?in|login|register|create an account)\b", re.I)
_ERROR = re.compile(
    r"^not found\b|\b(?:404|page (?:was )?not found|(?:seite|artikel) (?:wurde )?nicht gefunden|"
    r"page (?:introuvable|non trouvée)|página no encontrada|página não encontrada|pagina non trovata|"
    r"pagina niet gevonden|sidan (?:hittades inte|kunde inte hittas)|strona nie (?:istnieje|została znaleziona)|"
    r"page (?:can.?not|could not) be found|no longer (?:available|exists)|"
    r"access denied|"
    r"error 40[134]|are you a (?:robot|human)|checking your browser|just a moment|"
    r"something went wrong)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 120
_ERROR_CHARS = 400
_PROSE = 45  # words; a page with such a paragraph is not a list
_MANY_CARDS = 8
_MIN_WORDS = 25

# Flags that say why a page has no readable text, each with the message for people.
EMPTY_FLAGS = {
    "empty": "the page has no bytes or no text",
    "content_type": "the page is neither HTML nor plain text",
    "too_many_elements": "the page has more than 30,000 elements, or 10,000 in its paragraphs; articles have fewer",
    "too_much_text": "the page has more than three million characters of text; articles have fewer",
    "parse_error": "the page has text, but its markup is nested too deeply or too broken to extract it",
}
_PLACES = {"opengraph_type": "og:type", "jsonld_type": "JSON-LD", "url": "URL", "title": "title"}
_REASONS: dict[PageType, tuple[str, str]] = {
    "live": ("live_page", "a live page is updated all day and is not a single article"),
    "video": ("video_page", "a video with little or no text"),
    "audio": ("audio_page", "an audio page with little or no text"),
    "gallery": ("gallery_page", "images with little or no text"),
    "section": ("section_page", "a list of articles, not an article"),
    "consent": ("consent_page", "a consent or login page in place of the article"),
    "error": ("soft_404", "an error page sent with a success status"),
    "list": ("list_page", "headlines or links to other pages, with hardly any text of its own"),
    "scores": ("scores_page", "a table of results, standings or prices"),
    "credits_list": ("credits_page", "a list of names or credits"),
    "forum": ("forum_page", "a thread of a forum, or questions and answers of its users"),
    "reference": ("reference_page", "an entry of a dictionary, an encyclopedia, a manual or a collection of recipes"),
    "paper": ("scientific_paper", "a paper of a journal, a conference or a repository"),
    "product": ("product_page", "a product of a shop"),
    "software": ("software_page", "a repository of source code, or a program to download"),
    "policy": ("policy_page", "a privacy policy, terms of use or another legal notice of a site"),
}
# No threshold decides about these: their marks do.
_MARKED = ("live", "forum", "reference", "paper", "product", "software", "policy")


@dataclass(frozen=True, slots=True)
class PageKind:
    """The type of a page, the rule that decided (in snake_case), and ``evidence`` from the page for people."""

    page_type: PageType
    reason: str
    evidence: str = ""


def page_kind_of(
    markup: Markup, page: Page, story: StoryText, *, title: str | None, wall: str | None, release: Genre | None
) -> PageKind:
    """Return the type of a page. Only a page with a short text can be video, audio, gallery, consent or error.

    ``wall`` is the reason of ``paywall_reason``, ``release`` the evidence that it is a press release.
    """
    url, pieces, words = page.final_url or page.url or "", story.pieces, story.words
    text = " ".join(piece.text for piece in pieces)[:2000]
    tried = [_live(markup, url, title or "")]
    if words < _SHORT_WORDS:
        tried += [_replacement_kind(markup, title or "", text), _media(markup, url, title or "")]
    tried += [_marked(markup, url, title), _section(markup, url, pieces, words)]
    tried.append(PageKind("paywall", wall) if wall else None)
    kind = next((kind for kind in tried if kind is not None), None)
    if kind is not None:
        return kind
    if lines := line_list_of(markup, pieces, url=url, title=title, words=words):
        return PageKind(lines.page_type, lines.method, lines.evidence)
    return PageKind("press_release", release.method, release.evidence) if release else PageKind("article", "text")


def _live(markup: Markup, url: str, title: str) -> PageKind | None:
    if markup.data.of_type("LiveBlogPosting"):
        return PageKind("live", "jsonld_type", "its JSON-LD says LiveBlogPosting")
    in_title, in_url = _LIVE_TITLE.search(title), _LIVE_URL.search(url)
    if in_title and in_url:
        return PageKind("live", "title_and_url", f"{in_title[0]!r} in its title, {in_url[0]!r} in its URL")
    return None


def _replacement_kind(markup: Markup, title: str, text: str) -> PageKind | None:
    """Return the type of an error or consent page in place of an article; None for any other page."""
    for page_type, reason, match in (
        ("error", "error_title", _ERROR.search(title) or _ERROR.search(markup.document_title)),
        ("error", "error_words", _ERROR.search(text) if len(text) < _ERROR_CHARS else None),
        ("consent", "consent_title", _CONSENT.search(title)),
        ("consent", "login_title", _LOGIN.search(title)),
        ("consent", "consent_words", _CONSENT.search(text)),
    ):
        if match:
            place = "text" if reason.endswith("_words") else "title"
            return PageKind(page_type, reason, f"{match[0].strip()!r} in its {place}")  # type: ignore[arg-type]
    return None


def _media(markup: Markup, url: str, title: str) -> PageKind | None:
    has_video = bool(markup.data.of_type("VideoObject")) and not markup.data.articles
    for page_type, reason, words in (
        ("video", "opengraph_type", markup.meta("og:type").lower().startswith("video") and markup.meta("og:type")),
        ("video", "jsonld_type", has_video and "VideoObject"),
        ("video", "url", _match_in(_VIDEO_URL, url)),
        ("video", "title", _match_in(_VIDEO_TITLE, title)),
        ("audio", "url", _match_in(_AUDIO_URL, url)),
        ("audio", "jsonld_type", markup.data.of_type("PodcastEpisode", "AudioObject") and "an audio type"),
        ("gallery", "url", _match_in(_GALLERY_URL, url)),
        ("gallery", "jsonld_type", markup.data.of_type("ImageGallery") and "ImageGallery"),
    ):
        if words:
            return PageKind(page_type, reason, f"{words!r} in its {_PLACES[reason]}")  # type: ignore[arg-type]
    return None


def _marked(markup: Markup, url: str, title: str | None) -> PageKind | None:
    """Return what a page marks itself as, if that is another kind of work than an article."""
    mark = page_mark_of(markup, url=url, title=title)
    return PageKind(mark.page_type, mark.method, mark.evidence) if mark else None


def _match_in(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[0] if match else None


def _section(markup: Markup, url: str, pieces: Sequence[TextPiece], words: int) -> PageKind | None:
    """Return why a page is a list of articles; None if it is not."""
    if markup.story.node or markup.meta("og:type").lower() == "article":
        return None
    if words >= _SHORT_WORDS and any(count_words([piece.text]) >= _PROSE for piece in pieces):
        return None
    if markup.data.of_type(*_SECTION_TYPES):
        return PageKind("section", "jsonld_type", "its JSON-LD says that it is a collection")
    if part := _match_in(_SECTION_URL, url):
        return PageKind("section", "url", f"{part!r} in its URL")
    cards = len(markup.root.findall(".//article"))
    lines = [piece.text for piece in pieces if piece.kind in ("paragraph", "list")]
    if cards >= _MANY_CARDS and prose_outside_cards(markup.root, lines) < _SHORT_WORDS:
        return PageKind("section", "many_cards", f"{cards} article elements, {_MANY_CARDS} make a list")
    return None


def reject_reason(article: Article, *, evidence: str) -> Rejected | None:
    """Return why a page is rejected; None for an article. The visible part of a paid article is kept.

    ``evidence`` says why the page has its type.
    """
    for flag, message in EMPTY_FLAGS.items():
        if flag in article.flags:
            return Rejected(reason=flag, detail=message, page_type=article.page_type)
    if article.page_type in _REASONS:
        return _reject(article, *_REASONS[article.page_type], evidence, _thresholds(article))
    if article.is_paywalled:
        return None
    if article.url is not None and article.word_count < _MIN_WORDS:
        return _reject(article, "too_short", "too little text for an article", "", (_words(article, _MIN_WORDS),))
    if article.word_count == 0:
        return Rejected(reason="empty", detail=EMPTY_FLAGS["empty"], page_type=article.page_type)
    return None


def _thresholds(article: Article) -> tuple[Threshold, ...]:
    """Return the thresholds that a page of a rejected type misses; none for a type that marks decide."""
    if article.page_type in _MARKED:
        return ()
    paragraphs = (*article.texts("paragraph"), *article.texts("list"))
    if article.page_type in ("list", "scores", "credits_list"):
        prose = Threshold(what="words in sentences", measured=prose_words(paragraphs), least=PROSE_WORDS)
        return (prose,) if prose.measured < prose.least else ()
    if article.page_type != "section":
        return (_words(article, _SHORT_WORDS),)
    longest = max((count_words([text]) for text in paragraphs), default=0)
    prose = Threshold(what="words in its longest paragraph", measured=longest, least=_PROSE)
    return tuple(each for each in (_words(article, _SHORT_WORDS), prose) if each.measured < each.least)


def _words(article: Article, least: int) -> Threshold:
    return Threshold(what="words in paragraphs and lists", measured=article.word_count, least=least)


def _reject(article: Article, reason: str, message: str, evidence: str, thresholds: tuple[Threshold, ...]) -> Rejected:
    because = "; ".join(filter(None, [evidence, *map(str, thresholds)]))
    return Rejected(
        reason=reason,
        detail=f"{message}: {because}" if because else message,
        page_type=article.page_type,
        evidence=evidence,
        thresholds=thresholds,
    )
