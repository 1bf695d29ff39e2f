"""The timeline of events across articles, with counts by type, country and month; and their places for a map.

An event is a row of `event_clusters`: the same event in several articles. Its day is `event_date`, or the day of its
first report if no article dates it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from newslake.pipeline.addons.newsroom.queries.people import PeriodCount, PeriodStep, fill_periods, period_step
from newslake.pipeline.query.connection import Connection, connect, query
from newslake.pipeline.store.table_files import LakePlace

PAGE_SIZE = 50
REACH = timedelta(days=366)  # an event is listed if its first report is at most this far from the requested days
LEAST_CONFIDENCE = 0.5  # an event is more likely right than wrong, as in the saved questions
_MOST_COUNTS = 30  # rows of each list of counts
PLACES = 150  # of a map
# Read once; narrow, because a period may have many events.
_MATCHES = """\
CREATE TEMP TABLE matches AS
SELECT event_cluster_id, event_type, modality, event_date IS NOT NULL AS is_dated, published_date,
  coalesce(event_date, published_date) AS day, place_country, actor_country, recipient_country, independent_count
FROM event_clusters
WHERE coalesce(event_date, published_date) BETWEEN getvariable('first') AND getvariable('last'){conditions}"""
_CONDITIONS = {
    "event_type": "event_type = getvariable('event_type')",
    "modality": "modality = getvariable('modality')",
    "country": "(place_country = getvariable('country') OR actor_country = getvariable('country') "
    "OR recipient_country = getvariable('country'))",
    "reports": "independent_count >= getvariable('reports')",
    "confidence": "confidence >= getvariable('confidence')",
    "place": """event_cluster_id IN (
  SELECT m.event_cluster_id FROM event_cluster_members m JOIN events_stored e
    USING (article_id, revision_id, event_index)
  WHERE e.place_entity_id = getvariable('place'))""",
}
_SHOWN = """\
CREATE TEMP TABLE shown AS SELECT event_cluster_id, day, published_date FROM matches
WHERE getvariable('day') IS NULL OR (-epoch(day), -independent_count, event_cluster_id)
  > (-epoch(getvariable('day')::DATE), -getvariable('independent'), getvariable('id'))
ORDER BY day DESC, independent_count DESC, event_cluster_id LIMIT {limit}"""
# An event is under the day of its earliest article, so no article of it is before that day.
_EVENTS = """\
SELECT event_cluster_id, event_type, event_subtype, modality, event_date, event_date_end, event_date_precision,
  c.published_date, day, actors, recipients, place_text, place_country, report_count, independent_count, c.article_id,
  event_index, a.title, coalesce(a.publisher, a.source_key)
