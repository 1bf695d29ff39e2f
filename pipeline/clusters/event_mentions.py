"""Events of a day, prepared for comparison across articles.

``events_of_day`` makes one unit per article and event, with all mentions, the words around them, and blocking keys.
"""

import re
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from sys import intern
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.clusters.name_matching import name_words
from newslake.pipeline.clusters.text import Integers, fold_text, hash_of, rows_by, sentence_spans

# Context of an event: its sentence, and all entities of the article.

_WORD = re.compile(r"\w+")
_AROUND = 200  # characters before and after a trigger to compare
_CONTENT_WORD_LETTERS = 5  # shorter words are mostly function words
_FEWEST_WORDS = 4  # of a sentence to compare
_BITS = 0xFFFFFFFF  # of the hash of a word
_COMMON, _COMMON_SHARE = 20, 0.01  # a word near more mentions of a day is common

type Span = tuple[int, int, int, int]  # a sentence and its block
type Sentence = tuple[tuple[int, int], array[int]]  # offsets, and hashes of the words around a trigger


def sentences_of(rows: Sequence[Mapping[str, Any]], articles: pa.Table) -> list[Sentence]:
    """Return the sentence of each row's trigger: offsets without outer spaces, and the words to compare."""
    sentences: list[Sentence] = [((0, 0), array("I"))] * len(rows)
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row["article_id"]].append(place)
    for batch in articles.to_batches(max_chunksize=500):
        for article in batch.to_pylist():
            if article["article_id"] in places:
                spans = _spans(article)
                for place in places[article["article_id"]]:
                    sentences[place] = _sentence(article["text"], rows[place], spans)
    return sentences


