"""Web pages, rendered on the server from values, without scripts and without requests to other servers."""

from pipeline.web.annotations import MODALITIES, EntityCard, EventView, QuoteView
from pipeline.web.article import ArticlePage, article_page
from pipeline.web.rendering import make_visible, page, policy
from pipeline.web.text_markup import BlockView, Label, Mark, TextSegment

__all__ = [
    "MODALITIES",
    "ArticlePage",
    "BlockView",
    "EntityCard",
    "EventView",
    "Label",
    "Mark",
    "QuoteView",
    "TextSegment",
    "article_html",
    "article_page",
    "make_visible",
    "page",
    "policy",
]


def article_html(article: ArticlePage) -> str:
    """Return the page of an article as self-contained HTML."""
    return page("article.html", page=article, modalities=MODALITIES)
