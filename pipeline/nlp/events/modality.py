"""Whether what a word names has happened, is planned, might be, or was denied.

Modality is read from the parse: the clause's own auxiliaries and conjunctions first, then the word that governs it.
That somebody says so never changes it.
"""

from pipeline.model.annotation import Modality
from pipeline.nlp.events.modality_marks import (
    has_no,
    is_definite,
    is_finite,
    is_plan,
    is_rather,
    joins_contrast,
    lemma_with_particle,
    marked_modality,
    names_thing,
    own_modality,
    shares_auxiliary,
)
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.spec_events import ModalityData

_WEAKEN: dict[Modality, int] = {"happened": 0, "planned": 1, "hypothetical": 2, "negated": 3}
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "attr", "oprd", "dative", "acomp"})
_MODIFIERS = frozenset({"compound", "nmod", "poss", "appos", "amod", "conj"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "acl", "advcl", "relcl"})
_LIMIT = 12  # longest chain of governors that is followed


def modality_of(parse: Parse, index: int, data: ModalityData) -> Modality:
    """Return the modality of the event that a verb or a noun names."""
    return _modality(parse, index, data, _LIMIT)


def _modality(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    if depth == 0:
        return "hypothetical"
    if names_thing(parse, index):
        return _of_noun(parse, index, data, depth)
    return _of_clause(parse, index, data, depth)


def _of_clause(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    auxiliaries = {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("aux", "auxpass")}
    marked = marked_modality(parse, index, data, auxiliaries)
    if marked is not None:
        return marked
    if not auxiliaries and shares_auxiliary(parse, index):
        return _of_shared_auxiliary(parse, index, data, depth)
    if data.infinitive_marker in auxiliaries or (parse.tag[index] == "VB" and not auxiliaries):
        return _of_infinitive(parse, index, data, depth)
    if is_finite(parse, index):
        return _of_finite(parse, index, data, depth)
    return _of_participle(parse, index, data, depth)


def _of_shared_auxiliary(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    head = parse.head[index]
    outer = _modality(parse, head, data, depth - 1)
    contrast = any(parse.dep[c] == "cc" and parse.lower[c] in data.contrast_words for c in parse.children[head])
    return "happened" if outer == "negated" and contrast else outer


def _of_finite(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    if parse.dep[index] in ("ccomp", "acl"):
        return _of_content(parse, index, data, depth)
    return _of_adverbial(parse, index, data, depth) if parse.dep[index] == "advcl" else "happened"


def _of_infinitive(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    if dep == "pcomp":
        return _after_preposition(parse, head, data, depth)
    if dep == "conj":
        return _modality(parse, head, data, depth - 1)
    if _is_announced(parse, index):
        return "planned"
    if dep == "relcl" and any(parse.lower[c] in data.ranking for c in parse.children[head]):
        return _of_governor(parse, head, data, depth)  # "the second town to build one" has built it
    served = _purpose_head(parse, index, data)
    if served is not None:
        return _of_purpose(parse, served, data, depth)
    return _of_dependent(parse, head, data, depth, default="hypothetical") if dep in _COMPLEMENTS else "hypothetical"


def _purpose_head(parse: Parse, index: int, data: ModalityData) -> int | None:
    """Return what is done for the sake of an infinitive ("in order to", "in an effort to"), None where nothing is."""
    head = parse.head[index]
    if parse.lemma[head] in data.purposes and parse.dep[head] == "pobj":
        return parse.head[parse.head[head]]
    return head if parse.dep[index] == "advcl" and parse.lemma[head] not in data.governing else None


def _of_purpose(parse: Parse, head: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of what something is done for: part of the plan where that is planned, else only possible."""
    return "planned" if _modality(parse, head, data, depth - 1) == "planned" else "hypothetical"


def _is_announced(parse: Parse, index: int) -> bool:
    """Say whether an infinitive is a headline's future, or a passive one's: "a meeting to be held in June"."""
    dep = parse.dep[index]
    marked = any(parse.dep[c] == "aux" for c in parse.children[index])  # without: a command
    if dep == "ROOT" or (parse.headline[index] and dep in ("relcl", "acl", "advcl", "nsubj")):
        return marked
    return dep == "relcl" and parse.is_passive(index)


def _of_content(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of a finite clause under a verb or noun: real unless its governor makes it unreal."""
    head = parse.head[index]
    if parse.lemma[head] not in data.saying:
        return _of_dependent(parse, head, data, depth, default="happened", finite=True)
    if parse.is_verb(head) or _modality(parse, head, data, depth - 1) != "negated":
        return "happened"
    return "negated" if parse.lemma[parse.head[head]] in data.refusing else "hypothetical"  # reports not confirmed


def _of_adverbial(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Present tense beside a plan is part of the plan ("when they meet")."""
    past = parse.tag[index] == "VBD" or any(parse.tag[c] == "VBD" for c in parse.children[index])
    timely = any(parse.dep[c] in ("mark", "advmod") and parse.tag[c] == "WRB" for c in parse.children[index])
    if past or not timely:
        return "happened"
    outer = _modality(parse, parse.head[index], data, depth - 1)
    return "happened" if outer == "negated" else outer


def _of_participle(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    if dep in ("pcomp", "prep"):
        return _after_preposition(parse, head, data, depth)
    if dep in ("acl", "amod", "relcl") and parse.tag[index] in ("VBN", "VBD"):
        return "happened"
    if dep in ("xcomp", "ccomp") or (dep == "acl" and parse.lemma[head] in data.planning):
        return _of_dependent(parse, head, data, depth, default="happened")
    if dep in ("advcl", "conj") and parse.tag[index] != "VBD" and head != index:
        outer = _modality(parse, head, data, depth - 1)
        return "happened" if outer == "negated" and dep == "advcl" else outer
    return "happened"


def _of_dependent(
    parse: Parse, head: int, data: ModalityData, depth: int, *, default: Modality, finite: bool = False
) -> Modality:
    """Return the modality of what stands under a governor: the governor's meaning, weakened by its own modality."""
    lemma = lemma_with_particle(parse, head)
    own: Modality = default
    if lemma in data.refusing:
        own = "negated"
    elif lemma in data.planning or (lemma == "be" and default == "hypothetical" and is_plan(parse, head, data)):
        own = "planned"
    elif lemma in data.wishing:
        own = "hypothetical"
    elif lemma in data.achieving:
        own = "happened"
    outer = _modality(parse, head, data, depth - 1)
    if outer == "negated":
        return _of_denied(own, finite=finite)
    return "hypothetical" if own == "negated" and outer != "happened" else _weaker(outer, own)


def _of_denied(own: Modality, *, finite: bool) -> Modality:
    """Return what a denied governor leaves.

    "did not plan to go" is no visit; "did not refuse to go" says nothing; "did not know that ..." leaves it true.
    """
    if own == "negated":
        return "hypothetical"
    return "happened" if finite and own == "happened" else "negated"


def _weaker(first: Modality, second: Modality) -> Modality:
    return max(first, second, key=_WEAKEN.__getitem__)


def _after_preposition(parse: Parse, preposition: int, data: ModalityData, depth: int) -> Modality:
    word, head = parse.lower[preposition], parse.head[preposition]
    if word in data.negative_prepositions or (word in data.excluding_words and is_rather(parse, preposition, data)):
        return "negated"
    if word in data.past_prepositions or head == preposition:
        return "happened"
    governor = lemma_with_particle(parse, head)
    if governor in data.governing and word in data.content_prepositions:
        return _of_dependent(parse, head, data, depth, default="happened")
    if parse.dep[preposition] in ("pcomp", "prep", "pobj") and parse.pos[head] in ("ADP", "SCONJ"):
        return _after_preposition(parse, head, data, depth)
    return _of_governor(parse, head, data, depth)


def _of_governor(parse: Parse, head: int, data: ModalityData, depth: int) -> Modality:
    """Return what a modifier takes over from the word it hangs on; a denial stays with its own verb."""
    outer = _modality(parse, head, data, depth - 1)
    return "happened" if outer == "negated" and parse.is_verb(head) else outer


def _of_noun(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    own = own_modality(parse, index, data)
    if own is None and parse.lemma[index] in data.standing:
        own = "happened"
    if own is None and dep == "conj" and joins_contrast(parse, index, data):
        own = "negated"
    if own is not None or head == index:
        return own or "happened"
    if dep in ("pobj", "pcomp"):
        told = parse.lower[head] in data.topic_prepositions or parse.lemma[parse.head[head]] in data.saying
        known = told and is_definite(parse, index, data)
        return "happened" if known else _after_preposition(parse, head, data, depth)
    if dep in _ARGUMENTS and parse.is_verb(head):
        return _of_argument(parse, index, data, depth)
    return _modality(parse, head, data, depth - 1) if dep in _MODIFIERS else "happened"


def _of_argument(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of an event noun that is subject or object: its verb's, or what its verb makes of it."""
    head = parse.head[index]
    lemma = lemma_with_particle(parse, head)
    if parse.dep[index] in ("dobj", "nsubjpass") and lemma in data.governing:
        told = lemma in data.saying and is_definite(parse, index, data)  # "announced the sackings"
        if told or parse.child(head, "oprd") is not None:  # "called the attack a mistake"
            return "happened"
        return _of_dependent(parse, head, data, depth, default="happened")
    outer = _modality(parse, head, data, depth - 1)
    if outer == "negated" and parse.dep[index] in ("nsubj", "nsubjpass") and not has_no(parse, index, data):
        return "happened" if parse.is_passive(head) is False else outer
    if outer == "negated" and lemma not in data.carriers and is_definite(parse, index, data):
        return "happened"
    return outer
