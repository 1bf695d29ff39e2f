"""What the SQL of `newslake sql` can access and do."""

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import active_count

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import ConfigError, LakeError, LimitError
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.manifests import Head
from newslake.pipeline.lake.partitions import Partitions
from newslake.pipeline.query.connection import (
    Connection,
    Limits,
    QueryResult,
    apply_limits,
    check_time,
    connect,
    query,
    stream,
)
from newslake.pipeline.query.lake_filesystem import LakeFileSystem
from newslake.pipeline.query.saved_queries import answer, list_questions, question_named, sql_of
from newslake.pipeline.tables import TABLE_SPECS, TABLES
from tests.big_lake import FIRST_DAY, make_big_lake
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables
from tests.unit.lake.test_commit import commit, open_lake
from tests.unit.query.conftest import DAY, NEXT_DAY, close_month, public_file

# A query over a limit is stopped with a message; the next one runs normally.

ENDLESS = "SELECT sum(range) FROM range(1_000_000_000_000)"  # unlimited time, little memory
LARGE = "SELECT count(*) FROM (SELECT DISTINCT range::VARCHAR || repeat('x', 200) AS word FROM range(3_000_000))"
MANY = Limits(seconds=60, memory_mb=200, threads=1, rows=1_000)
FEW = Limits(seconds=0.3, memory_mb=200, threads=1, rows=1_000)


def _query_forever(connection: Connection) -> None:
    while True:
        query(connection, "SELECT sum(range) FROM range(3_000_000)")


def _read_all(connection: Connection, sql: str) -> None:
    with stream(connection, sql) as (_, batches):
        deque(batches, maxlen=0)


def test_endless_query_is_stopped(small_lake: Path) -> None:
    """A statement that would run for hours is stopped at the time limit, and the error says so."""
    began = time.monotonic()
    with pytest.raises(LimitError, match="fewer days") as raised, apply_limits(FEW):
        query(connect(small_lake), ENDLESS)
    assert raised.value.reason == "too_slow"
    assert time.monotonic() - began < 60


def test_work_outside_of_sql_is_stopped() -> None:
    """Work outside of SQL checks the time limit itself; without limits the check always passes."""
    check_time()
    with pytest.raises(LimitError, match="fewer days") as raised, apply_limits(FEW):
        deque(iter(check_time, "never"), maxlen=0)
    assert raised.value.reason == "too_slow"


def test_seconds_are_for_all_statements(small_lake: Path) -> None:
    """Short statements are stopped when their total time is over the limit."""
    with pytest.raises(LimitError), apply_limits(FEW):
        _query_forever(connect(small_lake))


def test_streamed_rows_are_stopped(small_lake: Path) -> None:
    """The time limit also applies to streamed rows."""
    with pytest.raises(LimitError), apply_limits(FEW):
        _read_all(connect(small_lake), "SELECT range FROM range(1_000_000_000_000)")


def test_memory_is_limited(small_lake: Path) -> None:
    """A statement over the memory limit is refused, and nothing is written to disk instead."""
    with pytest.raises(LimitError, match="200 MB") as raised, apply_limits(MANY):
        query(connect(small_lake), LARGE)
    assert raised.value.reason == "too_much_memory"


def test_rows_are_limited(small_lake: Path) -> None:
    """A result over the row limit is refused with a message; a result at the limit is returned."""
    with apply_limits(MANY):
        assert len(query(connect(small_lake), "SELECT range FROM range(1_000)").rows) == 1_000
    with pytest.raises(LimitError, match="exceeded 1,000 rows") as raised, apply_limits(MANY):
        query(connect(small_lake), "SELECT range FROM range(1_001)")
    assert raised.value.reason == "too_many_rows"
    assert len(query(connect(small_lake), "SELECT range FROM range(1_001)").rows) == 1_001


