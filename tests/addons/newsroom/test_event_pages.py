"""The pages of events: timeline, counts, map and table, and escaping of untrusted text."""

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.events import (
    event_map_page,
    events_page,
    list_events,
    list_places,
    parse_event_filter,
)
from newslake.pipeline.addons.newsroom.queries.event_timeline import EventFilter, EventMap, MapPlace
from newslake.pipeline.errors import ConfigError
from tests.unit.query.conftest import WriteRows, small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

DAY, TODAY = date(2026, 3, 2), date(2026, 3, 4)
HOSTILE = "<script>alert(1)</script>\"'\u202e"


def _links(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a [^>]*?href="([^"]*)"', html)]


def _timeline(lake: Path, **query: str) -> str:
    return events_page(list_events(lake, query, today=TODAY), query, root="")


def _place(name: str, latitude: float, longitude: float, events: int) -> MapPlace:
    return MapPlace("Q1", name, "EST", latitude, longitude, events, events, DAY)


def _map(*places: MapPlace) -> str:
    filters = EventFilter(first=DAY, last=DAY)
    count = sum(each.event_count for each in places)
    found = EventMap(filters=filters, event_count=count, placed_count=count, place_count=len(places), places=places)
    return event_map_page(found, root="../")


def test_events_have_dates_and_receipts(small_lake: Path):
    """An event has its type and actors, links to its place in an article and to why, and what is not so of most: a
    modality other than happened, a missing or another date, several reports."""
    html = _timeline(small_lake, **{"from": "2026-03-01", "to": "2026-03-31"})

    assert "<strong><bdi>Ada Okoro, Per Lindt</bdi></strong>" in html
    assert '<span class="event planned">planned</span> · <a' in html
    assert "1 independent report (and 1 duplicate) · " in html
    assert "undated · " in html
    assert '<span class="event happened">' not in html
    assert f"articles/{'c' * 32}#t1" in _links(html)
    assert f"why?url={'c' * 32}%3Aevents%3A0" in _links(html)


def test_counts_select_their_value(small_lake: Path):
    """Each count links to the timeline of its value; the filters stay."""
    links = _links(_timeline(small_lake, **{"from": "2026-03-01", "to": "2026-03-31", "modality": "happened"}))

    assert "events?event_type=OTHER&modality=happened&from=2026-03-01&to=2026-03-31" in links
    assert "events?country=PRT&modality=happened&from=2026-03-01&to=2026-03-31" in links
    assert "events?modality=happened&month=2026-03" in links
    assert "events/map?modality=happened&from=2026-03-01&to=2026-03-31" in links


def test_timeline_without_events_says_so(small_lake: Path):
    """An empty timeline has no bars, and says which days it is about."""
    html = _timeline(small_lake, month="2025-01")

    assert "No matching events: 2025-01-01 to 2025-01-31." in html
    assert "<rect" not in html


def test_map_has_circles_and_the_same_numbers():
    """A circle is at the place; its area is that of the number of events; the table has name, number and link."""
    html = _map(_place("Tallinn", 59.5, 24.75, 400), _place("Oslo", 60.0, 10.75, 100), _place("Quito", -0.25, -78.5, 1))

    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"><title>([^<]*)', html)
    assert circles == [
        ("409.5", "61.0", "22.0", "Tallinn: 400"),
        ("381.5", "60.0", "11.0", "Oslo: 100"),
        ("203.0", "180.5", "2.0", "Quito: 1"),
    ]
    assert '<td data-l="coordinates">0.25° S, 78.50° W</td><td class="number" data-l="events">1</td>' in html
    assert "../events?place=Q1&from=2026-03-02&to=2026-03-02" in _links(html)
    assert 'role="img" aria-label="World map of 3 places' in html


def test_map_draws_the_land_within_its_frame():
    """The land is one path without anything else, and covers all longitudes of the frame."""
    [path] = re.findall(r'<path class="land" d="([^"]*)"', _map())

    assert re.fullmatch(r"(?:M\d+ \d+l[-\d ]+z)+", path)
    starts = [int(x) for x in re.findall(r"M(\d+) ", path)]
    assert min(starts) < 100
    assert 600 < max(starts) <= 720


def test_places_outside_of_the_frame_are_only_in_the_table():
    """The South Pole is not on the map; the table has it."""
    html = _map(_place("South Pole", -90.0, 0.0, 1))

    assert "<circle" not in html
    assert "South Pole" in html


def test_texts_are_escaped(write_rows: WriteRows):
    """Markup and direction overrides in every text of an event are shown as text."""
    keys = {"article_id": "a" * 32, "revision_id": "a" * 16, "published_at": datetime(2026, 3, 2, tzinfo=UTC)}
    write_rows("articles", DAY, [{**keys, "title": HOSTILE, "publisher": HOSTILE, "fetched_at": keys["published_at"]}])
    where = {"place_text": HOSTILE, "place_country": HOSTILE}
    write_rows("events", DAY, [{**keys, **where, "place_entity_id": HOSTILE, "place_lat": 1.0, "place_lon": 1.0}])
    write_rows("event_cluster_members", DAY, [{**keys, "event_cluster_id": HOSTILE}])
    texts = {"actors": [HOSTILE], "recipients": [HOSTILE], "event_subtype": None, "event_type": "AID"}
    lake = write_rows("event_clusters", DAY, [{**keys, **where, **texts, "event_cluster_id": HOSTILE}])

    for html in (_timeline(lake), event_map_page(list_places(lake, {}, today=TODAY), root="../")):
        assert "<script" not in html
        assert "\u202e" not in html
        assert "[U+202E]" in html


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "March"},
        {"reports": "many"},
        {"reports": "-1"},
        {"from": "x"},
        {"confidence": "1.5"},
        {"confidence": "half"},
        {"confidence": "-1"},
    ],
)
def test_invalid_filters_are_refused(small_lake: Path, query: dict[str, str]):
    """An invalid month, number or date is an error that names the parameter."""
    with pytest.raises(ConfigError, match=next(iter(query))):
        parse_event_filter(small_lake, query, today=TODAY)


@pytest.mark.parametrize("after", ["x", "2026-03-02", "2026-03-02,many,a", ",1,a"])
def test_invalid_cursor_is_refused(small_lake: Path, after: str):
    """A value that is not a position in the timeline is an error that says what to do."""
    with pytest.raises(ConfigError, match="after="):
        list_events(small_lake, {"after": after}, today=TODAY)
