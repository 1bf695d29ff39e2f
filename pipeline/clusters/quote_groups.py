"""Which quotations are one: printed by several outlets, also where one of them cut some words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.clusters.lists import Integers
from pipeline.clusters.quoted import (
    LONG_ENOUGH,
    Evidence,
    Speaker,
    evidence_of,
    may_speak,
    quoted_words,
    word_shingles,
)
from pipeline.clusters.rare import pairs_sharing
from pipeline.tables import table_named

QUOTE_COLUMNS = (
    "article_id",
    "revision_id",
    "published_at",
    "quote_index",
    "quote_type",
    "quote_text",
    "start_char",
    "parts",
    "speaker_entity_id",
    "speaker_name",
)
_KEYS = QUOTE_COLUMNS[:4]
_LAST = datetime.max.replace(tzinfo=UTC)
_MOST_SPEAKERS = 200  # of one wording, the earliest: "no comment" is said by everybody


@dataclass(frozen=True, slots=True)
class QuoteDay:
    """The quotations of a day, the earliest first: ids, folded words, speakers, and the shingles of the words.

    ``shingles`` are those of all rows in order, ``counts`` how many of them each row has. ``keys`` are the columns
    that each row has in ``quote_groups`` beside its group.
    """

    keys: pa.Table
    ids: list[str]
    words: list[str]
    speakers: list[Speaker]
    shingles: Integers
    counts: Integers


@dataclass(frozen=True, slots=True)
class _Wordings:
    """Each wording of a window once, in the order of its first row: its words, and the rows that it stands in.

    ``holders`` has by wording the first row of each speaker, the earliest first.
    """

    words: list[str]
    number: dict[str, int]
    holders: list[dict[Speaker, int]]


def quotes_of_day(quotes: pa.Table) -> QuoteDay:
    """Return a day's quotes as they are compared.

    ``quotes`` has the columns of ``QUOTE_COLUMNS``. Earlier is by published_at (unknown last), article_id and
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
        [Speaker(row["speaker_entity_id"], row["speaker_name"]) for row in ordered],
        np.concatenate([np.empty(0, np.uint32), *shingles]),
        np.array([len(each) for each in shingles], np.uint32),
    )


def _age(row: dict[str, Any]) -> tuple[datetime, str, int]:
    return row["published_at"] or _LAST, row["article_id"], row["quote_index"]


def group_quotes(day: QuoteDay, before: Sequence[tuple[QuoteDay, Sequence[str]]]) -> list[str]:
    """Return the group of each row of a day: that of the earliest row of the window which it repeats, else its own id.

    ``before`` are the days before it in the window, in order, each with the groups of its rows. A row is compared with
    rows and never with groups, so a group grows by chains of repetition, but two groups never become one.
    """
    days = [each for each, _ in before]
    wordings = _wordings([*days, day])
    groups = [group for _, known in before for group in known]
    alike = _alike(wordings, [*days, day], set(day.words))
    for words, speaker, own in zip(day.words, day.speakers, day.ids, strict=True):
        number = wordings.number[words]
        found = [_earliest(wordings, other, speaker, evidence) for other, evidence in alike.get(number, ())]
        found.append(_earliest(wordings, number, speaker, _of_equal(words)))
        first = min((row for row in found if row is not None), default=None)
        wordings.holders[number].setdefault(speaker, len(groups))
        groups.append(own if first is None else groups[first])
    return groups[len(groups) - len(day.ids) :]


def quote_group_rows(day: QuoteDay, groups: Sequence[str]) -> pa.Table:
    """Return the ``quote_groups`` rows of a day."""
    spec = table_named("quote_groups")
    return (
        day.keys.append_column("quote_group_id", pa.array(groups, pa.string()))
        .select(spec.schema.names)
        .cast(spec.schema)
    )


def _of_equal(words: str) -> Evidence:
    return "words" if words.count(" ") + 1 >= LONG_ENOUGH else "words and speaker"


def _wordings(days: Sequence[QuoteDay]) -> _Wordings:
    """Return the wordings of a window; the rows of its last day are not entered yet."""
    found, row = _Wordings([], {}, []), 0
    for is_last, day in ((day is days[-1], day) for day in days):
        for words, speaker in zip(day.words, day.speakers, strict=True):
            number = found.number.setdefault(words, len(found.words))
            if number == len(found.words):
                found.words.append(words)
                found.holders.append({})
            if not is_last:
                found.holders[number].setdefault(speaker, row)
            row += 1
    return found


def _alike(wordings: _Wordings, days: Sequence[QuoteDay], asked: set[str]) -> dict[int, list[tuple[int, Evidence]]]:
    """Return for each wording that is asked for the other wordings that are its like, and what that rests on."""
    asking = np.array([words in asked for words in wordings.words], bool)
    shingles, owners = _owned(wordings, days)
    found: dict[int, list[tuple[int, Evidence]]] = {}
    for one, other in pairs_sharing(shingles, owners, asking):
        evidence = evidence_of(wordings.words[one], wordings.words[other])
        if evidence is not None:
            found.setdefault(one, []).append((other, evidence))
    return found


def _owned(wordings: _Wordings, days: Sequence[QuoteDay]) -> tuple[Integers, Integers]:
    """Return the shingles of every wording, once, and beside each the number of its wording."""
    seen = np.zeros(len(wordings.words), bool)
    parts = [_first_ones(wordings, day, seen) for day in days]
    return np.concatenate([part for part, _ in parts]), np.concatenate([owners for _, owners in parts])


def _first_ones(wordings: _Wordings, day: QuoteDay, seen: Any) -> tuple[Integers, Integers]:
    numbers = np.array([wordings.number[words] for words in day.words], np.uint32)
    is_first = np.zeros(len(numbers), bool)
    is_first[np.unique(numbers, return_index=True)[1]] = True
    is_first &= ~seen[numbers]
    seen[numbers] = True
    wanted = np.repeat(is_first, day.counts)
    return day.shingles[wanted], np.repeat(numbers, day.counts)[wanted]


def _earliest(wordings: _Wordings, number: int, speaker: Speaker, evidence: Evidence) -> int | None:
    """Return the earliest row of a wording that this speaker may have said, None where there is none."""
    holders = wordings.holders[number]
    rows = (row for other, row in _first(holders) if may_speak(speaker, other, evidence))
    first = next(rows, None)
    same = holders.get(speaker) if speaker.name else None
    return min((row for row in (first, same) if row is not None), default=None)


def _first(holders: dict[Speaker, int]) -> Iterator[tuple[Speaker, int]]:
    return (each for each, _ in zip(holders.items(), range(_MOST_SPEAKERS), strict=False))
