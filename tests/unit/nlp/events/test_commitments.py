"""Promises, threats, refusals, denials and requests that a verb of saying expresses by what its speaker states."""

import pytest

from tests.unit.nlp.statements_case import read_quoted, whom

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "event_type", "recipient"),
    [
        ("“We will rebuild the bridge,” Ada Holm said.", "AGREE", None),
        ("“We are going to build a school,” Ada Holm said.", "AGREE", None),
        ("“The bridge is old. We will rebuild it,” Ada Holm said.", "AGREE", None),
        ("Ada Holm said she would ensure that the bridge is safe.", "AGREE", None),
        ("Ada Holm argued that she was not liable.", "REJECT", None),
        ("“I did not lie,” Ada Holm said.", "REJECT", None),
    ],
)
def test_speaker_commits_himself(nlp, text, event_type, recipient):
    """A verb of saying has the type of the promise, threat, refusal, denial or request that it reports."""
    event = read_quoted(nlp, text).event("argued" if "argued" in text else "said")
    assert (event.event_type, event.actor_name, whom(event)) == (event_type, "Ada Holm", recipient)


@pytest.mark.parametrize(
    "text",
    [
        "“We will see,” Ada Holm said.",
        "“We will take him at his word,” Ada Holm said.",
        "“Otto Brandt will rebuild the bridge,” Ada Holm said.",
        "“If we will build a school, we need money,” Ada Holm said.",
        "Ada Holm said the firm would introduce a new colour.",
        "“I will not tell you the date,” Ada Holm said.",
        "“I will not be responsible for the cake,” Ada Holm said.",
    ],
)
def test_speaker_commits_himself_to_nothing(nlp, text):
    """Forecasts, the plans of others, and what nobody requests have no type."""
    assert read_quoted(nlp, text).predicate("said").event_type is None
