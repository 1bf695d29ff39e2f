"""Cues and the speakers that they give to quotes, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Quote
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

WEDNESDAY = datetime(2031, 3, 5, 9, tzinfo=UTC)


def _quotes(nlp, text: str) -> tuple[Quote, ...]:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    return annotator.annotate(article, doc).quotes


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("“It rained for weeks. We stayed,” Brito answers.", "Brito"),
        ("“The rain changed the whole valley,” comments Ana Brito, a farmer.", "Ana Brito"),
        ("“It rained for weeks,” exhorted Hale's deputy, the singer Ana Brito.", "Hale's deputy, the singer Ana Brito"),
        ("Ana Brito rejected the idea that farmers could leave, arguing that it was “a joke”.", "Ana Brito"),
        ("As Ana Brito puts it, Tom Hale made the farmers “an offer in bad faith”.", "Ana Brito"),
        ("The Courier quoted Ana Brito as saying the tax was “a joke”.", "Ana Brito"),
        ("The Courier quoted a farmer as saying that the tax was late.", "a farmer"),
        ("Tom Hale accused the firm of calling the tax “a joke”.", "the firm"),
        ("Tom Hale accused the firm of signing “a blank cheque in a foreign currency”.", "Tom Hale"),
        ("Tom Hale criticised Ana Brito for saying the tax was “a joke”.", "Ana Brito"),
        ("Ana Brito won the Penwick Prize for saying that the tax was late.", "Ana Brito"),
        ("Ana Brito opened the meeting by calling the tax a “joke”.", "Ana Brito"),
        ("The tax that Tom Hale announced is a “bad idea” for farmers, Ana Brito said on Monday.", "Ana Brito"),
    ],
)
def test_a_cue_gives_its_words_to_its_subject(nlp, text: str, speaker: str) -> None:
    """A cue has its subject wherever it is; a participle after "quoted her as" has the object."""
    assert [quote.speaker_text for quote in _quotes(nlp, text)] == [speaker]


@pytest.mark.parametrize(
    "text",
    [
        "Ana Brito never had a chance to tell him that the bridge was closed.",
        "Anyone might say that the bridge was closed for weeks.",
        "Prices rose by a third, which explains why the farmers left.",
        "Ana Brito went to the “ghost town,” calling that unfair to the farmers.",
        "Ana Brito appears in a spot titled “Danger,” which ran on Monday.",
    ],
)
def test_what_nobody_in_particular_says_is_no_quote(nlp, text: str) -> None:
    """What a noun is for, what anybody may say, what a thing explains and what something is titled are no quotes."""
    assert _quotes(nlp, text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The brochure says: “Keep water and bread at home.”", "document"),
        ("“Keep water and bread at home,” said someone at the meeting.", "unnamed"),
        ("Authorities said the bridge was closed.", "unnamed"),
        ("The bridge was closed, according to Penwick Council data.", "organisation"),
        ("The bridge was closed, according to a Penwick Council study.", "document"),
        ("The bridge was closed, the charity WebAid reports.", "organisation"),
    ],
)
def test_the_kind_of_a_noun_is_that_of_the_speaker(nlp, text: str, kind: str) -> None:
    """A text speaks as a document, an organisation's figures as the organisation; a plural is unnamed."""
    assert [quote.speaker_kind for quote in _quotes(nlp, text)] == [kind]
