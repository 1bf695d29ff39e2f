"""Annotations of whole articles: one JSON object a line in `corpus/`, checked against the text before they count.

An annotation has the document's id, the SHA-256 of its text, and offsets (Python string offsets, end exclusive). Names
and triggers may be strings; a sentence of the text never is.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.quality.whole.vocabularies import (
    ARTICLE_KINDS,
    EVENT_TYPES,
    GENDERS,
    MODALITIES,
    PRONOUNS,
    QUOTE_TYPES,
    SPEAKER_KINDS,
    TOPICS,
)

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_COUNTRY = re.compile(r"[A-Z]{3}")
_MOST_WORDS = 12  # of a role or a participant: more would be a sentence of the text
_MOST_TRIGGER_WORDS = 4

Json = Mapping[str, Any]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_annotations(folder: Path, part: str) -> dict[str, Json]:
    """Return the annotations of a part by ``doc_id``."""
    lines = (folder / f"{part}.jsonl").read_text("utf-8").splitlines()
    return {row["doc_id"]: row for row in map(json.loads, lines)}


def problems_of(annotation: Json, text: str) -> Iterator[str]:
    """Yield what is wrong with an annotation, one sentence each."""
    if annotation["sha256"] != digest_of(text):
        yield "the text is another one: its SHA-256 differs"
        return
    yield from _not_in(annotation, "kind", ARTICLE_KINDS)
    yield from _not_in(annotation, "topic", TOPICS)
    names = [person["name"] for person in annotation["persons"]]
    if len({*names}) < len(names):
        yield "two persons have one name"
    for person in annotation["persons"]:
        yield from (f"person {person['name']}: {problem}" for problem in _problems_of_person(person, text))
    for quote in annotation["quotes"]:
        yield from (f"quote at {quote['start']}: {problem}" for problem in _problems_of_quote(quote, text, {*names}))
    for event in annotation["events"]:
        yield from (f"event {event['type']}: {problem}" for problem in _problems_of_event(event, text))
    if sum(event["main"] for event in annotation["events"]) > 1:
        yield "several events are main"


def _not_in(row: Json, key: str, vocabulary: Iterable[str]) -> Iterator[str]:
    if row.get(key) not in vocabulary:
        yield f"{key} is {row.get(key)!r}: use one of {', '.join(sorted(vocabulary))}"


def _problems_of_person(person: Json, text: str) -> Iterator[str]:
    yield from (f"the text has no {name!r}" for name in (person["name"], *person["aliases"]) if name not in text)
    yield from _not_in(person, "gender", GENDERS)
    if person["country"] is not None and not _COUNTRY.fullmatch(person["country"]):
        yield f"country {person['country']!r} is no code of three capitals"
    if len((person["role"] or "").split()) > _MOST_WORDS:
        yield f"the role has over {_MOST_WORDS} words"


def _problems_of_quote(quote: Json, text: str, names: set[str]) -> Iterator[str]:
    if not 0 <= quote["start"] < quote["end"] <= len(text):
        yield "its offsets are outside of the text"
    yield from _not_in(quote, "type", QUOTE_TYPES)
    yield from _not_in(quote, "kind", SPEAKER_KINDS)
    speaker, kind = quote["speaker"], quote["kind"]
    if speaker is None and kind not in ("unnamed", "author"):
        yield f"it has no speaker: its kind is unnamed, not {kind}"
    elif speaker is not None and speaker.casefold() in PRONOUNS:
        yield f"its speaker is the pronoun {speaker!r}: give the name, or null"
    elif speaker is not None and kind == "person" and not {*speaker.split(" and ")} <= names and speaker not in names:
        yield f"its speaker {speaker!r} is of kind person, but not in persons"


def _problems_of_event(event: Json, text: str) -> Iterator[str]:
    yield from _not_in(event, "type", EVENT_TYPES)
    yield from _not_in(event, "modality", MODALITIES)
    if not event["mentions"]:
        yield "it has no mention"
    for mention in event["mentions"]:
        words = text[mention["start"] : mention["end"]].split()
        if not 0 < len(words) <= _MOST_TRIGGER_WORDS:
            yield f"the trigger at {mention['start']} has {len(words)} words"
    if event["date"] is not None and not _DATE.fullmatch(event["date"]):
        yield f"date {event['date']!r} is no day, month or year"
    if event["place"] is not None and event["place"] not in text:
        yield f"the text has no place {event['place']!r}"
    for name in (*event["actor"], *event["recipient"]):
        if len(name.split()) > _MOST_WORDS:
            yield f"the participant {name[:40]!r} has over {_MOST_WORDS} words"
