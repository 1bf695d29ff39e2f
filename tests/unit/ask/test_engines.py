"""The ways of opening the tables that docs/tables.md shows."""

import duckdb
import pandas as pd
import polars as pl
import pytest

TABLES = {"articles": 3, "entities": 6, "quotes": 4, "events": 4}


@pytest.mark.parametrize("table", TABLES)
def test_every_engine_counts_the_same(table, small_lake):
    """DuckDB, Polars and pandas, pointed at a table's folder, see the same rows and days."""
    folder = small_lake / "tables" / table
    glob = f"{folder}/*/*.parquet"

    (found,) = duckdb.sql(f"SELECT count(*), count(DISTINCT published_date) FROM read_parquet('{glob}')").fetchall()
    polars = pl.scan_parquet(glob, hive_partitioning=True).collect()
    pandas = pd.read_parquet(folder)

    assert found == (TABLES[table], 2)
    assert (polars.height, polars["published_date"].n_unique()) == found
    assert (len(pandas), pandas["published_date"].nunique()) == found


def test_substring_in_sql_needs_one_more(write_rows):
    """The +1 of docs/tables.md gives back the recorded text, also behind characters beyond U+FFFF."""
    text = "😀 é “The quay is open.” she said."
    start = text.index("“")
    span = {"start_char": start, "end_char": text.index("”") + 1, "quote_text": "“The quay is open.”"}
    day = pd.Timestamp("2026-03-02").date()
    when = {"fetched_at": pd.Timestamp("2026-03-02", tz="UTC").to_pydatetime()}
    lake = write_rows("articles", day, [{"text": text, **when}])
    write_rows("quotes", day, [span])

    same = duckdb.sql(
        f"""SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char)
        FROM '{lake}/tables/quotes/*/*.parquet' q JOIN '{lake}/tables/articles/*/*.parquet' a
        USING (article_id, revision_id)"""
    ).fetchall()

    assert same == [(True,)]
