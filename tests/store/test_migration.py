"""The move of a data root to a shared store: equal pages, rows and state, by both ways, also after kills."""

import gc
import hashlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.addons.alerts.state import ALERT_STATE
from newslake.pipeline.addons.alerts.store import AlertStore, state_of
from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.upkeep import search_place_of, update_search
from newslake.pipeline.addons.share.changes import changes_since
from newslake.pipeline.archive import TakedownPlan, Takedowns, Validators
from newslake.pipeline.errors import ConfigError, LakeError, StoreError
from newslake.pipeline.jobs.stores import LocalStore
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.shared.data_files import plan
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.migration import MigrationReport
from newslake.pipeline.shared.move_job import migrate
from newslake.pipeline.shared.moves import TakedownMove
from newslake.pipeline.shared.settings import SharedSettings
from newslake.pipeline.shared.store import SharedStore
from newslake.pipeline.shared.warc_objects import sealed_name
from newslake.pipeline.show.page_history import page_history
from newslake.pipeline.show.provenance import trace_provenance
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.upkeep.maintenance import verify
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.addons.alerts.receiver import policy, state
from tests.addons.alerts.receiver import rows as alert_rows
from tests.faults.hostile import Hostile, hostile_server
from tests.faults.invariants import broken_sums
from tests.scale.comparison import differences, remains_of, store_of
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import SeaweedFS
from tests.store.migration_worker import MoveOrder
from tests.store.shared_stores import StoreServices
from tests.store.shared_town import SharedTown, StoreBytes
from tests.store.stores import is_held
from tests.store.test_tables import run_rows, stage
from tests.unit.lake.rows import Story
from tests.unit.upkeep.town import (
    DOOMED,
    NOON,
    STAYING,
    WAITS,
    Town,
    forget_all,
    other_text,
    run,
    story,
    traces_of_doomed,
    week,
)

pytestmark = [pytest.mark.model]

SEED = 20261129
KILLS = 4
WAYS = pytest.mark.parametrize("registers", [False, True], ids=["copied", "registered"])


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    with hostile_server() as started:
        yield started


