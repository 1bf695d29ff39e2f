"""The facts that the mentions of one event share, in invented articles."""

from dataclasses import replace
from datetime import date

import pytest

from newslake.pipeline.nlp.events.facts import share_facts
from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
OSLO = ("Oslo", "GPE", 2, "NOR")
LEEDS = ("Leeds", "GPE", 3, "GBR")
YORK = ("York", "GPE", 4, "GBR")
MONDAY = date(2026, 3, 9)
WEDNESDAY = date(2026, 3, 11)
REST = "\nIt was cold.\nNobody was hurt.\nThe shops were shut."


def _dated(case, trigger):
    event = case.event(trigger)
    return event.event_date, event.event_date_basis


def test_a_mention_without_a_day_has_that_of_another_mention(nlp):
    """Date, place and participants flow to the other mentions of an event, with their basis."""
    text = "Ada Holm met Otto Brandt in Oslo on Monday.\nThe shops were shut.\nThe meeting with Otto Brandt was short."
    event = read(nlp, text, HOLM, BRANDT, OSLO).event("meeting")
    assert (event.event_date, event.event_date_text, event.event_date_basis) == (MONDAY, "Monday", "coref")
    assert (event.place_text, event.place_basis) == ("Oslo", "coref")
    assert (event.actor_name, event.actor_basis) == ("Ada Holm", "coref")
    assert (event.recipient_name, event.recipient_basis) == ("Otto Brandt", "clause")


@pytest.mark.parametrize(
    "again",
    [
        "The stabbing of Ada Holm shocked York.",
        "Otto Brandt accused Ada Holm.",
        "Otto Brandt will meet Ada Holm.",
    ],
)
def test_a_place_does_not_flow_to_words_plans_and_sentences_with_a_place(nlp, again):
    """A mention that names another place, is only said or only planned takes no place from another mention."""
    text = (
        "Ada Holm was stabbed in Leeds.\nOtto Brandt accused Ada Holm in Oslo.\nOtto Brandt will meet Ada Holm in Oslo."
    )
    case = read(nlp, f"{text}\n{again}", HOLM, BRANDT, OSLO, LEEDS, YORK)
    assert case.events[-1].coref_event_index < case.events[-1].event_index
    assert case.events[-1].place_text is None


def test_a_mention_keeps_its_own_facts(nlp):
    """What a mention says itself has the basis of its own words."""
    event = read(nlp, "Ada Holm met Otto Brandt in Oslo on Monday.", HOLM, BRANDT, OSLO).event("met")
    assert (event.event_date_basis, event.place_basis, event.actor_basis) == ("relative", "clause", "clause")


@pytest.mark.parametrize(
    "second",
    [
        "A man was stabbed in York.",
        "Another man was stabbed.",
        "A second man was stabbed later.",
    ],
)
def test_two_stabbings_do_not_share_a_day(nlp, second):
    """Another place in the country, or a word such as "another", makes another event, which stays undated."""
    case = read(nlp, f"A boy was stabbed in Leeds on Monday.\n{second}{REST}", LEEDS, YORK)
    days = [(event.event_date, event.coref_event_index) for event in case.events if event.trigger_text == "stabbed"]
    assert days == [(MONDAY, 0), (None, 1)]


@pytest.mark.parametrize(("basis", "taken"), [("clause", "Ada Holm"), ("context", None)])
def test_participants_from_the_context_do_not_flow(nlp, basis, taken):
    """Only a participant that the clause of a mention names is a fact of its event."""
    text = "Ada Holm met Otto Brandt in Oslo on Monday.\nThe meeting with Otto Brandt was short."
    met, meeting = read(nlp, text, HOLM, BRANDT, OSLO).events
    alone = replace(meeting, actor_text=None, actor_name=None, actor_basis=None, actors=())
    shared = share_facts((replace(met, actor_basis=basis), alone), frozenset(), frozenset())
    assert shared[1].actor_name == taken


def test_pronouns_do_not_flow(nlp):
    """A participant that is only a pronoun is no fact of the event."""
    text = "They stabbed Ada Holm in Leeds.\nThe stabbing of Ada Holm shocked Leeds."
    event = read(nlp, text, HOLM, LEEDS).event("stabbing")
    assert (event.actor_text, event.actor_basis) == (None, None)


def test_the_main_event_has_the_day_of_the_lead(nlp):
    """If the lead dates another verb than the main event's, a deed has that day, with the basis "lead"."""
    text = f"Ada Holm walked to the podium on Monday.\nShe met Otto Brandt.{REST}"
    case = read(nlp, text, HOLM, BRANDT)
    assert _dated(case, "met") == (MONDAY, "lead")


