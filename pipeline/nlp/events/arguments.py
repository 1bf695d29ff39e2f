"""Event arguments: the noun phrases that fill the roles of a frame, as actors and recipients."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from newslake.pipeline.model import Entity
from newslake.pipeline.model.annotation import ArgumentBasis
from newslake.pipeline.nlp.events.contents import is_known, recipients_in_content
from newslake.pipeline.nlp.events.noun_roles import (
    actors_above_noun,
    actors_of_noun,
    authors_of,
    casualties_of,
    patients_of_noun,
    place_after,
    roles_from_verb,
)
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.participants import Participant, country_of_adjective, participants_of
from newslake.pipeline.nlp.events.subjects import agents_in_phrase, doers_of, subject_of
from newslake.pipeline.nlp.events.triggers import Trigger, denotes, infinitive_of, is_group, pattern_objects
from newslake.pipeline.nlp.languages.plover import OTHER
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

_UNMARKED_PLACES = frozenset({"object", "inner", "poss", "dative"})  # roles that no preposition marks
_PERSONS = frozenset({"PERSON"})


@dataclass(frozen=True, slots=True)
class Roles:
    """The participants of one event, in text order. The bases are None without a participant."""

    actors: tuple[Participant, ...] = ()
    recipients: tuple[Participant, ...] = ()
    actor_basis: ArgumentBasis | None = None
    recipient_basis: ArgumentBasis | None = None


def roles_of(parse: Parse, trigger: Trigger, data: FrameData) -> Roles:
    """Return the actors and recipients that the sentence names: in the clause of the trigger, else around it."""
    actors, recipients = (_of_noun if trigger.is_noun else _of_verb)(parse, trigger, data)
    who = tuple(participants_of(parse, actors, data)) if actors else ()
    if not _is_typed(trigger):
        whom = without(participants_of(parse, recipients, data), who) if recipients else ()
        return Roles(who, whom, "clause" if who else None, "clause" if whom else None)
    who, actor_basis = _actors(parse, trigger, who, data)
    near = [i for i in recipients if not _is_money(parse, i)]
    whom, recipient_basis = _recipients(parse, trigger, near, who, data)
    return Roles(who, whom, actor_basis if who else None, recipient_basis if whom else None)


def _actors(
    parse: Parse, trigger: Trigger, who: tuple[Participant, ...], data: FrameData
) -> tuple[tuple[Participant, ...], ArgumentBasis]:
    """Return the actors of a typed trigger: those of its clause, else those around it."""
    if not _is_open(parse, who, data):
        return who, "clause"
    around = tuple(participants_of(parse, _actors_around(parse, trigger, data), data))
    return (around, "context") if around else (who, "clause")


def _recipients(
    parse: Parse, trigger: Trigger, near: list[int], who: tuple[Participant, ...], data: FrameData
) -> tuple[tuple[Participant, ...], ArgumentBasis]:
    """Return the recipients of a typed trigger: those of its clause, else those in its content."""
    whom = without(participants_of(parse, [_owner_of_thing(parse, i, trigger.frame, data) for i in near], data), who)
    if whom:
        return whom, "clause"
    if trigger.frame is not None and trigger.frame.event_type == "ASSAULT":
        whom = without(participants_of(parse, casualties_of(parse, trigger.index, data), data), who)
        if whom:
            return whom, "context"
    clusters = frozenset(each.cluster_index for each in who)
    return without(participants_of(parse, recipients_in_content(parse, trigger, data, clusters), data), who), "context"


def _owner_of_thing(parse: Parse, index: int, frame: Frame | None, data: FrameData) -> int:
    """Return who owns a thing that the event hits, else the word itself: "seized its assets", "burned Holm's car"."""
    owner = parse.child(index, "poss")
    if owner is None and frame is not None and frame.event_type == "SANCTION":
        owner = next((c for c in parse.children[index] if country_of_adjective(parse, c) is not None), None)
    if owner is None or is_group(parse, index, data) or parse.mentions[index] is not None:
        return index
    return owner if denotes(parse, owner, data) and is_known(parse, owner) else index


def _is_typed(trigger: Trigger) -> bool:
    return trigger.frame is not None and trigger.frame.event_type != OTHER


def name_speakers(roles: Roles, speaker: Entity | None, name: str | None, data: FrameData) -> Roles:
    """Return the roles; an unresolved "we" or "I" gets the speaker, or the name of a speaker without an entity."""
    return replace(
        roles,
        actors=tuple(_named_speaker(p, speaker, name, data) for p in roles.actors),
        recipients=tuple(_named_speaker(p, speaker, name, data) for p in roles.recipients),
    )


def _named_speaker(who: Participant, speaker: Entity | None, name: str | None, data: FrameData) -> Participant:
    if who.text.lower() not in data.speaker_pronouns or who.name is not None:
        return who
    country = speaker.country_code if speaker is not None else who.country
    return replace(who, entity=speaker or who.entity, country=country, antecedent=name)


def without(participants: Iterable[Participant], taken: tuple[Participant, ...]) -> tuple[Participant, ...]:
    """Return the participants without the taken ones: the actor is never the recipient."""
    return tuple(p for p in participants if not any(p.is_same(other) for other in taken))


def _is_money(parse: Parse, index: int) -> bool:
    return any(parse.tag[c] == "$" for c in parse.children[index])


def _is_open(parse: Parse, who: tuple[Participant, ...], data: FrameData) -> bool:
    """Return whether the clause names no actor, or only a document, which has an author."""
    return not who or all(p.entity is None and parse.lemma[p.index] in data.documents for p in who)


def _actors_around(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    """Return the actors of the clause above, or those of the event or document that is the subject."""
    if trigger.is_noun:
        return actors_above_noun(parse, trigger, data)
    if trigger.index in parse.passives or _undergoes(parse, trigger, data):
        return []
    subject = subject_of(parse, trigger.index, data)
    if subject is None or denotes(parse, subject, data):
        return []
    noun = Trigger(subject, parse.start[subject], parse.end[subject], True, None)
    if parse.lemma[subject] in data.documents:
        return authors_of(parse, noun, data)
    return actors_of_noun(parse, noun, data) or roles_from_verb(parse, noun, data)[0]


def _undergoes(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Return whether the subject of a verb is its patient: it dies, rises, ends, is something."""
    index, frame = trigger.index, trigger.frame
    if frame is not None:
        return "subject" in frame.recipient and parse.child(index, "dobj") is None
    if parse.lemma[index] in data.undergoing:
        return True
    alone = parse.lemma[index] in data.undergoing_alone and parse.child(index, "dobj", "xcomp", "pcomp") is None
    return alone and not _is_of_a_person(parse, index, data)


