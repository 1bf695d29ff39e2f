"""The pages of people and organisations: a list of them, and one page for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newslake.pipeline.addons.newsroom.pages.bar_chart import build_bars
from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.newsroom.queries.people import (
    EntityCursor,
    EntityFilter,
    EntityKind,
    EntitySummary,
    EntityView,
    QuoteCursor,
    find_entities,
    view_entity,
)
from newslake.pipeline.addons.newsroom.rendering import MOST_DAYS, UrlQuery, page, parse_period, parse_text
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.show.rendering import entity_link, link
from newslake.pipeline.store.table_files import LakePlace

DAYS = 30  # the default period
_LONGEST_CURSOR = 100_000  # an id has 16 letters, but nothing in the tables may stop a list
PLURALS: dict[EntityKind, str] = {"person": "people", "organisation": "organisations"}
_LINK_METHODS = {
    "related": "a related article has the full name",
    "role": "the same role",
    "organisations": "the same organisations",
    "outlet": "the same outlet",
}
_GENDERS = {"F": "female", "M": "male"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityList:
    """One page of the list. ``after`` is the value of the parameter of that name for the next page; None at the end."""

    filters: EntityFilter
    rows: tuple[EntitySummary, ...]
    is_first: bool
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _QuoteRow:
    text: str
    kind: str
    role: str
    href: str
    why: str
    title: str
    publisher: str
    day: str
    note: str


def list_entities(lake: LakePlace, kind: EntityKind, query: UrlQuery, *, today: date) -> EntityList:
    """Return the people or organisations of a query; the default period is the last ``DAYS`` days of the lake.

    Raises: ConfigError for an invalid date, more than a year, or an invalid cursor.
    """
    first, last = parse_period(query, last=last_day(lake) or today, days=DAYS)
    filters = EntityFilter(
        kind=kind, first=first, last=last, name=parse_text(query, "name"), source=parse_text(query, "source")
    )
    cursor = _parse_cursor(query)
    rows, is_more = find_entities(lake, filters, after=cursor)
    after = f"{rows[-1].quote_count},{rows[-1].mention_count},{rows[-1].entity_id}" if is_more else None
    return EntityList(filters=filters, rows=rows, is_first=cursor is None, after=after)


def _parse_cursor(query: UrlQuery) -> EntityCursor | None:
    value = parse_text(query, "after", most=_LONGEST_CURSOR)
    if value is None:
        return None
    quotes, _, rest = value.partition(",")
    mentions, _, entity_id = rest.partition(",")
    if not (_is_count(quotes) and _is_count(mentions) and entity_id):
        raise ConfigError(f"after={value[:60]} is not a position in the list: remove it", key="after")
    return EntityCursor(int(quotes), int(mentions), entity_id)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def people_page(entities: EntityList, *, root: str, choices: Sequence[str] = ()) -> str:
    """Return the list of people or organisations as HTML. ``choices`` are the sources to choose from."""
    filters, path = entities.filters, PLURALS[entities.filters.kind]
    form = {"name": filters.name, "source": filters.source}
    days = {"from_": filters.first, "to": filters.last}
    longest = filters.last - timedelta(days=MOST_DAYS - 1)
    return page(
        "people.html",
        root=root,
        title=path.capitalize(),
        path=path,
        filters=filters,
        form={name: value or "" for name, value in form.items()},
        sources=list(dict.fromkeys((*choices, *filter(None, (filters.source,))))),
        period=describe_days(filters.first, filters.last),
        is_first=entities.is_first,
        kinds=[(name.capitalize(), link(root, name, **form, **days), name == path) for name in PLURALS.values()],
        rows=[(entity_link(root, path, each.entity_id, **days), each) for each in entities.rows],
        more=link(root, path, **form, **days, after=entities.after) if entities.after else "",
        longer="" if filters.first <= longest else link(root, path, **form, from_=longest, to=filters.last),
    )


def read_entity(
    lake: LakePlace, kind: EntityKind, entity_id: str, query: UrlQuery, *, today: date
) -> EntityView | None:
    """Return a person or organisation on the days of a query; None if no article of these days mentions it.

    The default are the last ``DAYS`` days of the lake, or the last year if these days do not mention it.
    Raises: ConfigError for invalid dates and an invalid cursor.
    """
    end, after = last_day(lake) or today, _parse_quote_cursor(query)
    first, last = parse_period(query, last=end, days=DAYS)
    entity = view_entity(lake, entity_id, kind, first=first, last=last, after=after)
    if entity is None and not any(parse_text(query, name) for name in ("day", "from", "to")):
        first, last = parse_period(query, last=end, days=MOST_DAYS)
        entity = view_entity(lake, entity_id, kind, first=first, last=last, after=after)
    return entity


def _parse_quote_cursor(query: UrlQuery) -> QuoteCursor | None:
    value = parse_text(query, "after")
    if value is None:
        return None
    day, article_id, number = [*value.split(",", 2), "", ""][:3]
    try:
        at = date.fromisoformat(day)
    except ValueError:
        at = None
    if at is None or not article_id or not _is_count(number) or int(number) >= 1 << 31:
        raise ConfigError(f"after={value} is not a position in the quotes: remove it", key="after")
    return QuoteCursor(at, article_id, int(number))


def entity_page(entity: EntityView, query: UrlQuery, *, root: str) -> str:
    """Return the page of a person or organisation as HTML. ``query`` is that of the request."""
    path, days = PLURALS[entity.kind], {"from_": entity.first, "to": entity.last}
    here = f"{path}/{entity.entity_id}"
    newest = entity.quotes[-1] if entity.has_more_quotes else None
    after = newest and f"{newest.published_date},{newest.article_id},{newest.quote_index}"
    bars = build_bars(entity.quotes_over_time, step=entity.step, noun="quote")
    return page(
        "entity.html",
        root=root,
        title=entity.name,
        entity=entity,
        here=link(root, here),
        period=describe_days(entity.first, entity.last),
        facts=_facts(entity),
        bars=bars,
        companions=[(entity_link(root, "people", each.entity_id, **days), each) for each in entity.companions],
        articles=[(link(root, f"articles/{each.article_id}"), each) for each in entity.articles],
        linked=[
            (link(root, f"articles/{each.article_id}"), each, _LINK_METHODS.get(each.method, each.method))
            for each in entity.linked_articles
        ],
        quotes=_quote_rows(entity, root),
        is_first=parse_text(query, "after") is None,
        more=link(root, here, **days, after=after) if after else "",
        all_articles=link(root, "articles", person=entity.name, **days) if entity.kind == "person" else "",
    )


def _facts(entity: EntityView) -> list[tuple[str, str]]:
    """Return the facts of an entity that have a value: pairs of name and text."""
    name_variants = ", ".join(f"{each.text} ({each.article_count:,})" for each in entity.name_variants)
    facts = [
        ("name in articles", name_variants),
        ("country", entity.country_code or ""),
        ("gender in the text", _GENDERS.get(entity.gender or "", "")),
        ("mentioned", describe_days(entity.first_mentioned, entity.last_mentioned)),
        ("Wikidata", entity.qid or ""),
        ("id", entity.entity_id),
    ]
    return [(name, text) for name, text in facts if text]


def _quote_rows(entity: EntityView, root: str) -> list[_QuoteRow]:
    return [
        _QuoteRow(
            text=each.text,
            kind=" ".join(filter(None, (each.quote_type, each.cue and f"“{each.cue}”"))),
            role=each.role or "",
            href=f"{link(root, f'articles/{each.article_id}')}#q{each.quote_index + 1}",
            why=link(root, "why", url=f"{each.article_id}:quotes:{each.quote_index}"),
            title=each.title or "Untitled",
            publisher=each.publisher,
            day=str(each.published_date),
            note="the article has only the surname" if each.is_linked else "",
        )
        for each in entity.quotes
    ]


def describe_days(first: date, last: date) -> str:
    """Return a period as text; a single day as that day."""
    return str(first) if first == last else f"{first} to {last}"
