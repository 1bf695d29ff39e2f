"""Definite nouns that speak for an organisation just named, on invented sentences."""

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
        ("Acme Ferries left on Monday. Nobody came. The ferry operator said fares would rise.", "Acme Ferries"),
        ("The newspaper Penwick Dagblad wrote to Acme Ferries. The paper said fares would rise.", "Penwick Dagblad"),
        (
            "The Ministry of Transport met the Ministry of Health. The ministry said fares would rise.",
            "Ministry of Transport",
        ),
        ("The Farmers Union left on Monday. Nobody came. The group said fares would rise.", "Farmers Union"),
        ("Acme Ferries left on Monday. The record company said fares would rise.", None),
        ("Acme Ferries left on Monday. A company said fares would rise.", None),
        ("The Ministry of Health met Acme Ferries. The union said fares would rise.", None),
        ("In a letter to Acme Ferries on Monday, the group said fares would rise.", None),
        ("Acme Ferries left on Monday. Police said fares would rise.", None),
        ("Acme Ferries left on Monday. Officials said fares would rise.", None),
    ],
)
def test_a_noun_is_the_organisation_of_its_kind_named_last(nlp, text: str, name: str | None) -> None:
    """ "The ministry" is the ministry named last; a noun of another kind, or for another one, has no name."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    [quote] = annotator.annotate(article, doc).quotes
    assert quote.speaker_name == name
    assert quote.speaker_kind == ("unnamed" if "fficials" in text or "Police" in text else "organisation")
