"""The DDL of the lake for other tools."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.addons.operate.lake_sizes import sizes_of
from newslake.pipeline.addons.share.dialects import DIALECTS
from newslake.pipeline.addons.share.engine_ddl import views_sql
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.query.connection import connect
from newslake.pipeline.query.views import stored_name
from newslake.pipeline.tables import TABLES

ENGINES = sorted(DIALECTS.keys() - {"ansi"})


def test_views_open_the_lake_in_a_plain_duckdb(small_lake):
    """A DuckDB that runs the DDL has the same rows and joined columns."""
    connection = duckdb.connect()

    connection.execute(views_sql(small_lake))

    found = connection.execute(
        "SELECT published_date, title, is_duplicate FROM articles ORDER BY article_id"
    ).fetchall()
    assert found == [
        (date(2026, 3, 2), "Harbour reopens", False),
        (date(2026, 3, 2), "Harbour reopens", True),
        (date(2026, 3, 3), "Bridge talks", False),
    ]


def test_views_have_the_cluster_columns(small_lake):
    """A quote has its group and an event its cluster; a row that is not clustered yet is its own group."""
    connection = duckdb.connect()

    connection.execute(views_sql(small_lake))

    found = connection.execute("SELECT left(quote_cluster_id, 1), right(quote_cluster_id, 2) FROM quotes ORDER BY ALL")
    assert found.fetchall() == [("a", ":0"), ("a", ":0"), ("a", ":1"), ("c", ":0")]
    found = connection.execute("SELECT left(event_cluster_id, 1), count(*) FROM events GROUP BY 1 ORDER BY 1")
    assert found.fetchall() == [("a", 2), ("c", 2)]


def test_views_of_an_empty_lake_have_the_columns(tmp_path):
    """Every table of the contract is a view with its columns, even before its first file."""
    connection = duckdb.connect()

    connection.execute(views_sql(tmp_path))

    for spec in TABLES:
        columns = [row[0] for row in connection.execute(f"DESCRIBE {spec.name}").fetchall()]
        assert columns[: len(spec.columns) + 1] == [*spec.schema.names, spec.day_column]


def test_views_open_a_lake_with_an_awkward_name(small_lake, tmp_path):
    """Quotes and glob characters in the lake's path are literal."""
    awkward = tmp_path / "it's [a] *day?"
    small_lake.rename(awkward)
    connection = duckdb.connect()

    connection.execute(views_sql(awkward))

    assert connection.execute("SELECT count(*) FROM quotes").fetchall() == [(4,)]


@pytest.mark.parametrize("engine", ENGINES)
def test_views_name_every_column(engine, small_lake):
    """In every engine that opens files, each stored table is created with all of its columns."""
    text = views_sql(small_lake, engine)

    for spec in TABLES:
        (made,) = (
            part
            for part in text.split(";\n")
            if re.search(rf"(TABLE|VIEW) {stored_name(spec)}\b", part) and "DROP" not in part
        )
        missing = [name for name in (*spec.schema.names, spec.day_column) if not re.search(rf"\b{name}\b", made)]
        assert missing == []


@pytest.mark.parametrize("engine", [*ENGINES, "ansi"])
def test_views_end_in_the_cluster_columns(engine, small_lake):
    """The last statements join the cluster columns, name the outlets and count mentions; nothing follows them."""
    *_, articles, entities, quotes, events, outlets, article_events, end = views_sql(small_lake, engine).split(";\n")

    assert "dup_group_id" in articles
    assert "person_id" in entities
    assert ("quote_cluster_id" in quotes, "speaker_person_id" in quotes) == (True, True)
    assert "event_cluster_id" in events
    assert "outlet_key" in outlets
    assert ("mention_indexes" in article_events, end) == (True, "")


@pytest.mark.parametrize("engine", ["trino", "athena", "bigquery"])
def test_views_use_the_given_location(engine, small_lake):
    """With a given location, statements contain it and no path of this machine."""
    text = views_sql(small_lake, engine, location="s3://bucket/lake")

    assert "'s3://bucket/lake/tables/quotes" in text
    assert str(small_lake) not in text


