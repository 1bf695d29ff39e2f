"""Revisions of one article: what changed between them, sentence by sentence."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal

from newslake.pipeline.clusters.text import sentence_spans
from newslake.pipeline.model import Article

_QUOTED = re.compile('“([^“”]+)”|«([^«»]+)»|„([^„“”]+)[“”]|"([^"]+)"')
_WORD = re.compile(r"\w+")
_QUOTE_WORDS = 3  # one or two words in quotation marks are a name or a measure, not a statement


@dataclass(frozen=True, slots=True)
class SentenceChange:
    """A sentence that only the newer ("added") or only the older ("removed") of two revisions has."""

    kind: Literal["added", "removed"]
    sentence: str


def sentences_of(article: Article) -> tuple[str, ...]:
    """Return the sentences of all blocks, in reading order."""
    blocks = (article.text[block.start : block.end] for block in article.blocks)
    sentences = (block[start:end].split() for block in blocks for start, end in sentence_spans(block))
    return tuple(" ".join(words) for words in sentences if words)


def changes_between(before: Article, after: Article) -> tuple[SentenceChange, ...]:
    """Return removed and added sentences in reading order; at one place, removed ones first."""
    old, new = sentences_of(before), sentences_of(after)
    changes: list[SentenceChange] = []
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            changes += [SentenceChange("removed", sentence) for sentence in old[old_start:old_end]]
            changes += [SentenceChange("added", sentence) for sentence in new[new_start:new_end]]
    return tuple(changes)


def quotes_removed(before: Article, after: Article) -> tuple[str, ...]:
    """Return the passages in double quotation marks, of three words or more, that ``after`` does not have."""
    left = f" {_fold(after.text)} "
    blocks = (before.text[block.start : block.end] for block in before.blocks)
    said = ("".join(words) for block in blocks for words in _QUOTED.findall(block))
    return tuple(each for each in said if len(_WORD.findall(each)) >= _QUOTE_WORDS and f" {_fold(each)} " not in left)


def _fold(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def contents_in_order(read: Iterable[Article]) -> tuple[Article, ...]:
    """Return the distinct revisions in order of their first fetch; ties by payload, then by revision_id."""
    first: dict[str, Article] = {}
    for article in sorted(read, key=lambda each: (each.fetched_at, each.payload_digest or "", each.revision_id)):
        first.setdefault(article.revision_id, article)
    return tuple(first.values())


def revision_rows(contents: Sequence[Article], *, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the ``revisions`` rows of one article, each revision compared with the previous one.

    ``contents`` are in order; ``keys`` are the columns that all rows of the article share.
    """
    counts = [(None, None, None), *(_counts(before, after) for before, after in pairwise(contents))]
    return [
        {
            **keys,
            "revision_id": content.revision_id,
            "fetched_at": content.fetched_at,
            "payload_digest": content.payload_digest,
            "word_count": content.word_count,
            "sentences_added": added,
            "sentences_removed": removed,
            "quotes_removed": quotes,
        }
        for content, (added, removed, quotes) in zip(contents, counts, strict=True)
    ]


def _counts(before: Article, after: Article) -> tuple[int, int, int]:
    kinds = [change.kind for change in changes_between(before, after)]
    return kinds.count("added"), kinds.count("removed"), len(quotes_removed(before, after))
