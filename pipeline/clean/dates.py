"""When an article was published and changed, and how we know."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from htmldate import find_date

from pipeline.clean.html import Markup
from pipeline.clean.jsonld import plain_text
from pipeline.clean.moments import Moment, doubt_of, parse_moment
from pipeline.clean.shown_date import visible_day
from pipeline.clean.zones import with_zone
from pipeline.model import Page
from pipeline.model.article import DateMethod

_OPENGRAPH = ("article:published_time", "og:article:published_time", "og:published_time", "article:published")
_META = (
    "datepublished", "date", "pubdate", "publishdate", "publish-date", "publish_date", "published", "publication_date",
    "date.created", "article.published", "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.created",
    "dc.date.created", "dcterms.date", "sailthru.date", "parsely-pub-date", "cxenseparse:recs:publishtime",
    "originalpublicationdate", "last-publication-date", "rnews:datepublished", "citation_publication_date",
    "displaydate",
    "prism.publicationdate", "og:release_date", "bt:pubdate", "timestamp", "created", "creation_date",
)  # fmt: skip
_META_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "dcterms.modified",
    "lastmod",
)
_MARKED_TIME = (
    "//time[@pubdate or contains(@itemprop, 'datePublished') or re:test(@class, 'publi|entry-date|post-date', 'i')]",
)
_ANY_TIME = (
    "//article//header//time[@datetime]",
    "//article//time[@datetime]",
    "//main//time[@datetime]",
)
_REGEXP = {"re": "http://exslt.org/regular-expressions"}
_URL_DAY = re.compile(r"/((?:19|20)\d{2})[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|\D|$)")


@dataclass(frozen=True, slots=True)
class PublicationTime:
    """When an article was published, by which method, and what to doubt. ``flags`` are sorted."""

    when: datetime | None
    method: DateMethod
    precision: Literal["second", "day"] | None
    zone: str | None
    modified: datetime | None
    flags: tuple[str, ...]


def read_published(markup: Markup, page: Page, *, title: str | None) -> PublicationTime:
    """Return the publication time by the first method whose date is possible.

    Order: JSON-LD, microdata, OpenGraph, meta, marked time element, URL, any time element, the listing's hint, the
    day shown beside the headline, htmldate. The time of the fetch only bounds it. A time of day whose zone the page
    does not show anywhere is kept as a day and flagged ``date_without_zone``.
    """
    flags: set[str] = set()
    method, found = _first_possible(_candidates(markup, page, title), page, flags)
    moment = with_zone(found, _stated_moments(markup), markup.root) if found else None
    if moment is not None and moment.clock is not None:
        flags.add("date_without_zone")
    return PublicationTime(
        when=moment.when if moment else None,
        method=method,
        precision=moment.precision if moment else None,
        zone=moment.zone if moment else None,
        modified=_modified_at(markup, page),
        flags=tuple(sorted(flags)),
    )


def _first_possible(
    candidates: Iterable[tuple[DateMethod, Moment]], page: Page, flags: set[str]
) -> tuple[DateMethod, Moment | None]:
    for method, moment in candidates:
        doubt = doubt_of(moment, fetched_at=page.fetched_at)
        if doubt is None:
            return method, moment
        flags.add(doubt)
    return "unknown", None


def _candidates(markup: Markup, page: Page, title: str | None) -> Iterator[tuple[DateMethod, Moment]]:
    yield from ((method, moment) for method, texts in _stated_dates(markup) for moment in _parse_all(texts))
    yield from _in_url(page)
    yield from (("time", moment) for moment in _parse_all(_time_elements(markup, _ANY_TIME)))
    if hinted := _hinted_moment(page):
        yield page.hints.date_method, hinted
    if shown := visible_day(markup.root, title=title, is_month_first=_is_month_first(markup)):
        yield "shown", Moment(datetime(shown.year, shown.month, shown.day, tzinfo=UTC), "day")
    if guess := _guess_moment(markup, page):
        yield "htmldate", guess


def _is_month_first(markup: Markup) -> bool:
    return f"{markup.root.get('lang')} {markup.meta('og:locale')}".lower().replace("_", "-").find("en-us") >= 0


def _stated_moments(markup: Markup) -> Iterator[Moment]:
    """Yield every time that the markup states, of publication first, then of change."""
    for _, texts in _stated_dates(markup):
        yield from _parse_all(texts)
    yield from _parse_all(_time_elements(markup, _ANY_TIME))
    yield from _parse_all((plain_text(markup.story.get("dateModified")), *markup.all_meta(*_META_MODIFIED)))


def _parse_all(texts: Iterable[str]) -> Iterator[Moment]:
    return (moment for text in texts if (moment := parse_moment(text)) is not None)


def _stated_dates(markup: Markup) -> Iterator[tuple[DateMethod, Iterable[str]]]:
    nodes = (
        markup.story,
        *markup.data.articles()[:1],
        *markup.data.of_type("WebPage", "VideoObject", "MediaObject")[:2],
    )
    yield (
        "jsonld",
        [plain_text(node.get(key)) for key in ("datePublished", "dateCreated", "uploadDate") for node in nodes],
    )
    yield "microdata", markup.properties("datePublished")[:1]
    yield "opengraph", markup.all_meta(*_OPENGRAPH)
    yield "meta", markup.all_meta(*_META)
    yield "time", _time_elements(markup, _MARKED_TIME)


def _time_elements(markup: Markup, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        elements = markup.root.xpath(path, namespaces=_REGEXP)
        if elements:
            yield elements[0].get("datetime") or "".join(elements[0].itertext())


def _in_url(page: Page) -> Iterator[tuple[DateMethod, Moment]]:
    """Yield the day that the URL names, but the listing's hint where that knows the time of the same day."""
    found = _URL_DAY.search(page.final_url or page.url or "")
    day = parse_moment("-".join(found.groups())) if found else None
    hinted = _hinted_moment(page)
    if day and hinted and hinted.when.date() == day.when.date():
        yield page.hints.date_method, hinted
    elif day:
        yield "url", day


def _hinted_moment(page: Page) -> Moment | None:
    when = page.hints.published_at
    return Moment(when.astimezone(UTC), page.hints.published_precision or "second") if when else None


def _guess_moment(markup: Markup, page: Page) -> Moment | None:
    found = find_date(
        deepcopy(markup.root), original_date=True, extensive_search=True, max_date=page.fetched_at.date().isoformat()
    )
    return parse_moment(found) if found else None


def _modified_at(markup: Markup, page: Page) -> datetime | None:
    texts = (plain_text(markup.story.get("dateModified")), *markup.all_meta(*_META_MODIFIED))
    moments = (moment for text in texts if (moment := parse_moment(text)))
    return next((m.when for m in moments if doubt_of(m, fetched_at=page.fetched_at) is None), page.hints.modified_at)
