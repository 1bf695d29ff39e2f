"""Surnames that other articles of the day explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.clusters import LINK_COLUMNS, OUTLET_COLUMNS, article_groups, person_link_rows
from newslake.pipeline.clusters.person_links import words_of
from newslake.pipeline.tables import TABLE_SPECS, check_batch
from tests.unit.lake.rows import blank

_ENTITIES = TABLE_SPECS["entities"]
_GROUPS = pa.schema([("article_id", pa.string()), ("group", pa.string())])


@dataclass(frozen=True, slots=True)
class Said:
    """A name in an article. Its id is the name, unless it has a QID. ``companies`` are organisations of the article."""

    article: str
    name: str
    role: str | None = None
    gender: str | None = None
    shown_by: str = "honorific"
    qid: str | None = None
    companies: tuple[str, ...] = ()
    kind: str = "PERSON"
    cluster: int = 0


def _rows(said: Sequence[Said]) -> pa.Table:
    rows = [
        blank(
            _ENTITIES,
            article_id=each.article,
            cluster_index=cluster,
            entity_type=kind,
            entity_id=each.qid if kind == each.kind and each.qid else name,
            entity_name=name,
            role_text=each.role if kind == each.kind else None,
            gender=each.gender,
            gender_method=each.shown_by if each.gender else None,
            qid=each.qid,
        )
        for each in said
        for cluster, kind, name in (
            (each.cluster, each.kind, each.name),
            *((10 + at, "ORG", name) for at, name in enumerate(each.companies)),
        )
    ]
    schema = pa.schema([_ENTITIES.schema.field(name) for name in LINK_COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def _outlets(outlets: dict[str, str]) -> pa.Table:
    return pa.table([[*outlets], [*outlets.values()]], names=list(OUTLET_COLUMNS))


def links(*said: Said, outlets: dict[str, str] | None = None, groups: Sequence[tuple[str, str]] = ()) -> dict[Any, Any]:
    """Return person_id and method by article and cluster. ``outlets`` is by article, ``groups`` are pairs with it."""
    related = pa.Table.from_pylist([dict(zip(_GROUPS.names, each, strict=True)) for each in groups], schema=_GROUPS)
    table = person_link_rows(_rows(said), _outlets(outlets or {"-": "-"}), related)
    assert check_batch({"person_links": table}) == ()
    return {(row["article_id"], row["cluster_index"]): (row["person_id"], row["method"]) for row in table.to_pylist()}


FULL, SURNAME = Said("a", "Ada Quill"), Said("b", "Quill")
KNOWN = FULL, Said("d", "Ada Quill")
ONE_OUTLET = dict.fromkeys("abcd", "echo")
RELATED = (("a", "event 1"), ("b", "event 1"))


def test_a_surname_in_a_related_article_is_the_person():
    """An article about the same event has the full name; the outlets differ."""
    assert links(FULL, SURNAME, groups=RELATED) == {("b", 0): ("Ada Quill", "related")}


def test_a_surname_in_an_article_of_the_outlet_is_the_person():
    """The outlet has the full name in two other articles, and nobody else of the day has the surname."""
    assert links(*KNOWN, SURNAME, outlets=ONE_OUTLET) == {("b", 0): ("Ada Quill", "outlet")}


def test_a_person_of_one_article_is_not_known_by_the_surname():
    """The outlet, or the day, has the full name in one article only: somebody else may be meant."""
    companies = ("Harbour Board", "Northbound")
    assert links(FULL, SURNAME, outlets=ONE_OUTLET) == {}
    assert links(*KNOWN, SURNAME, outlets={**ONE_OUTLET, "d": "post"}) == {}
    assert links(Said("a", "Ada Quill", companies=companies), Said("b", "Quill", companies=companies)) == {}


def test_an_unrelated_article_proves_nothing():
    """Without a relation, an outlet or an agreement, a surname stays alone."""
    assert links(FULL, SURNAME) == {}


@pytest.mark.parametrize(
    ("full", "surname"),
    [("minister", "minister"), ("prime minister", "Minister"), ("head", "head of the harbour board")],
)
def test_an_equal_role_is_enough(full, surname):
    """The words of one role are among those of the other."""
    said = Said("a", "Ada Quill", role=full), Said("b", "Quill", role=surname)
    assert links(*said) == {("b", 0): ("Ada Quill", "role")}


def test_another_role_is_no_evidence():
    """Two offices that share a word are not one office, and a role without a word agrees with no other."""
    assert links(Said("a", "Ada Quill", role="mayor"), Said("b", "Quill", role="–")) == {}
    assert links(Said("a", "Ada Quill", role="health minister"), Said("b", "Quill", role="prime minister")) == {}


def test_two_shared_organisations_are_enough():
    """An article with the full name mentions the same two organisations; one alone proves nothing."""
    known = Said("a", "Ada Quill", companies=("Harbour Board", "Northbound", "Senate")), Said("d", "Ada Quill")
    assert links(*known, Said("b", "Quill", companies=("Northbound", "Harbour Board"))) == {
        ("b", 0): ("Ada Quill", "organisations")
    }
    assert links(*known, Said("b", "Quill", companies=("Senate", "Ferry Union"))) == {}


def test_a_gender_alone_is_no_evidence():
    """Half of all people share it."""
    assert links(Said("a", "Ada Quill", gender="F"), Said("b", "Quill", gender="F")) == {}


def test_two_bearers_leave_a_surname_alone():
    """Two full names of the outlet, or of related articles, have the surname."""
    other = Said("c", "Bram Quill")
    assert links(*KNOWN, other, SURNAME, outlets=ONE_OUTLET) == {}
    assert links(FULL, other, SURNAME, groups=(*RELATED, ("c", "event 1"))) == {}


def test_related_articles_are_nearer_than_the_outlet():
    """The bearer in a related article is meant, though the outlet mentions another one."""
    found = links(FULL, Said("c", "Bram Quill"), SURNAME, outlets={"b": "echo", "c": "echo"}, groups=RELATED)
    assert found == {("b", 0): ("Ada Quill", "related")}


def test_an_outlet_is_no_evidence_for_a_frequent_surname():
    """Another outlet mentions another bearer: then the own outlet's also needs a role or a company."""
    outlets = {**ONE_OUTLET, "c": "post"}
    known, other = (Said("a", "Ada Quill", role="mayor"), Said("d", "Ada Quill")), Said("c", "Bram Quill")
    assert links(*known, other, SURNAME, outlets=outlets) == {}
    assert links(*known, other, Said("b", "Quill", role="mayor"), outlets=outlets) == {("b", 0): ("Ada Quill", "role")}


