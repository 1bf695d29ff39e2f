"""Types, participants, places, dates and coreference of events in invented sentences."""

from datetime import date

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
OSLO = ("Oslo", "GPE", 2, "NOR")
SPAIN = ("Spain", "GPE", 3, "ESP")


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Spain has agreed to withdraw its troops.", "agreed", ("AGREE", None, 1)),
        ("Ada Holm visited Oslo.", "visited", ("CONSULT", "visit", 1)),
        ("Ada Holm praised Spain.", "praised", ("SUPPORT", None, 1)),
        ("Spain lifted the blockade.", "lifted the blockade", ("CONCEDE", None, 1)),
        ("Spain cooperated with the investigators.", "cooperated", ("COOPERATE", None, 2)),
        ("The charity delivered food to refugees.", "delivered", ("AID", None, 2)),
        ("Rebels released two hostages.", "released", ("RETREAT", "release", 2)),
        ("The minister called on Spain to end the siege.", "called", ("REQUEST", "change", 3)),
        ("The opposition accused Ada Holm of lying.", "accused", ("ACCUSE", "allege", 3)),
        ("The government refused to free the prisoners.", "refused", ("REJECT", "yield", 3)),
        ("Rebels threatened to attack the capital.", "threatened", ("THREATEN", None, 3)),
        ("Thousands marched against the tax.", "marched", ("PROTEST", "demo", 4)),
        ("Spain imposed sanctions on the bank.", "imposed sanctions", ("SANCTION", "discontinue", 4)),
        ("Spain sent troops to the border.", "sent", ("MOBILIZE", "troops", 4)),
        ("Police arrested three protesters.", "arrested", ("COERCE", "arrest", 4)),
        ("A man was stabbed in Oslo.", "stabbed", ("ASSAULT", "primitive", 4)),
        ("The train derailed near Oslo.", "derailed", ("OTHER", None, None)),
    ],
)
def test_type_mode_and_quad_class(nlp, text, trigger, expected):
    """The frame of the trigger gives the type, with PLOVER's mode and quad_class class."""
    event = read(nlp, text, HOLM, OSLO, SPAIN).event(trigger)
    assert (event.event_type, event.event_mode, event.quad_class) == expected


def test_everyday_events_carry_a_subtype(nlp):
    """An event without a PLOVER type is OTHER with a subtype."""
    event = read(nlp, "The train derailed near Oslo.", OSLO).event("derailed")
    assert (event.event_type, event.event_subtype, event.plover_type) == ("OTHER", "accident", None)


def test_event_of_an_ordinary_report(nlp):
    """Actor, recipient, place and date have their entities and their evidence."""
    case = read(nlp, "Ada Holm met Otto Brandt in Oslo on Monday.", HOLM, BRANDT, OSLO)
    event = case.event("met")
    assert (event.actor_name, event.actor_cluster_index, event.actor_country) == ("Ada Holm", 0, "NOR")
    assert (event.recipient_name, event.recipient_entity_id) == ("Otto Brandt", "id1")
    assert (event.place_text, event.place_country) == ("Oslo", "NOR")
    assert (event.event_date, event.event_date_text, event.event_date_basis) == (date(2026, 3, 9), "Monday", "relative")


@pytest.mark.parametrize(
    ("text", "trigger", "actor", "recipient"),
    [
        ("Two soldiers were killed by insurgents.", "killed", "insurgents", "Two soldiers"),
        ("Ada Holm, who visited Spain, is ill.", "visited", "Ada Holm", "Spain"),
        ("The minister called on Spain to end the siege.", "called", "The minister", "Spain"),
        ("The minister urged Otto Brandt to resign.", "urged", "The minister", "Otto Brandt"),
        ("Ada Holm held talks with Otto Brandt.", "talks", "Ada Holm", "Otto Brandt"),
        ("The bank faces heavy fines.", "fines", None, "The bank"),
        ("Otto Brandt welcomed Ada Holm’s decision.", "welcomed", "Otto Brandt", "Ada Holm"),
        ("Spanish forces launched an attack on the port.", "attack", "Spanish forces", "the port"),
        ("Otto Brandt plans to visit Spain.", "visit", "Otto Brandt", "Spain"),
        ("The rebels refused to free Otto Brandt.", "refused", "The rebels", "Otto Brandt"),
        ("The painter died on Monday.", "died", None, "The painter"),
        ("The crash killed two tourists.", "killed", None, "two tourists"),
        ("The general vowed to attack Spain.", "vowed", "The general", "Spain"),
    ],
)
def test_actor_and_recipient(nlp, text, trigger, actor, recipient):
    """Passives, relative clauses, control, light verbs and possessives fill the roles of the frame."""
    event = read(nlp, text, HOLM, BRANDT, SPAIN).event(trigger)
    assert (event.actor_text, event.recipient_text) == (actor, recipient)


