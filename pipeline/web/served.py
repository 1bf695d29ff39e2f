"""The page of an article inside Newsroom."""

from pipeline.web.article import ArticlePage
from pipeline.web.events import MODALITIES
from pipeline.web.rendering import page


def newsroom_article(article: ArticlePage, *, root: str) -> str:
    """Return the page of an article, with the way to the other pages of Newsroom, whose first is at ``root``."""
    return page("newsroom_article.html", page=article, modalities=MODALITIES, root=root)
