"""Modality: whether an event has happened, is planned, is hypothetical, or was negated.

Modality is derived from the parse: first from the clause's own auxiliaries and conjunctions, then from its governor.
Reported speech alone never changes it.
"""

from pipeline.model.annotation import Modality
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
    marked = _marked_modality(parse, index, data, auxiliaries)
    if marked is not None:
        return marked
    if not auxiliaries and _shares_auxiliary(parse, index):
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
    """Return the action that an infinitive is the purpose of ("in order to", "in an effort to"); None without one."""
    head = parse.head[index]
    if parse.lemma[head] in data.purposes and parse.dep[head] == "pobj":
        return parse.head[parse.head[head]]
    return head if parse.dep[index] == "advcl" and parse.lemma[head] not in data.governing else None


def _of_purpose(parse: Parse, head: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of a purpose: planned if the action is planned, else hypothetical."""
    return "planned" if _modality(parse, head, data, depth - 1) == "planned" else "hypothetical"


def _is_announced(parse: Parse, index: int) -> bool:
    """Return whether an infinitive is the future tense of a headline, or a passive: "a meeting to be held in June"."""
    dep = parse.dep[index]
    marked = any(parse.dep[c] == "aux" for c in parse.children[index])  # a bare infinitive is a command
    if dep == "ROOT" or (parse.headline[index] and dep in ("relcl", "acl", "advcl", "nsubj")):
        return marked
    return dep == "relcl" and parse.is_passive(index)


def _of_content(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of a finite clause under a verb or noun: real, unless its governor makes it unreal."""
    head = parse.head[index]
    if parse.lemma[head] not in data.saying:
        return _of_dependent(parse, head, data, depth, default="happened", finite=True)
    if parse.is_verb(head) or _modality(parse, head, data, depth - 1) != "negated":
        return "happened"
    return "negated" if parse.lemma[parse.head[head]] in data.refusing else "hypothetical"  # unconfirmed reports


def _of_adverbial(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of an adverbial clause; in the present tense it belongs to a plan ("when they meet")."""
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
    """Return the modality of a governor's dependent: the meaning of the governor, weakened by its own modality."""
    lemma = _lemma_with_particle(parse, head)
    own: Modality = default
    if lemma in data.refusing:
        own = "negated"
    elif lemma in data.planning or (lemma == "be" and default == "hypothetical" and _is_plan(parse, head, data)):
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
    """Return the modality of a dependent if its governor is negated.

    "did not plan to go": no visit; "did not refuse to go": unknown; "did not know that ...": the clause stays true.
    """
    if own == "negated":
        return "hypothetical"
    return "happened" if finite and own == "happened" else "negated"


def _weaker(first: Modality, second: Modality) -> Modality:
    return max(first, second, key=_WEAKEN.__getitem__)


def _after_preposition(parse: Parse, preposition: int, data: ModalityData, depth: int) -> Modality:
    word, head = parse.lower[preposition], parse.head[preposition]
    if word in data.negative_prepositions or (word in data.excluding_words and _is_rather(parse, preposition, data)):
        return "negated"
    if word in data.past_prepositions or head == preposition:
        return "happened"
    governor = _lemma_with_particle(parse, head)
    if governor in data.governing and word in data.content_prepositions:
        return _of_dependent(parse, head, data, depth, default="happened")
    if parse.dep[preposition] in ("pcomp", "prep", "pobj") and parse.pos[head] in ("ADP", "SCONJ"):
        return _after_preposition(parse, head, data, depth)
    return _of_governor(parse, head, data, depth)


def _of_governor(parse: Parse, head: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality that a modifier inherits from its governor; a verb's negation is not inherited."""
    outer = _modality(parse, head, data, depth - 1)
    return "happened" if outer == "negated" and parse.is_verb(head) else outer


def _of_noun(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    own = _own_modality(parse, index, data)
    if own is None and parse.lemma[index] in data.standing:
        own = "happened"
    if own is None and dep == "conj" and _joins_contrast(parse, index, data):
        own = "negated"
    if own is not None or head == index:
        return own or "happened"
    if dep in ("pobj", "pcomp"):
        is_topic = parse.lower[head] in data.topic_prepositions or parse.lemma[parse.head[head]] in data.saying
        known = is_topic and _is_definite(parse, index, data)
        return "happened" if known else _after_preposition(parse, head, data, depth)
    if dep in _ARGUMENTS and parse.is_verb(head):
        return _of_argument(parse, index, data, depth)
    return _modality(parse, head, data, depth - 1) if dep in _MODIFIERS else "happened"


def _of_argument(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of an event noun that is subject or object: the verb's own, or what the verb implies."""
    head = parse.head[index]
    lemma = _lemma_with_particle(parse, head)
    if parse.dep[index] in ("dobj", "nsubjpass") and lemma in data.governing:
        is_reported = lemma in data.saying and _is_definite(parse, index, data)  # "announced the sackings"
        if is_reported or parse.child(head, "oprd") is not None:  # "called the attack a mistake"
            return "happened"
        return _of_dependent(parse, head, data, depth, default="happened")
    outer = _modality(parse, head, data, depth - 1)
    if outer == "negated" and parse.dep[index] in ("nsubj", "nsubjpass") and not _has_no(parse, index, data):
        return "happened" if parse.is_passive(head) is False else outer
    if outer == "negated" and lemma not in data.carriers and _is_definite(parse, index, data):
        return "happened"
    return outer


# Modality marked in the clause or noun phrase itself: auxiliaries, conjunctions, negations, adjectives.

_FINITE = ("VBD", "VBZ", "VBP")
_PAST = ("VBD", "VBN")


def names_thing(parse: Parse, index: int) -> bool:
    """Return whether a word is used as a noun; a verb tag in a noun's position is a tagging error."""
    if parse.pos[index] in ("NOUN", "PROPN", "PRON", "ADJ", "NUM"):
        return parse.dep[index] not in ("ROOT", "ccomp", "advcl", "acomp", "xcomp") or parse.pos[index] != "ADJ"
    return parse.dep[index] in ("pobj", "dobj", "nsubj", "nsubjpass", "poss", "compound") and parse.tag[index] != "VBG"


def _marked_modality(parse: Parse, index: int, data: ModalityData, auxiliaries: set[str]) -> Modality | None:
    """Return the modality that the clause's own words mark: negation, auxiliaries, conjunction. None if unmarked."""
    if _is_conditional(parse, index, data):
        return "hypothetical"
    if _is_negated(parse, index, data):
        return "negated"
    if _is_unreal(parse, index, data, auxiliaries):
        return "hypothetical"
    if auxiliaries & data.future_auxiliaries:
        return "hypothetical" if _has_condition(parse, index, data) or _is_doubted(parse, index, data) else "planned"
    if auxiliaries & data.backshifted:
        return "planned" if _is_said_in_past(parse, index, data) else "hypothetical"
    return None


def _shares_auxiliary(parse: Parse, index: int) -> bool:
    """Return whether a verb shares the auxiliary of the verb it is coordinated with: "could be arrested or jailed"."""
    head = parse.head[index]
    return (
        parse.dep[index] == "conj"
        and parse.tag[index] in ("VB", "VBN", "VBD")
        and parse.tag[head] in ("VB", "VBN")
        and parse.subject(index) is None
    )


def _is_negated(parse: Parse, index: int, data: ModalityData) -> bool:
    for child in parse.children[index]:
        if parse.dep[child] == "neg" or parse.lower[child] in data.negative_words or _is_no_longer(parse, child, data):
            return parse.lower[min(child + 1, len(parse.lower) - 1)] not in data.limiting_words
        if parse.dep[child] in ("nsubj", "nsubjpass", "dobj", "attr") and _has_no(parse, child, data):
            return True
        if _excludes(parse, child, data) or _is_delaying(parse, child, data):
            return True
    return False


def _is_delaying(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a word postpones the infinitive after it: "has yet to sign"."""
    after = parse.lower[index + 1 : index + 2]
    return parse.lower[index] in data.delaying and after == [data.infinitive_marker]


def _is_no_longer(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.lower[index] in data.ending_words and any(
        parse.lower[c] in data.negative_words for c in parse.children[index]
    )


def _excludes(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether "rather than" excludes the verb itself, and not a phrase of its own."""
    if parse.lower[index] not in data.excluding_words or parse.children[index][-1:] > [index]:
        return False
    return _is_rather(parse, index, data)


def _has_no(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.lower[index] in data.negative_words or any(
        parse.lower[c] in data.negative_words
        for c in parse.children[index]
        if parse.dep[c] in ("det", "neg", "preconj")
    )


def _is_unreal(parse: Parse, index: int, data: ModalityData, auxiliaries: set[str]) -> bool:
    if auxiliaries & data.unreal_auxiliaries or _is_conditional(parse, index, data):
        return True
    return _is_command(parse, index) or (parse.dep[index] == "ROOT" and _asks(parse, index))


def _is_conditional(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a conjunction makes the clause a condition, including a negated one ("if no price is agreed")."""
    return _is_inverted(parse, index, data) or any(
        parse.dep[c] in ("mark", "advmod") and parse.lower[c] in data.unreal_markers for c in parse.children[index]
    )


def _is_inverted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether the auxiliary precedes the subject: "Had the army attacked, ..."."""
    head, subject = parse.head[index], parse.subject(index)
    if parse.dep[index] == "ccomp" and parse.dep[head] == "advcl":
        before = [head]  # the parser labels the auxiliary as the verb
    else:
        before = [c for c in parse.children[index] if parse.dep[c] == "aux"] if parse.dep[index] == "advcl" else []
    return subject is not None and any(c < subject and parse.lower[c] in data.inverted for c in before)


def _has_condition(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.dep[c] == "advcl" and _is_conditional(parse, c, data) for c in parse.children[index])


def _is_doubted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether the governor of the clause only expresses fear, hope or doubt."""
    head = parse.head[index]
    complement = parse.child(head, "acomp")
    governor = parse.lemma[head if complement is None else complement]
    doubting = data.wishing - data.saying - data.planning
    return parse.dep[index] == "ccomp" and governor in doubting


def _asks(parse: Parse, index: int) -> bool:
    return any(parse.lower[c] == "?" for c in parse.children[index])


def _is_said_in_past(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether "would" is the future of a past report ("said it would free them") without a condition."""
    head = parse.head[index]
    if _has_condition(parse, index, data):
        return False
    while (parse.dep[index] == "conj" or not parse.is_verb(head)) and head != index:
        index, head = head, parse.head[head]
    return (
        parse.dep[index] in ("ccomp", "advcl", "prep", "dobj")
        and parse.lemma[head] in data.saying - data.opining
        and parse.tag[head] in _PAST
    )


def _is_command(parse: Parse, index: int) -> bool:
    """Return whether a bare verb is a command: "Stop the war," she said."""
    return (
        parse.dep[index] == "ccomp"
        and parse.tag[index] == "VB"
        and parse.child(index, "aux", "auxpass", "nsubj", "nsubjpass") is None
        and parse.child(parse.head[index], "dobj") is None
    )


def is_finite(parse: Parse, index: int) -> bool:
    if parse.tag[index] in _FINITE:
        return True
    return any(parse.dep[c] in ("aux", "auxpass") and parse.tag[c] in _FINITE for c in parse.children[index])


def _lemma_with_particle(parse: Parse, index: int) -> str:
    """Return the lemma of a governor as in the word lists: "call_off"."""
    particle = parse.child(index, "prt")
    return parse.lemma[index] if particle is None else f"{parse.lemma[index]}_{parse.lower[particle]}"


def _is_plan(parse: Parse, head: int, data: ModalityData) -> bool:
    """Return whether an infinitive under "be" is planned: "is due to meet", but not "is easy to see"."""
    complement = parse.child(head, "acomp", "attr", "oprd")
    return complement is None or parse.lemma[complement] in data.planning


def _is_rather(parse: Parse, index: int, data: ModalityData) -> bool:
    return index > 0 and parse.lower[index - 1] in data.preferring_words


def _is_definite(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.dep[c] == "poss" or parse.lower[c] in data.definite_words for c in parse.children[index])


def _joins_contrast(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.lower[c] in data.excluding_words for c in range(max(index - 5, 0), index))


def _own_modality(parse: Parse, index: int, data: ModalityData) -> Modality | None:
    for child in parse.children[index]:
        word = parse.lower[child]
        if parse.dep[child] in ("det", "neg", "preconj") and word in data.negative_words:
            return "negated"
        if word in data.past_adjectives:
            return "happened"
        if word in data.unreal_adjectives or word in data.unreal_markers:
            return "hypothetical"
        if word in data.planned_adjectives and parse.dep[child] not in ("acl", "relcl"):
            return "planned"
    return None
