"""A month of the log that ended becomes one file, and no reader, append, check or takedown sees a difference."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake import Lake, Redaction, removed_log
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.unit.lake.test_log_tables import append, files, outcome

NOW = datetime(2026, 4, 10, 12, tzinfo=UTC)
FEBRUARY, MARCH, APRIL = (datetime(2026, month, 3, 12, tzinfo=UTC) for month in (2, 3, 4))
CHANGED = "stays as it is: a run has changed it in the meantime"
CLOSED = ["decided_month=2026-02/2026-02.parquet", "decided_month=2026-03/2026-03.parquet"]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", durability="process", now=lambda: NOW)


def batch(name: str, at: datetime, *urls: str) -> tuple[str, list[dict[str, Any]]]:
    return name, [outcome(url, run_id=f"run {name}", decided_at=at + timedelta(minutes=len(url))) for url in urls]


BATCHES = (
    batch("b1", FEBRUARY, "a", "bb", "ccc"),
    batch("b2", FEBRUARY, "a", "bb", "dddd"),
    batch("b3", FEBRUARY + timedelta(days=20), "a"),
    batch("b4", MARCH, "a", "bb"),
    batch("2026-03", MARCH + timedelta(days=1), "e"),
    batch("b5", APRIL, "a"),
)


def append_all(lake: Lake, batches: Sequence[tuple[str, list[dict[str, Any]]]] = BATCHES) -> None:
    for name, rows in batches:
        append(lake, name, *rows)


def compact(lake: Lake) -> tuple[str, ...]:
    return lake.log.compact(now=NOW, quiet_days=7)


def answers(lake: Lake) -> dict[str, Any]:
    """Return what the log says, by question."""
    months = [table.sort_by([("run_id", "ascending"), ("url", "ascending")]) for table in _months(lake)]
    return {
        "read": lake.log.read("outcomes"),
        "batches": lake.log.batches("outcomes"),
        "months": months,
        "newest": {row["run_id"] for row in lake.log.read("outcomes", newest=2).to_pylist()},
        **{name: sorted_rows(lake.log.read_batches("outcomes", [name])) for name, _ in BATCHES},
        "two": sorted_rows(lake.log.read_batches("outcomes", ["b1", "b4", "none"])),
    }


def _months(lake: Lake) -> list[pa.Table]:
    return list(lake.log.months("outcomes", columns=("run_id", "url", "decided_at")))


def sorted_rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: (row["run_id"], row["url"]))


def test_closing_changes_no_answer(lake: Lake) -> None:
    """Months that ended more than some days ago are one file each; every question has the same answer."""
    append_all(lake)
    before = answers(lake)
    assert compact(lake) == ("outcomes of 2026-02: 3 files became 1", "outcomes of 2026-03: 2 files became 1")
    assert files(lake_root(lake)) == [*CLOSED, "decided_month=2026-04/b5.parquet"]
    assert answers(lake) == before
    assert (compact(lake), lake.verify()) == ((), ())


def lake_root(lake: Lake) -> Path:
    return lake._layout.root


def test_month_stays_open_until_it_was_quiet(lake: Lake) -> None:
    """The month before is not closed in the first days of a month, nor is one that is not named."""
    append_all(lake)
    assert lake.log.compact(now=NOW.replace(day=7), quiet_days=7) == ("outcomes of 2026-02: 3 files became 1",)
    assert lake.log.compact(now=NOW, months=["2026-01"]) == ()


def test_file_has_the_rows_by_day(lake: Lake) -> None:
    """The file of a month has the columns of the contract and the day, sorted by day and time."""
    append_all(lake)
    compact(lake)
    table = pq.ParquetFile(lake_root(lake) / "log/outcomes" / CLOSED[0]).read()
    assert table.schema.equals(TABLE_SPECS["outcomes"].file_schema)
    assert table["decided_at"].to_pylist() == sorted(table["decided_at"].to_pylist())
    assert set(table["decided_date"].to_pylist()) == {date(2026, 2, 3), date(2026, 2, 23)}


@pytest.mark.parametrize("seed", range(5))
def test_bytes_do_not_depend_on_the_order(tmp_path: Path, seed: int) -> None:
    """Batches in any order, some of them appended again or after the month was closed, give the same bytes."""
    contents, chance = [], Random(seed)
    for number in range(2):
        lake = Lake(tmp_path / str(number), durability="process", now=lambda: NOW)
        order = [*BATCHES, *chance.sample(BATCHES, number)]
        chance.shuffle(order)
        split = chance.randint(0, len(order)) * number
        append_all(lake, order[:split])
        compact(lake)
        append_all(lake, order[split:])
        compact(lake)
        contents.append({name: (lake_root(lake) / "log/outcomes" / name).read_bytes() for name in CLOSED})
    assert contents[0] == contents[1]


REPLACED = {
    "less": batch("b1", FEBRUARY, "a"),
    "other rows": batch("b1", FEBRUARY, "x", "yyyy"),
    "another month": batch("b1", APRIL, "a", "bb"),
    "two months": ("b1", [*batch("b1", FEBRUARY, "a")[1], *batch("b1", MARCH, "bb")[1]]),
    "nothing": ("b1", []),
    "a new batch": batch("b9", FEBRUARY, "z"),
}


@pytest.mark.parametrize("case", REPLACED)
def test_batch_of_a_closed_month_is_overwritten(tmp_path: Path, case: str) -> None:
    """Appending to a closed month has the same result as before it was closed; the month stays one file."""
    lakes = [Lake(tmp_path / name, durability="process", now=lambda: NOW) for name in ("open", "closed")]
    for lake in lakes:
        append_all(lake)
        if lake is lakes[1]:
            compact(lake)
        append_all(lake, [REPLACED[case]])
    open_lake, closed_lake = ({**answers(lake), "newest": None} for lake in lakes)
    assert closed_lake == open_lake
    assert [name for name in files(tmp_path / "closed") if "-04" not in name] == CLOSED
    assert (lakes[1].verify(), compact(lakes[1])) == ((), ())


def test_month_without_rows_stays_listed(lake: Lake) -> None:
    """If all rows of a closed month were appended again elsewhere, its file is empty, and nothing is lost."""
    append_all(lake, [batch("b1", FEBRUARY, "a")])
    compact(lake)
    append_all(lake, [batch("b1", APRIL, "a")])
    assert lake.log.read("outcomes").num_rows == 1
    assert lake.log.batches("outcomes") == {"b1"}
    assert lake.verify() == ()


def close_log(root: Path) -> tuple[str, ...]:
    return compact(Lake(root, durability="process", now=lambda: NOW))


def test_two_compactions_at_once(lake: Lake) -> None:
    """Of two processes, each month is closed by one; the other finds it closed, and reports nothing."""
    append_all(lake)
    before = answers(lake)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = [*pool.map(close_log, [lake_root(lake)] * 2)]
    assert sorted(line for lines in done for line in lines) == sorted(
        ["outcomes of 2026-02: 3 files became 1", "outcomes of 2026-03: 2 files became 1"]
    )
    assert answers(lake) == before


def test_many_batches_in_a_footer(lake: Lake) -> None:
    """Batches whose rows lie between each other are found; the footer stays small."""
    chance = Random(1)
    for number in range(60):
        at = FEBRUARY + timedelta(minutes=chance.randrange(200))
        append(lake, f"run-2026-02-03T12.source-{number}", *batch(str(number), at, *("u" * n for n in range(1, 30)))[1])
    before = {name: sorted_rows(lake.log.read_batches("outcomes", [name])) for name in lake.log.batches("outcomes")}
    compact(lake)
    assert {name: sorted_rows(lake.log.read_batches("outcomes", [name])) for name in before} == before
    [footer] = {path.stat().st_size for path in lake_root(lake).rglob("2026-02.parquet")}
    assert footer < 60_000


def test_replaced_files_stay_for_the_retention_time(tmp_path: Path) -> None:
    """A reader that opened the folder before it was replaced lists its files until ``gc`` removes them."""
    lake = open_again(tmp_path)
    append_all(lake)
    folder = os.open(lake_root(lake) / "log/outcomes/decided_month=2026-02", os.O_RDONLY)
    compact(lake)
    assert sorted(os.listdir(folder)) == ["b1.parquet", "b2.parquet", "b3.parquet"]
    lake.gc()
    assert len(os.listdir(folder)) == 3
    Lake(tmp_path / "lake", durability="process", gc_grace_hours=0, now=lambda: datetime.now(UTC)).gc()
    assert os.listdir(folder) == []
    os.close(folder)
    assert not any((lake_root(lake) / "_state/exchanged_log").rglob("*.parquet"))


# What may be wrong with a month.


def test_lost_batch_is_reported_after_closing(lake: Lake) -> None:
    """A batch whose file was lost before the month was closed is still missed; one that was never listed is kept."""
    append_all(lake)
    root = lake_root(lake)
    (root / "log/outcomes/decided_month=2026-02/b2.parquet").unlink()
    compact(lake)
    [problem] = lake.verify()
    assert problem.startswith("log/outcomes/decided_month=2026-02/b2.parquet: is missing")
    assert lake.recover(drops_damaged=True)[-1] == (
        "goes on without log/outcomes/decided_month=2026-02/b2.parquet, which was lost"
    )
    assert lake.verify() == ()


def test_lost_month_is_one_problem(lake: Lake) -> None:
    """A lost file of a closed month is one sentence with the number of its batches."""
    append_all(lake)
    compact(lake)
    (lake_root(lake) / "log/outcomes" / CLOSED[0]).unlink()
    [problem] = lake.verify()
    assert problem.startswith("log/outcomes/decided_month=2026-02: 3 batches are missing; restore")


def test_damaged_file_stops_only_its_month(lake: Lake) -> None:
    """A month with a damaged file stays open, with a sentence; the others are closed. Damage never gets a checksum."""
    append_all(lake)
    path = lake_root(lake) / "log/outcomes/decided_month=2026-02/b2.parquet"
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    assert compact(lake) == (
        "outcomes of 2026-02 stays as it is: b2.parquet is damaged, see `newslake lake verify`",
        "outcomes of 2026-03: 2 files became 1",
    )
    assert len(lake.verify()) == 1


def test_damaged_month_is_one_problem(lake: Lake) -> None:
    """A flipped byte in the file of a closed month is one problem; its batches are not missing, too."""
    append_all(lake)
    compact(lake)
    path = lake_root(lake) / "log/outcomes" / CLOSED[0]
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        [problem] = lake.verify()
        assert problem.startswith(f"log/outcomes/{CLOSED[0]}: is damaged")


def test_foreign_file_is_named(lake: Lake) -> None:
    """A file that is not ours stops compaction before the month is changed, and stays."""
    append_all(lake)
    notes = lake_root(lake) / "log/outcomes/decided_month=2026-02/notes.txt"
    notes.touch()
    before = files(lake_root(lake))
    with pytest.raises(LakeError, match=r"log/outcomes/decided_month=2026-02/notes\.txt is not a file of newslake"):
        compact(lake)
    assert files(lake_root(lake)) == before


def test_file_from_a_copy_is_named(lake: Lake) -> None:
    """A batch's file that came back from a copy after its month was closed is a problem: its rows are there twice."""
    append_all(lake)
    own = lake_root(lake) / "log/outcomes/decided_month=2026-02/b1.parquet"
    copy = own.read_bytes()
    compact(lake)
    own.write_bytes(copy)
    [problem] = lake.verify()
    assert problem.startswith("log/outcomes/decided_month=2026-02/b1.parquet: is in the folder of a closed month")


