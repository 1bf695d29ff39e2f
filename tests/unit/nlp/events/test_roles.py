"""Actors and recipients around the clause of a trigger, in invented sentences."""

from dataclasses import replace

import pytest

from newslake.pipeline.nlp.events.arguments import Roles, name_speakers
from newslake.pipeline.nlp.events.participants import Participant
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from tests.unit.nlp.events_case import names_in, read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
OSLO = ("Oslo", "GPE", 2, "NOR")
SPAIN = ("Spain", "GPE", 3, "ESP")
NORWAY = ("Norway", "GPE", 4, "NOR")


def recipient_of(nlp, text, trigger):
    event = read(nlp, text, HOLM, BRANDT, OSLO, SPAIN, NORWAY).event(trigger)
    return event.recipient_text, event.recipient_basis


def actor_of(nlp, text, trigger):
    event = read(nlp, text, HOLM, BRANDT, OSLO, SPAIN, NORWAY).event(trigger)
    return event.actor_text, event.actor_basis


@pytest.mark.parametrize(
    ("text", "trigger", "recipient"),
    [
        ("Norway demanded that Spain stop the trial.", "demanded", "Spain"),
        ("Ada Holm alleged that Otto Brandt had lied.", "alleged", "Otto Brandt"),
        ("Norway agreed to lift a ban on imports from Spain.", "agreed", "Spain"),
        ("Norway agreed to open its border to Spanish refugees.", "agreed", "Spanish refugees"),
        ("Norway refused to allow Otto Brandt to enter the port.", "refused", "Otto Brandt"),
        ("Norway rejected every offer made by Spain.", "rejected", "Spain"),
        ("Norway threatened to halt talks with Spain.", "threatened", "Spain"),
    ],
)
def test_recipients_in_content(nlp, text, trigger, recipient):
    """What is demanded, agreed, refused or welcomed names the recipient, with the basis `context`."""
    assert recipient_of(nlp, text, trigger) == (recipient, "context")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm agreed to resign.", "agreed"),
        ("Norway refused to lift its ban.", "refused"),
        ("Ada Holm condemned the attack on Spain.", "condemned"),
        ("Norway agreed that it would open the border.", "agreed"),
        ("Norway sent a team.", "sent"),
        ("Norway filed a complaint with Spain.", "filed a complaint"),
    ],
)
def test_content_without_a_recipient(nlp, text, trigger):
    """The actor itself, the victim of a condemned attack, a thing sent and a complaint's office are no recipients."""
    assert recipient_of(nlp, text, trigger) == (None, None)


def test_demand_from_somebody(nlp):
    """The person a demand goes to is the recipient, not the thing demanded."""
    assert recipient_of(nlp, "Norway demanded an answer from Otto Brandt.", "demanded") == ("Otto Brandt", "clause")


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("Norway announced a ceasefire.", "ceasefire", "Norway"),
        ("Norwegian soldiers have stepped up attacks on the port.", "attacks", "Norwegian soldiers"),
        ("A report from Norway accused Otto Brandt of lying.", "accused", "Norway"),
        ("Norway issued a letter accusing Otto Brandt of lying.", "accusing", "Norway"),
        ("An army raid killed two farmers.", "killed", "army"),
    ],
)
def test_actors_around_the_clause(nlp, text, trigger, actor):
    """The actor is who announces or intensifies an event, writes a document, or acts in the subject event."""
    assert actor_of(nlp, text, trigger) == (actor, "context")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm called the attack a disgrace.", "attack"),
        ("Ada Holm wrote a book about the protests.", "protests"),
        ("The helicopter was shot down.", "shot down"),
        ("The suicide attack killed two farmers.", "killed"),
    ],
)
def test_no_actor_around_the_clause(nlp, text, trigger):
    """Who only speaks of an event does not act in it, and a helicopter that is shot down suffers."""
    found = read(nlp, text, HOLM, BRANDT).events
    assert [event.actor_text for event in found if event.trigger_text == trigger] in ([None], [])


