"""What people look at: pages made on the server, of values, without a script and without a request to anywhere."""

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
    """Return the page of an article as one file that needs no other."""
    return page("article.html", page=article, modalities=MODALITIES)
