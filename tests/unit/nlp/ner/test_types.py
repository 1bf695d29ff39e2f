"""Entity types of names, on invented sentences."""

import pytest

from tests.unit.nlp.names_case import typed_names

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Donnelly released a record in 1971.", ("Donnelly", "PERSON")),
        ("Weissmann was born in Dresden.", ("Weissmann", "PERSON")),
        ("Kettering's brother Jim sang at the wedding.", ("Kettering", "PERSON")),
        ("In Palmera, 12 people died.", ("Palmera", "GPE")),
        ("Police said Lake Orrin had flooded.", ("Lake Orrin", "LOC")),
        ("They met in Kettle Lane at noon.", ("Kettle Lane", "FAC")),
        ("The Harbour and Bridge Authority closed the bridge.", ("Harbour and Bridge Authority", "ORG")),
        ("Patrick Weiss was held. Nobody knew why Weiss had run.", ("Weiss", "PERSON")),
        ("The Trump administration said so.", ("Trump", "PERSON")),
        ("The Chicago Bulls beat the Lakers.", ("Lakers", "ORG")),
        ("The boats are sold by his daughter Elin.", ("Elin", "PERSON")),
        ("Mr Finch, 34, of Quellby, was fined.", ("Quellby", "GPE")),
        ("Hurricane Bertha hit Orrin. Forecasters in Miami said Bertha had weakened.", ("Bertha", "EVENT")),
        ("Ida Novak was given the Priestwick Medal.", ("Priestwick Medal", "WORK_OF_ART")),
        ("Barrow & Finch signed the deal.", ("Barrow & Finch", "ORG")),
        ("They slept at the Ida Quell Hostel.", ("Ida Quell Hostel", "FAC")),
        ("Ida Novak won the Tom Priestwick Award.", ("Tom Priestwick Award", "WORK_OF_ART")),
        ("Studio Marlok made the film.", ("Studio Marlok", "ORG")),
        ("Sen. Ana Brito, D-Ariz., was late.", ("Ariz.", "GPE")),
        ("It was 40 degrees Fahrenheit when Ida Springs and Tom Creek met.", ("Ida Springs", "PERSON")),
    ],
)
def test_words_in_and_next_to_a_name_show_its_type(nlp, text: str, name: tuple[str, str]) -> None:
    """Verbs and kinship nouns show people, prepositions and nouns places, the final word an organisation."""
    assert name in typed_names(nlp, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Divers searched the ferry Marisol in the bay.", ("Marisol", "PRODUCT")),
        ("Divers searched the ferry Isabella in the bay.", ("Isabella", "PRODUCT")),
        ("The mayor of Quellby resigned.", ("Quellby", "GPE")),
        ("They trust the engineering firm Sorrel Vane for that.", ("Sorrel Vane", "ORG")),
        ("She complained to the Gazette about it.", ("Gazette", "ORG")),
    ],
)
def test_adjacent_nouns_show_the_type_of_a_name(nlp, text: str, name: tuple[str, str]) -> None:
    """ "The ferry X" is a ship, "mayor of X" names a town, "the firm X" an organisation, "the Gazette" a paper."""
    assert name in typed_names(nlp, text)


def test_a_surname_shows_the_type_of_a_full_name(nlp) -> None:
    """A full name that the model labels as a town is a person's if its surname is used alone for a person."""
    text = "Arsenal's Bukola Adeyemi missed a penalty. Adeyemi was booked later. Adeyemi apologised to the fans."
    assert {kind for name, kind in typed_names(nlp, text) if name.endswith("Adeyemi")} == {"PERSON"}


def test_the_surname_of_a_person_found_late_is_searched_for(nlp) -> None:
    """If evidence makes a name a person only after the first search, the surname is searched for too."""
    text = "Orbis CEO Satya Raman said the deal would help. Last year Raman cut 4,000 jobs."
    assert [kind for name, kind in typed_names(nlp, text) if name.endswith("Raman")] == ["PERSON", "PERSON"]


def test_the_short_name_of_a_team_is_not_a_person(nlp) -> None:
    """ "Ashby" is the team that the article calls "Ashby Town"."""
    text = "Ashby Town lost again on Saturday. Norden beat Ashby 4-1. Ashby's goalkeeper left the pitch."
    assert ("Ashby", "ORG") in typed_names(nlp, text)


def test_a_spelling_has_one_type(nlp) -> None:
    """All mentions of one spelling have one type."""
    text = "Acme Holdings fell. Acme said so. Shares in Acme fell by 3 percent. Acme was founded in Leeds."
    assert len({kind for name, kind in typed_names(nlp, text) if name == "Acme"}) == 1
