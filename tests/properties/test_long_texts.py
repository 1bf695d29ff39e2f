"""Properties of texts that no editor would publish: long, without sentence ends, in one case, full of marks."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.nlp.annotator import MAX_TOKENS, join_docs, make_docs
from newslake.pipeline.tables import annotation_rows, check_rows
from tests.hard_texts import KINDS, hard_text
from tests.long_form import LONG, seed_or
from tests.processor_time import is_linear, processor_seconds

pytestmark = pytest.mark.model

# Tokens of the shorter of two texts; the longer one has 8 times as many, with NEWSLAKE_LONG near the limit.
TOKENS = MAX_TOKENS * 12 // 100 if LONG else 625
SEED = seed_or(5)


@pytest.fixture(scope="module")
def annotator(nlp: Language) -> Annotator:
    """The annotator with the built-in knowledge base."""
    return Annotator(nlp, kb=load_kb(None), infer_gender=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(900)
def test_time_is_linear_in_the_text_and_every_row_is_valid(nlp: Language, annotator: Annotator, kind: str) -> None:
    """The time to annotate is linear in the length of the text; nothing is raised, and rows are within the schema.

    Parsing, which is spaCy's own, does not count.
    """
    sizes = (TOKENS, 8 * TOKENS)
    texts = (hard_text(KINDS[kind], tokens=size, tokenize=nlp.make_doc, seed=SEED) for size in sizes)
    annotating = {size: _annotating(annotator, _article(text)) for size, text in zip(sizes, texts, strict=True)}
    assert is_linear(lambda size: annotating[size](), TOKENS)


def _annotating(annotator: Annotator, article: Article) -> Callable[[], float]:
    """Parse an article; return a function that annotates it, checks its rows, and returns the processor seconds of the
    annotation.
    """
    ((_, doc),) = annotator.docs([article])
    assert doc is not None

    def annotate() -> float:
        annotations = []
        spent = processor_seconds(lambda: annotations.append(annotator.annotate(article, doc)))
        (annotation,) = annotations
        assert tuple(check_rows(annotation_rows(article, annotation, model_name="m", pipeline_version="v"))) == ()
        return spent

    return annotate


def _article(text: str) -> Article:
    # Whatever language its letters look like: it is annotated.
    return replace(article_from_text(text, title=None, published_at=None, language="en"), language="en")


@given(st.lists(st.sampled_from(["\n\n", "\n", ". ", " ", "a" * 1500, "Ana said", "(", "é", "\u200b"]), max_size=40))
@settings(max_examples=60, deadline=None)
def test_pieces_of_a_long_text_join_to_the_same_text(nlp: Language, parts: list[str]) -> None:
    """Wherever a text is cut for parsing, the Doc has its characters at their offsets, and blocks start sentences."""
    article = _article("".join(parts) * 12)
    doc = join_docs(list(make_docs(nlp, article)))
    assert doc.text == article.text
    starts = {token.idx for token in doc if token.is_sent_start or token.i == 0}
    assert all(block.start in starts for block in article.blocks if article.text[block.start : block.end].strip())
