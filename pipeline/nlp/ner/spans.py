"""Names as token spans, sets of spans without overlaps, and the casing of sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from newslake.pipeline.kb.entry import fold_name
from newslake.pipeline.nlp.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Name:
    """A name by its first and last token, both included, without title, article and possessive.

    ``title`` is the first token of the title before it. ``after_honorific``: an honorific shows that it is a person.
    ``family`` is the token of the family name that a forename shares with the next name ("Ana and Tom Brito").
    """

    first: int
    last: int
    label: str
    title: int | None = None
    after_honorific: bool = False
    family: int | None = None

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Spans:
    """Names that do not overlap, by token."""

    def __init__(self) -> None:
        self._owner: dict[int, Name] = {}

    def add(self, name: Name) -> None:
        """Add a name if all its tokens are free; a longer span replaces the shorter ones inside it."""
        rivals = self._rivals(name)
        if not rivals:
            self._replace((), name)
            return
        if any(rival.first < name.first or rival.last > name.last for rival in rivals):
            return
        if any(rival.after_honorific for rival in rivals):
            name = Name(name.first, name.last, "PERSON", after_honorific=True)
        self._replace(rivals, name)

    def put(self, name: Name) -> None:
        """Add a name known from other evidence: it replaces shorter spans inside it."""
        rivals = self._rivals(name)
        if all(
            name.first <= rival.first and rival.last <= name.last and rival.length < name.length for rival in rivals
        ):
            self._replace(rivals, name)

    def add_free(self, name: Name) -> None:
        """Add a name if all its tokens are free."""
        if not self._rivals(name):
            self._replace((), name)

    def at(self, index: int) -> Name | None:
        """Return the name that contains a token."""
        return self._owner.get(index)

    def names(self) -> list[Name]:
        """Return the names in reading order."""
        return [name for index, name in sorted(self._owner.items(), key=_index) if name.first == index]

    def _rivals(self, name: Name) -> tuple[Name, ...]:
        owner = self._owner
        rivals = {owner[i].first: owner[i] for i in range(name.first, name.last + 1) if i in owner}
        return tuple(rivals.values())

    def _replace(self, rivals: Iterable[Name], name: Name) -> None:
        for rival in rivals:
            for index in range(rival.first, rival.last + 1):
                del self._owner[index]
        for index in range(name.first, name.last + 1):
            self._owner[index] = name


def _index(owned: tuple[int, Name]) -> int:
    return owned[0]


@lru_cache(maxsize=8192)
def fold_name_cached(surface: str) -> str:
    """Return a name folded for comparison; cached, because names repeat."""
    return fold_name(surface)


def folded_forms(tokens: Tokens, names: Iterable[Name]) -> list[str]:
    """Return the names folded for comparison."""
    return list(map(fold_name_cached, surfaces_of(tokens, names)))


def surfaces_of(tokens: Tokens, names: Iterable[Name]) -> list[str]:
    """Return the names as written, with single spaces."""
    return [surface_of(tokens, name) for name in names]


def surface_of(tokens: Tokens, name: Name) -> str:
    """Return the name as written, with single spaces."""
    return " ".join(tokens.span(name.first, name.last).split())


def strip_full_stops(word: str) -> str:
    """Return a word as in the word lists: without full stops at its end."""
    return word.rstrip(".")


# Casing: in a headline, or a sentence in capitals, a capital letter does not indicate a name.

Casing = Literal["plain", "headline", "capitals"]

_FIRST = itemgetter(0)
_LEAST_WORDS = 4
_SMALL_TAGS = frozenset({"IN", "DT", "CC", "TO", "POS", "PRP", "PRP$", "RP", "WDT", "WP", "MD"})


def casing_of(tokens: Tokens) -> list[Casing]:
    """Return the casing of each sentence.

    A headline has no full stop, and its only lower-case words are function words such as articles and prepositions.
    """
    if not len(tokens):
        return []
    casings: list[Casing] = []
    first = 0
    for last, sentence in enumerate((*tokens.sentence[1:], -1)):
        if sentence != tokens.sentence[first]:
            casings.append(_casing(tokens, first, last + 1))
            first = last + 1
    return casings


def _casing(tokens: Tokens, first: int, stop: int) -> Casing:
    texts = tokens.text[first:stop]
    if 2 * sum(map(str.isupper, map(_FIRST, texts))) < len(texts):
        return "plain"
    words = [index for index in range(first, stop) if tokens.text[index][0].isalpha()]
    large = [index for index in words if tokens.text[index][0].isupper()]
    if len(large) < _LEAST_WORDS:
        return "plain"
    if sum(tokens.text[index].isupper() for index in words) > 0.8 * len(words):
        return "capitals"
    if any(tokens.text[index][0].islower() and tokens.tag[index] not in _SMALL_TAGS for index in words):
        return "plain"
    is_headline = tokens.kind(first) == "title" or len(large) < len(words) or _has_verb(tokens, large)
    return "headline" if is_headline and "." not in texts else "plain"


def _has_verb(tokens: Tokens, large: list[int]) -> bool:
    """Return whether one of the capitalised words is not a proper noun: a list of names is not a headline."""
    return any(tokens.tag[index] not in ("NNP", "NNPS") for index in large[1:])


def small_words(tokens: Tokens) -> frozenset[str]:
    """Return the words that the article writes in lower case at least once."""
    return frozenset(text for text in tokens.text if text.islower())
