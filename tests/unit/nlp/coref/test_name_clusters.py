"""Which names belong to one entity, on invented sentences."""

import pytest

from tests.unit.nlp.names_case import linked_names, names_of

pytestmark = pytest.mark.model


def test_a_shared_family_name_belongs_to_both(nlp) -> None:
    """ "Tom and Ana Brito" are two people with one surname; the honorific decides."""
    text = "Tom and Ana Brito run the pub.\n\nMr Brito said he was tired. Mrs Brito was not."
    assert linked_names(nlp, text) == [
        ("Tom", "Tom Brito"),
        ("Ana Brito", "Ana Brito"),
        ("Brito", "Tom Brito"),
        ("Brito", "Ana Brito"),
    ]


@pytest.mark.parametrize(
    ("text", "short", "full"),
    [
        ("Ruben van der Meulen came.\n\nVan der Meulen spoke.", "Van der Meulen", "Ruben van der Meulen"),
        ("They saw Osama bin Farouk.\n\nMr bin Farouk left.", "bin Farouk", "Osama bin Farouk"),
        ("They met Ana Maria Lio da Costa.\n\nLio resigned.", "Lio", "Ana Maria Lio da Costa"),
        ("They met Khalid al-Rashidi.\n\nMr Rashidi left.", "Rashidi", "Khalid al-Rashidi"),
        ("They met Dr J. K. Mallory.\n\nMallory resigned.", "Mallory", "J. K. Mallory"),
        ('Police held William "Billy" Harker.\n\nHarker denied it.', "Harker", 'William "Billy" Harker'),
        ("King Olav IV came to Tolmere.\n\nKing Olav wept.", "Olav", "Olav IV"),
        ("The Tolmere Gazette closed.\n\nReaders of the Gazette wept.", "Gazette", "Tolmere Gazette"),
        ("Penwick Town lost again.\n\nFans of Town wept.", "Town", "Penwick Town"),
        ("Southbound Ferries sank.\n\nShares in Southbound fell.", "Southbound", "Southbound Ferries"),
        ("Acme Holdings fell.\n\nShares in Acme fell by half.", "Acme", "Acme Holdings"),
    ],
)
def test_a_short_name_finds_the_full_one(nlp, text: str, short: str, full: str) -> None:
    """Surnames with particles, initials, numerals and short forms belong to the fuller name."""
    assert (short, full) in linked_names(nlp, text)


@pytest.mark.parametrize(
    "text",
    [
        "The Harbour Safety Commission (HSC) closed the bridge. HSC staff left.",
        "The HSC (Harbour Safety Commission) closed the bridge. HSC staff left.",
    ],
)
def test_an_acronym_in_brackets_is_explained_in_either_order(nlp, text: str) -> None:
    """A long form and its acronym are one entity with the long name."""
    assert {name.entity_name for name in names_of(nlp, text)} == {"Harbour Safety Commission"}


def test_a_surname_in_a_headline_takes_no_adjacent_words(nlp) -> None:
    """If every word is capitalised, the body decides how long a name is."""
    text = "Senate Panel Backs Delgado for Treasury Post\n\nMarisol Delgado left on Monday. The ward was quiet."
    assert ("Delgado", "Marisol Delgado") in linked_names(nlp, text)


def test_two_bearers_of_a_surname_stay_separate(nlp) -> None:
    """A surname whose two bearers were just named is unresolved, with low confidence."""
    text = "Maya Stone met David Stone in Tolmere.\n\nStone said nothing."
    name = names_of(nlp, text)[-1]
    assert (name.entity_text, name.entity_type, name.entity_name) == ("Stone", "PERSON", None)
    assert name.confidence < 0.5


def test_a_forename_that_is_a_particle_is_a_forename(nlp) -> None:
    """Al, Ben and Van begin a full name, unless somebody's name ends with the particle and the surname."""
    names = names_of(nlp, "Tipper Gorham sang.\n\nAl Gorham spoke after her.\n\nBen Gorham left with Al Gorham.")
    assert [name.entity_name for name in names] == ["Tipper Gorham", "Al Gorham", "Ben Gorham", "Al Gorham"]
    assert ("Al Rashidi", "Ahmed al-Rashidi") in linked_names(nlp, "Ahmed al-Rashidi spoke.\n\nAl Rashidi left.")


