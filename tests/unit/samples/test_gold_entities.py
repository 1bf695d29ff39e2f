"""The entities of gold against the cleaned pages, and against the quotes and events beside them."""

import re
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from tests.quality.corpus import Case, clean_corpus
from tests.quality.gold_entities import Span, one_or_more, place_of

TYPES = {"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE"}
CASES = {case.name: case for case in clean_corpus() if case.gold["outcome"] == "kept"}
CLEANED = sorted(name for name, case in CASES.items() if case.text)


def entities_of(name: str) -> list[dict[str, Any]]:
    """Return the entities of a page's gold."""
    entities: list[dict[str, Any]] = CASES[name].gold["entities"]
    return entities


def single_spans(case: Case) -> dict[Span, list[str]]:
    """Return the entities of each span that means one entity."""
    found: defaultdict[Span, list[str]] = defaultdict(list)
    for entity in case.gold["entities"]:
        for mention in entity["mentions"]:
            span = place_of(mention, case.text)
            if span and not mention.get("group"):
                found[span].append(entity["name"])
    return found


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_kept_page_has_entities(name: str) -> None:
    """No page is left out of the figures by accident."""
    assert entities_of(name)


@pytest.mark.parametrize("name", CLEANED)
def test_every_mention_stands_in_the_text(name: str) -> None:
    """Each mention has as many whole-word occurrences before it as gold says."""
    text = CASES[name].text
    lost = [m for entity in entities_of(name) for m in entity["mentions"] if place_of(m, text) is None]
    assert lost == []


@pytest.mark.parametrize("name", CLEANED)
def test_a_span_is_one_entity_unless_it_is_a_group(name: str) -> None:
    """No words stand under two entities by mistake, no name or pronoun lies inside another."""
    spans = single_spans(CASES[name])
    assert [names for names in spans.values() if len(names) > 1] == []
    ordered = sorted(spans)
    assert [pair for pair in pairwise(ordered) if pair[0][1] > pair[1][0]] == []


@pytest.mark.parametrize("name", CLEANED)
def test_a_group_has_several_members(name: str) -> None:
    """Words for a group stand under two entities or more, unless they may be left out."""
    members: defaultdict[tuple[str, int], int] = defaultdict(int)
    for entity in entities_of(name):
        for mention in entity["mentions"]:
            if mention.get("group") and not mention.get("optional"):
                members[mention["text"], mention["nth"]] += 1
    assert {key: count for key, count in members.items() if count < 2} == {}


@pytest.mark.parametrize("name", CLEANED)
def test_what_is_said_of_an_entity_fits_its_type(name: str) -> None:
    """Types are OntoNotes', only people have a gender and a role, the role is in the text, a country is alpha-3."""
    text = CASES[name].text
    for entity in entities_of(name):
        assert set(one_or_more(entity["type"])) <= TYPES
        assert (entity["gender"] in {"F", "M", "U"}) == (entity["type"] == "PERSON"), entity
        assert entity["type"] == "PERSON" or entity["role"] is None
        assert [role for role in one_or_more(entity["role"] or []) if role not in text] == []
        assert entity["country"] is None or re.fullmatch("[A-Z]{3}", entity["country"])
        assert {mention["kind"] for mention in entity["mentions"]} <= {"name", "pronoun", "nominal"}


@pytest.mark.parametrize("name", sorted(CASES))
def test_speakers_actors_and_places_are_entities(name: str) -> None:
    """Who speaks, acts, is acted on, and where, is named as the entities are; people are the persons among them."""
    gold = CASES[name].gold
    named = [quote["speaker_name"] for quote in gold.get("quotes", ())]
    for event in gold.get("events", ()):
        for key in ("actor", "recipient", "place"):
            named += one_or_more(event.get(key) or [])
    assert {*named, *gold["people"]} - {None} <= {entity["name"] for entity in gold["entities"]}
    assert {*gold["people"]} <= {entity["name"] for entity in gold["entities"] if entity["type"] == "PERSON"}
