"""Modality: whether an event has happened, is planned, is hypothetical, or was negated.

Modality is derived from the parse: first from the clause's words (``mood.py``), then from its governor: the verb,
noun or adjective on which the clause or the noun depends. A governor of the past tense makes a past event, as far as
its meaning allows ("managed to", "decided to"). Reported speech alone never changes modality.

The classes of governors follow Karttunen, "Implicative Verbs" (1971), and Nairn, Condoravdi and Karttunen, "Computing
relative polarity for textual inference" (2006); their words are data of the language.
"""

from newslake.pipeline.model.annotation import Modality
from newslake.pipeline.nlp.events.mood import has_no, is_excluding, mood_of_clause, mood_of_noun
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.languages.spec_events import ModalityData

_WEAKEN: dict[Modality, int] = {"happened": 0, "planned": 1, "hypothetical": 2, "negated": 3}
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "attr", "oprd", "dative", "acomp"})
_MODIFIERS = frozenset({"compound", "nmod", "poss", "appos", "amod", "conj"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "acl", "advcl", "relcl"})
_LIMIT = 12  # longest chain of governors that is followed


def modality_of(parse: Parse, index: int, data: ModalityData) -> Modality:
    """Return the modality of the event that a verb or a noun names."""
    modality = _modality(parse, index, data, _LIMIT)
    if modality == "happened" or not _is_nominal(parse, index):
        return modality
    return "happened" if _is_known(parse, index, data, modality) else modality