def test_lost_index_is_built_from_footers(lake: Lake) -> None:
    """After a repair without the index, the batches of closed months are listed and overwritten as before."""
    append_all(lake)
    compact(lake)
    listed = lake.index.log_files()
    lake.index.change_log_files(removed=listed)
    lake.recover()
    assert lake.index.log_files() == listed
    append_all(lake, [REPLACED["another month"]])
    assert lake.log.read_batches("outcomes", ["b1"]).num_rows == 2


def test_unlisted_batch_is_overwritten(lake: Lake) -> None:
    """A batch of a process that died before it listed it is listed when its month is closed."""
    append_all(lake)
    lake.index.change_log_files(removed=lake.index.log_files())
    compact(lake)
    append_all(lake, [REPLACED["another month"]])
    assert lake.log.read_batches("outcomes", ["b1"]).num_rows == 2


def test_takedown_redacts_a_closed_month(lake: Lake) -> None:
    """Redaction of a closed month leaves one file, in which each row is still of its batch."""
    append_all(lake)
    compact(lake)
    redaction = Redaction(
        article_ids=(), hosts=("a",), is_page=lambda url: url == "a", alias=lambda url: f"taken down {url * 3}"
    )
    replaced = lake_root(lake) / "_state/exchanged_log"
    assert len(list(replaced.glob("*/*.parquet"))) == 5
    assert lake.erasure.names(redaction) == 5
    assert not any(replaced.glob("*"))
    assert sorted_rows(lake.log.read_batches("outcomes", ["b2"]))[2]["url"] == "taken down aaa"
    assert lake.log.read_batches("outcomes", ["b2"]).num_rows == 3
    assert b"taken down aaa" in (path := lake_root(lake) / "log/outcomes" / CLOSED[0]).read_bytes() or path.exists()
    assert (lake.verify(), compact(lake)) == ((), ())


