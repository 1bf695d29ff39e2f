"""The rows of data files in memory: limited by their bytes, and shared by threads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa

from newslake.pipeline.shared.rewriting import RowMemory

DAY = date(2026, 2, 3)


def rows_of(count: int) -> dict[date, pa.Table]:
    return {DAY: pa.table({"number": pa.array(range(count), pa.int64())})}


def test_rows_are_limited_by_their_bytes():
    """The rows that were put first go when there are too many bytes; rows that are too large are not kept."""
    memory = RowMemory(limit_bytes=8000)
    for name in ("a", "b", "c"):
        memory.put(name, rows_of(400))
    memory.put("c", rows_of(450))

    assert memory.get("a") is None
    assert memory.get("b") == rows_of(400)
    assert memory.get("c") == rows_of(450)

    memory.put("d", rows_of(1001))

    assert [memory.get(name) for name in "bcd"] == [None, None, None]

    memory.put("e", rows_of(1000))

    assert memory.get("e") == rows_of(1000)


def test_threads_put_rows_at_the_same_time():
    """Threads that put and drop rows do not disturb one another, and the memory is what was put last."""
    memory = RowMemory(limit_bytes=800)

    def work(number: int) -> None:
        for turn in range(300):
            memory.put(f"{number}-{turn}", rows_of(10))
            memory.get(f"{(number + 1) % 8}-{turn}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    there = [name for number in range(8) for turn in range(300) if memory.get(name := f"{number}-{turn}")]

    assert len(there) == 10
