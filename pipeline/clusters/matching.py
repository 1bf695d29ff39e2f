"""Do two texts repeat each other: on their real shingles, not on an estimate."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.clusters.lists import Integers

Method = Literal["exact", "near", "cut"]

FEWEST_SHINGLES = 30  # a shorter text is a stub or a list of links: what it shares with others is form
_NEAR = 0.70  # Jaccard
_CUT = 0.80  # of the shorter text's shingles, in the longer
_SHORTEST_PART = 0.3  # of the longer text: less is a quotation or a line of a digest, not the story
# Two stories may share a long statement. They are one story only if what stands outside quotation marks agrees, too.
_FEWEST_OWN = 10
_OWN = 0.5


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of an article: sorted shingles, and those of them outside quotation marks."""

    shingles: Integers
    own: Integers


@dataclass(frozen=True, slots=True)
class Match:
    """How two articles match, and how much: Jaccard for near, containment of the shorter for cut, 1 for exact."""

    method: Method
    similarity: float


def match_of(one: Compared, other: Compared) -> Match | None:
    """Return how two articles match, None where they do not. The same whichever is named first."""
    shorter, longer = sorted((one, other), key=lambda each: len(each.shingles))
    few, many = len(shorter.shingles), len(longer.shingles)
    if few < max(FEWEST_SHINGLES, _SHORTEST_PART * many):
        return None
    shared = _shared(shorter.shingles, longer.shingles)
    jaccard = shared / (few + many - shared)
    if jaccard >= _NEAR and _agrees(one, other) and _agrees(other, one):
        return Match("near", jaccard)
    if shared >= _CUT * few and _agrees(shorter, longer):
        return Match("cut", shared / few)
    return None


def _agrees(part: Compared, whole: Compared) -> bool:
    """Return whether what an article says in its own words stands in the other."""
    return len(part.own) >= _FEWEST_OWN and _shared(part.own, whole.shingles) >= _OWN * len(part.own)


def _shared(part: Integers, whole: Integers) -> int:
    """Return how many of some sorted numbers stand in others, also sorted."""
    at = np.searchsorted(whole, part)
    return int(np.count_nonzero(whole[np.minimum(at, len(whole) - 1)] == part))
