"""The subject of a verb: a direct one, or one that it shares with another verb."""

from collections.abc import Mapping

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import denotes, is_infinitive
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

_CONTROLLED = frozenset({"xcomp", "advcl", "ccomp", "conj", "parataxis", "dep"})
_AUXILIARIES = frozenset({"aux", "auxpass", "neg"})
_SUBJECT_PATH_MAX = 8  # steps from a verb to its subject
_NOUNS_MAX = 3  # from a noun up to the event that it belongs to
_PERSONS = frozenset({"PERSON"})


def doers_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the actor of a verb: the agent of a passive, else the subject, also through control."""
    if index in parse.passives or _is_participle(parse, index):
        return _agents_of(parse, index, data) or _shared_agents(parse, index, data)
    subject = subject_of(parse, index, data)
    return [] if subject is None else [subject]


def _agents_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    by = data.agent_prepositions + data.pair_prepositions
    agents = next((agents for word in by if (agents := list(parse.prep_objects(index, word)))), [])
    return agents or agents_in_phrase(parse, index, data)


def agents_in_phrase(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the doer that a phrase names: "died at the hands of the militia"."""
    return [
        agent
        for first, noun, last in data.agent_phrases
        for item in parse.prep_objects(index, first)
        if parse.lemma[item] == noun
        for agent in parse.prep_objects(item, last)
    ]