@pytest.mark.parametrize(
    ("text", "trigger", "actor", "recipient"),
    [
        ("Chile sent firefighters and Argentina offered to send aid.", "offered", "Argentina", None),
        (
            "Estonia recalled its ambassador from Minsk and Belarus expelled two diplomats.",
            "expelled",
            "Belarus",
            "two diplomats",
        ),
        (
            "Estonia recalled its ambassador from Minsk and Belarus expelled two diplomats.",
            "recalled",
            "Estonia",
            "its ambassador",
        ),
        ("The minister is due to travel to Spain.", "travel", "The minister", "Spain"),
        ("The club fined him two weeks' wages.", "fined", "The club", "him"),
        ("Peacekeepers failed to stop the fighting.", "fighting", None, None),
    ],
)
def test_participants_after_parsing_errors(nlp, text, trigger, actor, recipient):
    """A noun attached to the previous clause is the subject of its own verb; "due to" passes on its subject."""
    event = read(nlp, text).event(trigger)
    assert (event.actor_text, event.recipient_text) == (actor, recipient)


@pytest.mark.parametrize(
    "text",
    [
        "The minister sat with the reporters.",
        "The firms communicated with the authorities.",
        "Her party failed in the north.",
        "The minister called on Monday.",
        "The team will fight for the title.",
        "The talks collapsed.",
    ],
)
def test_vague_words_give_no_row(nlp, text):
    """Words that name no particular event, or have only a date, are untyped."""
    assert not [event for event in read(nlp, text).events if event.trigger_text != "talks"]


def test_coordinated_actors_are_listed(nlp):
    """If several act, the first fills the columns and the lists name all."""
    event = read(nlp, "Ada Holm and Otto Brandt met in Oslo.", HOLM, BRANDT, OSLO).event("met")
    assert (event.actor_name, event.actors, event.recipients) == ("Ada Holm", ("Ada Holm", "Otto Brandt"), ())


def test_two_leaders_refer_to_their_group(nlp):
    """A mention of several entities gives each of them."""
    text = "Ada Holm met Otto Brandt.\nThe two leaders agreed a deal."
    case = read(nlp, text, HOLM, BRANDT, groups={"The two leaders": (0, 1)})
    event = case.event("agreed")
    assert (event.actor_text, event.actors) == ("The two leaders", ("Ada Holm", "Otto Brandt"))


def test_plural_pronoun_without_a_pair_stays_text(nlp):
    """An unresolved "they" keeps its text and has no name."""
    event = read(nlp, "They attacked the village.").event("attacked")
    assert (event.actor_text, event.actor_name, event.actors) == ("They", None, ())


def test_nationality_and_sector_come_from_the_phrase(nlp):
    """A demonym gives the country, a role noun the sector."""
    event = read(nlp, "German soldiers shelled the port.", ("German", "NORP", 4, "DEU")).event("shelled")
    assert (event.actor_country, event.actor_sector) == ("DEU", "MIL")


def test_outer_verb_gives_the_type_and_keeps_the_inner_one_untyped(nlp):
    """What is refused is the content of the refusal, not an event of its own."""
    case = read(nlp, "The government refused to free the prisoners.")
    assert [event.event_type for event in case.events] == ["REJECT"]
    assert [(event.trigger_text, event.event_type, event.event_index) for event in case.untyped] == [("free", None, -1)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("The mayor agreed to meet the residents.", [("AGREE", "happened"), ("CONSULT", "planned")]),
        ("The nurses threatened to strike.", [("THREATEN", "happened"), ("PROTEST", "hypothetical")]),
        ("The bus overturned, killing two tourists.", [("OTHER", "happened")]),
        ("An earthquake struck Peru, killing 23 people and destroying hundreds of homes.", [("OTHER", "happened")] * 3),
        ("A magnitude 6.4 earthquake struck Spain, killing nine tourists.", [("OTHER", "happened")] * 3),
        ("Spain was not invited and has not signed the treaty.", [("REQUEST", "negated"), ("AGREE", "negated")]),
        ("The judge threw out the case.", [("REJECT", "happened")]),
        ("The party may go to court.", [("ACCUSE", "hypothetical")]),
        ("Unions warned of strikes.", [("THREATEN", "happened")]),
    ],
)
def test_inner_events(nlp, text, rows):
    """A meeting agreed on and a strike threatened have their own rows; the effect of an accident is not an attack."""
    assert [(event.event_type, event.modality) for event in read(nlp, text).events] == rows


def test_statements_are_untyped(nlp):
    """Statements are quotes, not typed events."""
    case = read(nlp, "Ada Holm said nothing new.", HOLM)
    assert case.events == ()
    assert [event.trigger_text for event in case.untyped] == ["said"]


def test_planned_cooperation_becomes_agreement(nlp):
    """PLOVER counts a planned meeting as an agreement; the reported type stays."""
    event = read(nlp, "Ada Holm will meet Otto Brandt.", HOLM, BRANDT).event("meet")
    assert (event.event_type, event.plover_type) == ("CONSULT", "AGREE")