@pytest.mark.parametrize("engine", ["clickhouse", "spark", "datafusion"])
def test_path_with_wildcards_is_refused(engine, small_lake):
    """If an engine would read the lake's path as a pattern, the error names the path and says what to do."""
    with pytest.raises(ConfigError, match=r"reads \[ \] in a path as a wildcard; move or link the lake"):
        views_sql(small_lake, engine, location="/data/[old]")


def test_unknown_engine_is_refused(tmp_path):
    """The error for an unknown engine lists the engines."""
    with pytest.raises(ConfigError, match=r"unknown engine 'access'; use one of ansi, athena, "):
        views_sql(tmp_path, "access")


def test_column_that_a_file_lacks_is_null(small_lake):
    """A view has the columns of the contract if one file, or every file, is older than one of them."""
    for path, columns in zip(
        sorted(small_lake.glob("tables/articles/*/*.parquet")), (["kb_version", "license"], ["kb_version"]), strict=True
    ):
        pq.write_table(pq.ParquetFile(path).read().drop_columns(columns), path)
    connection = duckdb.connect()

    connection.execute(views_sql(small_lake))

    counts = "SELECT count(*), count(kb_version), count(license) FROM articles"
    assert connection.execute(counts).fetchall() == [(3, 0, 0)]


def test_views_state_columns_only_for_older_files(small_lake):
    """DuckDB's views do not compare the columns of files; they state those of a table that has an older file."""
    path = next(small_lake.glob("tables/quotes/*/*.parquet"))
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["speaker_role"]), path)

    text = views_sql(small_lake)

    assert "union_by_name" not in text
    stated = [re.search(r"VIEW (\w+)", part) for part in text.split(";\n") if "schema = MAP" in part]
    assert [found and found[1] for found in stated] == ["quotes_stored"]


@pytest.mark.parametrize("engine", ["athena", "bigquery", "datafusion", "spark", "trino"])
def test_files_of_a_table_have_the_month(engine, small_lake):
    """Where folders are partitions, the table of the files has the month as its last column, as text."""
    text = views_sql(small_lake, engine)

    (made,) = (
        part for part in text.split(";\n") if re.search(r"(TABLE|VIEW) quotes_files\b", part) and "DROP" not in part
    )
    assert re.search(r"\bpublished_month (STRING|VARCHAR)\b", made)
    assert re.search(r"\bVIEW quotes_stored AS\nSELECT article_id, [a-z_, ]*, published_date FROM quotes_files\b", text)


def test_substring_in_sql_needs_one_more(write_rows):
    """The +1 of docs/tables.md returns the recorded text, also after characters above U+FFFF."""
    text = "😀 é “The quay is open.” she said."
    start = text.index("“")
    span = {"start_char": start, "end_char": text.index("”") + 1, "quote_text": "“The quay is open.”"}
    day = date(2026, 3, 2)
    when = {"fetched_at": datetime(2026, 3, 2, tzinfo=UTC)}
    lake = write_rows("articles", day, [{"text": text, **when}])
    write_rows("quotes", day, [span])

    same = duckdb.sql(
        f"""SELECT q.quote_text = substring(a.text, q.start_char + 1, q.end_char - q.start_char)
        FROM '{lake}/tables/quotes/*/*.parquet' q JOIN '{lake}/tables/articles/*/*.parquet' a
        USING (article_id, revision_id)"""
    ).fetchall()

    assert same == [(True,)]


def test_folders_per_day_are_refused(tmp_path: Path) -> None:
    """A copy of the tables of an earlier version, with a folder per day, is not taken for an empty lake."""
    (tmp_path / "tables/quotes/published_date=2026-02-03").mkdir(parents=True)
    for work in (lambda: connect(tmp_path), lambda: views_sql(tmp_path), lambda: sizes_of(tmp_path)):
        with pytest.raises(LakeError, match="has a file per day"):
            work()