FROM shown JOIN event_clusters c USING (event_cluster_id)
LEFT JOIN articles_stored a ON a.article_id = c.article_id AND a.revision_id = c.revision_id AND a.published_date >= $1
WHERE c.published_date BETWEEN $1 AND $2
ORDER BY day DESC, independent_count DESC, event_cluster_id"""
_BY_TYPE = "SELECT event_type, count(*) AS n FROM matches GROUP BY ALL ORDER BY n DESC, event_type LIMIT {most}"
_BY_MODALITY = "SELECT modality, count(*) AS n FROM matches GROUP BY ALL ORDER BY n DESC, modality LIMIT {most}"
_BY_COUNTRY = """\
SELECT country, count(*) AS n FROM (
  SELECT unnest(list_distinct([place_country, actor_country, recipient_country])) AS country FROM matches
) WHERE country IS NOT NULL GROUP BY ALL ORDER BY n DESC, country LIMIT {most}"""
_BY_MONTH = """\
SELECT strftime(day, '%Y-%m') AS month, count(*) AS n FROM matches GROUP BY ALL ORDER BY month DESC LIMIT {most}"""
_OVER_TIME = "SELECT date_trunc('{step}', day)::DATE AS first, count(*) FROM matches GROUP BY ALL ORDER BY ALL"
_TOTALS = "SELECT count(*), count(*) FILTER (WHERE is_dated), coalesce(sum(independent_count), 0)::BIGINT FROM matches"
# The place of an event is that of its first mention with coordinates. Its name is the most frequent one; a dateline
# has it in capitals. A spot has few columns, because DuckDB copies it for each earlier mention.
_PLACES = """\
WITH mentions AS (
  SELECT article_id, revision_id, event_index, {'place_entity_id': place_entity_id, 'place_text': place_text,
    'place_country': place_country, 'place_lat': place_lat, 'place_lon': place_lon} AS spot
  FROM events_stored
  WHERE place_lat IS NOT NULL AND place_lon IS NOT NULL AND published_date >= getvariable('earliest')
),
placed AS (
  SELECT m.event_cluster_id, arg_min(spot, (m.published_date, m.article_id, m.event_index)) AS spot
  FROM mentions e JOIN event_cluster_members m USING (article_id, revision_id, event_index)
  WHERE m.event_cluster_id IN (SELECT event_cluster_id FROM matches) AND m.published_date >= getvariable('earliest')
  GROUP BY m.event_cluster_id
)
SELECT spot.place_entity_id AS place_id,
  coalesce(
    mode(spot.place_text) FILTER (WHERE spot.place_text <> upper(spot.place_text)), mode(spot.place_text)
  ) AS name,
  min(spot.place_country) AS country,
  spot.place_lat AS latitude, spot.place_lon AS longitude, count(*) AS events,
  sum(independent_count)::BIGINT AS reports,
  max(day) AS last_day
FROM placed JOIN matches USING (event_cluster_id)
GROUP BY place_id, latitude, longitude ORDER BY events DESC, reports DESC, name, place_id, latitude, longitude"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Events with their day from ``first`` to ``last``, and each other field that is not None.

    ``country`` is that of the place, an actor or a recipient, ISO 3166-1 alpha-3. ``reports`` is the smallest number of
    independent reports, ``confidence`` the lowest confidence. ``place`` is the `entity_id` of a place.
    """

    first: date
    last: date
    event_type: str | None = None
    country: str | None = None
    modality: str | None = None
    reports: int | None = None
    confidence: float = LEAST_CONFIDENCE
    place: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event with its fullest report. ``day`` is ``event_date``, else the day of the first report."""

    event_cluster_id: str
    event_type: str
    event_subtype: str | None
    modality: str
    event_date: date | None
    event_date_end: date | None
    event_date_precision: str
    first_reported: date
    day: date
    actors: tuple[str, ...]
    recipients: tuple[str, ...]
    place: str | None
    place_country: str | None
    report_count: int
    independent_count: int
    article_id: str
    event_index: int
    title: str | None
    publisher: str | None


@dataclass(frozen=True, slots=True)
class EventCount:
    """The number of events with a value: a type, a modality, a country or a month."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class EventCursor:
    """The last event of a page."""

    day: date
    independent_count: int
    event_cluster_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimeline:
    """A page of events, latest day first, and counts over all events of the filters.

    ``dated_count`` is the number of events with a known date. Each list of counts has at most 30 rows.
    """

    filters: EventFilter
    event_count: int
    dated_count: int
    independent_count: int
    by_type: tuple[EventCount, ...]
    by_modality: tuple[EventCount, ...]
    by_country: tuple[EventCount, ...]
    by_month: tuple[EventCount, ...]
    step: PeriodStep
    over_time: tuple[PeriodCount, ...]
    events: tuple[ReportedEvent, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A place with its coordinates in degrees, its events, their independent reports, and its last event's day."""

    place_id: str | None
    name: str | None
    country: str | None
    latitude: float
    longitude: float
    event_count: int
    independent_count: int
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMap:
    """The places with the most events, at most ``PLACES``. ``placed_count`` events have coordinates."""

    filters: EventFilter
    event_count: int
    placed_count: int
    place_count: int
    places: tuple[MapPlace, ...]


