"""What changed between two revisions: sentences and quoted words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.clusters import changes_between, contents_in_order, quotes_removed, revision_rows
from newslake.pipeline.clusters.revisions import sentences_of
from newslake.pipeline.model import Article

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def article(text: str, *, hours: int = 0, ref: str = "") -> Article:
    at = NOON + timedelta(hours=hours)
    return replace(article_from_text(text, title="Ferry late"), fetched_at=at, payload_digest=ref or f"sha256:{hours}")


FIRST = article('The ferry was late. "We saw nothing of it," said Mr. Holm. He left at 5 p.m. on Monday.')
LATER = article("The ferry was late. He left at 5 p.m. on Monday. Nobody was hurt.", hours=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. It poured.", ["It rained.", "It poured."]),
        ("Dr. J. Holm spoke. “Why?” He left.", ["Dr. J. Holm spoke.", "“Why?”", "He left."]),
        ("Es regnete! Über allem lag Nebel…", ["Es regnete!", "Über allem lag Nebel…"]),
        ("3.5 million at 5 p.m. and more", ["3.5 million at 5 p.m. and more"]),
        ("船は遅れた。誰もいない。", ["船は遅れた。", "誰もいない。"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    """A sentence ends at its mark before a capital, but not after titles, initials and numbers."""
    assert [each for each in sentences_of(article(text)) if each != "Ferry late"] == expected


def test_changes_are_sentences() -> None:
    """The changes of a revision are its removed and added sentences, in place."""
    assert [(each.kind, each.sentence) for each in changes_between(FIRST, LATER)] == [
        ("removed", '"We saw nothing of it," said Mr. Holm.'),
        ("added", "Nobody was hurt."),
    ]
    assert changes_between(FIRST, FIRST) == ()


def test_quote_that_is_said_elsewhere_is_not_removed() -> None:
    """Only words that the later revision has nowhere count; one or two words in quotation marks are not a quote."""
    assert quotes_removed(FIRST, LATER) == ("We saw nothing of it,",)
    assert quotes_removed(FIRST, article("He left. “We saw nothing of it.”")) == ()
    assert quotes_removed(article('The "so called" ferry.'), LATER) == ()


def test_rows_do_not_depend_on_the_order_of_reading() -> None:
    """Rows are sorted by the first fetch of each revision, for any order of the payloads."""
    again = replace(FIRST, fetched_at=NOON + timedelta(hours=5), payload_digest="sha256:5")
    keys = {"article_id": "a", "published_at": None, "input_hash": "m"}
    orders = [[FIRST, LATER, again], [again, LATER, FIRST], [LATER, again, FIRST]]
    tables = [revision_rows(contents_in_order(order), keys=keys) for order in orders]
    assert tables[0] == tables[1] == tables[2]
    assert [
        (row["payload_digest"], row["sentences_added"], row["sentences_removed"], row["quotes_removed"])
        for row in tables[0]
    ] == [
        ("sha256:0", None, None, None),
        ("sha256:2", 1, 1, 1),
    ]
