"""The contract of ``Tables``: files of one machine and Iceberg on services give the same rows for the same batches."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from newslake.pipeline.errors import ContractError, LakeError
from newslake.pipeline.lake import CachedOutcome
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.tables import Tables
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from tests.store.table_stores import new_lake, new_shared_tables
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables, blank

type MakeTables = Callable[[], Tables]

DAY = NOON.date()


@pytest.fixture(params=["local", "shared"])
def make_tables(request: pytest.FixtureRequest, tmp_path: Path) -> MakeTables:
    """A function that returns new, empty tables of a store."""
    numbers: Iterator[int] = iter(range(100))
    if request.param == "local":
        return lambda: new_lake(tmp_path / str(next(numbers)))
    server = request.getfixturevalue("weed")
    return lambda: new_shared_tables(server)


@pytest.fixture
def tables(make_tables: MakeTables) -> Tables:
    return make_tables()


def stage(tables: Tables, batch_id: str, stories: Sequence[Story]) -> None:
    tables.stage(batch_id, batch_tables(stories), batch_keys(stories))


def put(tables: Tables, batch_id: str, *stories: Story) -> Any:
    """Stage and commit a batch; return the report."""
    stage(tables, batch_id, stories)
    return tables.commit([batch_id], is_current=lambda article_id, seen_at: True)


def rows_of(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the annotation tables with their days, in order."""
    return {spec.name: tables.read(spec.name, columns=spec.file_schema.names).to_pylist() for spec in ANNOTATION_TABLES}


def titles(tables: Tables) -> list[str]:
    return tables.read("articles", columns=["title"])["title"].to_pylist()


def test_commit_makes_rows_readable_by_day(tables):
    """Staged rows are not there before the commit, and whole after it, sorted as the contract says."""
    stage(tables, "b1", [Story(3), Story(1), Story(2, day=1)])

    assert tables.days() == ()
    assert tables.read("articles").num_rows == 0

    report = tables.commit(["b1"], is_current=lambda article_id, seen_at: True)

    assert report.rows == {"articles": 3, "entities": 3, "quotes": 3, "events": 1}
    assert report.days == tables.days() == (DAY, DAY + timedelta(days=1))
    assert titles(tables) == ["Story 1", "Story 3", "Story 2"]
    assert tables.read("articles", days=[DAY]).schema.names == TABLE_SPECS["articles"].schema.names
    assert tables.read("articles", days=[DAY + timedelta(days=1)])["title"].to_pylist() == ["Story 2"]
    assert tables.read("events", columns=["published_date"])["published_date"].to_pylist() == [DAY + timedelta(days=1)]


def test_same_batches_in_any_order_give_the_same_rows(make_tables):
    """Late articles, new revisions and moved days end in the same rows, whatever the order of the batches."""
    batches = {
        "b1": [Story(1), Story(2), Story(3, day=1)],
        "b2": [Story(2, words="The ferry sank.", seen=2), Story(4)],
        "b3": [Story(3, day=2, seen=1), Story(5, day=-1)],
    }
    latest = {story.article_id: story.seen_at for stories in batches.values() for story in stories}
    found = []
    for order in list(permutations(batches))[::2]:
        tables = make_tables()
        for batch_id in order:
            stage(tables, batch_id, batches[batch_id])
            tables.commit([batch_id], is_current=lambda article_id, seen_at: seen_at == latest[article_id])
        found.append(rows_of(tables))

    assert found[0] == found[1] == found[2]
    assert [row["title"] for row in found[0]["articles"]] == ["Story 5", "Story 1", "Story 2", "Story 4", "Story 3"]


def test_batches_of_one_commit_are_merged(tables):
    """Of an article in two batches of one commit, the revision seen last wins; each batch has its own report."""
    stage(tables, "b1", [Story(1), Story(2)])
    stage(tables, "b2", [Story(2, words="Late again.", seen=3)])
    report = tables.commit(["b1", "b2"], is_current=lambda article_id, seen_at: True)

    assert report.of(["b1"]).articles == {Story(1).article_id: "committed", Story(2).article_id: "superseded"}
    assert report.of(["b2"]).articles == {Story(2).article_id: "committed"}
    assert "Late again." in tables.read("articles")["text"].to_pylist()[1]


def test_retried_batch_changes_nothing(tables):
    """A batch that is committed again reports its articles as unchanged, and its days still."""
    put(tables, "b1", Story(1), Story(2))
    before = rows_of(tables)
    report = tables.commit(["b1"], is_current=lambda article_id, seen_at: True)

    assert set(report.articles.values()) == {"unchanged"}
    assert report.files_changed == 0
    assert report.days == (DAY,)
    assert rows_of(tables) == before


def test_superseded_article_is_left_out(tables):
    """An article of which the archive has a newer revision is not committed."""
    stage(tables, "b1", [Story(1), Story(2)])
    report = tables.commit(["b1"], is_current=lambda article_id, seen_at: article_id == Story(1).article_id)

    assert report.articles[Story(2).article_id] == "superseded"
    assert titles(tables) == ["Story 1"]


