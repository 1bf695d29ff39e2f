"""Who does it and to whom: the noun phrases that fill the places of a frame."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.phrases import Participant, members_of, participant_at
from pipeline.nlp.events.subjects import doers_of, leads_clause, subject_of
from pipeline.nlp.events.triggers import Trigger, denotes, infinitive_of, object_of, pattern_objects
from pipeline.nlp.languages.plover import OTHER
from pipeline.nlp.languages.spec_events import Frame, FrameData

_VAGUE_PREPOSITIONS = frozenset({"in", "at", "near", "along", "through", "outside", "over"})
_PLACED_TYPES = frozenset({"ASSAULT", "PROTEST", "OTHER", "COERCE"})
_OWN_PLACES = frozenset({"object", "inner", "poss", "dative"})  # those that no preposition marks
_PERSONS = frozenset({"PERSON"})


@dataclass(frozen=True, slots=True)
class Roles:
    """The participants of one event, in text order."""

    actors: tuple[Participant, ...] = ()
    recipients: tuple[Participant, ...] = ()


def roles_of(parse: Parse, trigger: Trigger, data: FrameData) -> Roles:
    """Return who does it and to whom, as far as the sentence says."""
    if trigger.is_noun:
        actors, recipients = _of_noun(parse, trigger, data)
    else:
        actors, recipients = _of_verb(parse, trigger, data)
    if not trigger.is_noun and _undergoes(parse, trigger, data):
        actors, recipients = [], actors or recipients
    who = tuple(_participants(parse, actors, data))
    taken = {p.index for p in who}
    return Roles(who, tuple(p for p in _participants(parse, recipients, data) if p.index not in taken))


def _undergoes(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Say whether the subject of a verb undergoes what happens: it dies, rises, ends, is something."""
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


def _participants(parse: Parse, heads: Iterable[int], data: FrameData) -> Iterator[Participant]:
    seen: set[int] = set()
    for head in heads:
        for index in parse.conjuncts(head):
            if (
                index not in seen
                and _takes_part(parse, index, data)
                and (index == head or not leads_clause(parse, index))
            ):
                seen.add(index)
                yield from members_of(parse, participant_at(parse, index, data))


def _takes_part(parse: Parse, index: int, data: FrameData) -> bool:
    """Say whether a word can take part in an event: what happens itself, and what is no thing at all, cannot."""
    if index in parse.in_time or parse.pos[index] == "VERB" or parse.dep[index] in ("pcomp", "expl"):
        return False
    if parse.lower[index] in data.pointers:
        return parse.entity[index] >= 0
    lemma = parse.lemma[index]
    happens = lemma in data.noun_index or lemma in data.occurrences or lemma in data.abstractions
    return not happens or denotes(parse, index, data)


