"""Statements without quotation marks after a line that introduces them, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

WEDNESDAY = datetime(2031, 3, 5, 9, tzinfo=UTC)
WORDS = "We are sorry for the delay on the line.\n\nEvery ticket is paid back.\n\nWe will not be late again."
END = "\n\nTom Roy, a fisherman, was at the pier."


def _read(nlp, text: str) -> Annotation:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    return annotator.annotate(article, doc)


@pytest.mark.parametrize(
    ("line", "speaker"),
    [
        ("Acme Ferries apologised on Monday. The statement reads:", "Acme Ferries"),
        ("Acme Ferries apologised on Monday. The statement in full:", "Acme Ferries"),
        ("Ana Brito wrote to us. Here is her statement in full:", "Ana Brito"),
        ("Ana Brito wrote on her page:", "Ana Brito"),
    ],
)
def test_the_paragraphs_after_a_line_are_a_statement(nlp, line: str, speaker: str) -> None:
    """The paragraphs up to the last one in the first person are one direct quote of the speaker of that line."""
    [quote] = _read(nlp, f"{line}\n\n{WORDS}{END}").quotes
    assert (quote.quote_text, quote.speaker_name, quote.rule_id) == (WORDS, speaker, "statement")
    assert (quote.quote_type, len(quote.quoted_spans)) == ("direct", 3)


@pytest.mark.parametrize(
    "line",
    [
        "Acme Ferries left on Monday.",
        "These boats are for sale:",
        "I wrote on my page:",
    ],
)
def test_other_lines_introduce_no_statement(nlp, line: str) -> None:
    """A line without a colon, without a statement or of the writer introduces nothing."""
    assert _read(nlp, f"{line}\n\n{WORDS}{END}").quotes == ()


def test_a_line_before_a_report_introduces_no_statement(nlp) -> None:
    """A paragraph in the third person is not somebody's statement."""
    assert _read(nlp, f"The letter reads:\n\nThe boat was late on Monday.{END}").quotes == ()


def test_the_first_person_of_a_statement_is_its_speaker(nlp) -> None:
    """ "We" in the statement is who makes it; outside quotation marks it is the author."""
    text = f"We went to the pier.\n\nAcme Ferries apologised. The statement reads:\n\n{WORDS}"
    pronouns = [each for each in _read(nlp, text).entities if each.entity_text == "We"]
    assert [(each.entity_type, each.entity_name) for each in pronouns] == [
        ("AUTHOR", None),
        ("ORG", "Acme Ferries"),
        ("ORG", "Acme Ferries"),
    ]


def test_an_embedded_post_is_its_authors(nlp) -> None:
    """A paragraph that ends with a name, a handle and a day is a post; without the handle it is the article's."""
    words = "Every boat of the port goes out again tomorrow at noon."
    lead = "The harbour stayed shut on Tuesday.\n\n"
    [quote] = _read(nlp, f"{lead}{words} — Ana Brito (@anabrito) May 3, 2031{END}").quotes
    assert (quote.quote_text, quote.speaker_name, quote.quote_type) == (words, "Ana Brito", "direct")
    assert _read(nlp, f"{lead}{words} — Ana Brito (Orrin) May 3, 2031{END}").quotes == ()
