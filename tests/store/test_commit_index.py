"""The article index of both stores: equal answers after equal steps, whole after kills, written under a lease."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.errors import StoreError
from newslake.pipeline.lake import CachedOutcome, Changes
from newslake.pipeline.lake.article_index import DayContents
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from tests.architecture.tree import ROOT
from tests.long_form import LONG
from tests.scale.cut_proxy import CutProxy
from tests.store.index_stores import COUNT, DAY, NOON, IndexPlace, apply_revision, article
from tests.store.stores import files_with
from tests.store.table_stores import INDEX_TABLES

NEXT = DAY + timedelta(days=1)
APRIL = date(2026, 4, 1)
START = NOON - timedelta(days=365)
KILLS = 5
OUTCOME = CachedOutcome("hash", "v1", "rejected", reason="too_short", detail="2 words")


@pytest.fixture(params=["local", "shared"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> IndexPlace:
    """A new index of a store."""
    if request.param == "local":
        return IndexPlace(path=tmp_path / "index.sqlite")
    return IndexPlace(url=request.getfixturevalue("postgres").url, schema=request.getfixturevalue("schema"))


@pytest.fixture
def index(place: IndexPlace) -> Iterator[Any]:
    with place.committer() as opened:
        yield opened


def day(generation: int, *ids: str, on: date = DAY, **facts: Any) -> dict[date, DayContents]:
    """Return the whole content of a day."""
    return {on: DayContents(generation, {each: article(day=on, **facts) for each in ids})}


def kinds(changes: Changes) -> list[tuple[str, str, date]]:
    return [(each.kind, each.article_id, each.day) for each in changes.articles]


def test_articles_come_back_equal(index):
    """Stored articles are read as they were written, and only those that are there."""
    articles = {"a": article(1, kb_version="kb 3"), "b": article(2, payload_digest=None, fetched_at=NOON)}
    index.apply({DAY: DayContents(3, articles)}, now=NOON)

    assert index.stored(["b", "a", "c"]) == articles
    assert index.stored([]) == {}
    assert index.generations() == {DAY: 3}


def test_a_whole_day_replaces_its_articles(index):
    """Articles that a whole day does not have any more are not there; without it, only the removed ones go."""
    index.apply(day(1, "a", "b", "c", "d"), now=NOON)
    index.apply({DAY: DayContents(2, {"e": article(2)}, removed=["b"])}, now=NOON)
    assert sorted(index.stored("abcde")) == ["a", "c", "d", "e"]
    index.apply(day(3, "c"), now=NOON)
    assert sorted(index.stored("abcde")) == ["c"]


def test_an_article_moves_to_another_day(index):
    """An article is on one day: it stays where it is new, also if its old day is written with it."""
    index.apply(day(1, "a", "b") | day(1, "c", on=NEXT), now=NOON)
    index.apply(day(2, "b", "c") | day(2, "a", on=NEXT), now=NOON + timedelta(hours=1))

    assert {each: stored.published_date for each, stored in index.stored("abc").items()} == {
        "a": NEXT,
        "b": DAY,
        "c": DAY,
    }
    [first, last] = index.changes(NOON).articles
    assert (first.article_id, first.kind, first.from_day, first.day) == ("c", "moved", NEXT, DAY)
    assert (last.article_id, last.kind, last.from_day, last.day) == ("a", "moved", DAY, NEXT)


def test_outcomes_are_cached_until_they_are_forgotten(index):
    """Outcomes replace earlier ones; forgotten ones are not there."""
    index.put_outcomes({"a": OUTCOME, "b": OUTCOME})
    index.put_outcomes({"b": replace(OUTCOME, input_hash="", reason=None, detail="zero \0 byte", row_key="r")})
    index.put_outcomes({})
    assert index.cached_outcomes("abc") == {
        "a": OUTCOME,
        "b": replace(OUTCOME, input_hash="", reason=None, detail="zero \0 byte", row_key="r"),
    }
    index.forget_outcomes(["a", "c"])
    assert list(index.cached_outcomes("abc")) == ["b"]


def test_an_intent_ends_with_its_commit(index):
    """The months of a commit are there until it is applied; its batches are done then, and their days known."""
    index.write_intent(["2026-04", "2026-03"], changed_days={"b1": [DAY, APRIL], "b2": [APRIL]})
    index.write_intent(["2026-03"], changed_days={"b1": [DAY]})
    assert (index.intent(), index.is_done("b1")) == (("2026-03", "2026-04"), False)
    index.apply(day(1, "a"), now=NOON, batch_ids=["b1"])

    assert (index.intent(), index.is_done("b1"), index.is_done("b2")) == ((), True, False)
    assert index.changed_days(["b1", "b2", "b3"]) == (DAY, APRIL)
    assert index.changed_days(["b2"]) == (APRIL,)


def test_a_day_is_current_until_it_changes(index):
    """A day is current with the knowledge of its generation; a day that is not stored has none."""
    index.apply(day(1, "a") | day(1, "b", on=NEXT) | day(1, "c", on=APRIL), now=NOON)
    index.mark_current({DAY: 1, NEXT: 1, APRIL: 0}, "kb 1")
    assert index.days_current_with("kb 1") == {DAY, NEXT}
    index.apply(day(2, "a"), now=NOON)
    index.mark_current({NEXT: 1}, "kb 2")
    index.mark_current({}, "kb 3")
    assert (index.days_current_with("kb 1"), index.days_current_with("kb 2")) == (frozenset(), {NEXT})
    index.apply({NEXT: DayContents(0, {})}, now=NOON)
    index.apply(day(1, "b", on=NEXT), now=NOON)
    assert index.days_current_with("kb 2") == frozenset()


def test_changes_are_reported_once(index):
    """Each change has a later stamp than all before, also if the clock goes back; an equal article has none."""
    assert index.changes(START) == Changes(until=None, articles=(), days=())
    index.apply(day(1, "a", "b"), now=NOON)
    first = index.changes(START)
    assert kinds(first) == [("new", "a", DAY), ("new", "b", DAY)]
    index.apply(day(2, "a") | day(1, "c", on=NEXT), now=NOON - timedelta(hours=5))
    second = index.changes(first.until)
    assert (kinds(second), second.days) == ([("removed", "b", DAY), ("new", "c", NEXT)], (DAY, NEXT))
    index.apply(day(2, "a"), now=NOON)
    assert kinds(index.changes(second.until)) == []
    index.apply(day(3, "a", "b", kb_version="kb 2"), now=NOON)
    assert kinds(index.changes(second.until)) == [("changed", "a", DAY), ("new", "b", DAY)]


def test_gone_pages_are_reported_once(index):
    """A page that is gone is withdrawn once, and returns once; unknown and removed articles are not reported."""
    index.apply(day(1, "a", "b", "c"), now=NOON)
    index.apply({DAY: DayContents(2, {}, removed=["c"])}, now=NOON)
    before = index.changes(START).until
    index.note_gone(["a", "b", "c", "x"], now=NOON)
    after = index.changes(before).until
    index.note_gone(["a", "c"], now=NOON)

    assert kinds(index.changes(before)) == [("withdrawn", "a", DAY), ("returned", "b", DAY)]
    assert kinds(index.changes(after)) == [("returned", "b", DAY)]


def test_thousands_of_articles_are_one_call(index):
    """More articles than one statement takes are stored, replaced and removed, with one stamp."""
    ids = [f"{number:032x}" for number in range(25_000)]
    index.apply(day(1, *ids), now=NOON)
    index.apply(day(2, *ids[:22_000], pipeline_version="v2"), now=NOON)
    changes = index.changes(NOON)

    assert {each.at for each in changes.articles} == {changes.until}
    assert sorted(each.kind for each in changes.articles) == ["changed"] * 22_000 + ["removed"] * 3_000
    assert len(index.stored(ids)) == 22_000


# Any steps, and the answers after each of them.

_ids = st.sampled_from(["a", "b", "c", "A", "é", "a'"])
_days = st.sampled_from([DAY, NEXT, APRIL])
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
_nones = st.none() | _texts
_times = st.sampled_from([-1, 0, 1, 2]).map(lambda each: NOON + timedelta(microseconds=each))
_batches = st.lists(st.sampled_from(["b1", "b2", "é"]), max_size=2)
_generations = st.integers(0, 3)


def _contents(on: date) -> st.SearchStrategy[DayContents]:
    kept = st.builds(
        article,
        st.just(1),
        day=st.just(on),
        revision_id=st.sampled_from(["r1", "r2"]),
        pipeline_version=_texts,
        kb_version=_nones,
        payload_digest=_nones,
        fetched_at=_times,
    )
    return st.builds(DayContents, _generations, st.dictionaries(_ids, kept, max_size=4), st.none() | st.lists(_ids))


_applied = st.lists(_days, max_size=3, unique=True).flatmap(
    lambda days: st.fixed_dictionaries({each: _contents(each) for each in days})
)
_outcomes = st.builds(
    CachedOutcome, _texts, _texts, st.sampled_from(["kept", "rejected"]), reason=_nones, detail=_nones, row_key=_nones
)
_steps: st.SearchStrategy[Callable[[Any], None]] = st.one_of(
    st.tuples(_applied, _times, _batches).map(
        lambda one: lambda index: index.apply(one[0], now=one[1], batch_ids=one[2])
    ),
    st.tuples(st.lists(_ids, max_size=4), _times).map(lambda one: lambda index: index.note_gone(one[0], now=one[1])),
    st.tuples(st.dictionaries(_days, _generations, max_size=3), st.sampled_from(["k1", "k2"])).map(
        lambda one: lambda index: index.mark_current(*one)
    ),
    st.dictionaries(_ids, _outcomes, max_size=3).map(lambda given: lambda index: index.put_outcomes(given)),
    st.lists(_ids, max_size=3).map(lambda given: lambda index: index.forget_outcomes(given)),
    st.tuples(
        st.lists(st.sampled_from(["2026-03", "2026-04"]), max_size=2),
        st.none() | st.dictionaries(st.sampled_from(["b1", "b2", "é"]), st.lists(_days, max_size=2), max_size=2),
    ).map(lambda one: lambda index: index.write_intent(one[0], changed_days=one[1])),
)


def answers(index: Any) -> list[Any]:
    """Return what the index answers to every question."""
    ids, batches = ["a", "b", "c", "A", "é", "a'", "none"], ["b1", "b2", "é"]
    times = [START, *(NOON + timedelta(microseconds=each) for each in range(-1, 12))]
    return [
        index.stored(ids),
        index.cached_outcomes(ids),
        index.generations(),
        index.intent(),
        [index.is_done(each) for each in batches],
        [index.changed_days([each]) for each in batches],
        [index.days_current_with(each) for each in ("k1", "k2")],
        [index.changes(each) for each in times],
        index.history(),
    ]


_examples = count()


@settings(max_examples=300 if LONG else 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_steps, min_size=1, max_size=10))
def test_both_stores_answer_equally(postgres, schema, tmp_path, steps):
    """After each of any steps, every question has the same answer from both stores."""
    with (
        IndexPlace(path=tmp_path / f"{next(_examples)}.sqlite").committer() as local,
        IndexPlace(url=postgres.url, schema=schema).committer() as shared,
    ):
        postgres.execute(f"TRUNCATE {', '.join(f'{schema}.{table}' for table in INDEX_TABLES)}")
        for step in steps:
            step(local)
            step(shared)
            assert answers(shared) == answers(local)


def test_history_of_another_index_is_put_in_place(postgres, schema, tmp_path):
    """The changes of a local index come in place of those that the copy of the tables made; stamps go on after both."""
    with (
        IndexPlace(path=tmp_path / "index.sqlite").committer() as local,
        IndexPlace(url=postgres.url, schema=schema).committer() as shared,
    ):
        assert isinstance(shared, PostgresArticleIndex)
        local.apply({**day(1, "a", "b"), **day(1, "c", on=NEXT)}, now=NOON)
        local.apply(day(2, "a"), now=NOON + timedelta(seconds=1))
        local.note_gone(["a"], now=NOON + timedelta(seconds=2))
        local.mark_current({DAY: 2, NEXT: 1}, "k1")
        local.apply(day(3, on=APRIL), now=NOON + timedelta(seconds=3))
        shared.apply({**day(7, "a", "é"), **day(7, "c", on=NEXT)}, now=NOON + timedelta(hours=1))
        shared.put_history(local.history())

        assert [shared.changes(each) for each in (START, NOON, NOON + timedelta(seconds=1))] == [
            replace(local.changes(each), until=NOON + timedelta(hours=1))
            for each in (START, NOON, NOON + timedelta(seconds=1))
        ]
        assert shared.days_current_with("k1") == {DAY, NEXT}
        assert shared.generations() == {DAY: 7, NEXT: 7, APRIL: 7}
        shared.note_gone([], now=NOON)
        [returned] = shared.changes(NOON + timedelta(hours=1)).articles
        assert (returned.kind, returned.article_id) == ("returned", "a")


# Kills.


def start_writer(place: IndexPlace) -> subprocess.Popen[str]:
    """Start a process that applies one revision after another."""
    command = [sys.executable, "-m", "tests.store.index_stores", place.argument()]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def assert_whole(index: Any, applied: int) -> int:
    """Check that the index has one revision in all its parts, the last that was applied or the next; return it."""
    stored = index.stored([f"{each:032x}" for each in range(COUNT)])
    [number] = {int(each.revision_id[1:]) for each in stored.values()}
    changes = index.changes(START)
    assert len(stored) == COUNT
    assert number in (applied, applied + 1)
    assert index.generations() == {DAY: number}
    assert (index.is_done(f"b{number}"), index.is_done(f"b{number + 1}")) == (True, False)
    assert index.intent() in ((), ("2026-03",))
    assert {each.at for each in changes.articles} == {changes.until}
    assert changes.until == NOON + timedelta(seconds=number)
    return number


def test_a_killed_committer_leaves_a_whole_index(place):
    """A committer that is killed while it writes leaves all of a change or nothing; the next one goes on."""
    last = 0
    for kill in range(KILLS):
        writer = start_writer(place)
        assert writer.stdout is not None
        numbers = [int(writer.stdout.readline()) for _ in range(2 + kill)]
        time.sleep(0.003 * kill)  # into the next change
        writer.kill()
        numbers += map(int, writer.stdout.read().split())
        writer.wait(30)
        assert numbers[0] == last + 1
        with place.committer() as index:
            last = assert_whole(index, numbers[-1])


def test_a_killed_server_leaves_a_whole_index(mortal_postgres, schema):
    """After the server was killed while a committer wrote, the index is whole; the committer has ended."""
    place = IndexPlace(url=mortal_postgres.url, schema=schema)
    for _ in range(2):
        writer = start_writer(place)
        assert writer.stdout is not None
        numbers = [int(writer.stdout.readline()) for _ in range(3)]
        mortal_postgres.kill()
        numbers += map(int, writer.stdout.read().split())
        assert writer.wait(30) == 1
        mortal_postgres.restart()
        with place.committer() as index:
            assert_whole(index, numbers[-1])


def test_a_lost_answer_to_commit_changes_nothing(postgres, schema):
    """Without the answer to COMMIT, a write of any process runs again; one under the lease is whole, and its last."""
    with CutProxy.running(postgres.port) as proxy:

        def lost(call: Callable[[], Any]) -> Any:
            proxy.cut_before = b"COMMIT\0"
            result = call()
            assert proxy.cut_before is None, "no answer was cut"
            return result

        with IndexPlace(url=postgres.url_at(proxy.port), schema=schema).committer() as index:
            index.apply(day(1, "a", "b"), now=NOON)
            before = index.changes(START).until
            lost(lambda: index.put_outcomes({"a": OUTCOME}))
            lost(lambda: index.note_gone(["a"], now=NOON))
            lost(lambda: index.mark_current({DAY: 1}, "k1"))
            assert kinds(lost(lambda: index.changes(before))) == [("withdrawn", "a", DAY)]
            with pytest.raises(StoreError, match="lease was lost"):
                lost(lambda: index.apply(day(2, "b", "c"), now=NOON, batch_ids=["b2"]))
    with IndexPlace(url=postgres.url, schema=schema).committer() as other:
        assert (sorted(other.stored("abc")), other.is_done("b2"), other.generations()) == (["b", "c"], True, {DAY: 2})
        assert (other.cached_outcomes("a"), other.days_current_with("k1")) == ({"a": OUTCOME}, frozenset())


# The lease.


# It ends the sessions that hold a lease, and not those that wait for one.
END_HOLDERS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"

_LATE_WRITES: dict[str, Callable[[Any], None]] = {
    "apply": lambda index: index.apply(day(2, "late"), now=NOON, batch_ids=["late"]),
    "write_intent": lambda index: index.write_intent(["1999-01"], changed_days={"late": [DAY]}),
    "forget_outcomes": lambda index: index.forget_outcomes(["a"]),
}


@pytest.mark.parametrize("write", _LATE_WRITES)
def test_a_committer_that_lost_its_lease_writes_nothing(postgres, schema, write):
    """A committer loses its lease while it pauses, and another one commits: it writes nothing any more."""
    place = IndexPlace(url=postgres.url, schema=schema)
    with place.committer() as late:
        late.apply(day(1, "a"), now=NOON)
        late.put_outcomes({"a": OUTCOME})
        postgres.execute(END_HOLDERS)
        with place.committer() as other:
            apply_revision(other, 7)
            before = answers(other)
            with pytest.raises(StoreError, match="lease was lost") as caught:
                _LATE_WRITES[write](late)
            assert answers(other) == before

    assert caught.value.reason == "lease_lost"


class PausedChange:
    """A committer in a thread that stops in the middle of a change, until ``finish``, which returns its error."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._is_inside, self._may_go_on = threading.Event(), threading.Event()
        self._errors: list[str] = []
        self._thread = threading.Thread(target=self._commit, daemon=True)
        self._thread.start()
        assert self._is_inside.wait(60)

    def finish(self) -> list[str]:
        self._may_go_on.set()
        self._thread.join(60)
        return self._errors

    def _commit(self) -> None:
        try:
            with PostgresLeases(self._database).committer() as lease:
                lease.write(self._change)
        except StoreError as error:
            self._errors.append(error.reason)

    def _change(self, cursor: Any) -> None:
        cursor.execute("INSERT INTO articles VALUES ('late', %s, 'r', 'v', NULL, NULL, 0)", (DAY,))
        self._is_inside.set()
        assert self._may_go_on.wait(60)


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_next_committer_sees_all_of_a_change_or_nothing(postgres, schema, is_lost):
    """While a committer is in the middle of a change, no other one begins; one that loses its lease wrote none."""
    place = IndexPlace(url=postgres.url, schema=schema)
    change = PausedChange(PostgresDatabase(postgres.url, schema=schema))
    seen: list[list[str]] = []

    def follow() -> None:
        with place.committer() as other:
            seen.append(sorted(other.stored(["late"])))

    next_one = threading.Thread(target=follow, daemon=True)
    next_one.start()
    time.sleep(0.3)
    assert seen == []
    if is_lost:
        postgres.execute(END_HOLDERS)
        next_one.join(60)
        assert seen == [[]]
    errors = change.finish()
    next_one.join(60)

    assert (seen, errors) == (([[]], ["lease_lost"]) if is_lost else ([["late"]], []))
    with place.committer() as last:
        assert [sorted(last.stored(["late"]))] == seen


