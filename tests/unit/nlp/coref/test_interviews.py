"""Printed interviews without labels and quotation marks, on invented pages."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Entity
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

_LEAD = "Ana Brito has run the lighthouse at Varnholt for a decade. She was interviewed by the Courier."
_QUESTIONS = (
    "What did you see last winter?\n\n"
    "I saw three wrecks, and I wrote each of them into my book.\n\n"
    "Were you afraid?\n\n"
    "Never. It was Walter Strand who rang, and I told him that he should sleep.\n\n"
    "Will you stay on the rock?\n\n"
    "I would not leave it for a palace."
)


def _read(nlp, text: str, title: str = "Alone with the lamp") -> tuple[Entity, ...]:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=title, published_at=None, language="en")])
    return annotator.annotate(article, doc).entities


def _meant(entities: tuple[Entity, ...], *words: str) -> set[tuple[str, str | None]]:
    """Return the types and names of the mentions that are one of these words."""
    return {(each.entity_type, each.entity_name) for each in entities if each.entity_text.lower() in words}


@pytest.mark.parametrize(
    "text",
    [
        f"{_LEAD}\n\n{_QUESTIONS}",
        f"An interview with Ana Brito, who met Luis Conde on the rock.\n\n{_QUESTIONS}",
        f"Ana Brito spoke to the Courier about Luis Conde.\n\n{_QUESTIONS}",
        f"Luis Conde built the lighthouse. The Courier interviewed Ana Brito.\n\n{_QUESTIONS}",
        f"The keeper is Ana Brito.\n\n{_QUESTIONS}\n\nDo you like visitors?\n\nI like it when they leave.",
    ],
)
def test_i_in_an_answer_is_the_person_interviewed(nlp, text: str) -> None:
    """I and my are the person whom the introduction calls interviewed, or the only one that it names."""
    entities = _read(nlp, text)
    assert _meant(entities, "i", "my") == {("PERSON", "Ana Brito")}
    assert {each.link_method for each in entities if each.entity_text == "I"} == {"speaker"}


def test_he_in_an_answer_is_not_the_person_interviewed(nlp) -> None:
    """The person interviewed says "I" of himself."""
    text = f"Luis Conde was interviewed by the Courier.\n\n{_QUESTIONS}"
    assert _meant(_read(nlp, text), "he", "him") == {("PERSON", "Walter Strand")}


@pytest.mark.parametrize(
    "introduction",
    ["The Courier interviewed Ana Brito and Luis Conde.", "Ana Brito met Luis Conde.", "The lamp is lit at four."],
)
def test_i_in_the_answers_of_several_or_unknown_persons_is_nobody(nlp, introduction: str) -> None:
    """If the introduction does not say which one person answers, I is a person without a name, not the writer."""
    text = f"{introduction}\n\n{_QUESTIONS}\n\nDo you like visitors?\n\nI like it when they leave."
    assert _meant(_read(nlp, text), "i", "my") == {("PERSON", None)}


def test_a_person_whom_the_answers_name_does_not_answer(nlp) -> None:
    """Who answers does not call himself by his name."""
    text = (
        f"The Courier spoke to the keeper about Ana Brito.\n\n{_QUESTIONS}\n\nDid you know Ana Brito?\n\n"
        "I knew Ana Brito well.\n\nDo you miss her?\n\nI miss Ana Brito every night."
    )
    assert _meant(_read(nlp, text), "i", "my") == {("PERSON", None)}


@pytest.mark.parametrize(
    "text",
    [
        # Questions to the reader, without answers.
        "Ana Brito runs the lighthouse.\n\nHave you ever been alone?\n\nThe sea was grey.\n\nDo you know the rock?\n\n"
        "Gulls sat on it.\n\nWould you stay?\n\nThe lamp went out.\n\nAnd you?\n\nI was glad of the boat.",
        # Too few of them.
        "Ana Brito runs the lighthouse.\n\nWould you stay there?\n\nI was glad of the boat, and I never went back.",
    ],
)
def test_a_column_with_questions_is_no_interview(nlp, text: str) -> None:
    """I remains the writer."""
    assert _meant(_read(nlp, text), "i") == {("AUTHOR", None)}
