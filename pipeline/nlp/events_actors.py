"""Who does it and to whom: the noun phrases that fill the places of a frame."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.nlp.events_frames import Trigger, denotes, infinitive_of, object_of
from pipeline.nlp.events_parse import Parse
from pipeline.nlp.events_phrases import Participant, participant_at
from pipeline.nlp.languages.spec_events import FrameData

_CONTROLLED = frozenset({"xcomp", "advcl", "ccomp", "conj", "parataxis", "dep"})
_VAGUE_PREPOSITIONS = frozenset({"in", "at", "near", "along", "through", "outside", "over"})
_PLACED_TYPES = frozenset({"ASSAULT", "PROTEST", "OTHER", "COERCE"})
_LIMIT = 8  # longest way from a word to the phrase that fills its place


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
    who = tuple(_participants(parse, actors, data))
    taken = {p.index for p in who}
    return Roles(who, tuple(p for p in _participants(parse, recipients, data) if p.index not in taken))


def _participants(parse: Parse, heads: Iterable[int], data: FrameData) -> Iterator[Participant]:
    seen: set[int] = set()
    for head in heads:
        for index in parse.conjuncts(head):
            if index in seen or index in parse.in_time or parse.pos[index] == "VERB":
                continue
            if parse.dep[index] not in ("pcomp", "expl"):
                seen.add(index)
                yield participant_at(parse, index, data)


def _of_verb(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    index = trigger.index
    actors = doers_of(parse, index, data)
    codes = trigger.frame.recipient if trigger.frame else ("object",)
    for code in codes:
        found = _at_place(parse, trigger, code, data)
        if found:
            return actors, found
    return actors, []


def doers_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who does what a verb says: the agent of a passive, else the subject, found through control."""
    if parse.is_passive(index) or (parse.dep[index] in ("acl", "amod") and parse.tag[index] == "VBN"):
        return [i for preposition in data.agent_prepositions for i in parse.prep_objects(index, preposition)]
    subject = subject_of(parse, index, data)
    return [] if subject is None else [subject]


def subject_of(parse: Parse, index: int, data: FrameData, depth: int = _LIMIT) -> int | None:
    """Return the phrase that a verb is said of, its own subject or the one it shares; None where there is none."""
    own = parse.subject(index)
    if own is not None:
        relative = parse.dep[index] == "relcl" and parse.lower[own] in data.relative_pronouns
        return parse.head[index] if relative else own
    head = parse.head[index]
    if depth == 0 or head == index:
        return _headline_subject(parse, index)
    if parse.dep[index] in ("relcl", "acl", "amod") and not _is_infinitive(parse, index):
        return None if parse.dep[index] == "relcl" and _is_placed(parse, index) else head
    return _shared_subject(parse, index, data, depth)


def _shared_subject(parse: Parse, index: int, data: FrameData, depth: int) -> int | None:
    dep, head = parse.dep[index], parse.head[index]
    if dep in _CONTROLLED and parse.is_verb(head):
        return _controller(parse, index, head, data, depth)
    if dep in ("acl", "relcl") and parse.headline[index] and parse.entity[head] >= 0:
        return head  # "Holm to meet Brandt"
    if dep in ("pcomp", "acl", "relcl"):
        return _owner(parse, parse.head[head] if dep == "pcomp" else head, data, depth)
    return _headline_subject(parse, index)


def _is_placed(parse: Parse, index: int) -> bool:
    """Say whether a relative clause says where, when or that something is: its noun does nothing in it."""
    return any(parse.dep[c] == "expl" or parse.tag[c] == "WRB" for c in parse.children[index])


def _is_infinitive(parse: Parse, index: int) -> bool:
    return any(parse.tag[c] == "TO" for c in parse.children[index])


def _controller(parse: Parse, index: int, head: int, data: FrameData, depth: int) -> int | None:
    thing = parse.child(head, "dobj", "dative")
    if thing is not None and parse.lemma[head] in data.object_control and parse.dep[index] != "conj":
        return thing
    return subject_of(parse, head, data, depth - 1)


def _owner(parse: Parse, head: int, data: FrameData, depth: int) -> int | None:
    """Return whose plan it is ("May's plan to go"), else who has it ("May has a plan to go")."""
    if parse.is_verb(head):
        return subject_of(parse, head, data, depth - 1)
    owner = parse.child(head, "poss")
    if owner is not None:
        return owner
    verb = parse.head[head]
    return subject_of(parse, verb, data, depth - 1) if verb != head and parse.is_verb(verb) else None


def _headline_subject(parse: Parse, index: int) -> int | None:
    """Return a name that a headline puts before its verb and the parser takes for an adverb."""
    found = (c for c in parse.children[index] if c < index and parse.dep[c] in ("npadvmod", "dep", "nmod"))
    return next((c for c in found if parse.entity[c] >= 0), None)


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
    thing, frame = object_of(parse, trigger.index), trigger.frame
    if thing is None:
        return []
    if frame is not None:
        event = parse.lemma[thing] in data.noun_index or parse.lemma[thing] in data.occurrences
        if frame.takes_content and event and not denotes(parse, thing, data):
            return []
        named = {word for need in frame.needs if need[0] == "@" for word in need[1:].split("/")}
        owned = "poss" in frame.recipient and parse.child(thing, "poss") is not None
        others = len(frame.recipient) > 1 and not denotes(parse, thing, data)
        if (parse.lemma[thing] in named and others) or (owned and not denotes(parse, thing, data)):
            return []
        if "inner" in frame.recipient and infinitive_of(parse, trigger.index) is not None and others:
            return []
    if parse.lower[thing] in data.relative_pronouns and parse.dep[trigger.index] == "relcl":
        return [parse.head[trigger.index]]
    return [thing]


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
    recipients: list[int] = []
    for code in frame.recipient if frame else ():
        recipients = recipients or _prep_place(parse, index, code, data, through_object=False)
    if not actors:
        given, suffered = _from_governor(parse, trigger, data)
        return given, recipients or suffered
    return actors, recipients


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
        if parse.lemma[verb] in data.modality.carriers:
            return doers_of(parse, verb, data), []
        if parse.lemma[verb] in data.bearers:
            return [], doers_of(parse, verb, data)
    if dep == "pobj":
        return _from_plan(parse, index, data), []
    return [], []


def _from_plan(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who prepares the event: "officials gear up for the start of talks"."""
    for _ in range(3):
        preposition = parse.head[index]
        index = parse.head[preposition]
        if parse.is_verb(index):
            planned = parse.lemma[index] in data.modality.planning
            return doers_of(parse, index, data) if planned else []
        if parse.dep[index] != "pobj":
            return []
    return []