def test_limits_cannot_be_raised(small_lake: Path) -> None:
    """SQL cannot increase its memory or threads."""
    with apply_limits(MANY):
        connection = connect(small_lake)
        with pytest.raises(ConfigError):
            query(connection, "SET memory_limit = '8GB'")
        assert query(connection, "SELECT current_setting('threads')").rows == ((1,),)


def test_limits_end_with_their_work(small_lake: Path) -> None:
    """Later queries have no limits, and no watching thread is left."""
    before = active_count()
    with apply_limits(MANY):
        query(connect(small_lake), "SELECT 1")
    assert active_count() == before
    assert query(connect(small_lake), "SELECT sum(range) FROM range(10_000_000)").rows == ((49999995000000,),)


def test_other_errors_are_unchanged(small_lake: Path) -> None:
    """Within limits, an invalid statement gives the same error."""
    with pytest.raises(ConfigError, match="nowhere"), apply_limits(MANY):
        query(connect(small_lake), "SELECT * FROM nowhere")


# Selections of `connect`: some days, one source, and rows of one commit.

DAYS, SINCE, UNTIL = 9, FIRST_DAY + timedelta(days=3), FIRST_DAY + timedelta(days=6)
SOURCE = "outlet-1"
_CO_MENTIONS = "SELECT * FROM co_mentions ORDER BY published_date, entity_id, other_entity_id"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_big_lake(tmp_path_factory.mktemp("big") / "lake", articles=900, days=DAYS, outlets=4)


@pytest.mark.parametrize(
    "table", ["articles", "entities", "quotes", "events", "near_duplicates", "event_clusters", "co_mentions"]
)
def test_first_and_last_day_are_included(table, lake):
    """With since and until, a table has the rows of these days, including the first and the last."""
    days = f"SELECT min(published_date), max(published_date), count(*) FROM {table}"
    between = f"{days} WHERE published_date BETWEEN DATE '{SINCE}' AND DATE '{UNTIL}'"

    assert query(connect(lake, since=SINCE, until=UNTIL), days).rows == query(connect(lake), between).rows


def test_outcomes_are_of_these_news_days(lake):
    """Outcomes are selected by the page's news day; runs are not."""
    sql = "SELECT min(news_day), max(news_day) FROM outcomes"

    assert query(connect(lake, since=SINCE, until=UNTIL), sql).rows == ((SINCE, UNTIL),)
    assert query(connect(lake, until=UNTIL), "SELECT count(*) FROM runs").rows == ((DAYS,),)


@pytest.mark.parametrize(
    "table", ["entities", "quotes", "events", "near_duplicates", "revisions", "quote_clusters", "event_cluster_members"]
)
def test_children_follow_their_articles(table, lake):
    """For one source, a table has exactly the rows of that source's articles."""
    of_source = (
        f"SELECT count(*) FROM {table} WHERE article_id IN (SELECT article_id FROM articles WHERE source_key = ?)"
    )
    expected = query(connect(lake), of_source.replace("?", f"'{SOURCE}'")).rows

    assert query(connect(lake, source=SOURCE), f"SELECT count(*) FROM {table}").rows == expected


def test_events_are_those_that_the_source_reports(lake):
    """For one source, an event is selected if one of its articles reports it, even if another report is fuller."""
    reported = f"""SELECT count(*) FROM event_clusters WHERE event_cluster_id IN (
        SELECT event_cluster_id FROM event_cluster_members JOIN articles USING (article_id, revision_id)
        WHERE source_key = '{SOURCE}')"""
    counted = query(connect(lake, source=SOURCE), "SELECT count(*) FROM event_clusters").rows

    assert counted == query(connect(lake), reported).rows
    assert counted < query(connect(lake), "SELECT count(*) FROM event_clusters").rows


def test_event_with_its_fullest_report_in_another_source_is_selected(lake):
    """For one source, `what-happened` has each event that it reports, also if the fullest report is elsewhere."""
    connection = connect(lake, source=SOURCE)
    [(events,)] = query(
        connection, "SELECT count(*) FROM event_clusters WHERE modality = 'happened' AND confidence >= 0.5"
    ).rows
    found = query(connection, sql_of(question_named("what-happened"), limit=1_000_000))

    assert len(found.rows) == events
    assert 0 < sum(row["publisher"] is None for row in found.records()) < events


