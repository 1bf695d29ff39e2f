"""Accusations that a verb of naming expresses, in invented sentences."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")


@pytest.mark.parametrize(
    ("text", "trigger", "recipient"),
    [
        ("Ada Holm called Otto Brandt a liar.", "called", "Otto Brandt"),
        ("Ada Holm described the decision as shameful.", "described", None),
        ("Ada Holm portrayed Otto Brandt as a coward.", "portrayed", "Otto Brandt"),
    ],
)
def test_naming_accuses(nlp, text, trigger, recipient):
    """Who calls somebody something bad accuses him."""
    event = read(nlp, text, HOLM, BRANDT).event(trigger)
    assert (event.event_type, event.actor_name, event.recipient_name) == ("ACCUSE", "Ada Holm", recipient)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm called Otto Brandt a carpenter.", "called"),
        ("Ada Holm called the plan no mistake.", "called"),
        ("Ada Holm said Otto Brandt was a liar.", "said"),
        ("Ada Holm said she was proud of Otto Brandt.", "said"),
    ],
)
def test_statements_and_plain_names_are_no_accusations(nlp, text, trigger):
    """A name that does not blame, and what somebody says of others, is no event."""
    assert read(nlp, text, HOLM, BRANDT).predicate(trigger).event_type is None
