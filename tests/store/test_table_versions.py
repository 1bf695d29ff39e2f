"""The contract of versions of the tables: what is read at one instant, under names, and what upkeep says of months."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.lake import Depth, Redaction
from newslake.pipeline.store.tables import Tables, TablesVersion
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.store.table_stores import new_lake, new_shared_tables
from tests.store.test_tables import DAY, duplicates, put, run_rows, titles
from tests.unit.lake.rows import NOON, Story, blank

NEXT = DAY + timedelta(days=1)
LATER = NOON + timedelta(days=90)


@pytest.fixture(params=["local", "shared"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tables]:
    """Empty tables of both stores."""
    if request.param == "local":
        yield new_lake(tmp_path, clock=lambda: LATER)
    else:
        yield new_shared_tables(request.getfixturevalue("weed"), clock=lambda: LATER)


def no_pairs(entities: pa.Table, duplicates: pa.Table, links: pa.Table) -> pa.Table:
    return TABLE_SPECS["co_mentions"].schema.empty_table()


def test_version_does_not_change(tables):
    """A version has the rows of its commit, also after later commits, over all tables and days."""
    empty = tables.version_name()
    put(tables, "b1", Story(1), Story(2, day=1))
    version = tables.present()
    put(tables, "b2", Story(1, words="Changed.", seen=1), Story(3, day=1))

    assert len({empty, version.name, tables.version_name()}) == 3
    assert version.days() == (DAY, NEXT)
    assert version.read("articles", columns=["title"])["title"].to_pylist() == ["Story 1", "Story 2"]
    assert version.read("articles", days=[DAY], columns=["text"])["text"].to_pylist() == [Story(1).text]
    assert version.read("entities").num_rows == 2
    assert [version.count("articles", day) for day in (DAY, NEXT, NEXT + timedelta(days=1))] == [1, 1, 0]
    assert tables.present().count("articles", NEXT) == 2


def test_versions_of_months_and_days(tables):
    """Only the months and days whose articles change have another version; days can be those of a month."""
    put(tables, "b1", Story(1), Story(2, day=1), Story(3, day=40))
    before = tables.present()
    put(tables, "b2", Story(4, day=1))
    after = tables.present()
    months = [each.month_versions() for each in (before, after)]

    assert list(months[0]) == list(months[1]) == ["2026-02", "2026-03"]
    assert [month for month in months[0] if months[0][month] != months[1][month]] == ["2026-02"]
    assert list(after.day_versions("articles", month="2026-02")) == [DAY, NEXT]
    assert before.day_versions("articles")[DAY] == after.day_versions("articles")[DAY]
    assert before.day_versions("articles")[NEXT] != after.day_versions("articles")[NEXT]


def test_read_at_once_reads_one_version(tables):
    """What is read at once is of one commit, although another one comes between."""
    put(tables, "b1", Story(1))

    def read(version: TablesVersion) -> tuple[int, int]:
        articles = version.read("articles").num_rows
        put(tables, "b2", Story(2))
        return articles, version.read("entities").num_rows

    assert tables.read_at_once(read) == (1, 1)
    assert titles(tables) == ["Story 1", "Story 2"]


def test_relation_reads_the_version_that_it_replaces(tables):
    """What is read while rows are related is of the newest commit, and all reads afterwards are newer."""
    seen = list[list[str]]()

    def relate() -> dict[date, pa.Table]:
        seen.append(titles(tables))
        return {DAY: duplicates(Story(1), group=f"g{len(seen)}")}

    for number in (1, 2):
        put(tables, f"b{number}", Story(number))
        tables.replace("near_duplicates", relate)

    assert seen == [["Story 1"], ["Story 1", "Story 2"]]
    assert tables.read("near_duplicates")["dup_group_id"].to_pylist() == ["g2"]


def test_closed_and_due_months(tables):
    """A month with a file per day is due; with one file for all days it is closed. An unknown month is an error."""
    put(tables, "b1", Story(1), Story(2, day=1), Story(3, day=40))
    put(tables, "b2", Story(4, day=41))

    assert (tables.due_months(quiet_days=0), tables.closed_months()) == (("2026-02", "2026-03"), frozenset())
    with pytest.raises(ConfigError, match="no rows of 2031-01"):
        tables.compact(months=["2031-01"])

    assert len(tables.compact(months=["2026-02"], on_error=pytest.fail)) == 1
    assert (tables.due_months(quiet_days=0), tables.closed_months()) == (("2026-03",), {"2026-02"})
    assert len(tables.compact()) == 1
    assert tables.compact() == ()


def test_named_version(tables):
    """A named version is listed with its time, days and rows, stays intact, and ends when it is dropped."""
    put(tables, "b1", Story(1), Story(2, day=1))
    taken = tables.snapshots.take("march")
    put(tables, "b2", Story(3, day=2))
    [listed] = tables.snapshots.list()

    assert taken.facts == listed.facts
    assert listed.facts.taken_at == LATER
    assert (listed.facts.name, listed.facts.first_day, listed.facts.last_day) == ("march", DAY, NEXT)
    assert (listed.facts.days, listed.facts.rows["articles"], listed.facts.rows["entities"]) == (2, 2, 2)
    assert listed.shared_bytes > 0
    assert tables.snapshots.verify("march") == ()
    assert list(tables.snapshots.verify_all()) == []
    with pytest.raises(ConfigError, match="exists already"):
        tables.snapshots.take("march")
    with pytest.raises(ConfigError, match="invalid snapshot name"):
        tables.snapshots.take("../march")

    tables.snapshots.drop("march")

    assert tables.snapshots.list() == ()
    for act in (tables.snapshots.drop, tables.snapshots.verify):
        with pytest.raises(ConfigError, match="no snapshot march; existing: none"):
            act("march")


def test_erasure_reaches_named_versions(tables):
    """After an erasure, no named version has the article; the names of those that had it are returned, once."""
    put(tables, "b1", Story(2, day=1))
    tables.snapshots.take("before")
    put(tables, "b2", Story(1))
    tables.snapshots.take("with")
    ids = [Story(1).article_id]
    tables.erasure.rows(ids)
    tables.erasure.traces(days=[DAY], older_than=0.0)

    done, again = (tables.erasure.snapshots(ids, count=no_pairs) for _ in range(2))
    assert done.changed + done.dropped == ("with",)
    assert again.changed + again.dropped == ()
    assert all(each.facts.rows["articles"] == 1 for each in tables.snapshots.list())
    assert list(tables.snapshots.verify_all()) == []


def test_depth_of_a_check(tables):
    """A check reads the rows of the days that it is given, calls its own check, and counts what it reads."""
    put(tables, "b1", Story(1), Story(2, day=1))
    seen = list[str]()

    def check(articles: pa.Table) -> list[str]:
        seen.extend(articles["title"].to_pylist())
        return ["no such payload"]

    depth = Depth(reads=lambda day: day == NEXT, check=check)

    assert tables.verify(depth) == (f"{NEXT}: no such payload",)
    assert seen == ["Story 2"]
    assert depth.tally["files"] > 0
    assert depth.tally["bytes"] > 0
    assert depth.tally["rows"] == 4  # an article, an entity, a quote and an event
    assert tables.recover(drops_damaged=True) == ()
    assert titles(tables) == ["Story 1", "Story 2"]


def test_compaction_and_end_of_the_log(tables):
    """A month of the log is merged once; removed months are known, and the deletions stay."""
    for number in range(2):
        tables.log.append("listing_fetches", f"r{number}", run_rows(f"r{number}"))
    tables.log.append("listing_fetches", "r9", run_rows("r9", day=40))
    deleted = blank(TABLE_SPECS["deletions"], article_id=Story(1).article_id, revision_ids=[], deleted_at=NOON)
    names = TABLE_SPECS["deletions"].schema.names
    row = {name: value for name, value in deleted.items() if name in names}
    tables.log.append("deletions", "t1", rows_table(TABLE_SPECS["deletions"], [row]))

    assert tables.log.whole_from() == {}
    assert len(tables.log.compact(now=NOON + timedelta(days=30), months=["2026-02"], on_error=pytest.fail)) >= 1
    assert tables.log.read("listing_fetches")["run_id"].to_pylist() == ["r0", "r1", "r9"]

    tables.log.expire(now=NOON + timedelta(days=80), keep_months=1)

    assert tables.log.whole_from() == {"listing_fetches": DAY.replace(month=3, day=1)}
    assert tables.log.read("listing_fetches")["run_id"].to_pylist() == ["r9"]
    assert tables.log.batches("deletions") == {"t1"}


def test_names_are_redacted(tables):
    """Redaction changes the rows of outcomes that name a page, and no other."""
    spec = TABLE_SPECS["outcomes"]
    rows = []
    for number in range(2):
        made = blank(spec, url=f"https://harbour.example/{number}", source_key="harbour", at=NOON)
        rows.append({name: value for name, value in made.items() if name in spec.schema.names})
    tables.log.append("outcomes", "r1", rows_table(spec, rows))
    redaction = Redaction(
        article_ids=(),
        hosts={"harbour.example"},
        is_page=lambda url: url.endswith("/1"),
        alias=lambda url: "redacted:1",
    )

    assert tables.erasure.names(redaction) == 1
    assert tables.erasure.names(redaction) == 0
    assert sorted(tables.log.read("outcomes")["url"].to_pylist()) == ["https://harbour.example/0", "redacted:1"]
