"""Copies: which article repeats an earlier one, by exact content."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pipeline.clusters import days_reached, find_copies
from pipeline.tables import check_batch

DAY = date(2026, 2, 10)
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("revision_id", pa.string()),
        ("published_at", pa.timestamp("us", "UTC")),
        ("published_date", pa.date32()),
        ("content_hash", pa.string()),
        ("fetched_at", pa.timestamp("us", "UTC")),
    ]
)


def article(name: str, content: str, *, days: int = 0, hours: int = 0, dated: bool = True, fetched: int = 0) -> Any:
    at = NOON + timedelta(days=days, hours=hours)
    return {
        "article_id": name,
        "revision_id": f"r-{name}",
        "published_at": at if dated else None,
        "published_date": at.date(),
        "content_hash": content,
        "fetched_at": NOON + timedelta(hours=fetched),
    }


def originals(*articles: Any, day: date = DAY) -> dict[str, str]:
    table = find_copies(pa.Table.from_pylist(list(articles), schema=SCHEMA), day=day)
    assert check_batch({"copies": table}) == ()
    return {row["article_id"]: row["dup_group_id"] for row in table.to_pylist()}


@pytest.mark.parametrize(
    ("articles", "expected"),
    [
        ([article("a", "x"), article("b", "y")], {"a": "a", "b": "b"}),
        ([article("b", "x", hours=1), article("a", "x", hours=2)], {"a": "b", "b": "b"}),
        ([article("a", "x", days=-7), article("b", "x")], {"b": "a"}),
        ([article("a", "x", days=-8), article("b", "x")], {"b": "b"}),
        ([article("a", "x", days=1), article("b", "x")], {"b": "b"}),
        ([article("a", "x", dated=False), article("b", "x")], {"a": "b", "b": "b"}),
        ([article("a", "x", fetched=2), article("b", "x", fetched=1)], {"a": "b", "b": "b"}),
        ([article("b", "x"), article("a", "x")], {"a": "a", "b": "a"}),
        ([], {}),
    ],
    ids=["alone", "same-day", "a-week-before", "too-old", "later", "undated-last", "fetched-first", "by-id", "none"],
)
def test_original_is_the_earliest_of_equal_content(articles: list[Any], expected: dict[str, str]) -> None:
    """The original is the earliest of the window; an article that none precedes is its own."""
    assert originals(*articles) == expected


def test_columns_say_how_it_matched() -> None:
    """A copy is told by method and is_copy; its own columns stay its own."""
    window = pa.Table.from_pylist([article("a", "x", days=-1), article("b", "x")], schema=SCHEMA)
    assert find_copies(window, day=DAY).to_pylist() == [
        {
            "article_id": "b",
            "revision_id": "r-b",
            "published_at": NOON,
            "dup_group_id": "a",
            "is_copy": True,
            "similarity": 1.0,
            "method": "exact",
        }
    ]


def test_order_of_rows_does_not_show() -> None:
    """Any order of the window gives the same table."""
    rows = [article(f"a{n}", f"x{n % 5}", days=-(n % 8), hours=n % 3, dated=n % 4 > 0) for n in range(60)]
    expected = find_copies(pa.Table.from_pylist(rows, schema=SCHEMA), day=DAY)
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert find_copies(pa.Table.from_pylist(rows, schema=SCHEMA), day=DAY).equals(expected)


def test_a_day_reaches_the_seven_after() -> None:
    """A change of one day can touch the copies of itself and of the seven days after."""
    assert days_reached(DAY) == tuple(DAY + timedelta(days=number) for number in range(8))
