"""Words as numbers, and stretches of three of them: equal on every machine and run."""

import unicodedata
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from pipeline.clusters.lists import Integers

# Odd multipliers make the place of a word in its shingle count; the shift brings the well mixed bits down.
_PLACES = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_MIX, _TOP = np.uint64(0xFF51AFD7ED558CCD), np.uint64(32)


def fold_text(text: str) -> str:
    """Return a text without case, soft hyphens and the difference between written forms of one character."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "")


@lru_cache(maxsize=1 << 16)
def hash_of(word: str) -> int:
    """Return 64 bits of a word."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def shingles_of(hashes: NDArray[np.uint64]) -> Integers:
    """Return 32 bits of every stretch of three words, in order; none of fewer than three."""
    last = max(len(hashes) - 2, 0)
    mixed = sum((hashes[at : at + last] * place for at, place in enumerate(_PLACES)), np.zeros(last, np.uint64))
    found: Integers = ((mixed ^ (mixed >> _TOP)) * _MIX >> _TOP).astype(np.uint32)
    return found
