"""The fetch state of both stores: the same answers, in the same order."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.archive import FetchState, PageState, Validators
from newslake.pipeline.model import Hints
from newslake.pipeline.shared.page_states import PostgresPageStates
from tests.long_form import LONG

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FERRY = PageState(
    page_key="https://harbour-post.example/ferry",
    url="https://www.harbour-post.example/ferry",
    source_key="harbour",
    news_day=date(2026, 3, 2),
    listed_modified_at=NOW,
    last_outcome="pending",
    reason="http_503",
    attempts=2,
    next_try_at=NOW + timedelta(hours=1),
    hints=Hints(title="Ferry", publisher="Harbour Post"),
)
SNAPSHOT = replace(FERRY, page_key=f"{FERRY.page_key} wayback:20260301", next_try_at=None)
LONGER = replace(FERRY, page_key=f"{FERRY.page_key}s")


@pytest.fixture(params=["local", "shared"])
def states(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "local":
        yield FetchState(tmp_path, durability="process")
    else:
        yield PostgresPageStates(request.getfixturevalue("database"))


def test_states_come_back_equal(states):
    """A state is read as it was written; of a page given twice the later one counts, and a later call replaces it."""
    states.record_many([replace(FERRY, attempts=7), FERRY])
    assert states.seen(FERRY.page_key) == FERRY
    states.record_many([replace(FERRY, attempts=3, reason=None, next_try_at=None)])
    assert states.seen(FERRY.page_key) == replace(FERRY, attempts=3, reason=None, next_try_at=None)
    assert states.seen("none") is None


@pytest.mark.parametrize("text", ["x" * 9_000 + "é", "a\0b", "a\1\1b", "%s ' \\"])
def test_any_text_is_a_key(states, text):
    """A long URL, zero bytes and any marks are read as they were written."""
    state = replace(FERRY, page_key=text, url=text, reason=text)
    states.record_many([state])
    states.store_validators("harbour", Validators(text, text), url=text)

    assert states.seen(text) == state
    assert states.validators("harbour", url=text) == Validators(text, text)
    assert states.has_listed("harbour", text)
    assert not states.has_listed("harbour", "")


def test_a_page_is_erased_with_its_snapshots(states):
    """A page's snapshots go with it, and no page whose key only begins alike; the pages are counted."""
    states.record_many([FERRY, SNAPSHOT, LONGER])
    assert sorted(each.page_key for each in states.of_pages([FERRY.page_key])) == [FERRY.page_key, SNAPSHOT.page_key]
    keys = [LONGER.page_key, "none", FERRY.page_key]
    assert [each.page_key for each in states.of_pages(keys)] == [LONGER.page_key, FERRY.page_key, SNAPSHOT.page_key]
    assert states.of_pages([]) == ()
    assert states.erase([FERRY.page_key]) == 2
    assert states.of_pages([FERRY.page_key, LONGER.page_key]) == (LONGER,)


def test_a_source_is_erased_with_its_listings(states):
    """All pages and listings of a source go, and no others."""
    other = replace(LONGER, source_key="other")
    states.record_many([FERRY, SNAPSHOT, other])
    states.store_validators("harbour", Validators('"1"'))
    states.store_validators("other", Validators('"2"'))

    assert states.erase([], source_key="harbour") == 2
    assert (states.validators("harbour"), states.validators("other")) == (None, Validators('"2"'))
    assert list(states.pages_of(["harbour", "other"])) == [(other.page_key, other.url, "other", "Harbour Post")]


def test_listings_come_back_in_order(states):
    """All listings with validators are listed, by source and URL, each with its own."""
    states.store_validators("other", Validators('"2"'))
    states.store_validators("harbour", Validators(None, "yesterday"), url="b\0")
    states.store_validators("harbour", Validators('"1"'), url="B")

    assert list(states.listings()) == [
        ("harbour", "B", Validators('"1"')),
        ("harbour", "b\0", Validators(None, "yesterday")),
        ("other", "", Validators('"2"')),
    ]
    assert list(states.listings("other")) == [("other", "", Validators('"2"'))]
    assert list(states.listings("mill")) == []


