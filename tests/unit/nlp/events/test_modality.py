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
        ("Oslo was the second city to ban the game.", "ban", "happened"),
        ("The firm claims to own the brand.", "own", "happened"),
        ("The bank cut jobs in order to lower its costs.", "lower", "hypothetical"),
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
        ("The plan, when it launches later this year, will help farmers.", "launches", "planned"),
        ("“I want to thank the crew,” Ada Holm said.", "thank", "happened"),
        ("“We would like to thank the crew,” Ada Holm said.", "thank", "happened"),
        ("“I do not want to thank the crew,” Ada Holm said.", "thank", "negated"),
        ("Ada Holm wants to thank the crew.", "thank", "planned"),
        ("Ada Holm called the crew to thank them.", "thank", "happened"),
        ("Ada Holm asked the crew to thank them.", "thank", "hypothetical"),
        ("Ada Holm took to the stage to thank the crew.", "thank", "happened"),
        ("Ada Holm went to the stage to see the crew.", "see", "hypothetical"),
        ("Our attack was well-planned.", "attack", "happened"),
        ("The rebels nearly attacked the village.", "attacked", "negated"),
        ("The rebels killed nearly ninety people.", "killed", "happened"),
        ("An attempted attack on the port was foiled.", "attack", "hypothetical"),
        ("The attack on the port was foiled.", "attack", "negated"),
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
        ("Trains will run again on Thursday after the union accepted the offer.", "accepted the offer", "happened"),
    ],
)
def test_events_in_reports(nlp, text, trigger, expected):
    """A report has the modality of the verb it depends on; what is announced or named as known has happened."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("The owners decided to reopen the mine.", "reopen", "happened"),
        ("The owners decided to reopen the mine next Tuesday.", "reopen", "planned"),
        ("The owners have decided to reopen the mine.", "reopen", "planned"),
        ("The mayor chose to meet the strikers.", "meet", "happened"),
        ("The mayor agreed to meet the strikers.", "meet", "planned"),
        ("The mayor managed to meet the strikers.", "meet", "happened"),
        ("The mayor was able to meet the strikers.", "meet", "happened"),
        ("The mayor will be able to meet the strikers.", "meet", "planned"),
        ("The mayor was not able to meet the strikers.", "meet", "negated"),
        ("The mayor was forced to meet the strikers.", "meet", "happened"),
        ("The mayor offered to meet the strikers.", "meet", "planned"),
        ("The mayor is willing to meet the strikers.", "meet", "planned"),
        ("The two sides signed the contract to build the port.", "build", "planned"),
        ("The bank is on the verge of suing its founder.", "suing", "planned"),
        ("She is going to a meeting.", "meeting", "planned"),
        ("She went to a meeting.", "meeting", "happened"),
        ("The police say he committed a murder.", "murder", "happened"),
        ("The mayor called for talks with the union.", "talks", "hypothetical"),
        ("The union called a strike.", "strike", "happened"),
        ("The judge barred him from visiting the port.", "visiting", "negated"),
        ("Clerks were stopped from striking.", "striking", "negated"),
        ("Lawmakers voted to ban smoking.", "ban", "planned"),
        ("Lawmakers voted against sanctions.", "sanctions", "negated"),
        ("The army is said to have attacked the port.", "attacked", "happened"),
        ("The army is believed to be preparing to attack.", "attack", "planned"),
    ],
)
def test_tense_and_meaning_of_the_governor(nlp, text, trigger, expected):
    """What was managed or decided has happened; what is offered, or only has been decided, is planned."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Shares fell to close at 90 pence.", "close", "happened"),
        ("Shares may fall to close at 90 pence.", "close", "hypothetical"),
        ("The team went on to win the match.", "win", "happened"),
        ("The team did not go on to win the match.", "win", "negated"),
        ("The firm fell silent to win time.", "win", "hypothetical"),
        ("Residents marched to demand new elections.", "demand", "happened"),
        ("Residents will march to demand new elections.", "demand", "planned"),
        ("Residents plan to demand new elections.", "demand", "planned"),
        ("The first member of the club to endorse him was Ada Holm.", "endorse", "happened"),
        ("The two mayors became the first members of the club to endorse him.", "endorse", "happened"),
        ("Ada Holm became the first to endorse Otto Brandt.", "endorse", "happened"),
        ("Ada Holm became a member of the club to endorse him.", "endorse", "hypothetical"),
        ("A member of the club to endorse him was sought.", "endorse", "hypothetical"),
    ],
)
def test_infinitives_of_result(nlp, text, trigger, expected):
    """A result has happened with its cause, and a speech act with the act that serves it; another purpose has not."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("The ministers may condemn the attack.", "attack", "happened"),
        ("The ministers may launch the attack.", "attack", "hypothetical"),
        ("The ministers may condemn an attack.", "attack", "hypothetical"),
        ("The envoys will skip the summit.", "summit", "planned"),
        ("The ministers demanded the release of the pilots.", "release", "hypothetical"),
        ("He will be questioned over the attack.", "attack", "happened"),
        ("The minister has no comment on the attack on the port.", "attack", "happened"),
        ("The talks are meant to end the war in the north.", "war", "happened"),
        ("The talks may lead to a war in the north.", "war", "hypothetical"),
        ("The army agreed to stop the killing in the village.", "killing", "happened"),
        ("The judge rejected the firm's request for aid.", "request", "happened"),
        ("The judge rejected the talks.", "talks", "negated"),
    ],
)
def test_nouns_that_a_clause_takes_for_granted(nlp, text, trigger, expected):
    """A definite noun has happened unless its verb carries it out, and so has a standing state or a speech act."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("The Not My Bridge protesters were arrested.", "arrested", "happened"),
        ("The protesters were not arrested.", "arrested", "negated"),
        ("Instead of apologising, he attacked his critics.", "apologising", "negated"),
        ("They will appeal against the conviction.", "conviction", "happened"),
        ("The army did not admit the attack.", "attack", "happened"),
        ("The army did not launch the attack.", "attack", "negated"),
        ("The government will not release details of the arrests.", "arrests", "happened"),
        ("They fear that the army will not attack.", "attack", "hypothetical"),
        ("The minister said the army would not attack the village.", "attack", "negated"),
    ],
)
def test_negation_stays_in_its_clause(nlp, text, trigger, expected):
    """A name's "Not" negates nothing, and a negated verb does not negate what it takes for granted."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Further strikes are possible.", "strikes", "hypothetical"),
        ("An attack on the port is imminent.", "attack", "planned"),
        ("A ceasefire proved elusive.", "ceasefire", "negated"),
        ("An attack is not possible.", "attack", "negated"),
        ("The attack was brutal.", "attack", "happened"),
        ("The attack is likely to hurt trade.", "attack", "happened"),
    ],
)
def test_adjectives_about_an_event(nlp, text, trigger, expected):
    """An adjective after the verb says whether its subject comes; one with an infinitive speaks of the infinitive."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Will the army attack the village?", "attack", "hypothetical"),
        ("Did the army attack the village?", "attack", "hypothetical"),
        ("Why did the army attack the village?", "attack", "happened"),
        ("They can and will demand more money.", "demand", "planned"),
        ("Also, had Otto Brandt apologised, the party would have stayed.", "apologised", "hypothetical"),
        ("There is concern about an upcoming strike.", "strike", "planned"),
    ],
)
def test_questions_and_auxiliaries(nlp, text, trigger, expected):
    """Only a question for yes or no leaves its event open."""
    assert read(nlp, text).predicate(trigger).modality == expected


@pytest.mark.parametrize(
    ("title", "trigger", "expected"),
    [
        ("Firm: bank to cut jobs", "cut", "planned"),
        ("Ada Holm meets union leaders", "meets", "happened"),
        ("Strike looms as talks fail", "fail", "happened"),
        ("Minister Does Not Resign", "Resign", "negated"),
    ],
)
def test_headlines(nlp, title, trigger, expected):
    """In a headline the present tells what has happened, an infinitive what is planned, and "Not" negates."""
    assert read(nlp, "Nothing else is known.", title=title).predicate(trigger).modality == expected