def test_the_day_of_another_verb_is_not_that_of_words(nlp):
    """A main event that is only said does not have the day of another verb of the lead."""
    case = read(nlp, f"Ada Holm praised Otto Brandt.\nA ferry sank on Monday.{REST}", HOLM, BRANDT)
    assert _dated(case, "praised") == (None, None)


def test_the_day_of_a_report_is_not_the_day_of_the_event(nlp):
    """What police said on Monday may have happened before: the lead does not date it."""
    case = read(nlp, f"Police said on Monday that a man was stabbed in Leeds.{REST}", LEEDS)
    assert _dated(case, "stabbed") == (None, None)


def test_the_day_of_a_report_is_not_the_day_of_a_meeting(nlp):
    """A meeting is done, though its type is among those of words: the day of the report does not date it."""
    case = read(nlp, f"Ada Holm met Otto Brandt.\nHer office said on Monday that it was a success.{REST}", HOLM, BRANDT)
    assert _dated(case, "met") == (None, None)


def test_an_undated_main_event_has_the_published_day(nlp):
    """A main event that happened has the published day, and its basis says so; another event has no date."""
    case = read(nlp, f"A man was stabbed in Leeds.\nPolice arrested a boy.{REST}", LEEDS)
    assert (_dated(case, "stabbed"), _dated(case, "arrested")) == ((WEDNESDAY, "publication"), (None, None))


@pytest.mark.parametrize(
    "lead",
    [
        "Ada Holm will meet Otto Brandt.",
        "Three years ago a man was stabbed in Leeds.",
        "A man was stabbed in Leeds, two weeks after a march.",
    ],
)
def test_the_published_day_dates_no_other_event(nlp, lead):
    """A plan, and an event with words about its time, do not have the published day."""
    case = read(nlp, lead + REST, HOLM, BRANDT, LEEDS)
    assert all(event.event_date_basis != "publication" for event in case.events)


@pytest.mark.parametrize(("when", "days"), [("on Monday", [MONDAY, MONDAY]), ("last month", [None, date(2026, 2, 1)])])
def test_a_day_flows_to_earlier_mentions(nlp, when, days):
    """A day that a later mention of a deed states is that of an earlier one too; a month is not."""
    text = f"Ada Holm praised a march.\nA boy was stabbed in Leeds.\nThe boy was stabbed in Leeds {when}.{REST}"
    events = read(nlp, text, HOLM, LEEDS).events
    assert [event.event_date for event in events if event.trigger_text == "stabbed"] == days


def test_the_day_of_words_flows_to_later_mentions_only(nlp):
    """Who praised a person on Monday may have praised the person before."""
    praise = "Ada Holm praised Otto Brandt"
    text = f"A boy was stabbed in Leeds.\n{praise}.\n{praise} on Monday.\n{praise}.{REST}"
    events = read(nlp, text, HOLM, BRANDT, LEEDS).events
    assert [event.event_date for event in events if event.trigger_text == "praised"] == [None, MONDAY, MONDAY]


@pytest.mark.parametrize(("noun", "day"), [("the attack", MONDAY), ("another attack", None)])
def test_a_definite_noun_refers_to_a_deed_of_another_word(nlp, noun, day):
    """ "The attack" after "was stabbed" is the stabbing; "another attack" is not."""
    text = f"Ada Holm was stabbed in Leeds on Monday.\nAda Holm survived {noun}.{REST}"
    assert read(nlp, text, HOLM, LEEDS).event("attack").event_date == day


@pytest.mark.parametrize(("noun", "day"), [("The agreement", MONDAY), ("Another agreement", None)])
def test_a_definite_noun_refers_to_a_statement_of_another_word(nlp, noun, day):
    """ "The agreement" after "signed a deal" is the deal; "another agreement" is not."""
    text = f"Norway signed a deal with Spain on Monday.\n{noun} was criticised in York.{REST}"
    spain, norway = ("Spain", "GPE", 5, "ESP"), ("Norway", "GPE", 6, "NOR")
    assert read(nlp, text, norway, spain, YORK).event("agreement").event_date == day


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("Ada Holm called for an inquiry.", "Ada Holm again called for an inquiry.", True),
        ("Ada Holm called for an inquiry.", "Otto Brandt called for an inquiry.", False),
        ("Ada Holm attacked Otto Brandt in Leeds.", "Otto Brandt attacked Ada Holm in Leeds.", False),
        ("Ada Holm met Otto Brandt in Leeds.", "Otto Brandt met Ada Holm in Leeds.", True),
    ],
)
def test_each_speaker_and_each_side_acts_for_itself(nlp, first, second, is_one):
    """Equal words of two speakers are two events, as are the blow and the counterblow; a meeting is that of both."""
    events = read(nlp, f"{first}\n{second}{REST}", HOLM, BRANDT, LEEDS).events
    one, other = (event for event in events if event.trigger_text in ("called", "attacked", "met"))
    assert (one.coref_event_index == other.coref_event_index) == is_one


