"""Needs of patterns: classes of nouns, opposites, doers, quotes and states, each met and not met."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

BRANDT = ("Otto Brandt", "PERSON", 0, "DEU")
SPAIN = ("Spain", "GPE", 1, "ESP")


@pytest.mark.parametrize(
    ("met", "unmet", "trigger"),
    [
        ("The attack on Spain failed.", "She survived a heart attack.", "attack"),
        ("Rebels threatened the port.", "The storm threatened the port.", "threatened"),
        ("The judge spoke to Otto Brandt.", "The judge spoke to a reporter.", "spoke"),
        ("Otto Brandt protested.", "“No,” Otto Brandt protested.", "protested"),
        ("Spain opposed the plan.", "Otto Brandt opposes the plan.", "opposes"),
        ("Spain was committed to the truce.", "Spain is committed to the truce.", "committed"),
        ("The union backs the plan and supported the bid.", "The rail supported the bid.", "supported"),
        ("She called the minister.", "She called the minister a tailor.", "called"),
        ("The minister refused to sign.", "The minister declined to comment.", "declined"),
        ("Estonia closed some of its ports.", "Estonia closed some of its accounts.", "closed"),
        ("Prices rose by two percent.", "Tensions rose.", "rose"),
        ("The court stripped the writer of citizenship.", "The court stripped the wall of paint.", "stripped"),
        ("The agency flew ten tons of medicine to Spain.", "The agency flew ten tons of brochures to Spain.", "flew"),
    ],
)
def test_need_is_met_by_its_class(nlp, met, unmet, trigger):
    """A pattern matches with a word of the class that it needs, and not with another."""
    assert read(nlp, met, BRANDT, SPAIN).events != ()
    assert trigger not in {row.trigger_text for row in read(nlp, unmet, BRANDT, SPAIN).events}


def test_doer_of_a_passive_is_its_agent(nlp):
    """What must not be the doer is looked for after "by" in a passive."""
    fired = [
        [row.trigger_text for row in read(nlp, f"The village was destroyed by the {doer}.").events]
        for doer in ("army", "age")
    ]
    assert fired == [["destroyed"], []]


def test_governor_of_a_noun_is_its_participle(nlp):
    """The verb that an event noun needs may be its participle or its relative clause, if the noun is its object."""
    fired = [
        [row.trigger_text for row in read(nlp, f"The conversation {clause} pleased Otto Brandt.", BRANDT).events]
        for clause in ("held in Oslo", "that bored them")
    ]
    assert fired == [["conversation"], []]


def test_patient_of_a_passive_without_subject_is_that_of_the_main_clause(nlp):
    """Whoever acts "while being questioned" is questioned."""
    event = read(nlp, "Otto Brandt wept while being interviewed by Ada Holm.", BRANDT).event("interviewed")
    assert event.recipient_text == "Otto Brandt"


def test_day_is_no_excluded_companion(nlp):
    """A preposition that must not follow may still give the day."""
    assert [row.event_type for row in read(nlp, "Nurses struck on Monday.").events] == ["PROTEST"]
    assert "PROTEST" not in [row.event_type for row in read(nlp, "The missile struck on the hill.").events]


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Norway filed a second complaint with Spain.", "filed a second complaint"),
        ("A complaint was filed on Monday.", "complaint was filed"),
        ("Norway attacked a bill.", "attacked"),
    ],
)
def test_trigger_includes_the_event_noun_of_its_verb(nlp, text, trigger):
    """A verb and the event noun that is its object are one trigger; another object is not part of it."""
    assert trigger in [row.trigger_text for row in read(nlp, text).events]


def test_object_after_a_particle(nlp):
    """The parser may attach the object to the particle."""
    assert [row.event_type for row in read(nlp, "The judge struck down the law.").events] == ["REJECT"]


def test_doer_of_a_participle_is_its_noun(nlp):
    """What an advert attacks, it criticises; signs speak for somebody who is not named."""
    assert [row.event_type for row in read(nlp, "An advert attacking Ada Holm ran in Oslo.").events] == ["ACCUSE"]
    assert [row.event_type for row in read(nlp, "Signs denouncing the plan hung there.").events] == ["ACCUSE"]
    assert [row.event_type for row in read(nlp, "Men attacking Ada Holm ran away.").events] == ["ASSAULT"]


@pytest.mark.parametrize(
    ("occasion", "event"),
    [("Ada Holm said in an interview with Otto Brandt it was late.", "Ada Holm gave an interview with Otto Brandt.")],
)
def test_occasion_of_a_statement_is_no_event(nlp, occasion, event):
    """A conversation in which something is said has no type of its own."""
    assert [row.event_type for row in read(nlp, occasion).events] == []
    assert "CONSULT" in [row.event_type for row in read(nlp, event).events]


def test_participle_after_with_is_passive(nlp):
    """The subject of a participle after "with" undergoes the event."""
    event = read(nlp, "The party lost, with Otto Brandt arrested in May.", BRANDT).event("arrested")
    assert (event.actor_text, event.recipient_text) == (None, "Otto Brandt")