def test_the_office_decides_between_two_bearers(nlp) -> None:
    """The surname after a title is the bearer's whose full name has the title."""
    text = "President Joe Harlan defended his son Hunter Harlan.\n\n{} Harlan said it was over."
    assert linked_names(nlp, text.format("President"))[-1] == ("Harlan", "Joe Harlan")
    assert linked_names(nlp, text.format("Senator"))[-1] == ("Harlan", None)


def test_a_relative_is_another_person(nlp) -> None:
    """ "The brother of Inspector Lynd" is not Inspector Lynd; "the harbour of Inspector Lynd" proves nothing."""
    names = linked_names(nlp, "Peter Lynd, the brother of Inspector Lynd, drove. Inspector Lynd was at home.")
    assert names == [("Peter Lynd", "Peter Lynd"), ("Lynd", "Lynd"), ("Lynd", "Lynd")]
    names = linked_names(nlp, "Pierre Charles Dufour was the second son of Pierre Dufour, a painter.")
    assert names == [("Pierre Charles Dufour", "Pierre Charles Dufour"), ("Pierre Dufour", "Pierre Dufour")]
    names = linked_names(nlp, "Pierre Charles Dufour sailed in the boat of Pierre Dufour, a painter.")
    assert {name for _, name in names} == {"Pierre Charles Dufour"}


def test_a_forename_that_was_named_is_not_the_surname_of_somebody_later(nlp) -> None:
    """ "Darrin" is Darrin Yusuf until somebody else with that surname is named."""
    text = "Photographer Darrin Yusuf ran to the site.\n\nDarrin took pictures.\n\nMohammed Darrin, a farmer, wept."
    assert linked_names(nlp, text) == [
        ("Darrin Yusuf", "Darrin Yusuf"),
        ("Darrin", "Darrin Yusuf"),
        ("Mohammed Darrin", "Mohammed Darrin"),
    ]
    text = "Darrin Yusuf ran.\n\nMohammed Darrin, a farmer, wept.\n\nDarrin had lost his barn."
    assert linked_names(nlp, text)[-1] == ("Darrin", "Mohammed Darrin")


def test_a_town_is_not_its_police(nlp) -> None:
    """The name of a place is no short form of its police."""
    text = "The Tolmere Police held a man.\n\nHe had come to Tolmere by train."
    assert ("Tolmere", "Tolmere Police") not in linked_names(nlp, text)


def test_an_acronym_of_a_place_leaves_no_word_out(nlp) -> None:
    """ "IO" is not the Isle of Orrin; an organisation leaves out "of"."""
    names = names_of(nlp, "The Isle of Orrin is quiet.\n\nThe IO opened a school. Members of the IO voted.")
    assert len({name.cluster_index for name in names}) == 2
    text = "The Commission of Harbour Safety met.\n\nThe CHS opened a school. Members of the CHS voted."
    assert ("CHS", "Commission of Harbour Safety") in linked_names(nlp, text)


@pytest.mark.parametrize(("acronym", "name"), [("HSA", "Norwegian Harbour Safety Agency"), ("HSC", "HSC")])
def test_an_acronym_leaves_a_country_out(nlp, acronym: str, name: str) -> None:
    """A country before a name is no part of its acronym."""
    text = f"The Norwegian Harbour Safety Agency met.\n\nThe {acronym} opened a school. Members of the {acronym} voted."
    assert (acronym, name) in linked_names(nlp, text)


def test_a_party_is_not_its_committee(nlp) -> None:
    """The knowledge base has both."""
    names = names_of(nlp, "The Democratic National Committee met. The Democratic Party was silent.")
    assert len({name.cluster_index for name in names}) == 2


def test_the_first_bearer_keeps_the_surname(nlp) -> None:
    """A surname that referred to one person refers to that person again after a namesake."""
    text = (
        "Maya Stone won the vote.\n\nStone thanked voters.\n\nDavid Stone was not there.\n\nIt rained all day.\n\n"
        "Crowds sang.\n\nStone will begin in May."
    )
    assert linked_names(nlp, text)[-1] == ("Stone", "Maya Stone")


