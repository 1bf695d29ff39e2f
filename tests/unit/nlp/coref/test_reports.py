"""Pronouns that speak: "he said" after other speakers, on invented sentences."""

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

_PRAISE = (
    "Edgar Marsh rules the harbour. Marsh built the pier. Marsh owns the ferries, and Marsh paid for the lighthouse. "
)


def _speakers(nlp, text: str, pronoun: str) -> list[str | None]:
    """Return the names of the pronouns with this text."""
    annotator = Annotator(nlp, kb=load_kb(None))
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=None, language="en")])
    return [each.entity_name for each in annotator.annotate(article, doc).entities if each.entity_text == pronoun]


@pytest.mark.parametrize(
    "text",
    [
        'Colin Finch said Marsh was wrong about the tide. "The sea is rising," he said.',
        'Colin Finch warned the council in a letter. "The sea is rising," he said.',
    ],
)
def test_he_said_means_who_spoke_last(nlp, text: str) -> None:
    """The last speaker or a new subject goes before the man whom the article is about."""
    assert _speakers(nlp, _PRAISE + text, "he") == ["Colin Finch"]


def test_he_said_means_a_new_subject(nlp) -> None:
    """Somebody may be named as a subject after the last speaker, and say the next words."""
    text = 'Colin Finch said the pier was old.\n\nWalter Strand walked home in the rain. "I am tired," he said.'
    assert _speakers(nlp, text, "he") == ["Walter Strand"]


def test_he_said_is_no_woman(nlp) -> None:
    """A last speaker whom a forename or a title makes a woman is no "he"."""
    text = 'Ruth Amberley said the pier was old. "Let it fall," he said.'
    assert _speakers(nlp, text, "he") == [None]
    text = 'Ruth Amberley said that Colin Finch was late. "I forgot," he said.'
    assert _speakers(nlp, text, "he") == ["Colin Finch"]
