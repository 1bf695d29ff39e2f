"""Readers of both stores: one head for all tables, days, log tables, named versions, files that are gone, damage."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.lake_folder import files_of
from newslake.pipeline.query.saved_queries import check_sources, list_questions, sql_of
from newslake.pipeline.shared.block_cache import BlockCache, CachedObject
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.table_files import LakePlace
from newslake.pipeline.store.tables import Tables
from newslake.pipeline.tables import TABLE_SPECS, TABLES, rows_table
from tests.store.folder import FolderObjects
from tests.store.lake_copies import copy_lake, files_of_tables
from tests.store.table_stores import new_lake, new_shared_tables
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables, blank

DAY = NOON.date()
COUNTS = """\
SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM entities),
  (SELECT count(DISTINCT article_id) FROM quotes),
  (SELECT count(*) FROM articles_stored a JOIN quotes_stored q USING (article_id, revision_id))"""


class OpenedTables:
    """Tables of a store, and the place where readers find them."""

    def __init__(self, tables: Tables, place: LakePlace) -> None:
        self.tables, self.place = tables, place

    def put(self, batch_id: str, *stories: Story) -> None:
        self.tables.stage(batch_id, batch_tables(stories), batch_keys(stories))
        self.tables.commit([batch_id], is_current=lambda article_id, seen_at: True)

    def rows(self, sql: str, **days: Any) -> list[tuple[object, ...]]:
        with connect(self.place, **days) as connection:
            return list(query(connection, sql).rows)


@pytest.fixture(params=["local", "shared"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> OpenedTables:
    """New, empty tables of a store."""
    if request.param == "local":
        return OpenedTables(new_lake(tmp_path), tmp_path / "lake")
    tables = new_shared_tables(request.getfixturevalue("weed"))
    return OpenedTables(tables, files_of_tables(tables))


def outcomes(*days: date) -> pa.Table:
    """Return a row of the log table outcomes for each of some days."""
    spec = TABLE_SPECS["outcomes"]
    rows = [
        blank(
            spec,
            url=f"https://press.example/{day}",
            source_key="press",
            news_day=day,
            decided_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )
        for day in days
    ]
    return rows_table(spec, rows)


def test_empty_tables_are_empty_views(opened):
    """Before the first commit, all tables have no rows and all columns; there is no last day."""
    for spec in TABLES:
        name = f"{spec.name}_stored" if spec.name in ("articles", "entities", "quotes", "events") else spec.name
        assert opened.rows(f"SELECT count(*) FROM {name}") == [(0,)]
        columns = [name for name, *_ in opened.rows(f"DESCRIBE {name}")]
        assert columns == spec.file_schema.names
    assert files_of(opened.place).last_day("articles") is None


def test_rows_of_a_commit_are_seen_by_the_next_reader(opened):
    """An open reader has the rows of its commit; the next one those of the newest."""
    opened.put("b1", Story(1), Story(2, day=1))
    with connect(opened.place) as connection:
        assert query(connection, COUNTS).rows == ((2, 2, 2, 2),)
        opened.put("b2", Story(1, words="New words.", seen=1), Story(3, day=40))

        assert query(connection, COUNTS).rows == ((2, 2, 2, 2),)
        assert query(connection, "SELECT count(*) FROM quotes WHERE quote_text = 'New words.'").rows == ((0,),)
    assert opened.rows(COUNTS) == [(3, 3, 3, 3)]
    assert opened.rows("SELECT count(*) FROM quotes WHERE quote_text LIKE '%New words.%'") == [(1,)]
    assert files_of(opened.place).last_day("articles") == DAY + timedelta(days=40)


def test_only_the_files_of_the_days_are_pinned(opened):
    """With days, files of other months are left out; the rows are those of the days."""
    opened.put("b1", Story(1), Story(2, day=1), Story(3, day=40), Story(4, day=80))
    later = DAY + timedelta(days=30)

    assert opened.rows("SELECT count(*) FROM articles", since=later) == [(2,)]
    assert opened.rows("SELECT count(*) FROM articles", until=DAY) == [(1,)]
    assert opened.rows("SELECT count(*) FROM articles", since=later, until=later + timedelta(days=20)) == [(1,)]
    some = files_of(opened.place).pin(since=later, until=later + timedelta(days=20))
    assert len(some.tables["articles"].paths) == 1


def test_log_rows_have_the_columns_of_the_contract(opened):
    """A log table shows the rows of all batches, and no column of a store."""
    opened.tables.log.append("outcomes", "r1", outcomes(DAY))
    opened.tables.log.append("outcomes", "r2", outcomes(DAY, DAY + timedelta(days=40)))

    assert opened.rows("SELECT count(*), count(DISTINCT decided_date) FROM outcomes") == [(3, 2)]
    assert [name for name, *_ in opened.rows("DESCRIBE outcomes")] == TABLE_SPECS["outcomes"].file_schema.names


def test_named_version_keeps_its_rows(opened):
    """A named version has the rows of its time and no log tables; an unknown one is an error with the known names."""
    opened.put("b1", Story(1))
    opened.tables.log.append("outcomes", "r1", outcomes(DAY))
    opened.tables.snapshots.take("first")
    opened.put("b2", Story(2))
    version = files_of(opened.place).at("first")

    with connect(version) as connection:
        assert query(connection, COUNTS).rows == ((1, 1, 1, 1),)
        assert query(connection, "SELECT count(*) FROM outcomes").rows == ((0,),)
    assert files_of(version).last_day("articles") == DAY
    with (
        pytest.raises(ConfigError, match="no snapshot second; existing: first"),
        connect(files_of(opened.place).at("second")),
    ):
        pass


def test_sources_are_those_of_the_tables(opened):
    """An unknown source is refused with the known ones."""
    opened.put("b1", Story(1))
    [(known,)] = opened.rows("SELECT DISTINCT source_key FROM articles")

    check_sources(opened.place, [str(known)])
    with pytest.raises(ConfigError, match="nowhere"):
        check_sources(opened.place, ["nowhere"])


def test_strict_reader_during_commits_and_maintenance(opened):
    """While batches are committed and months compacted, each query has as many rows in each table."""
    opened.put("b0", Story(0))
    is_done = Event()

    def commit() -> None:
        try:
            for number in range(1, 13):
                stories = [Story(each, words=f"Round {number}.", seen=number) for each in range(3 * number)]
                opened.put(f"b{number}", *stories)
                if number % 5 == 0:
                    opened.tables.compact(months=[f"{DAY:%Y-%m}"])
                    opened.tables.gc()
        finally:
            is_done.set()

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(commit)
        while not is_done.is_set():
            with connect(opened.place) as connection:
                found = [query(connection, COUNTS).rows[0], query(connection, COUNTS).rows[0]]
                [(rounds,)] = query(connection, "SELECT count(DISTINCT quote_text) FROM quotes").rows
            assert found[0] == found[1]
            assert len(set(found[0])) == 1
            assert rounds == 1
            seen.add(found[0][0])
        work.result()
    assert len(seen) > 2
    assert opened.rows(COUNTS) == [(36, 36, 36, 36)]


@pytest.fixture
def shared(weed: Any, tmp_path: Path) -> SharedTables:
    return new_shared_tables(weed)


def test_file_that_a_takedown_removed_says_run_again(shared):
    """A reader of files that a takedown removed says that they were replaced; the next has the rows that are left."""
    opened = OpenedTables(shared, files_of_tables(shared))
    opened.put("b1", Story(1), Story(2))
    stale = files_of(opened.place).pin()
    shared.erasure.rows([Story(1).article_id])
    shared.erasure.traces(days=[DAY], older_than=NOON.timestamp() + 10**9)

    assert opened.rows("SELECT count(*) FROM articles") == [(1,)]  # this reader has forgotten the bytes
    with pytest.raises(FileNotFoundError, match="was replaced since the lake was opened; run the query again"):
        stale.open(stale.tables["quotes"].paths[0])


def test_missing_and_damaged_files_say_verify(shared):
    """A file of the present commit that is gone, or shorter than the catalog says, names the command that checks."""
    OpenedTables(shared, files_of_tables(shared)).put("b1", Story(1), Story(2, day=40))
    warehouse = shared.places.warehouse
    pinned = files_of_tables(shared).pin()
    first, second = (warehouse.key_of(path) for path in pinned.tables["quotes"].paths)
    bucket = warehouse.objects
    whole = bucket.get(first)
    assert whole is not None
    bucket.delete(second)
    with (
        pytest.raises(Exception, match=r"is missing; run `newslake lake verify`"),
        connect(files_of_tables(shared)) as connection,
    ):
        query(connection, "SELECT count(quote_text) FROM quotes")
    bucket.put(first, whole[:-10])
    with pytest.raises(StoreError, match="newslake lake verify"):
        files_of_tables(shared).pin(until=DAY)
    bucket.put(first, whole)  # other tests read the whole bucket


def test_saved_questions_have_the_same_answers(weed, tmp_path, small_lake_copy):
    """Every saved question has the same rows on a copy of a lake in shared tables."""
    lake, place = small_lake_copy
    for question in list_questions():
        with connect(lake) as local, connect(place) as shared:
            assert query(shared, sql_of(question)).rows == query(local, sql_of(question)).rows, question.slug


@pytest.fixture
def small_lake_copy(weed: Any, tmp_path: Path) -> tuple[Path, LakePlace]:
    """A lake of a few days in a folder, and in shared tables."""
    lake = new_lake(tmp_path)
    opened = OpenedTables(lake, tmp_path / "lake")
    opened.put("b1", *(Story(number, day=number % 5 * 9) for number in range(40)))
    lake.log.append("outcomes", "r1", outcomes(DAY, DAY + timedelta(days=1)))
    tables = new_shared_tables(weed)
    copy_lake(lake, tables)
    return tmp_path / "lake", files_of_tables(tables)


# The cache of blocks, on objects of a folder.


class CountingObjects(FolderObjects):
    """Objects that count what is read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, durability="process")
        self.reads: list[tuple[int, int]] = []

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        self.reads.append((offset, length))
        return super().get_range(key, offset=offset, length=length)


