"""The views.sql text for other tools."""

from datetime import date

import duckdb

from pipeline.ask.engines import views_sql
from pipeline.tables import TABLES


def test_views_open_the_lake_in_a_plain_duckdb(small_lake):
    """A DuckDB that runs the text sees the same rows and joined columns."""
    connection = duckdb.connect()

    connection.execute(views_sql(small_lake))

    found = connection.execute("SELECT published_date, title, is_copy FROM articles ORDER BY article_id").fetchall()
    assert found == [
        (date(2026, 3, 2), "Harbour reopens", False),
        (date(2026, 3, 2), "Harbour reopens", True),
        (date(2026, 3, 3), "Bridge talks", False),
    ]


def test_views_have_the_cluster_columns(small_lake):
    """A quote has its group and an event its cluster; what was not related yet is its own."""
    connection = duckdb.connect()

    connection.execute(views_sql(small_lake))

    found = connection.execute("SELECT left(quote_group_id, 1), right(quote_group_id, 2) FROM quotes ORDER BY ALL")
    assert found.fetchall() == [("a", ":0"), ("a", ":0"), ("a", ":1"), ("c", ":0")]
    found = connection.execute("SELECT left(event_cluster_id, 1), count(*) FROM events GROUP BY 1 ORDER BY 1")
    assert found.fetchall() == [("a", 2), ("c", 2)]


def test_views_of_an_empty_lake_have_the_columns(tmp_path):
    """Every table of the contract is a view with its columns even before its first file."""
    connection = duckdb.connect()

    connection.execute(views_sql(tmp_path))

    for spec in TABLES:
        columns = [row[0] for row in connection.execute(f"DESCRIBE {spec.name}").fetchall()]
        assert columns[: len(spec.columns) + 1] == [*spec.schema.names, spec.partition]


def test_views_open_a_lake_with_an_awkward_name(small_lake, tmp_path):
    """Quotes and glob characters in the lake's path are taken literally."""
    awkward = tmp_path / "it's [a] *day?"
    small_lake.rename(awkward)
    connection = duckdb.connect()

    connection.execute(views_sql(awkward))

    assert connection.execute("SELECT count(*) FROM quotes").fetchall() == [(4,)]
