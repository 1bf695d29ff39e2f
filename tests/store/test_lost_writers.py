"""Writers and takedowns that lose their leases while they live: nothing of a taken-down page comes back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from newslake.pipeline.errors import StoreError
from newslake.pipeline.jobs import commit as commit_module
from newslake.pipeline.jobs import derive as derive_module
from newslake.pipeline.jobs.cluster import cluster
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import _BatchStager, derive
from newslake.pipeline.jobs.ingest import _SourceIngest
from newslake.pipeline.jobs.run import ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.log import SharedLog
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.page_states import PostgresPageStates
from newslake.pipeline.shared.tables import SharedErasure, SharedTables
from newslake.pipeline.upkeep import takedown as takedown_module
from newslake.pipeline.upkeep.takedown import TakedownTarget, finish_takedowns, forget
from tests.scale.postgres import PostgresServer
from tests.store.shared_town import SharedTown, StoreBytes
from tests.traces import Traces
from tests.unit.upkeep.town import FERRY, NOON, VIDEO, WAITS, run, traces_of_doomed

pytestmark = [pytest.mark.model, pytest.mark.timeout(500)]


def end_sessions(postgres: PostgresServer) -> None:
    """End all sessions, as the death of one process of the server does."""
    with psycopg.connect(postgres.url, autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


def take_down(town: SharedTown, *paths: str) -> None:
    """Take down pages from another host, to the end."""
    other = town.space("data")
    for each in paths:
        target = TakedownTarget(kind="article", value=town.server.url(each))
        assert forget(other, target, reason="court order", report_progress=lambda _: None).unfinished == ()
    assert all(each.is_done for each in other.takedowns.all())


class LossBefore:
    """What happens once, just before a function runs for the first time: ``is_done`` says whether it has happened."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: object, name: str, work: Callable[[], None]) -> None:
        self.is_done = False
        original = getattr(owner, name)

        def first(*given: Any, **options: Any) -> Any:
            if not self.is_done:
                self.is_done = True
                work()
            return original(*given, **options)

        patch.setattr(owner, name, first)


@pytest.fixture
def lose(town: SharedTown, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LossBefore]:
    """Let the caller of a function lose its leases before it, while another host takes down some pages to the end."""

    def before(owner: object, name: str, *paths: str) -> LossBefore:
        def work() -> None:
            end_sessions(postgres)
            take_down(town, *paths)

        return LossBefore(monkeypatch, owner, name, work)

    return before


def ingest(space: Workspace) -> None:
    ingest_sources(space, source_keys=["feed"], day=NOON.date(), run_id="in", report_progress=lambda _: None)


def assert_nothing_of(town: SharedTown, postgres: PostgresServer, traces: Traces) -> None:
    held = StoreBytes(town.weed, postgres, town.services("data").name)
    assert held.hits_in_objects(traces) == {}
    assert held.hits_in_rows(traces) == set()


def assert_lost(work: Callable[[], object], loss: LossBefore) -> None:
    """Check that a job stops because it lost its lease."""
    with pytest.raises(StoreError) as caught:
        work()
    assert (caught.value.reason, loss.is_done) == ("lease_lost", True)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(_BatchStager, "stage"), (derive_module, "append_outcomes"), (PostgresArticleIndex, "put_outcomes")],
)
def test_derive_writes_nothing_after_its_lease(town, postgres, lose, owner, name):
    """Batches, logged and cached outcomes of a living process that lost its lease are not written."""
    town.write(1)
    town.lists(FERRY, VIDEO, "/bridge")
    space = town.space("data")
    ingest(space)
    loss = lose(owner, name, FERRY, VIDEO)

    assert_lost(lambda: derive(space, day=NOON.date(), run_id="out"), loss)

    assert_nothing_of(town, postgres, traces_of_doomed())


def test_log_checks_the_lease_in_each_attempt(town, postgres, lose):
    """An append that is made again, after a conflict with the takedown itself, writes nothing without its lease."""
    town.write(1)
    town.lists(FERRY, VIDEO, "/bridge")
    space = town.space("data")
    ingest(space)
    loss = lose(SharedLog, "_commit", FERRY, VIDEO)

    assert_lost(lambda: derive(space, day=NOON.date(), run_id="out"), loss)

    assert_nothing_of(town, postgres, traces_of_doomed())


@pytest.mark.parametrize(("owner", "name"), [(_SourceIngest, "_store"), (PostgresPageStates, "drop")])
def test_ingest_writes_nothing_after_its_lease(town, postgres, lose, owner, name):
    """A page that answers 503 has only a state and an outcome; after the lease is lost neither is written."""
    town.write(1)
    town.lists(WAITS)
    space = town.space("data")
    loss = lose(owner, name, WAITS)

    assert_lost(lambda: ingest(space), loss)

    assert_nothing_of(town, postgres, traces_of_doomed())


def test_commit_and_cluster_write_nothing_after_their_lease(town, postgres, lose):
    """The outcomes of a commit, and the rows of clusters, are not written after the lease is lost."""
    town.write(1)
    town.lists(FERRY, VIDEO, "/bridge")
    space = town.space("data")
    ingest(space)
    derived = [derive(space, day=NOON.date(), run_id="out")]
    loss = lose(commit_module, "append_outcomes", FERRY)

    assert_lost(
        lambda: commit_day(
            space, derived=derived, day=NOON.date(), run_id="out", kind="manual", started_at=space.settings.now()
        ),
        loss,
    )
    loss = lose(SharedTables, "replace", VIDEO)
    assert_lost(lambda: cluster(space, news_day=NOON.date(), days=[NOON.date()]), loss)

    assert_nothing_of(town, postgres, traces_of_doomed())


@pytest.mark.parametrize(
    ("owner", "name"),
    [(ObjectArchive, "erase"), (SharedErasure, "rows"), (takedown_module, "redact_log"), (PostgresPageStates, "erase")],
)
def test_takedown_stops_after_its_lease(town, postgres, monkeypatch, owner, name):
    """A takedown that lost its lease stops before its next part and is not done; the next call finishes it."""
    town.write(1)
    town.lists(FERRY, VIDEO, "/bridge")
    space = town.space("data")
    run(space, "0")
    loss = LossBefore(monkeypatch, owner, name, lambda: end_sessions(postgres))

    assert_lost(lambda: take_down(town, FERRY, VIDEO), loss)
    late = town.space("data", hours=1)
    assert [each.is_done for each in late.takedowns.all()] == [False]

    finish_takedowns(late)
    take_down(town, VIDEO)
    assert_nothing_of(town, postgres, traces_of_doomed())


def test_threads_of_a_process_commit_one_after_another(town, postgres):
    """While a thread is inside without its lease, no other thread gets in: it would pass for the holder."""
    town.write(1)
    town.lists("/bridge")
    space = town.space("data")
    run(space, "0")
    tables, is_inside, may_end, order = space.lake, threading.Event(), threading.Event(), list[str]()

    def hold_until_lost() -> None:
        with tables.hold() as committer:
            is_inside.set()
            assert may_end.wait(60)
            with pytest.raises(StoreError) as caught:
                committer.transactions.check_lease()
            order.append(str(caught.value.reason))

    def hold() -> None:
        with tables.hold() as committer:
            order.append("second")
            committer.transactions.check_lease()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold_until_lost)
        assert is_inside.wait(60)
        end_sessions(postgres)
        second = pool.submit(hold)
        with pytest.raises(TimeoutError):
            second.result(timeout=2)
        may_end.set()
        first.result(timeout=60)
        second.result(timeout=60)

    assert order == ["lease_lost", "second"]
