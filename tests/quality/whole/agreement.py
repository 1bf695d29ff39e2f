"""`python -m tests.quality --agreement`: how far two coders who did not see each other agree on the same articles.

The second annotation is scored against the first as if newslake had written it: the same matches, the same figures. A
program cannot be expected to do better.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.quality.whole.annotations import Json
from tests.quality.whole.scores import ArticleScore, score_article

_VALUES = ("kind", "topic")
_PERSON_VALUES = ("gender", "country")


def agreement(first: Mapping[str, Json], second: Mapping[str, Json]) -> list[ArticleScore]:
    """Return the scores of the second annotations by the first ones. Raises: KeyError if one has no first one."""
    return [score_article(first[doc_id], prediction_of(row), "") for doc_id, row in second.items()]


def equal_values(first: Mapping[str, Json], second: Mapping[str, Json]) -> dict[str, tuple[int, int]]:
    """Return how often a value of the article, or of a person of one name, is the same: (same, all) by key."""
    same: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for key, left, right in _pairs(first, second):
        total[key] += 1
        same[key] += left == right
    return {key: (same[key], total[key]) for key in (*_VALUES, *_PERSON_VALUES)}


def _pairs(first: Mapping[str, Json], second: Mapping[str, Json]) -> Iterator[tuple[str, object, object]]:
    for doc_id, row in second.items():
        yield from ((key, first[doc_id][key], row[key]) for key in _VALUES)
        persons = {person["name"]: person for person in first[doc_id]["persons"]}
        for person in row["persons"]:
            if (other := persons.get(person["name"])) is not None:
                yield from ((key, other[key], person[key]) for key in _PERSON_VALUES)


def prediction_of(annotation: Json) -> dict[str, Any]:
    """Return an annotation in the form of `newslake annotate`: an event is a row at its first trigger."""
    mentions = [
        {"label": "PERSON", "kind": "name", "entity_id": name, "entity_name": name, "text": name}
        for name in (person["name"] for person in annotation["persons"])
    ]
    quotes = [
        {"start": quote["start"], "end": quote["end"], "speaker_name": quote["speaker"], "speaker_kind": quote["kind"]}
        for quote in annotation["quotes"]
    ]
    return {"mentions": mentions, "quotes": quotes, "events": _event_rows(annotation["events"])}


def _event_rows(events: Sequence[Json]) -> list[dict[str, Any]]:
    return [
        {
            "event_type": event["type"],
            "trigger_start": mention["start"],
            "trigger_text": "x" * (mention["end"] - mention["start"]),
            "source_text": event["actor"],
            "target_text": event["recipient"],
            "modality": event["modality"],
            "date": event["date"],
            "location": event["place"],
        }
        for event in events
        for mention in event["mentions"][:1]
    ]
