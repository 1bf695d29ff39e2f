"""The page with the list of articles: filtered, newest first, 50 per page."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from newslake.pipeline.addons.newsroom.queries.articles import (
    ArticleCursor,
    ArticleFilter,
    ArticleSummary,
    FilterChoices,
    filter_choices,
    find_articles,
    last_day,
)
from newslake.pipeline.addons.newsroom.rendering import UrlQuery, page, parse_period, parse_text
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.show.rendering import link
from newslake.pipeline.store.table_files import LakePlace

DAYS = 30  # the default period of the list


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArticleRow:
    """One article of the list. ``counts`` has the number and label of each column, only words if it is not read."""

    href: str
    title: str
    publisher: str
    published: str
    counts: tuple[tuple[str, str], ...]
    is_read: bool


def parse_article_filter(query: UrlQuery, *, last: date) -> ArticleFilter:
    """Return the filters of a query; the default period is the ``DAYS`` days to ``last``.

    Raises: ConfigError for an invalid date and for more than a year.
    """
    first, end = parse_period(query, last=last, days=DAYS)
    event_type = parse_text(query, "event_type")
    return ArticleFilter(
        first=first,
        last=end,
        source=parse_text(query, "source"),
        person=parse_text(query, "person"),
        event_type=event_type and event_type.upper(),
        text=parse_text(query, "text"),
    )


def parse_article_cursor(query: UrlQuery) -> ArticleCursor | None:
    """Return the cursor after which the list continues, from ``after``. Raises: ConfigError."""
    value = parse_text(query, "after")
    if value is None:
        return None
    at, _, article_id = value.rpartition(",")
    try:
        moment = datetime.fromisoformat(at)
        return ArticleCursor(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), article_id)
    except (ValueError, OverflowError) as error:
        message = f"after={value} is not a position in the list: remove it"
        raise ConfigError(message, key="after") from error


def articles_page(lake: LakePlace, query: UrlQuery, *, today: date, root: str) -> str:
    """Return the list of articles for a query; the default period is the last ``DAYS`` days of the lake.

    Raises: ConfigError for an invalid date, more than a year, or an invalid cursor.
    """
    filters, cursor = parse_article_filter(query, last=last_day(lake) or today), parse_article_cursor(query)
    articles, is_more = find_articles(lake, filters, after=cursor)
    form: dict[str, object] = {
        "source": filters.source,
        "person": filters.person,
        "event_type": filters.event_type,
        "text": filters.text,
    }
    days = {"from_": filters.first, "to": filters.last}
    after = f"{articles[-1].listed_at.isoformat()},{articles[-1].article_id}" if is_more else None
    before = filters.first - timedelta(days=1)
    return page(
        "articles.html",
        root=root,
        title="Articles",
        filters=filters,
        form={name: value or "" for name, value in form.items()},
        choices=_choices(lake, filters),
        period=str(filters.first) if filters.first == filters.last else f"{filters.first} to {filters.last}",
        is_first=cursor is None,
        rows=[_article_row(each, root) for each in articles],
        more=link(root, "articles", **form, **days, after=after) if is_more else "",
        earlier=link(root, "articles", **form, from_=before - (filters.last - filters.first), to=before),
    )


def _choices(lake: LakePlace, filters: ArticleFilter) -> FilterChoices:
    """Return what the lists of the filter offer; the requested source and event type are always among them."""
    offered = filter_choices(lake, first=filters.first, last=filters.last)
    return replace(
        offered,
        sources=tuple(sorted({*offered.sources, *filter(None, [filters.source])})),
        event_types=tuple(sorted({*offered.event_types, *filter(None, [filters.event_type])})),
    )


def _article_row(article: ArticleSummary, root: str) -> _ArticleRow:
    counts = [
        (article.word_count, "words"),
        (article.entity_count, "mentions"),
        (article.quote_count, "quotes"),
        (article.event_count, "events"),
    ]
    day = article.published_date
    return _ArticleRow(
        href=link(root, f"articles/{article.article_id}"),
        title=article.title or "Untitled",
        publisher=article.publisher or article.source_key,
        published=f"{article.published_at:%Y-%m-%d %H:%M}" if article.published_at else f"{day}, undated",
        counts=tuple((f"{number:,}", label) for number, label in counts if number is not None),
        is_read=article.entity_count is not None,
    )