def _of_verb(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    index, frame = trigger.index, trigger.frame
    actors = doers_of(parse, index, data)
    beside = _prepositions_of(parse, index) | _prepositions_of(parse, object_of(parse, index))
    for code in frame.recipient if frame else data.verb_places:
        if (code in beside or code in _OWN_PLACES) and (found := _at_place(parse, trigger, code, data)):
            return actors, found
    return actors, _inner_object(parse, index, data) if frame is not None and frame.takes_content else []


def _prepositions_of(parse: Parse, index: int | None) -> set[str]:
    if index is None:
        return set()
    return {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("prep", "agent", "dative")}


def _inner_object(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return to whom what is agreed, asked or refused is done: "refused to free the prisoners"."""
    inner = infinitive_of(parse, index)
    thing = object_of(parse, inner) if inner is not None else None
    return [thing] if thing is not None and denotes(parse, thing, data) else []


def _at_place(parse: Parse, trigger: Trigger, code: str, data: FrameData) -> list[int]:
    index = trigger.index
    if code == "object":
        return _object_place(parse, trigger, data)
    if code == "inner":
        return _inner_doer(parse, index)
    if code == "poss":
        thing = object_of(parse, index)
        owner = parse.child(thing, "poss") if thing is not None else None
        return [owner] if owner is not None else []
    if code == "dative":
        return [c for c in parse.children[index] if parse.dep[c] == "dative" and parse.pos[c] != "ADP"]
    return _prep_place(parse, index, code, data, through_object=True)


def _object_place(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    thing = object_of(parse, trigger.index)
    if thing is None or (trigger.frame is not None and _is_content(parse, trigger.frame, trigger.index, data)):
        return []
    if parse.lower[thing] in data.relative_pronouns and parse.dep[trigger.index] == "relcl":
        return [parse.head[trigger.index]]
    return [thing]


def _is_content(parse: Parse, frame: Frame, index: int, data: FrameData) -> bool:
    """Say whether the object of a verb says what is done and not to whom: "impose sanctions", "back Y's plan"."""
    thing = object_of(parse, index)
    if thing is None or denotes(parse, thing, data) or len(frame.recipient) == 1:
        return False
    if frame.event_type != OTHER and parse.lemma[thing] in pattern_objects(frame):
        return True
    owned = "poss" in frame.recipient and parse.child(thing, "poss") is not None
    return owned or ("inner" in frame.recipient and infinitive_of(parse, index) is not None)


def _inner_doer(parse: Parse, index: int) -> list[int]:
    inner = infinitive_of(parse, index)
    if inner is None:
        return []
    doer = parse.subject(inner)
    if doer is None and parse.dep[inner] != "acl":
        doer = object_of(parse, index)
    return [doer] if doer is not None else []


def _prep_place(parse: Parse, index: int, code: str, data: FrameData, *, through_object: bool) -> list[int]:
    found = list(parse.prep_objects(index, code))
    thing = object_of(parse, index) if through_object and not found else None
    if thing is not None:
        found = list(parse.prep_objects(thing, code))
    if code in _VAGUE_PREPOSITIONS:
        found = [i for i in found if denotes(parse, i, data)]
    return [i for i in found if parse.dep[i] == "pobj"]


def _of_noun(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    index, frame = trigger.index, trigger.frame
    actors = [i for preposition in data.pair_prepositions for i in parse.prep_objects(index, preposition)]
    actors = actors or [c for c in parse.children[index] if parse.dep[c] == "poss"]
    actors = actors or [i for preposition in data.agent_prepositions for i in parse.prep_objects(index, preposition)]
    actors = actors or [c for c in parse.children[index] if _is_adjectival_actor(parse, c, trigger)]
    beside, recipients = _prepositions_of(parse, index), list[int]()
    for code in frame.recipient if frame else data.noun_places:
        if code in beside and not recipients:
            recipients = _prep_place(parse, index, code, data, through_object=False)
    if not recipients and (frame is None or frame.event_type == OTHER):
        recipients = [c for c in parse.children[index] if _is_thing_before(parse, c)]
    if not actors:
        given, suffered = _from_governor(parse, trigger, data)
        return given, recipients or suffered
    return actors, recipients


def _is_thing_before(parse: Parse, child: int) -> bool:
    """Say whether a modifier names what something happens to ("vehicle sales", "a plant closure")."""
    return parse.dep[child] in ("compound", "nmod") and parse.pos[child] == "NOUN" and parse.entity[child] < 0


def _is_adjectival_actor(parse: Parse, child: int, trigger: Trigger) -> bool:
    mention = parse.mention(child)
    if mention is None or parse.dep[child] not in ("amod", "compound", "nmod"):
        return False
    placed = trigger.frame is None or trigger.frame.event_type in _PLACED_TYPES
    return mention.entity_type in ("NORP", "ORG", "PERSON") or (mention.entity_type == "GPE" and not placed)


def _from_governor(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    """Return actors and recipients that the governing verb lends to an event noun ("held talks", "face fines")."""
    index = trigger.index
    while parse.dep[index] == "conj":
        index = parse.head[index]
    dep, verb = parse.dep[index], parse.head[index]
    if dep in ("dobj", "nsubjpass", "attr") and parse.is_verb(verb):
        if parse.lemma[verb] in data.modality.carriers - data.modality.saying - data.modality.refusing:
            return doers_of(parse, verb, data), []
        if parse.lemma[verb] in data.bearers:
            return [], doers_of(parse, verb, data)
    if dep == "pobj":
        return _from_plan(parse, index, data), []
    return [], []


def _from_plan(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who prepares the event: "the rebels prepared for the launch of an attack"."""
    for _ in range(3):
        preposition = parse.head[index]
        index = parse.head[preposition]
        if parse.is_verb(index):
            planned = parse.lemma[index] in data.modality.planning
            return doers_of(parse, index, data) if planned else []
        if parse.dep[index] != "pobj":
            return []
    return []
