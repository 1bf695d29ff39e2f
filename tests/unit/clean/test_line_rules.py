"""Phrases of lines that are no text of a story."""

import pytest

from pipeline.clean.line_rules import PHRASE_RULES, phrase_rule_of


@pytest.mark.parametrize(
    ("place", "rule", "line"),
    [
        ("any", "follow", "Folgen Sie uns auf Facebook und Instagram"),
        ("any", "newsletter_form", "The best of the harbour, delivered to your inbox"),
        ("any", "comment_form", "Your email address will not be published."),
        ("any", "also_read", "Lire aussi Le port de l'hiver"),
        ("any", "also_read", "Czytaj też: Port zimą"),
        ("any", "video_label", "Watch our video"),
        ("any", "advertising_label", "Anzeige: Heute mal ausgehen?"),
        ("any", "shop_label", "Prints, mugs and t-shirts"),
        ("any", "promotion", "Please RSVP by Friday"),
        ("any", "donation_account", "Per Überweisung, IBAN: XX30 1234 5678"),
        ("any", "disclosure", "If you buy through our links, we may receive a fee or an affiliate commission."),
        ("head", "by_fragment", "By"),
        ("tail", "copyright", "This article was originally published in the Harbour Post."),
        ("tail", "publisher_note", "The views expressed here are the author's own."),
        ("tail", "author_line", "About the author"),
        ("tail", "feedback", "Got a tip? Write to the desk."),
        ("tail", "subscription_terms", "Your plan renews automatically. Cancel anytime."),
    ],
)
def test_line_of_the_publisher_has_its_rule(place: str, rule: str, line: str) -> None:
    """A line that the publisher adds to each story is known by its phrase, in any language."""
    assert phrase_rule_of(line, words=len(line.split()), place=place) == rule  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["any", "head", "tail"])
@pytest.mark.parametrize(
    "line",
    [
        "Thousands follow the boats on the radio.",
        "The newsletter of the harbour office was found in a drawer.",
        "The mayor gave no comment on the vote.",
        "She reads more than her opponents do.",
        "The video shows the ferry at the quay.",
        "Buying the quay would cost 40 million crowns.",
        "The members of the council meet on Friday.",
        "The summit can be reached by a path.",
        "By Friday the ice was gone.",
        "The court said that the state may receive money from the sale.",
    ],
)
def test_sentence_of_a_story_has_no_rule(place: str, line: str) -> None:
    """A sentence that only uses such a word is text of the story."""
    assert phrase_rule_of(line, words=len(line.split()), place=place) is None  # type: ignore[arg-type]


def test_phrases_are_in_lower_case() -> None:
    """Lines are compared in lower case, so that a capital letter in a phrase would never match."""
    for rule in PHRASE_RULES:
        for pattern in filter(None, (rule.start, rule.inside)):
            plain = pattern.pattern.replace("\\W", "").replace("\\S", "").replace("\\D", "")
            assert plain == plain.lower(), rule.name
