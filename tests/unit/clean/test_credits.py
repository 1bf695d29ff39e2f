"""Items of a by-line: people, agencies, desks, outlets, and all else."""

import pytest

from newslake.pipeline.clean.credits import agency_at_end, agency_at_start, credit_kind_of, is_person_name, outlet_of

OUTLET = outlet_of(("The Harbour Post", None), domain="harbourpost.example")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dpa", "agency"),
        ("DPA", "agency"),
        ("The Associated Press", "agency"),
        ("Agence France-Presse", "agency"),
        ("AFP Deutschland", "agency"),
        ("Agencia EFE", "agency"),
        ("Agencies", "agency"),
        ("Halyard News Agency", "agency"),
        ("Northwire", "agency"),
        ("Ani Marrick", None),
        ("Harbour Post Staff", "desk"),
        ("HP-Redaktion", "desk"),
        ("Sportredaktion", "desk"),
        ("Redaktion harbourpost.example", "desk"),
        ("Redacción", "desk"),
        ("Harbour Post", "outlet"),
        ("harbourpost.example", "outlet"),
        ("THP", "outlet"),
        ("Lagoon Broadcasting", "outlet"),
        ("elsewhere.example", None),
        ("Jo Marrick", None),
        ("Timothy Deskin", None),
        ("in News", None),
        ("https://harbourpost.example/staff", None),
    ],
)
def test_kind_of_a_credit(text: str, kind: str | None) -> None:
    """Each credit has its kind; a person, a foreign host or an address is not a credit."""
    assert credit_kind_of(text, OUTLET) == kind


def test_any_organisation_of_the_markup_is_an_outlet() -> None:
    """A name without a word of organisations is an outlet only if the markup says that it is an organisation."""
    assert credit_kind_of("Salt and Tide", OUTLET, is_organisation=True) == "outlet"
    assert credit_kind_of("Salt and Tide", OUTLET) is None


@pytest.mark.parametrize(
    "text",
    [
        "Jo Marrick",
        "Dr. Tess O’Dell",
        "J. R. Marrick",
        "Anne van der Meer",
        "Łucja Świt",
        "Sid Marrick",
        "牛川",
        "Omar el-Marrick",
        "Anne d’Arlen",
    ],
)
def test_names_of_people(text: str) -> None:
    """Titles, initials before a name and particles are parts of names; a Chinese name is one word."""
    assert is_person_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "Washington",
        "New York",
        "Follow",
        "View all",
        "Friday",
        "J. M.",
        "THP",
        "jmr",
        "jo.marrick",
        "Political Editor",
        "Chefredakteurin",
        "World News",
        "The Harbour",
        "Zur Übersicht",
        "Harbour and the sea",
        "Unknown Author",
        "@jo",
        "12 May",
        "Subscribe Now",
        "With Jo Marrick",
    ],
)
def test_texts_that_are_not_names(text: str) -> None:
    """Places, buttons, days, initials, logins, roles, sections, titles and addresses are not people."""
    assert not is_person_name(text, min_words=1)


def test_markup_decides_on_family_names_that_are_words() -> None:
    """With Person in the markup a family name may be a word of organisations; an outlet's name stays one."""
    assert is_person_name("Emily Post", is_person=True)
    assert not is_person_name("Emily Post")
    assert not is_person_name("Evening Harbour Post", is_person=True)


def test_agency_after_a_name() -> None:
    """The long name of an agency after a person is taken off; a person alone has none."""
    assert agency_at_end("Jo Marrick Associated Press") == ("Jo Marrick", "Associated Press")
    assert agency_at_end("Jo Marrick") is None


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Halyard News Agency Jo Marrick", None),
        ("Associated Press Writer Jo Marrick", ("Jo Marrick", "Associated Press")),
        ("AP Sports Writer Jo Marrick", ("Jo Marrick", "AP")),
        ("Reuters Jo Marrick", ("Jo Marrick", "Reuters")),
        ("Reuters Middle East", None),
        ("AFP Deutschland", None),
    ],
)
def test_agency_before_a_name(text: str, split: tuple[str, str] | None) -> None:
    """An agency before a person, with or without a role, is taken off; its departments are no people."""
    assert agency_at_start(text) == split
    assert (credit_kind_of(text, OUTLET) == "agency") == (split is None and "Halyard" not in text)


def test_broadcaster_after_a_name() -> None:
    """The initials of a broadcaster after a person are taken off; alone they are an outlet."""
    assert agency_at_end("Jo Marrick BBC News") == ("Jo Marrick", "BBC News")
    assert agency_at_end("Jo Marrick CNN") == ("Jo Marrick", "CNN")
    assert credit_kind_of("CNN", OUTLET) == "outlet"


@pytest.mark.parametrize("text", ["Una Marrick", "Des Marrick", "Les Marrick"])
def test_forenames_that_are_articles(text: str) -> None:
    """A forename that is an article in another language begins a name."""
    assert is_person_name(text)