@pytest.mark.parametrize("shown_by", ["honorific", "pronoun", "role"])
def test_a_conflicting_gender_is_another_person(shown_by):
    """Ms Ada Quill is not Mr Quill, not even in an article about the same event."""
    said = Said("a", "Ada Quill", gender="F"), Said("b", "Quill", gender="M", shown_by=shown_by)
    assert links(*said, groups=RELATED) == {}


def test_an_honorific_selects_among_two_bearers():
    """Mr Quill is the man of two bearers; a pronoun, which may be resolved wrongly, does not select."""
    full = Said("a", "Ada Quill", gender="F"), Said("c", "Bram Quill", gender="M")
    mr, he = Said("b", "Quill", gender="M"), Said("b", "Quill", gender="M", shown_by="pronoun")
    assert links(*full, mr, groups=(*RELATED, ("c", "event 1"))) == {("b", 0): ("Bram Quill", "related")}
    assert links(*full, he, groups=(*RELATED, ("c", "event 1"))) == {}


def test_an_article_with_the_full_name_decided_itself():
    """If the article of the surname has a full name with it, it is not linked: coreference kept the two apart."""
    said = FULL, Said("b", "Ada Quill"), Said("b", "Quill", cluster=1)
    assert links(*said, groups=RELATED) == {}


def test_two_people_with_one_surname_in_an_article_are_not_one_person():
    """Mr and Dr Quill in one article are two clusters: neither is linked."""
    assert links(FULL, SURNAME, Said("b", "Quill", cluster=1), groups=RELATED) == {}


@pytest.mark.parametrize("name", ["Quill Toller", "Ada Quill Toller", "Bram Quill II"])
def test_a_word_that_is_no_family_name_is_no_surname(name):
    """A forename, a middle name, and a name before a numeral are not linked, and they prevent a link."""
    assert links(Said("a", name), SURNAME, groups=RELATED) == {}
    assert links(*KNOWN, Said("c", name), SURNAME, outlets=ONE_OUTLET) == {}


