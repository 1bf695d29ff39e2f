"""Pronouns, nouns for names, groups, roles, gender and nationality, on invented sentences."""

from time import process_time

import pytest

from pipeline.clean import article_from_text
from pipeline.kb import load_kb
from pipeline.model import Entity
from pipeline.nlp import Annotator
from pipeline.nlp.languages import LANGUAGES

pytestmark = pytest.mark.model


def _read(nlp, text: str) -> tuple[Entity, ...]:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=None, language="en")])
    return annotator.annotate(article, doc).entities


def _names(entities: tuple[Entity, ...], text: str) -> list[str | None]:
    return [entity.entity_name for entity in entities if entity.entity_text == text]


def _group(entities: tuple[Entity, ...], text: str) -> list[str]:
    """Return the names of those whom the first mention with this text means."""
    names = {entity.entity_id: entity.entity_name for entity in entities}
    [first, *_] = [entity for entity in entities if entity.entity_text == text]
    return [str(names[each]) for each in first.group_entity_ids or ()]


def _first(entities: tuple[Entity, ...], name: str) -> Entity:
    return next(entity for entity in entities if entity.entity_name == name)


@pytest.mark.parametrize(
    ("text", "pronoun", "name"),
    [
        ("Ruth Amberley met Walter Strand on Monday. She praised the harbour.", "She", "Ruth Amberley"),
        ("Ruth Amberley met Walter Strand on Monday. He praised the harbour.", "He", "Walter Strand"),
        ("Walter Strand resigned. The council thanked him for a decade of work.", "him", "Walter Strand"),
        ("Helen Marsh blamed herself for the delay.", "herself", "Helen Marsh"),
        ("Brennick Airlines said it would close its hangar in the valley.", "its", "Brennick Airlines"),
        ("In her first speech, Helen Marsh promised a new pier.", "her", "Helen Marsh"),
        ("The mayor of Oakenfell, Ruth Amberley, met nurses. She promised a ward.", "She", "Ruth Amberley"),
    ],
)
def test_a_pronoun_joins_whom_it_stands_for(nlp, text: str, pronoun: str, name: str) -> None:
    """Gender, place and nearness choose; a pronoun may come before its name."""
    assert _names(_read(nlp, text), pronoun) == [name]


@pytest.mark.parametrize(
    ("text", "pronoun", "name"),
    [
        ("Cora Finch lives with Philippa Marsh. Cora Finch admires her.", "her", "Philippa Marsh"),
        ("Cora Finch met Hedda Marsh. Marsh told her to wait.", "her", "Cora Finch"),
        ("Colin Finch met Edgar Marsh. Marsh let him wait.", "him", "Colin Finch"),
    ],
)
def test_nobody_is_the_object_of_what_she_does(nlp, text: str, pronoun: str, name: str) -> None:
    """Subject and object of one verb are two people, also where the object is to do something."""
    assert _names(_read(nlp, text), pronoun) == [name]


def test_nobody_is_he_in_his_own_quotation(nlp) -> None:
    """In a quotation its speaker is "I", so "he" is somebody else or nobody named."""
    text = "Ernest Pike met Walter Strand.\n\n“He knew that the money was gone,” Mr Strand told the council."
    assert _names(_read(nlp, text), "He") == ["Ernest Pike"]


def test_nobody_is_named_in_what_he_says(nlp) -> None:
    """Who is named in what "he" says is not "he"."""
    text = "Walter Strand met Ernest Pike. He added that Mr Strand was late."
    assert _names(_read(nlp, text), "He") == ["Ernest Pike"]


def test_a_pronoun_carries_its_method_and_confidence(nlp) -> None:
    """A resolved pronoun says so with a share of certainty, an empty one has no cluster."""
    entities = _read(nlp, "Walter Strand left. It is clear that he was tired.")
    found = {e.entity_text: (e.link_method, e.cluster_index) for e in entities if e.mention_kind == "pronoun"}
    assert found == {"It": ("none", None), "he": ("pronoun", 0)}
    assert all(0.0 <= entity.confidence <= 1.0 for entity in entities)


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("Ruth Amberley rowed with Walter Strand in Oslo. The two leaders want a treaty.", "two leaders"),
        ("Ruth Amberley and Walter Strand met on the pier. They agreed to share the cost.", "They"),
        ("The mayor, Ruth Amberley, and her deputy, Walter Strand, left. They were late.", "They"),
        ("Ruth Amberley met Walter Strand in Oslo. The two leaders wrote a plan. They signed it.", "They"),
        ("In Oslo Ruth Amberley met the poet Walter Strand. They married in 1960.", "They"),
        ("Ruth Amberley married Walter Strand in spring. The couple live in Bergen.", "couple"),
    ],
)
def test_a_mention_of_two_means_both(nlp, text: str, mention: str) -> None:
    """Where exactly two stand together, a plural mention has both ids and none of its own."""
    entities = _read(nlp, text)
    assert sorted(_group(entities, mention)) == ["Ruth Amberley", "Walter Strand"]
    assert _names(entities, mention)[0] is None


def test_two_ministers_are_those_whom_the_text_calls_so(nlp) -> None:
    """Who is in the role counts before who stands near."""
    text = (
        "Helen Marsh, the interior minister, met Edgar Finch and Colin Pike. Health Minister Ruth Amberley wrote. "
        "The two ministers will talk on Friday."
    )
    assert sorted(_group(_read(nlp, text), "two ministers")) == ["Helen Marsh", "Ruth Amberley"]


