"""Pronouns, definite nouns, groups, roles, gender and nationality, on invented sentences."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Entity
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.nlp.languages import LANGUAGES
from tests.processor_time import is_linear, processor_seconds

pytestmark = pytest.mark.model


def _read(nlp, text: str, *, infer_gender: bool = True) -> tuple[Entity, ...]:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=infer_gender)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=None, language="en")])
    return annotator.annotate(article, doc).entities


def _names(entities: tuple[Entity, ...], text: str) -> list[str | None]:
    return [entity.entity_name for entity in entities if entity.entity_text == text]


def _group(entities: tuple[Entity, ...], text: str) -> list[str]:
    """Return the names of the entities that the first mention with this text refers to."""
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
def test_a_pronoun_joins_its_antecedent(nlp, text: str, pronoun: str, name: str) -> None:
    """Gender, grammatical role and distance decide; a pronoun may precede its name."""
    assert _names(_read(nlp, text), pronoun) == [name]


@pytest.mark.parametrize(
    ("text", "pronoun", "name"),
    [
        ("Cora Finch lives with Philippa Marsh. Cora Finch admires her.", "her", "Philippa Marsh"),
        ("Cora Finch met Hedda Marsh. Marsh told her to wait.", "her", "Cora Finch"),
        ("Colin Finch met Edgar Marsh. Marsh let him wait.", "him", "Colin Finch"),
    ],
)
def test_subject_and_object_of_a_verb_are_different_people(nlp, text: str, pronoun: str, name: str) -> None:
    """This also holds if the object is the subject of an infinitive."""
    assert _names(_read(nlp, text), pronoun) == [name]


def test_the_speaker_is_not_he_in_his_own_quote(nlp) -> None:
    """In a quote its speaker is "I", so "he" is another person or unresolved."""
    text = "Ernest Pike met Walter Strand.\n\n“He knew that the money was gone,” Mr Strand told the council."
    assert _names(_read(nlp, text), "He") == ["Ernest Pike"]


def test_a_name_in_his_words_is_not_he(nlp) -> None:
    """A person named in the words that "he" says is not "he"."""
    text = "Walter Strand met Ernest Pike. He added that Mr Strand was late."
    assert _names(_read(nlp, text), "He") == ["Ernest Pike"]


def test_a_pronoun_has_its_method_and_confidence(nlp) -> None:
    """A resolved pronoun has a method and a confidence; a pleonastic one has no cluster."""
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
        ("Ruth Amberley met Walter Strand in Varnholt to put their names to the plan.", "their"),
        ("Ruth Amberley was a nurse in Oslo for years and Walter Strand drove a bus. They had saved money.", "They"),
        ("Ruth Amberley is a nurse. Walter Strand is a pilot. They are not related.", "They"),
        ("Ruth Amberley met Walter Strand in Oslo. The two leaders ate. Neither spoke. Then they left.", "they"),
    ],
)
def test_a_plural_mention_refers_to_both(nlp, text: str, mention: str) -> None:
    """If exactly two people match, a plural mention has both ids and no id of its own."""
    entities = _read(nlp, text)
    assert sorted(_group(entities, mention)) == ["Ruth Amberley", "Walter Strand"]
    assert _names(entities, mention)[0] is None


def test_two_ministers_are_the_two_with_that_role(nlp) -> None:
    """The role counts more than the distance."""
    text = (
        "Helen Marsh, the interior minister, met Edgar Finch and Colin Pike. Health Minister Ruth Amberley wrote. "
        "The two ministers will talk on Friday."
    )
    assert sorted(_group(_read(nlp, text), "two ministers")) == ["Helen Marsh", "Ruth Amberley"]


def test_their_refers_to_coordinated_countries(nlp) -> None:
    """ "Their" refers to two states joined by "and"."""
    assert _group(_read(nlp, "Portugal and Morocco agreed to share their fish."), "their") == ["Portugal", "Morocco"]


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("Ruth Amberley met reporters with Walter Strand in Varnholt before their bus left.", "their"),
        ("Ruth Amberley was a nurse and Walter Strand drove a bus. Pilots went on strike. They had saved.", "They"),
        ("Ruth Amberley is a nurse. Walter Strand is a pilot. They are not ready.", "They"),
        ("Norway and Peru will share the results, and judges said they have agreed to it.", "they"),
        ("Norway accused Peru and Chile of theft. The old quarrel between the two countries ended.", "two countries"),
    ],
)
def test_a_plural_with_other_referents_is_unresolved(nlp, text: str, mention: str) -> None:
    """A plural noun nearby, a third country, or a predicate of one person each leaves it open."""
    assert all(entity.group_entity_ids is None for entity in _read(nlp, text) if entity.entity_text == mention)


def test_the_two_countries_are_the_only_ones_before(nlp) -> None:
    """A town in between is not a country."""
    text = "Norway accused Peru of theft in Lima. The old quarrel between the two countries ended on Monday."
    assert _group(_read(nlp, text), "two countries") == ["Norway", "Peru"]


def test_they_may_be_states_that_are_the_subject(nlp) -> None:
    """Of two states and a plural object, a plural subject means the subject."""
    text = "Norway and Peru will share the results of fuel tests, and they have agreed not to board ferries."
    assert _group(_read(nlp, text), "they") == ["Norway", "Peru"]


def test_a_counterpart_has_the_same_role(nlp) -> None:
    """So the two are "the two ministers" later; an adviser is not a minister."""
    text = (
        "Ana Brito, the fisheries minister of Norway, spoke to her Chilean {}, Luis Conde. The sea was calm. "
        "Nobody was hurt. Rain fell. The two ministers will meet again."
    )
    assert _group(_read(nlp, text.format("counterpart")), "two ministers") == ["Ana Brito", "Luis Conde"]
    assert all(each.group_entity_ids is None for each in _read(nlp, text.format("adviser")))


def test_two_leaders_may_be_the_only_pair_of_the_article(nlp) -> None:
    """With two pairs it is unknown which is meant."""
    text = (
        "Ruth Amberley and Walter Strand spoke in Varnholt. {} Nobody was hurt. Rain fell. It was late. "
        "The two leaders will meet again."
    )
    assert _group(_read(nlp, text.format("The sea was calm.")), "two leaders") == ["Ruth Amberley", "Walter Strand"]
    two_pairs = _read(nlp, text.format("Ana Brito and Luis Conde slept."))
    assert all(each.group_entity_ids is None for each in two_pairs)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Walter Strand spoke on Monday. A man in his forties was arrested.", None),
        ("Walter Strand spoke on Monday. A steward, who would not give his name, was arrested.", None),
        ("Walter Strand spoke on Monday. One passer-by, who would not give his name, was arrested.", None),
        ("Walter Strand spoke on Monday. A baker on his way to work saw the fire.", None),
        ("Walter Strand spoke on Monday. The passer-by, who knew his name, was arrested.", "Walter Strand"),
        ("Walter Strand spoke on Monday. He had met a steward who knew his name.", "Walter Strand"),
        ("Walter Strand spoke on Monday. He had seen a steward on his way home.", "Walter Strand"),
    ],
)
def test_his_in_the_phrase_of_an_unnamed_person_is_not_a_named_one(nlp, text: str, name: str | None) -> None:
    """Unless that person is not the subject: the subject may own what the phrase names."""
    assert _names(_read(nlp, text), "his") == [name]


def test_she_is_no_place(nlp) -> None:
    """A name after "in" that the model calls a place is no person."""
    text = "The police searched houses in Oakenfell on Monday. She added that they had found nothing."
    assert _names(_read(nlp, text), "She") == [None]


def test_the_he_that_says_a_quote_is_not_the_he_in_it(nlp) -> None:
    """The speaker may be a pronoun itself."""
    text = "Walter Strand beat Ernest Pike. Strand said that it was easy. “He looked left,” he said."
    entities = _read(nlp, text)
    assert (_names(entities, "He"), _names(entities, "he")) == (["Ernest Pike"], ["Walter Strand"])


def test_a_person_is_he_or_she_but_not_both(nlp) -> None:
    """If pronouns disagree, most decide, also for the ones before."""
    text = (
        "Quill Sorrow spoke on Monday about a guest. Then he left. Sorrow said she was glad. She had slept. "
        "Sorrow added that she would stay, and she wrote her book."
    )
    found = {entity.entity_text.lower() for entity in _read(nlp, text) if entity.entity_name == "Quill Sorrow"}
    assert "she" in found
    assert "he" not in found


def test_a_pronoun_of_the_rarer_gender_stays_unresolved(nlp) -> None:
    """If a person is still "he" and "she" when the pronouns are resolved again, the rarer ones are nobody's."""
    entities = _read(nlp, "Ash Fenwick told Tarn she was late. He left early. Tarn praised her speech.")
    assert [_names(entities, word) for word in ("she", "He", "her")] == [["Tarn"], [None], ["Tarn"]]