@pytest.mark.parametrize(
    ("text", "trigger", "actor", "recipient"),
    [
        ("Ada Holm was fined for insulting Otto Brandt and arrested.", "fined", None, "Ada Holm"),
        ("Norway is willing to withdraw from Spain.", "withdraw", "Norway", "Spain"),
        ("Norway accused Ada Holm of attacking the port.", "attacking", "Ada Holm", "the port"),
        ("A singer who was fined and who has apologised left.", "apologised", "A singer", None),
        ("Otto Brandt’s arrest surprised Norway.", "arrest", None, "Otto Brandt"),
        ("The army’s arrest of Otto Brandt surprised Norway.", "arrest", "The army", "Otto Brandt"),
        ("Norway-Spain talks failed.", "talks", "Norway", None),
        ("The protests from farmers ended.", "protests", "farmers", None),
        ("Otto Brandt is under investigation.", "investigation", None, "Otto Brandt"),
        ("Otto Brandt is on trial for murder.", "trial", None, "Otto Brandt"),
        ("Otto Brandt remained in custody.", "custody", None, "Otto Brandt"),
        ("The nurses are on strike.", "strike", "The nurses", None),
    ],
)
def test_roles_in_the_clause(nlp, text, trigger, actor, recipient):
    """Adjectives, gerunds, possessors, pairs and prepositions give each participant its role."""
    event = read(nlp, text, HOLM, BRANDT, SPAIN, NORWAY).predicate(trigger)
    assert (event.actor_text, event.recipient_text) == (actor, recipient)


def test_dateline_is_no_actor(nlp):
    """A place before a dash is where the report was written."""
    assert actor_of(nlp, "Oslo, Norway - Police have arrested a reporter.", "arrested") == ("Police", "clause")


def test_amount_is_no_recipient(nlp):
    """Money goes to somebody and is nobody."""
    assert recipient_of(nlp, "Norway announced humanitarian assistance of $60 million.", "assistance") == (None, None)


@pytest.mark.parametrize(
    ("text", "trigger", "name"),
    [
        ("Spanish forces have begun their assault on the port.", "assault", "Spanish forces"),
        ("The army says it has seized the port.", "seized", "The army"),
        ("Norway sent an envoy. It seized the port.", "seized", None),
        ("The minister says it has seized the port.", "seized", None),
    ],
)
def test_pronoun_names_its_phrase(nlp, text, trigger, name):
    """A pronoun keeps its text; the phrase that it must refer to in its sentence is its name."""
    assert read(nlp, text).event(trigger).actor_name == name


@pytest.mark.parametrize(
    ("text", "trigger", "name"),
    [
        ("Norway is angry. It has threatened to close the port.", "threatened", "Norway"),
        ("Norway denied that it had asked Spain for aid.", "asked", "Norway"),
        ("Spain wrote to Norway.\nIt has threatened to close the port.", "threatened", "Spain"),
        ("The storm hit Norway. It has threatened the port.", "threatened", None),
        ("“Norway is angry,” Ada Holm said. It has threatened to close the port.", "threatened", None),
    ],
)
def test_pronoun_names_the_subject_before(nlp, text, trigger, name):
    """A subject pronoun is the subject of the clause above or the sentence before, if both agree; never of a quote."""
    case = read(nlp, text, HOLM, SPAIN, NORWAY)
    assert next((e.actor_name for e in case.events if e.trigger_text == trigger), None) == name


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("An attack launched by rebels shut the port.", "attack", "rebels"),
        ("Spain is cancelling the talks Norway had planned.", "talks", "Norway"),
        ("The attack that Norway condemned shut the port.", "attack", None),
    ],
)
def test_clause_about_an_event_noun(nlp, text, trigger, actor):
    """Who launches or plans an event in a clause about its noun is its actor; who comments on it is not."""
    assert actor_of(nlp, text, trigger)[0] == actor


