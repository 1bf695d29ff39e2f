"""The timeline of events, its counts and filters, and the places of events."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.events import list_events
from newslake.pipeline.addons.newsroom.queries.event_timeline import (
    PAGE_SIZE,
    PLACES,
    EventCount,
    EventCursor,
    EventFilter,
    view_events,
    view_places,
)
from newslake.pipeline.tables.spec import Row
from tests.unit.query.conftest import DAY, WriteRows

FIRST, LAST = date(2026, 2, 1), date(2026, 3, 31)


def _keys(letter: str) -> Row:
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    return {"article_id": letter * 32, "revision_id": letter * 16, "published_at": at}


def _event(letter: str, **columns: object) -> Row:
    cluster = {"event_cluster_id": f"{letter * 32}:0", "event_type": "CONSULT", "modality": "happened"}
    return {**_keys(letter), **cluster, "report_count": 1, "independent_count": 1, **columns}


@pytest.fixture
def events_lake(write_rows: WriteRows) -> Path:
    """A meeting in Tallinn with two reports, an undated protest, a planned visit to Oslo, and one of last year."""
    write_rows("articles", DAY, [{**_keys("a"), "title": "Talks", "publisher": "Echo", "fetched_at": DAY_AT}])
    meeting = {
        "event_date": date(2026, 3, 1),
        "event_date_precision": "day",
        "actors": ["Kestilä"],
        "place_text": "Tallinn",
    }
    clusters = [
        _event("a", **meeting, place_country="EST", actor_country="FIN", report_count=3, independent_count=2),
        _event("b", event_type="PROTEST", recipient_country="FIN"),
        _event("c", modality="planned", event_date=date(2026, 3, 20), place_country="NOR"),
        _event("d", event_date=date(2025, 7, 1)),
    ]
    write_rows("event_clusters", DAY, clusters)
    places = {
        "a": {"place_text": "Tallinn", "place_entity_id": "Q1770", "place_country": "EST"},
        "c": {"place_text": "Oslo", "place_entity_id": "Q585", "place_country": "NOR"},
    }
    at = {"a": (59.437, 24.754), "c": (59.913, 10.752)}
    events = [
        {**_keys(key), **place, "place_lat": at[key][0], "place_lon": at[key][1]} for key, place in places.items()
    ]
    write_rows("events", DAY, [*events, _keys("b")])
    members = [{**_keys(letter), "event_cluster_id": f"{letter * 32}:0"} for letter in "abcd"]
    return write_rows("event_cluster_members", DAY, members)


DAY_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_timeline_is_by_the_day_of_the_event(events_lake: Path) -> None:
    """The latest event comes first; an undated event has the day of its first report; other days are left out."""
    found = view_events(events_lake, EventFilter(first=FIRST, last=LAST))

    assert [(each.event_cluster_id[0], str(each.day)) for each in found.events] == [
        ("c", "2026-03-20"),
        ("b", "2026-03-02"),
        ("a", "2026-03-01"),
    ]
    [*_, meeting] = found.events
    assert (meeting.title, meeting.publisher, meeting.actors, meeting.place) == (
        "Talks",
        "Echo",
        ("Kestilä",),
        "Tallinn",
    )
    assert (found.event_count, found.dated_count, found.independent_count) == (3, 2, 4)


def test_counts_are_by_type_country_and_month(events_lake: Path) -> None:
    """An event counts once for each country of its place, actor and recipient, and in the month of its day."""
    found = view_events(events_lake, EventFilter(first=FIRST, last=LAST))

    assert found.by_type == (EventCount("CONSULT", 2), EventCount("PROTEST", 1))
    assert found.by_country == (EventCount("FIN", 2), EventCount("EST", 1), EventCount("NOR", 1))
    assert found.by_month == (EventCount("2026-03", 3),)
    assert found.by_modality == (EventCount("happened", 2), EventCount("planned", 1))
    assert (found.step, sum(each.count for each in found.over_time)) == ("day", 3)


@pytest.mark.parametrize(
    ("given", "letters"),
    [
        ({"event_type": "PROTEST"}, "b"),
        ({"modality": "planned"}, "c"),
        ({"country": "FIN"}, "ba"),
        ({"reports": 2}, "a"),
        ({"place": "Q585"}, "c"),
        ({"source": "elsewhere"}, ""),
        ({"first": date(2025, 6, 1), "last": date(2025, 8, 1)}, "d"),
    ],
)
def test_events_are_filtered(events_lake: Path, given: Row, letters: str) -> None:
    """Type, modality, country, reports, place, source and days each select."""
    found = view_events(events_lake, EventFilter(**{"first": FIRST, "last": LAST, **given}))

    assert "".join(each.event_cluster_id[0] for each in found.events) == letters


@pytest.mark.parametrize(("query", "letters"), [({}, "cb"), ({"confidence": "0.9"}, "c"), ({"confidence": "0"}, "cba")])
def test_unsure_events_are_left_out(write_rows: WriteRows, query: dict[str, str], letters: str) -> None:
    """Without a value in the query, events below 0.5 are left out; 0 shows all."""
    days = {letter: date(2026, 3, day) for letter, day in (("a", 1), ("b", 2), ("c", 3))}
    sure = {"a": 0.4, "b": 0.6, "c": 0.95}
    lake = write_rows(
        "event_clusters", DAY, [_event(each, event_date=days[each], confidence=sure[each]) for each in days]
    )

    found = list_events(lake, {"from": str(FIRST), "to": str(LAST), **query}, today=DAY)

    assert {each.event_cluster_id[0] for each in found.events} == {*letters}


def test_events_are_paged(write_rows: WriteRows) -> None:
    """Each event is on one page, also events of one day with equally many reports."""
    rows = [_event("a", event_cluster_id=f"{at:032x}:0", independent_count=at % 3) for at in range(2 * PAGE_SIZE + 7)]
    lake = write_rows("event_clusters", DAY, rows)
    seen: list[str] = []
    after = None
    while True:
        found = view_events(lake, EventFilter(first=FIRST, last=LAST), after=after)
        seen += [each.event_cluster_id for each in found.events]
        if not found.has_more:
            break
        end = found.events[-1]
        after = EventCursor(end.day, end.independent_count, end.event_cluster_id)

    assert sorted(seen) == sorted(row["event_cluster_id"] for row in rows)


def test_map_counts_events_by_place(events_lake: Path) -> None:
    """A place has the coordinates of its mentions and the number of its events; others have no known place."""
    found = view_places(events_lake, EventFilter(first=FIRST, last=LAST))

    assert [(each.name, each.latitude, each.event_count, each.independent_count) for each in found.places] == [
        ("Tallinn", 59.437, 1, 2),
        ("Oslo", 59.913, 1, 1),
    ]
    assert (found.event_count, found.placed_count) == (3, 2)


def test_map_has_the_largest_places(write_rows: WriteRows) -> None:
    """More places than a map shows are counted, and those with the most events are shown."""
    count = PLACES + 5
    keys = [{**_keys("a"), "event_index": at} for at in range(count + 1)]
    spots = [min(at, count - 1) for at in range(count + 1)]  # the last place has two events
    events = [
        {**key, "place_text": f"P{spot}", "place_entity_id": f"p{spot}", "place_lat": spot / 10, "place_lon": 0.0}
        for key, spot in zip(keys, spots, strict=True)
    ]
    write_rows("events", DAY, events)
    ids = [{**key, "event_cluster_id": f"{key['event_index']}"} for key in keys]
    write_rows("event_cluster_members", DAY, ids)
    lake = write_rows("event_clusters", DAY, [_event("a", **each) for each in ids])
    found = view_places(lake, EventFilter(first=DAY, last=DAY + timedelta(days=1)))

    assert (found.place_count, len(found.places), found.places[0].name) == (count, PLACES, f"P{count - 1}")
