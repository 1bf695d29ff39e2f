"""The pages of events: the timeline with its counts, and the map of places with the same numbers as a table."""

import math
import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from newslake.pipeline.addons.newsroom.pages.bar_chart import build_bars
from newslake.pipeline.addons.newsroom.pages.people import describe_days
from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.newsroom.queries.event_timeline import (
    LEAST_CONFIDENCE,
    EventCount,
    EventCursor,
    EventFilter,
    EventMap,
    EventTimeline,
    MapPlace,
    ReportedEvent,
    view_events,
    view_places,
)
from newslake.pipeline.addons.newsroom.rendering import UrlQuery, page, parse_period, parse_text
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize
from newslake.pipeline.show.rendering import link
from newslake.pipeline.store.table_files import LakePlace
from newslake.pipeline.tables import TABLE_SPECS

DAYS = 30  # the default period
# The map: equirectangular, in units of the path of the land (scripts/build_world.py), between these latitudes.
UNITS_PER_DEGREE = 2
NORTH, SOUTH = 84.0, -58.0
_LARGEST = 22.0  # radius of the place with the most events, but only from this number of events on:
_LARGE = 25
_SMALLEST = 2.0
_SHARE = re.compile(r"[01](\.[0-9]{1,6})?", re.ASCII)
_FORM = ("event_type", "country", "modality", "reports", "confidence", "place", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventRow:
    kind: str
    modality: str
    exceptions: tuple[str, ...]
    who: str
    place: str
    href: str
    why: str
    title: str
    publisher: str


@dataclass(frozen=True, slots=True)
class _Circle:
    """A place on the map: centre and radius in units of the picture."""

    x: float
    y: float
    radius: float
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlaceRow:
    href: str
    name: str
    country: str
    coordinates: str
    events: str
    reports: str
    last_day: str


def parse_event_filter(lake: LakePlace, query: UrlQuery, *, today: date) -> EventFilter:
    """Return the filter of a query; the default period is the last ``DAYS`` days of the lake.

    Raises: ConfigError for an invalid date, month or number, and for more than a year.
    """
    month = parse_text(query, "month")
    first, last = _days_of(month) if month else parse_period(query, last=last_day(lake) or today, days=DAYS)
    event_type, country = parse_text(query, "event_type"), parse_text(query, "country")
    return EventFilter(
        first=first,
        last=last,
        event_type=event_type and event_type.upper(),
        country=country and country.upper(),
        modality=parse_text(query, "modality"),
        reports=_parse_reports(query),
        confidence=_parse_confidence(query),
        place=parse_text(query, "place"),
        source=parse_text(query, "source"),
    )


def _days_of(month: str) -> tuple[date, date]:
    """Return the first and last day of a month. Raises: ConfigError."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ConfigError(f"month={month} is not a valid month (YYYY-MM)", key="month") from error
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return parse_period({"from": str(first), "to": str(last)}, last=last, days=1)


def _parse_reports(query: UrlQuery) -> int | None:
    value = parse_text(query, "reports")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ConfigError(f"reports={value} is not a number of reports", key="reports")
    return int(value)


def _parse_confidence(query: UrlQuery) -> float:
    value = parse_text(query, "confidence")
    if value is None:
        return LEAST_CONFIDENCE
    if not (_SHARE.fullmatch(value) and 0 <= float(value) <= 1):
        raise ConfigError(f"confidence={value} is not a number from 0 to 1", key="confidence")
    return float(value)


def list_events(lake: LakePlace, query: UrlQuery, *, today: date) -> EventTimeline:
    """Return the timeline of a query. Raises: ConfigError for invalid values and an invalid cursor."""
    return view_events(lake, parse_event_filter(lake, query, today=today), after=_parse_cursor(query))


def _parse_cursor(query: UrlQuery) -> EventCursor | None:
    value = parse_text(query, "after", most=100_000)
    if value is None:
        return None
    day, reports, event_cluster_id = [*value.split(",", 2), "", ""][:3]
    try:
        return EventCursor(date.fromisoformat(day), int(reports), event_cluster_id)
    except ValueError as error:
        raise ConfigError(f"after={value[:60]} is not a position in the list: remove it", key="after") from error


def events_page(timeline: EventTimeline, query: UrlQuery, *, root: str, choices: Sequence[str] = ()) -> str:
    """Return the timeline as HTML. ``query`` is that of the request; ``choices`` are the sources to choose from."""
    filters = timeline.filters
    form, days = _form(filters), {"from_": filters.first, "to": filters.last}
    end = timeline.events[-1] if timeline.has_more else None
    after = end and f"{end.day},{end.independent_count},{end.event_cluster_id}"
    return page(
        "events.html",
        root=root,
        title="Events",
        **_filter_values(filters, root, choices, here="events", countries=[each.value for each in timeline.by_country]),
        timeline=timeline,
        bars=build_bars(timeline.over_time, step=timeline.step, noun="event"),
        counts=[
            ("Type", _count_links(timeline.by_type, root, form | days, "event_type")),
            ("Modality", _count_links(timeline.by_modality, root, form | days, "modality")),
            ("Country", _count_links(timeline.by_country, root, form | days, "country")),
            ("Month", _count_links(timeline.by_month, root, form, "month")),
        ],
        groups=_by_day(timeline.events, root),
        is_first=parse_text(query, "after", most=100_000) is None,
        more=link(root, "events", **form, **days, after=after) if after else "",
    )


def _form(filters: EventFilter) -> dict[str, object]:
    """Return the values of the form; None for the usual confidence, which no link repeats."""
    values = {name: getattr(filters, name) for name in _FORM}
    return values | {"confidence": None if filters.confidence == LEAST_CONFIDENCE else filters.confidence}


def _values(column: str) -> tuple[str, ...]:
    [values] = [each.values for each in TABLE_SPECS["event_clusters"].columns if each.name == column]
    return tuple(values or ())


def _filter_values(
    filters: EventFilter, root: str, choices: Sequence[str], *, here: str, countries: Sequence[str]
) -> dict[str, Any]:
    """Return what timeline and map share: links between them, the form, what its lists offer, and the period."""
    form = _form(filters)
    pages = (("Timeline", "events"), ("Map", "events/map"))
    days = {"from_": filters.first, "to": filters.last}
    return {
        "places": [(name, link(root, path, **form, **days), path == here) for name, path in pages],
        "filters": filters,
        "form": {name: "" if value is None else value for name, value in form.items()},
        "types": _values("event_type"),
        "modalities": _values("modality"),
        "countries": countries,
        "sources": list(dict.fromkeys((*choices, *filter(None, (filters.source,))))),
        "period": describe_days(filters.first, filters.last),
    }


def _count_links(
    counts: Iterable[EventCount], root: str, form: dict[str, object], name: str
) -> list[tuple[str, str, str]]:
    """Return value, number and link of each count; the link selects the value."""
    return [(each.value, f"{each.count:,}", link(root, "events", **(form | {name: each.value}))) for each in counts]


def _by_day(events: Iterable[ReportedEvent], root: str) -> list[tuple[str, list[_EventRow]]]:
    """Return the events of each day, in their order."""
    groups: dict[date, list[_EventRow]] = {}
    for each in events:
        groups.setdefault(each.day, []).append(_event_row(each, root))
    return [(f"{day:%A} {day}", rows) for day, rows in groups.items()]


def _exceptions(event: ReportedEvent) -> tuple[str, ...]:
    """Return what is not so of most events: a date other than the day of its group, and more than one report."""
    copies = event.report_count - event.independent_count
    duplicates = f" (and {pluralize(copies, 'duplicate')})" if copies > 0 else ""
    reports = f"{pluralize(event.independent_count, 'independent report')}{duplicates}"
    date_text = "undated" if event.event_date is None else describe_date(event)
    is_usual = event.independent_count <= 1 and copies <= 0
    return tuple(filter(None, (date_text if date_text != str(event.day) else "", "" if is_usual else reports)))


def _event_row(event: ReportedEvent, root: str) -> _EventRow:
    who = " → ".join(filter(None, (", ".join(event.actors), ", ".join(event.recipients))))
    article = link(root, f"articles/{event.article_id}")
    return _EventRow(
        kind=" ".join(filter(None, (event.event_type, event.event_subtype))),
        modality=event.modality,
        exceptions=_exceptions(event),
        who=who or "no actor named",
        place=", ".join(filter(None, (event.place, event.place_country))),
        href=f"{article}#t{event.event_index + 1}",
        why=link(root, "why", url=f"{event.article_id}:events:{event.event_index}"),
        title=event.title or "Untitled",
        publisher=event.publisher or "",
    )


def describe_date(event: ReportedEvent) -> str:
    """Return the date of an event as exactly as the articles give it; without one, the day of the first report."""
    first, last = event.event_date, event.event_date_end
    if first is None:
        return f"undated, reported {event.first_reported}"
    if event.event_date_precision in ("day", "unknown"):
        return describe_days(first, last or first)
    return f"{event.event_date_precision} {describe_days(first, last or first)}"


def list_places(lake: LakePlace, query: UrlQuery, *, today: date) -> EventMap:
    """Return the map of a query. Raises: ConfigError for invalid values."""
    return view_places(lake, parse_event_filter(lake, query, today=today))


def event_map_page(event_map: EventMap, *, root: str, choices: Sequence[str] = ()) -> str:
    """Return the map as HTML: the land, a circle per place, and a table with the same numbers.

    ``choices`` are the sources to choose from.
    """
    filters = event_map.filters
    form, days = _form(filters), {"from_": filters.first, "to": filters.last}
    most = max((_LARGE, *(each.event_count for each in event_map.places)))
    countries = sorted({each.country for each in event_map.places if each.country})
    top, height = (90 - NORTH) * UNITS_PER_DEGREE, (NORTH - SOUTH) * UNITS_PER_DEGREE
    return page(
        "event_map.html",
        root=root,
        title="Map of events",
        **_filter_values(filters, root, choices, here="events/map", countries=countries),
        event_map=event_map,
        view_box=f"0 {top:g} {360 * UNITS_PER_DEGREE} {height:g}",
        circles=[_circle(each, most) for each in event_map.places if _is_on_map(each)],
        rows=[_place_row(each, root, form | days) for each in event_map.places],
    )


def _is_on_map(place: MapPlace) -> bool:
    return SOUTH <= place.latitude <= NORTH and -180 <= place.longitude <= 180


def _circle(place: MapPlace, most: int) -> _Circle:
    """Return the circle of a place; its area is proportional to the number of events, but not below a visible size."""
    return _Circle(
        x=round((place.longitude + 180) * UNITS_PER_DEGREE, 1),
        y=round((90 - place.latitude) * UNITS_PER_DEGREE, 1),
        radius=round(max(_SMALLEST, _LARGEST * math.sqrt(place.event_count / most)), 1),
        description=f"{place.name or 'unnamed place'}: {place.event_count:,}",
    )


def _place_row(place: MapPlace, root: str, form: dict[str, object]) -> _PlaceRow:
    north, east = place.latitude, place.longitude
    return _PlaceRow(
        href=link(root, "events", **(form | {"place": place.place_id})) if place.place_id else "",
        name=place.name or "unnamed place",
        country=place.country or "",
        coordinates=f"{abs(north):.2f}° {'N' if north >= 0 else 'S'}, {abs(east):.2f}° {'E' if east >= 0 else 'W'}",
        events=f"{place.event_count:,}",
        reports=f"{place.independent_count:,}",
        last_day=str(place.last_day),
    )
