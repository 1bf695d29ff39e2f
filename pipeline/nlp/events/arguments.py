"""Event arguments: the noun phrases that fill the roles of a frame, as actors and recipients."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.model import Entity
from pipeline.nlp.events.mood import is_finite
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import Trigger, denotes, infinitive_of, object_of, pattern_objects
from pipeline.nlp.languages.plover import OTHER
from pipeline.nlp.languages.spec_events import Frame, FrameData

_VAGUE_PREPOSITIONS = frozenset({"in", "at", "near", "along", "through", "outside", "over"})
_PLACED_TYPES = frozenset({"ASSAULT", "PROTEST", "OTHER", "COERCE"})
_OWN_PLACES = frozenset({"object", "inner", "poss", "dative"})  # roles that no preposition marks
_PERSONS = frozenset({"PERSON"})


@dataclass(frozen=True, slots=True)
class Participant:
    """A noun phrase that fills a role of a frame. ``index`` is its head; ``text`` is as written."""

    index: int
    text: str
    entity: Entity | None
    country: str | None
    sector: str | None

    @property
    def name(self) -> str | None:
        return self.entity.entity_name if self.entity else None

    @property
    def label(self) -> str:
        return self.name or self.text


@dataclass(frozen=True, slots=True)
class Roles:
    """The participants of one event, in text order."""

    actors: tuple[Participant, ...] = ()
    recipients: tuple[Participant, ...] = ()


def roles_of(parse: Parse, trigger: Trigger, data: FrameData) -> Roles:
    """Return the actors and recipients that the sentence names."""
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
    """Return whether the subject of a verb is its patient: it dies, rises, ends, is something."""
    index, frame = trigger.index, trigger.frame
    if frame is not None:
        return "subject" in frame.recipient and parse.child(index, "dobj") is None
    if parse.lemma[index] in data.undergoing:
        return True
    alone = parse.lemma[index] in data.undergoing_alone and parse.child(index, "dobj", "xcomp", "pcomp") is None
    return alone and not _is_of_a_person(parse, index, data)


def _is_of_a_person(parse: Parse, index: int, data: FrameData) -> bool:
    subject = _subject_of(parse, index, data)
    return subject is not None and denotes(parse, subject, data, _PERSONS)


def _participants(parse: Parse, heads: Iterable[int], data: FrameData) -> Iterator[Participant]:
    seen: set[int] = set()
    for head in heads:
        for index in parse.conjuncts(head):
            if (
                index not in seen
                and _takes_part(parse, index, data)
                and (index == head or not _leads_clause(parse, index))
            ):
                seen.add(index)
                yield from members_of(parse, _participant_at(parse, index, data))


def _takes_part(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word can be a participant; events and abstractions cannot."""
    if index in parse.in_time or parse.pos[index] == "VERB" or parse.dep[index] in ("pcomp", "expl"):
        return False
    if parse.lower[index] in data.pointers:
        return parse.entity[index] >= 0
    lemma = parse.lemma[index]
    happens = lemma in data.noun_index or lemma in data.occurrences or lemma in data.abstractions
    return not happens or denotes(parse, index, data)