def test_pairs_of_one_source_equal_the_table(tmp_path):
    """In a lake with one source, the pairs counted from mentions equal those of the table, in all columns."""
    lake = make_big_lake(tmp_path / "lake", articles=200, days=3, outlets=1)

    assert query(connect(lake, source="outlet-0"), _CO_MENTIONS) == query(connect(lake), _CO_MENTIONS)
    assert query(connect(lake, source="another"), _CO_MENTIONS).rows == ()


def test_source_is_not_sql(lake):
    """No source name can end the SQL literal."""
    strange = connect(lake, source="x' OR 'a' = 'a")

    assert query(strange, "SELECT count(*) FROM articles").rows == ((0,),)


@pytest.mark.parametrize("slug", [question.slug for question in list_questions()])
def test_questions_answer_a_selection(slug, lake):
    """Every question answers for some days of one source, and for missing days and sources."""
    assert answer(connect(lake, since=SINCE, until=UNTIL, source=SOURCE), slug).columns
    assert answer(connect(lake, since=date(2030, 1, 1)), slug).rows == ()
    assert answer(connect(lake, source="nobody"), slug).rows == ()


def test_connection_sees_one_commit(tmp_path):
    """An open connection keeps its version of the day; the next connection sees the new commit."""
    lake = Lake(tmp_path, durability="process", now=lambda: NOON)
    _commit(lake, "first", [Story(1)])
    before = connect(tmp_path)
    _commit(lake, "second", [Story(2), Story(1, words="It was on time.", seen=1)])

    pairs = (
        "SELECT count(*), count(DISTINCT a.revision_id) FROM articles a JOIN quotes q USING (article_id, revision_id)"
    )
    assert query(before, pairs).rows == ((1, 1),)
    assert query(before, "SELECT quote_text FROM quotes").rows == (("“The ferry was late again.”",),)
    assert query(connect(tmp_path), pairs).rows == ((2, 2),)


def test_folder_of_tables_without_manifests_opens(tmp_path):
    """A copy of the tables without the rest of the lake can be queried."""
    lake = make_big_lake(tmp_path / "lake", articles=60, days=2)
    expected = query(connect(lake), "SELECT count(*), min(published_date) FROM quotes")
    (lake / "_state").rename(tmp_path / "kept")

    assert query(connect(lake), "SELECT count(*), min(published_date) FROM quotes") == expected


def _commit(lake: Lake, batch: str, stories: list[Story]) -> None:
    lake.stage(batch, batch_tables(stories), batch_keys(stories))
    lake.commit([batch], is_current=lambda *_: True)


