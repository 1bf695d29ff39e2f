"""What is compared of a text: its shingles, hashed, and their MinHash signature. Equal on every machine and run."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from rensa import RMinHash

from pipeline.clusters.lists import Integers, list_array
from pipeline.clusters.text import fold_text, hash_of, shingles_of

PERMUTATIONS = 128
_SEED = 1
# A quotation ends at its closing mark, else with its line.
_QUOTATION = re.compile(r'([“„«"][^“”„«»"\n]*)')
_WORD = re.compile(r"\w+")

SKETCH_FIELDS = (
    pa.field("shingles", pa.list_(pa.uint32())),
    pa.field("own", pa.list_(pa.uint32())),
    pa.field("signature", pa.list_(pa.uint32(), PERMUTATIONS)),
)


def sketches_of(texts: Sequence[str]) -> pa.Table:
    """Return a sketch a text, in order, in the columns of ``SKETCH_FIELDS``.

    ``shingles`` are the hashes of all stretches of three folded words, sorted, each once; ``own`` those of them that
    stand outside quotation marks, at least in part. A text of fewer than three words has none. The signature is over
    all shingles.
    """
    pairs = [_shingles(text) for text in texts]
    every = list_array([shingles for shingles, _ in pairs])
    signatures = RMinHash.digest_matrix_from_flat_token_hashes(
        every.values.to_numpy().astype(np.uint64), every.offsets.to_numpy().astype(np.uint64), PERMUTATIONS, _SEED
    )
    flat = np.array(signatures.to_rows(), dtype=np.uint32).ravel()
    columns = [
        every,
        list_array([own for _, own in pairs]),
        pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.uint32()), PERMUTATIONS),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(SKETCH_FIELDS))


def _shingles(text: str) -> tuple[Integers, Integers]:
    """Return the hashes of a text's shingles, and of those that are not wholly inside quotation marks."""
    words: list[int] = []
    quoted: list[bool] = []
    for number, part in enumerate(_QUOTATION.split(fold_text(text))):
        found = [hash_of(word) for word in _WORD.findall(part)]
        words += found
        quoted += [number % 2 == 1] * len(found)
    inside = np.array(quoted, dtype=bool)
    shingles = shingles_of(np.array(words, dtype=np.uint64))
    last = len(shingles)
    outside = ~(inside[:last] & inside[1 : last + 1] & inside[2 : last + 2])
    return np.unique(shingles), np.unique(shingles[outside])
