"""What engines.md says about reading some days: a condition on the month skips the files of other months."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import chdb
import duckdb
import pandas as pd
import polars as pl
import pytest
from datafusion import SessionContext

from newslake.pipeline.addons.share.engine_ddl import views_sql
from tests.engines.lakes import OPEN, ROWS_A_DAY, write_odd_lake

_CONDITION = "published_date >= '2026-03-03' AND published_month >= '2026-03'"
_DAY = date(2026, 3, 3)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The odd lake with a damaged file in a month that no condition selects."""
    lake = tmp_path_factory.mktemp("pruning") / "lake"
    write_odd_lake(lake)
    damaged = lake / "tables/quotes/published_month=2020-01/2020-01.parquet"
    damaged.parent.mkdir()
    damaged.write_bytes(b"PAR1 damaged PAR1")
    return lake


def _duckdb(lake: Path) -> int:
    files = f"read_parquet('{lake}/tables/quotes/*/*.parquet', hive_partitioning = true)"
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM {files} WHERE {_CONDITION}").fetchall()
    return count


def _clickhouse(lake: Path) -> int:
    files = f"file('{lake}/tables/quotes/*/*.parquet', Parquet, 'published_date Date32, published_month String')"
    return int(str(chdb.query(f"SELECT count() FROM {files} WHERE {_CONDITION} SETTINGS use_hive_partitioning = 1")))


def _polars(lake: Path) -> int:
    quotes = pl.scan_parquet(f"{lake}/tables/quotes/*/*.parquet", hive_partitioning=True)
    wanted = quotes.filter(pl.col("published_date") >= _DAY, pl.col("published_month") >= "2026-03")
    return wanted.select(pl.len()).collect().item()


def _pandas(lake: Path) -> int:
    filters = [("published_month", ">=", "2026-03"), ("published_date", ">=", _DAY)]
    return len(pd.read_parquet(lake / "tables/quotes", filters=filters))


@pytest.mark.parametrize("count", [_duckdb, _clickhouse, _polars, _pandas])
def test_condition_on_the_month_skips_files(count: Callable[[Path], int], lake: Path) -> None:
    """A damaged file of another month is not opened, and the rows of the days are complete."""
    assert count(lake) == ROWS_A_DAY * len(OPEN[1:])


def test_datafusion_skips_files_by_the_month(tmp_path: Path) -> None:
    """The table of the files in DataFusion plans only the files of the selected months."""
    write_odd_lake(tmp_path / "lake")
    db = SessionContext()
    for statement in filter(None, views_sql(tmp_path / "lake", "datafusion").split(";\n")):
        db.sql(statement)

    ((plan,),) = zip(db.sql(f"EXPLAIN SELECT count(*) FROM quotes_files WHERE {_CONDITION}").to_pydict()["plan"][-1:])

    assert ("published_month=2026-03/2026-03-09.parquet" in plan, "published_month=1999-12" in plan) == (True, False)