ATTACKS = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_parquet('{lake}/tables/articles/*/*.parquet')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
    "SELECT * FROM read_duckdb('{lake}/x.db')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{lake}/x''')",
    "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{lake}/x'') SELECT 1')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/hostname'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT * FROM read_blob('{lake}/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM read_text('{lake}/../lake/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM read_json('/proc/self/environ')",
    "SELECT * FROM parquet_schema('{lake}/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM parquet_metadata('{lake}/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM parquet_kv_metadata('/etc/passwd')",
    "SELECT * FROM parquet_file_metadata('{lake}/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM read_parquet('file://{lake}/tables/articles/published_month=2026-03/2026-03-02.parquet')",
    "SELECT * FROM read_text('lake://../../../../etc/hostname')",
    "SELECT * FROM read_text('lake://articles/../../_state/index.sqlite')",
    "SELECT * FROM read_csv('s3://bucket/x')",
    "SELECT getenv('HOME')",
    "SELECT * FROM which_secret('s3://bucket', 's3')",
    "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = 'lake://x')",
    "SELECT * FROM enable_profiling(save_location = 'lake://x')",
    "SELECT * FROM sqlite_scan('{lake}/_state/index.sqlite', 'articles')",
    "WITH x AS (COPY (SELECT 1) TO 'lake://x.csv') SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO 'lake://quotes' (FORMAT parquet)) FROM x",
    "COPY (SELECT 1) TO 'lake://quotes/00000000.parquet' (FORMAT parquet)",
    "WITH x AS (COPY (SELECT 1 AS a) TO 'lake://x' (FORMAT parquet, PARTITION_BY (a))) SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO '/dev/stdout') SELECT * FROM x",
    "WITH x AS (INSERT INTO articles_stored SELECT * FROM articles_stored RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM articles_stored RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE articles_stored SET url = '' RETURNING *) SELECT * FROM x",
    "SELECT * FROM (WITH x AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT * FROM x)",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT * FROM x",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO 'lake://x.csv') SELECT * FROM x",
    "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '{lake}/x')",
    "SELECT * FROM enable_profiling(save_location = '{lake}/x')",
    "WITH x AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{lake}/../x.csv') SELECT * FROM x",
    "EXPLAIN DROP VIEW articles",
    "EXPLAIN ANALYZE DROP VIEW articles",
    "/* a */ EXPLAIN -- b\n (ANALYZE, FORMAT json) DROP VIEW articles",
    "EXPLAIN ANALYZE (SET temp_directory = '{lake}/x')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/x.csv'",
    "COPY (SELECT 1) TO '{lake}/x.csv'",
    "COPY articles TO '{lake}/../x.parquet'",
    "EXPORT DATABASE '{lake}/x'",
    "COPY (SELECT 1) TO 'lake://x.csv'",
    "COPY FROM DATABASE memory TO memory",
    "EXPORT DATABASE 'lake://x'",
    "IMPORT DATABASE '{lake}'",
    "ATTACH '{lake}/x.db'",
    "ATTACH 'lake://x.db'",
    "ATTACH ':memory:' AS other",
    "USE system",
    "CHECKPOINT",
    "VACUUM",
    "SET VARIABLE about = 'x'",
    "SET temp_directory = '{lake}/x'",
    "SET allowed_directories = ['/']",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CREATE MACRO x() AS 1",
    "CREATE SECRET x (TYPE s3)",
    "CREATE FUNCTION x(a) AS a",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "BEGIN",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO articles SELECT * FROM articles",
    "DELETE FROM articles",
    "DROP VIEW articles",
    "CREATE PERSISTENT SECRET x (TYPE s3)",
    "PRAGMA enable_profiling",
    "CALL enable_logging('QueryLog')",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{lake}/x.csv'",
    "",
    "-- nothing",
    "SELEC 1",
    "SELECT * FROM secret_rows",
)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_empty_lake_has_every_table_with_its_columns(spec, tmp_path):
    """A table without files is an empty view with the contract's columns and the partition column."""
    answer = query(connect(tmp_path / "nowhere"), f"SELECT * FROM {spec.name}")

    added = {
        "articles": ("dup_group_id", "is_duplicate"),
        "entities": ("person_id", "person_name"),
        "quotes": ("quote_cluster_id", "is_repeat", "speaker_person_id", "speaker_person_name"),
        "events": ("event_cluster_id",),
    }
    joined = added.get(spec.name, ())
    assert answer == QueryResult((*spec.schema.names, spec.day_column, *joined), ())


def test_tables_have_their_rows_and_days(small_lake):
    """Every day's file is read, and the day in its path is a DATE column."""
    answer = query(connect(small_lake), "SELECT published_date, count(*) FROM quotes GROUP BY 1 ORDER BY 1")

    assert answer.rows == ((date(2026, 3, 2), 3), (date(2026, 3, 3), 1))


