"""Properties of annotating any text: no failure, valid offsets, and time linear in the length."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.tables import annotation_rows, check_rows
from tests.long_form import LONG
from tests.processor_time import is_linear, processor_seconds

pytestmark = pytest.mark.model

NOW = datetime(2031, 5, 4, tzinfo=UTC)
MARKS = "“”\"‘’'«»„‚‹›`´"
PIECES = st.one_of(
    st.sampled_from(MARKS),
    st.sampled_from(
        ["\n\n", "\n", " ", "\t", "\u00a0", "\u200b", "\u2028", "e\u0301", "İ", "ß", "ﬁ", "\U0001f600", "…"]
    ),
    st.sampled_from(
        [
            "Mrs Ines Calloway said",
            "he told the board",
            "according to",
            "Det Sgt",
            "Treasurer",
            "the museum",
            "will meet on Friday",
            "did not sign a deal",
            "31 June",
            "on 30 February 0000",
            "in May",
            "from Monday to 3pm",
            "the evening of Good Friday",
            "1000 weeks later",
            "the same day, until the 99th century",
            "she said:",
            "that",
            "Acme & Co",
            "U.S.",
        ]
    ),
    st.text(max_size=30),
)
TEXTS = st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=60).map("".join)


@pytest.fixture(scope="session")
def annotator(nlp) -> Annotator:
    """The annotator with the built-in knowledge base."""
    return Annotator(nlp, kb=load_kb(None), infer_gender=True)


def _article(text: str) -> Article:
    return article_from_text(text, title=None, published_at=NOW, language="en")


def _read(annotator: Annotator, text: str) -> tuple[Article, Annotation]:
    ((article, doc),) = annotator.docs([_article(text)])
    assert doc is not None
    return article, annotator.annotate(article, doc)


def _breaches(annotator: Annotator, text: str) -> tuple[object, ...]:
    article, annotation = _read(annotator, text)
    return tuple(check_rows(annotation_rows(article, annotation, model_name="m", pipeline_version="v")))


@given(TEXTS)
@settings(max_examples=1500 if LONG else 25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_annotated_and_every_row_is_valid(annotator: Annotator, text: str) -> None:
    """For any text, annotation raises nothing and no row breaks the schema."""
    assert _breaches(annotator, text) == ()


@given(TEXTS)
@settings(max_examples=1500 if LONG else 25, deadline=None, suppress_health_check=list(HealthCheck))
def test_times_of_any_text_have_their_words_and_their_days_or_a_note(annotator: Annotator, text: str) -> None:
    """Times are in reading order without overlaps; offsets give their words; each has days in order, or a note."""
    article, annotation = _read(annotator, text)
    end = 0
    for time in annotation.times:
        assert end <= time.start_char < time.end_char
        assert article.text[time.start_char : time.end_char] == time.timex_text
        assert (time.first_day is None) == (time.last_day is None) == (time.note is not None)
        assert time.first_day is None or time.last_day is None or time.first_day <= time.last_day
        end = time.end_char


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("“No,” she said. " * 1250, id="20,000 characters in one line"),
        pytest.param("“" * 3000, id="marks that only open"),
        pytest.param("”’\"'" * 1000, id="marks that only close"),
        pytest.param("a\u0301" * 5000, id="combining marks"),
        pytest.param("\u0301\u0301 \u0301" * 500, id="combining marks alone"),
        pytest.param("İSTANBUL İn May İ said “İİİ” on Friday. " * 50, id="letters that get longer in lower case"),
        pytest.param("\n\n".join(["“Still open"] * 400), id="paragraphs that all open"),
        pytest.param("She said " * 500, id="cues without anything reported"),
        pytest.param("1000 weeks later " * 500 + "on 1 May 2020, " + "1000 weeks later " * 500, id="far future"),
        pytest.param("x" * 20_000, id="one word"),
    ],
)
def test_a_hard_text_is_annotated_and_every_row_is_valid(annotator: Annotator, text: str) -> None:
    """Texts that break naive annotators give rows within the schema."""
    assert _breaches(annotator, text) == ()


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("“No,” she said. ", id="closed"),
        pytest.param("“No ", id="open"),
        pytest.param('\'tis " so " ', id="straight"),
        pytest.param("“Yes.\n\n", id="paragraphs"),
    ],
)
def test_time_is_linear_in_the_number_of_marks(annotator: Annotator, unit: str) -> None:
    """The time to annotate is linear in the number of marks."""
    assert is_linear(lambda times: _seconds(annotator, unit * times), 200)


def _seconds(annotator: Annotator, text: str) -> float:
    """Return the processor seconds to annotate a text, without parsing."""
    ((article, doc),) = annotator.docs([_article(text)])
    assert doc is not None
    return processor_seconds(lambda: annotator.annotate(article, doc))
