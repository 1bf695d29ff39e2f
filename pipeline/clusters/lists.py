"""Lists of integers a row, between Arrow and numpy."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

type Integers = NDArray[np.uint32]


def list_array(rows: Sequence[Integers]) -> pa.ListArray:
    """Return an Arrow list of 32-bit integers a row."""
    offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    flat = np.concatenate(rows) if rows else np.empty(0, np.uint32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.uint32()))


def rows_of(column: pa.ChunkedArray) -> list[Integers]:
    """Return the rows of such a list, as views of its memory."""
    rows: list[Integers] = []
    for chunk in column.chunks:
        flat, offsets = chunk.values.to_numpy(), chunk.offsets.to_numpy()
        rows += [flat[start:end] for start, end in pairwise(offsets)]
    return rows
