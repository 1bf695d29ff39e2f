"""The list of articles, filtered, the newest first, fifty at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.ask.articles import FoundArticle, Place, Wanted, find_articles, last_day
from pipeline.errors import ConfigError
from pipeline.pages.asked import Query, period_asked, text_asked
from pipeline.pages.links import link
from pipeline.pages.rendering import page

DAYS = 30  # that a list looks back where no days are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    href: str
    title: str
    publisher: str
    published: str
    counts: str


def _wanted(query: Query, *, last: date) -> Wanted:
    """Return which articles a query means, of the thirty days to ``last`` where it names none.

    Raises: ConfigError for what is no day, and for more days than a year has.
    """
    first, end = period_asked(query, last=last, days=DAYS)
    event_type = text_asked(query, "event_type")
    return Wanted(
        first=first,
        last=end,
        source=text_asked(query, "source"),
        person=text_asked(query, "person"),
        event_type=event_type and event_type.upper(),
        text=text_asked(query, "text"),
    )


def _place(query: Query) -> Place | None:
    """Return the place that a list goes on behind, as ``after`` names it. Raises: ConfigError."""
    value = text_asked(query, "after")
    if value is None:
        return None
    at, _, article_id = value.rpartition(",")
    try:
        moment = datetime.fromisoformat(at)
        return Place(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), article_id)
    except (ValueError, OverflowError) as error:
        told = f"after={value} names no place in the list: begin again without it"
        raise ConfigError(told, key="after") from error


def articles_page(lake: Path, query: Query, *, today: date, root: str) -> str:
    """Return the list of the articles that a query means, of the last days of the lake where it names none.

    Raises: ConfigError for days that are none, for more than a year has, and for a place that is none.
    """
    wanted, place = _wanted(query, last=last_day(lake) or today), _place(query)
    found, is_more = find_articles(lake, wanted, after=place)
    asked: dict[str, object] = {
        "source": wanted.source,
        "person": wanted.person,
        "event_type": wanted.event_type,
        "text": wanted.text,
    }
    days = {"from_": wanted.first, "to": wanted.last}
    after = f"{found[-1].listed_at.isoformat()},{found[-1].article_id}" if is_more else None
    before = wanted.first - timedelta(days=1)
    return page(
        "articles.html",
        root=root,
        is_served=True,
        title="Articles",
        wanted=wanted,
        asked={name: value or "" for name, value in asked.items()},
        period=str(wanted.first) if wanted.first == wanted.last else f"{wanted.first} to {wanted.last}",
        is_first=place is None,
        rows=[_row(each, root) for each in found],
        more=link(root, "articles", **asked, **days, after=after) if is_more else "",
        earlier=link(root, "articles", **asked, from_=before - (wanted.last - wanted.first), to=before),
    )


def _row(found: FoundArticle, root: str) -> _Row:
    counts = [(found.entity_count, "mentions"), (found.quote_count, "quotes"), (found.event_count, "events")]
    told = ", ".join(f"{count:,} {noun}" for count, noun in counts if count is not None) or "not read"
    return _Row(
        href=link(root, f"articles/{found.article_id}"),
        title=found.title or "Without a title",
        publisher=found.publisher or found.source_key,
        published=f"{found.published_at:%Y-%m-%d %H:%M}" if found.published_at else f"{found.published_date}, undated",
        counts=f"{found.word_count:,} words, {told}",
    )
