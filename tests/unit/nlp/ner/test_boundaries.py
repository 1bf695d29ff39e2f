"""Where a person's name begins and ends, on invented sentences."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.ner.boundaries import repair_spans
from newslake.pipeline.nlp.ner.spans import Name
from newslake.pipeline.nlp.tokens import gather_tokens
from tests.unit.nlp.names_case import typed_names

pytestmark = pytest.mark.model


def _pieces(nlp, text: str, span: str, label: str = "PERSON") -> list[str]:
    """Return the names that are made of a span of the text which the model gives a label."""
    tokens = gather_tokens(nlp(text), article_from_text(text, title=None, published_at=None, language="en"))
    start = text.index(span)
    name = Name(tokens.at(start), tokens.at(start + len(span) - 1), label)
    pieces = repair_spans(tokens, LANGUAGES["en"].names, [name], frozenset())
    return [tokens.span(piece.first, piece.last) for piece in pieces]


@pytest.mark.parametrize(
    ("text", "span", "names"),
    [
        ("The list has Ana Brown, Tom Finch and others.", "Ana Brown, Tom Finch", ["Ana Brown", "Tom Finch"]),
        ("Songs by Ana Brown + Tom Finch were sung.", "Ana Brown + Tom Finch", ["Ana Brown", "Tom Finch"]),
        (
            "Signed: Thomas Thompson Michael Jensen, teacher.",
            "Thomas Thompson Michael Jensen",
            ["Thomas Thompson", "Michael Jensen"],
        ),
        ("Goals by Ana Brown 23 and others.", "Ana Brown 23", ["Ana Brown"]),
        ("He read Ana Brown's Presidential plans.", "Ana Brown's Presidential", ["Ana Brown"]),
        ("Reviewing Ana Brown is hard.", "Reviewing Ana Brown", ["Ana Brown"]),
        ("Police named Defendants Ana Brown today.", "Defendants Ana Brown", ["Ana Brown"]),
        ("They asked Adv Brown about it.", "Adv Brown", ["Brown"]),
        ("Comedian Ana Brown waved.", "Comedian Ana Brown", ["Ana Brown"]),
        ("Voters chose Assemblywoman Ana Brown.", "Assemblywoman Ana Brown", ["Ana Brown"]),
        ("Neither did Ald. Ana Brown.", "Ald. Ana Brown", ["Ana Brown"]),
    ],
)
def test_other_words_leave_the_span(nlp, text: str, span: str, names: list[str]) -> None:
    """Commas and marks separate people; numbers, verbs, titles and what a possessive has are cut off."""
    assert _pieces(nlp, text, span) == names


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("They met Ana Maria Brown there.", "Ana Maria Brown"),
        ("They met Ludwig van der Brook there.", "Ludwig van der Brook"),
        ("They met Eleanor of Orrin there.", "Eleanor of Orrin"),
        ("They met Tom Brown III there.", "Tom Brown III"),
        ("They met Mary-Ann O'Neill there.", "Mary-Ann O'Neill"),
    ],
)
def test_a_whole_name_stays_whole(nlp, text: str, span: str) -> None:
    """Two forenames, particles, "of" after a forename, numerals and hyphens belong to one name."""
    assert _pieces(nlp, text, span) == [span]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tickets for the Ana Brown Show sold out.", ("Ana Brown Show", "WORK_OF_ART")),
        ("Crowds filled the Harold Finch Center in Orrin.", ("Harold Finch Center", "FAC")),
    ],
)
def test_the_final_word_outweighs_a_forename(nlp, text: str, name: tuple[str, str]) -> None:
    """A building or programme that is named after a person ends in a word for what it is."""
    assert name in typed_names(nlp, text)


def test_a_surname_that_is_also_a_noun_stays_a_surname(nlp) -> None:
    """A forename before a frequent surname makes a person, although halls and parks are buildings and places."""
    text = "Michael Hall said he would resign. Hall left at noon."
    assert {kind for _, kind in typed_names(nlp, text)} == {"PERSON"}


@pytest.mark.parametrize("line", ["Submitted", "Staff", "Contributed"])
def test_a_word_of_a_credit_line_is_not_a_name(nlp, line: str) -> None:
    """Words that stand for a person in a credit are not names."""
    text = f"{line}: the harbour at Orrin."
    assert _pieces(nlp, text, line) == []


def test_a_single_letter_is_no_person(nlp) -> None:
    """Not after "Gen" either, which is the honorific of a general."""
    assert _pieces(nlp, "They asked Gen Z about it.", "Gen Z", "ORG") == []
    assert _pieces(nlp, "They asked Gen Brown about it.", "Gen Brown", "ORG") == ["Brown"]
