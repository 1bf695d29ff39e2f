"""Blocking: find the candidate pairs, which share rare numbers such as hashes of shingles."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from newslake.pipeline.clusters.text import Integers

_MOST_OWNERS = 100  # of one number; a number with more owners is a common phrase
_SHARE = 0.25  # of the numbers of the owner with fewer
_MOST_BEFORE = 100  # owners of a number that are compared: the nearest earlier ones
_FEWEST_SHARED, _MOST_COMPARED = 2, 20
_AT_ONCE = 500_000  # pairs in memory

type _Wide = NDArray[np.int64]


def pairs_sharing(numbers: Integers, owners: Integers, asking: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield the candidate pairs (owner, other), sorted: they share a fourth of the numbers of the one with fewer.

    ``numbers`` and ``owners`` are parallel; each owner has a number once. Only owners marked in ``asking`` are paired
    with others. Numbers with more than 100 owners do not count, so that the work grows with the marked owners.
    """
    order = np.argsort(numbers, kind="stable")
    ordered, holders = numbers[order], owners[order]
    is_marked = asking[owners]
    begin = np.searchsorted(ordered, numbers[is_marked], "left")
    many = np.searchsorted(ordered, numbers[is_marked], "right") - begin
    is_counted = (many > 1) & (many <= _MOST_OWNERS)
    counts = np.bincount(owners, minlength=len(asking))
    for one, other, shared in _count_shared(
        holders, begin[is_counted], many[is_counted], owners[is_marked][is_counted].astype(np.int64)
    ):
        enough = (one != other) & (shared >= _SHARE * np.minimum(counts[one], counts[other]))
        yield from zip(one[enough].tolist(), other[enough].tolist(), strict=True)


def earlier_sharing(
    numbers: Integers, owners: Integers, groups: Integers, *, first: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield the owners from ``first`` on, ascending, each with the 20 earlier ones that share most numbers, or fewer.

    ``numbers`` and ``owners`` are parallel, in the order of owners; each owner has a number once. ``groups`` has the
    group of each owner; owners of one group are not compared. Candidates share two numbers or more. Per number, only
    the nearest 100 earlier owners are compared, so that the work grows with the number of owners from ``first`` on.
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
    """Yield owner, other and the number of shared numbers, sorted; all pairs of an owner are in one part.

    For each entry of ``askers``, the owners to pair, the ``many`` holders of its number start at ``begin``.
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
    """Yield slices of rows that expand to about 500,000 pairs. Each entry of ``askers`` is in one slice only."""
    start, ends = 0, np.cumsum(many)
    while start < len(many):
        reached = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, reached + _AT_ONCE, "right")), start + 1)
        stop = int(np.searchsorted(askers, askers[stop - 1], "right"))
        yield slice(start, stop)
        start = stop