def test_actor_country_is_never_the_place(nlp):
    """A country that acts is not the place of the event."""
    assert read(nlp, "Spain imposed sanctions on the bank.", SPAIN).event("imposed sanctions").place_text is None


def test_mentions_of_one_event_are_coreferent(nlp):
    """Headline, lead and noun refer to one meeting; another meeting stays separate."""
    text = "Ada Holm will meet Otto Brandt in Oslo for talks.\nAda Holm met Otto Brandt last month."
    case = read(nlp, text, HOLM, BRANDT, OSLO, title="Ada Holm to meet Otto Brandt")
    assert [(e.trigger_text, e.coref_event_index) for e in case.events] == [
        ("meet", 0),
        ("meet", 0),
        ("talks", 0),
        ("met", 3),
    ]


def test_main_event_is_in_the_headline(nlp):
    """The event of the headline is the most salient one."""
    text = "Ada Holm met Otto Brandt in Oslo.\nIn 2019 a train derailed."
    case = read(nlp, text, HOLM, BRANDT, OSLO, title="Ada Holm meets Otto Brandt")
    assert max(case.events, key=lambda event: event.salience).start_char == len("Ada Holm ")
    assert all(0 <= event.salience <= 1 for event in case.events)


def test_past_event_without_a_date_has_none(nlp):
    """The past tense alone does not date an event."""
    event = read(nlp, "The army will meet on Monday.\nRebels attacked the village.").event("attacked")
    assert (event.event_date, event.event_date_basis) == (None, None)


def test_undated_article_leaves_relative_dates_unresolved(nlp):
    """Without a published day the words are kept and the date is null."""
    event = read(nlp, "The army attacked the village on Monday.", published=None).event("attacked")
    assert (event.event_date, event.event_date_text, event.event_date_basis) == (None, "Monday", None)


def test_date_words_are_not_events(nlp):
    """A month that is also a verb or a noun is not a trigger inside a date."""
    case = read(nlp, "Police arrested three men on 4 March.")
    assert [event.trigger_text for event in case.events] == ["arrested"]


def test_offsets_give_back_the_trigger(nlp):
    """start_char and end_char give the trigger in the article's text."""
    text = "Ada Holm stepped down after the attack on Oslo."
    case = read(nlp, text, HOLM, OSLO)
    found = [(text[e.start_char : e.end_char], e.trigger_text) for e in case.events + case.untyped]
    assert found == [("stepped down", "stepped down"), ("attack", "attack")]


def test_passing_mention(nlp):
    """An event noun governed by a preposition, without participants, is untyped unless the event is reported too."""
    assert [e.trigger_text for e in read(nlp, "Ada Holm praised doctors after the war.", HOLM).events] == ["praised"]
    case = read(nlp, "Spain’s war against Norway ended. Ada Holm praised doctors after the war.", HOLM, SPAIN)
    assert [e.trigger_text for e in case.events] == ["war", "praised", "war"]


def test_dated_event_is_no_passing_mention(nlp):
    """An event noun governed by a preposition keeps its type if a day is its own, not if it only lasts some time."""
    case = read(nlp, "Ada Holm praised doctors after Sunday’s massacre.", HOLM)
    assert [e.trigger_text for e in case.events] == ["praised", "massacre"]
    assert [e.trigger_text for e in read(nlp, "Ada Holm praised doctors after the six-week war.", HOLM).events] == [
        "praised"
    ]


def test_event_nouns_and_abstractions_are_not_participants(nlp):
    """Events and abstractions are neither actor nor recipient."""
    event = read(nlp, "The crisis hit the number of visits.").predicate("hit")
    assert (event.actor_text, event.recipient_text) == (None, None)


def test_headline_leaves_out_the_auxiliary(nlp):
    """A headline's participle without an object is a passive."""
    event = read(nlp, "Nothing else is known.", HOLM, title="Ada Holm sacked over ferry deal").event("sacked")
    assert (event.actor_text, event.recipient_text) == (None, "Ada Holm")


def test_date_before_coordinated_verbs(nlp):
    """A date before two coordinated verbs is the date of both."""
    case = read(nlp, "On Monday police raided Otto Brandt’s house and arrested Ada Holm.", HOLM, BRANDT)
    assert case.event("arrested").event_date == date(2026, 3, 9)


def test_place_has_coordinates(nlp):
    """A city of the built-in base has coordinates; a country and an unknown place have none."""
    points = {}
    for name, country in (("Oslo", "NOR"), ("Norway", "NOR"), ("Pebble Quay", "NOR")):
        event = read(nlp, f"Police arrested a man in {name}.", (name, "GPE", 0, country)).event("arrested")
        points[event.place_text] = (event.place_lat, event.place_lon)
    assert points == {"Oslo": (59.913, 10.746), "Norway": (None, None), "Pebble Quay": (None, None)}