def view_events(lake: LakePlace, filters: EventFilter, *, after: EventCursor | None = None) -> EventTimeline:
    """Return the next ``PAGE_SIZE`` events after a cursor, and the counts of all of them."""
    step = period_step(filters.first, filters.last)
    with _connect(lake, filters) as connection:
        [[count, dated, independent]] = query(connection, _TOTALS).rows
        over_time = [PeriodCount(*row) for row in query(connection, _OVER_TIME.format(step=step)).rows]  # type: ignore[arg-type]
        events = _events(connection, after)
        by_type, by_modality, by_country, by_month = (
            tuple(EventCount(*row) for row in query(connection, sql.format(most=_MOST_COUNTS)).rows)  # type: ignore[arg-type]
            for sql in (_BY_TYPE, _BY_MODALITY, _BY_COUNTRY, _BY_MONTH)
        )
        return EventTimeline(
            filters=filters,
            event_count=count,  # type: ignore[arg-type]
            dated_count=dated,  # type: ignore[arg-type]
            independent_count=independent,  # type: ignore[arg-type]
            by_type=by_type,
            by_modality=by_modality,
            by_country=by_country,
            by_month=by_month,
            step=step,
            over_time=fill_periods(over_time, first=filters.first, last=filters.last, step=step),
            events=events[:PAGE_SIZE],
            has_more=len(events) > PAGE_SIZE,
        )


def _events(connection: Connection, after: EventCursor | None) -> tuple[ReportedEvent, ...]:
    """Return the next ``PAGE_SIZE`` events after a cursor, and one more if there is one."""
    if after is not None:
        variables = {"day": after.day, "independent": after.independent_count, "id": after.event_cluster_id}
        _set_variables(connection, variables)
    connection.execute(_SHOWN.format(limit=PAGE_SIZE + 1))
    days = connection.execute("SELECT min(published_date), max(published_date) FROM shown").fetchall()[0]
    rows = connection.execute(_EVENTS, [*days]).fetchall() if days[0] else []
    return tuple(_event(row) for row in rows)


def view_places(lake: LakePlace, filters: EventFilter) -> EventMap:
    """Return the places of the events of a filter."""
    with _connect(lake, filters) as connection:
        [[count, *_]] = query(connection, _TOTALS).rows
        # No article of these events is before their days.
        [earliest] = query(connection, "SELECT min(published_date) FROM matches").rows[0]
        _set_variables(connection, {"earliest": earliest})
        places = [MapPlace(*row) for row in query(connection, _PLACES).rows]  # type: ignore[arg-type]
        return EventMap(
            filters=filters,
            event_count=count,  # type: ignore[arg-type]
            placed_count=sum(each.event_count for each in places),
            place_count=len(places),
            places=tuple(places[:PLACES]),
        )


def _connect(lake: LakePlace, filters: EventFilter) -> Connection:
    """Return a connection with the table ``matches`` of the events of a filter."""
    variables = {name: getattr(filters, name) for name in ("first", "last", *_CONDITIONS)}
    since, until = filters.first - REACH, filters.last + REACH
    connection = connect(lake, since=since, until=until, source=filters.source)
    _set_variables(connection, variables)
    conditions = "".join(f"\n  AND {sql}" for sql in _conditions(filters))
    connection.execute(_MATCHES.format(conditions=conditions))
    return connection


def _conditions(filters: EventFilter) -> Iterator[str]:
    yield from (sql for name, sql in _CONDITIONS.items() if getattr(filters, name) is not None)


def _set_variables(connection: Connection, variables: dict[str, object]) -> None:
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def _event(row: tuple[object, ...]) -> ReportedEvent:
    return ReportedEvent(*(tuple(value) if isinstance(value, list) else value for value in row))  # type: ignore[arg-type]
