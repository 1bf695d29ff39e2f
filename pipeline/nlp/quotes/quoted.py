"""The text in quotation marks, by token."""

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate

from pipeline.nlp.quotes.quotation_marks import QuotedSpan
from pipeline.nlp.tokens import Tokens


@dataclass(frozen=True, slots=True)
class QuotedText:
    """The tokens inside marks: ``owner`` gives a token's index in ``marked``, -1 outside."""

    marked: tuple[QuotedSpan, ...]
    owner: list[int]

    def inside(self, token: int) -> bool:
        return self.owner[token] >= 0

    def counts_without(self, dropped: AbstractSet[int]) -> list[int]:
        """Return for each token, and for the end, how many before it are inside marks that are not ``dropped``."""
        return [0, *accumulate(index >= 0 and index not in dropped for index in self.owner)]


def quoted_text(tokens: Tokens, marked: tuple[QuotedSpan, ...]) -> QuotedText:
    """Return which tokens stand inside marks, the marks included."""
    owner = [-1] * len(tokens)
    for index, each in enumerate(marked):
        for start, end in each.parts:
            for token in range(bisect_left(tokens.start, start), bisect_left(tokens.start, end)):
                owner[token] = index
    return QuotedText(marked, owner)
