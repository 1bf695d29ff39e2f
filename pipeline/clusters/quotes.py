"""Quote clusters: one quote in several articles, also if some of them cut or change words.

Entry points: ``quotes_of_day``, ``cluster_quotes``, ``quote_cluster_rows``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from newslake.pipeline.clusters.blocking import pairs_sharing
from newslake.pipeline.clusters.name_matching import may_be_one
from newslake.pipeline.clusters.text import Integers, fold_text, hash_of, shingles_of
from newslake.pipeline.tables import TABLE_SPECS

# Match of two quotes, by words and speaker.

# Evidence of a match: the words alone, or the words and the speaker.
Evidence = Literal["words", "words and speaker"]

LONG_ENOUGH = 5  # words; shorter quotes are said by many people
_WORD = re.compile(r"\w+")
_CUT_WORDS = 6  # of the shorter quote, if it is a part of the longer one
_CUT_SHARE = 0.8  # of its words, in the order of the longer
_REWORDED_WORDS, _REWORDED_SHARE = 10, 0.6  # the same, for one speaker
_MOST_WORDS = 500  # of a quote to compare; longer quotes are rare
_FEWEST_WORDS = 3  # words of a quote that is a part of another quote of the same speaker


@dataclass(frozen=True, slots=True)
class QuoteSpeaker:
    """The speaker of a quote. Unknown and unnamed speakers have neither id nor name."""

    entity_id: str | None
    name: str | None


def quoted_words(row: Mapping[str, Any]) -> str:
    """Return the folded words inside the quotation marks of a row; "" for an indirect quote."""
    text, start = row["quote_text"], row["start_char"]
    if row["quote_type"] == "indirect":
        return ""
    parts = [text[part["start_char"] - start : part["end_char"] - start] for part in row["quoted_spans"]]
    return _folded_words(" ".join(parts)) or _folded_words(text)


def _folded_words(text: str) -> str:
    return " ".join(_WORD.findall(fold_text(text)))


def word_shingles(words: str) -> Integers:
    """Return the shingles of folded words, sorted and distinct."""
    return np.unique(shingles_of(np.array([hash_of(word) for word in words.split()], np.uint64)))


def evidence_of(one: str, other: str) -> Evidence | None:
    """Return the evidence that two different wordings match, or None. The order of the two does not matter."""
    shorter, longer = sorted((_limit_words(one), _limit_words(other)), key=lambda words: (len(words), words))
    if len(shorter) < _FEWEST_WORDS:
        return None
    if len(shorter) < _CUT_WORDS:
        is_whole = f" {' '.join(shorter)} " in f" {' '.join(longer)} "
        return "words and speaker" if is_whole else None
    least = _REWORDED_SHARE if len(shorter) >= _REWORDED_WORDS else _CUT_SHARE
    if sum(map(set(longer).__contains__, shorter)) / len(shorter) < least:  # in any order; most pairs end here
        return None
    share = _count_shared_words(shorter, longer) / len(shorter)
    if share >= _CUT_SHARE:
        return "words"
    return "words and speaker" if share >= least else None


def _limit_words(words: str) -> list[str]:
    """Return the words to compare. The time grows with the square of their number."""
    return words.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]


def _count_shared_words(shorter: list[str], longer: list[str]) -> int:
    """Return how many words of one are in the other, in order, in runs of two or more."""
    blocks = SequenceMatcher(None, longer, shorter, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 1)


def may_be_same_speaker(one: QuoteSpeaker, other: QuoteSpeaker, evidence: Evidence) -> bool:
    """Return whether two similar quotes may be one, by their speakers."""
    if one.name is None or other.name is None:
        return evidence == "words"
    return (one.entity_id is not None and one.entity_id == other.entity_id) or may_be_one(one.name, other.name)


# The quotes of a day, compared with those of the seven days before.

QUOTE_COLUMNS = (
    "article_id",
    "revision_id",
    "published_at",
    "quote_index",
    "quote_type",
    "quote_text",
    "start_char",
    "quoted_spans",
    "word_count",
    "speaker_entity_id",
    "speaker_name",
)
_KEYS = QUOTE_COLUMNS[:4]
_UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)
_MOST_SPEAKERS = 200  # of one wording, the earliest ones: everybody says "no comment"


@dataclass(frozen=True, slots=True)
class QuoteDay:
    """The quotes of a day, earliest first: ids, words in quotation marks, speakers, and the shingles of the words.

    ``wholes`` are keys of all words, for quotes with few or no words in quotation marks; "" if the quote is too short.
    ``shingles`` has the shingles of all rows in order, and ``counts`` the number per row. ``keys`` are the columns of
    ``quote_clusters`` without the cluster.
    """

    keys: pa.Table
    ids: list[str]
    words: list[str]
    wholes: list[str]
    speakers: list[QuoteSpeaker]
    shingles: Integers
    counts: Integers


@dataclass(frozen=True, slots=True)
class _Wordings:
    """The distinct wordings of a window: words in quotation marks, or keys of all words.

    ``holders`` has the first row of each speaker per wording, earliest first.
    """

    words: list[str]
    number: dict[str, int]
    holders: list[dict[QuoteSpeaker, int]]


def quotes_of_day(quotes: pa.Table) -> QuoteDay:
    """Return a day's quotes, prepared for comparison.

    ``quotes`` has the columns of ``QUOTE_COLUMNS``. The order is by published_at (unknown last), article_id and
    quote_index.
    """
    rows = quotes.to_pylist()
    order = sorted(range(len(rows)), key=lambda at: _age(rows[at]))
    ordered = [rows[at] for at in order]
    words = [quoted_words(row) for row in ordered]
    shingles = [word_shingles(each) for each in words]
    return QuoteDay(
        quotes.select(_KEYS).take(pa.array(order, pa.int64())),
        [f"{row['article_id']}:{row['quote_index']}" for row in ordered],
        words,
        [_whole_key(row, each) for row, each in zip(ordered, words, strict=True)],
        [QuoteSpeaker(row["speaker_entity_id"], row["speaker_name"]) for row in ordered],
        np.concatenate([np.empty(0, np.uint32), *shingles]),
        np.array([len(each) for each in shingles], np.uint32),
    )


def _age(row: Mapping[str, Any]) -> tuple[datetime, str, int]:
    return row["published_at"] or _UNKNOWN_TIME, row["article_id"], row["quote_index"]


def _whole_key(row: Mapping[str, Any], words: str) -> str:
    """Return a key of all words of a row if those in quotation marks are too few, and all are enough; else ""."""
    if _is_long(words) or row["word_count"] < LONG_ENOUGH:
        return ""
    return f"\0{row['quote_type'] == 'indirect'} {hash_of(_folded_words(row['quote_text'])):x}"


def _is_long(words: str) -> bool:
    return words.count(" ") + 1 >= LONG_ENOUGH


def cluster_quotes(day: QuoteDay, before: Sequence[tuple[QuoteDay, Sequence[str]]]) -> list[str]:
    """Return the cluster of each row of a day: that of the earliest row of the window that it repeats, else its id.

    ``before`` are the earlier days of the window, in order, each with the clusters of its rows. A row is compared with
    rows, not with clusters: a cluster grows by chains of repetition, but two clusters never merge.
    """
    days = [each for each, _ in before]
    wordings = _wordings([*days, day])
    clusters = [cluster for _, known in before for cluster in known]
    alike = _similar_wordings(wordings, [*days, day], set(day.words))
    for words, whole, speaker, quote_id in zip(day.words, day.wholes, day.speakers, day.ids, strict=True):
        keys = [key for key in (words, whole) if key]
        tried = [(wordings.number[key], _evidence_of_equal(key)) for key in keys]
        tried += alike.get(wordings.number[words], ()) if words else ()
        matches = [_earliest_row(wordings, number, speaker, evidence) for number, evidence in tried]
        first = min((row for row in matches if row is not None), default=None)
        for key in keys:
            wordings.holders[wordings.number[key]].setdefault(speaker, len(clusters))
        clusters.append(quote_id if first is None else clusters[first])
    return clusters[len(clusters) - len(day.ids) :]


def quote_cluster_rows(day: QuoteDay, clusters: Sequence[str]) -> pa.Table:
    """Return the ``quote_clusters`` rows of a day."""
    schema = TABLE_SPECS["quote_clusters"].schema
    return day.keys.append_column("quote_cluster_id", pa.array(clusters, pa.string())).select(schema.names).cast(schema)


def _evidence_of_equal(key: str) -> Evidence:
    return "words" if key.startswith("\0") or _is_long(key) else "words and speaker"


def _wordings(days: Sequence[QuoteDay]) -> _Wordings:
    """Return the wordings of a window, without the rows of its last day."""
    wordings, row = _Wordings([], {}, []), 0
    for day in days:
        for words, whole, speaker in zip(day.words, day.wholes, day.speakers, strict=True):
            for key in (words, whole):
                if key:
                    _enter(wordings, key, speaker, None if day is days[-1] else row)
            row += 1
    return wordings


def _enter(wordings: _Wordings, key: str, speaker: QuoteSpeaker, row: int | None) -> None:
    number = wordings.number.setdefault(key, len(wordings.words))
    if number == len(wordings.words):
        wordings.words.append(key)
        wordings.holders.append({})
    if row is not None:
        wordings.holders[number].setdefault(speaker, row)


def _similar_wordings(
    wordings: _Wordings, days: Sequence[QuoteDay], wanted: set[str]
) -> dict[int, list[tuple[int, Evidence]]]:
    """Return the similar wordings of each wanted wording, with the evidence of each match."""
    asking = np.array([words in wanted for words in wordings.words], bool)
    shingles, owners = _wording_shingles(wordings, days)
    similar: dict[int, list[tuple[int, Evidence]]] = {}
    for one, other in pairs_sharing(shingles, owners, asking):
        evidence = evidence_of(wordings.words[one], wordings.words[other])
        if evidence is not None:
            similar.setdefault(one, []).append((other, evidence))
    return similar


def _wording_shingles(wordings: _Wordings, days: Sequence[QuoteDay]) -> tuple[Integers, Integers]:
    """Return the shingles of all wordings, and the number of the wording of each shingle."""
    seen = np.zeros(len(wordings.words), bool)
    parts = [_first_shingles(wordings, day, seen) for day in days]
    return np.concatenate([part for part, _ in parts]), np.concatenate([owners for _, owners in parts])


def _first_shingles(wordings: _Wordings, day: QuoteDay, seen: Any) -> tuple[Integers, Integers]:
    numbers = np.array([wordings.number[words] for words in day.words if words], np.uint32)
    counts = day.counts[[bool(words) for words in day.words]] if day.words else day.counts
    is_first = np.zeros(len(numbers), bool)
    is_first[np.unique(numbers, return_index=True)[1]] = True
    is_first &= ~seen[numbers]
    seen[numbers] = True
    wanted = np.repeat(is_first, counts)
    return day.shingles[wanted], np.repeat(numbers, counts)[wanted]


def _earliest_row(wordings: _Wordings, number: int, speaker: QuoteSpeaker, evidence: Evidence) -> int | None:
    """Return the earliest row of a wording that this speaker may have said, or None."""
    holders = wordings.holders[number]
    rows = (row for other, row in _first_holders(holders) if may_be_same_speaker(speaker, other, evidence))
    first = next(rows, None)
    same = holders.get(speaker) if speaker.name else None
    return min((row for row in (first, same) if row is not None), default=None)


def _first_holders(holders: dict[QuoteSpeaker, int]) -> Iterator[tuple[QuoteSpeaker, int]]:
    return (each for each, _ in zip(holders.items(), range(_MOST_SPEAKERS), strict=False))