def test_name_in_the_phrase_of_a_noun(nlp):
    """A person named after the place of an office holder, or after "known as", is the holder."""
    for text in ("A judge at the High Court, Ada Holm, rejected it.", "A rebel known as Ada Holm rejected it."):
        assert read(nlp, text, HOLM).event("rejected").actor_name == "Ada Holm"
    assert read(nlp, "A rebel near Ada Holm rejected it.", HOLM).event("rejected").actor_name is None


def test_headline_passive_with_an_amount(nlp):
    """Who is fined a sum in a headline is the recipient; who fines a bank is not."""
    bank = ("Tern Bank", "ORG", 0, None)
    fined = read(nlp, "The bank is in Oslo.", bank, title="Tern Bank fined £2m over late fees").event("fined")
    assert (fined.actor_name, fined.recipient_name) == (None, "Tern Bank")


def test_complaint_is_the_one_filed(nlp):
    """A noun takes the actor of the verb that carried it before: "filed a complaint ... the complaint"."""
    case = read(nlp, "Norway filed a complaint against Spain.\nA judge has read the complaint.", SPAIN, NORWAY)
    assert (case.event("complaint").actor_name, case.event("complaint").actor_basis) == ("Norway", "coref")


def test_definite_noun_names_the_only_holder(nlp):
    """ "The union" is the only union that the article has named, or of two the subject before; else it is neither."""
    dockers, nurses = ("Dockers’ Union", "ORG", 0, None), ("Nurses’ Union", "ORG", 1, None)
    text = "The Dockers’ Union met in Oslo.\nThe union rejected the offer."
    assert read(nlp, text, dockers).event("rejected").actor_name == "Dockers’ Union"
    both = "The Dockers’ Union and the Nurses’ Union met.\nThe union rejected the offer."
    assert read(nlp, both, dockers, nurses).event("rejected").actor_name is None
    one = "The Dockers’ Union met the Nurses’ Union.\nThe union rejected the offer."
    assert read(nlp, one, dockers, nurses).event("rejected").actor_name == "Dockers’ Union"


def test_we_is_the_speaker():
    """ "We" in a quote has the name of its speaker, also of one without an entity; "they" has not."""
    we, they = (Participant(index, text, None, None, None) for index, text in enumerate(("We", "They")))
    named = name_speakers(Roles(actors=(we,), recipients=(they,)), None, "a spokesman", FRAMES)
    assert (named.actors[0].text, named.actors[0].name, named.recipients[0].name) == ("We", "a spokesman", None)


def test_subject_before_a_day(nlp):
    """A name before a day and its verb is the actor, also where the parser takes it for an adverb."""
    text = (
        "Spain on Wednesday summoned Norway’s charge d’affaires to protest against what it called unprovoked strikes."
    )
    assert actor_of(nlp, text, "summoned") == ("Spain", "clause")


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("Otto Brandt was held and beaten by guards.", "beaten", "guards"),
        ("Otto Brandt was attacked and beaten by guards.", "attacked", "guards"),
        ("Otto Brandt was attacked in Oslo and beaten by guards.", "attacked", None),
        ("Norway was urged to stop polluting by Spain.", "urged", "Spain"),
        ("Norway was urged to stop polluting by Friday.", "urged", None),
        ("The bombing of a bridge by rebels shut the port.", "bombing", "rebels"),
        ("Support for a film by Ada Holm grew.", "Support", None),
        ("The raid drew protests from Spain.", "protests", "Spain"),
        ("The mayor came under attack from residents.", "attack", "residents"),
        ("The mayor suffered an attack at the hands of soldiers.", "attack", "soldiers"),
        ("Thousands protested in Oslo.", "protested", "Thousands"),
        ("Ada Holm offered to talk after the attack on Spain.", "attack", None),
        ("Ada Holm offered a probe into the attack on Spain.", "attack", None),
        ("A student protest shut the port.", "protest", "student"),
    ],
)
def test_agents_apart_from_their_word(nlp, text, trigger, actor):
    """An agent may stand after a second verb, an infinitive or another noun, or after "from" and "at the hands of"."""
    assert actor_of(nlp, text, trigger) == (actor, actor and "clause")


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("Ada Holm was charged with the murder of Otto Brandt.", "murder", "Ada Holm"),
        ("Two men were arrested in a raid on the port.", "raid", None),
        ("Spain blamed the rebels for the attack on the port.", "attack", "the rebels"),
        ("Spain blamed the attack on rebels.", "attack", "rebels"),
        ("The attack, blamed on rebels, shut the port.", "attack", "rebels"),
        ("Rebels claimed responsibility for the attack on the port.", "attack", "Rebels"),
        ("Thousands took part in a march against Spain.", "march", "Thousands"),
        ("During a visit to Spain, Ada Holm fell ill.", "visit", "Ada Holm"),
        ("The summit of ministers failed.", "summit", "ministers"),
    ],
)
def test_actors_who_are_blamed_or_take_part(nlp, text, trigger, actor):
    """Who is blamed for an event or takes part in it is its actor, with the basis `context`."""
    assert actor_of(nlp, text, trigger) == (actor, actor and "context")


