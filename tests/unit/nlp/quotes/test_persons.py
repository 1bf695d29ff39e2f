"""Definite nouns that speak for a person just named, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

WEDNESDAY = datetime(2031, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ana Brito arrived late on Monday. The new minister said the fares would rise.", "Ana Brito"),
        ("Ana Brito sang on Monday in front of Tom Hale. The singer said the hall was cold.", "Ana Brito"),
        ("President Ana Brito met former president Tom Hale. The president said fares would rise.", "Ana Brito"),
        ("Former president Tom Hale met Ana Brito. The former president said fares would rise.", "Tom Hale"),
        ("Ana Brito met Tom Hale on Monday. Tom Hale left early. The minister said fares would rise.", None),
        ("A trainer came. Ana Brito arrived late on Monday. The trainer said the hall was cold.", None),
        ("Ana Brito and her husband, Tom Hale, sing. Her husband said the hall was cold.", "Tom Hale"),
        ("Ana Brito arrived late on Monday. Her husband said the hall was cold.", None),
        ("Ana Brito arrived late on Monday. The judge said the hall was cold.", None),
        ("Ana Brito arrived late on Monday. The minister of transport said fares would rise.", None),
        ("Ana Brito arrived late on Monday. The chairman said fares would rise.", None),
        ("Ana Brito arrived late. Nobody came. It rained. It snowed. The minister said fares would rise.", None),
    ],
)
def test_a_noun_is_the_person_of_its_role_or_the_topic(nlp, text: str, name: str | None) -> None:
    """ "The minister" is the last one in that role, or the only person who just was a subject; else nobody."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    [quote] = annotator.annotate(article, doc).quotes
    assert (quote.speaker_name, quote.speaker_kind) == (name, "person" if name else "unnamed")


def test_a_capital_makes_a_name(nlp) -> None:
    """ "The Drummer" is a pub or a paper, never the person in the sentence before."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    text = "Ana Brito arrived late on Monday. The Drummer said the hall was cold."
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    [quote] = annotator.annotate(article, doc).quotes
    assert (quote.speaker_name, quote.speaker_kind) == (None, "organisation")
