"""What people look at: pages made on the server, of values, without a script and without a request to anywhere."""

from pipeline.pages.article import ArticlePage, article_page
from pipeline.pages.cast import EntityCard
from pipeline.pages.drawn import BlockView
from pipeline.pages.events import MODALITIES, EventView
from pipeline.pages.marks import Label, Mark, TextSegment
from pipeline.pages.quotes import QuoteView
from pipeline.pages.rendering import page, policy
from pipeline.pages.visible import make_visible

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
