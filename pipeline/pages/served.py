"""The page of an article inside Newsroom."""

from pipeline.pages.article import ArticlePage
from pipeline.pages.events import MODALITIES
from pipeline.pages.rendering import page


def newsroom_article(article: ArticlePage, *, root: str) -> str:
    """Return the page of an article, with the way to the other pages of Newsroom, whose first is at ``root``."""
    return page("newsroom_article.html", page=article, modalities=MODALITIES, root=root)