def test_a_mention_of_two_among_three_is_unresolved(nlp) -> None:
    """If three people match, it is unknown which two are meant."""
    text = "Ruth Amberley met Walter Strand and Helen Marsh in Oslo. The two leaders agreed a plan."
    assert all(entity.group_entity_ids is None for entity in _read(nlp, text))


def test_a_role_noun_refers_to_its_only_bearer(nlp) -> None:
    """ "The minister" is the person introduced as foreign minister."""
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
def test_a_noun_refers_to_the_only_name_with_it(nlp, text: str, noun: str, name: str) -> None:
    """A noun that occurs in exactly one name refers to it; a council is not a company."""
    assert _names(_read(nlp, text), noun) == [name]


def test_an_age_refers_to_the_only_person_before_it(nlp) -> None:
    """ "The 34-year-old" is the only person of the sentences before."""
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
        (
            "Helen Marsh, professor of law at the University of Arlen, spoke.",
            "professor of law at the University of Arlen",
        ),
        ("Helen Marsh, spokeswoman for the Ministry of Health, spoke.", "spokeswoman for the Ministry of Health"),
        ("Helen Marsh, chair of its board, spoke.", "chair of its board"),
        ("Helen Marsh, adviser to the mayor since 2009, spoke.", "adviser to the mayor"),
        ("Helen Marsh, a worker living in Varnholt, spoke.", "worker"),
        ("Helen Marsh, a poet with a knack for jokes, spoke.", "poet"),
        ("Helen Marsh, wife of Prime Minister Colin Pike, spoke.", "wife of Prime Minister Colin Pike"),
        ("Helen Marsh, historian Colin Pike and the nurse Ann Dodd came.", None),
        ("After a talk with Helen Marsh, the mayor said it was late.", None),
        ("They met former House Speaker Helen Marsh on Monday.", "former House Speaker"),
        ("He is the brother of councillor Helen Marsh.", "councillor"),
        ("Writer and teacher Helen Marsh spoke.", "Writer and teacher"),
        ("In the hit series Helen Marsh the sea is red.", None),
        ("He said so about every major deal regarding Helen Marsh.", None),
        ("The Peruvian Secretary of State Helen Marsh spoke.", "Peruvian Secretary of State"),
        ("Prime Minister Sir Helen Marsh spoke.", "Prime Minister"),
        ("The seat is held by left-wing Democratic Rep. Helen Marsh.", "left-wing Democratic Rep."),
        ("Military spokesperson Lt. Gen. Helen Marsh spoke.", "Military spokesperson"),
        ("They met her best friend Helen Marsh at the pier.", "best friend"),
        ("Songs by the guru Helen Marsh are long.", "guru"),
        ("They signed the joint agreement Helen Marsh had drafted.", None),
        ("A local chemist named Helen Marsh spoke.", "local chemist"),
        ("A storm named Helen Marsh came.", None),
        ("Cartoonist Helen Marsh spoke.", "Cartoonist"),
        ("The chemists Helen Marsh and Ann Dodd spoke.", "chemists"),
        ("The chemists met Helen Marsh and Ann Dodd.", None),
        ("The harbour chief at the time, Helen Marsh, spoke.", "harbour chief"),
        ("Turning to her brother, Helen Marsh said it was late.", None),
        ("Raised to the rank of major, Helen Marsh left for Varnholt.", "major"),
        ("As a professor of law, Helen Marsh said it was late.", "professor of law"),
        ("If Helen Marsh becomes the next mayor of Varnholt, taxes rise.", None),
        ("“It is late,” said Helen Marsh, General Manager, Brennick Motors.", "General Manager"),
        ("Helen Marsh, the politically active founder of a club, spoke.", "politically active founder of a club"),
        ("Dodd trails Helen Marsh, 48 percent to 45.", None),
    ],
)
def test_a_role_is_a_whole_phrase(nlp, text: str, role: str | None) -> None:
    """A role may be in apposition or under a verb; it ends before a clause, a time, a manner and another person."""
    assert _first(_read(nlp, text), "Helen Marsh").role_text == role


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("French President Helen Marsh spoke on Monday.", ("FRA", "nationality")),
        ("The Hungarian minister Helen Marsh spoke on Monday.", ("HUN", "nationality")),
        ("Helen Marsh, president of Peru, spoke on Monday.", ("PER", "role")),
        ("Helen Marsh, ambassador to Peru, spoke on Monday.", (None, None)),
        ("The scheme was announced by United States President Helen Marsh.", ("USA", "role")),
        ("Helen Marsh, chief of the Bank of England, spoke.", ("GBR", "affiliation")),
        ("Helen Marsh, a nurse at Leeds University, spoke.", ("GBR", "affiliation")),
        ("Helen Marsh, a Leeds striker, spoke.", (None, None)),
        ("Helen Marsh, a native of Leeds, spoke.", ("GBR", "affiliation")),
        ("Senator Helen Marsh (D-Ohio) spoke.", ("USA", "affiliation")),
        ("Helen Marsh, 61, of Porto, Portugal, spoke.", ("PRT", "affiliation")),
        ("Helen Marsh arrived at a Porto airport.", (None, None)),
        ("Helen Marsh was born in Lisbon, Portugal, in 1960.", ("PRT", "birthplace")),
        ("Helen Marsh was beaten in Lisbon, Portugal, in 1960.", (None, None)),
        ("The Kenyan-born runner Helen Marsh won.", ("KEN", "birthplace")),
        ("The Iran-backed leader Helen Marsh spoke.", (None, None)),
        ("Helen Marsh, a Mexican-American nurse, spoke.", ("USA", "nationality")),
        ("Helen Marsh, a Russian-Italian nurse, spoke.", (None, None)),
        ("The Italian nurse Helen Marsh was born in Lisbon, Portugal.", ("ITA", "nationality")),
        ("China correspondent Helen Marsh wrote.", (None, None)),
        ("Helen Marsh, a Russian history teacher, spoke.", (None, None)),
        ("The governor of Georgia, Helen Marsh, spoke.", (None, None)),
        ("Georgia Secretary of State Helen Marsh spoke.", ("USA", "affiliation")),
        ("Georgia coach Helen Marsh spoke.", (None, None)),
        ("A Nairobi-based analyst, Helen Marsh, spoke.", ("KEN", "affiliation")),
        ("A Nairobi-based correspondent, Helen Marsh, spoke.", (None, None)),
        ("A Nairobi-bound analyst, Helen Marsh, spoke.", (None, None)),
        ("Helen Marsh of Brennick Partners, a London-based firm, spoke.", ("GBR", "affiliation")),
        ("Helen Marsh of Brennick Partners, a firm with a London-based rival, spoke.", (None, None)),
        ("Helen Marsh, a coordinator who is based in Nairobi, spoke.", ("KEN", "affiliation")),
        ("Helen Marsh, a nurse at Marsh Hospital in Nairobi, spoke.", ("KEN", "affiliation")),
        ("Helen Marsh, a rower with Marsh Athletic in Nairobi, spoke.", (None, None)),
        ("Helen Marsh, an attaché at the embassy in Nairobi, spoke.", (None, None)),
        ("Helen Marsh, a beekeeper from Nairobi, spoke.", ("KEN", "affiliation")),
        ("US historian Helen Marsh spoke.", ("USA", "role")),
        ("US editor Helen Marsh spoke.", (None, None)),
        ("The Chinese American nurse Helen Marsh spoke.", ("USA", "nationality")),
        ("The South American nurse Helen Marsh spoke.", (None, None)),
        ("Helen Marsh, a sociologist at the University of Wisconsin-Madison, spoke.", ("USA", "affiliation")),
        ("Helen Marsh is a Kenyan beekeeper.", ("KEN", "nationality")),
        ("Helen Marsh is a Spanish teacher.", (None, None)),
        ("Helen Marsh, MEC for Health, spoke.", ("ZAF", "office")),
    ],
)
def test_a_country_has_its_evidence(nlp, text: str, country: tuple[str | None, str | None]) -> None:
    """Nationality, state of the role, affiliation and birthplace count, in this order; a topic or a target does not."""
    person = _first(_read(nlp, text), "Helen Marsh")
    assert (person.country_code, person.country_method) == country


