"""A month that is quiet becomes a file per table, and stays one: no row changes, also if a process dies."""

import io
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake import Lake, committed_files
from newslake.pipeline.lake import partitions as partitions_module
from newslake.pipeline.lake.exchange import exchange
from newslake.pipeline.lake.manifests import Entry
from newslake.pipeline.lake.partitions import Partitions
from newslake.pipeline.lake.storage import Disk, decode, sha256_of
from newslake.pipeline.tables import CLUSTER_TABLES, TABLE_SPECS
from tests.unit.lake.rows import Story, near_duplicate_rows
from tests.unit.lake.test_commit import commit, inodes, public_files
from tests.without_exchange import SYSTEM_CALLS, machine, mount_overlay

DAY, NEXT_DAY, APRIL = date(2026, 2, 3), date(2026, 2, 4), date(2026, 4, 4)
STORIES = [Story(1), Story(2), Story(3, day=1), Story(4, day=None, news_day=1), Story(5, day=30), Story(6, day=60)]
MONTHS = ("2026-02", "2026-03", "2026-04")
TABLES = 5  # of February: each of their folders is exchanged with a copy of itself before the month is closed


def open_lake(root: Path, *, today: date = date(2026, 5, 20), **options: float) -> Lake:
    now = datetime.combine(today, datetime.min.time(), UTC)
    return Lake(root, durability="process", now=lambda: now, **options)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a lake of three open months."""
    lake = open_lake(tmp_path / "lake")
    commit(lake, STORIES)
    lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows(STORIES[:2])})
    return tmp_path / "lake"


@pytest.fixture
def closed(root: Path) -> Path:
    """Return the lake with February and March closed."""
    open_lake(root).compact(months=MONTHS[:2])
    return root


def rows_of(root: Path) -> dict[str, list[dict[str, object]]]:
    """Return all rows, with their day."""
    names = {name: [*TABLE_SPECS[name].schema.names, "published_date"] for name in ("articles", "quotes", "events")}
    names["near_duplicates"] = [*TABLE_SPECS["near_duplicates"].schema.names, "published_date"]
    return {name: open_lake(root).read(name, columns=columns).to_pylist() for name, columns in names.items()}


def stems(root: Path, table: str = "quotes") -> list[str]:
    return sorted(path.stem for path in (root / "tables" / table).rglob("*.parquet"))


def assert_sound(root: Path) -> None:
    assert open_lake(root).verify() == ()
    assert open_lake(root).recover() == ()


def test_closed_month_has_a_file_per_table(root: Path) -> None:
    """The rows, days, index and changes are the same before and after; each month with files is named once."""
    before, package = rows_of(root), (root / "datapackage.json").read_bytes()
    last = open_lake(root).index.changes(datetime(2026, 1, 1, tzinfo=UTC)).until
    assert last is not None
    done = open_lake(root).compact(months=MONTHS[:2])
    assert done == ("2026-02: 9 files of the tables became 5", "2026-03: 3 files of the tables became 3")
    assert stems(root) == ["2026-02", "2026-03", str(APRIL)]
    assert rows_of(root) == before
    assert open_lake(root).days() == (DAY, NEXT_DAY, date(2026, 3, 5), APRIL)
    assert (open_lake(root).index.changes(last).articles, open_lake(root).index.changes(last).days) == ((), ())
    assert (root / "datapackage.json").read_bytes() != package  # it states bytes
    assert_sound(root)


def test_rows_of_a_closed_month_are_sorted_by_day(closed: Path) -> None:
    """The day is a column, and first in the order; each day is read alone, with any columns."""
    table = pq.ParquetFile(closed / "tables/articles/published_month=2026-02/2026-02.parquet").read()
    assert table["published_date"].to_pylist() == [DAY, DAY, NEXT_DAY, NEXT_DAY]
    assert table["title"].to_pylist() == ["Story 1", "Story 2", "Story 3", "Story 4"]
    lake = open_lake(closed)
    assert lake.read("articles", days=[NEXT_DAY], columns=["title"])["title"].to_pylist() == ["Story 3", "Story 4"]
    assert lake.read("articles", days=[NEXT_DAY]).schema == TABLE_SPECS["articles"].schema
    assert lake.read("near_duplicates", days=[DAY, NEXT_DAY]).num_rows == 2
    assert lake.read("quotes", days=[date(2026, 2, 9)]).num_rows == 0


@pytest.mark.parametrize(
    ("today", "quiet_days", "closing"),
    [
        (date(2026, 4, 4), 0, ["2026-02", "2026-03"]),
        (date(2026, 4, 4), 7, ["2026-02"]),
        (date(2026, 4, 30), 0, ["2026-02", "2026-03"]),
        (date(2026, 5, 7), 7, ["2026-02", "2026-03"]),
        (date(2026, 5, 8), 7, ["2026-02", "2026-03", "2026-04"]),
        (date(2026, 2, 28), 0, []),
    ],
)
def test_month_that_ended_and_was_quiet_is_due(
    tmp_path: Path, today: date, quiet_days: int, closing: list[str]
) -> None:
    """A month is due some days after its end; the present month is not."""
    commit(open_lake(tmp_path / "lake", today=date(2026, 2, 3)), STORIES)
    done = open_lake(tmp_path / "lake", today=today).compact(quiet_days=quiet_days)
    assert [line.partition(":")[0] for line in done] == closing


def test_month_that_changed_is_not_quiet(tmp_path: Path) -> None:
    """A late article, or late clusters, begin the quiet days again; a named month need not be quiet or ended."""
    commit(open_lake(tmp_path / "lake", today=date(2026, 4, 10)), STORIES)
    commit(open_lake(tmp_path / "lake", today=date(2026, 4, 30)), [Story(7, day=2)], batch_id="b2")
    rows = near_duplicate_rows([STORIES[4]])
    march = date(2026, 3, 5)
    open_lake(tmp_path / "lake", today=date(2026, 5, 4)).replace("near_duplicates", lambda: {march: rows})
    dues = []
    for day in (6, 7, 10, 11):
        done = open_lake(tmp_path / "lake", today=date(2026, 5, day)).compact(quiet_days=7)
        dues.append([line.partition(":")[0] for line in done])
    assert dues == [[], ["2026-02"], ["2026-04"], ["2026-03"]]


def test_named_months_only(root: Path) -> None:
    """A named month is closed although it was not quiet; one that the lake does not have is an error."""
    assert [line[:7] for line in open_lake(root, today=APRIL).compact(months=["2026-04"])] == ["2026-04"]
    assert stems(root) == [str(DAY), str(NEXT_DAY), "2026-03-05", "2026-04"]
    before = inodes(root)
    for unknown in ("2026-01", "2026-13", "February"):
        with pytest.raises(ConfigError, match=f"no rows of {unknown}; a month is written YYYY-MM"):
            open_lake(root).compact(months=["2026-02", unknown])
    assert inodes(root) == before


def test_compaction_again_changes_nothing(closed: Path) -> None:
    """A month that is closed is not written again."""
    head, before = (closed / "_state/head.json").read_bytes(), inodes(closed)
    assert open_lake(closed).compact(months=MONTHS[:2]) == ()
    assert (closed / "_state/head.json").read_bytes() == head
    assert inodes(closed) == before


def test_same_batch_again_changes_nothing(closed: Path) -> None:
    """A batch that was committed before changes no file, in open and in closed months."""
    head, before = (closed / "_state/head.json").read_bytes(), inodes(closed)
    report = commit(open_lake(closed), STORIES, batch_id="again")
    assert (set(report.articles.values()), report.days, report.files_changed) == ({"unchanged"}, (), 0)
    rows = near_duplicate_rows(STORIES[1::-1])
    assert open_lake(closed).replace("near_duplicates", lambda: {DAY: rows}) == 0
    assert (closed / "_state/head.json").read_bytes() == head
    assert inodes(closed) == before


def built_at_once(root: Path, stories: Sequence[Story]) -> dict[str, bytes]:
    """Return the public files of a lake with these stories and February and March closed."""
    lake = open_lake(root)
    commit(lake, stories)
    lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows(STORIES[:2])})
    lake.compact(months=MONTHS[:2])
    return public_files(root)


def test_late_article_leaves_the_month_closed(closed: Path, tmp_path: Path) -> None:
    """A late article rewrites the files of its month, which stays closed, and no other; the bytes are as at once."""
    before = inodes(closed)
    late = Story(8, day=2)
    report = commit(open_lake(closed), [late], batch_id="b2")
    assert (report.days, report.files_changed) == ((date(2026, 2, 5),), 4)
    assert stems(closed) == ["2026-02", "2026-03", str(APRIL)]
    after = inodes(closed)
    assert after.keys() == before.keys()
    changed = {path.split("tables/")[1] for path in after if after[path] != before[path]}
    names = ("articles", "entities", "quotes", "events")
    assert changed == {f"{name}/published_month=2026-02/2026-02.parquet" for name in names}
    assert public_files(closed) == built_at_once(tmp_path / "other", [*STORIES, late])
    assert_sound(closed)


def test_move_into_a_closed_month_and_back(closed: Path, tmp_path: Path) -> None:
    """An article that moves from an open month to a closed one, and back, is there once; both months keep their form.

    A reader that began before a move reads it where it was.
    """
    before, began = rows_of(closed), open_lake(closed).partitions.state()
    for number, day in enumerate((0, 60)):
        report = commit(open_lake(closed), [Story(6, day=day, seen=number + 1)], batch_id=f"m{number}")
        assert report.days == (DAY, APRIL)
        found = open_lake(closed).read("articles", columns=["title", "published_date"]).to_pylist()
        there = [row["published_date"] for row in found if row["title"] == "Story 6"]
        assert there == [Story(6, day=day).published_date]
        assert stems(closed) == ["2026-02", "2026-03", *([str(APRIL)] if day else [])]
        assert_sound(closed)
    assert rows_of(closed) == before
    assert public_files(closed) == built_at_once(tmp_path / "other", STORIES)
    reader = open_lake(closed).partitions
    titles = reader.whole_table(began, "articles", columns=["title", "published_date"]).to_pylist()
    assert [row["published_date"] for row in titles if row["title"] == "Story 6"] == [APRIL]


def test_day_that_loses_its_rows(closed: Path) -> None:
    """A day of a closed month may lose all rows, and so may all its days: then the month has no file."""
    commit(open_lake(closed), [Story(n, day=0, seen=1) for n in (3, 4)], batch_id="b2")
    assert open_lake(closed).days() == (DAY, date(2026, 3, 5), APRIL)
    assert open_lake(closed).read("articles", days=[NEXT_DAY]).num_rows == 0
    assert_sound(closed)
    commit(open_lake(closed), [Story(n, day=60, seen=2) for n in (1, 2, 3, 4)], batch_id="b3")
    assert stems(closed) == ["2026-03", str(APRIL)]
    open_lake(closed).replace("near_duplicates", lambda: {DAY: near_duplicate_rows([])})
    assert not list((closed / "tables").glob("*/*2026-02"))
    assert open_lake(closed).read("articles").num_rows == len(STORIES)
    assert_sound(closed)
    commit(open_lake(closed), [Story(1, day=0, seen=3)], batch_id="b4")
    assert stems(closed) == ["2026-02", "2026-03", str(APRIL)], "the month stayed closed"
    assert_sound(closed)


def test_cluster_table_of_a_closed_month(closed: Path) -> None:
    """A cluster table that is replaced in a closed month rewrites its own file only, and other days of it stay."""
    before = inodes(closed)
    assert open_lake(closed).replace("near_duplicates", lambda: {NEXT_DAY: near_duplicate_rows(STORIES[2:4])}) == 1
    after = inodes(closed)
    assert [path.split("tables/")[1] for path in after if after[path] != before[path]] == [
        "near_duplicates/published_month=2026-02/2026-02.parquet"
    ]
    assert [row["published_date"] for row in rows_of(closed)["near_duplicates"]] == [DAY, DAY, NEXT_DAY, NEXT_DAY]
    assert open_lake(closed).replace("near_duplicates", lambda: {DAY: near_duplicate_rows([])}) == 1
    assert [row["published_date"] for row in rows_of(closed)["near_duplicates"]] == [NEXT_DAY, NEXT_DAY]
    assert_sound(closed)


def test_closed_month_lies_there_once(root: Path) -> None:
    """After the retention time, gc removes the files per day, but none of which a reader may still have the names."""
    began = open_lake(root).partitions.state()
    open_lake(root).compact(months=MONTHS)
    open_lake(root).gc()
    titles = open_lake(root).partitions.whole_table(began, "articles", columns=["title"])
    assert titles.num_rows == len(STORIES)
    open_lake(root, today=date(2100, 1, 1), gc_grace_hours=0).gc()
    objects = [path.name.partition(".")[0] for path in (root / "_state/data").rglob("*.obj")]
    assert sorted(set(objects)) == list(MONTHS)
    assert len(list((root / "_state/months").glob("*/*"))) == len(MONTHS)
    assert len(list(root.rglob("*.parquet"))) == len(objects)
    assert_sound(root)


# Files of older columns.

NULLS = "standfirst"  # a nullable column without a value in these rows


def age_columns(root: Path, month: str, *, without: str) -> None:
    """Write the articles of a month again as a version without some nullable column did."""
    lake = open_lake(root)
    state = lake.partitions.state()
    manifest = state.month(month)
    aged = {}
    for stem, entry in manifest.files["articles"].items():
        table = pq.read_table(root / "_state" / entry.object).drop_columns([without])
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        data = sink.getvalue().to_pybytes()
        name = f"data/articles/{month}/{stem}.{manifest.generation + 1:06d}.{sha256_of(data)[:8]}.obj"
        (root / "_state" / name).write_bytes(data)
        aged[stem] = Entry(name, entry.rows, len(data), sha256_of(data), "an older fingerprint")
    files = {**manifest.files, "articles": aged}
    days = {
        day: replace(
            found, tables=found.tables | {"articles": replace(found.tables["articles"], digest="of old columns")}
        )
        for day, found in manifest.days.items()
    }
    lake.partitions.commit(state, [replace(manifest, generation=manifest.generation + 1, days=days, files=files)])


def digests_of(root: Path) -> dict[date, dict[str, str]]:
    """Return the digest of each day and table."""
    days = open_lake(root).partitions.state().days
    return {day: {name: table.digest for name, table in found.tables.items()} for day, found in days.items()}


@pytest.mark.parametrize("month", ["2026-02", "2026-04"])
def test_files_of_older_columns(closed: Path, month: str) -> None:
    """They are read with nulls; they are named as not current; compaction rewrites them, in open and closed months."""
    before, files = rows_of(closed), public_files(closed)
    age_columns(closed, month, without=NULLS)
    assert public_files(closed) != files
    assert rows_of(closed) == before
    day = DAY if month == "2026-02" else APRIL
    assert open_lake(closed).read("articles", days=[day], columns=[NULLS])[NULLS].null_count > 0
    assert open_lake(closed).verify() == ()
    committed = committed_files(closed)
    assert committed is not None
    old = [file for each in committed.values() for file in each if not file.is_current]
    assert [file.first_day for file in old] == [day]
    [done] = open_lake(closed, today=APRIL).compact(quiet_days=7)
    assert done.startswith(month)
    assert public_files(closed) == files
    assert open_lake(closed, today=APRIL).compact(quiet_days=7) == ()
    assert_sound(closed)


@pytest.mark.parametrize(("month", "day"), [("2026-02", 0), ("2026-04", 60)])
def test_change_of_a_day_with_older_columns(closed: Path, tmp_path: Path, month: str, day: int) -> None:
    """A late article is merged with rows of older columns; file and digests are those of the present columns."""
    age_columns(closed, month, without=NULLS)
    commit(open_lake(closed), [Story(8, day=day)], batch_id="b2")
    assert public_files(closed) == built_at_once(tmp_path / "other", [*STORIES, Story(8, day=day)])
    assert digests_of(closed) == digests_of(tmp_path / "other")
    assert_sound(closed)


def test_required_column_that_is_missing_is_an_error(closed: Path) -> None:
    """A file without a required column is not read as if its values were null."""
    age_columns(closed, "2026-02", without="content_hash")
    with pytest.raises(LakeError, match="content_hash"):
        open_lake(closed).read("articles")


# What stops a compaction.


@pytest.mark.parametrize("name", ["notes.txt", "copy.parquet", "2026-03-09.parquet"])
def test_foreign_file_is_named(root: Path, name: str) -> None:
    """A file of others in a folder of the month is named, and nothing is changed; other months are closed."""
    foreign, head = root / "tables/quotes/published_month=2026-02" / name, (root / "_state/head.json").read_bytes()
    foreign.write_text("mine")
    with pytest.raises(LakeError, match=rf"tables/quotes/published_month=2026-02/{name} .*move it") as caught:
        open_lake(root).compact(months=["2026-02"])
    assert caught.value.reason == "foreign_file"
    assert (root / "_state/head.json").read_bytes() == head
    assert foreign.read_text() == "mine"
    assert len(open_lake(root).compact(months=["2026-03"])) == 1


@pytest.mark.parametrize("kind", ["data", "months"])
def test_damaged_month_does_not_stop_the_next_one(root: Path, kind: str) -> None:
    """A month with a damaged data file or manifest stays as it is, and is named; the months after it are closed."""
    damaged = [path for path in (root / "_state" / kind).rglob("*") if path.is_file() and path.parent.name == "2026-02"]
    for path in damaged:
        path.unlink()
        path.write_bytes(b"damaged")
    errors: list[LakeError] = []
    done = open_lake(root).compact(months=["2026-02", "2026-03"], on_error=errors.append)
    assert [line.partition(":")[0] for line in done] == ["2026-03"]
    [error] = errors
    assert "2026-02" in str(error)
    with pytest.raises(LakeError, match="2026-02"):
        open_lake(root).compact(months=["2026-02"])


@pytest.mark.skipif(machine() not in SYSTEM_CALLS, reason="the filter knows the number of the call on Linux only")
def test_file_system_without_exchange(root: Path) -> None:
    """Without the exchange, compaction is refused in one sentence, and nothing is changed; commits go on as before."""
    program = (
        "import sys; from pathlib import Path; from tests.unit.lake.test_compaction import *\n"
        "lake = open_lake(Path(sys.argv[1]))\n"
        "try: lake.compact(months=['2026-02'])\n"
        "except LakeError as error: print(error.reason, '|', error)\n"
        "print(commit(lake, [Story(9, day=30)], batch_id='b9').files_changed)\n"
    )
    command = [sys.executable, "-m", "tests.without_exchange", "EINVAL", sys.executable, "-c", program, str(root)]
    open_lake(root).compact(months=["2026-03"])  # late articles of a closed month need no exchange
    head, before = (root / "_state/head.json").read_bytes(), public_files(root)
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    refused, changed = ran.stdout.splitlines()
    assert refused.startswith("no_exchange | ")
    assert "go on without compaction" in refused
    assert changed == "3"
    assert (root / "_state/head.json").read_bytes() != head, "of the commit"
    after = public_files(root)
    assert {name for name in after if after[name] != before.get(name)} == {
        f"{name}/published_month=2026-03/2026-03.parquet" for name in ("articles", "entities", "quotes")
    }
    assert_sound(root)


def test_folders_of_an_image_are_not_compacted(tmp_path: Path) -> None:
    """Where only older folders cannot be exchanged, compaction is refused before it changes anything, too."""
    lake = open_lake(tmp_path / "lower" / "lake")
    commit(lake, STORIES)
    with mount_overlay(tmp_path) as disk:
        root = disk / "lake"
        head, before = (root / "_state/head.json").read_bytes(), sorted(public_files(root))
        with pytest.raises(LakeError) as refused:
            open_lake(root).compact(months=MONTHS)
        assert refused.value.reason == "no_exchange"
        assert (root / "_state/head.json").read_bytes() == head
        assert sorted(public_files(root)) == before
        commit(open_lake(root), [Story(9, day=30)], batch_id="b9")
        assert_sound(root)


@pytest.mark.skipif(machine() not in SYSTEM_CALLS, reason="the filter knows the number of the call on Linux only")
def test_older_columns_need_no_exchange(root: Path) -> None:
    """Without the exchange, files of older columns are rewritten all the same; then the refusal is raised."""
    age_columns(root, "2026-04", without=NULLS)
    program = (
        "import sys; from pathlib import Path; from tests.unit.lake.test_compaction import *\n"
        "try: open_lake(Path(sys.argv[1])).compact()\n"
        "except LakeError as error: print(error.reason)\n"
    )
    command = [sys.executable, "-m", "tests.without_exchange", "EINVAL", sys.executable, "-c", program, str(root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "no_exchange\n"
    committed = committed_files(root)
    assert committed is not None
    assert all(file.is_current for each in committed.values() for file in each)
    assert_sound(root)


def close_all(root: Path) -> tuple[str, ...]:
    return open_lake(root).compact(months=MONTHS)


def test_two_compactions_at_once(root: Path) -> None:
    """Of two processes, each month is closed by one; the other finds it closed."""
    before = rows_of(root)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = [*pool.map(close_all, [root, root])]
    assert sorted(line[:7] for lines in done for line in lines) == list(MONTHS)
    assert stems(root) == list(MONTHS)
    assert rows_of(root) == before
    assert_sound(root)


@pytest.mark.parametrize("table", ["articles", "quotes"])
def test_damaged_data_file_is_not_compacted(root: Path, table: str) -> None:
    """A damaged file stops the compaction of its month with its name, and nothing is changed."""
    damaged, *_ = (root / f"_state/data/{table}/2026-02").iterdir()
    head = (root / "_state/head.json").read_bytes()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(LakeError, match=damaged.name):
        open_lake(root).compact(months=["2026-02"])
    assert (root / "_state/head.json").read_bytes() == head


@pytest.mark.parametrize("has_index", [True, False])
def test_lake_of_the_day_layout_is_refused(tmp_path: Path, has_index: bool) -> None:
    """A lake with a manifest per day, as earlier versions wrote, is refused in one sentence, and left as it is."""
    root = tmp_path / "lake"
    (root / "_state/manifest").mkdir(parents=True)
    (root / "_state/manifest/2026-02-03.json").write_text("{}")
    index = root / "_state/index.sqlite"
    if has_index:
        with closing(sqlite3.connect(index, autocommit=True)) as connection:
            connection.execute("CREATE TABLE articles (article_id TEXT)")
            connection.execute("PRAGMA user_version = 6")
    data = index.read_bytes() if has_index else None
    lake = open_lake(root)
    works: list[Callable[[], object]] = [
        lake.days,
        lake.gc,
        lake.compact,
        lake.recover,
        lambda: commit(lake, STORIES),
        lambda: lake.read("quotes"),
        lambda: lake.recover(drops_damaged=True),
        lambda: committed_files(root),
    ]
    for work in works:
        with pytest.raises(LakeError, match=r"has a file per day.*move it away.*`newslake run`") as caught:
            work()
        assert caught.value.reason == "day_layout"
    [problem] = lake.verify()
    assert "has a file per day" in problem
    assert data == (index.read_bytes() if index.exists() else None)
    assert (root / "_state/manifest/2026-02-03.json").read_text() == "{}"


# Deaths and readers in between.


class Death(BaseException):
    """The process dies."""


def die(*_: object, **__: object) -> None:
    raise Death


def die_at_exchange(number: int) -> Callable[..., None]:
    """Return an exchange that dies in place of the one with this number, from 1."""
    numbers = count(1)

    def exchange_or_die(first: Path, second: Path) -> None:
        if next(numbers) == number:
            raise Death
        exchange(first, second)

    return exchange_or_die


def die_at_the_head(self: Disk, path: Path, data: bytes) -> None:
    if path.name == "head.json":
        raise Death
    replace_file(self, path, data)


replace_file = Disk.replace


@pytest.mark.parametrize(
    ("place", "name", "deadly", "is_committed"),
    [
        (Partitions, "commit", die, False),
        (Disk, "replace", die_at_the_head, False),
        (Partitions, "publish", die, True),
        (partitions_module, "exchange", die_at_exchange(2), False),
        (partitions_module, "exchange", die_at_exchange(TABLES + 1), True),
        (partitions_module, "exchange", die_at_exchange(TABLES + 2), True),
    ],
    ids=["files", "head", "publish", "probe", "before-exchange", "one-exchange"],
)
def test_compaction_that_died_is_undone_or_finished(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    deadly: Callable[..., None],
    is_committed: bool,
) -> None:
    """After a death at any step, strict and plain readers get all rows once; the next commit or repair finishes it."""
    before = rows_of(root)
    with monkeypatch.context() as broken:
        broken.setattr(place, name, deadly)
        with pytest.raises(Death):
            open_lake(root).compact(months=MONTHS[:2])
    assert rows_of(root) == before
    for table, rows in before.items():
        assert duckdb.sql(f"FROM read_parquet('{root}/tables/{table}/*/*.parquet')").to_arrow_table().num_rows == len(
            rows
        )
    commit(open_lake(root), [Story(9, day=90)], batch_id="b9")
    assert stems(root)[:1] == (["2026-02"] if is_committed else [str(DAY)])
    assert_sound(root)
    open_lake(root).compact(months=MONTHS[:2])
    assert stems(root)[:2] == ["2026-02", "2026-03"]
    assert_sound(root)


def by_duckdb(folder: Path) -> int:
    return duckdb.connect().sql(f"SELECT count(*) FROM read_parquet('{folder}/*/*.parquet')").fetchall()[0][0]


def by_arrow(folder: Path) -> int:
    return ds.dataset(sorted(map(str, folder.glob("*/*.parquet"))), partitioning="hive").count_rows()


def by_polars(folder: Path) -> int:
    return pl.scan_parquet(f"{folder}/*/*.parquet").select(pl.len()).collect().item()


def by_hand(folder: Path) -> int:
    """Count as a program that opens each folder, and reads what it lists a moment later."""
    count = 0
    for month in sorted(folder.iterdir()):
        with os.scandir(month) as entries:
            time.sleep(0.0005)
            count += sum(pq.read_metadata(entry.path).num_rows for entry in entries)
    return count


@pytest.mark.parametrize("count", [by_duckdb, by_arrow, by_polars, by_hand])
def test_plain_reader_during_exchanges(root: Path, count: Callable[[Path], int]) -> None:
    """A program that lists and opens the files during exchanges, both ways, gets the right count or an error."""
    lake = open_lake(root)
    opened = lake.partitions.state().month("2026-02")
    lake.compact(months=["2026-02"])
    shut = lake.partitions.state().month("2026-02")
    stop, found, errors = threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                found.append(count(root / "tables/quotes"))
            except Exception as error:  # noqa: BLE001 - of any engine, as long as it is loud
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(150):
        lake.partitions.publish(opened)
        lake.partitions.publish(shut)
        if len(found) + len(errors) > 400:
            break
    stop.set()
    reader.join()
    assert set(found) == {len(STORIES)}, errors[:2]
    assert len(found) > 5


# Row groups.

LONG_DAYS = [DAY + timedelta(days=number) for number in range(3)]
ROWS_A_DAY = 16_384


class CountedReads(io.BytesIO):
    """A file that adds up the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_day_of_a_closed_month_reads_its_row_groups_only(tmp_path: Path) -> None:
    """A row group ends with a day, so a day of a closed month is read without the bytes of the others."""
    root = tmp_path / "lake"
    rows = {day: near_duplicate_rows([Story(n) for n in range(ROWS_A_DAY)]) for day in LONG_DAYS[:1]}
    ids = pa.array([f"{n:032x}" for n in range(ROWS_A_DAY * len(LONG_DAYS))])
    for number, day in enumerate(LONG_DAYS):
        part = ids.slice(number * ROWS_A_DAY, ROWS_A_DAY)
        rows[day] = rows[LONG_DAYS[0]].set_column(0, rows[LONG_DAYS[0]].schema.field(0), part)
    lake = open_lake(root)
    lake.replace("near_duplicates", lambda: rows)
    lake.compact(months=["2026-02"])
    path = root / "tables/near_duplicates/published_month=2026-02/2026-02.parquet"
    metadata = pq.read_metadata(path)
    days = [metadata.row_group(number).column(metadata.num_columns - 1).statistics for number in range(3)]
    assert metadata.num_row_groups == len(LONG_DAYS)
    assert [(each.min, each.max) for each in days] == [(day, day) for day in LONG_DAYS]
    file = CountedReads(path.read_bytes())
    table = decode(pa.PythonFile(file, mode="r"), CLUSTER_TABLES[0], key="test", day=LONG_DAYS[1])
    assert table["article_id"].to_pylist() == ids.slice(ROWS_A_DAY, ROWS_A_DAY).to_pylist()
    assert file.count < path.stat().st_size / 2
    assert lake.read("near_duplicates", days=[LONG_DAYS[1]]).equals(table)
    assert_sound(root)