def test_a_write_needs_the_lease(database):
    """The index of a process that does not hold the committer's lease refuses the committer's writes."""
    for write in _LATE_WRITES.values():
        with pytest.raises(AssertionError):
            write(PostgresArticleIndex(database))


# Deletion.


def test_deleted_articles_leave_no_bytes(postgres, schema, tmp_path):
    """After an erasure no file of the index has an article that was erased, nor have the statistics of the server."""
    marks = {"revision": "d00medrev", "digest": "d00meddigest", "detail": "d00meddetail"}  # the id stays in a change
    for place, folder in (
        (IndexPlace(path=tmp_path / "index.sqlite"), tmp_path),
        (IndexPlace(url=postgres.url, schema=schema), postgres.data / "base"),
    ):
        ids = [f"{number:032x}" for number in range(300)]
        facts = {"revision_id": marks["revision"], "payload_digest": marks["digest"]}
        with place.committer() as index:
            index.apply(day(1, *ids, **facts) | day(1, "kept", on=NEXT), now=NOON)
            index.put_outcomes(dict.fromkeys(ids, replace(OUTCOME, detail=marks["detail"], row_key=marks["revision"])))
            postgres.execute("ANALYZE; CHECKPOINT")
            assert all(files_with(folder, mark) for mark in marks.values())
            index.apply({DAY: DayContents(2, {}, removed=ids)}, now=NOON)
            index.forget_outcomes(ids)
            index.vacuum_and_truncate()
            postgres.execute("CHECKPOINT")

            assert {name: files_with(folder, mark) for name, mark in marks.items()} == {each: [] for each in marks}
            assert sorted(index.stored([*ids, "kept"])) == ["kept"]


def test_changes_are_whole_while_tables_are_written_again(postgres, schema):
    """Readers of the changes miss none while a takedown writes the tables again."""
    database = PostgresDatabase(postgres.url, schema=schema)
    index, reader = PostgresArticleIndex(database), PostgresArticleIndex(PostgresDatabase(postgres.url, schema=schema))
    with PostgresLeases(database).committer() as lease, index.under(lease):
        index.apply(day(1, *(f"{number:032x}" for number in range(200))), now=NOON)
    counts: list[int] = []
    ends = threading.Event()

    def read() -> None:
        while not ends.is_set():
            counts.append(len(reader.changes(START).articles))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    for _ in range(40):
        index.vacuum_and_truncate()
    ends.set()
    thread.join(60)

    assert len(counts) > 5
    assert set(counts) == {200}
