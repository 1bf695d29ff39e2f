"""Required gold annotations of every kept page, and their values."""

import re
from collections import defaultdict
from typing import Any

import pytest

from samples.gold import read_gold
from tests.quality.corpus import clean_corpus
from tests.quality.gold_entities import one_or_more, place_of

TYPES = {"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE"}
KEPT = {name: gold for name, gold in read_gold().items() if gold["outcome"] == "kept"}
TEXTS = {case.name: case.text for case in clean_corpus() if case.text}


def mentions_of(name: str) -> list[dict[str, Any]]:
    """Return the mentions of all entities of a page."""
    return [mention for entity in KEPT[name]["entities"] for mention in entity["mentions"]]


@pytest.mark.parametrize("name", KEPT)
def test_every_kept_page_has_entities(name: str) -> None:
    """No page is missing in the figures by accident, and the people are the persons among the entities."""
    persons = {entity["name"] for entity in KEPT[name]["entities"] if entity["type"] == "PERSON"}
    assert KEPT[name]["entities"]
    assert set(KEPT[name]["people"]) <= persons


@pytest.mark.parametrize("name", [name for name in KEPT if name in TEXTS])
def test_every_mention_is_in_the_cleaned_text(name: str) -> None:
    """Each mention has the number of earlier whole-word occurrences that gold states, in pages and in the inbox."""
    assert [mention for mention in mentions_of(name) if place_of(mention, TEXTS[name]) is None] == []


@pytest.mark.parametrize("name", KEPT)
def test_entities_use_the_values_of_the_tables(name: str) -> None:
    """Types are from OntoNotes, kinds from the contract, countries alpha-3; only persons have gender and role."""
    for entity in KEPT[name]["entities"]:
        assert set(one_or_more(entity["type"])) <= TYPES
        assert (entity["gender"] in {"F", "M", "U"}) == (entity["type"] == "PERSON"), entity
        assert entity["type"] == "PERSON" or entity["role"] is None
        assert re.fullmatch("[A-Z]{3}|", entity["country"] or "")
        assert {mention["kind"] for mention in entity["mentions"]} <= {"name", "pronoun", "nominal"}


@pytest.mark.parametrize("name", KEPT)
def test_a_group_has_several_members(name: str) -> None:
    """A group mention is listed under two or more entities, unless it is optional."""
    members: defaultdict[tuple[str, int], int] = defaultdict(int)
    for mention in mentions_of(name):
        if mention.get("group") and not mention.get("optional"):
            members[mention["text"], mention["nth"]] += 1
    assert {key: count for key, count in members.items() if count < 2} == {}