@pytest.fixture
def cached(tmp_path: Path) -> Callable[[int], tuple[CountingObjects, CachedObject, bytes]]:
    """A function that returns objects, a cached file in them of some size, and its bytes."""

    def make(size: int) -> tuple[CountingObjects, CachedObject, bytes]:
        data = bytes(number * 7 % 251 for number in range(size))
        objects = CountingObjects(tmp_path)
        objects.put("file", data)
        return objects, CachedObject(objects, "file", size, BlockCache(1 << 20), lambda: KeyError("gone")), data

    return make


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 300_000])
def test_every_range_has_its_bytes(cached, size):
    """Ranges at the borders of blocks, past the end and empty ones have the bytes of the file."""
    _, file, data = cached(size)
    for place in (0, 1, 65_535, 65_536, 65_537, size - 1, size, size + 5):
        for length in (0, 1, 65_536, size, size + 9):
            assert file.read(length, place) == data[place : place + length]


def test_small_file_is_read_by_one_request(cached):
    """The end of a small file is the whole file; reads after it make no request."""
    objects, file, data = cached(200_000)
    file.read_end()

    assert file.read(200_000, 0) == data
    assert objects.reads == [(0, 200_000)]
    assert file.has_end()


def test_large_file_is_read_by_runs_of_blocks(cached):
    """Of a large file the end comes first, then one request for each run of blocks that is missing."""
    objects, file, _ = cached(700_000)
    file.read_end()
    file.read(100_000, 70_000)
    file.read(60_000, 80_000)

    assert objects.reads == [(655_360, 44_640), (65_536, 131_072)]


