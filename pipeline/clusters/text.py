"""Shared helpers: list columns, rows of a table, sentences, and hashes of words and shingles.

All values are equal on every machine and in every run.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# List columns of integers, between Arrow and numpy.

type Integers = NDArray[np.uint32]


def list_array(rows: Sequence[Integers]) -> pa.ListArray:
    """Return an Arrow array of lists of 32-bit integers, one list per row."""
    offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    flat = np.concatenate(rows) if rows else np.empty(0, np.uint32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.uint32()))


def rows_of(column: pa.ChunkedArray) -> list[Integers]:
    """Return the rows of a list column, as views of its memory."""
    rows: list[Integers] = []
    for chunk in column.chunks:
        flat, offsets = chunk.values.to_numpy(), chunk.offsets.to_numpy()
        rows += [flat[start:end] for start, end in pairwise(offsets)]
    return rows


# Rows of a table as objects, a few at a time, because objects take ten times the memory of the table.

_AT_ONCE = 2000


def rows_of_table(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, in order."""
    return (row for batch in table.to_batches(max_chunksize=_AT_ONCE) for row in batch.to_pylist())


def rows_by(table: pa.Table, column: str) -> Iterator[list[dict[str, Any]]]:
    """Yield runs of consecutive rows with the same value in a column."""
    return (list(group) for _, group in groupby(rows_of_table(table), key=lambda row: row[column]))


# Sentences, by punctuation and capitals: no model, any language.

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“‘«„(\[]*[^\W_a-z])|(?<=[。！？])(?=.)")
_ABBREVIATION = re.compile(r"(?:^|[\s(“\"])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Col|Lt|Sgt|No|vs)\.\s+$")
_LONGEST_ABBREVIATION = 6  # characters, with the one before it


def sentence_spans(block: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the sentences of a block, in order. Together they cover the block, spaces included."""
    start = 0
    for end in _SENTENCE_END.finditer(block):
        if not _ABBREVIATION.search(block, max(start - 1, end.start() - _LONGEST_ABBREVIATION, 0), end.end()):
            yield start, end.end()
            start = end.end()
    yield start, len(block)


# Hashes. Odd multipliers make the hash depend on the word order; the shift keeps the upper bits, which are well mixed.

_PLACES = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_MIX, _TOP = np.uint64(0xFF51AFD7ED558CCD), np.uint64(32)


def fold_text(text: str) -> str:
    """Return a text without case and soft hyphens, in the compatibility form of Unicode (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "")


@lru_cache(maxsize=1 << 16)
def hash_of(word: str) -> int:
    """Return a 64-bit hash of a word."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def shingles_of(hashes: NDArray[np.uint64]) -> Integers:
    """Return a 32-bit hash of every shingle of three words, in order; fewer than three words have no shingle."""
    last = max(len(hashes) - 2, 0)
    mixed = sum((hashes[at : at + last] * place for at, place in enumerate(_PLACES)), np.zeros(last, np.uint64))
    hashed: Integers = ((mixed ^ (mixed >> _TOP)) * _MIX >> _TOP).astype(np.uint32)
    return hashed
