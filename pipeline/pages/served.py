"""The page of an article inside Newsroom."""

from pipeline.pages.article import ArticlePage
from pipeline.pages.events import MODALITIES
from pipeline.pages.rendering import page


def served_article(shown: ArticlePage, *, root: str) -> str:
    """Return the page of an article, with the way to the other pages of Newsroom, whose first is at ``root``."""
    return page("newsroom_article.html", page=shown, modalities=MODALITIES, root=root)