def test_the_surname_belongs_to_the_topic_of_the_article(nlp) -> None:
    """If the article repeats only one bearer's full name, the surname alone refers to that person."""
    text = (
        "Walter Pym, the voice of the harbour, has died.\n\nWalter Pym was born in Hull, the son of a docker,"
        " Ernest Pym.\n\nPym read English at school."
    )
    assert ("Pym", "Walter Pym") in linked_names(nlp, text)


def test_a_common_noun_is_not_always_a_short_name(nlp) -> None:
    """ "House" alone is not the White House."""
    text = "The White House was silent. Members of the House voted at noon."
    assert ("House", "White House") not in linked_names(nlp, text)


def test_many_bearers_of_one_name_take_linear_time(nlp) -> None:
    """A surname with hundreds of bearers is unresolved, and its full names stay separate."""
    text = ". ".join(f"Mr Ab{chr(97 + i // 26)}{chr(97 + i % 26)} Harlan spoke" for i in range(200))
    names = names_of(nlp, f"{text}.\n\nMr Harlan left.")
    assert names[-1].entity_name is None
    assert len({name.cluster_index for name in names[:-1]}) > 150


def test_two_kings_of_one_name_stay_separate(nlp) -> None:
    """A numeral separates two bearers of a name."""
    names = names_of(nlp, "King Olav IV died in 1920. King Olav V came after him.")
    assert len({name.cluster_index for name in names}) == 2


def test_two_middle_initials_are_two_people(nlp) -> None:
    """Full names with different middle initials are not merged."""
    names = names_of(nlp, "Senator George W. Harlan spoke. His father, George H. Harlan, listened.")
    assert len({name.cluster_index for name in names if "Harlan" in name.entity_text}) == 2


def test_a_spelling_in_capitals_is_not_the_name(nlp) -> None:
    """The entity has the name as written in the body."""
    text = "MAYOR DELANEY QUITS AFTER LONG NIGHT\n\nMr Delaney quit on Monday. Delaney was sorry."
    assert {name.entity_name for name in names_of(nlp, text)} == {"Delaney"}


def test_a_couple_is_two_people(nlp) -> None:
    """ "Mr and Mrs Stone" is nobody's name, and a bare surname may be either's."""
    text = "Mr and Mrs Stone left.\n\nMr Stone was angry.\n\nMrs Stone was calm.\n\nStone drove."
    couple, husband, wife, driver = names_of(nlp, text)
    assert (couple.cluster_index, driver.cluster_index) == (None, None)
    assert (husband.gender, wife.gender) == ("M", "F")
    assert husband.cluster_index != wife.cluster_index
    assert husband.entity_id != wife.entity_id
    couple, doctor = names_of(nlp, "Dr and Mrs Stone left.\n\nDr Stone said he was ill.")
    assert (couple.cluster_index, doctor.gender) == (None, "M")
    assert linked_names(nlp, "Messrs Stone and Finch left.")[0] == ("Stone", "Stone")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Otto Pym Sr. founded the bank. Otto Pym Jr. sold it. Pym Jr wept. Pym Sr died.",
            ["Otto Pym Sr", "Otto Pym Jr", "Otto Pym Jr", "Otto Pym Sr"],
        ),
        (
            "Otto Pym founded the bank. His son Otto Pym Jr. sold it. Otto Pym died.",
            ["Otto Pym", "Otto Pym Jr", "Otto Pym"],
        ),
        ("Otto Pym, Jr., sold the bank. Pym wept. Otto Pym Sr. died.", ["Otto Pym Jr", "Otto Pym Jr", "Otto Pym Sr"]),
        ("Otto Pym Jr. sold the bank. Otto Pym wept.", ["Otto Pym", "Otto Pym"]),
    ],
)
def test_a_father_and_a_son_of_one_name_are_two_people(nlp, text: str, names: list[str]) -> None:
    """Jr and Sr, or Jr and a noun for the son, part them; Jr alone is often left out later."""
    assert [name.entity_name for name in names_of(nlp, text)] == names
