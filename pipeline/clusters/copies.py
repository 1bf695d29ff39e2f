"""Which article repeats an earlier one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from pipeline.tables import table_named

WINDOW = timedelta(days=7)  # a copy follows its original within a week; later ones are a new story's archive reprint
_LAST = datetime.max.replace(tzinfo=UTC)


def days_reached(day: date) -> tuple[date, ...]:
    """Return the days whose copies a change of one day's articles can touch: itself and the seven after."""
    return tuple(day + timedelta(days=number) for number in range(WINDOW.days + 1))


def find_copies(window: pa.Table, *, day: date) -> pa.Table:
    """Return the ``copies`` rows of a day's articles, by exact content.

    ``window`` has the articles of the day and the seven before, in any order: article_id, revision_id, published_at,
    published_date, content_hash, fetched_at. The original is the earliest article of equal content, by published_at
    (unknown last), fetched_at, article_id; an article that no other precedes is its own.
    """
    rows = sorted(_in_window(window, day), key=_age)
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row["content_hash"], row["article_id"])
    spec = table_named("copies")
    mine = sorted((row for row in rows if row["published_date"] == day), key=lambda row: str(row["article_id"]))
    return pa.Table.from_pylist([_copy(row, first[row["content_hash"]]) for row in mine], schema=spec.schema)


def _in_window(window: pa.Table, day: date) -> Iterator[dict[str, Any]]:
    return (row for row in window.to_pylist() if day - WINDOW <= row["published_date"] <= day)


def _age(row: dict[str, Any]) -> tuple[datetime, datetime, str]:
    return row["published_at"] or _LAST, row["fetched_at"], row["article_id"]


def _copy(row: dict[str, Any], original: str) -> dict[str, object]:
    is_copy = original != row["article_id"]
    return {
        "article_id": row["article_id"],
        "revision_id": row["revision_id"],
        "published_at": row["published_at"],
        "dup_group_id": original,
        "is_copy": is_copy,
        "similarity": 1.0,
        "method": "exact" if is_copy else "own",
    }
