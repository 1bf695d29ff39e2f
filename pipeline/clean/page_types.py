"""What kind of page it is, and which pages are no article."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.clean.markup import Markup
from pipeline.clean.pieces import Piece
from pipeline.model import Article, Page, Rejected
from pipeline.model.article import PageType

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
_PROSE = 45  # a page with a paragraph of so many words is no list
_MANY_CARDS = 8
_MIN_WORDS = 25

# Flags that say why there is nothing to read, with the sentence for a person.
EMPTY_FLAGS = {
    "empty": "the page has no bytes or no text in it",
    "content_type": "the page is neither HTML nor plain text",
    "too_many_elements": "the page has more than 30,000 elements, or 10,000 in its paragraphs; no article has",
    "too_much_text": "the page has more than three million characters of text; no article has",
    "parse_error": "the page has text, but its markup is too deep or too broken to give any of it",
}
_REASONS: dict[PageType, tuple[str, str]] = {
    "live": ("live_page", "a live page grows all day and is no single article"),
    "video": ("video_page", "a video with little or no text"),
    "audio": ("audio_page", "an audio page with little or no text"),
    "gallery": ("gallery_page", "pictures with little or no text"),
    "section": ("section_page", "a list of articles, not an article"),
    "consent": ("consent_page", "a consent or login page stands where the article should be"),
    "error": ("soft_404", "an error page that was sent as if all were well"),
}


@dataclass(frozen=True, slots=True)
class PageKind:
    """The type of a page and what it rests on, a snake_case word."""

    page_type: PageType
    reason: str


def page_kind_of(
    markup: Markup, page: Page, pieces: Sequence[Piece], *, title: str | None, wall: str | None
) -> PageKind:
    """Return what kind of page it is. Video, audio, gallery, consent and error count only where text is short.

    ``wall`` is why only a part of the text is shown, None where all of it is.
    """
    url = page.final_url or page.url or ""
    words = sum(piece.word_count for piece in pieces if piece.kind in ("paragraph", "list"))
    text = " ".join(piece.text for piece in pieces)[:2000]
    tried = [_live(markup, url, title or "")]
    if words < _SHORT_WORDS:
        tried += [_instead(title or "", text), _media(markup, url, title or "")]
    reason = _section(markup, url, pieces, words)
    tried.append(PageKind("section", reason) if reason else None)
    tried.append(PageKind("paywall", wall) if wall else None)
    return next((kind for kind in tried if kind is not None), PageKind("article", "text"))


def _live(markup: Markup, url: str, title: str) -> PageKind | None:
    if markup.data.of_type("LiveBlogPosting"):
        return PageKind("live", "jsonld_type")
    return PageKind("live", "title_and_url") if _LIVE_TITLE.search(title) and _LIVE_URL.search(url) else None


def _instead(title: str, text: str) -> PageKind | None:
    """Return what a server sent instead of an article, None where it sent what was asked for."""
    for page_type, reason, is_so in (
        ("error", "error_title", _ERROR.search(title)),
        ("error", "error_words", len(text) < _ERROR_CHARS and _ERROR.search(text)),
        ("consent", "consent_title", _CONSENT.search(title)),
        ("consent", "login_title", _LOGIN.search(title)),
        ("consent", "consent_words", _CONSENT.search(text)),
    ):
        if is_so:
            return PageKind(page_type, reason)  # type: ignore[arg-type]
    return None


def _media(markup: Markup, url: str, title: str) -> PageKind | None:
    has_video = bool(markup.data.of_type("VideoObject")) and not markup.data.articles()
    for page_type, reason, is_so in (
        ("video", "opengraph_type", markup.meta("og:type").lower().startswith("video")),
        ("video", "jsonld_type", has_video),
        ("video", "url", _VIDEO_URL.search(url)),
        ("video", "title", _VIDEO_TITLE.search(title)),
        ("audio", "url", _AUDIO_URL.search(url)),
        ("audio", "jsonld_type", markup.data.of_type("PodcastEpisode", "AudioObject")),
        ("gallery", "url", _GALLERY_URL.search(url)),
        ("gallery", "jsonld_type", markup.data.of_type("ImageGallery")),
    ):
        if is_so:
            return PageKind(page_type, reason)  # type: ignore[arg-type]
    return None


def _section(markup: Markup, url: str, pieces: Sequence[Piece], words: int) -> str | None:
    """Return why a page is a list of articles, None where it is not."""
    longest = max((piece.word_count for piece in pieces), default=0)
    if markup.story or markup.meta("og:type").lower() == "article" or (words >= _SHORT_WORDS and longest >= _PROSE):
        return None
    if markup.data.of_type(*_SECTION_TYPES):
        return "jsonld_type"
    if _SECTION_URL.search(url):
        return "url"
    return "many_cards" if len(markup.root.findall(".//article")) >= _MANY_CARDS else None


def reject_reason(article: Article) -> Rejected | None:
    """Return why a page is no article, None for one that is kept. A paywall's stub is kept."""
    for flag, detail in EMPTY_FLAGS.items():
        if flag in article.flags:
            return Rejected(reason=flag, detail=detail, page_type=article.page_type)
    if article.page_type in _REASONS:
        reason, detail = _REASONS[article.page_type]
        return Rejected(reason=reason, detail=detail, page_type=article.page_type)
    if article.url is not None and article.word_count < _MIN_WORDS and not article.is_paywalled:
        detail = f"{article.word_count} words of text; an article has at least {_MIN_WORDS}"
        return Rejected(reason="too_short", detail=detail, page_type=article.page_type)
    if article.word_count == 0 and not article.is_paywalled:
        return Rejected(reason="empty", detail=EMPTY_FLAGS["empty"], page_type=article.page_type)
    return None
