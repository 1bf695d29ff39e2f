"""What stands around an event in its article: the sentence that tells of it, and all else that the article names."""

import re
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipeline.clusters.sentences import sentence_spans
from pipeline.clusters.text import fold_text, hash_of

_WORD = re.compile(r"\w+")
_AROUND = 200  # characters of its sentence before a trigger, and after it, that are compared
_CONTENT_WORD_LETTERS = 5  # a shorter word is mostly grammar
_FEWEST_WORDS = 4  # that can be compared
_BITS = 0xFFFFFFFF  # of a word's hash that are kept
_COMMON, _COMMON_SHARE = 20, 0.01  # mentions of a day that have a word which therefore says nothing

type Span = tuple[int, int, int, int]  # a sentence and its block
type Sentence = tuple[tuple[int, int], array[int]]  # offsets, and hashes of the words around a trigger


def sentences_of(rows: Sequence[Mapping[str, Any]], articles: pa.Table) -> list[Sentence]:
    """Return for each row its trigger's sentence: offsets in the text without outer spaces, and the words compared."""
    found: list[Sentence] = [((0, 0), array("I"))] * len(rows)
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row["article_id"]].append(place)
    for batch in articles.to_batches(max_chunksize=500):
        for article in batch.to_pylist():
            if article["article_id"] in places:
                spans = _spans(article)
                for place in places[article["article_id"]]:
                    found[place] = _sentence(article["text"], rows[place], spans)
    return found


def drop_common_words(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return sentences without the words that many mentions of the day have around them."""
    counts = Counter(word for _, words in sentences for word in words)
    most = max(_COMMON, _COMMON_SHARE * len(sentences))
    common = {word for word, count in counts.items() if count > most}
    return [(span, array("I", (word for word in words if word not in common))) for span, words in sentences]


def _spans(article: Mapping[str, Any]) -> list[Span]:
    text = article["text"]
    spans: list[Span] = []
    for block in article["blocks"]:
        first, last = block["start_char"], block["end_char"]
        spans += [(first + a, first + b, first, last) for a, b in sentence_spans(text[first:last])]
    return sorted(spans)


def _sentence(text: str, row: Mapping[str, Any], spans: Sequence[Span]) -> Sentence:
    start, end = row["start_char"], row["end_char"]
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    is_inside = at >= 0 and start < spans[at][1]
    first, last, block_start, block_end = spans[at] if is_inside else (start, end, start, end)
    last = max(last, end)
    last -= len(text[first:last]) - len(text[first:last].rstrip())
    words = _around(text, row, first, last)
    if len(words) < _FEWEST_WORDS:  # a sentence of a few words says what it is about before it, or after
        words |= _around(text, row, block_start, block_end)
    return (first, last), array("I", sorted(words))


def _around(text: str, row: Mapping[str, Any], first: int, last: int) -> frozenset[int]:
    """Return the hashes of the words around a trigger, between two places."""
    start, end = row["start_char"], row["end_char"]
    around = text[max(first, start - _AROUND) : start] + " " + text[end : min(last, end + _AROUND)]
    words = (word for word in _WORD.findall(fold_text(around)) if len(word) >= _CONTENT_WORD_LETTERS or word.isdigit())
    return frozenset(bits_of(word) for word in words)


def bits_of(word: str) -> int:
    """Return 32 bits of a folded word."""
    return hash_of(word) & _BITS


def stories_of(entities: pa.Table) -> dict[str, frozenset[int]]:
    """Return by article the hashes of all that it names."""
    named: dict[str, set[int]] = defaultdict(set)
    pairs = entities.group_by(["article_id", "entity_id"]).aggregate([])
    for article_id, entity_id in zip(pairs["article_id"].to_pylist(), pairs["entity_id"].to_pylist(), strict=True):
        if entity_id is not None:
            named[article_id].add(bits_of(entity_id))
    return {article_id: frozenset(found) for article_id, found in named.items()}
