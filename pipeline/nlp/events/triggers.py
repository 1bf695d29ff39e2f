"""Event triggers: the words of an article that name an event, each with its frame."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pipeline.model.annotation import Modality
from pipeline.nlp.events.genericity import is_generic
from pipeline.nlp.events.modality import names_thing
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.plover import MATERIAL_CONFLICT, QUAD_CLASSES
from pipeline.nlp.languages.spec_events import Frame, FrameData

_PERSON_TYPES = frozenset({"PERSON"})
_GROUP_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_ORG_TYPES = frozenset({"ORG", "GPE", "NORP"})
_PLACE_TYPES = frozenset({"GPE", "LOC", "FAC"})
_OFFICES = frozenset({"GOV", "LEG", "JUD", "MIL", "COP", "PTY", "REB", "SPY"})  # sectors of public power
_PREDICATES = frozenset({"oprd", "xcomp", "ccomp", "acomp", "attr"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "advcl", "acl"})
_COMPANIONS = frozenset(
    {"prt", "prep", "advmod", "dobj", "acomp", "oprd", "agent", "dative", "compound", "amod", "nmod", "nummod", "xcomp"}
    | {"npadvmod", "attr", "conj", "quantmod"}
)
_GOVERNED = frozenset({"dobj", "nsubjpass", "nsubj", "attr", "pobj"})
_AGENT_TYPES = _GROUP_TYPES | {"FAC", "LOC"}  # "the Kremlin", "the West"
_NO_AGENT = frozenset({"itself", "this", "that", "which", "what", "there", "nothing", "something", "anything"})
_NO_PERSON = frozenset({"it", "its", "itself", "this", "that", "which", "what"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word that names an event. An untyped event has no ``frame``; the offsets include a particle.

    ``modality`` is that of the event where the word has another: a refusal by "will not go" has happened.
    """

    index: int
    start: int
    end: int
    is_noun: bool
    frame: Frame | None
    modality: Modality | None = None


def find_triggers(parse: Parse, data: FrameData) -> tuple[Trigger, ...]:
    """Return the triggers in reading order."""
    return tuple(trigger for index in range(len(parse.lemma)) if (trigger := _trigger_at(parse, index, data)))


def drop_type(trigger: Trigger) -> Trigger:
    """Return a trigger as an untyped one."""
    return Trigger(trigger.index, trigger.start, trigger.end, trigger.is_noun, None)


def _trigger_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    pos = parse.pos[index]
    if pos not in ("VERB", "NOUN", "AUX", "PROPN") or index in parse.in_time:
        return None
    if pos in ("VERB", "AUX") and not names_thing(parse, index):
        return _verb_at(parse, index, data)
    return _noun_at(parse, index, data)


def _verb_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    if parse.dep[index] in ("aux", "auxpass", "compound", "prep") or parse.entity[index] >= 0:
        return None
    if parse.dep[index] == "amod" and parse.tag[index - 1] == "HYPH":
        return None
    frame = _match(parse, index, data.verb_index.get(parse.lemma[index], ()), data)
    if frame is None and (parse.dep[index] == "amod" or parse.lemma[index] in data.no_occurrences):
        return None
    if frame is not None and is_generic(parse, index, data):
        frame = None
    end = parse.end[index]
    particle = parse.particles.get(index)
    if particle == index + 1:
        end = parse.end[particle]
    return Trigger(index, parse.start[index], end, False, frame)


def _noun_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    lemma = parse.lemma[index]
    frames = data.noun_index.get(lemma, ())
    if not frames and lemma not in data.occurrences:
        return None
    if parse.dep[index] in ("compound", "nmod") or _is_name(parse, index):
        return None
    frame = _match(parse, index, frames, data)
    if (frame is None or not frame.needs) and is_other_thing(parse, index, data):
        return None
    return Trigger(index, parse.start[index], parse.end[index], True, frame)


