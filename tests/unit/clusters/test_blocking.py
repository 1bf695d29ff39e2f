"""Candidate pairs are those that share rare numbers."""

import numpy as np

from newslake.pipeline.clusters.blocking import earlier_sharing


def test_own_group_does_not_displace_other_candidates() -> None:
    """Thirty owners of the same group that share more do not displace one of another group that shares enough."""
    own = [(number, owner) for owner in range(1, 32) for number in (1, 2, 3)]
    pairs = sorted([(1, 0), (2, 0), *own], key=lambda pair: pair[1])
    numbers, owners = (np.array(column, np.uint32) for column in zip(*pairs, strict=True))
    groups = np.array([0] + [1] * 31, np.uint32)
    assert list(earlier_sharing(numbers, owners, groups, first=31)) == [(31, [0])]
