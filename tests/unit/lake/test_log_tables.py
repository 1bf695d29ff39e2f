"""The log is append-only; the same batch again overwrites its files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import ContractError
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.log_files import rows_by_key
from newslake.pipeline.tables import TABLE_SPECS, rows_table

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def outcome(url: str, *, run_id: str = "run:1", decided_at: datetime = NOON) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "source_key": "harbour",
        "news_day": NOON.date(),
        "url": url,
        "article_id": None,
        "stage": "fetch",
        "outcome": "kept",
        "reason": None,
        "detail": None,
        "payload_digest": None,
        "decided_at": decided_at,
    }


def append(lake: Lake, batch_id: str, *rows: dict[str, Any]) -> None:
    lake.log.append("outcomes", batch_id, rows_table(TABLE_SPECS["outcomes"], rows))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, durability="process", now=lambda: NOON)


def files(root: Path) -> list[str]:
    """Return the files of the log of outcomes."""
    return sorted(path.relative_to(root / "log/outcomes").as_posix() for path in root.rglob("log/outcomes/*/*"))


def test_rows_are_split_by_key() -> None:
    """Rows of a key stay in their order; keys of many rows take one sort, not one pass each."""
    numbers = list(range(60_000))
    table, keys = pa.table({"number": numbers}), pa.array([f"{number % 30_000:05}" for number in numbers])
    found = dict(rows_by_key(table, keys))
    assert list(found) == sorted(set(keys.to_pylist()))
    assert all(rows["number"].to_pylist() == [int(key), int(key) + 30_000] for key, rows in found.items())
    assert dict(rows_by_key(table.slice(0, 0), keys.slice(0, 0))) == {}


def test_rows_are_under_their_month(lake: Lake, tmp_path: Path) -> None:
    """A batch is one file per month, named by the batch, with the day of each row, sorted by it."""
    last = NOON.replace(month=3, day=1)
    append(
        lake, "run:1/../x", outcome("c", decided_at=last), outcome("b", decided_at=NOON.replace(day=4)), outcome("a")
    )
    name = "run%3A1%2F%2E%2E%2Fx.parquet"
    assert files(tmp_path) == [f"decided_month=2026-0{month}/{name}" for month in (2, 3)]
    rows = pq.ParquetFile(tmp_path / "log/outcomes/decided_month=2026-02" / name).read()
    assert rows.schema.equals(TABLE_SPECS["outcomes"].file_schema)
    assert rows.select(["url", "decided_date"]).to_pylist() == [
        {"url": "a", "decided_date": NOON.date()},
        {"url": "b", "decided_date": NOON.date().replace(day=4)},
    ]
    assert lake.log.read("outcomes")["url"].to_pylist() == ["a", "b", "c"]


def test_no_batch_has_the_name_of_a_month(lake: Lake, tmp_path: Path) -> None:
    """A batch with a month as its id has another file name than a closed month."""
    append(lake, "2026-02", outcome("a"))
    assert files(tmp_path) == ["decided_month=2026-02/%32026-02.parquet"]
    assert lake.log.batches("outcomes") == {"2026-02"}
    assert lake.log.read_batches("outcomes", ["2026-02"]).num_rows == 1


def test_redelivery_overwrites_itself(lake: Lake) -> None:
    """The same batch again, even in another month, leaves only its last rows; other batches stay."""
    append(lake, "b1", outcome("a"), outcome("b"))
    append(lake, "b2", outcome("c", run_id="run:2"))
    append(lake, "b1", outcome("a", decided_at=NOON.replace(month=3)))
    rows = lake.log.read("outcomes").select(["run_id", "url", "decided_at"]).to_pylist()
    assert rows == [
        {"run_id": "run:2", "url": "c", "decided_at": NOON},
        {"run_id": "run:1", "url": "a", "decided_at": NOON.replace(month=3)},
    ]


def test_breach_is_refused(lake: Lake) -> None:
    """A page with two outcomes in one run is an error."""
    with pytest.raises(ContractError, match="outcomes"):
        append(lake, "b1", outcome("a"), outcome("a"))


def test_empty_log_can_be_read(lake: Lake) -> None:
    """A log without files has its columns and no rows."""
    assert lake.log.read("runs").schema.names == TABLE_SPECS["runs"].schema.names


def test_file_without_a_checksum_is_damaged(lake: Lake, tmp_path: Path) -> None:
    """A log file without a checksum counts as damaged."""
    append(lake, "b1", outcome("a"))
    [path] = tmp_path.rglob("*.parquet")
    assert lake.verify() == ()
    pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(), path)
    [problem] = lake.verify()
    assert problem.startswith("log/outcomes/decided_month=2026-02/b1.parquet: is damaged")
