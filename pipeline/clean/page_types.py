"""What kind of page it is, and which pages are no article."""

import re
from collections.abc import Sequence

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
    r"\b(?:404|page (?:was )?not found|page (?:can.?not|could not) be found|no longer (?:available|exists)|"
    r"access denied|"
    r"error 40[134]|are you a (?:robot|human)|checking your browser|just a moment|"
    r"something went wrong)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 120
_MIN_WORDS = 25

# Flags that say why there is nothing to read, with the sentence for a person.
EMPTY_FLAGS = {
    "empty": "the page has no bytes or no text in it",
    "content_type": "the page is neither HTML nor plain text",
    "too_many_elements": "the page has more than 50,000 elements, or 10,000 in its paragraphs; no article has",
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


def page_type_of(
    markup: Markup, page: Page, pieces: Sequence[Piece], *, title: str | None, is_walled: bool
) -> PageType:
    """Return what kind of page it is. Video, audio, gallery, consent and error count only where text is short."""
    url = page.final_url or page.url or ""
    words = sum(piece.word_count for piece in pieces if piece.kind in ("paragraph", "list"))
    heading = title or ""
    if _is_live(markup, url, heading):
        return "live"
    if words < _SHORT_WORDS:
        short = _short_type(markup, url, heading, " ".join(piece.text for piece in pieces)[:2000])
        if short is not None:
            return short
    if _is_section(markup, url, pieces, words):
        return "section"
    return "paywall" if is_walled else "article"


def _is_live(markup: Markup, url: str, title: str) -> bool:
    return bool(markup.data.of_type("LiveBlogPosting")) or bool(_LIVE_TITLE.search(title) and _LIVE_URL.search(url))


def _short_type(markup: Markup, url: str, title: str, text: str) -> PageType | None:
    if _ERROR.search(title) or (len(text) < 400 and _ERROR.search(text)):
        return "error"
    if _CONSENT.search(title) or _LOGIN.search(title) or _CONSENT.search(text):
        return "consent"
    if _is_video(markup, url, title):
        return "video"
    if _AUDIO_URL.search(url) or markup.data.of_type("PodcastEpisode", "AudioObject"):
        return "audio"
    return "gallery" if _GALLERY_URL.search(url) or markup.data.of_type("ImageGallery") else None


def _is_video(markup: Markup, url: str, title: str) -> bool:
    kind = markup.meta("og:type").lower()
    has_object = bool(markup.data.of_type("VideoObject")) and not markup.data.articles()
    return kind.startswith("video") or has_object or bool(_VIDEO_URL.search(url) or _VIDEO_TITLE.search(title))


def _is_section(markup: Markup, url: str, pieces: Sequence[Piece], words: int) -> bool:
    if markup.story or markup.meta("og:type").lower() == "article":
        return False
    is_stated = bool(markup.data.of_type(*_SECTION_TYPES))
    longest = max((piece.word_count for piece in pieces), default=0)
    cards = len(markup.root.findall(".//article"))
    has_url = _SECTION_URL.search(url) is not None
    return (is_stated or has_url or cards >= 8) and (words < _SHORT_WORDS or longest < 45)


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
