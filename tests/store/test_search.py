"""The search index of both stores: a file of the host that follows the tables, whoever changed them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.index import (
    IndexReport,
    SearchPlace,
    problems_of_index,
    rebuild_index,
    update_index,
)
from newslake.pipeline.errors import LakeError
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.tables import Tables
from tests.store.table_stores import new_lake, new_shared_tables, shared_tables
from tests.store.test_tables import DAY, duplicates, put
from tests.unit.lake.rows import Story


@dataclass(frozen=True)
class Hosts:
    """The tables as two hosts open them, each with an index of its own."""

    tables: Tables
    here: SearchPlace
    there: SearchPlace


@pytest.fixture(params=["local", "shared"])
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Hosts:
    reopen: Callable[[], Tables]
    tables: Tables
    if request.param == "local":
        tables, reopen = new_lake(tmp_path), lambda: new_lake(tmp_path)
    else:
        weed = request.getfixturevalue("weed")
        tables = made = new_shared_tables(weed)
        assert isinstance(made, SharedTables)
        name = made.places.namespace
        reopen = lambda: shared_tables(weed, name)  # noqa: E731
    places = [
        SearchPlace(tables=opened, path=tmp_path / host / "search.sqlite", is_of_host=True)
        for host, opened in (("here", tables), ("there", reopen()))
    ]
    for each in places:
        each.path.parent.mkdir()
    return Hosts(tables, *places)


def update(place: SearchPlace) -> IndexReport:
    return update_index(place, durability="process")


def ids(place: SearchPlace, text: str) -> set[int]:
    return {int(hit.article_id, 16) for hit in search_articles(place, text).hits}


def bytes_of(place: SearchPlace) -> bytes:
    """Return the bytes of all files of an index."""
    return b"".join(path.read_bytes() for path in place.path.parent.glob("search.sqlite*"))


def test_index_follows_the_tables(hosts):
    """Each host reads the days that changed, and no other; compaction changes no hit."""
    assert update(hosts.here) == IndexReport()
    assert search_articles(hosts.here, "ferry").hits == ()

    put(hosts.tables, "b1", Story(1, "The ferry waits."), Story(2, "The bus waits."), Story(3, "A crane.", day=40))

    with pytest.raises(LakeError) as caught:
        search_articles(hosts.there, "ferry")
    assert caught.value.reason == "search_missing"
    assert update(hosts.here) == update(hosts.there) == IndexReport(months=2, added=3)
    assert update(hosts.here) == IndexReport()

    put(hosts.tables, "b2", Story(2, "The tram leaves.", seen=1), Story(4, "The ferry sinks.", day=1))
    older = search_articles(hosts.here, "bus OR ferry")

    assert (older.is_current, {int(each.article_id, 16) for each in older.hits}) == (False, {1})
    assert update(hosts.here) == IndexReport(months=1, added=2)
    assert (ids(hosts.here, "ferry"), ids(hosts.here, "bus"), ids(hosts.here, "tram")) == ({1, 4}, set(), {2})

    before = search_articles(hosts.here, "ferry OR tram")
    hosts.tables.compact(months=["2026-02"])
    hosts.tables.replace("near_duplicates", lambda: {DAY: duplicates(Story(2), group=Story(2).article_id)})

    assert before.is_current
    assert update(hosts.here).added == 0
    assert search_articles(hosts.here, "ferry OR tram") == before
    assert problems_of_index(hosts.here) == ()
    assert rebuild_index(hosts.here, durability="process").added == 4


def test_takedown_of_another_host(hosts):
    """A search shows no row that the tables no longer have; the next update erases its words from the file.

    So it does with words of an earlier revision, in whatever month they are.
    """
    put(hosts.tables, "b1", Story(1, "The zanzibarite ferry."), Story(2, "The ferry."), Story(3, "A ferry.", day=40))
    update(hosts.there)
    put(hosts.tables, "b2", Story(1, "The quaggaful ferry.", day=41, seen=1))
    update(hosts.there)

    assert (ids(hosts.there, "ferry"), ids(hosts.there, "quaggaful")) == ({1, 2, 3}, {1})
    assert b"zanzibarite" in bytes_of(hosts.there)
    assert b"quaggaful" in bytes_of(hosts.there)

    hosts.tables.erasure.rows([Story(1).article_id])
    hosts.tables.erasure.traces(days=[DAY + timedelta(days=41)], older_than=0.0)

    found = search_articles(hosts.there, "quaggaful OR bus")
    assert (found.hits, found.is_current) == ((), False)

    assert update(hosts.there).removed == 1
    assert b"zanzibarite" not in bytes_of(hosts.there)
    assert b"quaggaful" not in bytes_of(hosts.there)
    assert (ids(hosts.there, "ferry"), problems_of_index(hosts.there)) == ({2, 3}, ())
