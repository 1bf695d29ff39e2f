"""Event triggers: the words of an article that name an event, each with its frame."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.nlp.events.modality import names_thing
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.plover import MATERIAL_CONFLICT, QUAD_CLASSES
from pipeline.nlp.languages.spec_events import Frame, FrameData

_GROUP_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "advcl", "acl"})
_COMPANIONS = frozenset(
    {"prt", "prep", "advmod", "dobj", "acomp", "oprd", "agent", "dative", "compound", "amod", "nmod", "nummod", "xcomp"}
    | {"npadvmod", "attr", "conj", "quantmod"}
)
_GOVERNED = frozenset({"dobj", "nsubjpass", "nsubj", "attr", "pobj"})
_NO_PERSON = frozenset({"it", "its", "itself", "this", "that", "which", "what"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word that names an event. An untyped event has no ``frame``; the offsets include a particle."""

    index: int
    start: int
    end: int
    is_noun: bool
    frame: Frame | None


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
    end = parse.end[index]
    particle = parse.child(index, "prt")
    if particle == index + 1:
        end = parse.end[particle]
    return Trigger(index, parse.start[index], end, False, frame)


def _noun_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    lemma = parse.lemma[index]
    frames = data.noun_index.get(lemma, ())
    if not frames and lemma not in data.occurrences:
        return None
    if parse.dep[index] in ("compound", "nmod") or _is_named(parse, index):
        return None
    frame = _match(parse, index, frames, data)
    if (frame is None or not frame.needs) and _is_other_thing(parse, index, data):
        return None
    return Trigger(index, parse.start[index], parse.end[index], True, frame)


def _is_other_thing(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a modifier changes the meaning of an event noun ("press conference")."""
    return any(parse.dep[c] == "compound" and parse.lemma[c] in data.names_no_event for c in parse.children[index])


def _is_named(parse: Parse, index: int) -> bool:
    mention = parse.mention(index)
    return mention is not None and (
        mention.mention_kind == "name" or mention.entity_type in ("PERSON", "ORG", "AUTHOR")
    )


def _match(parse: Parse, index: int, frames: tuple[Frame, ...], data: FrameData) -> Frame | None:
    particle = parse.child(index, "prt")
    for frame in frames:
        if particle is not None and not any(parse.lower[particle] in need.split("/") for need in frame.needs):
            continue  # with another particle it is another verb
        if all(meets(parse, index, need, data) for need in frame.needs):
            return frame
    return None


def meets(parse: Parse, index: int, need: str, data: FrameData) -> bool:
    """Return whether a word's dependents meet one need of a pattern (see ``spec_events``)."""
    special = _SPECIAL.get(need)
    if special is not None:
        return special(parse, index, data)
    if need[:2] == "@!":
        thing = object_of(parse, index)
        return thing is None or parse.lemma[thing] not in need[2:].split("/")
    if need[0] == "@":
        thing = object_of(parse, index)
        return thing is not None and any(_is_a(parse, thing, kind, data) for kind in need[1:].split("/"))
    if need[0] == "^":
        subject = _subject(parse, index, data)
        return subject is not None and _names_subject(parse, subject, need[1:].split("/"))
    if need[0] == "%":
        verb = parse.head[index]
        if parse.dep[index] == "conj":
            verb = parse.head[verb]
        return parse.lemma[verb] in need[1:].split("/") and parse.dep[index] in _GOVERNED | {"conj"}
    return _has_companion(parse, index, need.split("/"))


def _names_subject(parse: Parse, subject: int, wanted: list[str]) -> bool:
    """Return whether the subject is one of these words. The parser may find two ("a magnitude 6 earthquake struck")."""
    twins = parse.children[parse.head[subject]] if parse.dep[subject] == "nsubj" else []
    return any(parse.lemma[c] in wanted for c in (subject, *twins) if c == subject or parse.dep[c] == "nsubj")


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
    return parse.head[index] if parse.dep[index] in ("relcl", "acl") else None


def _is_a(parse: Parse, index: int, kind: str, data: FrameData) -> bool:
    if kind == "person":
        return denotes(parse, index, data, frozenset({"PERSON"}))
    if kind == "group":
        return denotes(parse, index, data, _GROUP_TYPES)
    if kind == "thing":
        return not denotes(parse, index, data, _GROUP_TYPES)
    return kind in (parse.lemma[index], parse.lower[index])


def denotes(parse: Parse, index: int, data: FrameData, types: frozenset[str] = _GROUP_TYPES) -> bool:
    """Return whether a noun refers to a person or an organised group, by its mention or its lemma."""
    mention = parse.mention(index)
    if mention is not None and mention.entity_type not in ("UNKNOWN", "AUTHOR"):
        return mention.entity_type in types
    if parse.pos[index] == "PRON" or parse.tag[index] in ("PRP", "WP"):
        return parse.lower[index] not in _NO_PERSON
    return parse.lemma[index] in data.people


def infinitive_of(parse: Parse, index: int) -> int | None:
    """Return the infinitive complement of a word; None without one."""
    for child in parse.children[index]:
        if parse.dep[child] in _COMPLEMENTS and any(parse.tag[c] == "TO" for c in parse.children[child]):
            return child
    return None


def _has_harm(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None:
        return False
    frame = _match(parse, inner, data.verb_index.get(parse.lemma[inner], ()), data)
    return frame is not None and QUAD_CLASSES.get(frame.event_type) == MATERIAL_CONFLICT


def _subject(parse: Parse, index: int, data: FrameData) -> int | None:
    subject = parse.subject(index)
    if subject is None and parse.head[index] != index and parse.is_verb(parse.head[index]):
        subject = parse.subject(parse.head[index])
    if subject is not None and parse.dep[index] == "relcl" and parse.lower[subject] in data.relative_pronouns:
        return parse.head[index]
    return subject


def _has_group(parse: Parse, index: int, data: FrameData) -> bool:
    subject = _subject(parse, index, data)
    return subject is not None and denotes(parse, subject, data)


def _has_other(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None or parse.dep[inner] == "acl":
        return False
    if parse.subject(inner) is not None or parse.is_passive(index):
        return True
    return parse.child(index, "dobj") is not None


def _has_clause(parse: Parse, index: int, data: FrameData) -> bool:
    child = parse.child(index, "ccomp", "acl")
    return child is not None and parse.tag[child] != "VBG"


def _has_gerund(parse: Parse, index: int, data: FrameData) -> bool:
    child = parse.child(index, "xcomp", "ccomp")
    return child is not None and parse.tag[child] == "VBG"


_SPECIAL: dict[str, Callable[[Parse, int, FrameData], bool]] = {
    "+to": lambda parse, index, data: infinitive_of(parse, index) is not None,
    "+harm": _has_harm,
    "+other": _has_other,
    "+that": _has_clause,
    "+ing": _has_gerund,
    "^group": _has_group,
    "-": lambda parse, index, data: parse.child(index, "dobj") is None,
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


def pattern_objects(frame: Frame) -> set[str]:
    """Return the objects that a pattern names."""
    return {word for need in frame.needs if need[0] == "@" and need[1] != "!" for word in need[1:].split("/")}
