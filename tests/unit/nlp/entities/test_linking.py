"""Entity linking on invented articles: links, missing links, and the look-ups in the knowledge base."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import pytest

from newslake.pipeline.kb import KnowledgeBase, build_store, load_kb, read_records
from newslake.pipeline.kb.entry import fold_name
from newslake.pipeline.model import Entity
from newslake.pipeline.nlp import Annotator
from tests.unit.nlp.test_annotator import article

pytestmark = pytest.mark.model

FAMOUS = {
    "qid": "Q999999901",
    "label": "Lena Ostrow",
    "types": ["PERSON"],
    "prior": 900,
    "country": "IRL",
    "description": "Irish politician, minister for fisheries",
}
KEEPER = FAMOUS | {"qid": "Q999999902", "prior": 4, "country": "NLD", "description": "Dutch football goalkeeper"}
FIRM = {"qid": "Q999999903", "label": "Quillmark Holdings", "aliases": ["Quillmark"], "types": ["ORG"], "prior": 5}
NEAR = {
    "qid": "Q999999904",
    "label": "Port Merrow",
    "types": ["GPE"],
    "prior": 9,
    "country": "IRL",
    "lat": 52,
    "lon": -9,
}
FAR = NEAR | {"qid": "Q999999905", "country": "AUS", "prior": 9}
MINISTER = "The minister Lena Ostrow told parliament that Irish trawlers would stay in the harbour."
Link = Callable[..., tuple[Entity, ...]]


@pytest.fixture
def link(nlp, tmp_path: Path) -> Link:
    """Annotate one paragraph with a knowledge base of these lines and with these corrections."""

    def linked(text: str, *lines: Mapping[str, object], overrides: str = "") -> tuple[Entity, ...]:
        (tmp_path / "overrides.toml").write_text(overrides)
        build_store(tmp_path / "kb.sqlite", read_records(BytesIO("\n".join(map(json.dumps, lines)).encode())))
        kb = load_kb(tmp_path / "overrides.toml", store=tmp_path / "kb.sqlite")
        made = article(text)
        annotator = Annotator(nlp, kb=kb)
        [(_, doc)] = list(annotator.docs([made]))
        return annotator.annotate(made, doc).entities

    return linked


def qids(entities: tuple[Entity, ...], name: str) -> set[str | None]:
    """Return the ids of all mentions of a name; there is at least one mention."""
    found = {entity.qid for entity in entities if entity.entity_name == name}
    assert found, [entity.entity_name for entity in entities]
    return found


def test_person_described_by_the_text_is_linked(link: Link):
    """Role, field and country in the text select the politician, and the QID becomes the entity's id."""
    found = link(MINISTER, FAMOUS, KEEPER)
    [person] = [entity for entity in found if entity.entity_text == "Lena Ostrow"]
    assert (person.qid, person.entity_id, person.country_code) == ("Q999999901", "Q999999901", "IRL")
    assert person.qid_confidence > 0.8


def test_less_famous_bearer_wins_if_the_text_describes_her(link: Link):
    """The prior compares; the text decides."""
    text = "The Dutch goalkeeper Lena Ostrow saved two penalties for the Netherlands in the football final."
    assert qids(link(text, FAMOUS, KEEPER), "Lena Ostrow") == {"Q999999902"}


@pytest.mark.parametrize(
    "text",
    [
        "The goalkeeper Lena Ostrow saved two penalties in the final.",
        "The baker Lena Ostrow opened a second shop in Tarnwick.",
        "The Canadian novelist Lena Ostrow read from her book.",
        "Lena Ostrow has grown the largest marrow of the valley.",
    ],
)
def test_famous_bearer_does_not_win_by_fame(link: Link, text: str):
    """With another field, another nation or no evidence at all, the name stays unlinked."""
    found = link(text, FAMOUS)
    assert qids(found, "Lena Ostrow") == {None}
    assert {entity.qid_confidence for entity in found if entity.entity_name == "Lena Ostrow"} == {None}


def test_unknown_names_stay_null(link: Link):
    """A name outside the knowledge base gets no QID and no knowledge-base version."""
    found = link("The minister Oskar Vandell told parliament that trawlers would stay.", FAMOUS)
    assert [(e.qid, e.kb_version) for e in found if e.entity_text == "Oskar Vandell"] == [(None, None)]


def test_surname_alone_is_too_little(link: Link):
    """A surname that is an alias does not link an article without the full name."""
    alias = FAMOUS | {"aliases": ["Ostrow"]}
    assert qids(link("Mr Ostrow opened a second shop in Tarnwick.", alias), "Ostrow") == {None}


def test_type_must_match(link: Link):
    """A person is not linked to an organisation with the same name."""
    assert qids(link(MINISTER, FAMOUS | {"types": ["ORG"]}), "Lena Ostrow") == {None}


def test_alias_links_an_organisation(link: Link):
    """An organisation is found by its short name."""
    assert qids(link("Shares of Quillmark Holdings fell on Monday.", FIRM), "Quillmark Holdings") == {"Q999999903"}


