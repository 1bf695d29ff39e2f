"""Publication and modification times of an article, and the method that read them.

``read_published`` is the entry point. Above it: the day visible on the page.
"""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Literal

from htmldate import find_date

from newslake.pipeline.clean.html import Tree
from newslake.pipeline.clean.jsonld import plain_text
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.metadata import HeadlineArea, VisibleText, is_elsewhere
from newslake.pipeline.clean.moments import (
    Moment,
    as_day,
    doubt_of,
    moment_at,
    parse_moment,
    with_zone,
    written_date,
)
from newslake.pipeline.clean.written_days import WrittenClock, written_clock, written_day
from newslake.pipeline.model import FieldMethod, Page
from newslake.pipeline.model.article import DateMethod

# The published day visible near the headline, for pages without a date in their markup.

_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NOT_PUBLISHED = re.compile(
    r"updat|modif|edited|chang|aktualis|geändert|actuali[sz]|mis[e]? à jour|aggiornat|atualizad|bijgewerkt|last|"
    r"uppdaterad|opdateret|oppdatert|päivitetty|aktualiz|обновл|fetched|retrieved|abgerufen|born|geboren|\*|©",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"date|datum|data\b|fecha|publi|posted|time|byline|meta|info", re.IGNORECASE)
_DATE_LINE_CHARS = 90
_CLOCK_CHARS = 16  # of a text that is only a time of day: "at 11:15 PM EDT"
_LINE_CHARS = 36  # of a line without a date class: enough for a name, a place and a time of day with the date


def visible_moment(area: HeadlineArea, *, is_month_first: bool) -> Moment | None:
    """Return the first day in a short line under the headline, else the nearest one above it, with its time of day.

    The time is in the same text, or is all of the next text under the same element or its parent.
    """
    texts, before = iter(area.texts), ""
    for shown in texts:
        day = _shown_day(shown, is_month_first=is_month_first)
        if day is not None:
            is_change = len(before) <= _CLOCK_CHARS and _NOT_PUBLISHED.search(before)
            return _moment_of(day, None if is_change else _shown_clock(shown, next(texts, None)))
        before = shown.text
    return None


def _moment_of(day: date, clock: WrittenClock | None) -> Moment:
    if clock is None:
        return moment_at(day.year, day.month, day.day)
    return moment_at(day.year, day.month, day.day, clock=clock.time, zone=clock.zone)


def _shown_clock(shown: VisibleText, following: VisibleText | None) -> WrittenClock | None:
    """Return the time of day in the text of a day, or in the following one if that has nothing else."""
    if clock := written_clock(shown.text):
        return clock
    if following is None or len(following.text) > _CLOCK_CHARS or _NOT_PUBLISHED.search(following.text):
        return None
    near = (shown.element, shown.element.getparent())
    is_near = following.element in near or following.element.getparent() in near
    return written_clock(following.text) if is_near else None


def _shown_day(shown: VisibleText, *, is_month_first: bool) -> date | None:
    room = _DATE_LINE_CHARS if _DATE_CLASS.search(shown.named) else _LINE_CHARS
    if len(shown.text) > room or not _HAS_YEAR.search(shown.text) or _NOT_PUBLISHED.search(shown.text):
        return None
    return None if is_elsewhere(shown) else written_day(shown.text, is_month_first=is_month_first)


# The publication time of a page, from all its evidence.