def is_other_thing(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a modifier changes the meaning of an event noun ("press conference")."""
    return any(parse.dep[c] == "compound" and parse.lemma[c] in data.names_no_event for c in parse.children[index])


def _is_name(parse: Parse, index: int) -> bool:
    mention = parse.mention(index)
    return mention is not None and (
        mention.mention_kind == "name" or mention.entity_type in ("PERSON", "ORG", "AUTHOR")
    )


def _match(parse: Parse, index: int, frames: tuple[Frame, ...], data: FrameData) -> Frame | None:
    return next((frame for frame in frames if unmet_need(parse, index, frame, data) is None), None)


def unmet_need(parse: Parse, index: int, frame: Frame, data: FrameData) -> str | None:
    """Return the first need of a frame that a word does not meet; None if it meets all."""
    particle = parse.particles.get(index)
    if particle is not None and not any(parse.lower[particle] in need.split("/") for need in frame.needs):
        return f"!{parse.lower[particle]}"  # with another particle it is another verb
    return next((need for need in frame.needs + frame.guards if not meets(parse, index, need, data)), None)


def meets(parse: Parse, index: int, need: str, data: FrameData) -> bool:
    """Return whether a word's dependents meet one need of a pattern (see ``spec_events``)."""
    special = _SPECIAL.get(need)
    if special is not None:
        return special(parse, index, data)
    place, marker, rest = _split_need(need)
    excludes = rest[0] == "!"
    wanted = rest.removeprefix("!").split("/")
    if not marker:
        listed = [word for kind in wanted for word in data.noun_classes.get(kind, (kind,))]
        return not _has_modifier(parse, index, listed) if excludes else _has_companion(parse, index, listed)
    found = _FILLERS[marker](parse, index, place, data)
    if marker == "^" and excludes:
        found = _doers(parse, index, data)
    return any(_is_a(parse, filler, kind, data) for filler in found for kind in wanted) is not excludes


@cache
def _split_need(need: str) -> tuple[str, str, str]:
    """Return a need as preposition, marker and words: ("to", "@", "a/b") of "to@a/b"."""
    match = re.fullmatch(r"(?:([^@^%>]*)([@^%>]))?(.*)", need)
    return match.groups("") if match else ("", "", need)  # type: ignore[return-value]


def _objects(parse: Parse, index: int, preposition: str, data: FrameData) -> list[int]:
    if preposition:
        return [c for item in parse.prep_objects(index, preposition) for c in parse.conjuncts(item)]
    found = object_of(parse, index)
    if found is None:
        return []
    if parse.lemma[found] in data.partitives:
        return [found, *parse.prep_objects(found, "of")]  # "any of its ports"
    return [found]


def _subjects(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    """Return the subject. The parser may find two ("a magnitude 6 earthquake struck")."""
    subject = _subject(parse, index, data)
    if subject is None:
        return []
    twins = parse.children[parse.head[subject]] if parse.dep[subject] == "nsubj" else []
    return [subject, *(c for c in twins if c != subject and parse.dep[c] == "nsubj")]


def _doers(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who does it: the subject, or the agent of a passive."""
    if parse.is_passive(index) or (parse.dep[index] == "acl" and parse.tag[index] == "VBN"):
        return [c for word in data.agent_prepositions for c in parse.prep_objects(index, word)]
    return _subjects(parse, index, "", data)


def _governors(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    """Return the verbs that govern a noun, or whose participle or relative clause it has: "the deal struck in Oslo"."""
    found = [c for c in parse.children[index] if parse.dep[c] in ("acl", "relcl") and object_of(parse, c) == index]
    if parse.dep[index] in _GOVERNED | {"conj"}:
        verb = parse.head[index]
        found.append(parse.head[verb] if parse.dep[index] == "conj" else verb)
    return found


def _infinitives(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    inner = infinitive_of(parse, index)
    return [] if inner is None else [inner]


_FILLERS: dict[str, Callable[[Parse, int, str, FrameData], list[int]]] = {
    "@": _objects,
    "^": _subjects,
    "%": _governors,
    ">": _infinitives,
}


def object_of(parse: Parse, index: int) -> int | None:
    """Return a verb's patient: its object, the subject of its passive, or the noun that its participle modifies."""
    if parse.is_passive(index):
        found = parse.child(index, "nsubjpass", "nsubj")
        return _shared_patient(parse, index) if found is None else found
    found = parse.child(index, "dobj")
    if found is None and parse.dep[index] in ("acl", "amod") and parse.tag[index] in ("VBN", "VBD"):
        return parse.head[index]
    return found


def _shared_patient(parse: Parse, index: int) -> int | None:
    if parse.dep[index] == "conj":
        return object_of(parse, parse.head[index])
    if parse.dep[index] == "advcl":
        return parse.subject(parse.head[index])  # "while being questioned"
    return parse.head[index] if parse.dep[index] in ("relcl", "acl") else None


def _is_a(parse: Parse, index: int, kind: str, data: FrameData) -> bool:
    is_of_class = _CLASSES.get(kind)
    if is_of_class is not None:
        return is_of_class(parse, index, data)
    if kind in data.noun_classes:
        return parse.lemma[index] in data.noun_classes[kind]
    return kind in (parse.lemma[index], parse.lower[index])


def _is_person(parse: Parse, index: int, data: FrameData) -> bool:
    return denotes(parse, index, data, _PERSON_TYPES) or _has_lemma_of_agent(parse, index, data)


def _is_group(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a noun can be somebody who acts. "It" can: it may be a ministry."""
    mention = parse.mention(index)
    if mention is not None and mention.entity_type not in ("UNKNOWN", "AUTHOR"):
        return mention.entity_type in _AGENT_TYPES
    if parse.pos[index] == "PRON" or parse.tag[index] in ("PRP", "WP"):
        return parse.lower[index] not in _NO_AGENT
    return parse.pos[index] == "PROPN" or parse.lemma[index] in data.people or parse.lemma[index] in data.agents


def _has_lemma_of_agent(parse: Parse, index: int, data: FrameData) -> bool:
    return parse.mention(index) is None and parse.lemma[index] in data.agents


def _is_named(types: frozenset[str]) -> Callable[[Parse, int, FrameData], bool]:
    """Return a test whether a noun belongs to a name of one of these types."""

    def test(parse: Parse, index: int, data: FrameData) -> bool:
        mention = parse.mention(index)
        if mention is None:
            return parse.pos[index] == "PROPN"
        return mention.entity_type in types and parse.pos[index] != "PRON"

    return test


def _is_official(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a noun names a person, or somebody with public power by the role."""
    return _is_named(_PERSON_TYPES)(parse, index, data) or data.people.get(parse.lemma[index]) in _OFFICES


def _is_amount(parse: Parse, index: int, data: FrameData) -> bool:
    if parse.pos[index] == "NUM" or parse.child(index, "nummod", "quantmod") is not None:
        return True
    return parse.lemma[index] in data.noun_classes["AMOUNT"]


def _is_matter(parse: Parse, index: int, data: FrameData) -> bool:
    mention = parse.mention(index)
    is_named = mention is not None and mention.entity_type in _GROUP_TYPES
    return not is_named and parse.lemma[index] in data.matters


_CLASSES: dict[str, Callable[[Parse, int, FrameData], bool]] = {
    "person": _is_person,
    "group": _is_group,
    "thing": lambda parse, index, data: not _is_group(parse, index, data),
    "org": _is_named(_ORG_TYPES),
    "place": _is_named(_PLACE_TYPES),
    "official": _is_official,
    "amount": _is_amount,
    "matter": _is_matter,
}


def denotes(parse: Parse, index: int, data: FrameData, types: frozenset[str] = _GROUP_TYPES) -> bool:
    """Return whether a noun refers to a person or an organised group, by its mention or its lemma."""
    mention = parse.mention(index)
    if mention is not None and mention.entity_type not in ("UNKNOWN", "AUTHOR"):
        return mention.entity_type in types
    if parse.pos[index] == "PRON" or parse.tag[index] in ("PRP", "WP"):
        return parse.lower[index] not in _NO_PERSON
    return parse.lemma[index] in data.people


def is_infinitive(parse: Parse, index: int) -> bool:
    """Return whether a verb is an infinitive with its marker: "to go"."""
    return any(parse.tag[c] == "TO" for c in parse.children[index])


def infinitive_of(parse: Parse, index: int) -> int | None:
    """Return the infinitive complement of a word; None without one."""
    for child in parse.children[index]:
        if parse.dep[child] in _COMPLEMENTS and is_infinitive(parse, child):
            return child
    return None


def _has_harm(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None:
        return False
    frame = _match(parse, inner, data.verb_index.get(parse.lemma[inner], ()), data)
    return frame is not None and QUAD_CLASSES.get(frame.event_type) == MATERIAL_CONFLICT


def _subject(parse: Parse, index: int, data: FrameData) -> int | None:
    subject, verb = parse.subject(index), index
    if subject is None:
        verb = parse.head[index]
        if parse.dep[index] == "xcomp" and parse.dep[verb] == "acomp":
            verb = parse.head[verb]  # "is due to visit"
        subject = parse.subject(verb) if parse.is_verb(verb) else None
    if subject is not None and parse.dep[verb] == "relcl" and parse.lower[subject] in data.relative_pronouns:
        return parse.head[verb]
    return subject


def _has_other(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None or parse.dep[inner] == "acl":
        return False
    if parse.subject(inner) is not None or parse.is_passive(index):
        return True
    return parse.child(index, "dobj") is not None


def _has_called_for(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None or parse.subject(inner) is None:
        return False
    return any(parse.dep[c] == "mark" and parse.lower[c] == "for" for c in parse.children[inner])


def _has_clause(parse: Parse, index: int, data: FrameData) -> bool:
    child = parse.child(index, "ccomp", "acl")
    return child is not None and parse.tag[child] != "VBG"


def _introduces_quote(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a verb is only the cue of a quote: marks belong to it, and neither object nor preposition."""
    deps = {parse.dep[c] for c in parse.children[index]}
    marks = any(parse.lower[c] in data.quotation_marks for c in parse.children[index] if parse.dep[c] == "punct")
    return marks and not deps & {"dobj", "prep"}


def _has_predicate(parse: Parse, index: int) -> bool:
    """Return whether a clause or predicate follows. The parser may find two objects ("called him a liar")."""
    deps = [parse.dep[c] for c in parse.children[index]]
    return bool(_PREDICATES.intersection(deps)) or deps.count("dobj") + deps.count("dative") > 1


def _is_state(parse: Parse, index: int) -> bool:
    """Return whether a verb is in the simple present outside a headline: it states an attitude or a habit."""
    return parse.tag[index] in ("VBZ", "VBP") and not parse.headline[index] and parse.child(index, "aux") is None


def _has_gerund(parse: Parse, index: int, data: FrameData) -> bool:
    child = parse.child(index, "xcomp", "ccomp")
    return child is not None and parse.tag[child] == "VBG"


def _is_known(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a noun names one event: something identifies or counts it, or it has a participant."""
    for child in parse.children[index]:
        if parse.dep[child] in ("det", "poss", "nummod") or parse.entity[child] >= 0:
            return True
        if parse.dep[child] in ("prep", "agent") and any(parse.entity[c] >= 0 for c in parse.children[child]):
            return True
    return False


_SPECIAL: dict[str, Callable[[Parse, int, FrameData], bool]] = {
    "+to": lambda parse, index, data: infinitive_of(parse, index) is not None,
    "+for": _has_called_for,
    "+harm": _has_harm,
    "+other": _has_other,
    "+that": _has_clause,
    "+ing": _has_gerund,
    "+known": _is_known,
    "-": lambda parse, index, data: parse.child(index, "dobj") is None,
    "-quote": lambda parse, index, data: not _introduces_quote(parse, index, data),
    "-more": lambda parse, index, data: not _has_predicate(parse, index),
    "-state": lambda parse, index, data: not _is_state(parse, index),
}


def _is_temporal(parse: Parse, index: int) -> bool:
    """Return whether a preposition only gives a time: "called on Monday" is not "called on somebody"."""
    return parse.dep[index] == "prep" and any(c in parse.in_time for c in parse.children[index])


def _has_companion(parse: Parse, index: int, wanted: list[str]) -> bool:
    for child in parse.children[index]:
        if parse.dep[child] not in _COMPANIONS:
            continue
        if parse.lemma[child] in wanted or parse.lower[child] in wanted:
            return not _is_temporal(parse, child)
        if parse.dep[child] in ("prep", "prt", "agent") and any(
            parse.lemma[c] in wanted for c in parse.children[child]
        ):
            return True
    return False


def _has_modifier(parse: Parse, index: int, wanted: list[str]) -> bool:
    return any(
        parse.dep[c] in _COMPANIONS
        and (parse.lemma[c] in wanted or parse.lower[c] in wanted)
        and not _is_temporal(parse, c)
        for c in parse.children[index]
    )


def pattern_objects(frame: Frame) -> set[str]:
    """Return the objects that a pattern names."""
    return {word for need in frame.needs if need[0] == "@" and need[1] != "!" for word in need[1:].split("/")}