def test_older_columns_are_rewritten(lake: Lake) -> None:
    """A closed month whose file lacks a column is rewritten in place, with its batches."""
    append_all(lake)
    compact(lake)
    path = lake_root(lake) / "log/outcomes" / CLOSED[0]
    with pq.ParquetFile(path) as file:
        table, metadata = file.read().drop_columns(["payload_digest"]), file.metadata.metadata
    kept = {key: value for key, value in metadata.items() if key == b"batches"}
    write_checked(path, table.replace_schema_metadata(kept))
    assert compact(lake) == ("outcomes of 2026-02: its file has the columns of this version",)
    assert pq.read_schema(path).equals(TABLE_SPECS["outcomes"].file_schema)
    assert lake.log.read_batches("outcomes", ["b2"]).num_rows == 3


def write_checked(path: Path, table: pa.Table) -> None:
    from newslake.pipeline.lake.storage import EMPTY_CHECKSUM, checksummed_parquet

    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({key.decode(): value.decode() for key, value in table.schema.metadata.items()})
        writer.add_key_value_metadata(EMPTY_CHECKSUM)
    path.write_bytes(checksummed_parquet(memoryview(sink.getvalue())))


# Others at the same time.


def in_a_loop(work: Callable[[], object]) -> tuple[threading.Thread, threading.Event, list[BaseException]]:
    stop, errors = threading.Event(), []

    def loop() -> None:
        while not stop.is_set():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - the test reports it
                errors.append(error)
                return

    thread = threading.Thread(target=loop)
    thread.start()
    return thread, stop, errors


