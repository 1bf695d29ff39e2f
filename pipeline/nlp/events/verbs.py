"""Facts of the verbs of an article, computed once: their tense, voice, particles, subjects and patients."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import compress

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.languages.spec_events import FrameData
from newslake.pipeline.nlp.tokens import Tokens

_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "csubjpass"})
_PASSIVE = frozenset({"nsubjpass", "auxpass", "csubjpass", "agent"})
_OTHERS = frozenset({"prt", "conj", "dobj", "acl", "amod", "npadvmod"})
_RELATED = _SUBJECTS | _PASSIVE | _OTHERS
_FINITE = frozenset({"VBD", "VBZ", "VBP"})
_PAST = frozenset({"VBD", "VBN"})
_SHARING = frozenset({"advcl", "conj", "xcomp"})


@dataclass(frozen=True, slots=True)
class VerbFacts:
    """Facts by verb. ``finite`` are the verbs that have a tense, in their form or in that of an auxiliary; modal
    auxiliaries have none.

    ``passives`` are the verbs that are marked as passive, those that share the auxiliary of such a verb, and those of
    headlines, where the auxiliary is left out. A subject that is one of two in apposition is the named one. A patient
    is the object, the subject of a passive, or the noun that a participle modifies.
    """

    finite: frozenset[int]
    passives: frozenset[int]
    particles: Mapping[int, int]
    subjects: Mapping[int, int]
    patients: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is known of the tokens: their names, times, dashes, corrected lemmas, and which are in headlines."""

    mentions: Sequence[Entity | None]
    entity: Sequence[int]
    in_time: frozenset[int]
    dashes: frozenset[int]
    lemma: Sequence[str]
    headline: Sequence[bool]


def verb_facts(tokens: Tokens, around: Surroundings, data: FrameData) -> VerbFacts:
    """Return the facts of the verbs of an article."""
    related = [i for i, label in enumerate(tokens.dep) if label in _RELATED and tokens.head[i] != i]
    candidates: dict[int, list[int]] = {}
    for index in related:
        if tokens.dep[index] in _SUBJECTS:
            candidates.setdefault(tokens.head[index], []).append(index)
    passives = _passives(tokens, related, candidates, around, data)
    subjects = dict(_subjects(tokens, related, candidates, around))
    return VerbFacts(
        finite=frozenset(_finite(tokens)),
        passives=frozenset(passives),
        particles={tokens.head[i]: i for i in reversed(related) if tokens.dep[i] == "prt"},
        subjects=subjects,
        patients=dict(_patients(tokens, related, passives, subjects)),
    )


def _child(tokens: Tokens, index: int, *deps: str) -> int | None:
    for child in tokens.children[index]:
        if tokens.dep[child] in deps:
            return child
    return None


def _finite(tokens: Tokens) -> Iterator[int]:
    for index in [index for index, tag in enumerate(tokens.tag) if tag in _FINITE]:
        yield index
        if tokens.dep[index] in ("aux", "auxpass"):
            yield tokens.head[index]


def _passives(
    tokens: Tokens,
    related: Sequence[int],
    subjects: Mapping[int, Sequence[int]],
    around: Surroundings,
    data: FrameData,
) -> set[int]:
    """Return the passives. Without an auxiliary are those in headlines and absolute clauses ("with its leader jailed"),
    free participles, and those that share the one of the verb before them ("was tried and jailed").
    """
    passives = {tokens.head[i] for i in related if tokens.dep[i] in _PASSIVE}
    in_headline = compress(range(len(around.headline)), around.headline)
    clipped = (i for i in in_headline if around.lemma[i] in data.clipped_passives)
    passives.update(i for i in clipped if _is_clipped(i, tokens))
    passives.update(i for i in subjects if _is_absolute(i, tokens, data))
    passives.update(i for i, label in enumerate(tokens.dep) if label == "advcl" and _is_free_participle(i, tokens))
    for index in related:
        head = tokens.head[index]
        if tokens.dep[index] == "conj" and head < index and head in passives:
            may_share = tokens.tag[index] in _PAST and index not in subjects
            if may_share and _child(tokens, index, "aux", "dobj") is None:  # "was invited and has signed the deal"
                passives.add(index)
    return passives


def _is_clipped(index: int, tokens: Tokens) -> bool:
    """Return whether a headline's verb has a subject but neither an auxiliary nor an object other than an amount of
    money: "Minister sacked", "Bank fined €2m".
    """
    below = tokens.children[index]
    deps = {tokens.dep[c] for c in below}
    if tokens.tag[index] not in _PAST or "nsubj" not in deps or deps & {"aux", "ccomp", "dative"}:
        return False
    objects = (c for c in below if tokens.dep[c] == "dobj")
    return all("$" in tokens.tag[index:c] for c in objects)


