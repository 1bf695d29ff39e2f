"""The entities, speakers and actors of gold, compared with the cleaned text."""

import re
from collections import Counter
from datetime import UTC, datetime, time
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from newslake.pipeline.clean import extract
from newslake.pipeline.model import Page
from samples.gold import read_gold
from samples.server import FOLDERS, resource_at

BASE = "http://127.0.0.1:8808"
ENTRIES = {name: entry for name, entry in read_gold().items() if not name.startswith("inbox/")}
NAMES = [name for name, entry in ENTRIES.items() if "entities" in entry]
PRONOUNS = re.compile(r"(?i)(I|me|my|mine|we|us|our|ours|he|him|his|she|hers?|its?|they|them|theirs?|\w+sel(f|ves))")


@cache
def text_of(name: str) -> str:
    """Return the article's text after cleaning."""
    day = next(day for day, folder in FOLDERS.items() if name.startswith(f"{folder}/"))
    url = ENTRIES[name]["path"]
    found = resource_at(url, day=day, base=BASE)
    assert found is not None
    page = Page(
        url=f"{BASE}{url}",
        final_url=f"{BASE}{url}",
        status=200,
        headers={"content-type": found.content_type},
        body=found.body,
        fetched_at=datetime.combine(day, time(20), tzinfo=UTC),
    )
    return extract(page, source_key="gold").text


def span_of(name: str, mention: dict[str, Any]) -> tuple[int, int]:
    """Return the span of a mention: the ``nth`` whole-word occurrence of its text, counted from 1."""
    found = list(re.finditer(rf"(?<!\w){re.escape(mention['text'])}(?!\w)", text_of(name)))
    assert 1 <= mention["nth"] <= len(found), f"{mention} is not in {name}"
    return found[mention["nth"] - 1].span()


def mentions_of(name: str) -> list[dict[str, Any]]:
    return [mention for entity in ENTRIES[name]["entities"] for mention in entity["mentions"]]


@pytest.mark.parametrize("name", NAMES)
def test_every_mention_is_in_the_cleaned_text(name: str) -> None:
    """An entity's mentions are in reading order, and mentions of an article do not overlap, except for groups."""
    for entity in ENTRIES[name]["entities"]:
        starts = [span_of(name, mention)[0] for mention in entity["mentions"]]
        assert starts == sorted(set(starts)) != [], entity["name"]
    spans = sorted({span_of(name, mention) for mention in mentions_of(name)})
    assert [(one, two) for one, two in pairwise(spans) if one[1] > two[0]] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_span_belongs_to_one_entity_or_to_a_group(name: str) -> None:
    """A mention is listed under several entities only if it is marked as a group mention."""
    shared = Counter(span_of(name, mention) for mention in mentions_of(name))
    for mention in mentions_of(name):
        assert shared[span_of(name, mention)] == 1 or mention.get("group"), mention


@pytest.mark.parametrize("name", NAMES)
def test_kinds_fit_the_words(name: str) -> None:
    """Pronouns have the kind pronoun; names begin with a capital or a digit; a role noun is neither."""
    for mention in mentions_of(name):
        is_pronoun = PRONOUNS.fullmatch(mention["text"]) is not None
        assert mention["kind"] in {"name", "pronoun", "nominal"}
        assert (mention["kind"] == "pronoun") == is_pronoun, mention
        assert mention["kind"] != "name" or not mention["text"][0].islower(), mention


@pytest.mark.parametrize("name", NAMES)
def test_entities_are_complete(name: str) -> None:
    """Each entity has its own name; name and role are in the text; only persons have a gender."""
    for entity in ENTRIES[name]["entities"]:
        assert entity["name"] in text_of(name)
        assert (entity["gender"] in {"F", "M", "U"}) == (entity["type"] == "PERSON")
        roles = [entity["role"] or ""] if not isinstance(entity["role"], list) else entity["role"]
        assert [role for role in roles if role.casefold() not in text_of(name).casefold()] == []
        assert re.fullmatch("[A-Z]{3}|", entity["country"] or ""), entity
    names = [entity["name"] for entity in ENTRIES[name]["entities"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_who_speaks_and_acts_is_an_entity(name: str) -> None:
    """Speakers, actors, recipients and places are canonical names of the same page's entities."""
    known = {entity["name"] for entity in ENTRIES[name]["entities"]}
    named = {quote["speaker_name"] for quote in ENTRIES[name].get("quotes", ())}
    for event in ENTRIES[name].get("events", ()):
        for field in ("actor", "recipient", "place"):
            who = event.get(field)
            named.update(who if isinstance(who, list) else [who])
    assert named - {None} <= known
