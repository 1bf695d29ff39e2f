"""Which things are worth comparing: those that share a rare number, such as the hash of three words."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.clusters.lists import Integers

_MOST_OWNERS = 100  # of a number that says something; what more have is a common phrase
_SHARE = 0.25  # of the rarer one's numbers
_AT_ONCE = 2_000_000  # pairs in memory


def pairs_sharing(numbers: Integers, owners: Integers, asking: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (asker, other) for owners that share a fourth of the numbers of whichever has fewer, by asker and other.

    ``numbers`` and ``owners`` go together, each owner's numbers once; ``asking`` says by owner who is asked for.
    Numbers that more than a hundred own are not counted as shared: so the work grows with what is asked for.
    """
    order = np.argsort(numbers, kind="stable")
    ordered, holders = numbers[order], owners[order]
    asked = asking[owners]
    mine, askers = numbers[asked], owners[asked].astype(np.int64)
    begin = np.searchsorted(ordered, mine, "left")
    many = np.searchsorted(ordered, mine, "right") - begin
    kept = (many > 1) & (many <= _MOST_OWNERS)
    begin, many, askers = begin[kept], many[kept], askers[kept]
    by_asker = np.argsort(askers, kind="stable")
    counts = np.bincount(owners, minlength=len(asking))
    for part in _parts(many[by_asker], askers[by_asker]):
        rows = by_asker[part]
        yield from _pairs(holders, begin[rows], many[rows], askers[rows], counts)


def _parts(many: NDArray[np.int64], askers: NDArray[np.int64]) -> Iterator[slice]:
    """Yield stretches of rows that expand to some two million pairs, an asker never in two."""
    start, ends = 0, np.cumsum(many)
    while start < len(many):
        reached = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, reached + _AT_ONCE, "right")), start + 1)
        stop = int(np.searchsorted(askers, askers[stop - 1], "right"))
        yield slice(start, stop)
        start = stop


def _pairs(
    holders: Integers,
    begin: NDArray[np.int64],
    many: NDArray[np.int64],
    askers: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Iterator[tuple[int, int]]:
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    others = holders[np.repeat(begin, many) + within].astype(np.int64)
    pairs, shared = np.unique(np.repeat(askers, many) * len(counts) + others, return_counts=True)
    one, other = np.divmod(pairs, len(counts))
    enough = (one != other) & (shared >= _SHARE * np.minimum(counts[one], counts[other]))
    yield from zip(one[enough].tolist(), other[enough].tolist(), strict=True)
