"""Requests, threats, promises, refusals and accusations that a verb of saying and its clause express."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
SPAIN = ("Spain", "GPE", 3, "ESP")
NORWAY = ("Norway", "GPE", 4, "NOR")
NAMES = (HOLM, BRANDT, SPAIN, NORWAY)


@pytest.mark.parametrize(
    ("text", "trigger", "event_type", "actor", "recipient"),
    [
        ("Ada Holm said Spain must open its ports.", "said", "REQUEST", "Ada Holm", "Spain"),
        ("Ada Holm said that Spain needs to leave the valley.", "said", "REQUEST", "Ada Holm", "Spain"),
        ("Ada Holm wrote that the government should publish the letter.", "wrote", "REQUEST", "Ada Holm", "government"),
        ("“Stop the war,” Ada Holm said.", "said", "REQUEST", "Ada Holm", None),
        ("Norway said it would expel two diplomats.", "said", "THREATEN", "Norway", "two diplomats"),
        ("Norway warned that it will bomb Spain.", "warned", "THREATEN", "Norway", "Spain"),
        ("Norway said it will release the prisoners.", "said", "AGREE", "Norway", "the prisoners"),
        ("Norway is willing to provide aid to refugees.", "willing", "AGREE", "Norway", "refugees"),
        ("Norway said it will not accept the migrants.", "said", "REJECT", "Norway", "the migrants"),
        ("Ada Holm said the union cannot support Otto Brandt.", "said", None, None, None),
        ("Norway will not release the prisoners.", "release", "REJECT", "Norway", "the prisoners"),
        ("Ada Holm said the government should have closed the bridge.", "said", "ACCUSE", "Ada Holm", "government"),
    ],
)
def test_clause_gives_the_speech_act(nlp, text, trigger, event_type, actor, recipient):
    """A verb of saying has the type of what is done by saying so, to whom it is done."""
    event = read(nlp, text, *NAMES).predicate(trigger)
    assert event.event_type == event_type
    if event_type is not None:
        assert event.modality == "happened"
        assert (event.actor_name or event.actor_text) == actor
        assert (event.recipient_name or event.recipient_text or "").removeprefix("the ") == (
            recipient or ""
        ).removeprefix("the ")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm said it must be a mistake.", "said"),
        ("Ada Holm said people should wash their hands.", "said"),
        ("Ada Holm said we must open the ports.", "said"),
        ("Ada Holm said Spain should benefit from the rain.", "said"),
        ("Ada Holm said the wall should be painted.", "said"),
        ("Ada Holm did not say that Spain must leave.", "say"),
        ("“Imagine a house,” Ada Holm said.", "said"),
        ("Ada Holm said Spain would attack the port.", "said"),
        ("Norway said it would build a bridge.", "said"),
        ("Norway said it will not rain.", "said"),
        ("Ada Holm is ready to sleep.", "is"),
    ],
)
def test_statement_is_no_speech_act(nlp, text, trigger):
    """An opinion, a forecast or a report of others has no type of its own."""
    assert read(nlp, text, *NAMES).predicate(trigger).event_type is None


@pytest.mark.parametrize(
    "text",
    ["Ada Holm said Spain must release the prisoners.", "Norway said it would expel two diplomats."],
)
def test_content_is_no_second_event(nlp, text):
    """What is requested or threatened is not an event of its own."""
    assert [event.trigger_text for event in read(nlp, text, *NAMES).events] == ["said"]


def test_meeting_announced_stays_a_meeting(nlp):
    """A meeting that the speaker announces is a planned meeting."""
    event = read(nlp, "Norway said it will meet Otto Brandt.", *NAMES).event("meet")
    assert (event.event_type, event.modality) == ("CONSULT", "planned")


@pytest.mark.parametrize(
    ("text", "event_type", "modality"),
    [
        ("The council did not agree with Ada Holm.", "REJECT", "happened"),
        ("The council does not agree with Ada Holm.", "AGREE", "negated"),
        ("The council did not promise to come.", "AGREE", "negated"),
    ],
)
def test_who_did_not_agree_refused(nlp, text, event_type, modality):
    """Not to agree is a refusal if it was done once; an opinion and a promise not made are no refusals."""
    assert [(row.event_type, row.modality) for row in read(nlp, text, *NAMES).events] == [(event_type, modality)]