@pytest.mark.parametrize(
    ("text", "trigger", "recipient"),
    [
        ("Otto Brandt is expected to be charged.", "charged", "Otto Brandt"),
        ("Otto Brandt fled before being arrested.", "arrested", "Otto Brandt"),
        ("Otto Brandt robbed a bank and was arrested.", "arrested", "Otto Brandt"),
        ("The hostage release began.", "release", "hostage"),
        ("The Brandt murder shocked Norway.", "murder", None),
        ("The senators with whom Ada Holm met left.", "met", "The senators"),
        ("Norway demanded compensation.", "demanded", None),
        ("Norway called for calm.", "called", None),
    ],
)
def test_recipients_of_passives_and_demands(nlp, text, trigger, recipient):
    """A passive shares the subject of the verb above it; what is demanded is no recipient."""
    assert recipient_of(nlp, text, trigger)[0] == recipient


def test_attack_before_a_relative_clause(nlp):
    """ "Which killed nine" is said of the attack, not of the place where it was; "who" is said of a person."""
    text = "An army attack on a church in Oslo, which killed nine farmers, shocked Spain."
    assert actor_of(nlp, text, "killed") == ("army", "context")
    assert actor_of(nlp, "The attack on the rebels who killed nine farmers ended.", "killed") == (
        "the rebels",
        "clause",
    )


@pytest.mark.parametrize(
    ("text", "trigger", "name"),
    [
        ("Tern Bank, a lender that sued Spain, closed.", "sued", "Tern Bank"),
        ("Ada Holm is a senator who endorsed Spain.", "endorsed", "Ada Holm"),
        ("Ada Holm is not the senator who endorsed Spain.", "endorsed", None),
        ("The first senator to endorse Spain was Ada Holm.", "endorse", "Ada Holm"),
    ],
)
def test_noun_that_says_who_somebody_is(nlp, text, trigger, name):
    """A noun in apposition to a name, or said to be that name, has it."""
    bank = ("Tern Bank", "ORG", 5, None)
    assert read(nlp, text, bank, HOLM, SPAIN).event(trigger).actor_name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tern Bank lost. The company sued Spain.", None),
        ("Fjord Salmon lost. The company sued Spain.", "Fjord Salmon"),
        ("Fjord Salmon and Tern Bank lost. The company sued Spain.", None),
    ],
)
def test_company_is_the_only_organisation_near(nlp, text, name):
    """ "The company" is the only organisation named just before, unless its name says that it is something else."""
    case = read(nlp, text, ("Tern Bank", "ORG", 5, None), ("Fjord Salmon", "ORG", 6, None), SPAIN)
    assert case.event("sued").actor_name == name


def test_speaker_of_a_coordinated_demand(nlp):
    """Money calls on nobody: the speaker does, where the parser joins the two verbs."""
    text = "Ada Holm said the money was late and called on Spain to pay."
    assert actor_of(nlp, text, "called") == ("Ada Holm", "clause")


