"""Event triggers: the words of an article that name an event, each with its frame."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from newslake.pipeline.model.annotation import Modality
from newslake.pipeline.nlp.events.genericity import is_generic
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.languages.plover import MATERIAL_CONFLICT, QUAD_CLASSES
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

_PERSON_TYPES = frozenset({"PERSON"})
_GROUP_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_ORG_TYPES = frozenset({"ORG", "GPE", "NORP"})
_PLACE_TYPES = frozenset({"GPE", "LOC", "FAC"})
_OFFICES = frozenset({"GOV", "LEG", "JUD", "MIL", "COP", "PTY", "REB", "SPY"})  # sectors of public power
_NAMING = frozenset({"VERB", "NOUN", "AUX", "PROPN"})  # parts of speech that name events
_PREDICATES = frozenset({"oprd", "xcomp", "ccomp", "acomp", "attr"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "advcl", "acl"})
_COMPANIONS = frozenset(
    {"prt", "prep", "advmod", "dobj", "acomp", "oprd", "agent", "dative", "compound", "amod", "nmod", "nummod", "xcomp"}
    | {"npadvmod", "attr", "conj", "quantmod"}
)
_MARKERS = ("prep", "prt", "agent")
_GOVERNED = frozenset({"dobj", "nsubjpass", "nsubj", "attr", "pobj"})
_AGENT_TYPES = _GROUP_TYPES | {"FAC", "LOC"}  # "the Kremlin", "the West"
_NO_AGENT = frozenset({"itself", "this", "that", "which", "what", "there", "nothing", "something", "anything"})
_NEAR = 5  # tokens between a verb and the noun that names the event with it
_NO_PERSON = frozenset({"it", "its", "itself", "this", "that", "which", "what"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word that names an event. An untyped event has no ``frame``; the offsets include a particle, and a
    noun that names the event with its verb: "filed a lawsuit".

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
    words = [index for index, pos in enumerate(parse.pos) if pos in _NAMING and index not in parse.in_time]
    return tuple(trigger for index in words if (trigger := _trigger_at(parse, index, data)))


def drop_type(trigger: Trigger) -> Trigger:
    """Return a trigger as an untyped one."""
    return Trigger(trigger.index, trigger.start, trigger.end, trigger.is_noun, None)


def _trigger_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    if index in parse.verbs and index not in parse.things:
        return _verb_at(parse, index, data)
    return _noun_at(parse, index, data) if parse.lemma[index] in data.event_nouns else None


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
    first, last = index, index
    if parse.particles.get(index) == index + 1:
        last += 1
    noun = _event_object(parse, index, frame, data)
    if noun is not None:
        first, last = min(first, noun), max(last, noun)
    return Trigger(index, parse.start[first], parse.end[last], False, frame)


def _event_object(parse: Parse, index: int, frame: Frame | None, data: FrameData) -> int | None:
    """Return the event noun that names the event with its verb ("filed a lawsuit"), if it is near."""
    noun = parse.patients.get(index) if frame is not None else None
    if frame is None or noun is None or abs(noun - index) > _NEAR or parse.sentence[noun] != parse.sentence[index]:
        return None
    lemma = parse.lemma[noun]
    return noun if lemma in data.noun_index and lemma in pattern_objects(frame) else None


def _noun_at(parse: Parse, index: int, data: FrameData) -> Trigger | None:
    if parse.dep[index] in ("compound", "nmod") or _is_name(parse, index):
        return None
    frame = _match(parse, index, data.noun_index.get(parse.lemma[index], ()), data)
    if (frame is None or not frame.needs) and is_other_thing(parse, index, data):
        return None
    return Trigger(index, parse.start[index], parse.end[index], True, frame)


def is_other_thing(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a modifier changes the meaning of an event noun ("press conference")."""
    return any(parse.dep[c] == "compound" and parse.lemma[c] in data.names_no_event for c in parse.children[index])


def _is_name(parse: Parse, index: int) -> bool:
    mention = parse.mentions[index]
    return mention is not None and (
        mention.mention_kind == "name" or mention.entity_type in ("PERSON", "ORG", "AUTHOR")
    )


def _match(parse: Parse, index: int, frames: tuple[Frame, ...], data: FrameData) -> Frame | None:
    for frame in frames:
        if unmet_need(parse, index, frame, data) is None:
            return frame
    return None


def unmet_need(parse: Parse, index: int, frame: Frame, data: FrameData) -> str | None:
    """Return the first need of a frame that a word does not meet; None if it meets all."""
    particle = parse.particles.get(index)
    if particle is not None and not any(parse.lower[particle] in need.split("/") for need in frame.needs):
        return f"!{parse.lower[particle]}"  # with another particle it is another verb
    for need, meets in _tests_of(frame, data):
        if not meets(parse, index, data):
            return need
    return None


