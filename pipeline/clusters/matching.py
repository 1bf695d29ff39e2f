"""Do two texts repeat each other: on their real shingles, not on an estimate."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.clusters.lists import Integers

Method = Literal["exact", "near", "cut"]

FEWEST_SHINGLES = 30  # a shorter text is a stub or a list of links: what it shares with others is form
_NEAR = 0.70  # Jaccard
_CONTAINED = 0.80  # of the shorter text's shingles, in the longer
_SHORTEST_PART = 0.3  # of the longer text: less is a quotation or a line of a digest, not the story
# Two stories may share a long statement. They are one story only if what stands outside quotation marks agrees, too.
_FEWEST_UNQUOTED = 10
_UNQUOTED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ArticleShingles:
    """What is compared of an article: sorted shingles, and those of them outside quotation marks."""

    shingles: Integers
    unquoted: Integers


@dataclass(frozen=True, slots=True)
class DuplicateMatch:
    """How two articles match, and how much: Jaccard for near, containment of the shorter for cut, 1 for exact."""

    method: Method
    similarity: float


def match_of(one: ArticleShingles, other: ArticleShingles) -> DuplicateMatch | None:
    """Return how two articles match, None where they do not. The same whichever is named first."""
    shorter, longer = sorted((one, other), key=lambda each: len(each.shingles))
    few, many = len(shorter.shingles), len(longer.shingles)
    if few < max(FEWEST_SHINGLES, _SHORTEST_PART * many):
        return None
    shared = _count_shared(shorter.shingles, longer.shingles)
    jaccard = shared / (few + many - shared)
    if jaccard >= _NEAR and _agrees(one, other) and _agrees(other, one):
        return DuplicateMatch("near", jaccard)
    if shared >= _CONTAINED * few and _agrees(shorter, longer):
        return DuplicateMatch("cut", shared / few)
    return None


def _agrees(part: ArticleShingles, whole: ArticleShingles) -> bool:
    """Return whether what an article says in its own words stands in the other."""
    return len(part.unquoted) >= _FEWEST_UNQUOTED and _count_shared(
        part.unquoted, whole.shingles
    ) >= _UNQUOTED_SHARE * len(part.unquoted)


def _count_shared(part: Integers, whole: Integers) -> int:
    """Return how many of some sorted numbers stand in others, also sorted."""
    at = np.searchsorted(whole, part)
    return int(np.count_nonzero(whole[np.minimum(at, len(whole) - 1)] == part))