def test_unnamed_speaker_with_a_pronoun_mention():
    """ "We" that is a mention without a name has the words for its speaker."""
    mention = replace(names_in("We", [("We", "PERSON", 0, None)])[0], entity_name=None, cluster_index=None)
    we = Participant(0, "We", mention, None, None)
    assert name_speakers(Roles(actors=(we,)), None, "a spokesman", FRAMES).actors[0].name == "a spokesman"


@pytest.mark.parametrize(("noun", "name"), [("Norwegian bank", "Tern Bank"), ("Spanish bank", None)])
def test_definite_noun_with_a_country(nlp, noun, name):
    """ "The Norwegian bank" is a bank named before that is of Norway; the Spanish one is another."""
    names = (("Tern Bank", "ORG", 5, "NOR"), ("Norwegian", "NORP", 6, "NOR"), ("Spanish", "NORP", 7, "ESP"), HOLM)
    case = read(nlp, f"Tern Bank lost.\nThe {noun} sued Ada Holm.", *names)
    assert case.event("sued").actor_name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("India was angry.\nAda Holm condemned Indian raids.", "India"),
        ("Delhi was angry.\nAda Holm condemned Indian raids.", "Indian"),
    ],
)
def test_adjective_of_a_country(nlp, text, name):
    """ "Indian raids" are by the country, if the article names it; a city is not the country."""
    names = (("Indian", "NORP", 7, "IND"), ("India", "GPE", 5, "IND"), ("Delhi", "GPE", 6, "IND"), HOLM)
    assert read(nlp, text, *names).event("raids").actor_name == name


@pytest.mark.parametrize(
    ("text", "trigger", "recipient"),
    [
        ("Ada Holm rejected the notion that Spain could win.", "rejected", "Spain"),
        ("Norway opposed the idea of Spain becoming a member.", "opposed", "Spain"),
        ("Norway agreed to be defended by Spain.", "agreed", "Spain"),
        ("Norway agreed to pause planned tariffs on imports from Spain.", "agreed", "Spain"),
        ("Ada Holm began an inquiry into whether Otto Brandt had lied.", "inquiry", "Otto Brandt"),
        ("The inquiry found that Otto Brandt had lied.", "inquiry", "Otto Brandt"),
        ("The inquiry ended after Otto Brandt had lied.", "inquiry", None),
        ("The raid left Otto Brandt dead.", "raid", "Otto Brandt"),
        ("The raid left Otto Brandt speechless.", "raid", None),
        ("Spain asked for a loan.\nNorway rejected the request.", "rejected", "Spain"),
        ("Spain asked for a loan.\nNorway rejected the plan.", "rejected", None),
    ],
)
def test_recipients_in_clauses_of_content(nlp, text, trigger, recipient):
    """The doer of an idea, of an alleged deed or of what is answered, and who an attack harms, are recipients."""
    event = next(e for e in read(nlp, text, HOLM, BRANDT, SPAIN, NORWAY).events if trigger in e.trigger_text)
    assert (event.recipient_text, event.recipient_basis) == (recipient, "context" if recipient else None)


