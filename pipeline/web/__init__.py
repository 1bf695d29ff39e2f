"""Web pages, rendered from values, without requests to other servers; only the sheet of an audit has a script."""

from pipeline.web.annotations import MODALITIES, EntityCard, EventView, QuoteView
from pipeline.web.article import ArticlePage, article_page
from pipeline.web.audit_sheet import SheetRow, audit_sheet, build_sheet_row
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
    "SheetRow",
    "TextSegment",
    "article_html",
    "article_page",
    "audit_sheet",
    "build_sheet_row",
    "make_visible",
    "page",
    "policy",
]


def article_html(article: ArticlePage) -> str:
    """Return the page of an article as self-contained HTML."""
    return page("article.html", page=article, modalities=MODALITIES)