def _modality(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    if depth == 0:
        return "hypothetical"
    if parse.pos[index] == "ADJ" and parse.dep[index] in ("acomp", "oprd"):
        return _modality(parse, parse.head[index], data, depth - 1)  # "was not able to": the verb is negated
    if _is_nominal(parse, index):
        return _of_noun(parse, index, data, depth)
    return _of_clause(parse, index, data, depth)


def _of_clause(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    auxiliaries = {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("aux", "auxpass")}
    marked = mood_of_clause(parse, index, data, auxiliaries)
    if marked is not None:
        return marked
    if not auxiliaries and _shares_clause(parse, index):
        return _of_conjunct(parse, index, data, depth)
    if data.infinitive_marker in auxiliaries or (parse.tag[index] == "VB" and not auxiliaries):
        return _of_infinitive(parse, index, data, depth)
    if index in parse.finite:
        return _of_finite(parse, index, data, depth)
    return _of_participle(parse, index, data, depth)


def _shares_clause(parse: Parse, index: int) -> bool:
    """Return whether a verb has the subject and auxiliary of the one before it: "could be arrested or jailed"."""
    shared = ("VB", "VBN", "VBG")
    is_joined = parse.dep[index] == "conj" and parse.subjects.get(index) is None
    return is_joined and (
        parse.tag[index] in shared or (parse.tag[index] == "VBD" and parse.tag[parse.head[index]] in shared)
    )


def _of_conjunct(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    head = parse.head[index]
    outer = _modality(parse, head, data, depth - 1)
    contrasts = any(parse.dep[c] == "cc" and parse.lower[c] in data.contrast_words for c in parse.children[head])
    return "happened" if outer == "negated" and contrasts else outer  # "not arrested but charged"


def _of_finite(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    if parse.dep[index] in ("ccomp", "acl"):
        return _of_content(parse, index, data, depth)
    return _of_temporal(parse, index, data, depth) if parse.dep[index] in ("advcl", "relcl") else "happened"


def _of_content(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of a finite clause under a verb or noun: real, unless its governor makes it unreal."""
    head = parse.head[index]
    if parse.lemma[head] not in data.saying:
        return _of_dependent(parse, head, data, depth, default="happened", finite=True)
    if head in parse.verbs or _modality(parse, head, data, depth - 1) != "negated":
        return "happened"
    return "negated" if parse.lemma[parse.head[head]] in data.refusing else "hypothetical"  # unconfirmed reports


def _of_temporal(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of a clause with "when"; in the present tense it belongs to a plan ("when they meet")."""
    past = parse.tag[index] == "VBD" or any(parse.tag[c] == "VBD" for c in parse.children[index])
    timely = any(parse.dep[c] in ("mark", "advmod") and parse.tag[c] == "WRB" for c in parse.children[index])
    if past or not timely:
        return "happened"
    outer = _modality(parse, parse.head[index], data, depth - 1)
    return "happened" if outer == "negated" else outer


def _of_infinitive(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    if dep == "pcomp":
        return _after_preposition(parse, head, data, depth, is_noun=False)
    if dep == "conj" or _is_achieved(parse, index, data):
        return _modality(parse, head, data, depth - 1)
    if _is_announced(parse, index):
        return "planned"
    if _is_ranked(parse, index, data):
        return _of_governor(parse, head, data, depth)
    if dep == "advcl" and parse.lemma[head] not in data.governing:  # a purpose
        return "planned" if _modality(parse, head, data, depth - 1) == "planned" else "hypothetical"
    return _of_complement(parse, index, data, depth) if dep in _COMPLEMENTS else "hypothetical"


def _of_complement(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of an infinitive under a governor: one with an aspect tells what is or was."""
    if _is_performative(parse, index, data) and _modality(parse, parse.head[index], data, depth - 1) != "negated":
        return "happened"
    aspect = parse.has_word(index, data.aspect_auxiliaries, ("aux",))
    default: Modality = "happened" if aspect else "hypothetical"  # "is said to have left"
    return _of_dependent(parse, parse.head[index], data, depth, default=default)


def _is_announced(parse: Parse, index: int) -> bool:
    """Return whether an infinitive is the future tense of a headline, or a passive: "a meeting to be held in June"."""
    dep = parse.dep[index]
    marked = any(parse.dep[c] == "aux" for c in parse.children[index])  # a bare infinitive is a command
    if dep == "ROOT" or (parse.headline[index] and dep in ("relcl", "acl", "advcl", "nsubj")):
        return marked
    return dep == "relcl" and index in parse.passives


def _is_ranked(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether an infinitive tells what one of an order has done: "the first member of the club to resign".

    The parser may attach it to the verb: "became the first member to resign".
    """
    member: int | None = parse.head[index]
    if parse.dep[index] == "xcomp":
        member = parse.child(parse.head[index], "attr")
    elif parse.dep[index] not in ("relcl", "acl"):
        return False
    if member is not None and parse.dep[member] == "pobj" and parse.lower[parse.head[member]] == data.genitive:
        member = parse.head[parse.head[member]]
    words = () if member is None else (member, *parse.children[member])
    return any(parse.lower[word] in data.ranking for word in words)


def _is_achieved(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether an infinitive tells a result ("fell to close at 90"), or what an act says ("wrote to thank")."""
    head = parse.head[index]
    governor = _governor(parse, head, data)
    if governor in data.resulting:
        return parse.dep[index] in ("advcl", "xcomp")
    is_purpose = parse.dep[index] == "advcl"
    is_purpose = is_purpose or (parse.dep[index] == "xcomp" and parse.child(head, "dobj", "prep") is not None)
    return is_purpose and governor not in data.governing and parse.lemma[index] in data.illocutions


def _is_performative(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a speaker does what he says that he wishes to do: "I want to thank you"."""
    head = parse.head[index]
    subject = parse.subjects.get(head)
    if subject is None or parse.lower[subject] not in data.first_person or parse.lemma[index] not in data.illocutions:
        return False
    return parse.dep[index] == "xcomp" and parse.lemma[head] in data.governing and parse.tag[head] != "VBD"


def _of_participle(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    if dep in ("pcomp", "prep"):
        return _after_preposition(parse, head, data, depth, is_noun=False)
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
    """Return the modality of a governor's dependent: the meaning of the governor, weakened by its modality."""
    meaning = _meaning(parse, head, _governor(parse, head, data), data, default)
    return _combine(meaning, _modality(parse, head, data, depth - 1), finite=finite)


def _meaning(parse: Parse, head: int, governor: str, data: ModalityData, default: Modality) -> Modality:
    """Return the modality that a governor of the past tense gives to its dependent."""
    if governor in data.refusing:
        return "negated"
    if governor in data.deciding and default == "hypothetical":  # before an infinitive
        return "happened" if parse.tag[head] == "VBD" else "planned"
    if governor in data.planning or (governor == "be" and default == "hypothetical" and _is_plan(parse, head, data)):
        return "planned"
    if governor in data.wishing:
        return "hypothetical"
    return "happened" if governor in data.achieving else default


def _combine(meaning: Modality, outer: Modality, *, finite: bool) -> Modality:
    """Return the weaker of what the governor means and of its modality.

    "did not plan to go": no visit; "did not refuse to go": unknown; "did not know that ...": the clause stays true.
    """
    if outer != "negated":
        return "hypothetical" if meaning == "negated" and outer != "happened" else _weaker(outer, meaning)
    if meaning == "negated":
        return "hypothetical"
    return "happened" if finite and meaning == "happened" else "negated"


def _weaker(first: Modality, second: Modality) -> Modality:
    return max(first, second, key=_WEAKEN.__getitem__)


def _governor(parse: Parse, index: int, data: ModalityData) -> str:
    """Return the lemma of a governor as in the word lists, with its particle: "call_off"; or the form: "going"."""
    particle = parse.particles.get(index)
    if particle is not None:
        return f"{parse.lemma[index]}_{parse.lower[particle]}"
    return parse.lower[index] if parse.lower[index] in data.governing else parse.lemma[index]


def _is_plan(parse: Parse, head: int, data: ModalityData) -> bool:
    """Return whether an infinitive under "be" is planned: "is due to meet", but not "is easy to see"."""
    complement = parse.child(head, "acomp", "attr", "oprd")
    return complement is None or parse.lemma[complement] in data.planning


def _after_preposition(parse: Parse, preposition: int, data: ModalityData, depth: int, *, is_noun: bool) -> Modality:
    """Return the modality of a noun or a gerund after a preposition: content of a governor, or its circumstance."""
    word, head = parse.lower[preposition], parse.head[preposition]
    if _is_without(parse, preposition, data) or is_excluding(parse, preposition, data):
        return "negated"
    if word in data.past_prepositions or head == preposition:
        return "happened"
    governor = _governor(parse, head, data)
    phrase = f"{governor}_{word}"
    if phrase in data.governing or (governor in data.governing and (word in data.content_prepositions or not is_noun)):
        meaning = _meaning(parse, head, phrase if phrase in data.governing else governor, data, "happened")
        return _combine(meaning, _modality(parse, head, data, depth - 1), finite=False)
    if parse.dep[preposition] in ("pcomp", "prep", "pobj") and parse.pos[head] in ("ADP", "SCONJ"):
        return _after_preposition(parse, head, data, depth, is_noun=is_noun)
    return _of_governor(parse, head, data, depth)


def _is_without(parse: Parse, preposition: int, data: ModalityData) -> bool:
    """Return whether a preposition, or the adverb before it, negates its object: "without", "instead of"."""
    return any(parse.lower[w] in data.negative_prepositions for w in (preposition, *parse.children[preposition]))


def _of_governor(parse: Parse, head: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality that a modifier inherits from its governor; a verb's negation is not inherited."""
    outer = _modality(parse, head, data, depth - 1)
    return "happened" if outer == "negated" and head in parse.verbs else outer


def _of_noun(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    dep, head = parse.dep[index], parse.head[index]
    mood = mood_of_noun(parse, index, data)
    if mood is not None or head == index:
        return mood or "happened"
    if _is_standing(parse, index, data):
        return "happened"
    if dep in ("pobj", "pcomp"):
        is_topic = parse.lower[head] in data.topic_prepositions or parse.lemma[parse.head[head]] in data.saying
        known = is_topic and _is_definite(parse, index, data)
        return "happened" if known else _after_preposition(parse, head, data, depth, is_noun=True)
    if dep in _ARGUMENTS and head in parse.verbs:
        return _of_argument(parse, index, data, depth)
    if dep not in _MODIFIERS:
        return "happened"
    outer = _modality(parse, head, data, depth - 1)
    return "happened" if outer == "negated" and dep != "conj" else outer


def _of_argument(parse: Parse, index: int, data: ModalityData, depth: int) -> Modality:
    """Return the modality of an event noun that is subject or object: that of the verb, or what the verb implies."""
    head, is_subject = parse.head[index], parse.dep[index] == "nsubj"
    lemma = _governor(parse, head, data)
    governs = lemma in data.governing and (
        lemma not in data.realising or lemma in data.saying
    )  # "commit to a visit", not "a crime"
    if parse.dep[index] in ("dobj", "nsubjpass") and governs:
        is_reported = lemma in data.saying and _is_definite(parse, index, data)  # "announced the sackings"
        if is_reported or parse.child(head, "oprd") is not None:  # "called the attack a mistake"
            return "happened"
        return _of_dependent(parse, head, data, depth, default="happened")
    outer = _modality(parse, head, data, depth - 1)
    if not is_subject:
        return outer
    predicate = _of_predicate(parse, head, data)
    if predicate is not None:
        return _combine(predicate, outer, finite=False)
    return "happened" if outer == "negated" and not has_no(parse, index, data) else outer


def _of_predicate(parse: Parse, verb: int, data: ModalityData) -> Modality | None:
    """Return the modality that an adjective after a verb gives to the subject: "a strike is likely"; None without."""
    adjective = parse.child(verb, "acomp", "oprd")
    if adjective is None or parse.child(adjective, "xcomp") is not None:  # "a strike is likely to hurt trade"
        return None
    word = parse.lemma[adjective]
    if adjective > 0 and parse.tag[adjective - 1] == "HYPH":  # "well-planned"
        return None
    if word in data.denying_adjectives:
        return "negated"
    if word in data.unreal_adjectives or word in data.wishing:
        return "hypothetical"
    return "planned" if word in data.planned_adjectives or word in data.planning else None


def _is_known(parse: Parse, index: int, data: ModalityData, modality: Modality) -> bool:
    """Return whether an event noun is presupposed by its clause: "may condemn the attack".

    A definite noun is, unless its governor carries it or makes it its content ("to hold the talks", "fear of the
    attack"). Under a plan, only one with "this" or a possessor is: "the" is also that of a coming event ("will skip
    the summit"), and of a mere name of an act ("the release of prisoners").
    """
    while parse.dep[index] in _MODIFIERS and parse.head[index] != index:
        index = parse.head[index]
    head, realising = parse.head[index], data.realising
    if parse.dep[index] == "pobj":
        if _is_without(parse, head, data):
            return False
        head, realising = parse.head[head], frozenset()
    elif parse.dep[index] not in ("dobj", "nsubjpass"):
        return False
    lemma = _governor(parse, head, data)
    if lemma in data.governing or lemma in realising or mood_of_noun(parse, index, data) is not None:
        return False
    words = {parse.lower[c] for c in parse.children[index]}
    if words & data.pointing_words or parse.child(index, "poss") is not None:
        return True
    names_act = data.genitive in words and parse.tag[index] != "NNS"
    return bool(words & data.definite_words) and modality != "planned" and not names_act


def _is_standing(parse: Parse, index: int, data: ModalityData) -> bool:
    """Return whether a noun names what is there before anything is done about it: "to end the war", "their request"."""
    carried = parse.lemma[parse.head[index]] in data.realising
    return parse.lemma[index] in data.standing and _is_definite(parse, index, data) and not carried


# Modality marked in the clause or noun phrase itself: auxiliaries, conjunctions, negations, adjectives.

_FINITE = ("VBD", "VBZ", "VBP")
_PAST = ("VBD", "VBN")


def _is_definite(parse: Parse, index: int, data: ModalityData) -> bool:
    return parse.child(index, "poss") is not None or parse.has_word(index, data.definite_words)


def _is_nominal(parse: Parse, index: int) -> bool:
    """Return whether a word is a noun here; a gerund with an article is ("the killing")."""
    return index in parse.things or (parse.tag[index] == "VBG" and parse.child(index, "det") is not None)
