"""The confidence of a quote, and its speaker who is too unsure to be believed."""

from dataclasses import replace

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation, Article, Quote
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.show.json_objects import annotation_object

pytestmark = pytest.mark.model

SURE = "“We stopped early,” said Ana Brito."
GUESS = "Otto Brandt walked home.\n\nThe brochure of the museum called the pier “the longest in the whole country”."


def annotate(nlp, text: str) -> tuple[Article, Annotation]:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, language="en")])
    return article, annotator.annotate(article, doc)


def read(nlp, text: str) -> Quote:
    [quote] = annotate(nlp, text)[1].quotes
    return quote


def test_a_person_who_said_is_surer_than_a_thing(nlp) -> None:
    """Somebody who said words in marks is surer than a thing that called something so; nothing is certain."""
    sure, guess = read(nlp, SURE), read(nlp, GUESS)

    assert guess.confidence < LANGUAGES["en"].cues.classifier.least < sure.confidence < 1


def test_an_unsure_speaker_is_a_candidate(nlp) -> None:
    """Who is too unsure to be the speaker is only the candidate, and no other column says who it is."""
    quote = read(nlp, GUESS)

    assert quote.speaker_candidate == "The brochure of the museum"
    assert (quote.speaker_text, quote.speaker_name, quote.speaker_cluster_index, quote.speaker_kind) == (None,) * 4


def test_a_sure_speaker_is_no_candidate(nlp) -> None:
    """A speaker who is believed leaves the candidate empty."""
    quote = read(nlp, SURE)

    assert (quote.speaker_name, quote.speaker_candidate) == ("Ana Brito", None)


@pytest.mark.parametrize(("text", "candidate"), [(GUESS, "The brochure of the museum"), (SURE, None)])
def test_annotate_writes_the_candidate(nlp, text: str, candidate: str | None) -> None:
    """The JSON of `newslake annotate` has the candidate of each quote, or null."""
    article, annotation = annotate(nlp, text)
    [quote] = annotation_object("1", article, annotation)["quotes"]
    assert quote["speaker_candidate"] == candidate


def test_a_turn_of_an_interview_needs_no_probability(nlp, monkeypatch) -> None:
    """Where the page itself gives who speaks, the speaker is believed however unsure the model is."""
    english = LANGUAGES["en"]
    classifier = replace(english.cues.classifier, least=1.1)
    languages = {"en": replace(english, cues=replace(english.cues, classifier=classifier))}
    monkeypatch.setattr("newslake.pipeline.nlp.annotator.LANGUAGES", languages)
    interview = "Ana Brito: Where were you born?\n\nOtto Brandt: I was born in a small town at the sea.\n\n"
    interview += "Ana Brito: And when did you leave?\n\nOtto Brandt: I left it when I was sixteen years old."
    _, annotation = annotate(nlp, interview)
    assert {each.speaker_name for each in annotation.quotes if each.rule_id == "interview"} == {
        "Ana Brito",
        "Otto Brandt",
    }
    assert read(nlp, SURE).speaker_name is None