def _shared_agents(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the agent that a passive shares with a later verb: "was held and beaten by guards", "was forced to go by a
    judge".
    """
    twin = parse.child(index, "conj")
    if twin is not None and parse.tag[twin] == "VBN" and not _has_complement(parse, index, twin):
        return _agents_of(parse, twin, data)
    inner = parse.child(index, "xcomp")
    while inner is not None and inner not in parse.passives:
        agents = [i for word in data.agent_prepositions for i in parse.prep_objects(inner, word)]
        if any(denotes(parse, i, data) for i in agents):
            return agents
        inner = parse.child(inner, "xcomp")
    return []


def _has_complement(parse: Parse, index: int, twin: int) -> bool:
    """Return whether a verb has words before the verb that is coordinated with it."""
    between = (c for c in parse.children[index] if index < c < twin)
    return any(parse.dep[c] not in ("cc", "punct", "conj", "advmod") for c in between)


def _is_participle(parse: Parse, index: int) -> bool:
    """Return whether a past participle describes a noun: "a man arrested", but not "reports that it had asked"."""
    modifies = parse.dep[index] in ("acl", "amod") and parse.tag[index] == "VBN"
    return modifies and parse.child(index, "aux", "nsubj") is None


def subject_of(parse: Parse, index: int, data: FrameData, depth: int = _SUBJECT_PATH_MAX) -> int | None:
    """Return the subject of a verb, a direct or a shared one; None without one."""
    subject = parse.subjects.get(index)
    subject = _subject_before(parse, index) if subject is None else subject
    if subject is not None:
        return (
            _antecedent_of_relative(parse, index, data) if parse.lower[subject] in data.relative_pronouns else subject
        )
    head = parse.head[index]
    if depth == 0 or head == index:
        return _headline_subject(parse, index)
    if parse.dep[index] in ("relcl", "acl", "amod") and not is_infinitive(parse, index):
        return None if parse.dep[index] == "relcl" and _is_placed(parse, index) else head
    return _shared_subject(parse, index, data, depth)


def _antecedent_of_relative(parse: Parse, index: int, data: FrameData) -> int | None:
    """Return the noun that a relative clause, or a clause coordinated with one, describes."""
    verb = index
    while parse.dep[index] == "conj" and parse.head[index] in parse.verbs:
        index = parse.head[index]
    if parse.dep[index] != "relcl":
        return parse.subjects.get(index)
    noun = parse.head[index]
    return _attack_on(parse, noun, data) if _harms(parse.lemma[verb], data.verb_index) else noun


def _harms(lemma: str, frames: Mapping[str, tuple[Frame, ...]]) -> bool:
    return any(frame.event_type == "ASSAULT" for frame in frames.get(lemma, ()))


def _attack_on(parse: Parse, noun: int, data: FrameData) -> int:
    """Return the attack in "an attack on a church in Quetta, which killed nine", which the parser leaves to Quetta."""
    above = noun
    for _ in range(_NOUNS_MAX):
        preposition = parse.head[above]
        doing = parse.lower[preposition] in data.agent_prepositions + data.origin_prepositions
        is_person = denotes(parse, above, data, _PERSONS) and parse.lemma[above] not in data.bodies
        if parse.dep[above] != "pobj" or doing or (is_person and above == noun):
            break
        above = parse.head[preposition]
        if _harms(parse.lemma[above], data.noun_index):
            return above
    return noun


def _subject_before(parse: Parse, index: int) -> int | None:
    """Return the noun before a coordinated verb that the parser coordinates with an earlier noun.

    "Chile sent doctors and Peru offered tents": Peru is not a second object.
    """
    if parse.dep[index] != "conj" or index not in parse.finite:
        return None
    before = min([index, *(c for c in parse.children[index] if parse.dep[c] in _AUXILIARIES)]) - 1
    joined = before >= 0 and parse.dep[before] == "conj" and parse.pos[before] in ("NOUN", "PROPN")
    return before if joined and parse.head[before] != index else None


def leads_clause(parse: Parse, index: int) -> bool:
    """Return whether a coordinated noun is the subject of the verb after it."""
    if parse.dep[index] != "conj" or index + 1 >= len(parse.dep):
        return False
    verb = parse.head[index + 1] if parse.dep[index + 1] in _AUXILIARIES else index + 1
    return verb in parse.verbs and parse.subjects.get(verb) is None and _subject_before(parse, verb) == index


def _shared_subject(parse: Parse, index: int, data: FrameData, depth: int) -> int | None:
    dep, head = parse.dep[index], parse.head[index]
    if dep in _CONTROLLED and head in parse.verbs:
        return _controller(parse, index, head, data, depth)
    if dep == "xcomp" and parse.dep[head] == "acomp" and parse.lemma[head] in data.subject_control:
        return subject_of(parse, parse.head[head], data, depth - 1)
    if dep == "pcomp" and (blamed := _gerund_doer(parse, head, data)) is not None:
        return blamed
    if dep in ("acl", "relcl") and parse.headline[index] and parse.entity[head] >= 0:
        return head  # "Holm to meet Brandt"
    if dep in ("pcomp", "acl", "relcl"):
        return _owner(parse, parse.head[head] if dep == "pcomp" else head, data, depth)
    return _headline_subject(parse, index)


def _is_placed(parse: Parse, index: int) -> bool:
    """Return whether a relative clause states a place, a time or an existence: its noun is not its actor."""
    return any(parse.dep[c] == "expl" or parse.tag[c] == "WRB" for c in parse.children[index])


def _controller(parse: Parse, index: int, head: int, data: FrameData, depth: int) -> int | None:
    thing = parse.child(head, "dobj", "dative")
    aside = parse.dep[index] == "conj" or (parse.dep[index] == "advcl" and parse.tag[index] == "VBG")
    if thing is not None and parse.lemma[head] in data.object_control and not aside:
        return thing
    return subject_of(parse, head, data, depth - 1)


def _owner(parse: Parse, head: int, data: FrameData, depth: int) -> int | None:
    """Return the possessor of a plan ("May's plan to go"), else the subject that has it ("May has a plan to go")."""
    if head in parse.verbs:
        return subject_of(parse, head, data, depth - 1)
    owner = parse.child(head, "poss")
    if owner is not None:
        return owner
    verb = parse.head[head]
    return subject_of(parse, verb, data, depth - 1) if verb != head and verb in parse.verbs else None


def _gerund_doer(parse: Parse, preposition: int, data: FrameData) -> int | None:
    """Return the object that does what a gerund says: "accused X of lying", "lashed out at X for lying"."""
    verb = parse.head[preposition]
    if parse.lower[preposition] not in data.gerund_prepositions:
        return None
    if verb not in parse.verbs:  # "accused the cartel of lying", where the parser joins "cartel of lying"
        return verb if parse.dep[verb] == "dobj" and denotes(parse, verb, data) else None
    objects = (parse.patients.get(verb), *(i for p in data.target_prepositions for i in parse.prep_objects(verb, p)))
    return next((i for i in objects if i is not None and denotes(parse, i, data)), None)


def _headline_subject(parse: Parse, index: int) -> int | None:
    """Return a name before a headline's verb that the parser labels as an adverbial."""
    nouns = (c for c in parse.children[index] if c < index and parse.dep[c] in ("npadvmod", "dep", "nmod"))
    return next((c for c in nouns if parse.entity[c] >= 0), None)
