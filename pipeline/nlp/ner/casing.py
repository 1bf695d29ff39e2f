"""How sentences are written: where all words are large, a capital shows no name."""

from operator import itemgetter
from typing import Literal

from pipeline.nlp.tokens import Tokens

Casing = Literal["plain", "headline", "capitals"]

_FIRST = itemgetter(0)
_LEAST_WORDS = 4
_SMALL_TAGS = frozenset({"IN", "DT", "CC", "TO", "POS", "PRP", "PRP$", "RP", "WDT", "WP", "MD"})


def casing_of(tokens: Tokens) -> list[Casing]:
    """Return the casing of each sentence.

    A headline has no full stop, and no small word but articles, prepositions and the like.
    """
    if not len(tokens):
        return []
    found: list[Casing] = []
    first = 0
    for last, sentence in enumerate((*tokens.sentence[1:], -1)):
        if sentence != tokens.sentence[first]:
            found.append(_casing(tokens, first, last + 1))
            first = last + 1
    return found


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
    """Return whether one of the large words is no name by its tag: a list of names is no headline."""
    return any(tokens.tag[index] not in ("NNP", "NNPS") for index in large[1:])


def small_words(tokens: Tokens) -> frozenset[str]:
    """Return the words that the article writes small somewhere."""
    return frozenset(text for text in tokens.text if text.islower())