def test_readers_see_every_row_once(tmp_path: Path) -> None:
    """Readers and writers at work while months are closed: no row is missing or there twice, none is lost."""
    months = [f"20{year}-{month:02}" for year in range(24, 26) for month in range(1, 13)]
    batches = [
        batch(f"{month} {number}", datetime.fromisoformat(f"{month}-03T12:00Z"), "a", "bb")
        for month in months
        for number in range(3)
    ]
    append_all(open_again(tmp_path), batches)

    def read() -> None:
        lake = open_again(tmp_path)
        assert lake.log.read("outcomes").num_rows == 2 * len(batches)
        assert lake.log.read_batches("outcomes", [name for name, _ in batches[::7]]).num_rows == 2 * len(batches[::7])
        assert len(lake.log.batches("outcomes")) == len(batches)

    def write() -> None:
        append_all(open_again(tmp_path), batches[::5])

    loops = [in_a_loop(read), in_a_loop(write)]
    try:
        for month in months:
            while open_again(tmp_path).log.compact(now=NOW, months=[month]) == (f"outcomes of {month} {CHANGED}",):
                pass
    finally:
        for thread, stop, _ in loops:
            stop.set()
            thread.join()
    assert open_again(tmp_path).log.compact(now=NOW) == ()
    assert [error for *_, errors in loops for error in errors] == []
    assert open_again(tmp_path).verify() == ()
    read()


