"""Lists and pages of people and organisations: who is counted, under which name, and with which receipts."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.queries.people import (
    QUOTES,
    EntityCursor,
    EntityFilter,
    PeriodCount,
    QuoteCursor,
    fill_periods,
    find_entities,
    period_step,
    view_entity,
)
from newslake.pipeline.tables.spec import Row
from tests.unit.query.conftest import DAY, NEXT_DAY, WriteRows

DAYS = {"first": DAY, "last": NEXT_DAY}
FULL, SURNAME = "e-gareth-pell", "e-pell"


def _keys(letter: str, day: date = DAY) -> Row:
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    return {"article_id": letter * 32, "revision_id": letter * 16, "published_at": at}


def _mention(letter: str, name: str, entity_id: str, **columns: object) -> Row:
    fixed = {"entity_type": "PERSON", "mention_kind": "name", "entity_text": name, "entity_name": name}
    return {**_keys(letter), **fixed, "entity_id": entity_id, "cluster_index": 0, **columns}


def _quote(letter: str, index: int, entity_id: str, **columns: object) -> Row:
    spoken = {"speaker_kind": "person", "speaker_entity_id": entity_id, "speaker_cluster_index": 0}
    return {**_keys(letter), "quote_index": index, "quote_text": f"“No {index}”", **spoken, **columns}


@pytest.fixture
def pell_lake(write_rows: WriteRows) -> Path:
    """Gareth Pell in article a; Pell in b, linked to him, and in c, not linked; Pell of d is linked to another one."""
    titles = {letter: f"Story {letter}" for letter in "abcd"}
    articles = [
        {**_keys(letter), "title": title, "publisher": "Echo", "fetched_at": _keys(letter)["published_at"]}
        for letter, title in titles.items()
    ]
    write_rows("articles", DAY, articles)
    mentions = [
        _mention("a", "Gareth Pell", FULL, role_text="minister", gender="M"),
        _mention("a", "he", FULL, mention_kind="pronoun", entity_index=1, entity_name="Gareth Pell"),
        *(_mention(letter, "Pell", SURNAME) for letter in "bcd"),
        _mention("a", "Ferry Union", "e-union", entity_type="ORG", cluster_index=1, entity_index=2),
    ]
    write_rows("entities", DAY, mentions)
    quotes = [
        _quote("a", 0, FULL, speaker_role="minister"),
        _quote("a", 1, FULL, speaker_role="candidate"),
        *(_quote(letter, 0, SURNAME) for letter in "bcd"),
        _quote("c", 1, "e-union", speaker_kind="organisation", speaker_cluster_index=1),
    ]
    write_rows("quotes", DAY, quotes)
    linked = {"cluster_index": 0, "method": "role", "confidence": 0.95}
    links = [
        {**_keys("b"), **linked, "person_id": FULL, "person_name": "Gareth Pell"},
        {**_keys("d"), **linked, "person_id": "e-ana-pell", "person_name": "Ana Pell"},
    ]
    write_rows("person_links", DAY, links)
    pair = {"entity_id": "e-ana-pell", "other_entity_id": FULL, "entity_name": "Ana Pell"}
    return write_rows("co_mentions", DAY, [{**pair, "other_entity_name": "Gareth Pell", "article_count": 3}])


def test_people_are_counted_across_articles(pell_lake: Path) -> None:
    """A surname counts for the person whom person_links names, and for itself without a link; most quotes first."""
    found, is_more = find_entities(pell_lake, EntityFilter(kind="person", **DAYS))

    assert [(each.name, each.quote_count, each.mention_count) for each in found] == [
        ("Gareth Pell", 3, 3),
        ("Ana Pell", 1, 1),
        ("Pell", 1, 1),
    ]
    assert not is_more


def test_list_continues_after_a_cursor(pell_lake: Path) -> None:
    """The list after an entry has the following entries, and no entry twice."""
    filters = EntityFilter(kind="person", **DAYS)
    [first, *rest] = find_entities(pell_lake, filters)[0]
    cursor = EntityCursor(first.quote_count, first.mention_count, first.entity_id)

    assert list(find_entities(pell_lake, filters, after=cursor)[0]) == rest


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"kind": "person", "name": "GARETH"}, ["Gareth Pell"]),
        ({"kind": "person", "name": "nobody"}, []),
        ({"kind": "organisation"}, ["Ferry Union"]),
        ({"kind": "person", "source": "elsewhere"}, []),
        ({"kind": "person", "first": NEXT_DAY}, []),
    ],
)
def test_entities_are_filtered(pell_lake: Path, filters: Row, names: list[str]) -> None:
    """Kind, part of a name, source and days each select."""
    found, _ = find_entities(pell_lake, EntityFilter(**{**DAYS, **filters}))

    assert [each.name for each in found] == names


def test_person_has_the_rows_of_the_full_name_and_of_the_links(pell_lake: Path) -> None:
    """The page has the quotes, roles and articles of the full name and of linked surnames, and of no other."""
    found = view_entity(pell_lake, FULL, "person", **DAYS)

    assert found is not None
    assert (found.name, found.gender, found.quote_count, found.article_count) == ("Gareth Pell", "M", 3, 2)
    assert [(each.article_id[0], each.quote_index, each.is_linked) for each in found.quotes] == [
        ("a", 0, False),
        ("a", 1, False),
        ("b", 0, True),
    ]
    assert [(each.text, each.article_count) for each in found.roles] == [("candidate", 1), ("minister", 1)]
    assert [(each.article_id[0], each.title, each.method) for each in found.linked_articles] == [
        ("b", "Story b", "role")
    ]
    assert [(each.name, each.article_count) for each in found.companions] == [("Ana Pell", 3)]
    assert [(each.publisher, each.article_count, each.quote_count) for each in found.publishers] == [("Echo", 2, 3)]
    assert found.quotes_over_time == (PeriodCount(DAY, 3), PeriodCount(NEXT_DAY, 0))


def test_surname_without_a_link_is_its_own_person(pell_lake: Path) -> None:
    """The page of a surname has only the articles in which nobody is known to be meant."""
    found = view_entity(pell_lake, SURNAME, "person", **DAYS)

    assert found is not None
    assert [each.article_id[0] for each in found.articles] == ["c"]
    assert [each.article_id[0] for each in found.quotes] == ["c"]


def test_organisation_has_the_people_of_its_sentences(pell_lake: Path) -> None:
    """The people in the sentences that mention an organisation are with it."""
    found = view_entity(pell_lake, "e-union", "organisation", **DAYS)

    assert found is not None
    assert [(each.name, each.article_count) for each in found.companions] == [("Gareth Pell", 1)]
    assert found.quote_count == 1


def test_entity_without_a_mention_is_unknown(pell_lake: Path) -> None:
    """An id of no article, an id of the other kind, and other days find nothing."""
    assert view_entity(pell_lake, "nobody", "person", **DAYS) is None
    assert view_entity(pell_lake, FULL, "organisation", **DAYS) is None
    assert view_entity(pell_lake, FULL, "person", first=NEXT_DAY, last=NEXT_DAY) is None


def test_quotes_are_paged(write_rows: WriteRows) -> None:
    """A page has a limited number of quotes; the next ones follow, each once."""
    count = 2 * QUOTES + 3
    write_rows("articles", DAY, [{**_keys("a"), "fetched_at": _keys("a")["published_at"]}])
    write_rows("entities", DAY, [_mention("a", "Ada Okoro", "e")])
    lake = write_rows("quotes", DAY, [_quote("a", index, "e") for index in range(count)])
    seen: list[int] = []
    after = None
    while True:
        found = view_entity(lake, "e", "person", first=DAY, last=DAY, after=after)
        assert found is not None
        assert found.quote_count == count
        seen += [each.quote_index for each in found.quotes]
        if not found.has_more_quotes:
            break
        end = found.quotes[-1]
        after = QuoteCursor(end.published_date, end.article_id, end.quote_index)

    assert seen == list(range(count))


@pytest.mark.parametrize(
    ("last", "step", "firsts"),
    [
        (date(2026, 3, 4), "day", ["2026-03-02", "2026-03-03", "2026-03-04"]),
        (date(2026, 5, 30), "week", ["2026-03-02", "2026-03-09"]),
        (date(2028, 3, 2), "month", ["2026-03-01", "2026-04-01"]),
    ],
)
def test_periods_have_no_gap(last: date, step: str, firsts: list[str]) -> None:
    """A chart has one count per day, week or month of its period, also where nothing was counted."""
    counted = [PeriodCount(date.fromisoformat(firsts[1]), 5)]
    found = fill_periods(counted, first=DAY, last=last, step=period_step(DAY, last))

    assert period_step(DAY, last) == step
    assert [str(each.first) for each in found][: len(firsts)] == firsts
    assert found[-1].first <= last
    assert sum(each.count for each in found) == 5