def drop_common_words(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences without words that are near many mentions of the day."""
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
    if len(words) < _FEWEST_WORDS:  # a short sentence takes its context from its block
        words |= _around(text, row, block_start, block_end)
    return (first, last), array("I", sorted(words))


def _around(text: str, row: Mapping[str, Any], first: int, last: int) -> frozenset[int]:
    """Return the hashes of the words around a trigger, between two offsets."""
    start, end = row["start_char"], row["end_char"]
    around = text[max(first, start - _AROUND) : start] + " " + text[end : min(last, end + _AROUND)]
    words = (word for word in _WORD.findall(fold_text(around)) if len(word) >= _CONTENT_WORD_LETTERS or word.isdigit())
    return frozenset(bits_of(word) for word in words)


def bits_of(word: str) -> int:
    """Return a 32-bit hash of a folded word."""
    return hash_of(word) & _BITS


def stories_of(entities: pa.Table) -> dict[str, frozenset[int]]:
    """Return the hashes of all entities of an article, by article."""
    named: dict[str, set[int]] = defaultdict(set)
    pairs = entities.group_by(["article_id", "entity_id"]).aggregate([])
    for article_id, entity_id in zip(pairs["article_id"].to_pylist(), pairs["entity_id"].to_pylist(), strict=True):
        if entity_id is not None:
            named[article_id].add(bits_of(entity_id))
    return {article_id: frozenset(hashes) for article_id, hashes in named.items()}


# Units: one per article and event.

EVENT_COLUMNS = (
    "article_id",
    "revision_id",
    "published_at",
    "event_index",
    "coref_event_index",
    "event_type",
    "event_subtype",
    "event_mode",
    "modality",
    "trigger_text",
    "start_char",
    "end_char",
    "actor_entity_id",
    "actor_name",
    "actor_country",
    "recipient_entity_id",
    "recipient_name",
    "recipient_country",
    "actors",
    "recipients",
    "event_date",
    "event_date_end",
    "event_date_precision",
    "event_date_basis",
    "place_text",
    "place_country",
    "rule_id",
)
_KEYS = EVENT_COLUMNS[:4]
_AGE = ("published_at", "article_id", "event_index")
_CONTEXTS = 3  # mentions of an event with words to compare
_SPREAD = 4  # words of a sentence that are blocking keys
_STEM = 4  # letters of a name that are a blocking key, for other spellings

type Name = tuple[str | None, str]  # entity_id and name


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUnit:
    """One event of one article, with all its mentions.

    ``row`` is that of the first mention. ``kind`` is type and subtype, or the word if an OTHER event has no subtype.
    ``contexts`` are hashes of the words around some mentions. ``story`` are hashes of all entities of the article.
    ``days`` is the first and last day, None if undated.
    """

    row: int
    article_id: str
    kind: str
    modes: tuple[str, ...]
    modality: str
    words: tuple[str, ...]
    actors: tuple[Name, ...]
    recipients: tuple[Name, ...]
    countries: frozenset[str]
    days: tuple[date, date] | None
    is_exact: bool
    published: date
    place: str | None
    place_country: str | None
    contexts: tuple[array[int], ...]
    story: frozenset[int]


@dataclass(frozen=True, slots=True)
class EventDay:
    """The events of a day, earliest first.

    ``keys`` are the columns of ``event_cluster_members`` without the cluster. ``ids`` are those of the first mention of
    the same event. ``unit_of`` has the number of each row's unit. ``clues`` are the blocking keys of all units, and
    ``counts`` the number per unit; units of one event share two or more.
    """

    keys: pa.Table
    ids: list[str]
    units: list[EventUnit]
    unit_of: list[int]
    clues: Integers
    counts: Integers


def events_of_day(
    events: pa.Table, articles: pa.Table, entities: pa.Table, duplicates: pa.Table, *, day: date
) -> EventDay:
    """Return a day's events, prepared for comparison.

    ``events`` has the columns of ``EVENT_COLUMNS``, ``articles`` article_id, text and blocks, ``entities`` article_id
    and entity_id, ``duplicates`` article_id, dup_group_id and is_duplicate. The order is by published_at (unknown
    last), article_id and event_index.
    """
    ordered = events.take(pc.sort_indices(events, [(name, "ascending") for name in _AGE]))
    mentions = ordered.select(("article_id", "start_char", "end_char")).to_pylist()
    sentences, stories = drop_common_words(sentences_of(mentions, articles)), stories_of(entities)
    units: list[EventUnit] = []
    unit_of: list[int] = []
    for rows in rows_by(ordered, "article_id"):
        places: dict[int, list[int]] = {}
        for at, row in enumerate(rows):
            places.setdefault(row["coref_event_index"], []).append(at)
        number = {index: len(units) + at for at, index in enumerate(places)}
        of_article = sentences[len(unit_of) : len(unit_of) + len(rows)]
        units += [_unit(rows, each, of_article, stories, first=len(unit_of), day=day) for each in places.values()]
        unit_of += [number[row["coref_event_index"]] for row in rows]
    clues = [_clues(unit) for unit in units]
    return EventDay(
        keys=_keys(ordered.select(_KEYS), [span for span, _ in sentences], duplicates),
        ids=[f"{units[at].article_id}:{index}" for at, index in zip(unit_of, _first_indexes(ordered), strict=True)],
        units=units,
        unit_of=unit_of,
        clues=np.concatenate([np.empty(0, np.uint32), *clues]),
        counts=np.array([len(each) for each in clues], np.uint32),
    )


def _first_indexes(events: pa.Table) -> list[int]:
    return list(events["coref_event_index"].to_pylist())


def _keys(rows: pa.Table, spans: Sequence[tuple[int, int]], duplicates: pa.Table) -> pa.Table:
    """Return the rows with their sentences, and with the duplicate group of their articles."""
    known = {row["article_id"]: (row["dup_group_id"], row["is_duplicate"]) for row in duplicates.to_pylist()}
    repeated = [known.get(article_id, (article_id, False)) for article_id in rows["article_id"].to_pylist()]
    return (
        rows.append_column("sentence_start_char", pa.array([start for start, _ in spans], pa.int32()))
        .append_column("sentence_end_char", pa.array([end for _, end in spans], pa.int32()))
        .append_column("dup_group_id", pa.array([group for group, _ in repeated], pa.string()))
        .append_column("is_duplicate", pa.array([is_duplicate for _, is_duplicate in repeated], pa.bool_()))
    )


def _unit(
    rows: Sequence[Mapping[str, Any]],
    places: Sequence[int],
    sentences: Sequence[Sentence],
    stories: Mapping[str, frozenset[int]],
    *,
    first: int,
    day: date,
) -> EventUnit:
    mentions = [rows[place] for place in places]
    lead = mentions[0]
    stated = (m for m in mentions if m["event_date"] and m["event_date_basis"] != "publication")
    dated = sorted(stated, key=lambda m: m["event_date_precision"] != "day")
    placed = next((m for m in mentions if m["place_text"]), lead)
    _, lemma = _trigger_words(lead)
    subtype = f" {lead['event_subtype'] or lemma}" if lead["event_type"] == "OTHER" else ""
    actors, recipients = _names(mentions, "actor"), _names(mentions, "recipient")
    countries = {m[name] for m in mentions for name in ("actor_country", "recipient_country")} - {None}
    names = {bits_of(word) for _, name in (*actors, *recipients) for word in name_words(name)}
    contexts = tuple(array("I", sorted({*sentences[at][1]} - names)) for at in places[:_CONTEXTS])
    return EventUnit(
        row=first + places[0],
        article_id=intern(lead["article_id"]),
        kind=intern(lead["event_type"] + subtype),
        modes=_unique(intern(m["event_mode"]) for m in mentions if m["event_mode"]),
        modality=intern(lead["modality"]),
        words=_unique(intern(word) for m in mentions for word in _trigger_words(m)),
        actors=actors,
        recipients=recipients,
        countries=frozenset(countries),
        days=(dated[0]["event_date"], dated[0]["event_date_end"] or dated[0]["event_date"]) if dated else None,
        is_exact=bool(dated) and dated[0]["event_date_precision"] == "day",
        published=day,
        place=placed["place_text"],
        place_country=placed["place_country"],
        contexts=contexts,
        story=stories.get(lead["article_id"], frozenset()),
    )


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _trigger_words(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the folded trigger, and its lemma: the first word of the pattern that matched it."""
    return fold_text(row["trigger_text"]), row["rule_id"].partition(">")[0].partition("_")[0]


def _names(mentions: Sequence[Mapping[str, Any]], role: str) -> tuple[Name, ...]:
    """Return the participants with a role in any mention, each name once."""
    id_of: dict[str, str | None] = {}
    for row in mentions:
        if row[f"{role}_name"]:
            id_of.setdefault(row[f"{role}_name"], row[f"{role}_entity_id"])
        for name in row[f"{role}s"]:
            id_of.setdefault(name, None)
    return tuple((entity_id and intern(entity_id), intern(name)) for name, entity_id in id_of.items())


def _clues(unit: EventUnit) -> Integers:
    """Return the blocking keys of a unit: participants, pairs of countries (two keys each), a few words."""
    names = (*unit.actors, *unit.recipients)
    texts = {f"id {entity_id}" for entity_id, _ in names if entity_id}
    texts |= {f"name {word[:_STEM]}" for _, name in names for word in name_words(name) if len(word) >= _STEM}
    texts |= {f"{n} {one} {other}" for one, other in combinations(sorted(unit.countries), 2) for n in range(2)}
    texts |= {f"word {word} {each}" for word in unit.words for around in unit.contexts for each in around[:_SPREAD]}
    return np.unique(np.array([bits_of(f"{unit.kind} {text}") for text in texts], np.uint32))
