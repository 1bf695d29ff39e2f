"""Whether an event happened, is planned, hypothetical or negated."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("The army attacked the village.", "attacked", "happened"),
        ("The ministers will meet in Oslo.", "meet", "planned"),
        ("The ministers are expected to meet in Oslo.", "meet", "planned"),
        ("The ministers are going to meet in Oslo.", "meet", "planned"),
        ("The two sides are to hold talks in Oslo.", "talks", "planned"),
        ("The firm said it would sack its chairman.", "sack", "planned"),
        ("The president will be arrested or expelled.", "expelled", "planned"),
        ("Officials are preparing for talks.", "talks", "planned"),
        ("The ministers are meeting next Tuesday.", "meeting", "planned"),
        ("The company could be fined.", "fined", "hypothetical"),
        ("The company could be arrested and fined.", "fined", "hypothetical"),
        ("The army may attack the village.", "attack", "hypothetical"),
        ("She would resign if the vote was lost.", "resign", "hypothetical"),
        ("He asked whether the army attacked the village.", "attacked", "hypothetical"),
        ("Unless the army attacks, they will stay.", "attacks", "hypothetical"),
        ("The army moved tanks to attack the village.", "attack", "hypothetical"),
        ("The village lives under the threat of an attack.", "attack", "hypothetical"),
        ("She questioned whether a strike at the mine was lawful.", "strike", "hypothetical"),
        ("If the army does not attack the village, he will stay.", "attack", "hypothetical"),
        ("The army will attack the village if the talks fail.", "attack", "hypothetical"),
        ("Analysts predicted that the bank would sack its chairman.", "sack", "hypothetical"),
        ("The army will move tanks to attack the village.", "attack", "planned"),
        ("The mayor wants to visit the village.", "visit", "planned"),
        ("The firm will cut jobs in the village.", "jobs", "happened"),
        ("Oslo was the second city to ban the game.", "ban", "happened"),
        ("The firm claims to own the brand.", "own", "happened"),
        ("The bank will cut jobs in order to lower its costs.", "lower", "planned"),
        ("The bank will cut jobs in an effort to lower its costs.", "lower", "planned"),
        ("The mayor told them of the decision.", "decision", "happened"),
        ("He can no longer meet the mayor.", "meet", "negated"),
        ("Had the army attacked, thousands would have died.", "attacked", "hypothetical"),
        ("It is unlikely that the firm will sell the plant.", "sell", "hypothetical"),
        ("The company has yet to announce the deal.", "announce", "negated"),
        ("The army stopped short of attacking the port.", "attacking", "negated"),
        ("The army did not attack the village.", "attack", "negated"),
        ("The army left without attacking the village.", "attacking", "negated"),
        ("Rather than attack the village, the army withdrew.", "attack", "negated"),
        ("Rather than attack the village, the army withdrew.", "withdrew", "happened"),
        ("Officials deny that the army attacked the village.", "attacked", "negated"),
        ("There was no attack on the village.", "attack", "negated"),
        ("The mayor deplored the lack of talks.", "talks", "negated"),
        ("The strike at the mine was called off.", "strike", "negated"),
        ("She will thank all who were hurt in the bombing.", "bombing", "happened"),
        ("They will meet after the attack on the port.", "attack", "happened"),
        ("It was not just an attack on the port.", "attack", "happened"),
    ],
)
def test_modality_of_an_event(nlp, text, trigger, expected):
    """The clause's own words decide first, then its governor."""
    assert read(nlp, text).predicate(trigger).modality == expected


def test_reported_speech_does_not_change_modality(nlp):
    """A reported event is neither more nor less real."""
    case = read(nlp, "Brandt said the army had attacked the village.", ("Brandt", "PERSON", 0, None))
    assert case.event("attacked").modality == "happened"


def test_infinitive_of_a_headline_is_planned(nlp):
    """In a headline an infinitive is a plan."""
    case = read(nlp, "Nothing else is known.", ("Ada Holm", "PERSON", 0, None), title="Ada Holm to meet union leaders")
    assert case.event("meet").modality == "planned"


def test_a_person_called_may_is_not_a_modal(nlp):
    """A surname next to a verb does not make its event hypothetical."""
    case = read(nlp, "Nora May met Otto Brandt.", ("Nora May", "PERSON", 0, None), ("Otto Brandt", "PERSON", 1, None))
    assert case.event("met").modality == "happened"


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Officials did not confirm reports that the army had attacked the village.", "attacked", "hypothetical"),
        ("Officials denied reports that the army had attacked the village.", "attacked", "negated"),
        ("The minister announced the expulsions.", "expulsions", "happened"),
        ("The minister called the seizure a mistake.", "seizure", "happened"),
        ("Norway cancelled talks with Spain.", "talks", "negated"),
        ("Trains will run again on Thursday after the union accepted the offer.", "accepted", "happened"),
    ],
)
def test_events_in_reports(nlp, text, trigger, expected):
    """A report has the modality of the verb it depends on; what is announced or named as known has happened."""
    assert read(nlp, text).predicate(trigger).modality == expected
