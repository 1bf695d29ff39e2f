"""Customary actors of events whose text names no doer, in invented sentences."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")


def actor_of(nlp, text, trigger):
    event = read(nlp, text, HOLM).event(trigger)
    return event.actor_text, event.actor_basis


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("Ada Holm was arrested on Monday.\nPolice searched her flat.", "Police"),
        ("Harbour officers said they knew her.\nAda Holm was arrested.", "Harbour officers"),
    ],
)
def test_police_arrest(nlp, text, actor):
    """An arrest without a doer is by the police that the article names, with the basis `context`."""
    assert actor_of(nlp, text, "arrested") == (actor, "context")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm was arrested on Monday.", "arrested"),
        ("Ada Holm was arrested.\nHer brother is an officer.", "arrested"),
        ("Ada Holm may be arrested.\nPolice searched her flat.", "arrested"),
        ("Ada Holm was stabbed on Monday.\nPolice searched her flat.", "stabbed"),
    ],
)
def test_nobody_else_is_a_customary_actor(nlp, text, trigger):
    """Without police there is no actor; nor for one officer, for what has not happened, and for other events."""
    assert actor_of(nlp, text, trigger) == (None, None)


def test_actor_of_the_text_comes_first(nlp):
    """Who the text says did it is the actor."""
    text = "Ada Holm was arrested by soldiers.\nPolice searched her flat."
    assert actor_of(nlp, text, "arrested") == ("soldiers", "clause")
