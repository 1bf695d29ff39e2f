"""Properties of the quotes of any text: exact offsets, and time linear in the length."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp import Annotator
from tests.long_form import LONG
from tests.processor_time import is_linear, processor_seconds

pytestmark = pytest.mark.model

NOW = datetime(2031, 5, 4, tzinfo=UTC)
MARKS = ("“", "”", "„", "«", "»", "‹", "›", "‘", "’", "‚", "「", "」", "『", "』", '"', "'", "``", "''")
WORDS = (
    "Ines Calloway said",
    "according to the audit",
    "she added,",
    "vowed to stay",
    "the board of Penwick, which was",
    "that it was late",
    "asked whether",
    "but the road",
    "— Tom Roy, miller",
    "Tom Roy:",
    "Q:",
    "A: yes.",
    ".",
    ",",
    ":",
    "\n\n",
)
TEXTS = st.lists(st.sampled_from(MARKS + WORDS), max_size=40).map(" ".join) | st.lists(
    st.sampled_from(MARKS + WORDS), max_size=60
).map("".join)


@pytest.fixture(scope="session")
def annotator(nlp) -> Annotator:
    """The annotator with the built-in knowledge base."""
    return Annotator(nlp, kb=load_kb(None), infer_gender=True)


def _read(annotator: Annotator, text: str) -> tuple[Article, Annotation]:
    article = article_from_text(text, title=None, published_at=NOW, language="en")
    ((article, doc),) = annotator.docs([article])
    assert doc is not None
    return article, annotator.annotate(article, doc)


def _check(annotator: Annotator, text: str) -> None:
    article, annotation = _read(annotator, text)
    end = 0
    for index, quote in enumerate(annotation.quotes):
        assert quote.quote_index == index
        assert end <= quote.start_char < quote.end_char <= len(article.text)
        assert quote.quote_text == article.text[quote.start_char : quote.end_char]
        assert all(quote.start_char <= start < stop <= quote.end_char for start, stop in quote.quoted_spans)
        assert 0 <= quote.confidence <= 1
        if quote.speaker_start_char is not None:
            assert quote.speaker_text == article.text[quote.speaker_start_char : quote.speaker_end_char]
        end = quote.end_char


@given(TEXTS)
@settings(max_examples=1500 if LONG else 25, deadline=None, suppress_health_check=list(HealthCheck))
def test_quotes_are_exact_and_do_not_overlap(annotator: Annotator, text: str) -> None:
    """With any marks, quotes are spans of the text in order, and contain their parts."""
    _check(annotator, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("“" * 10_000, id="10,000 marks that open"),
        pytest.param("".join(MARKS) * 600, id="10,000 marks of every kind"),
        pytest.param("“ " * 5_000 + "Ines Calloway said.", id="5,000 separate marks"),
        pytest.param("”", id="one mark"),
        pytest.param("Ines said she said " * 400 + "no.", id="one sentence of clauses in clauses"),
        pytest.param("Tom Roy: yes, it is.\n\n" * 300, id="300 turns of an interview"),
    ],
)
def test_hard_texts_have_exact_quotes(annotator: Annotator, text: str) -> None:
    """Texts of marks alone, or of cues alone, give quotes within the text or no quotes."""
    _check(annotator, text)


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("she said that he said ", id="clauses in clauses"),
        pytest.param("The road, she said, was shut, according to him. ", id="asides"),
        pytest.param("Tom Roy: yes.\n\n", id="interviews"),
        pytest.param("“a «b „c 「d ", id="marks of four kinds"),
    ],
)
def test_time_is_linear_in_the_text(annotator: Annotator, unit: str) -> None:
    """Annotation time is linear in the length of the text, not quadratic; quotes alone are in test_nlp_properties."""
    assert is_linear(lambda times: _seconds(annotator, unit * times), 150)


def _seconds(annotator: Annotator, text: str) -> float:
    """Return the processor seconds to annotate a text, without parsing."""
    article = article_from_text(text, title=None, published_at=NOW, language="en")
    ((article, doc),) = annotator.docs([article])
    assert doc is not None
    return processor_seconds(lambda: annotator.annotate(article, doc))
