"""The boundaries of names, on invented sentences."""

import pytest

from tests.unit.nlp.names_case import names_of, typed_names

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pope Gregory II prayed in silence.", ("Gregory II", "PERSON")),
        ("Photograph: Ana Castellan/Reuters.", ("Ana Castellan", "PERSON")),
        ('Police arrested William "Billy" Harker at dawn.', ('William "Billy" Harker', "PERSON")),
        ("The Tolmere Gazette reported that the ferry had sunk.", ("Tolmere Gazette", "ORG")),
        ("The frigate HMS Vigilant left the harbour.", ("HMS Vigilant", "PRODUCT")),
        ("She teaches at the University of East Orrin.", ("University of East Orrin", "ORG")),
        ("Hurricane Ellen struck the coast at noon.", ("Hurricane Ellen", "EVENT")),
        ("The engineer, Scotsman James Fenwick, built it.", ("James Fenwick", "PERSON")),
        ("Because Aldous Fenwick took it away, he left.", ("Aldous Fenwick", "PERSON")),
        ("Madame Fontclar served tea.", ("Fontclar", "PERSON")),
        ("Rep. Maya Stone, D-Ohio, agreed with him.", ("Ohio", "GPE")),
        ("The driver was questioned by Det Ch Insp Rosa Finch.", ("Rosa Finch", "PERSON")),
        ("Nobody was hurt, Constable Ayo Finch said.", ("Ayo Finch", "PERSON")),
        ("Serena Blake beat Irina Novotna 6-4, 6-3.", ("Irina Novotna", "PERSON")),
        ("Follow Ian Hatchett on Twitter @IanHatchett.", ("Ian Hatchett", "PERSON")),
        ("The port is run by the City of Orrin, she said.", ("City of Orrin", "GPE")),
        ("The band hired Isabel Moreno of Castile Press.", ("Isabel Moreno", "PERSON")),
    ],
)
def test_a_name_has_all_its_words_and_no_others(nlp, text: str, name: tuple[str, str]) -> None:
    """Numerals, nicknames and type words are part of a name; credits, roles and parties are not."""
    assert name in typed_names(nlp, text)


@pytest.mark.parametrize(
    "text",
    [
        "Her Majesty declined to comment.",
        "Bananas and fuel ran short on the island.",
        "The temple was built in 512 BC and burnt in 90 AD.",
        "The shops are closed at Easter.",
        "The MPs voted at midnight.",
        "The Minister of State resigned.",
        "He wrote #SaveTheGazette under the photo.",
    ],
)
def test_a_capitalised_word_is_not_always_a_name(nlp, text: str) -> None:
    """Forms of address, first words, eras, offices and tags are not names."""
    assert typed_names(nlp, text) == []


def test_a_short_form_may_end_the_text(nlp) -> None:
    """A known forename at the end of the text is one word, although the full name is longer elsewhere."""
    text = "Ana Castellan met Ana Brito. Ana Castellan smiled. Everybody likes Ana"
    assert typed_names(nlp, text)[-1] == ("Ana", "PERSON")


def test_both_honorifics_of_a_couple_are_one_title(nlp) -> None:
    """ "Mr and Mrs" is one title."""
    [name] = names_of(nlp, "Mr and Mrs Dunmore said they had lost everything.")
    assert (name.entity_text, name.honorific_text) == ("Dunmore", "Mr and Mrs")


def test_two_surnames_are_two_people(nlp) -> None:
    """Two people known in the article are separated if "and" joins their surnames."""
    text = "Laura Barnes designed the bridge with Ruth Tilling.\n\nBy June, Barnes and Tilling had drawn the plans."
    assert typed_names(nlp, text)[-2:] == [("Barnes", "PERSON"), ("Tilling", "PERSON")]


def test_a_surname_that_is_a_month_stays_with_the_forename(nlp) -> None:
    """ "Eleanor March" is one name if the article knows a Mrs March."""
    text = "They will stay until Eleanor March, the leader, speaks. Mrs March has said no. Mrs March is away."
    assert typed_names(nlp, text)[0] == ("Eleanor March", "PERSON")


def test_capitals_in_a_headline_do_not_make_names(nlp) -> None:
    """If all words are capitalised, only names known from the body or the model count, without common words."""
    title = "Minister Defends Rail Plan As Okafor Hits Out"
    text = "Chidi Okafor hit out on Monday.\n\nThe minister said she would defend the rail plan."
    names = names_of(nlp, f"{title}\n\n{text}", title)
    assert [name.entity_text for name in names if name.start_char < len(title)] == ["Okafor"]


def test_known_names_are_found_in_capitals(nlp) -> None:
    """A sentence in capitals has the names that are known from the rest of the article."""
    text = "POLICE ARREST CHIDI OKAFOR AFTER LONG CHASE\n\nChidi Okafor was arrested on Monday. Okafor denies it."
    names = names_of(nlp, text)
    assert (names[0].entity_text, names[0].entity_name) == ("CHIDI OKAFOR", "Chidi Okafor")


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_text_of_one_case_is_harmless(nlp, change) -> None:
    """A text all in lower or upper case gives exact spans and raises nothing."""
    text = change("Mayor John Delaney quit on Monday. Mr Delaney told the Leeds Post that he was sorry.")
    assert all(text[name.start_char : name.end_char] == name.entity_text for name in names_of(nlp, text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("US Representative Dean Finch resigned.", "Dean Finch"),
        ("Orrin Chief Executive Ana Brito resigned.", "Ana Brito"),
        ("President Luiz Inácio Brito da Silva resigned.", "Luiz Inácio Brito da Silva"),
        ("The actor is her friend (Josh O’Connor).", "Josh O’Connor"),
        ("The last day was long.—Ana Brito", "Ana Brito"),
        ("They praised Ana Brito‘s new album.", "Ana Brito"),
        ("Two people, Ida Finch and Lyndra Mays, have been charged.", "Lyndra Mays"),
    ],
)
def test_a_person_has_the_whole_name(nlp, text: str, name: str) -> None:
    """A forename that is also a title, a long name, an Irish surname and marks without a space leave the name whole."""
    assert (name, "PERSON") in typed_names(nlp, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ana Brito is the Chief Brand Officer of Orrin.", "Brand"),
        ("Most Gen Z women agreed.", "Z"),
        ("An EVA Air flight has returned.", "EVA Air"),
        ("Last year Athena Advisers recorded a loss.", "Athena Advisers"),
        ("The dancers of Ana Brito Dance Theatre have left.", "Ana Brito Dance"),
        ("Wearing the glittering Imperial Crown, he read the speech.", "Imperial Crown"),
        ("She wore white. Radar Online called her skinny.", "Radar Online"),
    ],
)
def test_words_that_look_like_a_name_are_no_person(nlp, text: str, name: str) -> None:
    """A title's own words, a firm's and a theatre's name, and the subject of a verb whose object is "her"."""
    assert (name, "PERSON") not in typed_names(nlp, text)


def test_a_forename_alone_is_the_person_named_in_full(nlp) -> None:
    """A forename of a full name is a person's; a place with a name like a forename stays a place."""
    text = "Crystal Finch resigned. Her friend said, “Crystal was happy here.”"
    assert ("Crystal", "PERSON") in typed_names(nlp, text)
    assert ("Gauteng", "GPE") in typed_names(nlp, "Rain fell throughout Gauteng. Gauteng Cogta warned of floods.")
