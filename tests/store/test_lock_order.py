"""The order of locks in the database: two transactions that change the same rows wait, and neither has to run again.

A third session holds a row until both wait. So each gets as far as it can, and two orders are a deadlock for certain.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from operator import methodcaller
from typing import Any

import psycopg
import pytest

from newslake.pipeline.lake.article_changes import ChangeHistory
from newslake.pipeline.lake.article_index import DayContents
from newslake.pipeline.shared import database as database_module
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.page_states import PostgresPageStates
from newslake.pipeline.shared.schema import hash_of
from newslake.pipeline.shared.turns import PostgresTurn
from tests.scale.postgres import PostgresServer
from tests.store.index_stores import DAY, NOON, article
from tests.store.test_capture_index import FERRY, GONE, by_file
from tests.store.test_commit_index import OUTCOME
from tests.store.test_page_states import FERRY as STATE

SECONDS = 60
DAYS = [DAY + timedelta(days=number) for number in range(5)]
ARTICLES = [f"a{number}" for number in range(5)]
# Snapshots of one page, whose order by hash is another one than by key; later rows come first in the table's file.
STATES = sorted(
    (replace(STATE, page_key=f"{STATE.page_key} wayback:{number}") for number in range(9)),
    key=lambda state: hash_of(state.page_key),
    reverse=True,
)
KEYS = [state.page_key for state in STATES]

type Work = Callable[[PostgresDatabase], object]


class Crossing:
    """Two transactions at a row that a third one holds."""

    def __init__(self, postgres: PostgresServer, schema: str) -> None:
        self._url, self._schema = postgres.url, schema

    def database(self) -> PostgresDatabase:
        return PostgresDatabase(self._url, schema=self._schema)

    def run(self, first: Work, second: Work, *, at: str, between: Callable[[], object] = lambda: None) -> None:
        """Run two works, of which the first comes first to the row; raise the error of either."""
        with closing(self.database()) as holder, ThreadPoolExecutor(2) as pool:
            gate = holder.connect()
            gate.execute("BEGIN")
            assert gate.execute(f"SELECT 1 FROM {at} FOR UPDATE").fetchall()
            ends = [pool.submit(self._run, first)]
            self._wait(holder, ends)
            between()
            ends.append(pool.submit(self._run, second))
            self._wait(holder, ends)
            gate.close()
            for end in ends:
                end.result(SECONDS)

    def _run(self, work: Work) -> None:
        with closing(self.database()) as mine:
            work(mine)

    @staticmethod
    def _wait(holder: PostgresDatabase, ends: list[Future[None]]) -> None:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        deadline = time.monotonic() + SECONDS
        while holder.query(query) != [(len(ends),)] and not any(end.done() for end in ends):
            assert time.monotonic() < deadline, "a work does not come to the row"
            time.sleep(0.01)


@pytest.fixture
def crossing(postgres, schema, monkeypatch) -> Crossing:
    """A crossing at which a deadlock is an error."""
    monkeypatch.setattr(database_module, "_RUN_AGAIN", ())
    return Crossing(postgres, schema)


def with_states(work: Callable[[PostgresPageStates], object]) -> Work:
    return lambda database: work(PostgresPageStates(database))


def with_captures(work: Callable[[PostgresCaptureIndex], object]) -> Work:
    return lambda database: work(PostgresCaptureIndex(database))


def as_committer(work: Callable[[PostgresArticleIndex], object]) -> Work:
    def run(database: PostgresDatabase) -> None:
        index = PostgresArticleIndex(database)
        with PostgresLeases(database).committer() as lease, index.under(lease):
            work(index)

    return run


@pytest.mark.parametrize(
    "change",
    [
        methodcaller("record_many", STATES[::-1]),
        methodcaller("drop", KEYS),
        methodcaller("erase", KEYS),
        methodcaller("erase", [STATE.page_key]),
        methodcaller("erase", [], source_key=STATE.source_key),
    ],
)
def test_states_are_locked_in_one_order(crossing, database, change):
    """Pages that are recorded while others record or delete them."""
    for state in STATES:
        PostgresPageStates(database).record_many([state])

    record = with_states(methodcaller("record_many", STATES))
    crossing.run(record, with_states(change), at=f"pages WHERE page_key = '{KEYS[4]}'")


A1, A2, A3 = (replace(FERRY, file="a", offset=number) for number in (1, 2, 3))
B1, B2 = (replace(FERRY, file="b", offset=number) for number in (1, 2))
A_GONE = replace(GONE, file="a", offset=4)
AT_A1, AT_A2, AT_B1 = (f"""captures WHERE file = '{each.file}' AND "offset" = {each.offset}""" for each in (A1, A2, B1))


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [
        (methodcaller("add", by_file(A1, A2, A3)), methodcaller("add", by_file(A3, A2, A1)), AT_A2),
        (methodcaller("add", by_file(A1, B1)), methodcaller("erase", [("a", 1), ("b", 1)]), AT_A1),
        (methodcaller("add", by_file(A_GONE, B1)), methodcaller("erase", [("a", 4), ("b", 1)]), "attempts"),
        (methodcaller("replace", "a", by_file(B1)), methodcaller("add", by_file(A1, B1)), AT_B1),
        (methodcaller("replace", "b", by_file(A1)), methodcaller("add", by_file(A1, B1)), AT_A1),
        (methodcaller("erase", [("a", 1)]), methodcaller("rebuild", lambda: [("a", [A1])]), "files WHERE file = 'a'"),
    ],
)
def test_captures_are_locked_in_one_order(crossing, database, first, second, at):
    """Files of the archive that are added while others add, replace or erase them."""
    index = PostgresCaptureIndex(database)
    for record in (B2, B1, A3, A2, A1, A_GONE):
        index.add(by_file(record))

    crossing.run(with_captures(first), with_captures(second), at=at)


def test_outcomes_are_locked_in_one_order(crossing, database):
    """Cached outcomes that are stored while a takedown deletes them."""
    index = PostgresArticleIndex(database)
    for article_id in ARTICLES[::-1]:
        index.put_outcomes({article_id: OUTCOME})

    def put(database: PostgresDatabase) -> None:
        PostgresArticleIndex(database).put_outcomes(dict.fromkeys(ARTICLES, OUTCOME))

    forget = as_committer(methodcaller("forget_outcomes", ARTICLES))
    crossing.run(put, forget, at="cached_outcomes WHERE article_id = 'a2'")


@pytest.mark.parametrize("is_copied", [False, True])
def test_days_are_locked_in_one_order(crossing, database, is_copied):
    """Days that are marked as current while a commit ends them, or a copy of the tables replaces them."""
    index = PostgresArticleIndex(database)
    for day in DAYS[::-1]:
        index.mark_current({day: 1}, "kb1")
    ended = {day: DayContents(0, {}) for day in DAYS}
    end = methodcaller("put_history", _history()) if is_copied else methodcaller("apply", ended, now=NOON)

    def mark(database: PostgresDatabase) -> None:
        PostgresArticleIndex(database).mark_current(dict.fromkeys(DAYS, 2), "kb2")

    crossing.run(mark, as_committer(end), at=f"kb_current_days WHERE published_date = '{DAYS[2]}'")


def test_changes_are_locked_after_the_stamp(crossing, database):
    """Changes that are marked as gone while a copy of the tables replaces them."""
    as_committer(methodcaller("apply", {DAY: DayContents(1, {each: article() for each in ARTICLES})}, now=NOON))(
        database
    )

    def note(database: PostgresDatabase) -> None:
        PostgresArticleIndex(database).note_gone(ARTICLES, now=NOON)

    crossing.run(as_committer(methodcaller("put_history", _history())), note, at="changes WHERE article_id = 'a2'")


def _history() -> ChangeHistory:
    return ChangeHistory(articles=(), days={}, knowledge={}, last=1)


def test_turns_end_in_one_order(crossing, database):
    """Turns of which each counts a death that the other forgets."""
    database.write(lambda cursor: cursor.execute("INSERT INTO deaths VALUES ('m', 1), ('a', 1), ('b', 1)"))

    def end(dead: str, survivor: str) -> Work:
        def run(database: PostgresDatabase) -> None:
            with PostgresLeases(database).hold("turn", dead) as lease:
                assert lease is not None
                database.write(
                    lambda cursor: cursor.execute("INSERT INTO turns VALUES (%s, '{}', now())", (lease.key,))
                )
                PostgresTurn(database, lease, {}).end(dead=[dead, "m"], survivors=[survivor])

        return run

    crossing.run(end("a", "b"), end("b", "a"), at="deaths WHERE item = 'm'")


def test_names_of_an_inbox_are_claimed_in_one_order(crossing, database):
    """Names of dead runs, of which one dies between the claims of two others."""
    leases = PostgresLeases(database)
    dying = leases.hold("claim", "dying")
    lease: Any = dying.__enter__()
    rows = [("inbox", "a", lease.key), ("inbox", "b", 0)]
    database.write(lambda cursor: cursor.executemany("INSERT INTO inbox_claims VALUES (%s, %s, %s)", rows))
    claims: list[frozenset[str]] = []

    def claim(database: PostgresDatabase) -> None:
        with PostgresLeases(database).claim("inbox", ["a", "b"]) as names:
            claims.append(names)

    crossing.run(claim, claim, at="inbox_claims WHERE name = 'b'", between=lambda: dying.__exit__(None, None, None))
    assert len(claims) == 2


def test_a_deadlock_runs_again(postgres, schema, database):
    """Of two transactions that lock two rows in opposite orders, one runs again after the other."""
    database.write(lambda cursor: cursor.execute("INSERT INTO deaths VALUES ('a', 0), ('b', 0), ('m', 0)"))

    def add(*items: str) -> Work:
        def write(cursor: psycopg.Cursor) -> None:
            for item in items:
                cursor.execute("UPDATE deaths SET times = times + 1 WHERE item = %s", (item,))

        return methodcaller("write", write)

    Crossing(postgres, schema).run(add("a", "m", "b"), add("b", "m", "a"), at="deaths WHERE item = 'm'")
    assert database.query("SELECT DISTINCT times FROM deaths") == [(2,)]