def test_moved_article_leaves_its_day(tables):
    """An article whose date changes is on its new day only; a day that it leaves empty has no rows."""
    put(tables, "b1", Story(1), Story(2, day=40))
    report = put(tables, "b2", Story(1, day=3, seen=1))

    assert report.days == (DAY, DAY + timedelta(days=3))
    assert tables.days() == (DAY + timedelta(days=3), DAY + timedelta(days=40))
    assert titles(tables) == ["Story 1", "Story 2"]
    assert tables.index.stored([Story(1).article_id])[Story(1).article_id].published_date == DAY + timedelta(days=3)


def test_unknown_batch_is_an_error(tables):
    """A batch that was never staged is an error that names it."""
    with pytest.raises(LakeError, match="neither staged nor committed") as caught:
        tables.commit(["b9"], is_current=lambda article_id, seen_at: True)

    assert caught.value.reason == "batch_missing"


def test_batch_that_breaks_the_contract_is_not_staged(tables):
    """Rows without their article are refused before anything is staged."""
    broken = batch_tables([Story(1)]) | {"entities": batch_tables([Story(2)])["entities"]}
    with pytest.raises(ContractError, match="rows without their article"):
        tables.stage("b1", broken, batch_keys([Story(1)]))


def duplicates(*stories: Story, group: str = "g") -> pa.Table:
    spec = TABLE_SPECS["near_duplicates"]
    keys = ("article_id", "revision_id", "published_at")
    rows = [blank(spec, **{name: getattr(s, name) for name in keys}, dup_group_id=group) for s in stories]
    return rows_table(spec, rows)


def test_cluster_tables_are_replaced_by_day(tables):
    """The rows of a day take the place of earlier ones; equal rows change no file, and no rows end the day."""
    put(tables, "b1", Story(1), Story(2, day=1))
    first = {DAY: duplicates(Story(1)), DAY + timedelta(days=1): duplicates(Story(2))}

    assert tables.replace("near_duplicates", lambda: first) == 2
    assert tables.replace("near_duplicates", lambda: first) == 0

    tables.replace_all(lambda: {"near_duplicates": {DAY: duplicates(Story(1), group="h")}})

    assert tables.read("near_duplicates")["dup_group_id"].to_pylist() == ["h", "g"]

    tables.replace("near_duplicates", lambda: {DAY: duplicates()})

    assert tables.read("near_duplicates")["dup_group_id"].to_pylist() == ["g"]
    assert tables.read("articles").num_rows == 2


def test_erased_articles_are_in_no_table_and_no_staged_batch(tables):
    """The rows of an erased article go from all tables; others stay. A retried batch does not bring them back."""
    put(tables, "b1", Story(1), Story(2), Story(3, day=1))
    tables.replace("near_duplicates", lambda: {DAY: duplicates(Story(1), Story(2))})

    wanted = [Story(1).article_id, Story(9).article_id]
    assert tables.erasure.staged(wanted) == {Story(1).article_id}

    assert tables.erasure.rows(wanted) == (DAY,)

    assert tables.erasure.staged(wanted) == frozenset()
    tables.erasure.traces(days=[DAY], older_than=0.0)
    tables.commit(["b1"], is_current=lambda article_id, seen_at: True)

    assert titles(tables) == ["Story 2", "Story 3"]
    for name in ("entities", "quotes", "events", "near_duplicates"):
        assert Story(1).article_id not in tables.read(name)["article_id"].to_pylist()
    assert tables.index.stored([Story(1).article_id]) == {}


def test_cached_bytes_are_there_until_they_are_dropped(tables):
    """Bytes of a name are replaced, and gone once they are dropped; others stay."""
    for name, data in (("spark.1", b"first"), ("spark.1", b"second"), ("spark.10", b"other")):
        tables.put_cached(name, data)
    assert tables.get_cached("spark.1") == b"second"

    for _ in range(2):
        tables.drop_cached("spark.1")

    assert (tables.get_cached("spark.1"), tables.get_cached("spark.10")) == (None, b"other")


def test_cached_outcomes_of_erased_articles_go(tables):
    """The cached outcome of an erased article is forgotten, also of one that never had rows; others stay."""
    kept, gone = Story(1).article_id, Story(2).article_id
    tables.index.put_outcomes({each: CachedOutcome("hash", "v1", "rejected", "too_short") for each in (kept, gone)})
    tables.erasure.rows([gone])
    tables.erasure.traces(days=[DAY], older_than=0.0)

    assert set(tables.index.cached_outcomes([kept, gone])) == {kept}


def test_compacted_month_has_the_same_rows(tables):
    """A month whose tables have one file each has the same rows, and takes late articles."""
    put(tables, "b1", Story(1), Story(2, day=1), Story(3, day=40))
    put(tables, "b2", Story(4, day=1))
    before = rows_of(tables)

    assert len(tables.compact(months=["2026-02"])) == 1
    assert rows_of(tables) == before
    assert tables.days() == (DAY, DAY + timedelta(days=1), DAY + timedelta(days=40))

    put(tables, "b3", Story(5, day=1), Story(6, day=2))

    assert titles(tables) == ["Story 1", "Story 2", "Story 4", "Story 5", "Story 6", "Story 3"]


