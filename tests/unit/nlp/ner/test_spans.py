"""Where names begin and end, on invented sentences."""

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
def test_a_name_has_all_its_words_and_no_other(nlp, text: str, name: tuple[str, str]) -> None:
    """Numerals, nicknames and the words for its kind belong to a name; credits, roles and parties do not."""
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
def test_what_is_written_large_is_not_always_a_name(nlp, text: str) -> None:
    """Forms of address, first words, eras, offices and tags are no names."""
    assert typed_names(nlp, text) == []


def test_a_short_form_may_be_the_last_word_of_the_text(nlp) -> None:
    """A known forename that ends the text is one word, though the full name goes on after it elsewhere."""
    text = "Ana Castellan met Ana Brito. Ana Castellan smiled. Everybody likes Ana"
    assert typed_names(nlp, text)[-1] == ("Ana", "PERSON")


def test_both_of_a_couple_stand_before_their_name(nlp) -> None:
    """ "Mr and Mrs" is one title."""
    [name] = names_of(nlp, "Mr and Mrs Dunmore said they had lost everything.")
    assert (name.entity_text, name.honorific_text) == ("Dunmore", "Mr and Mrs")


def test_two_surnames_are_two_people(nlp) -> None:
    """Two people whom the article knows are told apart where "and" joins their surnames."""
    text = "Laura Barnes designed the bridge with Ruth Tilling.\n\nBy June, Barnes and Tilling had drawn the plans."
    assert typed_names(nlp, text)[-2:] == [("Barnes", "PERSON"), ("Tilling", "PERSON")]


def test_a_surname_that_is_a_month_stays_with_the_forename(nlp) -> None:
    """ "Eleanor March" is one name where the article knows a Mrs March."""
    text = "They will stay until Eleanor March, the leader, speaks. Mrs March has said no. Mrs March is away."
    assert typed_names(nlp, text)[0] == ("Eleanor March", "PERSON")


def test_a_headline_names_nobody_by_its_capitals(nlp) -> None:
    """Where all words are large, only what the body knows or the model finds is a name, without common words."""
    title = "Minister Defends Rail Plan As Okafor Hits Out"
    text = "Chidi Okafor hit out on Monday.\n\nThe minister said she would defend the rail plan."
    names = names_of(nlp, f"{title}\n\n{text}", title)
    assert [name.entity_text for name in names if name.start_char < len(title)] == ["Okafor"]


def test_known_names_are_found_in_capitals(nlp) -> None:
    """A sentence in capitals has the names that the article knows otherwise."""
    text = "POLICE ARREST CHIDI OKAFOR AFTER LONG CHASE\n\nChidi Okafor was arrested on Monday. Okafor denies it."
    names = names_of(nlp, text)
    assert (names[0].entity_text, names[0].entity_name) == ("CHIDI OKAFOR", "Chidi Okafor")


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_text_of_one_case_is_harmless(nlp, change) -> None:
    """All small or all large letters give exact spans and raise nothing."""
    text = change("Mayor John Delaney quit on Monday. Mr Delaney told the Leeds Post that he was sorry.")
    assert all(text[name.start_char : name.end_char] == name.entity_text for name in names_of(nlp, text))
