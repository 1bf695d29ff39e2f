"""The subject of a verb: its own, or one that it shares with another verb."""

from pipeline.nlp.events.mood import is_finite
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import denotes, is_infinitive, object_of
from pipeline.nlp.languages.spec_events import FrameData

_CONTROLLED = frozenset({"xcomp", "advcl", "ccomp", "conj", "parataxis", "dep"})
_AUXILIARIES = frozenset({"aux", "auxpass", "neg"})
_SUBJECT_PATH_MAX = 8  # steps from a verb to its subject


def doers_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the actor of a verb: the agent of a passive, else the subject, also through control."""
    if parse.is_passive(index) or _is_participle(parse, index):
        by = data.agent_prepositions + data.pair_prepositions
        return next((found for word in by if (found := list(parse.prep_objects(index, word)))), [])
    subject = subject_of(parse, index, data)
    return [] if subject is None else [subject]


def _is_participle(parse: Parse, index: int) -> bool:
    """Return whether a past participle describes a noun: "a man arrested", but not "reports that it had asked"."""
    modifies = parse.dep[index] in ("acl", "amod") and parse.tag[index] == "VBN"
    return modifies and parse.child(index, "aux", "nsubj") is None


def subject_of(parse: Parse, index: int, data: FrameData, depth: int = _SUBJECT_PATH_MAX) -> int | None:
    """Return the subject of a verb, its own or a shared one; None without one."""
    own = parse.subject(index)
    own = _subject_before(parse, index) if own is None else own
    if own is not None:
        return _antecedent_of_relative(parse, index) if parse.lower[own] in data.relative_pronouns else own
    head = parse.head[index]
    if depth == 0 or head == index:
        return _headline_subject(parse, index)
    if parse.dep[index] in ("relcl", "acl", "amod") and not is_infinitive(parse, index):
        return None if parse.dep[index] == "relcl" and _is_placed(parse, index) else head
    return _shared_subject(parse, index, data, depth)


def _antecedent_of_relative(parse: Parse, index: int) -> int | None:
    """Return the noun that a relative clause, or a clause coordinated with one, describes."""
    while parse.dep[index] == "conj" and parse.is_verb(parse.head[index]):
        index = parse.head[index]
    return parse.head[index] if parse.dep[index] == "relcl" else parse.subject(index)


def _subject_before(parse: Parse, index: int) -> int | None:
    """Return the noun before a coordinated verb that the parser coordinates with an earlier noun.

    "Chile sent doctors and Peru offered tents": Peru is not a second object.
    """
    if parse.dep[index] != "conj" or not is_finite(parse, index):
        return None
    before = min([index, *(c for c in parse.children[index] if parse.dep[c] in _AUXILIARIES)]) - 1
    joined = before >= 0 and parse.dep[before] == "conj" and parse.pos[before] in ("NOUN", "PROPN")
    return before if joined and parse.head[before] != index else None


def leads_clause(parse: Parse, index: int) -> bool:
    """Return whether a coordinated noun is the subject of the verb after it."""
    if parse.dep[index] != "conj" or index + 1 >= len(parse.dep):
        return False
    verb = parse.head[index + 1] if parse.dep[index + 1] in _AUXILIARIES else index + 1
    return parse.is_verb(verb) and parse.subject(verb) is None and _subject_before(parse, verb) == index


def _shared_subject(parse: Parse, index: int, data: FrameData, depth: int) -> int | None:
    dep, head = parse.dep[index], parse.head[index]
    if dep in _CONTROLLED and parse.is_verb(head):
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
    if thing is not None and parse.lemma[head] in data.object_control and parse.dep[index] != "conj":
        return thing
    return subject_of(parse, head, data, depth - 1)


def _owner(parse: Parse, head: int, data: FrameData, depth: int) -> int | None:
    """Return the possessor of a plan ("May's plan to go"), else the subject that has it ("May has a plan to go")."""
    if parse.is_verb(head):
        return subject_of(parse, head, data, depth - 1)
    owner = parse.child(head, "poss")
    if owner is not None:
        return owner
    verb = parse.head[head]
    return subject_of(parse, verb, data, depth - 1) if verb != head and parse.is_verb(verb) else None


def _gerund_doer(parse: Parse, preposition: int, data: FrameData) -> int | None:
    """Return the object that does what a gerund says: "accused X of lying", "lashed out at X for lying"."""
    verb = parse.head[preposition]
    if parse.lower[preposition] not in data.gerund_prepositions or not parse.is_verb(verb):
        return None
    objects = (object_of(parse, verb), *(i for p in data.target_prepositions for i in parse.prep_objects(verb, p)))
    return next((i for i in objects if i is not None and denotes(parse, i, data)), None)


def _headline_subject(parse: Parse, index: int) -> int | None:
    """Return a name before a headline's verb that the parser labels as an adverbial."""
    found = (c for c in parse.children[index] if c < index and parse.dep[c] in ("npadvmod", "dep", "nmod"))
    return next((c for c in found if parse.entity[c] >= 0), None)