def test_country_of_the_article_decides_between_places(link: Link):
    """Of two towns with one name, the one in the article's country is linked; without a country, neither."""
    irish = "The Irish government will widen the harbour in Port Merrow, Ireland said on Monday."
    assert qids(link(irish, NEAR, FAR), "Port Merrow") == {"Q999999904"}
    assert qids(link("The council met in Port Merrow on Monday.", NEAR, FAR), "Port Merrow") == {None}


def test_other_people_of_the_field_are_evidence(link: Link):
    """A person with little evidence is linked next to others of the same field, and not alone."""
    text = "Lena Ostrow will meet {} in Paris on Tuesday."
    other = FAMOUS | {"qid": "Q999999906", "label": "Piet Marten", "country": "FRA", "description": "French senator"}
    with_senator = link(f"The senator Piet Marten spoke. {text.format('Piet Marten')}", FAMOUS, other)
    assert qids(with_senator, "Lena Ostrow") == {"Q999999901"}
    assert qids(link(text.format("Oskar Vandell"), FAMOUS, other), "Lena Ostrow") == {None}


def test_order_of_lines_does_not_matter(link: Link):
    """The same base in another order gives the same rows."""
    assert link(MINISTER, FAMOUS, KEEPER, FIRM) == link(MINISTER, FIRM, KEEPER, FAMOUS)


def test_stated_nationality_wins_over_the_base(link: Link):
    """The country of a linked person is the nationality that the text states; else that of the base."""
    stated = link(MINISTER.replace("Lena Ostrow", "Danish minister Lena Ostrow", 1), FAMOUS)
    assert {(e.country_code, e.country_method) for e in stated if e.entity_name == "Lena Ostrow"} == {
        ("DNK", "nationality")
    }
    silent = [e for e in link(MINISTER, FAMOUS) if e.entity_name == "Lena Ostrow"]
    assert {(e.country_code, e.country_method) for e in silent} == {("IRL", "kb")}


def test_correction_of_any_full_name_applies_completely(link: Link):
    """A correction for a full name other than the fullest gives gender, id and country, also against the text."""
    text = "The Dutch senator Robin A. Vance arrived on Monday. Robin Vance said that the harbour was closed."
    overrides = '[names."Robin Vance"]\ngender = "F"\nqid = "Q999999903"\ncountry = "IRL"\n'
    person = next(e for e in link(text, KEEPER, overrides=overrides) if e.entity_text == "Robin A. Vance")
    assert (person.gender, person.qid, person.country_code) == ("F", "Q999999903", "IRL")
    assert person.country_method == "override"


def test_correction_wins_over_the_text(link: Link):
    """A correction gives the id, or removes it."""
    named = f'[names."Lena Ostrow"]\nqid = "{KEEPER["qid"]}"\n'
    assert qids(link(MINISTER, FAMOUS, KEEPER, overrides=named), "Lena Ostrow") == {"Q999999902"}
    none = '[names."Lena Ostrow"]\nqid = ""\n'
    assert qids(link(MINISTER, FAMOUS, overrides=none), "Lena Ostrow") == {None}


def test_version_depends_only_on_the_names(link: Link):
    """Knowledge about another name changes no row; knowledge about this name does."""
    assert link(MINISTER, FAMOUS) == link(MINISTER, FAMOUS, FIRM)
    changed = link(MINISTER, FAMOUS | {"context": ["quota"]})
    assert {e.kb_version for e in changed if e.entity_name == "Lena Ostrow"}.isdisjoint(
        e.kb_version for e in link(MINISTER, FAMOUS)
    )


@dataclass
class _RecordingOverrides(dict):
    """Empty corrections that record the names looked up."""

    names: set[str] = field(default_factory=set)

    def get(self, key, default=None):
        self.names.add(key)
        return default

    def __bool__(self) -> bool:
        return True


@dataclass
class _Recorded:
    names: set[str]

    def named(self, folded: str) -> tuple[()]:
        self.names.add(folded)
        return ()


@pytest.mark.parametrize(
    "text",
    [
        MINISTER,
        "Mrs Theresa Vane met Mr Abel Korda of Quillmark Holdings (QH) in Paris. Korda said QH and the U.N. had asked "
        "“Vane’s office” for an answer. Bill Vane, her brother, did not.",
        "French President Anna Roe met South Korea's minister and the Dutch head of Oxfam.",
        "In May, the Met said that Tarnwick United had lost to England. The Times saw May in Washington.",
    ],
)
def test_own_knowledge_is_looked_up_only_for_names_in_rows(nlp, text: str):
    """The rows show which articles an edit concerns: only their names are looked up in store and corrections."""
    names: set[str] = set()
    overrides = _RecordingOverrides(names)
    kb: KnowledgeBase = replace(load_kb(), overrides=overrides, store=_Recorded(names))
    annotator, made = Annotator(nlp, kb=kb), article(text)
    [(_, doc)] = list(annotator.docs([made]))
    found = {fold_name(e.entity_text) for e in annotator.annotate(made, doc).entities if e.mention_kind == "name"}
    assert names
    assert names - found == set()
