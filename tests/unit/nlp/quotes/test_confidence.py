"""The confidence of a quote, and its speaker who is too unsure to be believed."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Quote
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.nlp.languages import LANGUAGES

pytestmark = pytest.mark.model

SURE = "“We stopped early,” said Ana Brito."
GUESS = "Residents believe the river will flood again."


def read(nlp, text: str) -> Quote:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, language="en")])
    [quote] = annotator.annotate(article, doc).quotes
    return quote


def test_a_cue_is_surer_than_the_nearest_subject(nlp) -> None:
    """Words in marks with a verb of saying are surer than a belief; nothing is certain."""
    sure, guess = read(nlp, SURE), read(nlp, GUESS)

    assert guess.confidence < LANGUAGES["en"].cues.classifier.least < sure.confidence < 1


def test_an_unsure_speaker_is_a_candidate(nlp) -> None:
    """Who is too unsure to be the speaker is only the candidate, and no other column says who it is."""
    quote = read(nlp, GUESS)

    assert quote.speaker_candidate == "Residents"
    assert (quote.speaker_text, quote.speaker_name, quote.speaker_cluster_index, quote.speaker_kind) == (None,) * 4


def test_a_sure_speaker_is_no_candidate(nlp) -> None:
    """A speaker who is believed leaves the candidate empty."""
    quote = read(nlp, SURE)

    assert (quote.speaker_name, quote.speaker_candidate) == ("Ana Brito", None)
