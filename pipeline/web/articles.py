"""The list of articles, filtered, the newest first, fifty at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.query.articles import ArticleCursor, ArticleFilter, ArticleSummary, find_articles, last_day
from pipeline.web.rendering import UrlQuery, link, page, parse_period, parse_text

DAYS = 30  # that a list looks back where no days are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArticleRow:
    href: str
    title: str
    publisher: str
    published: str
    counts: str


def _parse_filters(query: UrlQuery, *, last: date) -> ArticleFilter:
    """Return which articles a query means, of the thirty days to ``last`` where it names none.

    Raises: ConfigError for what is no day, and for more days than a year has.
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


def _parse_cursor(query: UrlQuery) -> ArticleCursor | None:
    """Return the place that a list goes on behind, as ``after`` names it. Raises: ConfigError."""
    value = parse_text(query, "after")
    if value is None:
        return None
    at, _, article_id = value.rpartition(",")
    try:
        moment = datetime.fromisoformat(at)
        return ArticleCursor(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), article_id)
    except (ValueError, OverflowError) as error:
        counts_text = f"after={value} names no place in the list: begin again without it"
        raise ConfigError(counts_text, key="after") from error


def articles_page(lake: Path, query: UrlQuery, *, today: date, root: str) -> str:
    """Return the list of the articles that a query means, of the last days of the lake where it names none.

    Raises: ConfigError for days that are none, for more than a year has, and for a place that is none.
    """
    filters, cursor = _parse_filters(query, last=last_day(lake) or today), _parse_cursor(query)
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
        is_served=True,
        title="Articles",
        filters=filters,
        form={name: value or "" for name, value in form.items()},
        period=str(filters.first) if filters.first == filters.last else f"{filters.first} to {filters.last}",
        is_first=cursor is None,
        rows=[_article_row(each, root) for each in articles],
        more=link(root, "articles", **form, **days, after=after) if is_more else "",
        earlier=link(root, "articles", **form, from_=before - (filters.last - filters.first), to=before),
    )


def _article_row(articles: ArticleSummary, root: str) -> _ArticleRow:
    counts = [(articles.entity_count, "mentions"), (articles.quote_count, "quotes"), (articles.event_count, "events")]
    counts_text = ", ".join(f"{count:,} {noun}" for count, noun in counts if count is not None) or "not read"
    return _ArticleRow(
        href=link(root, f"articles/{articles.article_id}"),
        title=articles.title or "Without a title",
        publisher=articles.publisher or articles.source_key,
        published=f"{articles.published_at:%Y-%m-%d %H:%M}"
        if articles.published_at
        else f"{articles.published_date}, undated",
        counts=f"{articles.word_count:,} words, {counts_text}",
    )