def test_versions_of_days_change_with_their_rows(tables):
    """Only the days whose rows change have another version."""
    put(tables, "b1", Story(1), Story(2, day=1))
    before = tables.day_versions("articles")
    put(tables, "b2", Story(3, day=1))
    after = tables.day_versions("articles")

    assert list(before) == list(after) == [DAY, DAY + timedelta(days=1)]
    assert {day for day in before if before[day] != after[day]} == {DAY + timedelta(days=1)}
    assert tables.day_versions("near_duplicates") == {}
    assert tables.verify() == ()


def test_cache_keeps_bytes(tables):
    """Cached bytes are there under their name."""
    assert tables.get_cached("sketches/2026-02-03") is None

    tables.put_cached("sketches/2026-02-03", b"sketch")

    assert tables.get_cached("sketches/2026-02-03") == b"sketch"


def run_rows(run_id: str, *, day: int = 0) -> pa.Table:
    spec = TABLE_SPECS["listing_fetches"]
    at = datetime(2026, 2, 3, 12, tzinfo=UTC) + timedelta(days=day)
    row = blank(spec, run_id=run_id, source_key="harbour", requested_at=at, news_day=at.date())
    return rows_table(spec, [{name: value for name, value in row.items() if name in spec.schema.names}])


def test_log_replaces_the_rows_of_a_batch(tables):
    """A batch that is appended again has its last rows only, also in another month."""
    tables.log.append("listing_fetches", "r1", run_rows("r1"))
    tables.log.append("listing_fetches", "r2", run_rows("r2", day=1))
    tables.log.append("listing_fetches", "r1", run_rows("r1b", day=40))

    assert tables.log.read("listing_fetches")["run_id"].to_pylist() == ["r2", "r1b"]
    assert tables.log.batches("listing_fetches") == {"r1", "r2"}
    assert tables.log.read_batches("listing_fetches", ["r1", "r7"])["run_id"].to_pylist() == ["r1b"]
    assert tables.log.read("listing_fetches", newest=1)["run_id"].to_pylist() == ["r1b"]
    months = list(tables.log.months("listing_fetches", columns=["run_id"]))
    assert [each["run_id"].to_pylist() for each in months] == [["r1b"], ["r2"]]
    with pytest.raises(ContractError):
        tables.log.append("listing_fetches", "r3", run_rows("r3").drop_columns(["run_id"]))


def test_log_is_read_by_month_and_batch(tables):
    """Each month of a log table has the rows of its batches; a batch of two months is in both, after a closing, too."""
    tables.log.append("listing_fetches", "r 1", pa.concat_tables([run_rows("a"), run_rows("b", day=40)]))
    tables.log.append("listing_fetches", "r2", run_rows("c", day=1))
    tables.log.append("listing_fetches", "r3", pa.concat_tables([run_rows("d"), run_rows("e", day=2)]))
    for _ in range(2):
        assert tables.log.month_names("listing_fetches") == ("2026-02", "2026-03")
        assert {
            month: {each: rows["run_id"].to_pylist() for each, rows in tables.log.by_batch(name, month).items()}
            for name in ["listing_fetches"]
            for month in tables.log.month_names(name)
        } == {"2026-02": {"r 1": ["a"], "r2": ["c"], "r3": ["d", "e"]}, "2026-03": {"r 1": ["b"]}}
        tables.log.compact(now=datetime(2026, 6, 1, tzinfo=UTC))
    assert tables.log.month_names("outcomes") == ()


def test_recover_of_whole_tables_does_nothing(tables):
    """Repair and upkeep of intact tables change no row."""
    put(tables, "b1", Story(1))

    assert tables.recover() == ()
    assert tables.gc().removed == 0
    assert titles(tables) == ["Story 1"]


def test_replaced_files_wait_for_their_retention_time(tables):
    """Upkeep says how many files it removed, and how many nothing needs that stay for readers."""
    for number in range(40):
        put(tables, f"b{number}", Story(1, words=f"Take {number}.", seen=number))
    found = tables.gc()
    assert found.removed == 0
    assert found.waiting > 40


def test_both_stores_have_equal_rows(tmp_path, weed):
    """The shared tables have the rows of the lake, value by value, after the same commits."""
    stores: list[Tables] = [new_lake(tmp_path), new_shared_tables(weed)]
    for tables in stores:
        put(tables, "b1", *map(Story, range(20)))
        put(tables, "b2", *(Story(number, words="Changed.", seen=1, day=number % 3) for number in range(5, 15)))
        tables.replace("near_duplicates", lambda: {DAY: duplicates(Story(1))})
    local, shared = (rows_of(each) for each in stores)

    assert local == shared
    assert isinstance(stores[1], SharedTables)
    assert pc.count_distinct(stores[1].read("articles")["article_id"]).as_py() == 20
    assert stores[0].index.stored([Story(7).article_id]) == stores[1].index.stored([Story(7).article_id])
