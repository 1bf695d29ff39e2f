"""Which things are worth comparing: those that share a rare number, such as the hash of three words."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.clusters.text import Integers

_MOST_OWNERS = 100  # of a number that says something; what more have is a common phrase
_SHARE = 0.25  # of the numbers of whichever has fewer
_MOST_BEFORE = 100  # owners of a number that are looked at, the nearest before
_FEWEST_SHARED, _MOST_COMPARED = 2, 20
_AT_ONCE = 500_000  # pairs in memory

type _Wide = NDArray[np.int64]


def pairs_sharing(numbers: Integers, owners: Integers, asking: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (asker, other) for owners that share a fourth of the numbers of whichever has fewer, by asker and other.

    ``numbers`` and ``owners`` go together, each owner's numbers once; ``asking`` says by owner who is asked for.
    Numbers that more than a hundred own are not counted as shared: so the work grows with what is asked for.
    """
    order = np.argsort(numbers, kind="stable")
    ordered, holders = numbers[order], owners[order]
    asked = asking[owners]
    begin = np.searchsorted(ordered, numbers[asked], "left")
    many = np.searchsorted(ordered, numbers[asked], "right") - begin
    kept = (many > 1) & (many <= _MOST_OWNERS)
    counts = np.bincount(owners, minlength=len(asking))
    for one, other, shared in _count_shared(holders, begin[kept], many[kept], owners[asked][kept].astype(np.int64)):
        enough = (one != other) & (shared >= _SHARE * np.minimum(counts[one], counts[other]))
        yield from zip(one[enough].tolist(), other[enough].tolist(), strict=True)


def earlier_sharing(
    numbers: Integers, owners: Integers, groups: Integers, *, first: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield the owners from ``first`` on, ascending, each with at most twenty before it that share most numbers.

    ``numbers`` and ``owners`` go together, by owner, each owner's numbers once; ``groups`` has each owner's group, and
    an owner is compared with those of other groups only. Of those who share one number only the nearest hundred before
    are looked at, and two numbers must be shared: so the work grows with what is asked for.
    """
    order = np.argsort(numbers, kind="stable")
    ordered, holders = numbers[order], owners[order]
    places = np.flatnonzero(holders >= first)
    begin = np.maximum(np.searchsorted(ordered, ordered[places], "left"), places - _MOST_BEFORE)
    for one, other, shared in _count_shared(holders, begin, places - begin, holders[places].astype(np.int64)):
        enough = np.flatnonzero((shared >= _FEWEST_SHARED) & (groups[one] != groups[other]))
        ranked = enough[np.lexsort((other[enough], -shared[enough], one[enough]))]
        askers, starts = np.unique(one[ranked], return_index=True)
        for asker, others in zip(askers.tolist(), np.split(other[ranked], starts[1:]), strict=bool(len(askers))):
            yield asker, others[:_MOST_COMPARED].tolist()


def _count_shared(holders: Integers, begin: _Wide, many: _Wide, askers: _Wide) -> Iterator[tuple[_Wide, _Wide, _Wide]]:
    """Yield asker, other and how many numbers they share, by asker and other; every asker in one yield.

    Of ``askers``, each number has its holders from ``begin`` on, so ``many`` of them.
    """
    by_asker = np.argsort(askers, kind="stable")
    size = int(holders.max(initial=0)) + 1
    for part in _parts(many[by_asker], askers[by_asker]):
        rows = by_asker[part]
        repeats = many[rows]
        within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        others = holders[np.repeat(begin[rows], repeats) + within].astype(np.int64)
        pairs, shared = np.unique(np.repeat(askers[rows], repeats) * size + others, return_counts=True)
        one, other = np.divmod(pairs, size)
        yield one, other, shared


def _parts(many: _Wide, askers: _Wide) -> Iterator[slice]:
    """Yield stretches of rows that expand to some half a million pairs, an asker never in two."""
    start, ends = 0, np.cumsum(many)
    while start < len(many):
        reached = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, reached + _AT_ONCE, "right")), start + 1)
        stop = int(np.searchsorted(askers, askers[stop - 1], "right"))
        yield slice(start, stop)
        start = stop