def _of_verb(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    index, frame = trigger.index, trigger.frame
    actors = _doers_of(parse, index, data)
    prepositions = _prepositions_of(parse, index) | _prepositions_of(parse, object_of(parse, index))
    for code in frame.recipient if frame else data.verb_places:
        if (code in prepositions or code in _OWN_PLACES) and (found := _at_place(parse, trigger, code, data)):
            return actors, found
    return actors, _inner_object(parse, index, data) if frame is not None and frame.takes_content else []


def _prepositions_of(parse: Parse, index: int | None) -> set[str]:
    if index is None:
        return set()
    return {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("prep", "agent", "dative")}


def _inner_object(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the recipient of an action that is agreed, requested or refused: "refused to free the prisoners"."""
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
    """Return whether the object of a verb is its content, not its recipient: "impose sanctions", "back Y's plan"."""
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
    prepositions, recipients = _prepositions_of(parse, index), list[int]()
    for code in frame.recipient if frame else data.noun_places:
        if code in prepositions and not recipients:
            recipients = _prep_place(parse, index, code, data, through_object=False)
    if not recipients and (frame is None or frame.event_type == OTHER):
        recipients = [c for c in parse.children[index] if _is_thing_before(parse, c)]
    if not actors:
        given, suffered = _from_governor(parse, trigger, data)
        return given, recipients or suffered
    return actors, recipients


def _is_thing_before(parse: Parse, child: int) -> bool:
    """Return whether a modifier names the patient ("vehicle sales", "a plant closure")."""
    return parse.dep[child] in ("compound", "nmod") and parse.pos[child] == "NOUN" and parse.entity[child] < 0


def _is_adjectival_actor(parse: Parse, child: int, trigger: Trigger) -> bool:
    mention = parse.mention(child)
    if mention is None or parse.dep[child] not in ("amod", "compound", "nmod"):
        return False
    placed = trigger.frame is None or trigger.frame.event_type in _PLACED_TYPES
    return mention.entity_type in ("NORP", "ORG", "PERSON", "AUTHOR") or (mention.entity_type == "GPE" and not placed)


def _from_governor(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    """Return the actors and recipients that an event noun inherits from its governing verb ("held talks", "face
    fines").
    """
    index = trigger.index
    while parse.dep[index] == "conj":
        index = parse.head[index]
    dep, verb = parse.dep[index], parse.head[index]
    if dep in ("dobj", "nsubjpass", "attr") and parse.is_verb(verb):
        if parse.lemma[verb] in data.modality.carriers - data.modality.saying - data.modality.refusing:
            return _doers_of(parse, verb, data), []
        if parse.lemma[verb] in data.bearers:
            return [], _doers_of(parse, verb, data)
    if dep == "pobj":
        return _from_plan(parse, index, data), []
    return [], []


def _from_plan(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the actor of a planned event: "the rebels prepared for the launch of an attack"."""
    for _ in range(3):
        preposition = parse.head[index]
        index = parse.head[preposition]
        if parse.is_verb(index):
            planned = parse.lemma[index] in data.modality.planning
            return _doers_of(parse, index, data) if planned else []
        if parse.dep[index] != "pobj":
            return []
    return []


# Subjects: a verb's own, or one that it shares with another verb.

_CONTROLLED = frozenset({"xcomp", "advcl", "ccomp", "conj", "parataxis", "dep"})
_AUXILIARIES = frozenset({"aux", "auxpass", "neg"})
_SUBJECT_PATH_MAX = 8  # steps from a verb to its subject


def _doers_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the actor of a verb: the agent of a passive, else the subject, also through control."""
    if parse.is_passive(index) or (parse.dep[index] in ("acl", "amod") and parse.tag[index] == "VBN"):
        by = data.agent_prepositions + data.pair_prepositions
        return next((found for word in by if (found := list(parse.prep_objects(index, word)))), [])
    subject = _subject_of(parse, index, data)
    return [] if subject is None else [subject]


def _subject_of(parse: Parse, index: int, data: FrameData, depth: int = _SUBJECT_PATH_MAX) -> int | None:
    """Return the subject of a verb, its own or a shared one; None without one."""
    own = parse.subject(index)
    own = _subject_before(parse, index) if own is None else own
    if own is not None:
        relative = parse.dep[index] == "relcl" and parse.lower[own] in data.relative_pronouns
        return parse.head[index] if relative else own
    head = parse.head[index]
    if depth == 0 or head == index:
        return _headline_subject(parse, index)
    if parse.dep[index] in ("relcl", "acl", "amod") and not _is_infinitive(parse, index):
        return None if parse.dep[index] == "relcl" and _is_placed(parse, index) else head
    return _shared_subject(parse, index, data, depth)


def _subject_before(parse: Parse, index: int) -> int | None:
    """Return the noun before a coordinated verb that the parser coordinates with an earlier noun.

    "Chile sent doctors and Peru offered tents": Peru is not a second object.
    """
    if parse.dep[index] != "conj" or not is_finite(parse, index):
        return None
    before = min([index, *(c for c in parse.children[index] if parse.dep[c] in _AUXILIARIES)]) - 1
    joined = before >= 0 and parse.dep[before] == "conj" and parse.pos[before] in ("NOUN", "PROPN")
    return before if joined and parse.head[before] != index else None


def _leads_clause(parse: Parse, index: int) -> bool:
    """Return whether a coordinated noun is the subject of the verb after it."""
    if parse.dep[index] != "conj" or index + 1 >= len(parse.dep):
        return False
    verb = parse.head[index + 1] if parse.dep[index + 1] in _AUXILIARIES else index + 1
    return parse.is_verb(verb) and parse.subject(verb) is None and _subject_before(parse, verb) == index


def _shared_subject(parse: Parse, index: int, data: FrameData, depth: int) -> int | None:
    dep, head = parse.dep[index], parse.head[index]
    if dep in _CONTROLLED and parse.is_verb(head):
        return _controller(parse, index, head, data, depth)
    if (
        dep == "xcomp" and parse.dep[head] == "acomp" and parse.lemma[head] in data.modality.planning
    ):  # "is due to visit"
        return _subject_of(parse, parse.head[head], data, depth - 1)
    if dep in ("acl", "relcl") and parse.headline[index] and parse.entity[head] >= 0:
        return head  # "Holm to meet Brandt"
    if dep in ("pcomp", "acl", "relcl"):
        return _owner(parse, parse.head[head] if dep == "pcomp" else head, data, depth)
    return _headline_subject(parse, index)


def _is_placed(parse: Parse, index: int) -> bool:
    """Return whether a relative clause states a place, a time or an existence: its noun is not its actor."""
    return any(parse.dep[c] == "expl" or parse.tag[c] == "WRB" for c in parse.children[index])


def _is_infinitive(parse: Parse, index: int) -> bool:
    return any(parse.tag[c] == "TO" for c in parse.children[index])


def _controller(parse: Parse, index: int, head: int, data: FrameData, depth: int) -> int | None:
    thing = parse.child(head, "dobj", "dative")
    if thing is not None and parse.lemma[head] in data.object_control and parse.dep[index] != "conj":
        return thing
    return _subject_of(parse, head, data, depth - 1)


def _owner(parse: Parse, head: int, data: FrameData, depth: int) -> int | None:
    """Return the possessor of a plan ("May's plan to go"), else the subject that has it ("May has a plan to go")."""
    if parse.is_verb(head):
        return _subject_of(parse, head, data, depth - 1)
    owner = parse.child(head, "poss")
    if owner is not None:
        return owner
    verb = parse.head[head]
    return _subject_of(parse, verb, data, depth - 1) if verb != head and parse.is_verb(verb) else None


def _headline_subject(parse: Parse, index: int) -> int | None:
    """Return a name before a headline's verb that the parser labels as an adverbial."""
    found = (c for c in parse.children[index] if c < index and parse.dep[c] in ("npadvmod", "dep", "nmod"))
    return next((c for c in found if parse.entity[c] >= 0), None)


# Noun phrases: extent, entity, country and sector.

_LEFT = frozenset(
    {"det", "amod", "compound", "nmod", "poss", "nummod", "advmod", "quantmod", "predet", "case", "punct"}
)
_LEFT_EDGE_MAX = 8  # steps down to the left edge of a phrase


def _participant_at(parse: Parse, index: int, data: FrameData) -> Participant:
    """Return the phrase around a noun: the noun, its left modifiers and its "of" phrase."""
    first, last = _phrase_of(parse, index)
    entity = parse.mention(index) or _name_in_apposition(parse, index, last)
    return Participant(
        index=index,
        text=parse.text[parse.start[first] : parse.end[last]],
        entity=entity,
        country=_country(parse, entity, first, last),
        sector=_sector(parse, entity, first, index, data),
    )


def members_of(parse: Parse, who: Participant) -> Iterator[Participant]:
    """Yield the members of the group that a phrase refers to ("the two leaders"), or the phrase itself."""
    members = [parse.named[c] for c in (who.entity and who.entity.group_cluster_indexes) or () if c in parse.named]
    for entity in members:
        yield replace(who, entity=entity, country=entity.country_code)
    if not members:
        yield who


def _phrase_of(parse: Parse, index: int) -> tuple[int, int]:
    """Return the first and last token of the phrase around a noun, without clauses and conjuncts."""
    first = min([index, *(_left_edge(parse, c) for c in parse.children[index] if c < index and parse.dep[c] in _LEFT)])
    while first < index and parse.dep[first] in ("punct", "advmod"):
        first += 1
    last = index
    for child in parse.children[index]:
        if child == last + 1 and parse.dep[child] == "prep" and parse.lower[child] == "of":
            last = max([last, *(c for c in parse.children[child] if parse.dep[c] == "pobj")])
    return first, last


def _left_edge(parse: Parse, index: int) -> int:
    for _ in range(_LEFT_EDGE_MAX):
        below = [c for c in parse.children[index] if c < index]
        if not below:
            break
        index = below[0]
    return index


def _name_in_apposition(parse: Parse, index: int, last: int) -> Entity | None:
    """Return the name in apposition ("the chief, Ann Lee"), or the person that a wrong parse puts at the end."""
    for child in parse.children[index]:
        if parse.dep[child] == "appos" and parse.entity[child] >= 0:
            return parse.mention(child)
    mention = parse.mention(last) if last != index else None
    return mention if mention is not None and mention.entity_type == "PERSON" else None


def _country(parse: Parse, entity: Entity | None, first: int, last: int) -> str | None:
    if entity is not None and entity.country_code:
        return entity.country_code
    found = (parse.mention(index) for index in range(first, last + 1))
    return next((m.country_code for m in found if m is not None and m.country_code), None)


def _sector(parse: Parse, entity: Entity | None, first: int, index: int, data: FrameData) -> str | None:
    role = (entity.role_text or entity.honorific_text or "").lower().split() if entity else []
    said = [parse.lemma[i] for i in range(index, first - 1, -1)]
    return next((sector for word in (*said, *reversed(role)) if (sector := data.people.get(word))), None)
