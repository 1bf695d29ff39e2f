"""What a pronoun cannot be, before anything is weighed."""

from collections.abc import Set
from itertools import accumulate, takewhile

from pipeline.nlp.coref.pronoun_features import Anaphor, LastMention
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.tokens import SUBJECTS, Tokens, governors_of


def is_excluded_antecedent(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether pronoun and candidate are arguments of one verb, or "he said" and a "he" inside what he said."""
    if anaphor.sentence != last.sentence:
        return False
    if last.in_quote and not anaphor.in_quote and anaphor.place == "subject":
        return anaphor.governor in governors_of(tokens, last.token)
    if tokens.tag[anaphor.token] == "PRP$" or anaphor.pronoun.is_reflexive or last.place == "poss":
        return False
    if anaphor.place == "subject":
        return _is_infinitive(tokens, anaphor.governor) and tokens.head[anaphor.governor] == last.governor
    return anaphor.place in ("object", "pobj") and anaphor.governor == last.governor


def _is_infinitive(tokens: Tokens, verb: int) -> bool:
    """Return whether a verb with a subject is an infinitive, whose subject is the object above: "saw him leave"."""
    is_bare = tokens.tag[verb] == "VB" and tokens.dep[verb] in ("ccomp", "xcomp")
    return is_bare and not any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux"))


def is_c_commanded(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether a later name stands in the clause whose subject the pronoun is: "he said that Brito left".

    Not so in a clause beside it: "he left and Brito followed".
    """
    if anaphor.place != "subject" or last.kind != "name":
        return False
    governors = (last.token, *governors_of(tokens, last.token))
    below = tuple(takewhile(lambda token: token != anaphor.governor, governors))
    return 0 < len(below) < len(governors) and tokens.dep[below[-1]] != "conj"


def is_pleonastic(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether "it" stands for nothing: "it is clear that", "it comes as", "it rained"."""
    if tokens.lower[index] != "it" or tokens.dep[index] == "expl":
        return tokens.dep[index] == "expl"
    verb = tokens.head[index]
    if tokens.dep[index] not in SUBJECTS:
        return False
    if tokens.lemma[verb] in data.empty_it_verbs:
        return True
    if tokens.lemma[verb] != "be":
        return False
    clauses = tokens.dependents(verb, "ccomp", "xcomp", "advcl", "csubj", "acl")
    predicates = tokens.dependents(verb, "acomp", "attr")
    nouns = any(tokens.lemma[p] in data.empty_it_nouns or tokens.dependents(p, "poss") for p in predicates)
    return bool(clauses) or nouns or any(tokens.dependents(p, "xcomp", "ccomp", "relcl") for p in predicates)


def noun_counts(tokens: Tokens, data: NameData, settled: Set[int]) -> dict[str, list[int]]:
    """Return by kind of pronoun how many common nouns stand up to each token that it could mean as well.

    ``settled`` are the tokens of mentions that are known.
    """
    kinds = {kind: [False] * len(tokens) for kind in ("person", "thing", "group")}
    for index, tag in enumerate(tokens.tag):
        if tag not in ("NN", "NNS") or index in settled:
            continue
        is_role = tag == "NN" and tokens.lower[index] in data.roles
        kinds["person"][index] = is_role
        if not is_role and tokens.dep[index] in ("nsubj", "nsubjpass", "dobj"):
            kinds["thing" if tag == "NN" else "group"][index] = True
    return {kind: list(accumulate(flags)) for kind, flags in kinds.items()}
