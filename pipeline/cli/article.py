"""An article's page in the terminal."""

from pipeline.pages import ArticlePage


def print_article(page: ArticlePage) -> None:
    """Print a page."""
