"""The type of a page and its reason, for one invented page of each type."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from pipeline.clean import clean, extract
from pipeline.model import Rejected
from pipeline.model.article import PageType

NOT_FREE = ',"isAccessibleForFree":false'
SHORT = "<p>A short line about the harbour and its boats, and about the people who wait there.</p>"
HOST = "https://www.harbourpost.example"
TEASER = f"<p>{PARAGRAPHS[0]}</p><div class='paywall'><p>Subscribe to read the full story.</p></div>"
CARDS = "".join(f"<article><h2><a href='/{n}'>Story {n} of the day</a></h2></article>" for n in range(9))


def _linked(name: str, more: str = "") -> str:
    return f'<script type="application/ld+json">{{"@type":"{name}"{more}}}</script>'


@pytest.mark.parametrize(
    ("html", "path", "page_type", "reason"),
    [
        (html_of(), "/news/ferry", "article", "text"),
        (html_of(head=_linked("LiveBlogPosting")), "/news/storm", "live", "jsonld_type"),
        (html_of(title="Live updates: storm at the harbour"), "/live/storm", "live", "title_and_url"),
        (html_of(head='<meta property="og:type" content="video.other">', body=SHORT), "/x", "video", "opengraph_type"),
        (html_of(head="", body=SHORT), "/video/regatta", "video", "url"),
        (html_of(head=_linked("VideoObject"), body=SHORT), "/x", "video", "jsonld_type"),
        (html_of(head="", body=SHORT), "/podcasts/harbour-talk", "audio", "url"),
        (html_of(head="", body=SHORT), "/gallery/boats", "gallery", "url"),
        (html_of(head=_linked("ImageGallery"), body=SHORT), "/x", "gallery", "jsonld_type"),
        (html_of(head=_linked("CollectionPage"), body=SHORT), "/harbour", "section", "jsonld_type"),
        (html_of(head="", body=SHORT), "/tags/ferries", "section", "url"),
        (html_of(head="", body=CARDS), "/harbour", "section", "many_cards"),
        (html_of(head=_linked("NewsArticle", NOT_FREE), body=TEASER), "/x", "paywall", "not_free"),
        (html_of(head="", body=TEASER), "/x", "paywall", "wall_element"),
        (html_of(head="", title="We value your privacy", body=SHORT), "/x", "consent", "consent_title"),
        (html_of(head="", title="Log in to Harbour Post", body=SHORT), "/x", "consent", "login_title"),
        (html_of(head="", title="Page not found", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Seite nicht gefunden", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Página no encontrada", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Harbour", body="<p>The story is no longer available, sorry for that.</p>"), "/x",
         "error", "error_words"),
    ],
)  # fmt: skip
def test_page_type_and_its_reason(html: str, path: str, page_type: PageType, reason: str) -> None:
    """Each kind of page is distinguished from an article, and the method of page_type is the rule."""
    page = page_of(html, url=HOST + path)
    article = extract(page, source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.page_type, methods["page_type"]) == (page_type, reason)
    assert isinstance(clean(page, source_key="harbour"), Rejected) == (page_type not in ("article", "paywall"))


@pytest.mark.parametrize("title", ["Boy not found after a long search", "Page from the harbour’s past", "Watch sold"])
def test_headline_with_such_words_is_an_article(title: str) -> None:
    """A long story with the words of an error page in its headline is an article."""
    assert extract(page_of(html_of(head="", title=title)), source_key="harbour").page_type == "article"


def test_paywall_has_its_reason_as_method() -> None:
    """A stub is kept as paywalled; the reason is the method of is_paywalled."""
    article = extract(page_of(html_of(head="", body=TEASER), url=f"{HOST}/x"), source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.is_paywalled, methods["is_paywalled"]) == (True, "wall_element")


@pytest.mark.parametrize(
    ("html", "path", "detail", "missed"),
    [
        (html_of(head="", title="We value your privacy", body=SHORT), "/x",
         "a consent or login page in place of the article: 'We value your privacy' in its title; "
         "16 words in paragraphs and lists, at least 120 are needed", [(16, 120)]),
        (html_of(head="", body=SHORT), "/tags/ferries",
         "a list of articles, not an article: '/tags/' in its URL; 16 words in paragraphs and lists, at least 120 are "
         "needed; 16 words in its longest paragraph, at least 45 are needed", [(16, 120), (16, 45)]),
        (html_of(head="", body=SHORT), "/video/regatta",
         "a video with little or no text: '/video/' in its URL; 16 words in paragraphs and lists, at least 120 are "
         "needed", [(16, 120)]),
        (html_of(head="", body=SHORT), "/x",
         "too little text for an article: 16 words in paragraphs and lists, at least 25 are needed", [(16, 25)]),
        (html_of(head=_linked("LiveBlogPosting")), "/news/storm",
         "a live page is updated all day and is not a single article: its JSON-LD says LiveBlogPosting", []),
    ],
)  # fmt: skip
def test_rejection_has_its_evidence_and_missed_thresholds(
    html: str, path: str, detail: str, missed: list[tuple[int, int]]
) -> None:
    """A rejection has the evidence from the page, the measured values, and the missed thresholds."""
    rejected = clean(page_of(html, url=HOST + path), source_key="harbour")
    assert isinstance(rejected, Rejected)
    assert rejected.detail == detail
    assert [(each.measured, each.least) for each in rejected.thresholds] == missed
