"""Verbs of the lexicon that report no event: habits, participles before nouns, orders, anybody, ideas."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("generic", "event", "trigger"),
    [
        ("The nurses often protested.", "The nurses protested.", "protested"),
        ("He kept the stolen vase.", "Thieves had stolen the vase.", "stolen"),
        ("Praise your neighbours.", "They praise their neighbours.", "praise"),
        ("You can sue the bank.", "Farmers can sue the bank.", "sue"),
        ("He was accused of attacking a guard.", "He was seen attacking a guard.", "attacking"),
        ("Rescuing the crew would take a day.", "They are rescuing the crew.", "rescuing"),
        ("Editors are arrested for less.", "Two editors are arrested.", "arrested"),
    ],
)
def test_generic_verb_has_no_type(nlp, generic, event, trigger):
    """A verb has no event type in a habit, before a noun, of a kind, of anybody, in an order or as an idea."""
    typed = [{row.trigger_text.casefold() for row in read(nlp, text).events} for text in (generic, event)]
    assert [trigger in found for found in typed] == [False, True]


def test_question_to_one_person_is_no_general_statement(nlp):
    """ "You" in a question is the person whom it addresses."""
    assert [row.trigger_text for row in read(nlp, "Will you sue the bank?").events] == ["sue"]


@pytest.mark.parametrize(
    "text", ["They are on the verge of rescuing the crew.", "They have a plan for rescuing the crew."]
)
def test_gerund_at_its_beginning_or_in_a_plan_is_an_event(nlp, text):
    """What somebody is about to do, or plans, is an event of its own."""
    assert "rescuing" in {row.trigger_text for row in read(nlp, text).events}