type _Test = Callable[[Parse, int, FrameData], bool]


@cache
def _tests_of(frame: Frame, data: FrameData) -> tuple[tuple[str, _Test], ...]:
    """Return the needs of a frame, each with the test whether a word's dependents meet it (see ``spec_events``)."""
    needs = frame.needs + frame.guards
    return tuple((need, _SPECIAL.get(need) or _fillers_of(need, data).are_there) for need in needs)


@dataclass(frozen=True, slots=True)
class _Fillers:
    """The words that a need accepts, or ``excludes``: ("to", "@") and the words of "to@a/b".

    ``lemmas`` are those of its noun classes, ``words`` are compared with lemma and form; ``tests`` are its classes by
    meaning.
    """

    place: str
    marker: str
    excludes: bool
    words: frozenset[str]
    lemmas: frozenset[str]
    tests: tuple[_Test, ...]

    def are_there(self, parse: Parse, index: int, data: FrameData) -> bool:
        if not self.marker:
            holds = _has_modifier if self.excludes else _has_companion
            return holds(parse, index, self) is not self.excludes
        fillers = _FILLERS[self.marker](parse, index, self.place, data)
        if self.marker == "^" and self.excludes:
            fillers = _doers(parse, index, data)
        for filler in fillers:
            if self.has(parse, filler, data):
                return not self.excludes
        return self.excludes

    def has(self, parse: Parse, index: int, data: FrameData) -> bool:
        lemma = parse.lemma[index]
        if lemma in self.words or lemma in self.lemmas or parse.lower[index] in self.words:
            return True
        return any(test(parse, index, data) for test in self.tests)

    def names(self, parse: Parse, index: int) -> bool:
        return parse.lemma[index] in self.words or parse.lower[index] in self.words


def _fillers_of(need: str, data: FrameData) -> _Fillers:
    match = re.fullmatch(r"(?:([^@^%>]*)([@^%>]))?(!?)(.*)", need)
    place, marker, opposite, rest = match.groups("") if match else ("", "", "", need)
    words = rest.split("/")
    lemmas = [lemma for word in words for lemma in data.noun_classes.get(word, ())]
    plain = [word for word in words if word not in data.noun_classes and not (marker and word in _CLASSES)]
    return _Fillers(
        place,
        marker,
        bool(opposite),
        words=frozenset(plain if marker else [*plain, *lemmas]),
        lemmas=frozenset(lemmas),
        tests=tuple(_CLASSES[word] for word in words if word in _CLASSES),
    )


def _objects(parse: Parse, index: int, preposition: str, data: FrameData) -> list[int]:
    if preposition:
        items, thing = list(parse.prep_objects(index, preposition)), parse.child(index, "dobj")
        if not items and thing is not None:
            items = list(parse.prep_objects(thing, preposition))  # the parser may attach it to the object
        return [c for item in items for c in parse.conjuncts(item)]
    patient = parse.patients.get(index)
    if patient is None:
        return []
    if parse.lemma[patient] in data.partitives:
        return [patient, *parse.prep_objects(patient, "of")]  # "any of its ports"
    return [patient]