@pytest.mark.parametrize(
    ("office", "country"),
    [
        ("President Helen Marsh", "PER"),
        ("The Supreme Court justices Helen Marsh and Ann Dodd", "PER"),
        ("Varnholt's foreign minister, Helen Marsh,", None),
        ("Treasurer Helen Marsh", None),
    ],
)
def test_an_office_of_state_is_of_the_country_that_the_article_names_most(
    nlp, office: str, country: str | None
) -> None:
    """Others that it names much less do not matter; an owner does, and so does an office outside the state."""
    text = f"Peru voted in spring. Peru and Chile sell fish, and Peru and Spain buy it. {office} spoke."
    assert _first(_read(nlp, text), "Helen Marsh").country_code == country


@pytest.mark.parametrize(
    ("places", "country"),
    [
        ("Peru is dry. Peru is large. The Peruvian coast is long.", ("PER", "office")),
        ("Peru is dry. Chile is long. Bolivia has no coast.", (None, None)),
        ("Sweden is cold. Sweden is large. The Swedish coast is long.", (None, None)),
    ],
)
def test_an_office_of_state_is_of_the_country_of_the_article(nlp, places: str, country: tuple[str, str]) -> None:
    """A president without a state has that of an article about one country, unless it is a kingdom."""
    person = _first(_read(nlp, f"{places} President Helen Marsh spoke on Monday."), "Helen Marsh")
    assert (person.country_code, person.country_method) == country