def test_articles_have_their_duplicate_group(small_lake):
    """A duplicate names the original; an article without a row of `near_duplicates` is its own group."""
    answer = query(
        connect(small_lake), "SELECT article_id, dup_group_id, is_duplicate FROM articles ORDER BY article_id"
    )

    assert answer.rows == (
        ("a" * 32, "a" * 32, False),
        ("b" * 32, "a" * 32, True),
        ("c" * 32, "c" * 32, False),
    )


def test_duplicates_of_an_earlier_revision_are_not_joined(small_lake, write_rows):
    """A row of `near_duplicates` for another revision does not apply to the current article."""
    row = {
        "article_id": "c" * 32,
        "revision_id": "0" * 16,
        "dup_group_id": "a" * 32,
        "is_duplicate": True,
        "method": "none",
    }
    write_rows("near_duplicates", date(2026, 3, 3), [row])

    answer = query(connect(small_lake), "SELECT dup_group_id, is_duplicate FROM articles WHERE article_id LIKE 'c%'")

    assert answer.rows == (("c" * 32, False),)


def test_old_file_without_a_new_column_reads_as_null(small_lake):
    """A file that is older than a nullable column opens, and the column is null."""
    path = public_file(small_lake, TABLE_SPECS["articles"], DAY)
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["wire_agency"]), path)

    answer = query(connect(small_lake), "SELECT count(*), count(wire_agency), count(title) FROM articles")

    assert answer.rows == ((3, 0, 3),)


def test_closed_month_has_the_rows_of_its_days(small_lake):
    """A month with one file per table has the same answers as with a file per day, also for some of its days."""
    statement = "SELECT published_date, title, is_duplicate FROM articles ORDER BY article_id"
    options = ({}, {"since": NEXT_DAY}, {"until": DAY}, {"since": DAY, "until": DAY}, {"since": date(2026, 4, 1)})
    opened = [query(connect(small_lake, **each), statement).rows for each in options]

    close_month(small_lake, "2026-03")

    assert len(list((small_lake / "tables/articles").rglob("*.parquet"))) == 1
    assert [query(connect(small_lake, **each), statement).rows for each in options] == opened


@pytest.mark.parametrize("closes", [False, True])
def test_days_outside_of_the_range_are_not_opened(small_lake, write_rows, closes):
    """`since` and `until` skip files: a damaged file of another month, or day of an open month, is not noticed."""
    write_rows("articles", date(2026, 2, 28), [])
    damaged = [public_file(small_lake, TABLE_SPECS["articles"], date(2026, 2, 28))]
    if closes:
        close_month(small_lake, "2026-03")
    else:
        damaged.append(public_file(small_lake, TABLE_SPECS["articles"], DAY))
    for path in damaged:
        path.write_bytes(b"damaged")

    assert query(connect(small_lake, since=NEXT_DAY), "SELECT title FROM articles").rows == (("Bridge talks",),)
    with pytest.raises(ConfigError):
        query(connect(small_lake), "SELECT title FROM articles")


def test_damaged_manifest_stops_only_its_month(tmp_path):
    """Questions about other months go on; one about the damaged month is an error with the file and what to do."""
    lake = open_lake(tmp_path)
    commit(lake, [Story(1), Story(2, day=40)], batch_id="b1")
    [manifest] = (tmp_path / "_state/months/2026-02").iterdir()
    manifest.write_bytes(b"{}")
    statement = "SELECT count(*) FROM articles"

    assert query(connect(tmp_path, since=date(2026, 3, 1)), statement).rows == ((1,),)
    for options in ({}, {"since": date(2026, 2, 28)}, {"until": date(2026, 3, 31)}):
        with pytest.raises(LakeError, match=rf"2026-02/{manifest.name} is not a manifest .*`newslake run`"):
            connect(tmp_path, **options)


