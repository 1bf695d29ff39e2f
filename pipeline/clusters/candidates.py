"""Which articles are worth comparing: those whose signatures agree in a band."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# Bands of three permutations: of pairs at Jaccard 0.65 (cut by 30 %, other first and last lines) all are looked at, at
# 0.4 (cut by 60 %) 94 %, of unrelated pairs (0.06 at most) 1 %.
_ROWS_A_BAND = 3
_LEAST_AGREEMENT = 0.15  # of a signature: what is at Jaccard 0.3 agrees less once in 10,000
_MOST_IN_A_BAND = 500  # of the earliest; more only share a form, and comparing each with each would never end
_ODD = np.uint64(0x9E3779B97F4A7C15)


def earlier_candidates(signatures: NDArray[np.uint32], askers: Sequence[int]) -> Mapping[int, NDArray[np.int64]]:
    """Return for each asker the rows before it that may match, ascending; nothing for those that have none.

    ``signatures`` has a row an article, the earliest first.
    """
    found: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    asking = np.asarray(askers, dtype=np.int64)
    for start in range(0, signatures.shape[1] - _ROWS_A_BAND + 1, _ROWS_A_BAND):
        keys = _keys(signatures[:, start : start + _ROWS_A_BAND])
        order = np.argsort(keys, kind="stable")  # of equal keys, the earliest first
        in_order = keys[order]
        first = np.searchsorted(in_order, keys[asking])
        for asker, begin in zip(asking[order[first] != asking], first[order[first] != asking], strict=True):
            bucket = slice(begin, begin + _MOST_IN_A_BAND)
            rivals = order[bucket][in_order[bucket] == keys[asker]]
            found[int(asker)].append(rivals[rivals < asker])
    return {
        asker: _filter_by_signature(signatures, asker, np.unique(np.concatenate(rows))) for asker, rows in found.items()
    }


def _keys(band: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return a number a row, equal for equal rows; should two others be equal, they are looked at for nothing."""
    keys = np.zeros(len(band), np.uint64)
    for column in band.T:
        keys = (keys ^ column) * _ODD
    return keys


def _filter_by_signature(signatures: NDArray[np.uint32], asker: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    agreement = (signatures[rows] == signatures[asker]).mean(axis=1)
    likely: NDArray[np.int64] = rows[agreement >= _LEAST_AGREEMENT]
    return likely
