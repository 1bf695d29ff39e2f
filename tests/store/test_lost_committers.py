"""Committers of the shared tables that fail or lose their lease while others go on."""

from collections.abc import Callable
from typing import Any

import pytest

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.leases import PostgresLease
from newslake.pipeline.shared.tables import SharedTables
from tests.scale.seaweedfs import SeaweedFS
from tests.scale.table_faults import differences
from tests.store.table_stores import new_shared_tables, shared_tables
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables

DAY = NOON.date()


def put(tables: SharedTables, batch_id: str, *stories: Story) -> None:
    tables.stage(batch_id, batch_tables(stories), batch_keys(stories))
    tables.commit([batch_id], is_current=lambda article_id, seen_at: True)


def reopened(tables: SharedTables, server: SeaweedFS, **options: Any) -> SharedTables:
    """Return the same tables as another process opens them."""
    return shared_tables(server, tables.places.namespace, **options)


def refuse_once(at: str) -> Callable[[str], None]:
    """Return a step that fails the first time, as with a catalog that refuses for a while."""
    left = [at]

    def step(name: str) -> None:
        if name in left:
            left.remove(name)
            raise StoreError("the catalog refuses", key="catalog", reason="store_refused")

    return step


def test_files_of_a_failed_commit_are_not_used_again(weed):
    """A commit fails after its files are written; a takedown deletes them; the retry writes them again."""
    tables = new_shared_tables(weed)
    writer = reopened(tables, weed, step=refuse_once("staged"))
    with pytest.raises(StoreError, match="refuses"):
        put(writer, "b1", Story(1), Story(2))
    tables.erasure.traces(days=[DAY], older_than=0.0)
    put(writer, "b1", Story(1), Story(2))

    assert tables.verify() == ()
    assert tables.read("articles")["title"].to_pylist() == ["Story 1", "Story 2"]


def test_rows_of_another_version_are_written_after_a_failed_commit(weed):
    """A batch that is derived again with another version, after its commit failed, has the rows of that version."""
    tables = new_shared_tables(weed)
    writer = reopened(tables, weed, step=refuse_once("staged"))
    with pytest.raises(StoreError, match="refuses"):
        put(writer, "b1", Story(1, version="v1"))
    put(writer, "b1", Story(1, version="v2"))

    assert tables.read("articles")["pipeline_version"].to_pylist() == ["v2"]
    assert tables.index.stored([Story(1).article_id])[Story(1).article_id].pipeline_version == "v2"


def test_commit_ends_when_its_lease_is_lost(weed, database):
    """The server ends the committer's session before its transaction: another one takes the lease, and it stops."""
    tables = new_shared_tables(weed)
    end = ["staged"]

    def step(name: str) -> None:
        if name in end:
            end.remove(name)
            database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
            tables.erasure.traces(days=[DAY], older_than=0.0)

    writer = reopened(tables, weed, step=step)
    with pytest.raises(StoreError, match="lease was lost") as caught:
        put(writer, "b1", Story(1))

    assert caught.value.reason == "lease_lost"
    assert tables.read("articles").num_rows == 0

    put(writer, "b1", Story(1))

    assert tables.verify() == ()
    assert tables.read("articles")["title"].to_pylist() == ["Story 1"]


def test_index_is_not_written_when_the_lease_is_lost_after_its_check(weed, database, monkeypatch):
    """A committer loses its lease after its transaction and its last check: the next one's index stays as it is."""
    tables = new_shared_tables(weed)
    end = ["sent"]

    def step(name: str) -> None:
        if name in end:
            end.remove(name)
            database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
            put(tables, "b2", Story(1, words="It sank.", seen=1), Story(2))

    monkeypatch.setattr(PostgresLease, "check", lambda self: None)
    with pytest.raises(StoreError, match="lease was lost"):
        put(reopened(tables, weed, step=step), "b1", Story(1))

    last = (Story(1, words="It sank.", seen=1), Story(2))
    assert differences(tables, {each.article_id: each for each in last}) == []


def test_upkeep_deletes_nothing_when_its_lease_is_lost(weed, database):
    """A run of gc whose session ends while it lists the orphans deletes none of them."""
    tables = new_shared_tables(weed)
    writer = reopened(tables, weed, step=refuse_once("staged"))
    with pytest.raises(StoreError, match="refuses"):
        put(writer, "b1", Story(1))
    with tables.hold():
        database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(StoreError, match="lease was lost"):
            tables.orphans().remove_all(["articles"])
    with tables.hold():
        assert tables.orphans().remove_all(["articles"]) > 0


def test_named_version_of_another_process_stays(weed):
    """A committer that has the heads in memory does not expire a version that another process has named since."""
    tables = new_shared_tables(weed)
    writer = reopened(tables, weed)
    put(writer, "b0", Story(1))
    tables.snapshots.take("march")
    for number in range(1, 17):
        put(writer, f"b{number}", Story(1, words=f"Take {number}.", seen=number))

    assert tables.tags.names() == ("march",)