def _is_of_a_person(parse: Parse, index: int, data: FrameData) -> bool:
    subject = subject_of(parse, index, data)
    return subject is not None and denotes(parse, subject, data, _PERSONS)


def _of_verb(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    index = trigger.index
    actors = doers_of(parse, index, data)
    if _is_typed(trigger) and actors and not any(is_group(parse, i, data) for i in actors):
        actors = _speakers_before(parse, index, data) or actors
    if _undergoes(parse, trigger, data):
        return agents_in_phrase(parse, index, data), actors or _recipients_of_verb(parse, trigger, data)
    return actors, _recipients_of_verb(parse, trigger, data)


def _speakers_before(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return A in "A said the money was late and called on B to resign", where the parser joins "was" and "called"."""
    clause = parse.head[index]
    if parse.dep[index] != "conj" or parse.dep[clause] != "ccomp" or index in parse.passives:
        return []
    saying = parse.head[clause]
    if parse.subjects.get(index) is not None or saying not in parse.verbs or parse.subjects.get(clause) is None:
        return []
    return [i for i in doers_of(parse, saying, data) if denotes(parse, i, data)]


def _recipients_of_verb(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    index, frame = trigger.index, trigger.frame
    prepositions = _prepositions_of(parse, index) | _prepositions_of(parse, parse.patients.get(index))
    codes = [c for c in (frame.recipient if frame else data.verb_places) if c in prepositions or c in _UNMARKED_PLACES]
    places = [place for code in codes if (place := _at_place(parse, trigger, code, data))]
    if frame is not None and frame.event_type == "REQUEST" and infinitive_of(parse, index) is None:
        places = [place for place in places if any(is_group(parse, i, data) for i in place)]  # not what is demanded
    if frame is not None and frame.takes_content:  # "demanded an answer from Spain"
        places.sort(key=lambda place: not is_group(parse, place[0], data))
    return places[0] if places else []


def _prepositions_of(parse: Parse, index: int | None) -> set[str]:
    if index is None:
        return set()
    return {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("prep", "agent", "dative")}


def _at_place(parse: Parse, trigger: Trigger, code: str, data: FrameData) -> list[int]:
    index = trigger.index
    if code == "object":
        return _object_place(parse, trigger, data)
    if code == "inner":
        return _inner_doer(parse, index)
    if code == "poss":
        thing = parse.patients.get(index)
        owner = parse.child(thing, "poss") if thing is not None else None
        return [owner] if owner is not None else []
    if code == "dative":
        return [c for c in parse.children[index] if parse.dep[c] == "dative" and parse.pos[c] != "ADP"]
    return _prep_place(parse, index, code, data)


def _object_place(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    thing = parse.patients.get(trigger.index)
    if thing is None or (trigger.frame is not None and _is_content(parse, trigger.frame, trigger.index, data)):
        return []
    if parse.lower[thing] in data.relative_pronouns and parse.dep[trigger.index] == "relcl":
        return [parse.head[trigger.index]]
    return [thing]


def _is_content(parse: Parse, frame: Frame, index: int, data: FrameData) -> bool:
    """Return whether the object of a verb is its content, not its recipient: "impose sanctions", "back Y's plan"."""
    thing = parse.patients.get(index)
    if thing is None or is_group(parse, thing, data) or len(frame.recipient) == 1:
        return False
    if frame.event_type != OTHER and parse.lemma[thing] in pattern_objects(frame):
        return True
    owned = "poss" in frame.recipient and _has_owner(parse, thing, data)
    return owned or ("inner" in frame.recipient and infinitive_of(parse, index) is not None)


def _has_owner(parse: Parse, thing: int, data: FrameData) -> bool:
    by = (i for word in data.agent_prepositions for i in parse.prep_objects(thing, word))
    return parse.child(thing, "poss") is not None or any(denotes(parse, i, data) for i in by)


def _inner_doer(parse: Parse, index: int) -> list[int]:
    inner = infinitive_of(parse, index)
    if inner is None:
        return []
    doer = parse.subjects.get(inner)
    if doer is None and parse.dep[inner] != "acl":
        doer = parse.patients.get(index)
    return [doer] if doer is not None else []


def _prep_place(parse: Parse, index: int, code: str, data: FrameData) -> list[int]:
    nouns = place_after(parse, index, code, data)
    thing = parse.patients.get(index) if not nouns else None
    return nouns if thing is None else place_after(parse, thing, code, data)


def _of_noun(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    actors, recipients = actors_of_noun(parse, trigger, data), patients_of_noun(parse, trigger, data)
    if trigger.frame is not None and trigger.frame.event_type == "REQUEST":
        recipients = [i for i in recipients if is_group(parse, i, data)]
    doers, sufferers = roles_from_verb(parse, trigger, data)
    if actors and not _is_typed(trigger):
        sufferers = []
    return actors or doers, recipients or sufferers


# Customary actors: who does an event whose doer the text need not name.

_SECTORS: Mapping[str, str] = {"arrest": "COP"}  # by mode: "he was arrested" means by the police
_MODIFIERS = frozenset({"amod", "compound", "nmod"})
_MANY = frozenset({"NNS", "NNPS"})


def customary_actors(
    parse: Parse, triggers: Iterable[Trigger], data: FrameData
) -> Mapping[int, tuple[Participant, ...]]:
    """Return, by trigger token, the body of the sector or its members that the article names nearest to an event.

    One officer is no customary actor: he is there for another reason.
    """
    members: dict[str, list[int]] = {}
    actors: dict[int, tuple[Participant, ...]] = {}
    for trigger in triggers:
        sector = _SECTORS.get((trigger.frame and trigger.frame.mode) or "")
        if sector is None:
            continue
        if sector not in members:
            members[sector] = _of_sector(parse, sector, data)
        place = bisect_left(members[sector], trigger.index)
        near = members[sector][max(place - 1, 0) : place + 1]
        if near:
            _, nearest = min((abs(index - trigger.index), index) for index in near)
            actors[trigger.index] = tuple(participants_of(parse, [nearest], data))
    return actors


def _of_sector(parse: Parse, sector: str, data: FrameData) -> list[int]:
    words = frozenset(word for word, kind in data.people.items() if kind == sector)
    return [
        index
        for index, lemma in enumerate(parse.lemma)
        if (lemma in words or parse.lower[index] in words)
        and (lemma in data.bodies or parse.lower[index] in data.bodies or parse.tag[index] in _MANY)
        and parse.dep[index] not in _MODIFIERS
    ]
