"""How sentences are written: where all words are large, a capital shows no name."""

from itertools import groupby
from typing import Literal

from pipeline.nlp.tokens import Tokens

Casing = Literal["plain", "headline", "capitals"]

_LEAST_WORDS = 4
_SMALL_TAGS = frozenset({"IN", "DT", "CC", "TO", "POS", "PRP", "PRP$", "RP", "WDT", "WP", "MD"})


def casing_of(tokens: Tokens) -> list[Casing]:
    """Return the casing of each sentence.

    A headline has no full stop, and no small word but articles, prepositions and the like.
    """
    found: list[Casing] = ["plain"] * (tokens.sentence[-1] + 1 if len(tokens) else 0)
    for sentence, indexes in groupby(range(len(tokens)), key=tokens.sentence.__getitem__):
        found[sentence] = _casing(tokens, list(indexes))
    return found


def _casing(tokens: Tokens, indexes: list[int]) -> Casing:
    words = [index for index in indexes if tokens.text[index][0].isalpha()]
    large = [index for index in words if tokens.text[index][0].isupper()]
    if len(large) < _LEAST_WORDS:
        return "plain"
    if sum(tokens.text[index].isupper() for index in words) > 0.8 * len(words):
        return "capitals"
    if any(tokens.text[index][0].islower() and tokens.tag[index] not in _SMALL_TAGS for index in words):
        return "plain"
    is_stopped = any(tokens.text[index] == "." for index in indexes)
    return "plain" if is_stopped or (len(large) == len(words) and not _has_verb(tokens, large)) else "headline"


def _has_verb(tokens: Tokens, large: list[int]) -> bool:
    """Return whether one of the large words is no name by its tag: a list of names is no headline."""
    return any(tokens.tag[index] not in ("NNP", "NNPS") for index in large[1:])


def small_words(tokens: Tokens) -> frozenset[str]:
    """Return the words that the article writes small somewhere."""
    return frozenset(text for text in tokens.text if text.islower())
