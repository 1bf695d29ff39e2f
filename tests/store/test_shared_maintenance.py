"""The maintenance of the lake on the shared store, by the jobs of one machine."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES
from newslake.pipeline.upkeep.maintenance import compact_quiet, finish_upkeep, relate_recent, repair, verify
from tests.store.shared_town import SharedTown
from tests.unit.upkeep.town import NOON, week

pytestmark = [pytest.mark.model]
LATER = 24 * 40  # hours after noon: the month has ended, and is quiet


@pytest.fixture
def town(town: SharedTown) -> SharedTown:
    """The newsroom after a week."""
    week(town, "data", doomed=False)
    return town


def rows_of(space: Workspace) -> dict[str, list[dict[str, object]]]:
    return {spec.name: space.lake.read(spec.name).to_pylist() for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES)}


class Orphan(NamedTuple):
    """An object of the warehouse, and its key."""

    objects: Bucket
    key: str


def put_orphan(space: Workspace) -> Orphan:
    """Put a file as a committer does that dies before its commit; return it."""
    places = space.store.lake_places  # type: ignore[attr-defined]
    location = places.catalog.load_table((places.namespace, "articles")).location()
    found = Orphan(places.warehouse.objects, f"{places.warehouse.key_of(location)}/data/orphan.parquet")
    found.objects.put(found.key, b"an orphan")
    return found


def everything(_: object) -> bool:
    return True


def test_night_of_maintenance(town):
    """A night repairs, verifies, compacts, clusters and collects garbage; rows stay, and the run is logged."""
    space = town.space("data", hours=LATER)
    before = rows_of(space)
    assert {name: len(done) for name, done in repair(space).items() if name != "search"} == {
        "archive": 0,
        "lake": 0,
        "takedowns": 0,
    }
    report = verify(space, reads=everything)
    assert (report.problems, report.rows > 0, report.records > 0) == ((), True, True)
    done = compact_quiet(space)
    assert any("2026-03" in line for line in done["compacted"])
    assert compact_quiet(town.space("data", hours=LATER))["compacted"] == ()
    relate_recent(space, day=NOON.date())
    days_since = (datetime.now(UTC) - NOON).days  # objects have the time of the object storage, which is not frozen
    first, late = (town.space("data", hours=24 * (days_since + each)) for each in (3, 6))
    orphan = put_orphan(space)
    assert first.lake.gc().removed == 2  # the staged batches
    assert orphan.objects.get(orphan.key) is not None  # condemned only: a reader may have planned it
    assert late.lake.gc().removed == 1
    assert orphan.objects.get(orphan.key) is None
    finish_upkeep(late, done=done, day=NOON.date(), run_id="night", kind="scheduled", started_at=late.settings.now())
    assert "night" in late.lake.log.read("runs")["run_id"].to_pylist()
    assert rows_of(late) == before
    assert verify(late, reads=everything).problems == ()


def test_lost_tables_are_derived_again(town):
    """Dropped tables stop everything, until they are given up; then the days are derived again, with the same rows."""
    space = town.space("data", hours=3)
    before = rows_of(space)
    catalog = space.store.places.catalog  # type: ignore[attr-defined]
    for name in ("articles", "commits"):
        catalog.drop_table((town.services("data").name, name))
    late = town.space("data", hours=3)
    with pytest.raises(MissingStoreError, match="--give-up tables"):
        extract_day(late, day=NOON.date(), run_id="replay", report_progress=lambda _: None)
    with pytest.raises(ConfigError, match="missing stores: tables"):
        repair(town.space("data", hours=3), gives_up=["tables", "objects"])
    assert repair(town.space("data", hours=3), gives_up=["tables"])["stores"] == (
        "goes on without tables, which was lost",
    )
    last = town.space("data", hours=3)
    for day in last.archive.days():
        extract_day(last, day=day, run_id=f"replay-{day}", report_progress=lambda _: None)
    assert rows_of(last) == before
    assert verify(town.space("data", hours=3), reads=everything).problems == ()


def test_lost_database_goes_on_without_it(town):
    """An empty database is refused; given up, it indexes the archive again, and every page and row is there."""
    space = town.space("data", hours=3)
    before, captures = rows_of(space), space.archive.captures()
    services = town.services("data")
    empty = {**town.given(hours=3), "database_schema": f"{services.name}_new"}
    with pytest.raises(MissingStoreError, match="--give-up database"):
        verify_or_raise(services.workspace(**empty))
    repair(services.workspace(**empty), gives_up=["database"])
    late = services.workspace(**empty)
    assert (late.archive.captures(), rows_of(late)) == (captures, before)
    assert verify(late, reads=everything).problems == ()


def verify_or_raise(space: Workspace) -> None:
    """Open the archive."""
    assert space.archive.captures()
