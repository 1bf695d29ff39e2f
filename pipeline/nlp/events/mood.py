"""Mood: what the words of a clause or a noun phrase say of its modality, before any governor is read.

Negation, auxiliaries, conditions, questions and adjectives are read here; ``modality.py`` adds the governors.
"""

from newslake.pipeline.model.annotation import Modality
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.languages.spec_events import ModalityData

_PAST = ("VBD", "VBN")
_QUESTION = frozenset({"?"})


def mood_of_clause(parse: Parse, index: int, data: ModalityData, auxiliaries: set[str]) -> Modality | None:
    """Return the modality that a condition, negation, question or auxiliary of the clause marks; None if unmarked.

    ``auxiliaries`` are those of the verb, in lower case.
    """
    if _is_conditional(parse, index, data) or _is_doubted(parse, index, data):
        return "hypothetical"
    if _is_negated(parse, index, data):
        return "negated"
    if not _is_polar_question(parse, index):
        is_future = auxiliaries & data.future_auxiliaries and not _has_condition(parse, index, data)
        if is_future or (auxiliaries & data.backshifted and _is_said_in_past(parse, index, data)):
            return "planned"
        if not any(
            auxiliaries & words for words in (data.future_auxiliaries, data.unreal_auxiliaries, data.backshifted)
        ):
            return None
    return "hypothetical"


def mood_of_noun(parse: Parse, index: int, data: ModalityData) -> Modality | None:
    """Return the modality that the determiners and adjectives of a noun mark: "no talks"; None if unmarked."""
    if has_no(parse, index, data):
        return "negated"
    for child in parse.children[index]:
        word = parse.lower[child]
        if word in data.unreal_adjectives or word in data.unreal_markers:
            return "hypothetical"
        if word in data.planned_adjectives and parse.dep[child] not in ("acl", "relcl"):
            return "planned"
    return None


def has_no(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a noun is negated itself ("no talks", "neither side") or negative ("nobody")."""
    return parse.lower[index] in data.negative_words or any(
        _is_negator(parse, c, data) for c in parse.children[index] if parse.dep[c] in ("det", "neg", "preconj")
    )


def is_excluding(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a word excludes what follows it: "rather than"."""
    return parse.lower[index] in data.excluding_words and parse.lower[max(index - 1, 0)] in data.preferring_words


def _is_negated(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a verb is negated in its clause; "not only" is no negation."""
    for child in parse.children[index]:
        may_negate = parse.dep[child] == "neg" or parse.lower[child] in data.negating
        if may_negate and (_is_negator(parse, child, data) or _is_no_longer(parse, child, data)):
            return parse.lower[min(child + 1, len(parse.lower) - 1)] not in data.limiting_words
        if parse.dep[child] in ("nsubj", "nsubjpass", "dobj", "attr") and has_no(parse, child, data):
            return True
        if may_negate and (_excludes(parse, child, data) or _is_delaying(parse, child, data)):
            return True
        if may_negate and parse.lower[child] in data.approximating_words and parse.dep[child] == "advmod":
            return True
    return False


def _is_negator(parse: Parse, index: int, data: ModalityData) -> bool:
    is_negative = parse.dep[index] == "neg" or parse.lower[index] in data.negative_words
    return is_negative and not _is_in_name(parse, index)


def _is_in_name(parse: Parse, index: int) -> bool:
    """Return whether a word is capitalised after a word of its sentence: "the Not My Bridge campaigners"."""
    if index == 0 or parse.headline[index] or not parse.lower[index - 1].isalpha():
        return False
    is_title = parse.text[parse.start[index] : parse.end[index]].istitle()
    return is_title and parse.sentence[index - 1] == parse.sentence[index]


def _is_no_longer(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.lower[index] in data.ending_words and any(
        parse.lower[c] in data.negative_words for c in parse.children[index]
    )


def _excludes(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether "rather than" excludes the verb itself, and not a separate phrase."""
    return is_excluding(parse, index, data) and not parse.children[index][-1:] > [index]


def _is_delaying(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a word postpones the infinitive after it: "has yet to sign"."""
    return parse.lower[index] in data.delaying and parse.lower[index + 1 : index + 2] == [data.infinitive_marker]


def _is_conditional(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether the clause is a condition, also a negated one ("if no price is agreed")."""
    return _is_inverted(parse, index, data) or parse.has_word(index, data.unreal_markers, ("mark", "advmod"))


def _is_inverted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether the auxiliary precedes the subject: "Had the army attacked, ..."."""
    head, subject = parse.head[index], parse.subjects.get(index)
    if parse.dep[index] == "ccomp" and parse.dep[head] == "advcl":
        before = [head]  # the parser labels the auxiliary as the verb
    else:
        is_apart = parse.dep[index] in ("advcl", "parataxis")
        before = [c for c in parse.children[index] if parse.dep[c] == "aux"] if is_apart else []
    return subject is not None and any(c < subject and parse.lower[c] in data.inverted for c in before)


def _has_condition(parse: Parse, index: int, data: ModalityData) -> bool:
    return any(parse.dep[c] == "advcl" and _is_conditional(parse, c, data) for c in parse.children[index])


def _is_doubted(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether the clause is the content of fear, hope or doubt; then a negation in it does not count."""
    if parse.dep[index] not in ("ccomp", "acl"):
        return False
    has_tense = index in parse.finite or any(parse.tag[c] == "MD" for c in parse.children[index])
    head = parse.head[index]
    complement = parse.child(head, "acomp")
    governor = parse.lemma[head if complement is None else complement]
    return has_tense and governor in data.wishing and governor not in data.saying


def _is_polar_question(parse: Parse, index: int) -> bool:
    """Return whether the clause asks if something is so; "why did they attack?" takes the attack for granted."""
    if parse.dep[index] != "ROOT" or not parse.has_word(index, _QUESTION):
        return False
    return not any(parse.tag[c].startswith("W") for c in parse.children[index])


def _is_said_in_past(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether "would" is the future of a past report ("said it would free them") without a condition."""
    head = parse.head[index]
    if _has_condition(parse, index, data):
        return False
    while (parse.dep[index] == "conj" or head not in parse.verbs) and head != index:
        index, head = head, parse.head[head]
    return (
        parse.dep[index] in ("ccomp", "advcl", "prep", "dobj")
        and parse.lemma[head] in data.saying
        and parse.lemma[head] not in data.opining
        and parse.tag[head] in _PAST
    )
