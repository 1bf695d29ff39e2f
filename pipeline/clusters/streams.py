"""Rows of a table as objects, few at once: as objects they take ten times what the table does."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pyarrow as pa

_AT_ONCE = 2000


def rows_of_table(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, in order."""
    return (row for batch in table.to_batches(max_chunksize=_AT_ONCE) for row in batch.to_pylist())


def rows_by(table: pa.Table, column: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows that follow each other and have one value in a column, together."""
    return (list(group) for _, group in groupby(rows_of_table(table), key=lambda row: row[column]))
