"""Name matching: whether two spellings may name one person or organisation. Only the letters decide."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import chain
from operator import or_

_WORD = re.compile(r"\w+")
_FEWEST_LETTERS = 5  # of a word that may be misspelt; one letter makes a shorter word another word
_LONG_WORD = 9  # from this length on, two letters may differ
_MOST_CHANGES = 2


@lru_cache(maxsize=1 << 16)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without case, accents and hyphens."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return tuple(_WORD.findall(plain.casefold()))


@lru_cache(maxsize=1 << 16)
def may_be_one(one: str, other: str) -> bool:
    """Return whether the words of the shorter name are in the longer name, in order, or are its initials.

    One letter may differ in a word of five letters, two in one of nine, but not the first. An initial matches a word.
    The order of the two names does not matter.
    """
    shorter, longer = sorted((name_words(one), name_words(other)), key=lambda words: (len(words), words))
    if not shorter:
        return False
    return _stand_in(shorter, longer) or (len(shorter) == 1 and _is_acronym(one, other))


def shared_count[T](some: Sequence[T], others: Sequence[T], same: Callable[[T, T], bool]) -> int:
    """Return how many names two lists share, each counted once. The order of the two does not matter."""
    here = sum(any(same(name, each) for each in others) for name in some)
    there = sum(any(same(each, name) for name in some) for each in others)
    return min(here, there)


class NameIndex:
    """Index of names for ``may_be_one``, so that not every pair is compared."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_word: dict[str, set[str]] = defaultdict(set)
        self._by_capitals: dict[str, set[str]] = defaultdict(set)
        for name in names:
            for word in name_words(name):
                self._by_word[word].add(name)
            for capitals in _capitals(name):
                self._by_capitals[capitals].add(name)
        self._of_one_word = {name for names in self._by_word.values() for name in names if len(name_words(name)) == 1}
        self._by_size: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
        for word in self._by_word:
            self._by_size[word[0], len(word)].append((word, _letters(word)))
        self._longest = max(map(len, self._by_word), default=0)
        self._like: dict[str, set[str]] = {}

    def near(self, name: str) -> set[str]:
        """Return all names of the index for which ``may_be_one`` is true, and few others."""
        like = [self._with_like(word) for word in name_words(name)]
        names = self._like_all(like).union(*(each & self._of_one_word for each in like))
        return names.union(*(self._by_capitals.get(capitals, ()) for capitals in _capitals(name)))

    @staticmethod
    def _like_all(like: Sequence[set[str]]) -> set[str]:
        """Return the names that are like all words of a name, or like as many as they have words themselves."""
        if len(like) <= 2:  # most names
            return like[0].intersection(*like) if like else set()
        counts = Counter(chain.from_iterable(like))
        return {each for each, count in counts.items() if count >= min(len(like), len(name_words(each)))}

    def _with_like(self, word: str) -> set[str]:
        """Return the names with a word that may match this one."""
        if word not in self._like:
            self._like[word] = set().union(*(self._by_word[each] for each in self._alike(word)))
        return self._like[word]

    def _alike(self, word: str) -> Iterator[str]:
        """Yield the words that may match a word: itself, its initial, and words of similar letters."""
        size, letters = len(word), _letters(word)
        yield from (each for each in (word, word[0]) if each in self._by_word)
        first, last = (2, self._longest) if size == 1 else (max(_FEWEST_LETTERS, size - 2), size + 2)
        if 1 < size < _FEWEST_LETTERS:
            return
        for length in range(first, last + 1):
            for each, theirs in self._by_size.get((word[0], length), ()):
                if size == 1 or ((letters ^ theirs).bit_count() <= 2 * _MOST_CHANGES and _same_word(word, each)):
                    yield each


def _capitals(name: str) -> tuple[str, str]:
    """Return the blocking keys of a name and its initials."""
    return name.replace(".", ""), _initials(name)


def _initials(name: str) -> str:
    return "".join(word[0] for word in _WORD.findall(name) if word[0].isupper())


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
    most = _MOST_CHANGES if len(short) >= _LONG_WORD else 1
    if (_letters(short) ^ _letters(long)).bit_count() > 2 * most:  # a change removes one letter and adds one
        return False
    return _differs_by(short, long) <= most


@lru_cache(maxsize=1 << 16)
def _letters(word: str) -> int:
    """Return the letters of a word as a bit set, one bit per letter; letters of several scripts share bits."""
    return reduce(or_, (1 << (ord(letter) & 63) for letter in word))


def _differs_by(short: str, long: str) -> int:
    """Return the edit distance of two words; 3 if their lengths differ by more than two."""
    if len(long) - len(short) > 2:
        return 3
    row = list(range(len(long) + 1))
    for number, letter in enumerate(short, start=1):
        above, row = row, [number]
        for at, each in enumerate(long):
            row.append(min(above[at] + (letter != each), above[at + 1] + 1, row[at] + 1))
    return row[-1]


def _is_acronym(one: str, other: str) -> bool:
    """Return whether one consists of the initials of the capitalised words of the other, two or more."""
    short, long = sorted((one, other), key=len)
    initials = _initials(long)
    return len(initials) > 1 and short.replace(".", "") == initials