def open_again(folder: Path) -> Lake:
    return Lake(folder / "lake", durability="process", now=lambda: NOW)


# What expires.


def run(name: str, at: datetime) -> pa.Table:
    row = {"run_id": name, "kind": "manual", "status": "done", "counts": "{}", "days_touched": [], "versions": "{}"}
    return rows_table(TABLE_SPECS["runs"], [row | {"started_at": at, "committed_at": at}])


def deletion(at: datetime) -> pa.Table:
    row = {"article_id": "0" * 32, "revision_ids": [], "last_published_date": at.date(), "reason": None}
    return rows_table(TABLE_SPECS["deletions"], [row | {"deleted_at": at}])


def test_old_months_expire(lake: Lake) -> None:
    """Closed months before the last whole ones are removed and said to be; open ones and deletions stay."""
    append_all(lake)
    lake.log.append("runs", "old", run("old", FEBRUARY))
    lake.log.append("deletions", "takedown", deletion(FEBRUARY))
    assert lake.log.expire(now=NOW, keep_months=1) == ()
    assert removed_log(lake_root(lake)) == {}
    compact(lake)
    assert lake.log.expire(now=NOW, keep_months=1) == (
        "removed log/outcomes/decided_month=2026-02/2026-02.parquet",
        "removed log/runs/run_month=2026-02/2026-02.parquet",
    )
    assert removed_log(lake_root(lake)) == {"outcomes": date(2026, 3, 1), "runs": date(2026, 3, 1)}
    assert lake.log.batches("outcomes") == {"b4", "2026-03", "b5"}
    assert lake.log.batches("deletions") == {"takedown"}
    assert lake.log.read_batches("deletions", ["takedown"]).num_rows == 1
    assert (lake.verify(), lake.log.expire(now=NOW, keep_months=1)) == ((), ())
    assert not any("2026-02" in name for name in os.listdir(lake_root(lake) / "log/outcomes"))


def test_lost_month_is_not_taken_for_a_removed_one(lake: Lake) -> None:
    """An old month whose file was lost, not removed, stays a problem when other months expire."""
    append_all(lake)
    compact(lake)
    (lake_root(lake) / "log/outcomes" / CLOSED[0]).unlink()
    assert lake.log.expire(now=NOW, keep_months=1) == ()
    assert len(lake.verify()) == 1


def test_removal_is_finished_by_the_next_one(lake: Lake) -> None:
    """A month that a dead process had begun to remove is no problem, and the next removal leaves nothing of it."""
    append_all(lake)
    compact(lake)
    listed = lake.index.log_files()
    lake.log.expire(now=NOW, keep_months=1)
    lake.index.change_log_files(added=listed)
    folder = lake_root(lake) / "log/outcomes/decided_month=2026-02"
    folder.mkdir()
    assert lake.verify() == ()
    assert lake.log.expire(now=NOW, keep_months=1) == ()
    assert not folder.exists()
    assert not any("2026-02" in name for name in lake.index.log_files())


def test_damaged_note_of_removal_is_a_problem(lake: Lake) -> None:
    """Any flipped byte of the file that says what was removed is found."""
    append_all(lake)
    compact(lake)
    lake.log.expire(now=NOW, keep_months=1)
    path = lake_root(lake) / "log/removed.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert [each.partition(":")[0] for each in lake.verify()] == ["log/removed.json"]
