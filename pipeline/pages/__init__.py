"""What people look at: pages made on the server, of values, without a script and without a request to anywhere."""

from pipeline.pages.article import ArticlePage, article_page
from pipeline.pages.cast import Named
from pipeline.pages.drawn import ShownBlock
from pipeline.pages.events import MODALITIES, ShownEvent
from pipeline.pages.marks import Label, Mark, Piece
from pipeline.pages.quotes import ShownQuote
from pipeline.pages.rendering import page, policy
from pipeline.pages.visible import visible

__all__ = [
    "MODALITIES",
    "ArticlePage",
    "Label",
    "Mark",
    "Named",
    "Piece",
    "ShownBlock",
    "ShownEvent",
    "ShownQuote",
    "article_html",
    "article_page",
    "page",
    "policy",
    "visible",
]


def article_html(shown: ArticlePage) -> str:
    """Return the page of an article as one file that needs no other."""
    return page("article.html", page=shown, modalities=MODALITIES)