def test_every_person_has_a_gender(nlp) -> None:
    """Also an unresolved pronoun and a group of persons; nothing else, and nobody if genders are not inferred."""
    text = "She left. Helen Marsh and Colin Pike of Brennick Motors spoke. The two ministers said “we know him”."
    for infer_gender in (True, False):
        entities = _read(nlp, text, infer_gender=infer_gender)
        genders = {(each.entity_type == "PERSON", each.gender is not None) for each in entities}
        assert genders == {(True, infer_gender), (False, False)}


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
def test_gender_names_its_evidence(nlp, text: str, gender: tuple[str, str]) -> None:
    """Honorific before pronoun before forename; without any it is unknown."""
    person = next(entity for entity in _read(nlp, text) if entity.entity_type == "PERSON")
    assert (person.gender, person.gender_method) == gender


def test_forenames_of_both_genders_show_none() -> None:
    """Names of both genders, or that are also surnames, are in no list."""
    forenames = LANGUAGES["en"].names.forenames
    assert {name: forenames.get(name) for name in ("robin", "kim", "andrea", "jean")} == dict.fromkeys(
        ("robin", "kim", "andrea", "jean")
    )
    assert (forenames["ngozi"], forenames["deborah"], forenames["kwame"]) == ("F", "F", "M")