def test_a_listing_of_a_source_is_dropped(states):
    """Only the listing of that URL goes, and only that of the source; dropping none does nothing."""
    for source_key, url in (("harbour", ""), ("harbour", "a"), ("harbour", "b"), ("other", "a")):
        states.store_validators(source_key, Validators('"1"'), url=url)

    states.drop_validators("harbour", url="a")
    states.drop_validators("harbour", url="none")

    assert [each[:2] for each in states.listings()] == [("harbour", ""), ("harbour", "b"), ("other", "a")]


def test_thousands_of_states_are_one_call(states):
    """5,000 states are stored and read."""
    states.record_many(replace(FERRY, page_key=f"page {number}") for number in range(5_000))
    assert len(list(states.known(FERRY.news_day, FERRY.news_day))) == 5_000
    states.drop(f"page {number}" for number in range(4_999))
    assert [each.page_key for each in states.pending("harbour", FERRY.next_try_at)] == ["page 4999"]


# Any states, and any question about them.

_keys = st.sampled_from(["p1", "p1 snapshot", "p1 snapshot 2", "p11", "P1", "é", "p\0", "p\0 s", "p\1"])
_sources = st.sampled_from(["harbour", "Harbour"])
_days = st.dates(date(2026, 3, 1), date(2026, 3, 3))
_times = st.none() | st.sampled_from([-1, 0, 1]).map(lambda each: NOW + timedelta(microseconds=each))
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
_outcomes = st.sampled_from(["pending", "archived", "unchanged", "not_checked", "rejected"])
_states = st.lists(
    st.builds(
        PageState,
        page_key=_keys,
        url=_texts,
        source_key=_sources,
        news_day=_days,
        listed_modified_at=_times,
        last_outcome=_outcomes,
        reason=st.none() | _texts,
        attempts=st.integers(0, 9),
        next_try_at=_times,
        hints=st.builds(Hints, title=st.none() | _texts, publisher=st.none() | _texts),
    ),
    max_size=8,
)
_validators = st.builds(Validators, st.none() | _texts, st.none() | _texts)
_lists = st.lists(_keys, max_size=3, unique=True)
_asks: st.SearchStrategy[Callable[[Any], Any]] = st.one_of(
    _states.map(lambda given: lambda states: states.record_many(given)),
    _lists.map(lambda keys: lambda states: states.drop(keys)),
    _lists.map(lambda keys: lambda states: states.erase(keys)),
    _sources.map(lambda key: lambda states: states.erase([], source_key=key)),
    st.tuples(_sources, _validators, _texts).map(
        lambda one: lambda states: states.store_validators(one[0], one[1], url=one[2])
    ),
    st.tuples(_sources, _texts).map(lambda one: lambda states: states.drop_validators(one[0], url=one[1])),
    st.tuples(_sources, _texts).map(lambda one: lambda states: states.validators(one[0], url=one[1])),
    _keys.map(lambda key: lambda states: (states.seen(key), sorted(states.of_pages([key]), key=repr))),
    _sources.map(lambda key: lambda states: (states.pending(key, NOW), states.with_recheck(key))),
    st.tuples(_days, _days).map(lambda days: lambda states: sorted(states.known(min(days), max(days)))),
    st.lists(_sources, max_size=2).map(lambda keys: lambda states: sorted(states.pages_of(keys), key=repr)),
    st.just(lambda states: list(states.listings())),
)
_examples = count()


@settings(max_examples=300 if LONG else 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_states, asks=st.lists(_asks, min_size=1, max_size=12))
def test_both_stores_answer_equally(tmp_path_factory, database, first, asks):
    """After the same steps, every question has the same answer from both stores."""
    local = FetchState(tmp_path_factory.mktemp(f"example-{next(_examples)}"), durability="process")
    shared = PostgresPageStates(database)
    for key in ("harbour", "Harbour"):
        shared.erase([], source_key=key)
    for ask in (lambda states: states.record_many(first), *asks):
        assert ask(shared) == ask(local)
