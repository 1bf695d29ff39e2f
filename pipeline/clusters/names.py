"""Can two names mean one person or body, as two outlets spell them? Decided on the letters alone."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

_WORD = re.compile(r"\w+")
_FEWEST_LETTERS = 5  # of a word that may be misspelt; a shorter one with another letter is another word
_LONG_WORD = 9  # of this many letters, two may differ


@lru_cache(maxsize=1 << 16)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without case, accents and hyphens."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return tuple(_WORD.findall(plain.casefold()))


@lru_cache(maxsize=1 << 16)
def may_be_one(one: str, other: str) -> bool:
    """Return whether the words of the shorter name stand in the longer, in order, or are its initials.

    A letter may differ in a word of five, two in one of nine, but not the first, and an initial stands for a word. The
    same whichever is named first.
    """
    shorter, longer = sorted((name_words(one), name_words(other)), key=lambda words: (len(words), words))
    if not shorter:
        return False
    return _stand_in(shorter, longer) or (len(shorter) == 1 and _is_acronym(one, other))


def shared_count[T](some: Sequence[T], others: Sequence[T], same: Callable[[T, T], bool]) -> int:
    """Return how many of some names are among others, one for one at most. In either order the same."""
    here = sum(any(same(name, each) for each in others) for name in some)
    there = sum(any(same(each, name) for name in some) for each in others)
    return min(here, there)


def _stand_in(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    left = iter(longer)
    return all(any(_same_word(word, each) for each in left) for word in shorter)


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    if one[0] != other[0]:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) == 1:
        return True
    if len(short) < _FEWEST_LETTERS:
        return False
    return _differs_by(short, long) <= (2 if len(short) >= _LONG_WORD else 1)


def _differs_by(short: str, long: str) -> int:
    """Return how many letters must be changed, added or left out; 3 where the lengths alone ask for more than two."""
    if len(long) - len(short) > 2:
        return 3
    row = list(range(len(long) + 1))
    for number, letter in enumerate(short, start=1):
        above, row = row, [number]
        for at, each in enumerate(long):
            row.append(min(above[at] + (letter != each), above[at + 1] + 1, row[at] + 1))
    return row[-1]


def _is_acronym(one: str, other: str) -> bool:
    """Return whether one is made of the first letters of the capitalised words of the other: two at least."""
    short, long = sorted((one, other), key=len)
    initials = "".join(word[0] for word in _WORD.findall(long) if word[0].isupper())
    return len(initials) > 1 and short.replace(".", "") == initials