def test_time_is_linear_in_names_and_pronouns(nlp) -> None:
    """A text with thousands of names and pronouns takes linear time."""
    part = "Ruth Amberley and Walter Strand met Helen Marsh. She told him that they liked it. The two leaders left. "
    annotator = Annotator(nlp, kb=load_kb(None))

    def seconds(times: int) -> float:
        text = article_from_text(part * times, title=None, published_at=None, language="en")
        [(article, doc)] = annotator.docs([text])
        return processor_seconds(lambda: annotator.annotate(article, doc))

    assert is_linear(seconds, 40)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Walter Strand was late, so Amberley opened the meeting. He lit the lamp.", "Amberley"),
        ("Walter Strand was late, so Quorrel Amberley opened the meeting. He lit the lamp.", "Walter Strand"),
    ],
)
def test_a_surname_alone_is_no_evidence_against_he(nlp, text: str, name: str) -> None:
    """A forename that no list has makes "he" less likely, a surname without a forename does not."""
    assert _names(_read(nlp, text), "He") == [name]


@pytest.mark.parametrize(
    ("text", "pronoun", "name"),
    [
        ("Edgar Marsh said he was tired; Amberley replied that lectures were cheap.", "he", "Edgar Marsh"),
        ("In his speech, Amberley replied that lectures were cheap.", "his", "Walter Amberley"),
    ],
)
def test_a_later_name_is_not_he_if_he_has_said_it_himself(nlp, text: str, pronoun: str, name: str) -> None:
    """In "Marsh said he", he is Marsh or somebody named before, not the subject that follows."""
    before = "Walter Amberley is a baker. Amberley bakes bread. "
    assert _names(_read(nlp, before + text), pronoun) == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Brennick Rovers lost again. The crowd went home early because she was angry.", [None]),
        ("Radio Norrskel is old. Later she slept.", [None]),
        ("Helen Rivers is old. Later she slept.", ["Helen Rivers"]),
    ],
)
def test_a_team_or_station_is_never_she(nlp, text: str, names: list[str | None]) -> None:
    """A name of several words that begins or ends like an organisation is no person whom the model missed."""
    assert _names(_read(nlp, text), "she") == names