def test_their_means_joined_countries_of_the_sentence(nlp) -> None:
    """ "Their" goes back to two states that "and" joins."""
    assert _group(_read(nlp, "Portugal and Morocco agreed to share their fish."), "their") == ["Portugal", "Morocco"]


def test_a_mention_of_two_is_left_open_among_three(nlp) -> None:
    """Where three stand together, nobody knows which two are meant."""
    text = "Ruth Amberley met Walter Strand and Helen Marsh in Oslo. The two leaders agreed a plan."
    assert all(entity.group_entity_ids is None for entity in _read(nlp, text))


def test_a_role_noun_stands_for_its_only_bearer(nlp) -> None:
    """ "The minister" is the one whom the text made foreign minister."""
    text = "The foreign minister, Helen Marsh, flew to Lima. On Friday the minister signed the treaty."
    assert _names(_read(nlp, text), "minister") == ["Helen Marsh"]


@pytest.mark.parametrize(
    ("text", "noun", "name"),
    [
        ("The Swanmere Bridge closed on Monday. Divers said the bridge was cracked.", "bridge", "Swanmere Bridge"),
        ("The University of Orrin hired cooks. On Friday the university closed.", "university", "University of Orrin"),
        ("Brennick Motors angered the Transport Users' Council. The company lost.", "company", "Brennick Motors"),
    ],
)
def test_a_noun_stands_for_what_its_name_says_it_is(nlp, text: str, noun: str, name: str) -> None:
    """The noun in one name only stands for it; a council is no company."""
    assert _names(_read(nlp, text), noun) == [name]


def test_an_age_stands_for_the_only_person_before_it(nlp) -> None:
    """ "The 34-year-old" is the one person of the sentences before."""
    entities = _read(nlp, "Walter Strand won the race. The 34-year-old had trained for a year.")
    assert _names(entities, "34-year-old") == ["Walter Strand"]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Helen Marsh, who is the mayor of Varnholt, opened the pier.", "mayor of Varnholt"),
        ("Helen Marsh was appointed chief executive of Brennick Motors.", "chief executive of Brennick Motors"),
        ("Helen Marsh, the honorary president of harbour trade, spoke.", "honorary president of harbour trade"),
        ("Helen Marsh, chair of the board and a friend of the club, spoke.", "chair of the board"),
        ("Helen Marsh, a beekeeper from Varnholt, spoke.", "beekeeper from Varnholt"),
        ("The actor Colin Pike, Prof Helen Marsh and the Rev Ann Dodd sang.", None),
        ("Helen Marsh KC, 61, the chair of the board, spoke.", "chair of the board"),
        ("His Danish counterpart, Helen Marsh, spoke.", "Danish counterpart"),
        ("Retired beekeeper Helen Marsh spoke.", "Retired beekeeper"),
        ("French Fisheries Minister Helen Marsh spoke.", "French Fisheries Minister"),
        ("Helen Marsh wants to be the mayor of Varnholt.", None),
    ],
)
def test_a_role_is_a_whole_phrase(nlp, text: str, role: str | None) -> None:
    """A role may stand in apposition or under a verb, and is not taken from a wish."""
    assert _first(_read(nlp, text), "Helen Marsh").role_text == role


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("French President Helen Marsh spoke on Monday.", ("FRA", "nationality")),
        ("The Hungarian minister Helen Marsh spoke on Monday.", ("HUN", "nationality")),
        ("Helen Marsh, president of Peru, spoke on Monday.", ("PER", "role")),
        ("Helen Marsh, ambassador to Peru, spoke on Monday.", (None, None)),
    ],
)
def test_a_country_has_its_evidence(nlp, text: str, country: tuple[str | None, str | None]) -> None:
    """A people before a name is a nationality; the state that a role is of is the role's; "to Peru" is neither."""
    person = _first(_read(nlp, text), "Helen Marsh")
    assert (person.country_code, person.country_method) == country


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Mrs Brannock spoke on Monday.", ("F", "honorific")),
        ("Ms Robin Brannock spoke, and he left.", ("F", "honorific")),
        ("Walter Brannock spoke on Monday.", ("M", "forename")),
        ("Zorblat Brannock spoke on Monday. He was tired.", ("M", "pronoun")),
        ("Zorblat Brannock spoke on Monday.", ("U", "none")),
    ],
)
def test_gender_says_what_it_rests_on(nlp, text: str, gender: tuple[str, str]) -> None:
    """Honorific before pronoun before forename; without any it is unknown."""
    person = next(entity for entity in _read(nlp, text) if entity.entity_type == "PERSON")
    assert (person.gender, person.gender_method) == gender


def test_forenames_of_both_genders_show_none() -> None:
    """Names that men and women bear, or families, are in no list."""
    forenames = LANGUAGES["en"].names.forenames
    assert {name: forenames.get(name) for name in ("robin", "kim", "andrea", "jean")} == dict.fromkeys(
        ("robin", "kim", "andrea", "jean")
    )
    assert (forenames["ngozi"], forenames["deborah"], forenames["kwame"]) == ("F", "F", "M")


def test_twice_the_names_and_pronouns_take_twice_the_time(nlp) -> None:
    """A text of thousands of names and pronouns is read in linear time."""
    part = "Ruth Amberley and Walter Strand met Helen Marsh. She told him that they liked it. The two leaders left. "
    annotator = Annotator(nlp, kb=load_kb(None))

    def seconds(text: str) -> float:
        [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=None, language="en")])
        begun = process_time()
        annotator.annotate(article, doc)
        return process_time() - begun

    once, twice = (min(seconds(part * times) for _ in range(2)) for times in (150, 300))
    assert twice <= 2.5 * once + 0.05
