"""The page of an article in Newsroom: that of `newslake show` with the bar, and links to people and organisations."""

from datetime import timedelta

from newslake.pipeline.addons.newsroom.rendering import page
from newslake.pipeline.show.annotations import MODALITIES, EntityCard
from newslake.pipeline.show.article import ArticlePage
from newslake.pipeline.show.rendering import entity_link

_AROUND = timedelta(days=15)  # of an article, on the page of a person whom it names


def newsroom_article(article: ArticlePage, *, root: str) -> str:
    """Return the page of an article with the navigation of Newsroom; ``root`` is the link to Newsroom's first page."""
    return page(
        "newsroom_article.html",
        page=article,
        modalities=MODALITIES,
        root=root,
        entity_links={each.cluster: href for each in article.entities if (href := _page_of(article, each, root))},
    )


def _page_of(article: ArticlePage, entity: EntityCard, root: str) -> str:
    """Return the link to the page of a person or organisation, on the days around the article; "" for others."""
    day = article.published_date
    days = {"from_": day - _AROUND, "to": day + _AROUND} if day else {}
    return entity_link(root, entity.list_path, entity.entity_id, **days) if entity.list_path else ""
