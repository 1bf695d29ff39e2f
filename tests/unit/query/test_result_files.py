"""Rows as CSV, Parquet and JSON."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.connection import connect, stream
from newslake.pipeline.query.result_files import whole_file, write_csv, write_json, write_parquet

ROWS = """SELECT * FROM (VALUES
  (1, 'plain', TIMESTAMPTZ '2026-03-02 08:00:00+00', DATE '2026-03-02', ['a', 'b"c'], true, 0.25, NULL, ''),
  (2, 'a "mark", a comma', TIMESTAMPTZ '2026-03-02 08:00:00.5+00', NULL, [], false, NULL, NULL, E'two\\r\\nlines'))
  AS v(n, text, seen, day, names, yes, share, nothing, words)"""


@pytest.fixture
def connection(tmp_path):
    """A lake without rows: the tests generate their rows in SQL."""
    return connect(tmp_path)


def _csv(connection, sql: str, *, is_safe: bool = False) -> str:
    file = io.BytesIO()
    with stream(connection, sql) as (schema, batches):
        write_csv(schema, batches, file, is_safe=is_safe)
    return file.getvalue().decode()


def test_csv_meets_the_standard(connection):
    """Lines end in CR LF, only fields that need it are quoted, times are ISO 8601 with Z, lists JSON, null is empty."""
    assert _csv(connection, ROWS).split("\r\n", 2)[:2] == [
        "n,text,seen,day,names,yes,share,nothing,words",
        '1,plain,2026-03-02T08:00:00Z,2026-03-02,"[""a"", ""b\\""c""]",true,0.25,,""',
    ]


def test_csv_round_trip(connection):
    """A CSV reader returns the same texts, including quotes, commas and line ends."""
    found = list(csv.DictReader(io.StringIO(_csv(connection, ROWS), newline="")))

    assert [(row["text"], row["words"], row["seen"]) for row in found] == [
        ("plain", "", "2026-03-02T08:00:00Z"),
        ('a "mark", a comma', "two\r\nlines", "2026-03-02T08:00:00.500000Z"),
    ]
    assert [json.loads(row["names"]) for row in found] == [["a", 'b"c'], []]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\nx", "\0=1", '=A("x")'])
def test_safe_csv_has_no_formula(connection, text: str):
    """A text or a column name that a spreadsheet would run has an apostrophe before it, also a value of a union."""
    value = " || ".join(f"chr({ord(each)})" for each in text)
    sql = f'SELECT {value} AS "=name", union_value(text := {value}) AS united, -1.5 AS number'

    lines = [list(csv.reader(io.StringIO(_csv(connection, sql, is_safe=each), newline=""))) for each in (False, True)]

    assert lines[0] == [["=name", "united", "number"], [text, text, "-1.5"]]
    assert lines[1] == [["'=name", "united", "number"], [f"'{text}", f"'{text}", "-1.5"]]


def test_safe_csv_changes_nothing_else(connection):
    """Numbers, times, lists and texts that no spreadsheet runs are as without the option."""
    sql = f"SELECT *, -1::BIGINT, -1.5::DOUBLE, '-inf'::DOUBLE, 'a=1', ' =1', [-1] FROM ({ROWS})"

    assert _csv(connection, sql, is_safe=True) == _csv(connection, sql)


def test_csv_of_one_column_keeps_its_nulls(connection):
    """A single null is not written as an empty line, which readers skip."""
    assert _csv(connection, "SELECT * FROM (VALUES (1), (NULL)) AS v(n)") == 'n\r\n1\r\n""\r\n'


def test_parquet_keeps_types_and_values(connection):
    """Every column has its SQL type, and every value is the same."""
    file = io.BytesIO()
    with stream(connection, ROWS) as (schema, batches):
        assert write_parquet(schema, batches, file) == 2

    table = pq.read_table(file)
    assert table.schema.field("seen").type == pa.timestamp("us", "UTC")
    assert table.schema.field("day").type == pa.date32()
    assert pa.types.is_list(table.schema.field("names").type)
    assert table.column("seen").to_pylist()[0] == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert table.column("day").to_pylist() == [date(2026, 3, 2), None]
    assert table.column("text").to_pylist()[1] == 'a "mark", a comma'


def test_json_is_one_list_of_objects(connection):
    """Numbers and sums of any size are JSON numbers, times are text, and a number that JSON lacks is null."""
    file = io.StringIO()
    sql = f"SELECT sum(n) AS s, min(seen) AS seen, 'NaN'::DOUBLE AS odd, [1, 2] AS l FROM ({ROWS})"
    with stream(connection, sql) as (schema, batches):
        write_json(schema, batches, file)

    assert json.loads(file.getvalue()) == [{"s": 3, "seen": "2026-03-02T08:00:00Z", "odd": None, "l": [1, 2]}]


def test_empty_results_are_written(connection):
    """A result without rows is a header line, an empty list, or a Parquet file with columns."""
    sql = f"SELECT n, text FROM ({ROWS}) WHERE false"
    text, file = io.StringIO(), io.BytesIO()
    with stream(connection, sql) as (schema, batches):
        write_json(schema, batches, text)
    with stream(connection, sql) as (schema, batches):
        write_parquet(schema, batches, file)

    assert (_csv(connection, sql), json.loads(text.getvalue())) == ("n,text\r\n", [])
    assert pq.read_table(file).schema.names == ["n", "text"]


def test_duplicate_columns_are_refused_if_one_would_be_lost(connection):
    """JSON and Parquet refuse a duplicate column name; CSV writes both columns."""
    for write, file in ((write_json, io.StringIO()), (write_parquet, io.BytesIO())):
        with stream(connection, "SELECT 1 AS a, 2 AS a") as (schema, batches):
            with pytest.raises(ConfigError, match="duplicate column names a; rename them with AS"):
                write(schema, batches, file)
    assert _csv(connection, "SELECT 1 AS a, 2 AS a") == "a,a\r\n1,2\r\n"


def test_a_type_that_parquet_lacks_is_reported(connection):
    """Parquet has no interval type: the message says what to do."""
    with stream(connection, "SELECT INTERVAL 3 DAY AS lag") as (schema, batches):
        with pytest.raises(ConfigError, match=r"^parquet: .*CAST that column"):
            write_parquet(schema, batches, io.BytesIO())


def test_a_failed_write_keeps_the_old_file(connection, tmp_path: Path):
    """The old file is kept until the new one is complete; a failure leaves no other file."""
    path = tmp_path / "out.csv"
    path.write_text("old")
    sql = "SELECT CASE WHEN n = 90000 THEN error('boom') ELSE 'a' END AS a FROM range(100000) t(n)"

    with pytest.raises(ConfigError, match="boom"):
        with stream(connection, sql) as (schema, batches), whole_file(path) as file:
            write_csv(schema, batches, file)

    assert ([each.name for each in tmp_path.iterdir()], path.read_text()) == (["out.csv"], "old")


def test_a_connection_can_be_used_after_a_partial_read(connection):
    """After a stream that is not read to its end, the next query works."""
    with stream(connection, "SELECT n FROM range(100000) t(n)") as (_, batches):
        next(batches)

    assert _csv(connection, "SELECT 1 AS n") == "n\r\n1\r\n"


def test_rows_are_streamed(connection, tmp_path: Path):
    """500,000 rows pass through Python in less memory than their size in bytes."""
    tracemalloc.start()
    with stream(connection, "SELECT n, 'words and words ' || n AS t FROM range(500000) r(n)") as (schema, batches):
        with whole_file(tmp_path / "out.csv") as file:
            assert write_csv(schema, batches, file) == 500_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < (tmp_path / "out.csv").stat().st_size / 4


@pytest.mark.parametrize("sql", ["COPY (SELECT 1) TO 'x.csv'", "CREATE TABLE t (a INT)", "SELECT 1; SELECT 2", ""])
def test_only_read_only_statements_are_streamed(connection, sql):
    """The same statements are refused as in `query`."""
    with pytest.raises(ConfigError, match="write one read-only statement"), stream(connection, sql):
        pass


# Values that Python or JSON cannot hold: each is printed.
ODD = {
    "a date": ("'infinity'::DATE", "infinity", "infinity"),
    "a time": ("'-infinity'::TIMESTAMPTZ", "-infinity", "-infinity"),
    "seconds": ("'infinity'::TIMESTAMP_S", "infinity", "infinity"),
    "a list of dates": ("['infinity'::DATE, NULL]", ["infinity", None], '["infinity", null]'),
    "a struct": ("{'a': 'infinity'::DATE}", {"a": "infinity"}, '{"a": "infinity"}'),
    "a union": ("union_value(k := 'infinity'::DATE)", "infinity", "infinity"),
    "a map": ("MAP {1: 'infinity'::DATE}", [{"key": 1, "value": "infinity"}], '[{"key": 1, "value": "infinity"}]'),
    "years before 1": ("'0044-03-15 (BC)'::DATE", "-0043-03-15", "-0043-03-15"),
    "not a number": ("'nan'::DOUBLE", None, "nan"),
    "a long number": ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1, str(2**127 - 1)),
    "an interval": ("INTERVAL '1 month 2 days'", [1, 2, 0], "[1, 2, 0]"),
    "bytes": (r"'\xff\x00'::BLOB", "ff00", "ff00"),
    "a big number": ("1::BIGNUM", "80000101", "80000101"),
}


@pytest.mark.parametrize("name", ODD)
def test_every_value_is_written(connection, name: str):
    """Infinite and distant times, nested or not, have a text in JSON and CSV; what JSON lacks is null."""
    sql, in_json, in_csv = ODD[name]
    file = io.StringIO()
    with stream(connection, f"SELECT {sql} AS v, 1 AS n") as (schema, batches):
        write_json(schema, batches, file)

    assert json.loads(file.getvalue()) == [{"v": in_json, "n": 1}]
    assert list(csv.DictReader(io.StringIO(_csv(connection, f"SELECT {sql} AS v, 1 AS n")))) == [
        {"v": in_csv, "n": "1"}
    ]


@pytest.mark.parametrize("sql", ["INTERVAL '1 day'", "union_value(k := 1)", "'infinity'::TIMESTAMP_S"])
def test_value_that_parquet_lacks_is_named(connection, sql: str):
    """A type or a value that Parquet lacks says to cast the column."""
    with pytest.raises(ConfigError, match="CAST that column"), stream(connection, f"SELECT {sql} AS v") as rows:
        write_parquet(*rows, io.BytesIO())


def test_statement_with_a_lone_surrogate_is_repaired(connection):
    """A statement with bytes that are not UTF-8, as a terminal passes them on, runs with U+FFFD in their place."""
    assert _csv(connection, "SELECT 'caf\udce9' AS v") == "v\r\ncaf\ufffd\r\n"