_OPENGRAPH = ("article:published_time", "og:article:published_time", "og:published_time", "article:published")
_META_PUBLISHED = (
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
_FETCH_SLACK = timedelta(minutes=10)  # the largest difference of two clocks that are both right
_PUBLISHED_CLASS = re.compile(r"publi|entry-date|post-date", re.IGNORECASE)
_TIME_CONTAINERS = (("header", "article"), ("article",), ("main",))  # in order of trust; each from the inside
_URL_DAY = re.compile(r"/((?:19|20)\d{2})[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|\D|$)")


Candidate = tuple[DateMethod, Moment]


@dataclass(frozen=True, slots=True)
class PublicationTime:
    """Publication and modification time of an article, the method that read them, and doubts as sorted ``flags``.

    ``modified`` is never before ``when``. ``conflict`` has the method and day of the date that is taken, and of one far
    from it; it is empty if the dates of the page agree.
    """

    when: datetime | None
    method: DateMethod
    precision: Literal["second", "day"] | None
    zone: str | None
    modified: datetime | None
    flags: tuple[str, ...]
    conflict: tuple[FieldMethod, ...] = ()


def read_published(markup: Markup, page: Page, *, area: HeadlineArea) -> PublicationTime:
    """Return the publication time from the first method with a possible date that the other methods do not refute.

    Order: JSON-LD, microdata, OpenGraph, meta, marked time element, URL, any time element, the listing's hint, the
    day visible near the headline, htmldate. The fetch time is only an upper bound. htmldate counts only if no other
    date is after the fetch, and its first day of a month only if the page has it in full. A time next to the day near
    the headline is that of the day. A time of day becomes a day, flagged, if the page gives no zone for it
    (``date_without_zone``) or if it is after the fetch (``time_after_fetch``). Dates that are days apart are flagged
    ``date_conflict``.
    """
    flags: set[str] = set()
    stated = tuple(_stated_candidates(markup))
    first = _first_possible(_candidates(markup, page, area, stated), page, flags)
    if first is None and "date_in_future" not in flags:  # with a wrong clock, a guess would find a third date
        first = _first_possible(_guesses(markup, page), page, flags)
    taken, rival = _settle(first, stated, markup, page, area) if first else (None, None)
    timed: tuple[DateMethod, Moment | None] = ("unknown", None)
    method, moment = _timed(taken, stated, markup, area) if taken else timed
    if moment is not None:
        if moment.precision == "second" and moment.when > page.fetched_at + _FETCH_SLACK:
            moment = as_day(moment)
            flags.add("time_after_fetch")
        if moment.clock is not None:
            flags.add("date_without_zone")
    if rival is not None:
        flags.add("date_conflict")
    return PublicationTime(
        when=moment.when if moment else None,
        method=method,
        precision=moment.precision if moment else None,
        zone=moment.zone if moment else None,
        modified=_modified_at(markup, page, published=moment),
        flags=tuple(sorted(flags)),
        conflict=_conflict(taken, rival) if taken and rival else (),
    )


def _first_possible(candidates: Iterable[Candidate], page: Page, flags: set[str]) -> Candidate | None:
    """Return the first candidate without a doubt; what makes the others doubtful is added to ``flags``."""
    for candidate in candidates:
        doubt = doubt_of(candidate[1], fetched_at=page.fetched_at)
        if doubt is None:
            return candidate
        flags.add(doubt)
    return None


def _candidates(markup: Markup, page: Page, area: HeadlineArea, stated: tuple[Candidate, ...]) -> Iterator[Candidate]:
    yield from stated
    yield from _url_days(page)
    yield from (("time", moment) for moment in _parse_all(_contained_times(markup.root)))
    if hinted := _hinted_moment(page):
        yield page.hints.date_method, hinted
    if shown := _shown_moment(markup, area):
        yield "shown", shown


def _guesses(markup: Markup, page: Page) -> Iterator[Candidate]:
    guess = _guess_moment(markup, page)
    if guess and not _is_completed(guess, markup):
        yield "htmldate", guess


def _shown_moment(markup: Markup, area: HeadlineArea) -> Moment | None:
    return visible_moment(area, is_month_first=_is_month_first(markup))


def _timed(taken: Candidate, stated: tuple[Candidate, ...], markup: Markup, area: HeadlineArea) -> Candidate:
    """Return a candidate with its zone. One that is only a day gets the time that the page shows next to the same day.

    Without a zone for that time it stays the day, with the shown time of day as its ``clock``.
    """
    method, first_moment = taken
    moment = with_zone(first_moment, _stated_moments(markup, stated), markup.root)
    if moment.precision != "day" or moment.clock is not None:
        return method, moment
    shown = _shown_moment(markup, area)
    if shown is None or written_date(shown) != written_date(moment):
        return method, moment
    timed = with_zone(shown, _stated_moments(markup, (taken, *stated)), markup.root)
    return ("shown", timed) if timed.precision == "second" else (method, replace(moment, clock=timed.clock))


def _is_month_first(markup: Markup) -> bool:
    return f"{markup.root.get('lang')} {markup.meta('og:locale')}".lower().replace("_", "-").find("en-us") >= 0


def _stated_candidates(markup: Markup) -> Iterator[Candidate]:
    yield from ((method, moment) for method, texts in _stated_dates(markup) for moment in _parse_all(texts))


def _stated_moments(markup: Markup, stated: Iterable[Candidate]) -> Iterator[Moment]:
    """Yield every time in the markup, publication times before modification times."""
    yield from (moment for _, moment in stated)
    yield from _parse_all(_contained_times(markup.root))
    yield from _parse_all(_modified_texts(markup))


def _parse_all(texts: Iterable[str]) -> Iterator[Moment]:
    return (moment for text in texts if (moment := parse_moment(text)) is not None)


def _stated_dates(markup: Markup) -> Iterator[tuple[DateMethod, Iterable[str]]]:
    nodes = (
        markup.story.node,
        *markup.data.articles[:1],
        *markup.data.of_type("WebPage", "VideoObject", "MediaObject")[:2],
    )
    yield (
        "jsonld",
        [plain_text(node.get(key)) for key in ("datePublished", "dateCreated", "uploadDate") for node in nodes],
    )
    yield "microdata", markup.properties["datePublished"][:1]
    yield "opengraph", markup.all_meta(*_OPENGRAPH)
    yield "meta", markup.all_meta(*_META_PUBLISHED)
    yield "time", islice(map(_time_text, filter(_is_publication, markup.root.iter("time"))), 1)


def _is_publication(time: Tree) -> bool:
    is_named = time.get("pubdate") is not None or "datePublished" in time.get("itemprop", "")
    return is_named or _PUBLISHED_CLASS.search(time.get("class", "")) is not None


def _contained_times(root: Tree) -> Iterator[str]:
    """Yield the first time in the header of an article, in an article, and in the main part of the page."""
    times = [time for time in root.iter("time") if time.get("datetime") is not None]
    for containers in _TIME_CONTAINERS:
        yield from islice((_time_text(time) for time in times if _is_within(time, containers)), 1)


def _is_within(element: Tree | None, containers: Iterable[str]) -> bool:
    for tag in containers:
        element = next(element.iterancestors(tag), None) if element is not None else None
    return element is not None


def _time_text(time: Tree) -> str:
    return time.get("datetime") or "".join(time.itertext())


def _url_days(page: Page) -> Iterator[Candidate]:
    """Yield the day in the URL, or the listing's hint if it has a time on the same day."""
    day, hinted = _url_day(page), _hinted_moment(page)
    if day and hinted and hinted.when.date() == day.when.date():
        yield page.hints.date_method, hinted
    elif day:
        yield "url", day


def _url_day(page: Page) -> Moment | None:
    match = _URL_DAY.search(page.final_url or page.url or "")
    return parse_moment("-".join(match.groups())) if match else None


def _hinted_moment(page: Page) -> Moment | None:
    when = page.hints.published_at
    return Moment(when.astimezone(UTC), page.hints.published_precision or "second") if when else None


def _guess_moment(markup: Markup, page: Page) -> Moment | None:
    guess = find_date(
        deepcopy(markup.root), original_date=True, extensive_search=True, max_date=page.fetched_at.date().isoformat()
    )
    return parse_moment(guess) if guess else None


def _is_completed(guess: Moment, markup: Markup) -> bool:
    """Return whether a guess is the first day of a month that the page does not have in full.

    htmldate completes a month or a year, such as that of a copyright line, with the first day.
    """
    day, is_month_first = guess.when.date(), _is_month_first(markup)
    days = (written_day(text, is_month_first=is_month_first) for text in _texts_with_days(markup.root))
    return day.day == 1 and all(each != day for each in days)


def _texts_with_days(root: Tree) -> Iterator[str]:
    """Yield the texts that a reader sees, and the values of meta and time elements."""
    for element in root.iter():
        text = "" if element.tag in ("script", "style") else element.text
        yield from filter(None, (text, element.tail, element.get("datetime"), element.get("content")))


def _modified_at(markup: Markup, page: Page, *, published: Moment | None) -> datetime | None:
    """Return the first modification time that is not before the publication.

    If only the published day is known, the written days are compared: "2031-05-03T00:30+05:00" is on 3 May, though its
    UTC time is before midnight UTC, the value of the day. Then the result is that midnight.
    """
    stated = _possible_modifications(markup, page)
    hinted = page.hints.modified_at
    times = (*stated, Moment(hinted, "second")) if hinted else stated
    later = (moment for moment in times if published is None or _is_not_before(moment, published))
    modified = next(later, None)
    return None if modified is None else max(modified.when, published.when) if published else modified.when


def _is_not_before(modified: Moment, published: Moment) -> bool:
    if published.precision == "day":
        return written_date(modified) >= written_date(published)
    return modified.when >= published.when


def _possible_modifications(markup: Markup, page: Page) -> Iterator[Moment]:
    moments = _parse_all(_modified_texts(markup))
    return (moment for moment in moments if doubt_of(moment, fetched_at=page.fetched_at) is None)


def _modified_texts(markup: Markup) -> tuple[str, ...]:
    return (markup.story.texts["dateModified"], *markup.all_meta(*_META_MODIFIED))


# Dates of one page that disagree.

_FAR = timedelta(days=3)  # more than time zones, and the days from a draft to its publication, explain
_WRONG_YEAR = timedelta(days=366)
# These are about the article. A time element may belong to another one, and is not evidence against them.
_OF_ARTICLE = ("jsonld", "microdata", "opengraph", "meta")
# These are often the time of the last edit or of another article: the day that readers see refutes them.
_WEAK_METHODS = ("meta", "time")


def _settle(
    first: Candidate, stated: tuple[Candidate, ...], markup: Markup, page: Page, area: HeadlineArea
) -> tuple[Candidate, Candidate | None]:
    """Return the candidate to take, and the one that it contradicts; None if the page's dates agree.

    The URL's day is the best witness, because it does not change with an edit. Then the listing, then for a meta
    tag or a time element the day near the headline.
    """
    possible = [each for each in stated if doubt_of(each[1], fetched_at=page.fetched_at) is None]
    day, hinted = _url_day(page), _hinted_moment(page)
    hint: tuple[Candidate, ...] = ((page.hints.date_method, hinted),) if hinted else ()
    if day and first[0] != "url" and _is_far(first[1], day) and doubt_of(day, fetched_at=page.fetched_at) is None:
        return _settle_with_url(first, ("url", day), [*possible, *hint])
    if hint and first[0] != hint[0][0] and _is_far(first[1], hint[0][1]):
        is_refuted = not _is_confirmed(first, possible) and _is_far(first[1], hint[0][1], by=_WRONG_YEAR)
        return (hint[0], first) if is_refuted else (first, hint[0])
    if first[0] in _WEAK_METHODS and (shown := _rival_day(first, markup, page, area)):
        is_refuted = first[0] == "meta" or _is_far(first[1], shown[1], by=_WRONG_YEAR)
        return (shown, first) if is_refuted else (first, shown)
    return first, next((each for each in possible if each[0] in _OF_ARTICLE and _is_far(first[1], each[1])), None)


def _settle_with_url(first: Candidate, url: Candidate, others: list[Candidate]) -> tuple[Candidate, Candidate]:
    """Return the winner and the loser: a date that agrees with the URL, else the URL's day.

    The URL loses to a date within a year of it that two methods give: it may contain the day of an event.
    """
    if agreeing := next((each for each in others if not _is_far(each[1], url[1])), None):
        return agreeing, first
    if _is_confirmed(first, others) and not _is_far(first[1], url[1], by=_WRONG_YEAR):
        return first, url
    return url, first


def _rival_day(first: Candidate, markup: Markup, page: Page, area: HeadlineArea) -> Candidate | None:
    """Return the day near the headline if it is far from a candidate, and is not that of a modification."""
    shown = _shown_moment(markup, area)
    if shown is None or not _is_far(first[1], shown) or doubt_of(shown, fetched_at=page.fetched_at):
        return None
    changes = _possible_modifications(markup, page)
    return None if any(not _is_far(each, shown) for each in changes) else ("shown", shown)


def _is_confirmed(first: Candidate, others: Iterable[Candidate]) -> bool:
    return any(each[0] != first[0] and not _is_far(each[1], first[1]) for each in others)


def _is_far(one: Moment, other: Moment, *, by: timedelta = _FAR) -> bool:
    return abs(written_date(one) - written_date(other)) > by


def _conflict(taken: Candidate, rival: Candidate) -> tuple[FieldMethod, ...]:
    """Return both dates for ``Article.field_methods``, each as its method and day: "url 2026-03-02"."""
    named = (("published_at", taken), ("published_at_conflict", rival))
    return tuple(FieldMethod(name, f"{method} {written_date(moment)}") for name, (method, moment) in named)