def test_file_that_is_replaced_after_opening_is_an_error(small_lake):
    """If a file disappears between opening the lake and the query, the query says to run again; no rows are missing."""
    connection = connect(small_lake)

    close_month(small_lake, "2026-03")

    with pytest.raises(
        ConfigError, match=r"2026-03-0[23]\.parquet' was replaced since the lake was opened; run the query"
    ):
        query(connection, "SELECT count(title) FROM articles")
    assert query(connect(small_lake), "SELECT count(title) FROM articles").rows == ((3,),)


@pytest.mark.parametrize("damage", ["missing", "truncated", "zeroed"])
def test_damaged_data_file_is_named(tmp_path, damage):
    """An error about a data file of the head names the file, and the command that says what to do."""
    commit(Lake(tmp_path, durability="process", now=lambda: NOON), [Story(1), Story(2)])
    [file] = (tmp_path / "_state/data/articles").rglob("*.obj")
    data = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(data[:-9] if damage == "truncated" else data[:40] + bytes(400) + data[440:])

    with pytest.raises((ConfigError, LakeError), match=rf"{file.name}.*; run `newslake lake verify`"):
        query(connect(tmp_path), "SELECT * FROM articles")


def test_views_do_not_show_the_month(small_lake):
    """The month in the path is in no view."""
    columns = query(connect(small_lake), "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal").rows

    assert [name for (name,) in columns if name.endswith("_month")] == []


def test_times_are_in_utc(small_lake, monkeypatch):
    """A timestamp is in UTC, independent of the machine's time zone."""
    monkeypatch.setenv("TZ", "America/New_York")

    answer = query(connect(small_lake), "SELECT min(published_at)::VARCHAR, min(published_at)::DATE FROM articles")

    assert answer.rows == (("2026-03-02 08:00:00+00", date(2026, 3, 2)),)


def test_lake_in_a_folder_with_an_awkward_name(small_lake, tmp_path):
    """Quotes, brackets, percent and equals signs in the lake's path have no effect."""
    awkward = tmp_path / "it's [a] 100%23 day=1"
    small_lake.rename(awkward)

    assert query(connect(awkward), "SELECT count(*) FROM articles").rows == ((3,),)


def test_only_reading_statements_run(small_lake, monkeypatch):
    """A statement that accesses more than the views, or is not one read-only statement, is refused without effects."""
    monkeypatch.chdir(small_lake.parent)
    secret_rows = pa.table({"secret": [1]})
    before, connection = _files(small_lake.parent), connect(small_lake)
    refusals = {}

    for sql in ATTACKS:
        try:
            query(connection, sql.format(lake=small_lake))
        except ConfigError as error:
            refusals[sql] = (error.key, str(error)[:5])

    assert refusals == dict.fromkeys(ATTACKS, ("sql", "sql: "))
    assert (_files(small_lake.parent), secret_rows.num_rows) == (before, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{lake}/x.csv'",
        "COPY (SELECT 1) TO 'lake://x.csv'",
        "COPY (SELECT 1) TO 'lake://quotes/00000000.parquet'",
        "ATTACH '{lake}/x.db'",
        "ATTACH 'lake://x.db'",
        "EXPORT DATABASE 'lake://x'",
        "INSTALL httpfs",
        "SET allowed_directories = ['/']",
    ],
)
def test_the_connection_itself_has_no_files(sql, small_lake, monkeypatch):
    """Even without `query`, the connection can neither write nor attach, inside or outside of the lake."""
    monkeypatch.chdir(small_lake.parent)
    before = _files(small_lake.parent)

    with pytest.raises(duckdb.Error):
        connect(small_lake).execute(sql.format(lake=small_lake))

    assert _files(small_lake.parent) == before


@pytest.mark.parametrize("name", ["lake:///etc/hostname", "lake://articles/none.parquet", "lake://*", "lake://**/*"])
def test_other_names_do_not_exist(name, small_lake):
    """A name that is not a table's file does not exist, and names are not listed."""
    connection = connect(small_lake)

    assert query(connection, f"SELECT * FROM read_text('{name}')").rows == ()
    assert query(connection, f"SELECT * FROM glob('{name}')").rows == ()


