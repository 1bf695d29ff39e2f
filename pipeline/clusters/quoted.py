"""What is compared of a quotation: its words and its speaker."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import numpy as np

from pipeline.clusters.lists import Integers
from pipeline.clusters.name_matching import may_be_one
from pipeline.clusters.text import fold_text, hash_of, shingles_of

# What makes two quotations one: their words alone, or their words because one speaker is named for both.
Evidence = Literal["words", "words and speaker"]

LONG_ENOUGH = 5  # words that, when equal, are no chance; fewer are said by many
_WORD = re.compile(r"\w+")
_CUT_WORDS = 6  # of the shorter, where it is not equal to the longer but stands in it
_CUT = 0.8  # of its words, in the order of the longer
_REWORDED_WORDS, _REWORDED = 10, 0.6  # the same where the speaker is the same
_MOST_WORDS = 500  # of a quotation; hardly one is longer
_SHORTEST = 3  # words of one that stands whole in another of the same speaker


@dataclass(frozen=True, slots=True)
class QuoteSpeaker:
    """Who is named for a quotation; both None where nobody is, or an unnamed source."""

    entity_id: str | None
    name: str | None


def quoted_words(row: Mapping[str, Any]) -> str:
    """Return the folded words inside the marks of a row of quotes, a space between; none where it is indirect."""
    text, start = row["quote_text"], row["start_char"]
    if row["quote_type"] == "indirect":
        return ""
    parts = [text[part["start_char"] - start : part["end_char"] - start] for part in row["parts"]]
    return _words(" ".join(parts)) or _words(text)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(fold_text(text)))


def word_shingles(words: str) -> Integers:
    """Return the shingles of some folded words, sorted, each once."""
    return np.unique(shingles_of(np.array([hash_of(word) for word in words.split()], np.uint64)))


def evidence_of(one: str, other: str) -> Evidence | None:
    """Return what two unequal wordings may be taken for one on; None where they may not. In either order the same."""
    shorter, longer = sorted((_limit_words(one), _limit_words(other)), key=lambda words: (len(words), words))
    if len(shorter) < _SHORTEST:
        return None
    if len(shorter) < _CUT_WORDS:
        is_whole = f" {' '.join(shorter)} " in f" {' '.join(longer)} "
        return "words and speaker" if is_whole else None
    least = _REWORDED if len(shorter) >= _REWORDED_WORDS else _CUT
    if sum(map(set(longer).__contains__, shorter)) / len(shorter) < least:  # in any order: nearly all end here
        return None
    share = _count_shared_words(shorter, longer) / len(shorter)
    if share >= _CUT:
        return "words"
    return "words and speaker" if share >= least else None


def _limit_words(words: str) -> list[str]:
    """Return the words that are compared: the time goes with their square."""
    return words.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]


def _count_shared_words(shorter: list[str], longer: list[str]) -> int:
    """Return how many words of one stand in the other, in order, in stretches of two or more."""
    blocks = SequenceMatcher(None, longer, shorter, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 1)


def may_be_same_speaker(one: QuoteSpeaker, other: QuoteSpeaker, evidence: Evidence) -> bool:
    """Return whether the speakers of two like quotations let them be one."""
    if one.name is None or other.name is None:
        return evidence == "words"
    return (one.entity_id is not None and one.entity_id == other.entity_id) or may_be_one(one.name, other.name)