@pytest.fixture(scope="module")
def root(server: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with all that is moved: three runs, takedowns of which one is revoked, alerts, a named version."""
    town = Town(server, tmp_path_factory.mktemp("root"))
    space = week(town, "data", doomed=True)
    for path in STAYING[1:]:
        target = TakedownTarget(kind="article", value=server.url(path))
        done = forget(space, target, reason="by law", report_progress=lambda _: None)
        if path == STAYING[2]:
            space.takedowns.revoke(str(done.takedown_id))
    space.lake.snapshots.take("before")
    two_months = pa.concat_tables([run_rows("night"), run_rows("morning", day=40)])
    space.lake.log.append("listing_fetches", "two months", two_months)
    alerts = AlertStore(state_of(space))
    alerts.record(state("river"), policy(), now=NOON)
    alerts.record(alert_rows("1", "2"), policy(rule="ferry"), now=NOON)
    del space, alerts
    gc.collect()  # closes the databases: what their logs have is in their files
    return town.folder / "data"


@pytest.fixture
def town(
    root: Path, server: Hostile, weed: SeaweedFS, postgres: PostgresServer, schema: str, tmp_path: Path
) -> SharedTown:
    """A copy of the data root, and the services of a new store."""
    copy_root(root, tmp_path / "data")
    return SharedTown(server, tmp_path, weed, postgres.url, schema)


def copy_root(root: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(root), str(to)], check=True)


def settings_of(town: SharedTown, *, name: str = "data", **given: Any) -> Settings:
    """Return the settings of the host that moves: those of the data root, and of the shared store."""
    known = town.given("data", hours=3) | {"store": "local"}
    return town.services(name).settings(**(known | given))


def move(town: SharedTown, *, registers: bool, name: str = "data", **given: Any) -> MigrationReport:
    settings = settings_of(town, name=name, **given)
    to = f"{settings.of(SharedSettings).objects_url}/"
    return migrate(settings, to=to, registers=registers, report=lambda step, unit, done, total: None)


def digests(root: Path) -> dict[str, str]:
    """Return the digest of every file of a data root, but for locks, which are empty."""
    files = [each for each in sorted(root.rglob("*")) if each.is_file() and not each.name.endswith(".lock")]
    return {str(each.relative_to(root)): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def assert_same(local: Workspace, shared: Workspace) -> None:
    """Check that a store has the pages, rows and state of a data root, and that both are whole."""
    assert_equal(local, shared)
    for each in (local, shared):
        assert verify(each, reads=lambda day: True).problems == ()


def assert_equal(local: Workspace, shared: Workspace) -> None:
    """Check that a store has the pages, rows and state of a data root."""
    ours, theirs = local.archive.captures(), shared.archive.captures()
    by_place = {(each.file, each.offset): each for each in theirs}
    assert len(ours) == len(theirs) > 0
    for each in ours:
        there = by_place[sealed_name(each.file), each.offset]
        assert replace(there, file=each.file) == each
        assert shared.archive.page(there) == local.archive.page(each)
    assert differences(local.lake, shared.lake) == []
    for name in LOG_NAMES:
        assert sorted(map(repr, shared.lake.log.read(name).to_pylist())) == sorted(
            map(repr, local.lake.log.read(name).to_pylist())
        )
        assert shared.lake.log.batches(name) == local.lake.log.batches(name)
    keys = [each.page_key for each in ours]
    assert sorted(shared.fetch_state.of_pages(keys), key=repr) == sorted(local.fetch_state.of_pages(keys), key=repr)
    assert list(shared.fetch_state.listings()) == list(local.fetch_state.listings()) != []
    assert shared.takedowns.all() == local.takedowns.all() != ()
    assert sorted(shared.takedowns.names()) == sorted(local.takedowns.names())
    assert shared.takedowns.known() == local.takedowns.known()
    ids = [each.article_id for each in ours]
    assert shared.lake.index.cached_outcomes(ids) == local.lake.index.cached_outcomes(ids) != {}
    found = [changes_since(each, NOON - timedelta(days=9)) for each in (local, shared)]
    assert found[0].articles == found[1].articles != ()


@pytest.mark.timeout(600)
@WAYS
def test_store_has_what_the_data_root_has(town, registers):
    """Pages, rows in their order, logs, states, takedowns, outcomes, changes and alerts are equal; no file changed.

    A second call copies nothing. Named versions stay, and are named.
    """
    before = digests(town.folder / "data")
    done = move(town, registers=registers)
    gc.collect()

    assert digests(town.folder / "data") == before
    assert (done.problems, done.ended_before, done.snapshots) == ((), None, ("before",))
    assert done.copied > 5
    local, shared = Workspace(settings_of(town)), town.space("data", hours=3)
    assert_same(local, shared)
    alerts = [AlertStore(state_of(each)) for each in (local, shared)]
    assert alerts[0].open_counts() == alerts[1].open_counts() != {}
    assert alerts[0].waiting() == alerts[1].waiting() != {}
    assert alerts[0].feed("ferry") == alerts[1].feed("ferry") is not None
    assert done.counts["articles"] == local.lake.read("articles").num_rows > 0
    assert remains_of(shared) == []
    again = move(town, registers=not registers)
    assert (again.copied, again.problems, again.pieces) == (0, (), done.pieces)
    assert again.ended_before is not None
    assert next(again.sentences()).endswith("all is there, nothing was copied")


@pytest.mark.timeout(600)
@WAYS
def test_registered_files_are_tables_like_others(town, registers):
    """Files are read by days, and by other readers of Iceberg, which find columns by name; then months are merged."""
    move(town, registers=registers)
    tables = store_of(town.space("data", hours=3)).tables
    heads = tables.heads()
    for name in LAKE_NAMES:
        table, spec = heads.tables[name], TABLE_SPECS[name]
        files = plan(table, heads.id_of(name))
        assert sum(each.record_count for each in files) == tables.read(name).num_rows
        plain = [
            each.name for each in spec.schema if not pa.types.is_list(each.type)
        ]  # pyiceberg reads null lists as []
        found = [each.select(plain).to_pylist() for each in (table.scan().to_arrow(), tables.read(name))]
        assert sorted(map(repr, found[0])) == sorted(map(repr, found[1]))
        for day in tables.days():
            days = table.scan(row_filter=f"{spec.day_column} = '{day}'").to_arrow()
            assert days.num_rows == tables.present().count(name, day)
    before: dict[str, pa.Table] = {name: tables.read(name) for name in LAKE_NAMES}
    tables.compact(months=["2026-03"])
    assert {name: tables.read(name) for name in LAKE_NAMES} == before
    assert tables.verify() == ()


@pytest.mark.timeout(900)
@WAYS
def test_next_run_fetches_only_what_is_new(town, server, registers):
    """After the move, a run requests what the run of the data root would request, and has the same rows then."""
    copy_root(town.folder / "data", town.folder / "one" / "data")
    move(town, registers=registers)
    seen = []
    local, shared = Town(server, town.folder / "one").space("data", hours=3), town.space("data", hours=3)
    for space in (local, shared):
        town.write(3)
        town.says("/new-pier", body=story("A new pier", *other_text(99), url=server.url("/new-pier")))
        town.lists("/new-pier", *DOOMED, *STAYING, hours=2)  # the times of before
        server.seen.clear()
        run(space, "3")
        seen.append(dict(server.seen))

    assert seen[0] == seen[1]
    assert any(path.startswith("/new-pier") for path in seen[1])
    assert not any(path.startswith(STAYING[0]) for path in seen[1])
    assert differences(local.lake, shared.lake) == []
    for path in ("/new-pier", STAYING[0], DOOMED[0]):
        traced = [trace_provenance(each, server.url(path)) for each in (local, shared)]
        assert traced[1].is_whole
        assert [(each.name, each.headline) for each in traced[0].steps] == [
            (each.name, each.headline) for each in traced[1].steps
        ]
        histories = [page_history(each, server.url(path)) for each in (local, shared)]
        assert histories[0].revisions == histories[1].revisions
        assert len(histories[0].visits) == len(histories[1].visits) > 0
    for each in (local, shared):
        update_search(search_place_of(each), durability="process")
    totals = [search_articles(search_place_of(each), "harbour").total for each in (local, shared)]
    assert totals[0] == totals[1] > 0
    titles = [query(connect(each.place), "SELECT title FROM articles ORDER BY title").rows for each in (local, shared)]
    assert titles[0] == titles[1]


@pytest.mark.timeout(900)
@WAYS
def test_takedown_after_the_move_leaves_no_byte(town, mortal_postgres, registers):
    """No piece of a page that is taken down afterwards is in bucket, tables, catalog and database."""
    town = replace(town, database_url=mortal_postgres.url)
    move(town, registers=registers)
    space = town.space("data", hours=3)
    traces, held = traces_of_doomed(), StoreBytes(town.weed, mortal_postgres, town.services("data").name)
    assert len(held.hits_in_objects(traces)) > 5
    forget_all(space, town)
    assert held.hits_in_objects(traces) == {}
    assert held.hits_in_rows(traces) == set()
    mortal_postgres.execute("CHECKPOINT")
    assert held.hits_in_files(traces, "base") == {}
    assert verify(space, reads=lambda day: True).problems == ()
    assert broken_sums(space) == []


@pytest.mark.timeout(1800)
@WAYS
def test_killed_move_goes_on(town, registers):
    """A move that is killed at any step that changes a service goes on at the next call, until both sides are equal."""
    steps = int(run_worker(town, registers=registers, name="whole").stdout)
    chance, killed = random.Random(SEED), 0
    for _ in range(KILLS):
        done = run_worker(town, registers=registers, kill_at=chance.randint(1, steps))
        assert done.returncode in (0, -9), done.stderr
        killed += done.returncode == -9
    assert killed > 0
    local, shared = Workspace(settings_of(town)), town.space("data", hours=3)
    last = move(town, registers=registers)
    assert last.problems == ()
    assert_same(local, shared)
    assert remains_of(shared) == []


@pytest.mark.timeout(300)
def test_move_goes_on_after_a_crash_of_the_database(town, mortal_postgres):
    """A kill of PostgreSQL takes the lease of a move, which stops before its next piece; the next call ends it."""
    town = replace(town, database_url=mortal_postgres.url)
    settings, crashes = settings_of(town), list[str]()

    def crash(step: str, unit: str, done: int, total: int) -> None:
        if step == "copying the tables" and done and not crashes:
            crashes.append(step)
            mortal_postgres.kill()
            mortal_postgres.restart()

    with pytest.raises(StoreError, match="its lease was lost") as caught:
        migrate(settings, to=str(settings.of(SharedSettings).objects_url), registers=False, report=crash)
    assert (caught.value.reason, len(crashes)) == ("lease_lost", 1)
    last = move(town, registers=False)
    assert (last.problems, last.ended_before) == ((), None)
    assert 0 < last.copied < last.pieces
    shared = town.space("data", hours=3)
    assert_same(Workspace(settings), shared)
    assert remains_of(shared) == []


def run_worker(
    town: SharedTown, *, registers: bool, name: str = "data", kill_at: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Move in a process of its own; its output is how many steps there were."""
    command = worker_command(town, registers=registers, name=name, kill_at=kill_at)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def worker_command(town: SharedTown, *, registers: bool, name: str = "data", kill_at: int = 0) -> list[str]:
    given = settings_of(town, name=name)
    values = {key: getattr(model, key) for model in given.models() for key in model.model_fields_set}
    order = MoveOrder(settings={**values, "database_url": town.database_url}, registers=registers, kill_at=kill_at)
    return [sys.executable, "-m", "tests.store.migration_worker", order.argument()]


def wait_for_mark(store: SharedStore) -> None:
    """Wait until a move to a store has begun."""
    end = time.monotonic() + 60
    while store.inventory.move_mark() is None:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.timeout(300)
def test_unfinished_store_is_not_used(town):
    """Until the move has ended, no other process opens the store; the next call of the move does."""
    assert run_worker(town, registers=False, kill_at=40).returncode == -9
    with pytest.raises(StoreError, match="has not ended; run `newslake store migrate` there again") as caught:
        assert town.space("data", hours=3).archive
    assert caught.value.reason == "store_unfinished"
    assert move(town, registers=False).problems == ()
    assert town.space("data", hours=3).archive.captures() != ()


@pytest.mark.timeout(300)
def test_change_between_two_calls_is_moved_too(town, server):
    """What a run of the data root adds after a killed move is moved by the next call."""
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    local = Workspace(settings_of(town))
    town.write(3)
    town.says("/new-pier", body=story("A new pier", *other_text(99), url=server.url("/new-pier")))
    town.lists("/new-pier", *DOOMED, *STAYING, hours=3)
    run(local, "3")
    assert move(town, registers=False).problems == ()
    assert_same(local, town.space("data", hours=3))


@pytest.mark.timeout(300)
def test_what_is_dropped_between_two_calls_goes_there_too(town):
    """What the data root has dropped since a killed move began, like rows and old logs, is deleted by the next call."""
    local = Workspace(settings_of(town))
    stories = [Story(1), Story(2, day=30)]
    stage(local.lake, "b1", stories)
    local.lake.commit(["b1"], is_current=lambda article_id, seen_at: True)
    local.fetch_state.store_validators("drop", Validators('"v1"', None), url="https://post.example/list")
    steps = int(run_worker(town, registers=False, name="whole").stdout)
    assert run_worker(town, registers=False, kill_at=steps - 3).returncode == -9

    page = local.archive.captures()[0]
    local.lake.erasure.rows([page.article_id, *(each.article_id for each in stories)])
    local.fetch_state.erase([page.page_key])
    local.fetch_state.erase((), source_key="feed")
    april = datetime(2026, 4, 15, tzinfo=UTC)
    local.lake.log.compact(now=april)
    assert local.lake.log.expire(now=april, keep_months=1) != ()

    assert move(town, registers=False).problems == ()
    shared = town.space("data", hours=3)
    assert_equal(local, shared)
    assert shared.fetch_state.seen(page.page_key) is None
    assert {source for source, _, _ in shared.fetch_state.listings()} == {"drop"}
    assert shared.lake.days() == local.lake.days()
    assert len(shared.lake.days()) == 1
    assert shared.lake.log.month_names("listing_fetches") == ("2026-03",)
    assert (shared.lake.verify(), remains_of(shared)) == ((), [])


@pytest.mark.timeout(300)
def test_archived_pages_are_never_deleted_there(town):
    """A WARC file that the data root has lost may be the last copy of its pages: it stays there, and stops the move."""
    there = town.services("data").store().objects
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    local = Workspace(settings_of(town))
    [*_, file] = local.archive.file_names()
    (town.folder / "data" / "archive" / file).unlink()
    assert local.archive.recover(drops_damaged=True) != ()
    local.fetch_state.erase([local.archive.captures()[0].page_key])
    with pytest.raises(StoreError, match=rf"has {sealed_name(file)}, which .* has not"):
        move(town, registers=False)
    assert there.get(sealed_name(file)) is not None


@pytest.mark.timeout(300)
def test_first_alerts_during_a_move_are_not_lost(town):
    """Alerts that are checked for the first time while a move runs let it end with an error; the next call has them.

    The move itself makes no state of alerts, and no file for it.
    """
    settings, folder = settings_of(town), town.folder / "data" / "alerts"
    shutil.rmtree(folder)

    def check(step: str, unit: str, done: int, total: int) -> None:
        if step == "comparing the tables" and not folder.exists():
            AlertStore(LocalStore(settings).side_state(ALERT_STATE)).record(state("river"), policy(), now=NOON)

    done = migrate(settings, to=str(settings.of(SharedSettings).objects_url), registers=False, report=check)
    assert done.problems == ("the state of add-ons: its rows and files differs between both sides",)
    last = move(town, registers=False)
    assert (last.problems, last.copied, last.ended_before) == ((), 1, None)
    alerts = [AlertStore(state_of(each)) for each in (Workspace(settings), town.space("data", hours=3))]
    assert alerts[0].open_counts() == alerts[1].open_counts() != {}


@pytest.mark.timeout(300)
def test_takedown_between_two_calls_stops_the_move(town, server):
    """A page that is taken down when a part is moved already could stay there, so nothing more is moved."""
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    local = Workspace(settings_of(town))
    waits = server.url(WAITS)  # never archived, so that no other part differs in bytes
    forget(local, TakedownTarget(kind="article", value=waits), reason="by law", report_progress=lambda _: None)
    with pytest.raises(StoreError, match=r"the takedowns of .* changed after its move began") as caught:
        move(town, registers=False)
    assert caught.value.reason == "store_in_use"


def put_article(store: StoreServices) -> None:
    tables = store.store().tables
    stage(tables, "b1", [Story(1)])
    tables.commit(["b1"], is_current=lambda article_id, seen_at: True)


def put_state(store: StoreServices) -> None:
    AlertStore(store.store().side_state(ALERT_STATE)).record(state("river"), policy(), now=NOON)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("put", [put_article, put_state])
def test_store_with_other_content_is_refused(town, put):
    """A store that has anything that no move brought is left as it is."""
    put(town.services("data"))
    with pytest.raises(StoreError, match="which no move brought; nothing was moved") as caught:
        move(town, registers=False)
    assert caught.value.reason == "store_in_use"
    assert town.services("data").store().archive.captures() == ()


@pytest.mark.timeout(300)
def test_move_of_another_root_is_refused(town, root, tmp_path):
    """A move that another data root began is not mixed with this one."""
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    other = tmp_path / "other"
    copy_root(root, other)
    [first, *_] = sorted((other / "archive" / "warc").glob("*/*/*.warc.gz"))
    shutil.rmtree(other / "archive" / "warc")
    (other / "archive" / "index.sqlite").unlink()
    first.parent.mkdir(parents=True)
    shutil.copy(next((root / "archive" / "warc").glob("*/*/*.warc.gz")), first)
    with pytest.raises(StoreError, match="has not; nothing was moved"):
        move(town, registers=False, data_dir=other)


@pytest.mark.timeout(300)
def test_process_that_opened_the_store_before_is_refused(town):
    """A process that opened the shared store before the move began gets no lease to write until it has ended."""
    older = town.services("data").store()
    assert older.archive.captures() == ()
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    for lease in (older.leases.writer(), older.leases.takedown(), older.side_state(ALERT_STATE).exclusive()):
        with pytest.raises(StoreError, match="has not ended") as caught, lease:
            pass
        assert caught.value.reason == "store_unfinished"
    assert move(town, registers=False).problems == ()
    with older.leases.writer() as written, older.side_state(ALERT_STATE).exclusive():
        assert is_held(written)


@pytest.mark.timeout(300)
def test_maintenance_of_such_a_process_is_undone(town):
    """What the maintenance of such a process removes from the logs lets the move end with an error; the next has it."""
    older, settings = town.services("data").store(), settings_of(town)
    assert older.tables.days() == ()

    def expire(step: str, unit: str, done: int, total: int) -> None:
        if step == "comparing the tables" and not older.tables.log.whole_from():
            older.tables.log.expire(now=datetime(2026, 6, 15, tzinfo=UTC), keep_months=1)

    done = migrate(settings, to=str(settings.of(SharedSettings).objects_url), registers=False, report=expire)
    assert len(done.problems) > 1
    assert all(each.startswith("the log tables: ") for each in done.problems)
    assert move(town, registers=False).problems == ()
    assert_same(Workspace(settings), town.space("data", hours=3))


@pytest.mark.timeout(300)
def test_move_waits_for_a_writer_and_refuses_its_rows(town):
    """A move waits for a process that writes to the shared store when it begins; its rows are kept, and stop the move.

    They stop it also after a kill while it waits. The process goes on then.
    """
    older = town.services("data").store()
    assert older.tables.days() == ()
    with ThreadPoolExecutor(1) as pool, older.leases.writer():
        with subprocess.Popen(worker_command(town, registers=False)) as waiting:
            wait_for_mark(older)
            waiting.kill()
        moved = pool.submit(move, town, registers=False)
        time.sleep(0.5)
        assert not moved.done()
        stage(older.tables, "b1", [Story(1)])
        older.tables.commit(["b1"], is_current=lambda article_id, seen_at: True)
    with pytest.raises(StoreError, match="which no move brought; nothing was moved"):
        moved.result(timeout=60)
    assert older.inventory.move_mark() is None
    assert older.tables.read("articles").num_rows == 1
    with older.leases.writer() as lease:
        assert is_held(lease)


@pytest.mark.timeout(300)
def test_move_waits_for_a_check_of_alerts(town):
    """A check of alerts on the shared store, which runs when a move begins, is waited for: nobody's rows are lost."""
    older = town.services("data").store()
    with ThreadPoolExecutor(1) as pool, older.side_state(ALERT_STATE).exclusive():
        moved = pool.submit(move, town, registers=False)
        wait_for_mark(older)
        time.sleep(0.5)
        assert not moved.done()
    assert moved.result(timeout=200).problems == ()


def test_takedown_that_is_revoked_between_two_calls_is_revoked_there(database, tmp_path):
    """A takedown that a killed move has blocked, and the data root has revoked, ends with the next call."""
    source, target = Takedowns(tmp_path, durability="process"), PostgresBlocklist(database)
    for name in ("a1", "a2"):
        begun = source.begin("article", names=[name], work=TakedownPlan(), at=NOON, reason=None)
        source.finish(begun.takedown_id)
    [piece] = TakedownMove(source, target).pieces()
    piece.copy()
    assert piece.is_equal()
    source.revoke(begun.takedown_id)
    assert not piece.is_equal()
    piece.copy()
    assert piece.is_equal()
    assert target.names() == ("a1",)


def test_unfinished_work_is_refused(town):
    """A data root with a staged batch or a file of a dead writer is not moved before it is repaired."""
    local = Workspace(settings_of(town))
    stage(local.lake, "b1", [Story(1)])
    with pytest.raises(LakeError, match="1 batch of articles were processed and not committed"):
        move(town, registers=False)
    local.lake.commit(["b1"], is_current=lambda article_id, seen_at: True)
    [file, *_] = sorted((town.folder / "data" / "archive" / "warc").glob("*/*/*.warc.gz"))
    shutil.copy(file, file.with_name(f"dead-{file.name}.part"))
    with pytest.raises(LakeError, match=r"dead-.*\.part was left by a process that died; run `newslake lake repair`"):
        move(town, registers=False)


@pytest.mark.timeout(300)
def test_change_of_one_place_is_named(town):
    """A move that goes on with another bucket, schema or namespace alone says that the three belong together."""
    assert run_worker(town, registers=False, kill_at=60).returncode == -9
    other = f"{town.services('data').name}_other"
    for given, what in (
        ({"objects_url": f"{settings_of(town).of(SharedSettings).objects_url}_other"}, "the archive was created in"),
        ({"database_schema": other}, "has no store in the schema"),
        ({"catalog_namespace": other}, "the tables were created at"),
    ):
        with pytest.raises(StoreError, match=f"{what}[^;]*; in NEWS_OBJECTS_URL, .*, or three new ones$") as caught:
            move(town, registers=False, **given)
        assert caught.value.reason == "store_in_use"
    assert move(town, registers=True).problems == ()  # a month stays as the first call moved it


def test_another_bucket_is_refused(town):
    """Only the bucket that the settings name is moved to."""
    settings = settings_of(town)
    with pytest.raises(ConfigError, match="which NEWS_OBJECTS_URL names and workers will use"):
        migrate(settings, to="s3://elsewhere/main", registers=False, report=lambda *given: None)
    with pytest.raises(ConfigError, match="NEWS_OBJECTS_URL is not set"):
        migrate(settings_of(town, objects_url=""), to="s3://elsewhere", registers=False, report=lambda *given: None)