def test_threads_that_share_a_file_have_their_own_positions(tmp_path):
    """Two threads that seek and read one open file in turn get the bytes at their own positions."""
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)))
    files = LakeFileSystem()
    files.files = {"lake://bytes": str(path)}
    file = files.open("lake://bytes")
    file.seek(10)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: (file.seek(200), file.read(2))[1]).result()

    assert (other, file.read(2), file.read(1)) == (bytes([200, 201]), bytes([10, 11]), bytes([12]))


def test_file_stays_open_while_it_has_readers(tmp_path):
    """A file that is opened twice is open once, and is closed after its last reader."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 40_000)
    files = LakeFileSystem()
    files.files = {"lake://bytes": str(path)}
    first, second = files.open("lake://bytes"), files.open("lake://bytes")
    first.close()
    first.close()

    assert second.shared is first.shared
    assert (second.read(3), files.size("lake://bytes")) == (b"xxx", 40_000)
    del second
    assert files.open("lake://bytes").shared is not first.shared


def test_unreadable_file_is_not_left_open(tmp_path: Path) -> None:
    """A name without a readable file raises an error and leaves no open file."""
    files = LakeFileSystem()
    files.files = {"lake://folder": str(tmp_path)}
    with pytest.raises(IsADirectoryError):
        files.open("lake://folder")

    shared = {os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")}
    assert str(tmp_path.resolve()) not in shared


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS n",
        "WITH x AS (SELECT 1 AS n) SELECT n FROM x",
        "FROM (VALUES (1)) AS v(n)",
        "  /* a word */ SELECT 1 AS n;  ",
    ],
)
def test_reading_statements_answer(sql, tmp_path):
    """Read-only statements return columns and rows, also with comments and a final semicolon."""
    answer = query(connect(tmp_path), sql)

    assert (answer, answer.records()) == (QueryResult(("n",), ((1,),)), [{"n": 1}])


def test_describe_names_the_columns(tmp_path):
    """DESCRIBE is a read-only statement, for exploring the tables."""
    answer = query(connect(tmp_path), "DESCRIBE quotes")

    assert "quote_text" in {row[0] for row in answer.rows}


def test_article_that_moves_is_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An article that moves after a reader has read the head is on its day of then, and on no other."""
    lake = open_lake(tmp_path / "lake")
    commit(lake, [Story(1, day=30), Story(2)])
    plain, waiting = Partitions.head, [Story(1, words="It sank.")]

    def head(partitions: Partitions) -> Head:
        found = plain(partitions)
        if waiting:
            commit(lake, [waiting.pop()], batch_id="moves")
        return found

    monkeypatch.setattr(Partitions, "head", head)
    days = [
        query(connect(tmp_path / "lake"), "SELECT title, published_date FROM articles ORDER BY title").rows
        for _ in range(2)
    ]
    stays = ("Story 2", date(2026, 2, 3))
    assert days == [(("Story 1", date(2026, 3, 5)), stays), (("Story 1", date(2026, 2, 3)), stays)]


@pytest.mark.parametrize("how", ["", "ANALYZE", "(FORMAT json)", "-- fast?\n ANALYZE", "(ANALYZE, FORMAT json)"])
def test_read_only_statements_can_be_explained(tmp_path: Path, how: str) -> None:
    """EXPLAIN shows the plan of each permitted statement, also in brackets."""
    for statement in ("SELECT 1 AS one", "(SELECT 1)", "WITH x AS (SELECT 1) FROM x"):
        assert query(connect(tmp_path), f"EXPLAIN {how} {statement};").rows


def test_explain_refuses_with_what_it_found(tmp_path: Path) -> None:
    """EXPLAIN of a writing statement is refused, and the error names that statement."""
    with pytest.raises(ConfigError, match=r"found DROP; write one read-only statement, e\.g\. SELECT"):
        query(connect(tmp_path), "EXPLAIN ANALYZE DROP VIEW articles")