@pytest.mark.parametrize(("verb", "whom"), [("condemned", "Otto Brandt"), ("survived", None)])
def test_a_judgement_of_a_deed_is_of_who_did_it(nlp, verb, whom):
    """Who condemns "the attack" condemns the one who attacked, as another sentence tells; who survives it does not."""
    text = f"Otto Brandt attacked a base in Leeds on Monday.\nAda Holm {verb} the attack.{REST}"
    assert read(nlp, text, HOLM, BRANDT, LEEDS).predicate(verb).recipient_name == whom


def test_a_definite_noun_with_other_participants_is_another_deed(nlp):
    """ "The attack on" somebody else does not refer to the stabbing."""
    text = f"Ada Holm was stabbed in Leeds on Monday.\nThe attack on Otto Brandt shocked York.{REST}"
    assert read(nlp, text, HOLM, BRANDT, LEEDS, YORK).event("attack").event_date is None


@pytest.mark.parametrize(("occasion", "day"), [("in the attack", MONDAY), ("in an attack", None), ("in York", None)])
def test_who_is_wounded_in_the_attack_is_wounded_on_its_day(nlp, occasion, day):
    """A deed that happens in "the" deed of its type is one event with it."""
    text = f"Rebels attacked a base in Leeds on Monday.\nAda Holm was wounded {occasion}.{REST}"
    assert read(nlp, text, HOLM, LEEDS, YORK).event("wounded").event_date == day


@pytest.mark.parametrize(("when", "is_one"), [("on Monday", True), ("in 2019", False), ("often", False)])
def test_a_plural_with_a_day_is_one_event(nlp, when, is_one):
    """ "Attacks" with a day are those that happened on it, not attacks in general."""
    case = read(nlp, f"The attacks on Leeds shocked York.\nAttacks began {when}.{REST}", LEEDS, YORK)
    assert (case.event("Attacks").coref_event_index == case.event("attacks").coref_event_index) == is_one


@pytest.mark.parametrize(
    ("first", "places"), [("Ada Holm praised a march.\n", ["Leeds", None]), ("", ["Leeds", "Leeds"])]
)
def test_a_place_flows_in_the_main_event_only(nlp, first, places):
    """Another mention takes the place over if the event is the main one."""
    text = f"{first}A boy was stabbed in Leeds on Monday.\nThe boy was stabbed by a girl.{REST}"
    events = read(nlp, text, HOLM, LEEDS).events
    assert [event.place_text for event in events if event.trigger_text == "stabbed"] == places


def test_words_that_give_no_day_keep_their_mention_undated(nlp):
    """A mention with words about its time that could not be resolved takes no day from another mention."""
    text = "Ada Holm met Otto Brandt in Oslo on Monday.\nAda Holm met Otto Brandt on 31 February."
    days = [(event.event_date, event.event_date_text) for event in read(nlp, text, HOLM, BRANDT, OSLO).events]
    assert days == [(MONDAY, "Monday"), (None, "31 February")]


@pytest.mark.parametrize(
    ("text", "trigger", "day"),
    [
        ("Ada Holm will meet Otto Brandt on 3 March.", "meet", None),
        ("Ada Holm will meet Otto Brandt on 13 March.", "meet", date(2026, 3, 13)),
        ("Ada Holm met Otto Brandt on 13 March 2026.", "met", None),
        ("Ada Holm met Otto Brandt on 3 March 2026.", "met", date(2026, 3, 3)),
    ],
)
def test_a_day_on_the_wrong_side_of_the_report_dates_nothing(nlp, text, trigger, day):
    """A plan has no day before the report, what happened none after it; the words of the day are kept, with a note."""
    event = read(nlp, text, HOLM, BRANDT).event(trigger)
    assert (event.event_date, event.event_date_text is None) == (day, False)
    assert (event.event_date_note is None) == (day is not None)