@pytest.mark.parametrize(
    ("text", "trigger", "recipient"),
    [
        ("Norway seized Otto Brandt's boat.", "seized", "Otto Brandt"),
        ("Norway seized their boat.", "seized", "their boat"),
        ("Ada Holm condemned Otto Brandt's sister.", "condemned", "Otto Brandt's sister"),
        ("Norway imposed tariffs on Spanish steel.", "imposed tariffs", "Spanish"),
        ("The promises that Ada Holm made to Otto Brandt were kept.", "promises", "Otto Brandt"),
    ],
)
def test_owner_of_a_thing(nlp, text, trigger, recipient):
    """Who owns the thing that an event hits is its recipient; a person is hit in person."""
    names = (HOLM, BRANDT, NORWAY, ("Spanish", "NORP", 3, "ESP"), SPAIN)
    assert read(nlp, f"Spain waited.\n{text}", *names).event(trigger).recipient_text == recipient


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("Two judges, both of whom accused Spain, left.", "accused", "Two judges"),
        ("Voter complaints against Spain grew.", "complaints", "Voter"),
        ("Norway urged Spain to pay, reiterating calls for a deal.", "reiterating calls", "Norway"),
        ("The alliance criticised Spain.", "criticised", "The alliance"),
    ],
)
def test_actors_of_modifiers(nlp, text, trigger, actor):
    """An actor may stand before "both of whom", before the noun of its deed, or at the head of the clause."""
    assert read(nlp, text, SPAIN, NORWAY).event(trigger).actor_text == actor


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada Holm lost.\nSpain praised the billionaire.", "Ada Holm"),
        ("Ada Holm met Otto Brandt.\nSpain praised the billionaire.", None),
        ("Ada Holm met Otto Brandt.\nAda Holm praised the billionaire.", "Otto Brandt"),
        ("Ada Holm lost.\nSpain praised the man.", None),
        ("Ada Holm lost.\nSpain praised a billionaire.", None),
    ],
)
def test_epithet_names_the_only_person_near(nlp, text, name):
    """ "The billionaire" is the only person named just before who does not act here; "the man" may be anybody."""
    assert read(nlp, text, HOLM, BRANDT, SPAIN).event("praised").recipient_name == name


@pytest.mark.parametrize(("noun", "name"), [("country", "Spain"), ("port", None)])
def test_country_is_the_only_one_near(nlp, noun, name):
    """ "The country" is the only country named just before."""
    case = read(nlp, f"Spain lost.\nThe mayor sued the {noun}.", SPAIN)
    assert case.event("sued").recipient_name == name


@pytest.mark.parametrize(
    ("text", "trigger", "actor"),
    [
        ("The Harbour Club shooting shocked Norway.", "shooting", None),
        ("The Harbour Club protest shocked Norway.", "protest", "Harbour Club"),
    ],
)
def test_scene_of_a_crime_is_no_actor(nlp, text, trigger, actor):
    """An organisation before the noun of a crime is where it happened; before another event noun it acts."""
    assert read(nlp, text, ("Harbour Club", "ORG", 0, None), NORWAY).event(trigger).actor_text == actor


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada Holm was among those who criticised Spain.", "Ada Holm"),
        ("Ada Holm was among the senators who criticised Spain.", "Ada Holm"),
        ("Ada Holm heard those who criticised Spain.", None),
    ],
)
def test_member_of_a_group_acts(nlp, text, name):
    """Who is said to be among those who did something did it."""
    assert read(nlp, text, HOLM, SPAIN).event("criticised").actor_name == name


def test_free_participle_is_passive(nlp):
    """The subject of a clause with "accused" before it is the recipient, not the actor."""
    event = read(nlp, "Accused of theft, Ada Holm fled to Oslo.", HOLM, OSLO).event("Accused")
    assert (event.actor_text, event.recipient_text) == (None, "Ada Holm")
    event = read(nlp, "Ada Holm spoke to Spain, accusing it of theft.", HOLM, SPAIN).event("accusing")
    assert event.actor_text == "Ada Holm"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Harbour Club officials criticised Norway.", "Harbour Club"),
        ("Harbour Club fans criticised Norway.", None),
        ("Local officials criticised Norway.", None),
    ],
)
def test_officials_act_for_their_organisation(nlp, text, name):
    """The officials of an organisation have its name; who only visits it has not."""
    event = read(nlp, text, ("Harbour Club", "ORG", 0, None), NORWAY).event("criticised")
    assert event.actor_name == name


@pytest.mark.parametrize(("name", "actor"), [("Oslo", None), ("Norway", "Norway")])
def test_town_of_a_meeting_is_no_actor(nlp, name, actor):
    """A country before a meeting takes part in it; in a town it takes place."""
    event = read(nlp, f"The {name} talks failed.\nNorway complained.", OSLO, NORWAY).event("talks")
    assert event.actor_text == actor
