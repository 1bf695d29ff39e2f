"""Things that are called like people, on invented sentences."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.ner.persons import drop_false_persons
from newslake.pipeline.nlp.ner.spans import Name, folded_forms
from newslake.pipeline.nlp.tokens import gather_tokens

pytestmark = pytest.mark.model


def _checked(nlp, text: str, *names: str) -> list[tuple[str, str]]:
    """Return the names left of those in ``names``, each given as a PERSON wherever it occurs, with their types."""
    article = article_from_text(text, title=None, published_at=None, language="en")
    tokens = gather_tokens(nlp(text), article)
    given = []
    for name in names:
        words = name.split()
        for first in range(len(tokens) - len(words) + 1):
            if tokens.text[first : first + len(words)] == words:
                given.append(Name(first, first + len(words) - 1, "PERSON"))
    given.sort(key=lambda name: name.first)
    forms = folded_forms(tokens, given)
    kept = drop_false_persons(tokens, tuple(given), forms, LANGUAGES["en"].names, load_kb(None))
    return [(tokens.span(name.first, name.last), name.label) for name in kept]


@pytest.mark.parametrize(
    ("text", "name", "label"),
    [
        ("They fish off the rocky island of Selvara all year.", "Selvara", "LOC"),
        ("She streams her games on Flinko, a small video platform.", "Flinko", "ORG"),
        ("He spoke at the Eliza Brown before dinner.", "Eliza Brown", "PRODUCT"),
        ("They met in Jasper before the storm.", "Jasper", "GPE"),
        ("The Harrises moved to the coast.", "Harrises", "NORP"),
        ("The first “Tom Wick” movie was long.", "Tom Wick", "WORK_OF_ART"),
        ("Nobody here trusts the NBTA figures.", "NBTA", "PRODUCT"),
        ("The Zorbix image is too large.", "Zorbix", "PRODUCT"),
        ("They left their village, Bhorla, at night.", "Bhorla", "GPE"),
        ("Rain fell in the states of Mirosso and Arane.", "Mirosso", "GPE"),
        ("Boats left Orrel island at noon.", "Orrel", "LOC"),
        ("Zorbix CEO Ida Finch resigned.", "Zorbix", "ORG"),
        ("He adapted the novel Zorbix for the stage.", "Zorbix", "WORK_OF_ART"),
        ("They wore black at the 1993 Zorbix.", "Zorbix", "PRODUCT"),
        ("Users left Zorbix Message System (ZMS) in May.", "Zorbix Message System", "PRODUCT"),
        ("The Oscar-winning film was long.", "Oscar", "PRODUCT"),
        ("“It is late,” he told Zorbix.", "Zorbix", "ORG"),
        ("A letter seen by Zorbix shows that he was late.", "Zorbix", "ORG"),
        ("She ran the Orrin Board of Trade (Obot) for years.", "Obot", "ORG"),
        ("He went to the mill (Zorbix) at noon.", "Zorbix", "PRODUCT"),
        ("The road to Zorbix was closed.", "Zorbix", "PRODUCT"),
        ("A car burned near Ida Vale on Friday.", "Ida Vale", "GPE"),
        ("They sold the house at 12 Ida Finch for less.", "Ida Finch", "LOC"),
        ("The first ''Tom Wick'' movie was long.", "Tom Wick", "WORK_OF_ART"),
        ("He tore his NBTA and his knee.", "NBTA", "PRODUCT"),
        ("She grew up in Orrin and is a native of Zorbix.", "Zorbix", "GPE"),
    ],
)
def test_the_text_shows_that_a_name_is_no_person(nlp, text: str, name: str, label: str) -> None:
    """A noun next to it, an article, a preposition of place, marks, a plural or use as a modifier show a thing."""
    assert _checked(nlp, text, name) == [(name, label)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The Obrevic aide left early.", "Obrevic"),
        ("Zorbix, 34, was fined in Orrin.", "Zorbix"),
        ("Her brother Flinko moved away.", "Flinko"),
        ("They have no interest in Jasper.", "Jasper"),
        ("The guests saw Zorbix and Ana Brown.", "Zorbix"),
        ("He was beaten by Obrevic years ago.", "Obrevic"),
        ("Nobody knew Obrevic years ago.", "Obrevic"),
        ("Kelvor and Obrevic left the stage.", "Obrevic"),
        ("He heard of Pavo Obrevic years ago.", "Pavo Obrevic"),
        ("He shouted at Ida Finch.", "Ida Finch"),
        ("They believe in Ida Finch.", "Ida Finch"),
        ("They heard the song Ida Finch sang.", "Ida Finch"),
        ("Ana Brown told Zorbix that it was late.", "Zorbix"),
        ("The board, Ida Finch said, has met.", "Ida Finch"),
    ],
)
def test_a_person_stays_a_person(nlp, text: str, name: str) -> None:
    """A role, an age, kinship, a verb or another person next to a name keep it; a full name needs no evidence."""
    assert (name, "PERSON") in _checked(nlp, text, name, "Ana Brown")


def test_a_common_word_with_a_capital_is_not_a_name(nlp) -> None:
    """A word that the article also writes in lower case is dropped."""
    assert _checked(nlp, "Snow closed the road. The snow lay for days.", "Snow") == []
    assert _checked(nlp, "Ida, who is Black, ran for mayor.", "Black") == []


def test_a_firm_that_speaks_is_it(nlp) -> None:
    """What says something twice and is "it" each time is an organisation; somebody who is "it" once stays a person."""
    text = "Zorbix said it would close. Later Zorbix announced that it had reopened."
    assert {label for _, label in _checked(nlp, text, "Zorbix")} == {"ORG"}
    assert _checked(nlp, "Zorbix said it was late.", "Zorbix") == [("Zorbix", "PERSON")]


def test_a_firm_may_write(nlp) -> None:
    """One verb of people does not outweigh a name that is "it" more than twice as often."""
    it = "Zorbix said it would close. Zorbix added that it had no cash. Zorbix announced it was late."
    text = f"{it} Zorbix says it is sorry. Zorbix wrote to its members."
    assert {label for _, label in _checked(nlp, text, "Zorbix")} == {"ORG"}


def test_a_word_made_of_a_surname_is_no_person(nlp) -> None:
    """ "Finchism" is a thing where somebody is called Finch; "Finchley" alone shows nothing."""
    assert ("Finchism", "PRODUCT") in _checked(nlp, "Ida Finch sold up. Finchism has failed.", "Ida Finch", "Finchism")
    assert _checked(nlp, "Finchism has failed.", "Finchism") == [("Finchism", "PERSON")]


def test_a_person_is_of_a_place(nlp) -> None:
    """The name after a person and "of" is a place's, not another person's."""
    found = _checked(nlp, "Senator Ida Finch of Velmont has spoken.", "Ida Finch", "Velmont")
    assert found == [("Ida Finch", "PERSON"), ("Velmont", "GPE")]


def test_the_parts_of_a_full_name_are_people(nlp) -> None:
    """A surname that modifies a noun stays a person's if the full name acts like a person's."""
    text = "Pavo Zorbix, 34, was fined. He saved a Zorbix shot."
    assert ("Zorbix", "PERSON") in _checked(nlp, text, "Pavo Zorbix", "Zorbix")
    assert ("Zorbix", "PRODUCT") in _checked(nlp, "He saved a Zorbix shot.", "Zorbix")


def test_a_surname_of_a_full_name_stays_that_persons(nlp) -> None:
    """A preposition of place before a surname is no evidence where the article has the full name."""
    assert ("Finch", "PERSON") in _checked(nlp, "Ida Finch sold up. In Finch they trust.", "Ida Finch", "Finch")


_MANUAL = (
    "Loam Desktop runs on every machine. First get Loam Desktop. Then start Loam Desktop and wait. When Loam Desktop "
    "is ready, the icon turns green. Without Loam Desktop you cannot build. The files of Loam Desktop are below your "
    "home. To remove Loam Desktop, open the menu."
)


def test_a_name_that_seldom_acts_is_no_person(nlp) -> None:
    """Of eight mentions, at most one acts like a person's."""
    manual = f"{_MANUAL} Loam Desktop slept."
    assert {label for _, label in _checked(nlp, manual, "Loam Desktop")} == {"PRODUCT"}
    assert {label for _, label in _checked(nlp, f"{_MANUAL} He liked Loam Desktop.", "Loam Desktop")} == {"PRODUCT"}


def test_a_name_that_acts_is_a_person_however_often_it_is_named(nlp) -> None:
    """Two of eight mentions that act are enough, or a pronoun for a person."""
    person = _MANUAL.replace("Loam Desktop is ready", "Loam Desktop has laughed")
    assert {label for _, label in _checked(nlp, f"{person} Loam Desktop wept.", "Loam Desktop")} == {"PERSON"}


def test_a_person_who_only_suffers_stays_a_person(nlp) -> None:
    """Eight mentions in which a court and guards do something to a name are a person's."""
    text = (
        "The court jailed Oskel Brim. Guards moved Oskel Brim. Lawyers for Oskel Brim were silent. The state accused "
        "Oskel Brim. The trial of Oskel Brim lasted a year. A ban on Oskel Brim ended. Friends of Oskel Brim waited. "
        "The case against Oskel Brim fell."
    )
    assert {label for _, label in _checked(nlp, text, "Oskel Brim")} == {"PERSON"}
