"""Who a verb is said of: its own subject, or the one that it shares with, or is lent by, the words around it."""

from pipeline.nlp.events.modality_marks import is_finite
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.spec_events import FrameData

_CONTROLLED = frozenset({"xcomp", "advcl", "ccomp", "conj", "parataxis", "dep"})
_AUXILIARIES = frozenset({"aux", "auxpass", "neg"})
_LIMIT = 8  # longest way from a verb to the phrase that it is said of


def doers_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who does what a verb says: the agent of a passive, else the subject, found through control."""
    if parse.is_passive(index) or (parse.dep[index] in ("acl", "amod") and parse.tag[index] == "VBN"):
        by = data.agent_prepositions + data.pair_prepositions
        return next((found for word in by if (found := list(parse.prep_objects(index, word)))), [])
    subject = subject_of(parse, index, data)
    return [] if subject is None else [subject]


def subject_of(parse: Parse, index: int, data: FrameData, depth: int = _LIMIT) -> int | None:
    """Return the phrase that a verb is said of, its own subject or the one it shares; None where there is none."""
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
    """Return the noun that stands before a joined verb and that the parser joins to what precedes.

    "Chile sent doctors and Peru offered tents": Peru is no second object.
    """
    if parse.dep[index] != "conj" or not is_finite(parse, index):
        return None
    before = min([index, *(c for c in parse.children[index] if parse.dep[c] in _AUXILIARIES)]) - 1
    joined = before >= 0 and parse.dep[before] == "conj" and parse.pos[before] in ("NOUN", "PROPN")
    return before if joined and parse.head[before] != index else None


def leads_clause(parse: Parse, index: int) -> bool:
    """Say whether a joined noun is the subject of the verb after it."""
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
        return subject_of(parse, parse.head[head], data, depth - 1)
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
