"""Takedowns on the shared store: no byte of a deleted page remains in bucket, tables and database."""

import random
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES
from newslake.pipeline.upkeep.maintenance import verify
from newslake.pipeline.upkeep.takedown import TakedownTarget, finish_takedowns, forget
from tests.faults.invariants import broken_sums
from tests.long_form import LONG, seed_or
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import SeaweedFS
from tests.store.shared_town import HASTY, SharedTown, StoreBytes
from tests.store.takedown_worker import TakedownOrder
from tests.unit.upkeep.town import FERRY, Town, all_targets, forget_all, traces_of_doomed, ways_back, week
from tests.unit.upkeep.town import run as run_day

pytestmark = [pytest.mark.model]

SEED = seed_or(20261129)


@pytest.fixture
def town_database(mortal_postgres: PostgresServer) -> str:
    """The URL of a database whose files are searched: no other test has left rows there."""
    return mortal_postgres.url


@pytest.fixture
def weed(mortal_weed: SeaweedFS) -> SeaweedFS:
    """An object storage whose files are searched: no other test has put the same pages there."""
    return mortal_weed


def rows_of(space: Workspace) -> dict[str, list[dict[str, object]]]:
    """Return the rows of all tables but the log."""
    return {spec.name: space.lake.read(spec.name).to_pylist() for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES)}


def bytes_of(town: SharedTown, postgres: PostgresServer) -> StoreBytes:
    return StoreBytes(town.weed, postgres, town.services("data").name)


def assert_gone(space: Workspace, town: SharedTown, postgres: PostgresServer) -> None:
    """Check that no piece of the deleted pages is in objects, rows, files of the server and files of the host."""
    traces, held = traces_of_doomed(), bytes_of(town, postgres)
    assert held.hits_in_objects(traces) == {}
    assert held.hits_in_rows(traces) == set()
    postgres.execute("CHECKPOINT")
    assert held.hits_in_files(traces, "base") == {}
    assert traces.under(space.settings.data_dir) == {}
    assert verify(space, reads=lambda day: True).problems == ()
    assert broken_sums(space) == []


@pytest.mark.timeout(900)
def test_nothing_remains(town, mortal_postgres):
    """A byte search finds no part of the deleted pages: in objects and metadata, in rows, in files of the servers.

    The rows are those of a local lake that never had the pages. Named versions that had them end. Files of the object
    storage have their bytes until it compacts its volumes, and the log of the database until it is overwritten.
    """
    space = week(town, "data", doomed=True)
    traces, held = traces_of_doomed(), bytes_of(town, mortal_postgres)
    assert held.remember(traces) > 10
    assert len(held.hits_in_rows(traces)) > 10
    space.lake.snapshots.take("before")
    mortal_postgres.execute("ALTER SYSTEM SET wal_recycle = off")
    mortal_postgres.execute("SELECT pg_reload_conf()")
    forget_all(space, town)
    assert [each.facts.name for each in space.lake.snapshots.list()] == []
    assert_gone(town.space("data", hours=2), town, mortal_postgres)
    never = week(Town(town.server, town.folder / "one"), "never", doomed=False)
    assert rows_of(space) == rows_of(never)
    assert held.slices_on_disk() > 0
    deadline = time.monotonic() + 60
    while held.slices_on_disk() and time.monotonic() < deadline:  # SeaweedFS deletes in the background, then vacuums
        town.weed.shell("lock\nvolume.vacuum -garbageThreshold 0.0001\nunlock")
        time.sleep(1)
    assert held.slices_on_disk() == 0
    assert held.hits_in_files(traces, "pg_wal") != {}
    mortal_postgres.execute("SELECT pg_switch_wal()")
    mortal_postgres.execute("CHECKPOINT")
    mortal_postgres.execute("SELECT pg_switch_wal()")
    mortal_postgres.execute("CHECKPOINT")
    assert held.hits_in_files(traces, "pg_wal") == {}


@pytest.mark.timeout(900)
def test_pages_that_came_back_anywhere_are_found(town, mortal_postgres):
    """The repair finds and removes a page state, outcomes, a staged batch and a cached outcome that came back."""
    town.write(1)
    town.lists(FERRY, "/bridge")
    space, traces, held = town.space("data"), traces_of_doomed(), bytes_of(town, mortal_postgres)
    run_day(space, "0")
    ways = ways_back(space, town.server.url(FERRY))
    forget(
        space,
        TakedownTarget(kind="article", value=town.server.url(FERRY)),
        reason=None,
        report_progress=lambda _: None,
    )
    for name, write in ways.items():
        assert finish_takedowns(space) == ()  # from here on, it reads only what comes in later
        write(space)
        assert held.hits_in_objects(traces) or held.hits_in_rows(traces), name
        assert ["came in again" in each for each in finish_takedowns(space)] == [True], name
        assert held.hits_in_objects(traces) == {}, name
        assert held.hits_in_rows(traces) == set(), name
    assert finish_takedowns(space) == ()


@pytest.mark.timeout(1800)
def test_killed_takedown_is_finished(town, mortal_postgres):
    """A takedown that is killed at a step that changes a service, and run again or repaired, leaves nothing either."""
    space = week(town, "data", doomed=True)
    first, *others = all_targets(space, town)
    steps = int(run(town, first).stdout)
    chance, killed = random.Random(SEED), 0
    for number, target in enumerate(others):
        at = chance.randint(1, steps)
        for _ in range(2 if LONG else 1):
            code = run(town, target, kill_at=at).returncode
            assert code in (0, -9)
            killed += code == -9
            at = chance.randint(1, steps)
        late = town.space("data", hours=3)
        if number % 2:
            finish_takedowns(late)
        forget(late, target, reason="asked to", report_progress=lambda _: None)
    late = town.space("data", hours=3)
    assert [each.takedown_id for each in late.takedowns.all() if not each.is_done] == []
    assert_gone(late, town, mortal_postgres)
    assert rows_of(late) == rows_of(week(Town(town.server, town.folder / "one"), "never", doomed=False))
    assert killed > 0


def run(town: SharedTown, target: TakedownTarget, *, kill_at: int = 0) -> "subprocess.CompletedProcess[str]":
    """Take down in a process of its own; its output is how many steps there were."""
    given = town.space("data", hours=3).settings
    values = {name: getattr(model, name) for model in given.models() for name in model.model_fields_set}
    values["database_url"] = town.database_url
    order = TakedownOrder(settings=values, patience=asdict(HASTY), value=target.value, kill_at=kill_at)
    command = [sys.executable, "-m", "tests.store.takedown_worker", order.argument()]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