def _subjects(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    """Return the subject. The parser may find two ("a magnitude 6 earthquake struck")."""
    subject = _subject(parse, index, data)
    if subject is None:
        return []
    twins = parse.children[parse.head[subject]] if parse.dep[subject] == "nsubj" else []
    return [subject, *(c for c in twins if c != subject and parse.dep[c] == "nsubj")]


def _doers(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who does it: the subject, or the agent of a passive."""
    if index in parse.passives or (parse.dep[index] == "acl" and parse.tag[index] == "VBN"):
        return [c for word in data.agent_prepositions for c in parse.prep_objects(index, word)]
    if parse.dep[index] == "acl" and parse.tag[index] == "VBG":
        return []  # "signs denouncing the plan" speak for somebody
    return _subjects(parse, index, "", data)


def _governors(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    """Return the verbs that govern a noun, or whose participle or relative clause it has: "the deal struck in Oslo"."""
    verbs = [c for c in parse.children[index] if parse.dep[c] in ("acl", "relcl") and parse.patients.get(c) == index]
    if parse.dep[index] in _GOVERNED | {"conj"}:
        verb = parse.head[index]
        verbs.append(parse.head[verb] if parse.dep[index] == "conj" else verb)
    return verbs


def _infinitives(parse: Parse, index: int, _: str, data: FrameData) -> list[int]:
    inner = infinitive_of(parse, index)
    return [] if inner is None else [inner]


_FILLERS: dict[str, Callable[[Parse, int, str, FrameData], list[int]]] = {
    "@": _objects,
    "^": _subjects,
    "%": _governors,
    ">": _infinitives,
}


def _is_person(parse: Parse, index: int, data: FrameData) -> bool:
    return denotes(parse, index, data, _PERSON_TYPES) or _has_lemma_of_agent(parse, index, data)


def is_group(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a noun can be somebody who acts. "It" can: it may be a ministry."""
    mention = parse.mentions[index]
    if mention is not None and mention.entity_type not in ("UNKNOWN", "AUTHOR"):
        return mention.entity_type in _AGENT_TYPES
    if parse.pos[index] == "PRON" or parse.tag[index] in ("PRP", "WP"):
        return parse.lower[index] not in _NO_AGENT
    return parse.pos[index] == "PROPN" or parse.lemma[index] in data.people or parse.lemma[index] in data.agents


def _has_lemma_of_agent(parse: Parse, index: int, data: FrameData) -> bool:
    return parse.mentions[index] is None and parse.lemma[index] in data.agents


def _is_named(types: frozenset[str]) -> _Test:
    """Return a test whether a noun belongs to a name of one of these types."""

    def test(parse: Parse, index: int, data: FrameData) -> bool:
        mention = parse.mentions[index]
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
    mention = parse.mentions[index]
    is_named = mention is not None and mention.entity_type in _GROUP_TYPES
    return not is_named and parse.lemma[index] in data.matters


_CLASSES: dict[str, _Test] = {
    "person": _is_person,
    "group": is_group,
    "thing": lambda parse, index, data: not is_group(parse, index, data),
    "org": _is_named(_ORG_TYPES),
    "place": _is_named(_PLACE_TYPES),
    "official": _is_official,
    "amount": _is_amount,
    "matter": _is_matter,
}


def denotes(parse: Parse, index: int, data: FrameData, types: frozenset[str] = _GROUP_TYPES) -> bool:
    """Return whether a noun refers to a person or an organised group, by its mention or its lemma."""
    mention = parse.mentions[index]
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
    subject, verb = parse.subjects.get(index), index
    if subject is None and parse.dep[index] == "acl" and parse.tag[index] == "VBG":
        return parse.head[index]  # "an advert attacking the mayor"
    if subject is None:
        verb = parse.head[index]
        if parse.dep[index] == "xcomp" and parse.dep[verb] == "acomp":
            verb = parse.head[verb]  # "is due to visit"
        subject = parse.subjects.get(verb) if verb in parse.verbs else None
    if subject is not None and parse.dep[verb] == "relcl" and parse.lower[subject] in data.relative_pronouns:
        return parse.head[verb]
    return subject


def _has_other(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None or parse.dep[inner] == "acl":
        return False
    if parse.subjects.get(inner) is not None or index in parse.passives:
        return True
    return parse.child(index, "dobj") is not None


def _has_called_for(parse: Parse, index: int, data: FrameData) -> bool:
    inner = infinitive_of(parse, index)
    if inner is None or parse.subjects.get(inner) is None:
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
    """Return whether a verb is in the simple present outside a headline: it states an attitude or a habit.

    So is a participle after "be" without a doer: "is committed to".
    """
    if parse.headline[index] or parse.child(index, "aux") is not None:
        return False
    if parse.tag[index] == "VBN":
        auxiliary = parse.child(index, "auxpass")
        auxiliary = parse.head[index] if auxiliary is None and parse.dep[index] == "acomp" else auxiliary
        is_present = auxiliary is not None and parse.tag[auxiliary] in ("VBZ", "VBP")
        return is_present and parse.child(index, "agent") is None
    return parse.tag[index] in ("VBZ", "VBP")


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


_SPECIAL: dict[str, _Test] = {
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


def _has_companion(parse: Parse, index: int, wanted: _Fillers) -> bool:
    for child in parse.children[index]:
        if parse.dep[child] not in _COMPANIONS:
            continue
        if wanted.names(parse, child):
            return not _is_temporal(parse, child)
        if parse.dep[child] in _MARKERS and any(parse.lemma[c] in wanted.words for c in parse.children[child]):
            return True
    return False


def _has_modifier(parse: Parse, index: int, wanted: _Fillers) -> bool:
    return any(
        parse.dep[c] in _COMPANIONS and wanted.names(parse, c) and not _is_temporal(parse, c)
        for c in parse.children[index]
    )


@cache
def pattern_objects(frame: Frame) -> frozenset[str]:
    """Return the objects that a pattern names."""
    objects = (need[1:] for need in frame.needs if need[0] == "@" and need[1] != "!")
    return frozenset(word for listed in objects for word in listed.split("/"))