def _is_free_participle(index: int, tokens: Tokens) -> bool:
    """Return whether a clause is a past participle alone, whose patient is the subject above: "Accused of theft, she
    fled".
    """
    return tokens.tag[index] == "VBN" and _child(tokens, index, "aux", "nsubj", "dobj", "ccomp", "mark") is None


def _is_absolute(index: int, tokens: Tokens, data: FrameData) -> bool:
    """Return whether a participle with a subject follows "with", a passive without an auxiliary: "with its leader
    jailed".
    """
    if tokens.tag[index] not in _PAST:
        return False
    below = tokens.children[index]
    governed = tokens.dep[index] == "pcomp" and tokens.lower[tokens.head[index]] in data.absolute_markers
    marked = governed or any(tokens.dep[c] == "mark" and tokens.lower[c] in data.absolute_markers for c in below)
    return marked and not any(tokens.dep[c] in ("aux", "dobj", "ccomp") for c in below)


def _subjects(
    tokens: Tokens, related: Sequence[int], candidates: Mapping[int, Sequence[int]], around: Surroundings
) -> Iterator[tuple[int, int]]:
    """Yield each verb that has a subject, with its subject; of two in apposition, the named one."""
    for verb, nouns in candidates.items():
        subject = nouns[0] if len(nouns) == 1 else next((c for c in nouns if around.mentions[c]), nouns[0])
        opens = subject + 2 < verb and (subject == 0 or tokens.sentence[subject - 1] != tokens.sentence[subject])
        yield verb, _after_dateline(tokens, subject, verb, around) if opens else subject
    for index in related:
        verb = tokens.head[index]
        if verb not in candidates and _is_before_time(tokens, index, verb, around):
            yield verb, index


def _is_before_time(tokens: Tokens, index: int, verb: int, around: Surroundings) -> bool:
    """Return whether a subject is the name that the parser takes for an adverb: "Norway on Monday summoned"."""
    if tokens.dep[index] != "npadvmod" or around.entity[index] < 0 or tokens.tag[verb] not in ("VBD", "VBZ"):
        return False
    is_first = index == tokens.children[verb][0] and index < verb
    return is_first and tokens.tag[index + 1] == "IN" and index + 2 in around.in_time


def _after_dateline(tokens: Tokens, subject: int, verb: int, around: Surroundings) -> int:
    """Return the subject after a dateline that the parser takes for it: "OSLO (Wire) - Police have arrested"."""
    mention = around.mentions[subject]
    dashes = [i for i in range(subject + 1, verb) if i in around.dashes]
    if mention is None or mention.entity_type not in ("GPE", "LOC") or len(dashes) != 1:
        return subject
    after = range(dashes[0] + 1, verb)
    nouns = (i for i in after if tokens.dep[i] in ("nsubj", "nsubjpass") and tokens.head[i] == verb)
    apposed = (i for i in after if tokens.dep[i] in ("appos", "conj") and tokens.head[i] < dashes[0])
    return next(nouns, next(apposed, subject))


def _patients(
    tokens: Tokens, related: Sequence[int], passives: AbstractSet[int], subjects: Mapping[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield each verb that has a patient, with its patient."""
    verbs = {*passives, *(tokens.head[i] for i in related if tokens.dep[i] in ("dobj", "prt"))}
    verbs.update(i for i in related if tokens.dep[i] in ("acl", "amod") and tokens.tag[i] in _PAST)
    for verb in verbs:
        patient = _patient(tokens, verb, passives, subjects)
        if patient is not None:
            yield verb, patient


def _patient(tokens: Tokens, verb: int, passives: AbstractSet[int], subjects: Mapping[int, int]) -> int | None:
    if verb in passives:
        noun = _child(tokens, verb, "nsubjpass", "nsubj")
        return _shared_patient(tokens, verb, passives, subjects) if noun is None else noun
    noun = _child(tokens, verb, "dobj")
    particle = _child(tokens, verb, "prt")
    if noun is None and particle is not None:
        noun = _child(tokens, particle, "pobj")  # "struck down the law"
    if noun is None and tokens.dep[verb] in ("acl", "amod") and tokens.tag[verb] in _PAST:
        return tokens.head[verb]
    return noun


def _shared_patient(tokens: Tokens, verb: int, passives: AbstractSet[int], subjects: Mapping[int, int]) -> int | None:
    """Return the patient of a passive without a subject: "is expected to be charged", "fled before being arrested"."""
    dep, above = tokens.dep[verb], tokens.head[verb]
    if dep in ("relcl", "acl"):
        return above
    if dep == "pcomp":
        above = tokens.head[above]
    elif dep not in _SHARING:
        return None
    if tokens.pos[above] not in ("VERB", "AUX") or above == verb:
        return None
    if above in passives:
        return _patient(tokens, above, passives, subjects)
    subject = subjects.get(above)
    return _shared_patient(tokens, above, passives, subjects) if subject is None else subject
