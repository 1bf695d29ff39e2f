"""A question that costs too much is ended, and says so; the next one is asked as before."""

import time
from collections import deque
from pathlib import Path
from threading import active_count

import pytest

from pipeline.errors import ConfigError, LimitError
from pipeline.query import Connection, Limits, apply_limits, check_time, connect, query, stream

ENDLESS = "SELECT sum(range) FROM range(1_000_000_000_000)"  # time without end, and no memory
LARGE = "SELECT count(*) FROM (SELECT DISTINCT range::VARCHAR || repeat('x', 200) AS word FROM range(3_000_000))"
MANY = Limits(seconds=60, memory_mb=200, threads=1, rows=1_000)
FEW = Limits(seconds=0.3, memory_mb=200, threads=1, rows=1_000)


def _ask_for_ever(connection: Connection) -> None:
    while True:
        query(connection, "SELECT sum(range) FROM range(3_000_000)")


def _read_all(connection: Connection, sql: str) -> None:
    with stream(connection, sql) as (_, batches):
        deque(batches, maxlen=0)


def test_endless_question_is_ended(small_lake: Path) -> None:
    """A statement that would run for hours ends after its seconds, and what ended it is said."""
    began = time.monotonic()
    with pytest.raises(LimitError, match="fewer days") as raised, apply_limits(FEW):
        query(connect(small_lake), ENDLESS)
    assert raised.value.reason == "too_slow"
    assert time.monotonic() - began < 10


def test_work_that_is_no_sql_is_ended() -> None:
    """What reads or draws by itself asks whether it may go on; without limits it always may."""
    check_time()
    with pytest.raises(LimitError, match="fewer days") as raised, apply_limits(FEW):
        deque(iter(check_time, "never"), maxlen=0)
    assert raised.value.reason == "too_slow"


def test_seconds_are_for_all_statements(small_lake: Path) -> None:
    """Statements that are short one by one are ended when their time together is over."""
    with pytest.raises(LimitError), apply_limits(FEW):
        _ask_for_ever(connect(small_lake))


def test_rows_that_stream_are_ended(small_lake: Path) -> None:
    """Rows that go out as they come are ended, too."""
    with pytest.raises(LimitError), apply_limits(FEW):
        _read_all(connect(small_lake), "SELECT range FROM range(1_000_000_000_000)")


def test_memory_is_limited(small_lake: Path) -> None:
    """A statement that needs more memory than it may is refused, and nothing is written to a disk instead."""
    with pytest.raises(LimitError, match="200 MB") as raised, apply_limits(MANY):
        query(connect(small_lake), LARGE)
    assert raised.value.reason == "too_much_memory"


def test_rows_are_limited(small_lake: Path) -> None:
    """An answer of more rows than may be held is refused, and says so; one of just as many is given."""
    with apply_limits(MANY):
        assert len(query(connect(small_lake), "SELECT range FROM range(1_000)").rows) == 1_000
    with pytest.raises(LimitError, match="more than 1,000 rows") as raised, apply_limits(MANY):
        query(connect(small_lake), "SELECT range FROM range(1_001)")
    assert raised.value.reason == "too_many_rows"
    assert len(query(connect(small_lake), "SELECT range FROM range(1_001)").rows) == 1_001


def test_limits_cannot_be_lifted(small_lake: Path) -> None:
    """SQL cannot give itself more memory or threads."""
    with apply_limits(MANY):
        connection = connect(small_lake)
        with pytest.raises(ConfigError):
            query(connection, "SET memory_limit = '8GB'")
        assert query(connection, "SELECT current_setting('threads')").rows == ((1,),)


def test_limits_end_with_their_work(small_lake: Path) -> None:
    """What is asked afterwards has no limits, and nothing that watched them is left."""
    before = active_count()
    with apply_limits(MANY):
        query(connect(small_lake), "SELECT 1")
    assert active_count() == before
    assert query(connect(small_lake), "SELECT sum(range) FROM range(10_000_000)").rows == ((49999995000000,),)


def test_other_errors_stay_what_they_are(small_lake: Path) -> None:
    """A wrong statement is told as such within limits, too."""
    with pytest.raises(ConfigError, match="nowhere"), apply_limits(MANY):
        query(connect(small_lake), "SELECT * FROM nowhere")