def test_cache_forgets_the_oldest_blocks():
    """The cache has at most its bytes; what was used last stays."""
    cache = BlockCache(200)
    for number in range(4):
        cache.put("a", number, bytes(60))
        cache.get("a", 0)

    assert [cache.get("a", number) is not None for number in range(4)] == [True, False, True, True]


@pytest.mark.parametrize("others", [0, 20_000])
def test_dropped_file_is_not_put_back(others):
    """A reader that began before a file was dropped does not put its blocks back; a later one does."""
    cache = BlockCache()
    before = cache.generation
    cache.put("a", 0, b"a", began=before)
    cache.drop(["a", *map(str, range(others))])
    cache.put("a", 0, b"a", began=before)
    assert cache.get("a", 0) is None

    cache.put("a", 0, b"a", began=cache.generation)
    assert cache.get("a", 0) == b"a"


def test_reader_in_flight_keeps_no_bytes_of_a_replaced_file(weed):
    """A reader that goes on after another one has seen the next commit leaves no bytes of the file that is replaced."""
    opened = OpenedTables(tables := new_shared_tables(weed), files := files_of_tables(tables))
    opened.put("b1", Story(1))
    pinned = files.pin()
    [path] = pinned.tables["articles"].paths
    opened.put("b2", Story(1, words="New words.", seen=1))
    files.pin()
    reader = pinned.open(path)
    assert reader.read(4, 0) == b"PAR1"
    assert not reader.has_end()


def test_missing_object_has_the_error_of_its_place(cached, tmp_path):
    """A file that is gone raises the error that its place makes."""
    objects, file, _ = cached(10)
    objects.delete("file")
    with pytest.raises(KeyError, match="gone"):
        file.read(5, 0)