def test_a_forename_is_not_linked():
    """A name that the list of forenames has is not a surname, even if somebody has it as one."""
    said = Said("a", "Ada Bram"), Said("b", "Bram", gender="M", shown_by="forename")
    assert links(*said, groups=RELATED) == {}


def test_a_name_with_a_wikidata_id_keeps_it():
    """A surname that the knowledge base knows is not linked; a full name with a QID is linked to by it."""
    assert links(FULL, Said("b", "Quill", qid="Q1"), groups=RELATED) == {}
    assert links(Said("a", "Ada Quill", qid="Q2"), SURNAME, groups=RELATED) == {("b", 0): ("Q2", "related")}


def test_things_and_particles_are_no_people():
    """An organisation is neither a surname nor a bearer; a family name with its particle is no full name."""
    assert links(Said("a", "Ada Quill", kind="ORG"), SURNAME, groups=RELATED) == {}
    assert links(FULL, Said("b", "Quill", kind="ORG"), groups=RELATED) == {}
    assert links(Said("a", "van Quill"), SURNAME, groups=RELATED) == {}


def test_the_name_is_the_longest_of_the_day():
    """All full names of a Wikidata id are one bearer; the longest is the name of the link."""
    said = Said("a", "A. Quill", qid="Q2"), Said("c", "Ada Quill", qid="Q2"), SURNAME
    groups = pa.Table.from_pylist([{"article_id": "a", "group": "x"}, {"article_id": "b", "group": "x"}], _GROUPS)
    [row] = person_link_rows(_rows(said), _outlets({"-": "-"}), groups).to_pylist()
    assert (row["person_id"], row["person_name"], row["confidence"]) == ("Q2", "Ada Quill", 0.95)


def test_words_are_compared_without_accents_marks_and_article():
    """Case, accents, marks around a word and an Arabic article do not distinguish names."""
    assert words_of("José “Pepe” al-Núñez, Jr.") == ("jose", "pepe", "nunez", "jr")
    assert words_of("Mary-Ann O'Neil") == ("mary-ann", "o'neil")


def test_groups_are_those_of_duplicates_quotes_and_events():
    """Each cluster of an article is a group of its own kind, once."""
    duplicates = pa.table({"article_id": ["a", "b"], "dup_group_id": ["a", "a"]})
    quotes = pa.table({"article_id": ["a", "a", "c"], "quote_cluster_id": ["a:0", "a:0", "a:0"]})
    events = pa.table({"article_id": ["d"], "event_cluster_id": ["a:0"]})
    rows = sorted(tuple(row.values()) for row in article_groups(duplicates, quotes, events).to_pylist())
    assert rows == [
        *[("a", "duplicate a"), ("a", "quote a:0"), ("b", "duplicate a")],
        *[("c", "quote a:0"), ("d", "event a:0")],
    ]


_WORDS = ("Ada", "Bram", "Quill", "Toller", "Weld")
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(" ".join)
_SAID = st.builds(
    Said,
    st.sampled_from("abcd"),
    _NAMES,
    role=st.sampled_from((None, "mayor", "mayor of Oakenfell")),
    gender=st.sampled_from((None, "F", "M", "U")),
    shown_by=st.sampled_from(("honorific", "pronoun", "forename")),
    cluster=st.integers(0, 3),
)
_DAYS = st.lists(_SAID, max_size=12, unique_by=lambda said: (said.article, said.cluster))


@given(said=_DAYS, outlets=st.fixed_dictionaries(dict.fromkeys("abcd", st.sampled_from("xy"))), order=st.randoms())
def test_only_surnames_are_linked_in_any_order(said, outlets, order):
    """Any day: only one-word names are linked, to a full name that ends with them and has no other gender."""
    groups = [(article, "event 1") for article in "ab"]
    found = links(*said, outlets=outlets, groups=groups)
    assert found == links(*order.sample(said, len(said)), outlets=outlets, groups=groups[::-1])
    names = {(each.article, each.cluster): each for each in said}
    for key, (person, _) in found.items():
        surname = names[key]
        bearers = [each for each in said if each.name == person]
        assert (len(surname.name.split()), len(person.split()) > 1) == (1, True)
        assert person.split()[-1] == surname.name
        assert all({surname.gender, each.gender} != {"F", "M"} for each in bearers)
