"""What a clause or a noun phrase says of its own reality: its own auxiliaries, conjunctions, negations, adjectives."""

from pipeline.model.annotation import Modality
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.spec_events import ModalityData

_FINITE = ("VBD", "VBZ", "VBP")
_PAST = ("VBD", "VBN")


def names_thing(parse: Parse, index: int) -> bool:
    """Say whether a word stands as a noun does; a verb's tag in a noun's place is the tagger's slip."""
    if parse.pos[index] in ("NOUN", "PROPN", "PRON", "ADJ", "NUM"):
        return parse.dep[index] not in ("ROOT", "ccomp", "advcl", "acomp", "xcomp") or parse.pos[index] != "ADJ"
    return parse.dep[index] in ("pobj", "dobj", "nsubj", "nsubjpass", "poss", "compound") and parse.tag[index] != "VBG"


def marked_modality(parse: Parse, index: int, data: ModalityData, auxiliaries: set[str]) -> Modality | None:
    """Return what the clause's own words say: negation, auxiliaries, conjunction. None where they say nothing."""
    if is_conditional(parse, index, data):
        return "hypothetical"
    if _is_negated(parse, index, data):
        return "negated"
    if is_unreal(parse, index, data, auxiliaries):
        return "hypothetical"
    if auxiliaries & data.future_auxiliaries:
        return "hypothetical" if _has_condition(parse, index, data) or _is_doubted(parse, index, data) else "planned"
    if auxiliaries & data.backshifted:
        return "planned" if _is_said_in_past(parse, index, data) else "hypothetical"
    return None


def shares_auxiliary(parse: Parse, index: int) -> bool:
    """Say whether a verb shares the auxiliary of the one it is joined to: "could be arrested or jailed"."""
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
        if parse.dep[child] in ("nsubj", "nsubjpass", "dobj", "attr") and has_no(parse, child, data):
            return True
        if _excludes(parse, child, data) or _is_delaying(parse, child, data):
            return True
    return False


def _is_delaying(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether a word puts off the infinitive after it: "has yet to sign"."""
    after = parse.lower[index + 1 : index + 2]
    return parse.lower[index] in data.delaying and after == [data.infinitive_marker]


def _is_no_longer(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.lower[index] in data.ending_words and any(
        parse.lower[c] in data.negative_words for c in parse.children[index]
    )


def _excludes(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether a "rather than" that belongs to the verb itself, not to a phrase of its own, shuts it out."""
    if parse.lower[index] not in data.excluding_words or parse.children[index][-1:] > [index]:
        return False
    return is_rather(parse, index, data)


def has_no(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.lower[index] in data.negative_words or any(
        parse.lower[c] in data.negative_words
        for c in parse.children[index]
        if parse.dep[c] in ("det", "neg", "preconj")
    )


def is_unreal(parse: Parse, index: int, data: ModalityData, auxiliaries: set[str]) -> bool:
    if auxiliaries & data.unreal_auxiliaries or is_conditional(parse, index, data):
        return True
    return _is_command(parse, index) or (parse.dep[index] == "ROOT" and _asks(parse, index))


def is_conditional(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether a conjunction makes the clause a condition, also a denied one ("if no price is agreed")."""
    return _is_inverted(parse, index, data) or any(
        parse.dep[c] in ("mark", "advmod") and parse.lower[c] in data.unreal_markers for c in parse.children[index]
    )


def _is_inverted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether the auxiliary stands before the subject: "Had the army attacked, ..."."""
    head, subject = parse.head[index], parse.subject(index)
    if parse.dep[index] == "ccomp" and parse.dep[head] == "advcl":
        before = [head]  # the parser takes the auxiliary for the verb
    else:
        before = [c for c in parse.children[index] if parse.dep[c] == "aux"] if parse.dep[index] == "advcl" else []
    return subject is not None and any(c < subject and parse.lower[c] in data.inverted for c in before)


def _has_condition(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.dep[c] == "advcl" and is_conditional(parse, c, data) for c in parse.children[index])


def _is_doubted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether somebody only fears, hopes or doubts that it will be."""
    head = parse.head[index]
    complement = parse.child(head, "acomp")
    governor = parse.lemma[head if complement is None else complement]
    doubting = data.wishing - data.saying - data.planning
    return parse.dep[index] == "ccomp" and governor in doubting


def _asks(parse: Parse, index: int) -> bool:
    return any(parse.lower[c] == "?" for c in parse.children[index])


def _is_said_in_past(parse: Parse, index: int, data: ModalityData) -> bool:
    """Say whether a "would" is the future of a past report: "said it would free them", and nothing conditional."""
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
    """Say whether a bare verb asks that it be done: "Stop the war," she said."""
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


def lemma_with_particle(parse: Parse, index: int) -> str:
    """Return the lemma of a governor as the word lists have it: "call_off"."""
    particle = parse.child(index, "prt")
    return parse.lemma[index] if particle is None else f"{parse.lemma[index]}_{parse.lower[particle]}"


def is_plan(parse: Parse, head: int, data: ModalityData) -> bool:
    """ "is to meet", "is due to meet", but not "is easy to see"."""
    complement = parse.child(head, "acomp", "attr", "oprd")
    return complement is None or parse.lemma[complement] in data.planning


def is_rather(parse: Parse, index: int, data: ModalityData) -> bool:
    return index > 0 and parse.lower[index - 1] in data.preferring_words


def is_definite(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.dep[c] == "poss" or parse.lower[c] in data.definite_words for c in parse.children[index])


def joins_contrast(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.lower[c] in data.excluding_words for c in range(max(index - 5, 0), index))


def own_modality(parse: Parse, index: int, data: ModalityData) -> Modality | None:
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
